-- Promo codes: why one is refused (WG006), and limits that are never overrun.
\set ECHO none
\i test/fixtures/shop.sql
\set ECHO all

-- Every reason. Nothing is used up by a refusal.
CALL make_cart(1, 'ON', 'alice', '{"BLUE-DREAM": 2}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('alice'), promo_code => 'NO-SUCH-CODE')$$);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('alice'), promo_code => 'OFF')$$);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('alice'), promo_code => 'SOON')$$);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('alice'), promo_code => 'OVER')$$);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('alice'), promo_code => 'MIN100')$$);
SELECT * FROM weedgo_data.promo_counters;

-- Another store's code is unknown here.
CALL make_cart(2, 'QC', 'alice', '{"PAPERS": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('QC'), cart(2), customer('alice'), promo_code => 'LOCAL')$$);

-- The minimum is judged before the discount: 129.99 - 26.00 + HST on 103.99 (13.5187) = 117.51
CALL make_cart(3, 'ON', 'alice', '{"OUNCE": 1}');
SELECT subtotal, discount, tax, total FROM weedgo.checkout_cart(store('ON'), cart(3), customer('alice'), promo_code => 'MIN100');

-- A window's first instant is in it, its last is not: a code that ends now has ended.
CALL make_cart(4, 'ON', 'alice', '{"PAPERS": 1}');
BEGIN;
UPDATE weedgo_data.promo_codes SET valid_from = NULL, valid_until = clock_timestamp() WHERE code = 'SAVE10';
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('alice'), promo_code => 'SAVE10')$$);
UPDATE weedgo_data.promo_codes SET valid_from = clock_timestamp(), valid_until = NULL WHERE code = 'SAVE10';
SELECT discount FROM weedgo.checkout_cart(store('ON'), cart(4), customer('alice'), promo_code => 'SAVE10');
ROLLBACK;

-- A code that may be used once, and one that may be used twice.
CALL make_cart(11, 'ON', 'alice', '{"PAPERS": 1}');
CALL make_cart(12, 'ON', 'bob', '{"PAPERS": 1}');
CALL make_cart(13, 'ON', NULL, '{"PAPERS": 1}');
SELECT discount, total FROM weedgo.checkout_cart(store('ON'), cart(11), customer('alice'), promo_code => 'ONCE');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(12), customer('bob'), promo_code => 'once')$$);
SELECT discount FROM weedgo.checkout_cart(store('ON'), cart(12), customer('bob'), promo_code => 'TWICE');
SELECT discount FROM weedgo.checkout_cart(store('ON'), cart(13), promo_code => 'TWICE');
CALL make_cart(14, 'ON', NULL, '{"PAPERS": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(14), promo_code => 'TWICE')$$);
SELECT code, bucket, used, quota FROM weedgo_data.promo_counters ORDER BY code;

-- Another store's uses are its own.
SELECT discount FROM weedgo.checkout_cart(store('QC'), cart(2), customer('alice'), promo_code => 'ONCE');

-- Once a customer; a guest cannot be told from another guest, and so cannot use it.
CALL make_cart(21, 'ON', 'alice', '{"PAPERS": 1}');
CALL make_cart(22, 'ON', 'alice', '{"PAPERS": 1}');
CALL make_cart(23, 'ON', 'bob', '{"PAPERS": 1}');
SELECT discount FROM weedgo.checkout_cart(store('ON'), cart(21), customer('alice'), promo_code => 'EACH');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(22), customer('alice'), promo_code => 'EACH')$$);
SELECT discount FROM weedgo.checkout_cart(store('ON'), cart(23), customer('bob'), promo_code => 'EACH');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(14), promo_code => 'EACH')$$);
SELECT code, customer_id = customer('alice') AS alice, customer_id = customer('bob') AS bob, used
FROM weedgo_data.promo_customers ORDER BY code, customer_id;

-- A limit lowered below what was used refuses; raised, it lets through again.
UPDATE weedgo_data.promo_codes SET max_uses = 1 WHERE code = 'TWICE' AND store_id = store('ON');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(22), customer('alice'), promo_code => 'TWICE')$$);
UPDATE weedgo_data.promo_codes SET max_uses = 3 WHERE code = 'TWICE' AND store_id = store('ON');
SELECT discount FROM weedgo.checkout_cart(store('ON'), cart(22), customer('alice'), promo_code => 'TWICE');
-- A limit of none at all.
UPDATE weedgo_data.promo_codes SET max_uses = 0 WHERE code = 'FIVEOFF' AND store_id = store('ON');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(14), promo_code => 'FIVEOFF')$$);
CALL make_cart(24, 'BC', 'bob', '{"PAPERS": 1}');
UPDATE weedgo_data.promo_codes SET max_uses_per_customer = 0 WHERE code = 'EACH' AND store_id = store('BC');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('BC'), cart(24), customer('bob'), promo_code => 'EACH')$$);
-- A counter's own share of the limit goes before the code's.
INSERT INTO weedgo_data.promo_counters (store_id, code, used, quota) VALUES (store('BC'), 'TWICE', 0, 0);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('BC'), cart(24), customer('bob'), promo_code => 'TWICE')$$);
UPDATE weedgo_data.promo_counters SET quota = 1 WHERE store_id = store('BC');
SELECT discount FROM weedgo.checkout_cart(store('BC'), cart(24), customer('bob'), promo_code => 'TWICE');
CALL make_cart(25, 'BC', 'bob', '{"PAPERS": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('BC'), cart(25), customer('bob'), promo_code => 'TWICE')$$);

-- A use is part of its order: a checkout that fails later, here for stock, has used nothing.
CALL make_cart(31, 'BC', 'alice', '{"FEW": 4}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('BC'), cart(31), customer('alice'), promo_code => 'ONCE')$$);
CALL make_cart(32, 'BC', 'alice', '{"FEW": 1}');
SELECT discount FROM weedgo.checkout_cart(store('BC'), cart(32), customer('alice'), promo_code => 'ONCE');
-- Replayed, it is used once all the same.
CALL make_cart(33, 'AB', 'alice', '{"FEW": 1}');
SELECT replayed FROM weedgo.checkout_cart(store('AB'), cart(33), customer('alice'), promo_code => 'ONCE', idempotency_key => 'k');
SELECT replayed FROM weedgo.checkout_cart(store('AB'), cart(33), customer('alice'), promo_code => 'ONCE', idempotency_key => 'k');
SELECT used FROM weedgo_data.promo_counters WHERE store_id = store('AB');

-- Codes as people type them, and worse.
CALL make_cart(41, 'ON', 'alice', '{"PAPERS": 1}');
SELECT promo_code FROM weedgo.calc_order_totals(store('ON'), cart(41), customer('alice'), promo_code => '  Save10 ');
SELECT promo_code FROM weedgo.calc_order_totals(store('ON'), cart(41), customer('alice'), promo_code => '   ');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(41), customer('alice'), promo_code => 'x''); DROP TABLE weedgo_data.orders; --"')$$);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(41), customer('alice'), promo_code => repeat('x', 1000000))$$);

SELECT * FROM weedgo.verify_invariants();
