-- calc_order_totals: checkout's figures without a checkout, and its refusals as a list.
\set ECHO none
\i test/fixtures/shop.sql
\set ECHO all

\set amounts 'subtotal, discount, tax, delivery_fee, tip, total, amount_due'

-- 39.98 - 4.00 + 4.68 + 5.00 + 2.00 = 47.66, in cash 47.65
CALL make_cart(1, 'ON', 'alice', '{"BLUE-DREAM": 2}', 'SAVE10');
SELECT :amounts, promo_code, distance_km, problems
FROM weedgo.calc_order_totals(store('ON'), cart(1), customer('alice'), 'cash', 'delivery', '{"street": "1 King Street"}', 2);
SELECT jsonb_pretty(lines) AS lines, jsonb_pretty(taxes) AS taxes
FROM weedgo.calc_order_totals(store('ON'), cart(1), customer('alice'), 'cash', 'delivery', '{"street": "1 King Street"}', 2);
-- Nothing was written, nothing is locked, and the checkout says the same.
SELECT * FROM footprint();
SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
SELECT :amounts FROM weedgo.checkout_cart(store('ON'), cart(1), customer('alice'), 'cash', 'delivery', '{"street": "1 King Street"}', tip => 2);

-- With a distance: 5.00 + 0.50 x 5.56 = 7.78
CALL make_cart(2, 'ON', 'alice', '{"BLUE-DREAM": 2}');
SELECT :amounts, distance_km
FROM weedgo.calc_order_totals(store('ON'), cart(2), customer('alice'), delivery_type => 'delivery',
                              delivery_address => '{"latitude": 43.70, "longitude": -79.38}');

-- For every cart, store, code, address and tip: the same figures from both.
CREATE TEMP TABLE combination AS
SELECT 1000 + row_number() OVER () AS n, s.store, c.items, p.promo, d.delivery_type, d.address, t.tip
FROM unnest(ARRAY['ON', 'QC', 'BC', 'AB']) AS s (store)
CROSS JOIN unnest(ARRAY['{"BLUE-DREAM": 2, "PAPERS": 1}', '{"GUMMIES": 5, "COLA": 3, "VAPE": 1}']::jsonb[]) AS c (items)
CROSS JOIN unnest(ARRAY['', 'SAVE10', 'FIVEOFF', 'MAKER15']) AS p (promo)
CROSS JOIN (VALUES ('pickup', NULL::jsonb), ('delivery', '{"latitude": 43.7, "longitude": -79.4}')) AS d (delivery_type, address)
CROSS JOIN unnest(ARRAY[0, 1.005]) AS t (tip)
WHERE d.delivery_type = 'pickup' OR s.store IN ('ON', 'AB');
DO $$
DECLARE c record;
BEGIN
    FOR c IN SELECT * FROM combination LOOP
        CALL fixture.make_cart(c.n::integer, c.store, 'alice', c.items);
    END LOOP;
END
$$;
SELECT count(*) AS combinations,
       count(*) FILTER (WHERE (q.subtotal, q.discount, q.tax, q.delivery_fee, q.tip, q.total, q.amount_due, q.taxes, q.currency)
                            IS DISTINCT FROM (r.subtotal, r.discount, r.tax, r.delivery_fee, r.tip, r.total, r.amount_due, r.taxes, r.currency)
                           OR q.problems <> '[]') AS that_differ
FROM combination c
CROSS JOIN LATERAL weedgo.calc_order_totals(store(c.store), cart(c.n::integer), customer('alice'), 'cash', c.delivery_type, c.address, c.tip, c.promo) q
CROSS JOIN LATERAL weedgo.checkout_cart(store(c.store), cart(c.n::integer), customer('alice'), 'cash', c.delivery_type, c.address,
                                        tip => c.tip, promo_code => c.promo) r;

-- What checkout would refuse is listed, not raised.
CALL make_cart(3, 'QC', 'alice', '{"FEW": 9, "GONE": 1, "COOKIE": 1, "NO-SUCH-THING": 1, "PAPERS": 1}', 'OVER');
SELECT p.value - 'items' AS problem
FROM weedgo.calc_order_totals(store('QC'), cart(3), customer('alice'), 'bob-debit', 'delivery', '{}') t, jsonb_array_elements(t.problems) p;
SELECT item.*
FROM weedgo.calc_order_totals(store('QC'), cart(3), customer('alice'), 'bob-debit', 'delivery', '{}') t, jsonb_array_elements(t.problems) p,
     jsonb_to_recordset(p.value -> 'items') AS item (sku text, reason text, requested int, available int);
-- Lines that have a price are priced all the same: 9 x 11.99 + 14.99 + 2.49 = 125.39
SELECT t.subtotal, line.*
FROM weedgo.calc_order_totals(store('QC'), cart(3), customer('alice'), 'bob-debit', 'delivery', '{}') t,
     jsonb_to_recordset(t.lines) AS line (sku text, quantity int, line_total text, available int, in_stock boolean, reason text);
CALL make_cart(4, 'PAUSED', NULL, '{}');
SELECT :amounts, lines, problems FROM weedgo.calc_order_totals(store('PAUSED'), cart(4));
SELECT plain(problems::text) AS problems FROM weedgo.calc_order_totals(store('ON'), cart(1), customer('alice'));
SELECT problems FROM weedgo.calc_order_totals(store('ON'), cart(2), customer('bob'));
SELECT problems FROM weedgo.calc_order_totals(store('ON'), cart(99));
-- Too far, and below the minimum.
CALL make_cart(5, 'ON', 'alice', '{"PAPERS": 1}');
CALL make_cart(6, 'QC', 'alice', '{"PAPERS": 1}');
SELECT problems, distance_km
FROM weedgo.calc_order_totals(store('ON'), cart(5), customer('alice'), delivery_type => 'delivery', delivery_address => '{"latitude": 45.5, "longitude": -73.6}');
SELECT problems
FROM weedgo.calc_order_totals(store('QC'), cart(6), customer('alice'), delivery_type => 'delivery', delivery_address => '{"street": "1, rue Rachel"}');
-- An argument out of its range is an error here too.
SELECT * FROM refusal($$SELECT weedgo.calc_order_totals(store('ON'), cart(2), customer('alice'), tip => -1)$$);
SELECT * FROM refusal($$SELECT weedgo.calc_order_totals(store('ON'), cart(2), customer('alice'), delivery_type => 'drone')$$);
SELECT * FROM refusal($$SELECT weedgo.calc_order_totals(store('ON'), cart(2), customer('alice'), options => '{"x": 1}')$$);

-- It works where nothing may be written.
SET default_transaction_read_only = on;
SELECT total, problems FROM weedgo.calc_order_totals(store('ON'), cart(2), customer('alice'));
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
RESET default_transaction_read_only;

-- A cart's own hold counts as available to it, others' do not.
CALL make_cart(7, 'ON', 'alice', '{"FEW": 3}');
CALL make_cart(8, 'ON', 'bob', '{"FEW": 1}');
SELECT extended FROM weedgo.reserve_inventory(store('ON'), cart(7), customer('alice'));
SELECT t.problems, line.*
FROM weedgo.calc_order_totals(store('ON'), cart(7), customer('alice')) t,
     jsonb_to_recordset(t.lines) AS line (sku text, quantity int, available int, in_stock boolean);
SELECT problems FROM weedgo.calc_order_totals(store('ON'), cart(8), customer('bob'));

-- Delivery is taxed where the store says so. 39.98 + 5.00: HST on 39.98 5.1974, on the whole 44.98
-- 5.8474 -> 5.85; spread over line and fee by largest remainder 5.20 + 0.65: 50.83
UPDATE weedgo_data.stores SET tax_delivery = true WHERE store_id = store('ON');
CALL make_cart(9, 'ON', 'alice', '{"BLUE-DREAM": 2}');
SELECT :amounts FROM weedgo.calc_order_totals(store('ON'), cart(9), customer('alice'), NULL, 'delivery', '{"street": "1 King Street"}');
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(9), customer('alice'), NULL, 'delivery', '{"street": "1 King Street"}');
SELECT tax, delivery_tax FROM weedgo_data.orders WHERE cart_id = cart(9);
SELECT sku, taxable, tax FROM order_lines(9);
SELECT * FROM order_taxes(9);

-- Rates by tax class and by date: a tax that began today holds, one that ended today does not, and
-- a class that is exempt says so with a rate of 0.
-- GST 5 % on 19.99 + 2.49 (1.124) and PST 6 % on 19.99 (1.1994): 22.48 + 1.12 + 1.20 = 24.80
INSERT INTO weedgo_data.tax_rates (province, tax_class, tax_name, rate, valid_from, valid_until) VALUES
    ('YY', 'cannabis',  'GST', 0.05, '2008-01-01', NULL),
    ('YY', 'accessory', 'GST', 0.05, '2008-01-01', NULL),
    ('YY', 'cannabis',  'PST', 0.09, '2008-01-01', (now() AT TIME ZONE 'America/Toronto')::date),
    ('YY', 'cannabis',  'PST', 0.06, (now() AT TIME ZONE 'America/Toronto')::date, NULL),
    ('YY', 'cannabis',  'PST', 0.20, (now() AT TIME ZONE 'America/Toronto')::date + 1, NULL),
    ('YY', 'accessory', 'PST', 0,    '2008-01-01', NULL);
UPDATE weedgo_data.stores SET province = 'YY' WHERE store_id = store('QC');
CALL make_cart(10, 'QC', 'alice', '{"BLUE-DREAM": 1, "PAPERS": 1}');
SELECT subtotal, tax, total FROM weedgo.calc_order_totals(store('QC'), cart(10), customer('alice'));
BEGIN;
SELECT total FROM weedgo.checkout_cart(store('QC'), cart(10), customer('alice'));
SELECT * FROM order_taxes(10);
ROLLBACK;
-- A class without any rate is a hole in the data, not a gift.
DELETE FROM weedgo_data.tax_rates WHERE province = 'YY' AND tax_class = 'accessory';
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('QC'), cart(10), customer('alice'))$$);

-- 24.99 at 10.75 % = 2.686425, rounded once: 2.69 (medusa#14818)
INSERT INTO weedgo_data.tax_rates (province, tax_class, tax_name, rate, valid_from) VALUES ('XX', 'accessory', 'TAX', 0.1075, '2000-01-01');
UPDATE weedgo_data.stores SET province = 'XX' WHERE store_id = store('BC');
CALL make_cart(11, 'BC', 'alice', '{"GRINDER": 1}');
SELECT tax, total FROM weedgo.checkout_cart(store('BC'), cart(11), customer('alice'));

-- Amounts that no longer fit are an error, never a wrong number.
UPDATE weedgo_data.products SET unit_price = 9999999999.99 WHERE sku = 'SEEDS';
CALL make_cart(12, 'AB', 'alice', '{"SEEDS": 1}');
CALL make_cart(13, 'AB', 'alice', '{"SEEDS": 2}');
CALL make_cart(14, 'AB', 'alice', '{"PAPERS": 2147483647}');
CALL make_cart(15, 'AB', 'alice', '{"PAPERS": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('AB'), cart(12), customer('alice'))$$);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('AB'), cart(13), customer('alice'))$$);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('AB'), cart(14), customer('alice'))$$);
-- 2.49 + 0.12 + 9999999997.38 just fits, but not when it is rounded up for cash.
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('AB'), cart(15), customer('alice'), tip => 9999999997.39)$$);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('AB'), cart(15), customer('alice'), 'cash', tip => 9999999997.38)$$);
SELECT total FROM weedgo.checkout_cart(store('AB'), cart(15), customer('alice'), tip => 9999999997.38);

SELECT * FROM weedgo.verify_invariants();
