-- recompute_order(): an old order is worked out again from what it stored and from the tax rates of its
-- day. What changed since does not matter; what was falsified, or changed for its day, shows.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();
ALTER FUNCTION order_of(integer) SECURITY DEFINER;

INSERT INTO weedgo_data.stores (store_id, province, timezone, tax_delivery, latitude, longitude)
VALUES (store('NS'), 'NS', 'America/Halifax', true, 44.65, -63.57);
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price, tax_class)
SELECT store('NS'), sku, name, unit_price, tax_class FROM weedgo_data.products WHERE store_id = store('ON');
INSERT INTO weedgo_data.stock (store_id, sku, available) SELECT store('NS'), sku, 1000 FROM weedgo_data.products WHERE store_id = store('NS');
INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value)
VALUES (store('NS'), 'SAVE10', 'percentage', 10.00);

-- One of each kind. Order 2 pays for everything that there is.
\set address '{"latitude": 44.70, "longitude": -63.60}'
CALL fill_cart(1, 'ON', 'ann', '{"FLOWER": 2}');
CALL fill_cart(2, 'NS', 'ann', '{"FLOWER": 2, "PIPE": 1, "MATCH": 3}', 'SAVE10');
CALL fill_cart(3, 'QC', NULL, '{"FLOWER": 1, "PIPE": 1}', 'MAKER');
CALL fill_cart(4, 'ON', 'ben', '{"MATCH": 1}', 'FIVE');
SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann')) \g /dev/null
SELECT weedgo.checkout_cart(store('NS'), cart(2), customer('ann'), 'ann-cash', 'delivery', :'address', tip => 2.22) \g /dev/null
SELECT weedgo.checkout_cart(store('QC'), cart(3), NULL) \g /dev/null
SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('ben')) \g /dev/null
CALL fill_cart(5, 'ON', 'ann', '{"FLOWER": 1, "MATCH": 2}', 'FIVE');
SELECT weedgo.sell_in_store(store('ON'), cart(5), customer('ben'), customer('ann'), discount => 3.33, discount_reason => 'a dent') \g /dev/null
CREATE TEMP TABLE bought (number, store_name) AS VALUES (1, 'ON'), (2, 'NS'), (3, 'QC'), (4, 'ON'), (5, 'ON');

CREATE FUNCTION store_of(number integer) RETURNS uuid LANGUAGE sql AS $$
    SELECT store_id FROM weedgo_data.orders WHERE order_id = order_of(number)
$$;
-- What does not agree, "line 2 tax: stored, recomputed", in the order of the rows.
CREATE FUNCTION differences(number integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', 'line ' || line_no, amount, tax_name) || ': ' || coalesce(stored::text, 'none') || ' ' || coalesce(recomputed::text, 'none'), ', ')
           FILTER (WHERE NOT agrees)
    FROM weedgo.recompute_order(store_of(number), order_of(number))
$$;

-- What it says ------------------------------------------------------------------------------------------------

SELECT results_eq(
    $$SELECT line_no, amount, tax_name, stored, recomputed, agrees, details FROM weedgo.recompute_order(store('ON'), order_of(1))$$,
    $$VALUES (NULL::integer, 'subtotal', NULL, 39.98, 39.98, true, '{}'::jsonb), (NULL, 'discount', NULL, 0.00, 0.00, true, '{}'),
             (NULL, 'tax', NULL, 5.20, 5.20, true, '{}'),
             (NULL, 'tax', 'HST', 5.20, 5.20, true, '{"rates": [{"rate": "0.130000", "taxable": "39.98", "tax_class": "cannabis"}]}'),
             (NULL, 'delivery_fee', NULL, 0.00, 0.00, true, '{}'), (NULL, 'delivery_tax', NULL, 0.00, 0.00, true, '{}'),
             (NULL, 'tip', NULL, 0.00, 0.00, true, '{}'), (NULL, 'total', NULL, 45.18, 45.18, true, '{}'),
             (NULL, 'amount_due', NULL, 45.18, 45.18, true, '{}'),
             (1, 'line_total', NULL, 39.98, 39.98, true, '{"sku": "FLOWER"}'), (1, 'discount', NULL, 0.00, 0.00, true, '{"sku": "FLOWER"}'),
             (1, 'taxable', NULL, 39.98, 39.98, true, '{"sku": "FLOWER"}'), (1, 'tax', NULL, 5.20, 5.20, true, '{"sku": "FLOWER"}')$$,
    'the amounts of the order, then those of its line');
SELECT results_eq(
    $$SELECT line_no, amount, tax_name, recomputed FROM weedgo.recompute_order(store('NS'), order_of(2)) WHERE line_no IS NULL$$,
    -- 65.12 - 6.51; 5.00 + 0.50 x 6.047 km; 14 % of 58.61 + 8.02
    $$VALUES (NULL::integer, 'subtotal', NULL, 65.12), (NULL, 'discount', NULL, 6.51), (NULL, 'tax', NULL, 9.33), (NULL, 'tax', 'HST', 9.33),
             (NULL, 'delivery_fee', NULL, 8.02), (NULL, 'delivery_tax', NULL, 1.12), (NULL, 'tip', NULL, 2.22), (NULL, 'total', NULL, 78.18),
             (NULL, 'amount_due', NULL, 78.20)$$, 'a discount, a delivery that is taxed, a tip, cash');
SELECT results_eq(
    $$SELECT tax_name, recomputed FROM weedgo.recompute_order(store('QC'), order_of(3)) WHERE tax_name IS NOT NULL$$,
    $$VALUES ('GST', 2.25), ('QST', 4.49)$$, 'two taxes of the full price');
SELECT is(differences(number), NULL, format('order %s agrees', number)) FROM bought ORDER BY number;
SELECT is((SELECT pricing - ARRAY['delivery', 'promo'] FROM weedgo_data.orders WHERE order_id = order_of(2)),
          '{"province": "NS", "timezone": "America/Halifax"}', 'an order keeps where and by which clock it was priced');
SELECT is(((weedgo.calc_order_totals(store('ON'), cart(1), customer('ann'))).details -> 'pricing') - ARRAY['delivery', 'promo'],
          '{"province": "ON", "timezone": "America/Toronto"}', 'calc_order_totals says the same');

-- What happened since does not matter --------------------------------------------------------------------------------

CREATE FUNCTION all_agree(name text) RETURNS text LANGUAGE sql AS $$
    SELECT is((SELECT string_agg(differences(number), '; ') FROM bought), NULL, name)
$$;
SAVEPOINT since;
UPDATE weedgo_data.stores SET province = 'AB', timezone = 'Pacific/Kiritimati';
SELECT all_agree('the stores moved to another province and time zone');
UPDATE weedgo_data.stores SET delivery_base_fee = 9, delivery_fee_per_km = 9, free_delivery_threshold = 1, tax_delivery = NOT tax_delivery,
    latitude = 1, longitude = 1, policies = '{"purchase_limit_mg": 1, "min_age": 99, "closed_on": ["12-25"]}';
SELECT all_agree('they deliver for more, and sell less');
UPDATE weedgo_data.products SET unit_price = 99, sale_price = 1, tax_class = 'accessory', name = 'Another', is_available = false;
SELECT all_agree('everything has another price and tax class');
UPDATE weedgo_data.promo_codes SET discount_value = 1, discount_type = 'fixed', reimbursable = NOT reimbursable, is_active = false;
SELECT all_agree('so have the promo codes');
DELETE FROM weedgo_data.payment_methods;
DELETE FROM weedgo_data.promo_codes;
DELETE FROM weedgo_data.products;
DELETE FROM weedgo_data.cart_items;
DELETE FROM weedgo_data.carts;
DELETE FROM weedgo_data.stores;
SELECT all_agree('they are gone, and so are products, promo codes, carts');
-- New rates from tomorrow on, wherever that is.
UPDATE weedgo_data.tax_rates SET valid_until = current_date + 2 WHERE valid_until IS NULL;
INSERT INTO weedgo_data.tax_rates (province, tax_class, tax_name, rate, valid_from)
SELECT province, tax_class, tax_name, 0.5, current_date + 2 FROM weedgo_data.tax_rates WHERE valid_until = current_date + 2;
INSERT INTO weedgo_data.tax_rates (province, tax_class, tax_name, rate, valid_from)
SELECT DISTINCT province, tax_class, 'SIN', 0.25, current_date + 2 FROM weedgo_data.tax_rates;
SELECT all_agree('the rates of later days are others, and there is another tax');
SET LOCAL TimeZone = 'Pacific/Kiritimati';
SET LOCAL DateStyle = 'SQL, DMY';
SELECT all_agree('the session has a clock of its own');
RESET TimeZone;
RESET DateStyle;
ROLLBACK TO since;
SELECT weedgo.cancel_order(store('ON'), order_of(1)), weedgo.record_payment(store('NS'), order_of(2), 'captured', 78.20, payment_type => 'cash') \g /dev/null
SELECT weedgo.advance_order(store('NS'), order_of(2), s) FROM unnest(ARRAY['confirmed', 'ready', 'out_for_delivery', 'delivered']) s \g /dev/null
SELECT weedgo.refund_order(store('NS'), order_of(2), '[{"sku": "PIPE", "quantity": 1}]', payment_type => 'cash') \g /dev/null
SELECT all_agree('one is cancelled, one is delivered and partly came back');
ROLLBACK TO since;

-- The rates of the order's day ---------------------------------------------------------------------------------------

SAVEPOINT rates;
UPDATE weedgo_data.tax_rates SET rate = 0.15 WHERE province = 'NS' AND tax_class = 'accessory' AND valid_until IS NULL;
SELECT is(differences(2), 'tax: 9.33 9.55, tax HST: 9.33 9.55, total: 78.18 78.40, amount_due: 78.20 78.40, line 3 tax: 3.15 3.37', 'a rate that was changed for days that are past shows');
SELECT is(details, '{"rates": [{"rate": "0.150000", "taxable": "22.63", "tax_class": "accessory"}, {"rate": "0.140000", "taxable": "35.98", "tax_class": "cannabis"}, {"rate": "0.140000", "taxable": "8.02", "tax_class": "delivery"}]}', 'and which it is')
FROM weedgo.recompute_order(store('NS'), order_of(2)) WHERE tax_name = 'HST';
SELECT is(differences(3), NULL, 'orders of other provinces agree');
ROLLBACK TO rates;
INSERT INTO weedgo_data.tax_rates (province, tax_class, tax_name, rate, valid_from) VALUES ('ON', 'cannabis', 'EXCISE', 0.1, '2020-01-01');
SELECT is(differences(1), 'tax: 5.20 9.20, tax EXCISE: none 4.00, total: 45.18 49.18, amount_due: 45.18 49.18, line 1 tax: 5.20 9.20',
          'so does a tax that nobody knew of then');
ROLLBACK TO rates;
DELETE FROM weedgo_data.tax_rates WHERE province = 'QC' AND tax_name = 'QST';
SELECT is(differences(3), 'tax: 6.74 2.25, tax QST: 4.49 none, total: 44.97 40.48, amount_due: 44.97 40.48, line 1 tax: 3.00 1.00, line 2 tax: 3.74 1.25',
          'and one that is gone');
DELETE FROM weedgo_data.tax_rates WHERE province = 'QC' AND tax_class = 'cannabis';
\set untaxed 'tax: 6.74 none, tax GST: 2.25 none, tax QST: 4.49 none, delivery_tax: 0.00 none, total: 44.97 none, amount_due: 44.97 none, line 1 tax: 3.00 none, line 2 tax: 3.74 none'
SELECT is(differences(3), :'untaxed', 'without any rate of a class there is no tax, and no total');
ROLLBACK TO rates;

-- Nova Scotia's rate changed at midnight of its own clock; the order is moved there.
CREATE FUNCTION tax_if(priced_at timestamptz, zone text DEFAULT 'America/Halifax') RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    UPDATE weedgo_data.orders o SET priced_at = tax_if.priced_at, pricing = jsonb_set(pricing, '{timezone}', to_jsonb(zone)) WHERE order_id = order_of(2);
    RETURN (SELECT recomputed FROM weedgo.recompute_order(store('NS'), order_of(2)) WHERE amount = 'tax' AND tax_name IS NULL AND line_no IS NULL);
END
$$;
SELECT is(tax_if('2025-03-31 23:59:59.999999-03'), 9.99, 'the last microsecond of 15 %'); -- of 58.61 + 8.02
SELECT is(tax_if('2025-04-01 00:00:00-03'), 9.33, 'the first of 14 %');
SELECT is(tax_if('2025-04-01 00:00:00-03', 'America/Toronto'), 9.99, 'by the clock that the order was priced by, not the store''s of today');
SELECT is(tax_if('2005-04-01 00:00:00-03'), NULL, 'of that day no rate is known');
ROLLBACK TO rates;
UPDATE weedgo_data.orders SET pricing = pricing - 'province' WHERE order_id = order_of(3);
SELECT is(differences(3), :'untaxed', 'an order that does not say where it was priced cannot be taxed');
ROLLBACK TO rates;
UPDATE weedgo_data.orders SET pricing = pricing - 'timezone' WHERE order_id = order_of(3);
SELECT is(differences(3), :'untaxed', 'nor one that does not say by which clock');
UPDATE weedgo_data.orders SET pricing = jsonb_set(pricing, '{timezone}', '"Toronto"', true) WHERE order_id = order_of(3);
SELECT refused('SELECT weedgo.recompute_order(store(''QC''), order_of(3))', '55000', 'setup', 'a clock that there is not', 'shop_reader');
SELECT results_eq('SELECT order_id, seq FROM weedgo.verify_audit(store(''QC''))', 'SELECT order_of(3), 1', 'and verify_audit sees that it was changed');
ROLLBACK TO rates;

-- Falsified orders ---------------------------------------------------------------------------------------------------

-- The tables would refuse most of it.
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
             WHERE contype = 'c' AND conrelid IN ('weedgo_data.orders'::regclass, 'weedgo_data.order_items'::regclass) LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.relation, c.conname);
    END LOOP;
END
$$;
CREATE FUNCTION falsified(change text, of_line integer DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    EXECUTE format(CASE WHEN of_line IS NULL THEN 'UPDATE weedgo_data.orders SET %s WHERE order_id = order_of(2)'
                        ELSE 'UPDATE weedgo_data.order_items SET %s WHERE order_id = order_of(2) AND line_no = ' || of_line END, change);
    found := differences(2);
    RAISE SQLSTATE '00WGO';
EXCEPTION WHEN SQLSTATE '00WGO' THEN
    RETURN found;
END
$$;
SELECT is(falsified(change), awaited, change)
FROM (VALUES
    ('subtotal = subtotal + 0.01', 'subtotal: 65.13 65.12'), ('discount = 0', 'discount: 0.00 6.51'), ('tax = tax - 0.01', 'tax: 9.32 9.33'),
    ('delivery_fee = 5', 'delivery_fee: 5.00 8.02'), ('delivery_tax = 1.11', 'delivery_tax: 1.11 1.12'), ('total = 0', 'total: 0.00 78.18'),
    ('amount_due = total', 'amount_due: 78.18 78.20'), ('tip = 0', 'total: 78.18 75.96, amount_due: 78.20 75.95'),
    ('payment_type = ''credit''', 'amount_due: 78.20 78.18'), ('subtotal = ''NaN''', 'subtotal: NaN 65.12'), ('total = -78.18', 'total: -78.18 78.18'),
    ('distance_m = 0', 'tax: 9.33 8.91, tax HST: 9.33 8.91, delivery_fee: 8.02 5.00, delivery_tax: 1.12 0.70, total: 78.18 74.74, amount_due: 78.20 74.75'),
    ('taxes = jsonb_set(taxes, ''{0,amount}'', ''"9.34"'')', 'tax HST: 9.34 9.33'), ('taxes = ''[]''', 'tax HST: none 9.33'),
    ('taxes = taxes || taxes', 'tax HST: 18.66 9.33'), ('taxes = taxes || ''{"name": "GST", "amount": "0.00"}''', 'tax GST: 0.00 none'),
    ('pricing = jsonb_set(pricing, ''{promo,discount_value}'', ''"0"'')', 'discount: 6.51 0.00, tax: 9.33 10.24, tax HST: 9.33 10.24, total: 78.18 85.60, amount_due: 78.20 85.60, line 1 discount: 4.00 0.00, line 1 taxable: 35.98 39.98, line 1 tax: 5.04 5.60, '
     'line 2 discount: 0.01 0.00, line 2 taxable: 0.14 0.15, line 3 discount: 2.50 0.00, line 3 taxable: 22.49 24.99, line 3 tax: 3.15 3.50'),
    ('pricing = jsonb_set(pricing, ''{promo,reimbursable}'', ''true'')', 'tax: 9.33 10.24, tax HST: 9.33 10.24, total: 78.18 79.09, amount_due: 78.20 79.10, line 1 taxable: 35.98 39.98, line 1 tax: 5.04 5.60, line 2 taxable: 0.14 0.15, '
     'line 3 taxable: 22.49 24.99, line 3 tax: 3.15 3.50'),
    ('pricing = jsonb_set(pricing, ''{delivery}'', ''null'')', 'tax: 9.33 8.21, tax HST: 9.33 8.21, delivery_fee: 8.02 0.00, delivery_tax: 1.12 0.00, total: 78.18 69.04, amount_due: 78.20 69.05'),
    ('pricing = jsonb_set(pricing, ''{delivery,taxed}'', ''false'')', 'tax: 9.33 8.21, tax HST: 9.33 8.21, delivery_tax: 1.12 0.00, total: 78.18 77.06, amount_due: 78.20 77.05'),
    ('pricing = jsonb_set(pricing, ''{province}'', ''"AB"'')', 'tax: 9.33 3.33, tax HST: 9.33 none, tax GST: none 3.33, delivery_tax: 1.12 0.40, total: 78.18 72.18, amount_due: 78.20 72.20, line 1 tax: 5.04 1.80, '
     'line 2 tax: 0.02 0.01, line 3 tax: 3.15 1.12')
) AS c (change, awaited);
SELECT is(falsified(change, line), awaited, format('line %s: %s', line, change))
FROM (VALUES
    (1, 'line_total = 39.99', 'line 1 line_total: 39.99 39.98'), (2, 'discount = 0', 'line 2 discount: 0.00 0.01'), (3, 'taxable = 24.99', 'line 3 taxable: 24.99 22.49'),
    (3, 'tax = 3.16', 'line 3 tax: 3.16 3.15'), (1, 'sku = ''OTHER''', NULL),
    (2, 'quantity = 4', 'subtotal: 65.12 65.17, discount: 6.51 6.52, total: 78.18 78.22, line 1 tax: 5.04 5.03, line 2 line_total: 0.15 0.20, line 2 discount: 0.01 0.02, '
     'line 2 taxable: 0.14 0.18, line 2 tax: 0.02 0.03'), (2, 'tax_class = ''hemp''', 'tax: 9.33 none, tax HST: 9.33 none, delivery_tax: 1.12 none, total: 78.18 none, amount_due: 78.20 none, line 1 tax: 5.04 none, line 2 tax: 0.02 none, line 3 tax: 3.15 none'), (2, 'quantity = 2147483647, unit_price = 9999999999.99', 'subtotal: 65.12 none, discount: 6.51 none, tax: 9.33 none, tax HST: 9.33 none, delivery_fee: 8.02 none, delivery_tax: 1.12 none, total: 78.18 none, amount_due: 78.20 none, '
     'line 1 line_total: 39.98 none, line 1 discount: 4.00 none, line 1 taxable: 35.98 none, line 1 tax: 5.04 none, line 2 line_total: 0.15 none, line 2 discount: 0.01 none, '
     'line 2 taxable: 0.14 none, line 2 tax: 0.02 none, line 3 line_total: 24.99 none, line 3 discount: 2.50 none, line 3 taxable: 22.49 none, line 3 tax: 3.15 none')
) AS c (line, change, awaited);
SAVEPOINT lines;
DELETE FROM weedgo_data.order_items WHERE order_id = order_of(2) AND line_no = 3;
SELECT is(differences(2), 'subtotal: 65.12 40.13, discount: 6.51 4.01, tax: 9.33 6.18, tax HST: 9.33 6.18, total: 78.18 52.54, amount_due: 78.20 52.55', 'a line that is gone');
DELETE FROM weedgo_data.order_items WHERE order_id = order_of(2);
SELECT is(differences(2), 'subtotal: 65.12 0.00, discount: 6.51 0.00, tax: 9.33 1.12, tax HST: 9.33 1.12, total: 78.18 11.36, amount_due: 78.20 11.35', 'all of them');
ROLLBACK TO lines;
SELECT is(falsified(change), NULL, 'does not matter: ' || change)
FROM (VALUES ('status = ''cancelled'''), ('created_at = now() - interval ''1 year'''), ('promo_code = NULL'), ('customer_id = NULL'), ('delivery_type = ''pickup''')) AS c (change);
ROLLBACK TO rates;
SELECT all_agree('with all of it undone, all agree');

-- Refusals -------------------------------------------------------------------------------------------------------------

SELECT refused_with(format('SELECT weedgo.recompute_order(store(%L), %L)', store_name, order_id), '22023', 'the order is unknown',
                    jsonb_build_object('code', 'order_unknown', 'order_id', order_id), name, 'shop_staff')
FROM (VALUES ('ON', cart(1), 'an order that there is not'), ('QC', order_of(1), 'an order of another store'), ('nowhere', order_of(1), 'a store that there is not'))
     AS o (store_name, order_id, name);
SELECT refused('SELECT weedgo.recompute_order(store(''ON''), order_of(1)' || more || ')', '22023', 'invalid_argument', 'options' || more, 'shop_reader')
FROM (VALUES (', ''{"as_of": "2026-01-01T00:00:00Z"}'''), (', ''[]'''), (', ''{"nonsense": 1}''')) AS o (more);
SELECT accepted('SELECT weedgo.recompute_order(store(''ON''), order_of(1), ' || options || ')', 'options ' || options, r)
FROM (VALUES ('NULL'), ('''{}''')) AS o (options), unnest(ARRAY['shop_staff', 'shop_reader']::name[]) r;
SELECT refused('SELECT weedgo.recompute_order(store(''ON''), order_of(1))', '42501', NULL, r || ' may not', r) FROM unnest(ARRAY['shop_app', 'shop_nobody']::name[]) r;
SELECT is((refusal('SET LOCAL transaction_read_only = on; SELECT weedgo.recompute_order(store(''ON''), order_of(1))', 'shop_reader')).state, '00000',
          'recompute_order only reads');
SELECT invariants_hold('every invariant holds');
SELECT * FROM finish();
ROLLBACK;
