-- The golden orders: hundreds of carts with what they cost, worked out in decimal by a model that
-- shares nothing with the extension (test/golden/pencil.py; the carts are in orders.py, carts and
-- receipts in orders.json, to be read and checked by hand). Each is bought for real; what
-- calc_order_totals promises, what checkout_cart answers and what the tables keep must be that, to
-- the cent, line by line and tax by tax. Those with a key by_hand, be it null, are sold over the
-- counter.
--
-- An order has a day: it costs what it would on that day. Checkout knows only the present, so each
-- store has a province of its own, whose rates are the seeded ones moved by as many days as the
-- order's day is ago; its sales are moved as far. For an order of 2025-03-31 Nova Scotia's 15 %
-- ends tomorrow, for one of 2025-04-01 its 14 % begins today.
--
-- Commands in backquotes run in the tree's root, where scripts/check starts psql.
\ir fixture.psql
\set remade `python3 test/golden/orders.py 2>&1 | cmp - test/golden/orders.json 2>&1 && echo 'not a byte differs'`
\set orders `cat test/golden/orders.json`
SELECT no_plan();
CALL open_shop();

SELECT is(:'remade'::text, 'not a byte differs', 'orders.json is what orders.py writes');

-- Stores where it is not about to be tomorrow.
SELECT CASE WHEN extract(hour FROM now() AT TIME ZONE 'UTC') BETWEEN 6 AND 17 THEN 'UTC' ELSE 'Etc/GMT+12' END AS zone \gset

CREATE TABLE golden AS
SELECT (o ->> 'case')::integer AS number, format('%s: %s', o ->> 'case', o ->> 'about') AS name,
       store('golden ' || (o ->> 'case')) AS store_id, o ->> 'province' AS province,
       concat_ws(' on ', o ->> 'province', o ->> 'day') AS province_then, (o ->> 'day')::date AS day,
       (now() AT TIME ZONE :'zone')::date - (o ->> 'day')::date AS days_ago,
       o -> 'items' AS items, nullif(o -> 'promo', 'null') AS promo, nullif(o -> 'delivery', 'null') AS delivery,
       o ? 'by_hand' AS over_counter, (o ->> 'by_hand')::numeric AS by_hand, o ->> 'pays' AS pays, (o ->> 'tip')::numeric AS tip, o -> 'expected' AS expected
FROM jsonb_array_elements(:'orders') o;

SELECT cmp_ok((SELECT count(*) FROM golden), '>=', 240::bigint, 'there are at least 240 orders');
SELECT set_eq('SELECT DISTINCT province FROM golden', 'SELECT DISTINCT province FROM weedgo_data.tax_rates',
              'in every province and territory');

INSERT INTO weedgo_data.tax_rates (province, tax_class, tax_name, rate, valid_from, valid_until)
SELECT DISTINCT g.province_then, r.tax_class, r.tax_name, r.rate, r.valid_from + g.days_ago, r.valid_until + g.days_ago
FROM weedgo_data.tax_rates r JOIN golden g USING (province);

INSERT INTO weedgo_data.stores (store_id, province, timezone, latitude, longitude)
SELECT store_id, province_then, :'zone', (delivery #>> '{store,0}')::float, (delivery #>> '{store,1}')::float
FROM golden;
UPDATE weedgo_data.stores s
SET delivery_base_fee = (delivery ->> 'base_fee')::numeric, delivery_fee_per_km = (delivery ->> 'per_km')::numeric,
    free_delivery_threshold = (delivery ->> 'free_from')::numeric, tax_delivery = (delivery ->> 'taxed')::boolean
FROM golden g WHERE s.store_id = g.store_id AND delivery IS NOT NULL;

INSERT INTO weedgo_data.products (store_id, sku, name, tax_class, unit_price, sale_price, sale_from, sale_until)
SELECT store_id, sku, sku, class, price, (sale ->> 'price')::numeric,
       ((sale ->> 'from')::date + days_ago)::timestamp AT TIME ZONE :'zone',
       ((sale ->> 'until')::date + days_ago)::timestamp AT TIME ZONE :'zone'
FROM golden, jsonb_to_recordset(items) AS i (sku text, class text, price numeric, sale jsonb);
INSERT INTO weedgo_data.stock (store_id, sku, available)
SELECT store_id, sku, quantity FROM golden, jsonb_to_recordset(items) AS i (sku text, quantity integer);

INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_discount_amount, reimbursable)
SELECT store_id, 'GOLDEN', promo ->> 'type', (promo ->> 'value')::numeric, (promo ->> 'at_most')::numeric, (promo ->> 'reimbursable')::boolean
FROM golden WHERE promo IS NOT NULL;

INSERT INTO weedgo_data.carts (store_id, cart_id, customer_id) SELECT store_id, cart(number), customer('ann') FROM golden;
INSERT INTO weedgo_data.cart_items (store_id, cart_id, sku, quantity)
SELECT store_id, cart(number), sku, quantity FROM golden, jsonb_to_recordset(items) AS i (sku text, quantity integer);

-- The figures of a receipt, of totals or of a stored order, as orders.json has them.
CREATE FUNCTION figures(said jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object(
        'lines', (SELECT jsonb_agg(jsonb_build_object(
                      'sku', l ->> 'sku', 'quantity', (l ->> 'quantity')::integer, 'unit_price', l ->> 'unit_price',
                      'line_total', l ->> 'line_total', 'discount', l ->> 'discount', 'taxable', l ->> 'taxable', 'tax', l ->> 'tax') ORDER BY n)
                  FROM jsonb_array_elements(said -> 'lines') WITH ORDINALITY AS x (l, n)),
        'taxes', (SELECT jsonb_object_agg(t ->> 'name', t ->> 'amount') FROM jsonb_array_elements(said -> 'taxes') t),
        'delivery_tax', said #>> '{details,delivery_tax}', 'distance_m', (said #>> '{details,distance_m}')::integer,
        'subtotal', said ->> 'subtotal', 'discount', said ->> 'discount', 'tax', said ->> 'tax', 'delivery_fee', said ->> 'delivery_fee',
        'tip', said ->> 'tip', 'total', said ->> 'total', 'amount_due', said ->> 'amount_due')
$$;

CREATE FUNCTION stored_order(number integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT to_jsonb(o) || jsonb_build_object('details', to_jsonb(o), 'lines',
               (SELECT jsonb_agg(to_jsonb(i) ORDER BY i.line_no) FROM weedgo_data.order_items i WHERE i.order_id = o.order_id))
    FROM weedgo_data.orders o WHERE o.order_id = order_of(number)
$$;

-- What is handed over at the till: nothing said is cash; a split leaves 1.00, or all there is, to the card.
CREATE FUNCTION payments_of(g golden) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE WHEN g.pays = 'cash' THEN NULL ELSE jsonb_path_query_array(jsonb_build_array(
               jsonb_build_object('type', 'visa', 'amount', due - cash, 'reference', 'golden ' || g.number),
               jsonb_build_object('type', 'cash', 'amount', cash)), '$[*] ? (@.amount > 0)') END
    FROM (SELECT due, CASE g.pays WHEN 'split' THEN greatest(due - 1.00, 0) ELSE 0.00 END AS cash
          FROM (SELECT (g.expected ->> 'amount_due')::numeric AS due) d) p
$$;

-- Three tests of each order; one that is refused does not keep the others from being bought.
CREATE FUNCTION address_of(of golden) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('street', '1 King Street West', 'latitude', (of.delivery #>> '{address,0}')::numeric,
                                                'longitude', (of.delivery #>> '{address,1}')::numeric))
    WHERE of.delivery IS NOT NULL
$$;
CREATE FUNCTION delivery_of(of golden) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN of.over_counter THEN 'in_store' WHEN of.delivery IS NULL THEN 'pickup' ELSE 'delivery' END
$$;
-- A discount by hand takes the place of any code.
CREATE FUNCTION code_of(of golden) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN of.promo IS NULL THEN '' ELSE 'GOLDEN' END WHERE of.by_hand IS NULL
$$;
CREATE FUNCTION quoted(of golden, as_of timestamptz DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
    SELECT to_jsonb(t) FROM weedgo.calc_order_totals(of.store_id, cart(of.number), customer('ann'), CASE WHEN NOT of.over_counter THEN 'ann-' || of.pays END,
        delivery_of(of), address_of(of), of.tip, code_of(of),
        jsonb_strip_nulls(jsonb_build_object('discount', of.by_hand, 'payment_type', CASE WHEN of.over_counter THEN of.pays END, 'as_of', as_of))) t
$$;
CREATE FUNCTION buy_them_all() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    g       golden;
    promise jsonb;
    answer  jsonb;
BEGIN
    FOR g IN SELECT * FROM golden ORDER BY number LOOP
        BEGIN
            PERFORM set_config('role', 'shop_app', true);
            promise := quoted(g);
            IF g.over_counter THEN
                PERFORM set_config('role', 'shop_staff', true);
                answer := to_jsonb(weedgo.sell_in_store(g.store_id, cart(g.number), customer('ben'), customer('ann'), NULL, payments_of(g), g.by_hand,
                    CASE WHEN g.by_hand IS NOT NULL THEN 'a test' END, g.tip, code_of(g), (g.expected ->> 'total')::numeric));
            ELSE
                answer := to_jsonb(weedgo.checkout_cart(g.store_id, cart(g.number), customer('ann'), 'ann-' || g.pays, delivery_of(g), address_of(g),
                                                        tip => g.tip, promo_code => code_of(g)));
            END IF;
            PERFORM set_config('role', 'none', true);
        EXCEPTION WHEN OTHERS THEN
            RETURN NEXT fail(format('%s: refused, %s', g.name, SQLERRM));
            CONTINUE;
        END;

        RETURN NEXT is(figures(promise), g.expected, g.name || ': the totals');
        RETURN NEXT is(figures(answer), g.expected, g.name || ': the receipt');
        RETURN NEXT is(figures(stored_order(g.number)), g.expected, g.name || ': the order');
    END LOOP;
END
$$;
SELECT buy_them_all();

SELECT is((SELECT sum(available) FROM weedgo_data.stock JOIN golden USING (store_id)), 0::bigint, 'all of it is sold');

-- Each order worked out again, and each cart priced as of its own day: the stores now move to their
-- real provinces, where the rates changed when they did, and the sales back to their own days. Of that
-- recompute_order must notice nothing.
UPDATE weedgo_data.stores s SET province = g.province FROM golden g WHERE s.store_id = g.store_id;
UPDATE weedgo_data.products p
SET sale_from = sale_from - make_interval(days => days_ago), sale_until = sale_until - make_interval(days => days_ago)
FROM golden g WHERE p.store_id = g.store_id;
GRANT SELECT ON golden TO shop_reader;

CREATE FUNCTION worked_out(of golden) RETURNS jsonb LANGUAGE sql AS $$
    WITH again AS (SELECT line_no, amount, tax_name, recomputed::text, agrees, details FROM weedgo.recompute_order(of.store_id, order_of(of.number)))
    SELECT jsonb_object_agg(amount, recomputed) FILTER (WHERE line_no IS NULL AND tax_name IS NULL) || jsonb_build_object(
        'taxes', (SELECT jsonb_object_agg(tax_name, recomputed) FROM again WHERE tax_name IS NOT NULL),
        'lines', (SELECT jsonb_agg(line ORDER BY n) FROM (SELECT line_no AS n, jsonb_object_agg(amount, recomputed) || min(details::text)::jsonb AS line
                                                          FROM again WHERE line_no IS NOT NULL GROUP BY 1) l),
        'agrees', bool_and(agrees))
    FROM again
$$;
CREATE FUNCTION as_expected(expected jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT expected - 'distance_m' || jsonb_build_object('agrees', true,
        'lines', (SELECT jsonb_agg(l - ARRAY['quantity', 'unit_price'] ORDER BY n) FROM jsonb_array_elements(expected -> 'lines') WITH ORDINALITY AS x (l, n)))
$$;
ALTER FUNCTION order_of(integer) SECURITY DEFINER;
SET LOCAL ROLE shop_reader;
SELECT is(worked_out(g), as_expected(g.expected), g.name || ': worked out again') FROM golden g ORDER BY g.number;
RESET ROLE;

SELECT is(figures(quoted(g, (day + time '23:59:59') AT TIME ZONE :'zone')), g.expected, g.name || ': as of its day') FROM golden g ORDER BY g.number;
SELECT invariants_hold('every invariant holds');
SELECT * FROM finish();
ROLLBACK;
