-- Worked orders, through the real functions. What is expected was computed by hand, as the
-- comments show, or by PostgreSQL's own numeric arithmetic, which shares nothing with ours.
--
-- Prices: FLOWER 19.99, ROLLS 14.50, GUMMY 4.33 (cannabis); PIPE 24.99, MATCH 0.05 (accessory).
-- Taxes: ON HST 13 %; QC GST 5 % + QST 9.975 %; BC GST 5 % + PST 7 %; AB GST 5 %.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();

INSERT INTO weedgo_data.products (store_id, sku, name, unit_price, sale_price, sale_from, sale_until, tax_class)
SELECT s.store_id, p.*
FROM weedgo_data.stores s, (VALUES
    ('QUARTER',  'A quarter of a hundred',  25.00, NULL::numeric, NULL::timestamptz,    NULL::timestamptz,     'cannabis'),
    ('ALMOST',   'A cent less',             24.99, NULL,          NULL,                 NULL,                  'cannabis'),
    ('GIFT',     'For nothing',              0.00, NULL,          NULL,                 NULL,                  'cannabis'),
    ('EXEMPT',   'Without tax',             10.00, NULL,          NULL,                 NULL,                  'exempt'),
    ('ONSALE',   'On sale',                 20.00, 12.50,         now() - '1 h'::interval, now() + '1 h'::interval, 'cannabis'),
    ('WASSALE',  'Was on sale',             20.00, 12.50,         NULL,                 now() - '1 h'::interval, 'cannabis'),
    ('WILLSALE', 'Will be on sale',         20.00, 12.50,         now() + '1 h'::interval, NULL,                'cannabis'),
    ('EVERSALE', 'Always on sale',          20.00, 12.50,         NULL,                 NULL,                  'cannabis'),
    ('DEARSALE', 'Dearer on sale',          20.00, 30.00,         NULL,                 NULL,                  'cannabis'),
    ('CARAT',    'A third of a dollar',      0.33, NULL,          NULL,                 NULL,                  'cannabis'),
    ('KARAT',    'Another one',              0.33, NULL,          NULL,                 NULL,                  'cannabis')
) AS p (sku, name, unit_price, sale_price, sale_from, sale_until, tax_class);
INSERT INTO weedgo_data.stock (store_id, sku, available)
SELECT p.store_id, p.sku, 1000 FROM weedgo_data.products p
ON CONFLICT DO NOTHING;
INSERT INTO weedgo_data.tax_rates (province, tax_class, tax_name, rate, valid_from)
SELECT province, 'exempt', tax_name, 0, valid_from FROM weedgo_data.tax_rates WHERE tax_class = 'cannabis';
-- Sherbrooke taxes its deliveries, and so does Barrie.
INSERT INTO weedgo_data.stores (store_id, name, province, tax_delivery) VALUES
    (store('BARRIE'), 'Barrie', 'ON', true), (store('SHERBROOKE'), 'Sherbrooke', 'QC', true);
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price)
SELECT s, sku, name, unit_price FROM weedgo_data.products, unnest(ARRAY[store('BARRIE'), store('SHERBROOKE')]) s
WHERE store_id = store('ON') AND sku = 'FLOWER';
INSERT INTO weedgo_data.stock (store_id, sku, available)
SELECT s, 'FLOWER', 1000 FROM unnest(ARRAY[store('BARRIE'), store('SHERBROOKE')]) s;

-- Everything that is said of one cart: by calc_order_totals before, by checkout_cart, by its
-- replay and by get_order afterwards.
CREATE TABLE said (number integer, totals weedgo.checkout_totals, receipt weedgo.checkout_result,
                   replay weedgo.checkout_result, order_read weedgo.checkout_result);

CREATE FUNCTION figures(r weedgo.checkout_result) RETURNS text LANGUAGE sql
RETURN concat_ws(' ', (r).subtotal, (r).discount, (r).tax, (r).delivery_fee, (r).tip, (r).total, (r).amount_due);

CREATE PROCEDURE buy(number integer, store_name text, customer_name text, items jsonb, arguments text DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
    -- calc_order_totals has fewer arguments; those of checkout_cart that it has not begin with these.
    common text := coalesce(', ' || arguments, '');
    whose  text := format('store(%L), cart(%s), %s', store_name, number, coalesce(quote_literal(customer(customer_name)), 'NULL'));
    r record;
    row_said said;
BEGIN
    CALL fill_cart(number, store_name, customer_name, items);
    PERFORM set_config('role', 'shop_app', true);
    row_said.number := number;
    EXECUTE format('SELECT t FROM weedgo.calc_order_totals(%s%s) t', whose, common) INTO row_said.totals;
    EXECUTE format('SELECT t FROM weedgo.checkout_cart(%s%s, idempotency_key => ''k %s'') t', whose, common, number) INTO row_said.receipt;
    EXECUTE format('SELECT t FROM weedgo.checkout_cart(%s%s, idempotency_key => ''k %s'') t', whose, common, number) INTO row_said.replay;
    row_said.order_read := weedgo.get_order(store(store_name), (row_said.receipt).order_id, customer(customer_name));
    PERFORM set_config('role', 'none', true);
    INSERT INTO said SELECT row_said.*;
END
$$;

-- Four tests of an order: its figures, and that all four say the same of it.
CREATE FUNCTION costs(number integer, store_name text, items jsonb, arguments text, awaited text, name text, customer_name text DEFAULT 'ann')
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    s said;
BEGIN
    CALL buy(number, store_name, customer_name, items, arguments);
    SELECT x.* INTO s FROM said x WHERE x.number = costs.number;
    RETURN NEXT is(figures(s.receipt), awaited, name);
    RETURN NEXT is(to_jsonb(s.replay), to_jsonb(s.receipt) || '{"replayed": true}', name || ': the replay is the same in everything but replayed');
    RETURN NEXT is(to_jsonb(s.order_read), to_jsonb(s.receipt), name || ': get_order reads the same');
    RETURN NEXT is((SELECT jsonb_object_agg(k, t -> k)
                    FROM jsonb_object_keys(to_jsonb(s.receipt)) k WHERE t ? k AND k NOT IN ('details', 'lines')) || lines_of_totals,
                   (SELECT jsonb_object_agg(k, r -> k)
                    FROM jsonb_object_keys(to_jsonb(s.receipt)) k WHERE t ? k AND k NOT IN ('details', 'lines')) || lines_of_receipt,
                   name || ': calc_order_totals had said the same')
    FROM to_jsonb(s.totals) t, to_jsonb(s.receipt) r,
         LATERAL (SELECT jsonb_build_object('lines', jsonb_agg(l - '{available,in_stock}'::text[])) FROM jsonb_array_elements(t -> 'lines') l) AS lt (lines_of_totals),
         LATERAL (SELECT jsonb_build_object('lines', jsonb_agg(l - 'line_no')) FROM jsonb_array_elements(r -> 'lines') l) AS lr (lines_of_receipt);
END
$$;

-- What a receipt says of its lines and taxes, in brief.
CREATE FUNCTION lines_said(n integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', l ->> 'sku', l ->> 'quantity', l ->> 'unit_price', l ->> 'line_total', l ->> 'discount', l ->> 'taxable', l ->> 'tax'),
                      '; ' ORDER BY (l ->> 'line_no')::integer)
    FROM said s, jsonb_array_elements((s.receipt).lines) l WHERE s.number = n
$$;
CREATE FUNCTION taxes_said(n integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat(t ->> 'name', ' ', t ->> 'amount', ' (', rates, ')'), '; ' ORDER BY t ->> 'name')
    FROM said s, jsonb_array_elements((s.receipt).taxes) t,
         LATERAL (SELECT string_agg(concat_ws(' ', r ->> 'tax_class', r ->> 'rate', r ->> 'taxable'), ', ' ORDER BY r ->> 'tax_class')
                  FROM jsonb_array_elements(t -> 'rates') r) AS x (rates)
    WHERE s.number = n
$$;

-- Figures are: subtotal, discount, tax, delivery fee, tip, total, amount due.
\set street '{"street": "1 King Street West"}'

-- The examples of the design ---------------------------------------------------------------------------

-- 2 x 19.99 = 39.98; 13 % = 5.1974; delivery, distance unknown: 5.00
SELECT costs(1, 'ON', '{"FLOWER": 2}', format('''ann-card'', ''delivery'', %L', :'street'), '39.98 0.00 5.20 5.00 0.00 50.18 50.18',
             'two flowers, delivered: 50.18');
-- 10 % of 39.98 = 3.998; 13 % of 35.98 = 4.6774
SELECT costs(2, 'ON', '{"FLOWER": 2}', format('''ann-card'', ''delivery'', %L, promo_code => ''SAVE10''', :'street'),
             '39.98 4.00 4.68 5.00 0.00 45.66 45.66', 'the same with SAVE10: 45.66');
SELECT is(lines_said(2), 'FLOWER 2 19.99 39.98 4.00 35.98 4.68', 'its line');
SELECT is(taxes_said(2), 'HST 4.68 (cannabis 0.130000 35.98)', 'its tax');

-- Provinces ----------------------------------------------------------------------------------------------

-- 39.98 + 24.99 = 64.97
-- 13 %: 8.4461
SELECT costs(3, 'ON', '{"FLOWER": 2, "PIPE": 1}', NULL, '64.97 0.00 8.45 0.00 0.00 73.42 73.42', 'Ontario: HST');
SELECT is(taxes_said(3), 'HST 8.45 (accessory 0.130000 24.99, cannabis 0.130000 39.98)', 'one tax over two classes is rounded once');
-- 8.45 x 39.98 / 64.97 = 5.1998, 8.45 x 24.99 / 64.97 = 3.2502: 5.19 + 3.25, and the cent goes to .98
SELECT is(lines_said(3), 'FLOWER 2 19.99 39.98 0.00 39.98 5.20; PIPE 1 24.99 24.99 0.00 24.99 3.25', 'and spread over the lines');
-- 5 %: 3.2485; 9.975 %: 6.48075...
SELECT costs(4, 'QC', '{"FLOWER": 2, "PIPE": 1}', NULL, '64.97 0.00 9.73 0.00 0.00 74.70 74.70', 'Quebec: GST and QST');
SELECT is(taxes_said(4), 'GST 3.25 (accessory 0.050000 24.99, cannabis 0.050000 39.98); QST 6.48 (accessory 0.099750 24.99, cannabis 0.099750 39.98)',
          'each rounded for itself, neither taxed by the other');
-- 3.2485; 7 %: 4.5479
SELECT costs(5, 'BC', '{"FLOWER": 2, "PIPE": 1}', NULL, '64.97 0.00 7.80 0.00 0.00 72.77 72.77', 'British Columbia: GST and PST');
SELECT costs(6, 'AB', '{"FLOWER": 2, "PIPE": 1}', NULL, '64.97 0.00 3.25 0.00 0.00 68.22 68.22', 'Alberta: GST');
-- 5 % of 0.10 is half a cent, of 0.05 a quarter: up, and down.
SELECT costs(7, 'AB', '{"MATCH": 2}', NULL, '0.10 0.00 0.01 0.00 0.00 0.11 0.11', 'half a cent of tax goes up');
SELECT costs(8, 'AB', '{"MATCH": 1}', NULL, '0.05 0.00 0.00 0.00 0.00 0.05 0.05', 'a quarter of a cent goes down');
-- 10.00 at 0 %, 4.33 at 13 % = 0.5629
SELECT costs(9, 'ON', '{"EXEMPT": 1, "GUMMY": 1}', NULL, '14.33 0.00 0.56 0.00 0.00 14.89 14.89', 'an exempt class beside a taxed one');
SELECT is(lines_said(9), 'EXEMPT 1 10.00 10.00 0.00 10.00 0.00; GUMMY 1 4.33 4.33 0.00 4.33 0.56', 'all of the tax is on the taxed line');
SELECT costs(10, 'ON', '{"EXEMPT": 3}', NULL, '30.00 0.00 0.00 0.00 0.00 30.00 30.00', 'nothing but exempt items');

-- Cash -----------------------------------------------------------------------------------------------------

-- 3 x 4.33 = 12.99; 1.6887: 14.68
SELECT costs(11, 'ON', '{"GUMMY": 3}', '''ann-cash''', '12.99 0.00 1.69 0.00 0.00 14.68 14.70', 'in cash 14.68 is 14.70');
SELECT costs(12, 'ON', '{"FLOWER": 2}', format('''ann-cash'', ''delivery'', %L', :'street'), '39.98 0.00 5.20 5.00 0.00 50.18 50.20',
             'in cash 50.18 is 50.20');
SELECT costs(20 + cents, 'ON', '{"EXEMPT": 1}', format('''ann-cash'', tip => 0.0%s', cents),
             concat_ws(' ', '10.00 0.00 0.00 0.00', '0.0' || cents, '10.0' || cents, due), format('in cash 10.0%s is %s', cents, due))
FROM (VALUES (0, '10.00'), (1, '10.00'), (2, '10.00'), (3, '10.05'), (4, '10.05'), (5, '10.05'), (6, '10.05'), (7, '10.05'), (8, '10.10'), (9, '10.10'))
     AS c (cents, due);

-- Promo codes ------------------------------------------------------------------------------------------------

-- 39.98 - 5.00 = 34.98; 4.5474
SELECT costs(31, 'ON', '{"FLOWER": 2}', 'promo_code => ''FIVE''', '39.98 5.00 4.55 0.00 0.00 39.53 39.53', 'a fixed amount off');
-- 50 % would be 19.99; at most 3.00: 36.98; 4.8074
SELECT costs(32, 'ON', '{"FLOWER": 2}', 'promo_code => ''CAPPED''', '39.98 3.00 4.81 0.00 0.00 41.79 41.79', 'half off, but at most 3.00');
-- 15 % of 39.98 = 5.997; tax on all of 39.98: 5.1974; 39.98 - 6.00 + 5.20
SELECT costs(33, 'ON', '{"FLOWER": 2}', 'promo_code => ''MAKER''', '39.98 6.00 5.20 0.00 0.00 39.18 39.18',
             'a discount that a third party pays back is taxed');
SELECT is(lines_said(33), 'FLOWER 2 19.99 39.98 6.00 39.98 5.20', 'its taxable amount is the full price');
SELECT costs(34, 'ON', '{"GUMMY": 1}', 'promo_code => ''FIVE''', '4.33 4.33 0.00 0.00 0.00 0.00 0.00', 'never more off than the subtotal');
SELECT costs(35, 'ON', '{"GUMMY": 1}', format('''ann-card'', ''delivery'', %L, promo_code => ''FIVE''', :'street'),
             '4.33 4.33 0.00 5.00 0.00 5.00 5.00', 'the delivery is not discounted');
-- 12.99 + 0.15 + 14.50 = 27.64; 10 % = 2.764: 2.76, of which 12.99, 0.15, 14.50 in 27.64 have 1.2971, 0.0150,
-- 1.4479: 1.29 + 0.01 + 1.44 = 2.74; two cents are left, for .79 and .71
-- taxable 11.69, 0.14, 13.05 = 24.88; 13 % = 3.2344: 3.23, of which 1.5176, 0.0182, 1.6942: 1.51 + 0.01 + 1.69 = 3.21; two
-- cents are left, for .82 and .76
SELECT costs(36, 'ON', '{"GUMMY": 3, "MATCH": 3, "ROLLS": 1}', 'promo_code => ''SAVE10''', '27.64 2.76 3.23 0.00 0.00 28.11 28.11', 'ten percent off three lines');
SELECT is(lines_said(36), 'GUMMY 3 4.33 12.99 1.30 11.69 1.52; MATCH 3 0.05 0.15 0.01 0.14 0.02; ROLLS 1 14.50 14.50 1.45 13.05 1.69',
          'discount and tax are spread by largest remainder');
-- 0.66; 10 % = 0.066: 0.07, of which each has 0.035: the odd cent goes to the first line
-- 0.59; 13 % = 0.0767: 0.08, of which 0.29 has 0.0393 and 0.30 has 0.0407: 0.03 + 0.04, the cent to .93
SELECT costs(37, 'ON', '{"KARAT": 1, "CARAT": 1}', 'promo_code => ''SAVE10''', '0.66 0.07 0.08 0.00 0.00 0.67 0.67', 'an odd cent over two equal lines');
SELECT is(lines_said(37), 'CARAT 1 0.33 0.33 0.04 0.29 0.04; KARAT 1 0.33 0.33 0.03 0.30 0.04', 'goes to the first');

-- Delivery -----------------------------------------------------------------------------------------------------

-- A twentieth of a degree of latitude: 6371 km x pi / 3600 = 5.5597 km: 5,560 m x 0.50 / km = 2.78
SELECT costs(41, 'ON', '{"FLOWER": 2}', '''ann-card'', ''delivery'', ''{"latitude": 43.70, "longitude": -79.38}''',
             '39.98 0.00 5.20 7.78 0.00 52.96 52.96', '5.56 km: 5.00 + 2.78');
SELECT is((totals).distance_km, 5.560, 'calc_order_totals says how far') FROM said WHERE number = 41;
SELECT is((receipt).details ->> 'distance_m', '5560', 'the order has it in metres') FROM said WHERE number = 41;
-- 0.010162 degrees: 1,130 m x 0.50 / km = 0.565
SELECT costs(42, 'ON', '{"FLOWER": 2}', '''ann-card'', ''delivery'', ''{"latitude": 43.660162, "longitude": -79.38}''',
             '39.98 0.00 5.20 5.57 0.00 50.75 50.75', '1.13 km: half a cent goes up');
SELECT costs(43, 'ON', '{"FLOWER": 2}', '''ann-card'', ''delivery'', ''{"latitude": 43.65, "longitude": -79.38}''',
             '39.98 0.00 5.20 5.00 0.00 50.18 50.18', 'next door');
SELECT costs(44, 'QC', '{"GUMMY": 1}', '''ann-card'', ''delivery'', ''{"latitude": 46.8, "longitude": -71.2}''',
             '4.33 0.00 0.65 5.00 0.00 9.98 9.98', 'a store that does not know its place charges the base');
-- 4 x 25.00 = 100.00; 13.00. With SAVE10 it is 90.00; 11.70
SELECT costs(45, 'ON', '{"QUARTER": 4}', format('''ann-card'', ''delivery'', %L', :'street'), '100.00 0.00 13.00 0.00 0.00 113.00 113.00',
             'delivery is free from 100.00 on');
SELECT costs(46, 'ON', '{"QUARTER": 4}', format('''ann-card'', ''delivery'', %L, promo_code => ''SAVE10''', :'street'),
             '100.00 10.00 11.70 0.00 0.00 101.70 101.70', 'before discount');
-- 3 x 25.00 + 24.99 = 99.99; 12.9987
SELECT costs(47, 'ON', '{"QUARTER": 3, "ALMOST": 1}', format('''ann-card'', ''delivery'', %L', :'street'), '99.99 0.00 13.00 5.00 0.00 117.99 117.99',
             'but not for 99.99');
SELECT costs(48, 'ON', '{"FLOWER": 2}', format('''ann-card'', %L, %L', type, :'street'), '39.98 0.00 5.20 0.00 0.00 45.18 45.18',
             'nothing to deliver costs nothing: in_store')
FROM (VALUES ('in_store')) AS t (type);

-- The delivery taxed: 13 % of 39.98 + 5.00 = 44.98: 5.8474. Of 5.85 the delivery has 5.85 x 5 / 44.98 = 0.6503
SELECT costs(51, 'BARRIE', '{"FLOWER": 2}', format('''ann-card'', ''delivery'', %L', :'street'), '39.98 0.00 5.85 5.00 0.00 50.83 50.83',
             'a delivery that is taxed, Ontario');
SELECT is((receipt).details ->> 'delivery_tax', '0.65', 'its tax is kept apart') FROM said WHERE number = 51;
SELECT is(taxes_said(51), 'HST 5.85 (cannabis 0.130000 39.98, delivery 0.130000 5.00)', 'and told apart');
-- 5 % of 44.98 = 2.249: 2.25, delivery 0.2501; 9.975 % = 4.486755: 4.49, delivery 0.4991: 0.25 + 0.50
SELECT costs(52, 'SHERBROOKE', '{"FLOWER": 2}', format('''ann-card'', ''delivery'', %L', :'street'), '39.98 0.00 6.74 5.00 0.00 51.72 51.72',
             'a delivery that is taxed, Quebec');
SELECT is((receipt).details ->> 'delivery_tax', '0.75', 'by both taxes') FROM said WHERE number = 52;
SELECT is(lines_said(52), 'FLOWER 2 19.99 39.98 0.00 39.98 5.99', 'the line has the rest');
SELECT costs(53, 'BARRIE', '{"FLOWER": 6}', format('''ann-card'', ''delivery'', %L', :'street'), '119.94 0.00 15.59 0.00 0.00 135.53 135.53',
             'a free delivery has no tax');

-- Tip ----------------------------------------------------------------------------------------------------------------

SELECT costs(61, 'ON', '{"FLOWER": 2}', '''ann-card'', tip => 2.345', '39.98 0.00 5.20 0.00 2.35 47.53 47.53', 'a tip is rounded half up, and not taxed');
SELECT costs(62, 'ON', '{"GIFT": 1}', '''ann-card'', tip => 5', '0.00 0.00 0.00 0.00 5.00 5.00 5.00', 'nothing but a tip');
SELECT costs(63, 'ON', '{"GIFT": 2}', 'promo_code => ''SAVE10''', '0.00 0.00 0.00 0.00 0.00 0.00 0.00', 'nothing at all, ten percent off');

-- Sales --------------------------------------------------------------------------------------------------------------

-- 12.50 + 20.00 + 20.00 + 12.50 + 30.00 = 95.00; 12.35
SELECT costs(71, 'ON', '{"ONSALE": 1, "WASSALE": 1, "WILLSALE": 1, "EVERSALE": 1, "DEARSALE": 1}', NULL, '95.00 0.00 12.35 0.00 0.00 107.35 107.35',
             'a sale price counts within its window');
SELECT is((SELECT jsonb_object_agg(l ->> 'sku', l ->> 'unit_price') FROM said s, jsonb_array_elements((s.receipt).lines) l WHERE s.number = 71),
          '{"ONSALE": "12.50", "WASSALE": "20.00", "WILLSALE": "20.00", "EVERSALE": "12.50", "DEARSALE": "30.00"}', 'for each item');

-- Across both edges of windows that open and close while orders are being made, each order is
-- judged at its one instant, priced_at: [from, until).
UPDATE weedgo_data.products SET sale_from = clock_timestamp() + '250 ms', sale_until = clock_timestamp() + '500 ms'
WHERE store_id = store('ON') AND sku IN ('EVERSALE', 'DEARSALE');
DO $$
BEGIN
    FOR i IN 1..60 LOOP
        CALL fill_cart(1000 + i, 'ON', 'ben', '{"EVERSALE": 1, "DEARSALE": 1}');
        PERFORM weedgo.checkout_cart(store('ON'), cart(1000 + i), customer('ben'));
        PERFORM pg_sleep(0.012);
    END LOOP;
END
$$;
CREATE TEMP VIEW at_the_edges AS
    SELECT o.priced_at >= p.sale_from AND o.priced_at < p.sale_until AS within, i.sku, i.unit_price,
           CASE WHEN o.priced_at >= p.sale_from AND o.priced_at < p.sale_until THEN p.sale_price ELSE p.unit_price END AS due,
           o.priced_at < p.sale_from AS before, o.priced_at >= p.sale_until AS past
    FROM weedgo_data.orders o JOIN weedgo_data.order_items i USING (store_id, order_id) JOIN weedgo_data.products p USING (store_id, sku)
    WHERE o.customer_id = customer('ben') AND i.sku IN ('EVERSALE', 'DEARSALE');
SELECT results_eq('SELECT bool_or(before), bool_or(within), bool_or(past) FROM at_the_edges', 'VALUES (true, true, true)',
                  'orders before, within and after a sale of a quarter of a second');
SELECT is_empty('SELECT * FROM at_the_edges WHERE unit_price <> due', 'each is charged what priced_at says');

-- Tax rates go by the store's own date: [from, until). Where it is latest and where it is earliest
-- on Earth, the dates always differ.
INSERT INTO weedgo_data.stores (store_id, name, province, timezone) VALUES
    (store('EAST'), 'East', 'XX', 'Pacific/Kiritimati'), (store('WEST'), 'West', 'XX', 'Etc/GMT+12');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) SELECT s, 'EXEMPT', 'x', 10 FROM unnest(ARRAY[store('EAST'), store('WEST')]) s;
INSERT INTO weedgo_data.stock (store_id, sku, available) SELECT s, 'EXEMPT', 100 FROM unnest(ARRAY[store('EAST'), store('WEST')]) s;
SELECT (clock_timestamp() AT TIME ZONE 'Pacific/Kiritimati')::date AS east_today \gset
INSERT INTO weedgo_data.tax_rates (province, tax_class, tax_name, rate, valid_from, valid_until) VALUES
    ('XX', 'cannabis', 'OLD', 0.10, '2000-01-01', :'east_today'), ('XX', 'cannabis', 'NEW', 0.20, :'east_today', NULL);
SELECT costs(81, 'EAST', '{"EXEMPT": 1}', NULL, '10.00 0.00 2.00 0.00 0.00 12.00 12.00', 'a new rate holds from the first moment of its day');
SELECT costs(82, 'WEST', '{"EXEMPT": 1}', NULL, '10.00 0.00 1.00 0.00 0.00 11.00 11.00', 'where it is still yesterday, the old one does');

-- Guests, and many lines --------------------------------------------------------------------------------------------

SELECT costs(91, 'ON', '{"FLOWER": 2}', NULL, '39.98 0.00 5.20 0.00 0.00 45.18 45.18', 'a guest pays the same', NULL);
SELECT is(concat_ws(' ', (receipt).status, (receipt).payment_status, coalesce((receipt).payment_type, 'no type'), (receipt).currency),
          'pending pending no type CAD', 'at pickup') FROM said WHERE number = 91;
SELECT is((receipt).payment_type, 'credit', 'the type of payment is the stored method''s') FROM said WHERE number = 1;

-- A hundred lines of odd prices against PostgreSQL's arithmetic.
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price, tax_class)
SELECT store('QC'), format('L%s', lpad(i::text, 3, '0')), 'x', round((i * 7919 % 9973) / 100.0, 2), CASE WHEN i % 3 = 0 THEN 'accessory' ELSE 'cannabis' END
FROM generate_series(1, 100) i;
INSERT INTO weedgo_data.stock (store_id, sku, available) SELECT store_id, sku, 100 FROM weedgo_data.products WHERE sku LIKE 'L%' AND store_id = store('QC');
SELECT jsonb_object_agg(format('L%s', lpad(i::text, 3, '0')), 1 + i % 7) AS hundred_items FROM generate_series(1, 100) i \gset
CALL buy(92, 'QC', 'ann', :'hundred_items', 'promo_code => ''SAVE10''');
SELECT results_eq(
    $$SELECT (receipt).subtotal, (receipt).discount, (receipt).tax FROM said WHERE number = 92$$,
    $$SELECT subtotal, round(subtotal * 0.10, 2), round((subtotal - round(subtotal * 0.10, 2)) * 0.05, 2) + round((subtotal - round(subtotal * 0.10, 2)) * 0.09975, 2)
      FROM (SELECT sum(i.unit_price * i.quantity) AS subtotal FROM weedgo_data.order_items i WHERE i.order_id = order_of(92)) s$$,
    'a hundred lines: subtotal, discount and tax');
SELECT results_eq(
    $$SELECT sum(line_total), sum(discount), sum(tax), count(*) FROM weedgo_data.order_items WHERE order_id = order_of(92)$$,
    $$SELECT (receipt).subtotal, (receipt).discount, (receipt).tax, 100::bigint FROM said WHERE number = 92$$,
    'the lines add up to them');
SELECT is_empty(
    $$SELECT i.sku FROM weedgo_data.order_items i, said s
      WHERE i.order_id = order_of(92) AND s.number = 92
        AND abs(i.discount - (s.receipt).discount * i.line_total / (s.receipt).subtotal) >= 0.01$$,
    'each line''s discount is within a cent of its exact share');

SELECT invariants_hold('every invariant holds');
SELECT * FROM finish();
ROLLBACK;
