-- Reading orders: get_order, list_orders, and what a replay shows.
\set ECHO none
\i test/fixtures/shop.sql
\set ECHO all

CALL make_cart(1, 'ON', 'alice', '{"BLUE-DREAM": 2}');
CALL make_cart(2, 'ON', 'alice', '{"COLA": 1, "PAPERS": 2}');
CALL make_cart(3, 'ON', 'alice', '{"HASH": 1}');
CALL make_cart(4, 'ON', 'bob', '{"SEEDS": 1}');
CALL make_cart(5, 'ON', NULL, '{"PAPERS": 1}');
SELECT FROM weedgo.checkout_cart(store('ON'), cart(1), customer('alice'), 'alice-visa', 'delivery', '{"street": "1 King Street"}',
    promo_code => 'SAVE10', tip => 3, idempotency_key => 'key-1');
-- Orders of one millisecond may be listed in any order.
SELECT FROM pg_sleep(0.002);
SELECT FROM weedgo.checkout_cart(store('ON'), cart(2), customer('alice'));
SELECT FROM pg_sleep(0.002);
SELECT FROM weedgo.checkout_cart(store('ON'), cart(3), customer('alice'));
SELECT FROM weedgo.checkout_cart(store('ON'), cart(4), customer('bob'));
SELECT FROM weedgo.checkout_cart(store('ON'), cart(5));

-- get_order shows what checkout_cart returned, and is no replay.
-- 39.98 - 4.00 + 4.68 + 5.00 + 3.00 = 48.66
SELECT jsonb_pretty(plain(to_jsonb(o)::text)::jsonb) AS order_1 FROM weedgo.get_order(store('ON'), order_of(1), customer('alice')) o;
CALL make_cart(7, 'QC', 'alice', '{"COLA": 1, "PAPERS": 2, "VAPE": 1}', 'SAVE10');
CREATE TEMP TABLE returned AS
SELECT * FROM weedgo.checkout_cart(store('QC'), cart(7), customer('alice'), 'cash', 'delivery',
    '{"street": "1, rue Rachel", "latitude": 45.53, "longitude": -73.58}', 'at noon', 1.10, special_instructions => 'Ring "twice"',
    order_source => 'mobile', actor_id => customer('bob'), metadata => '{"a": [1, null], "b": {"c": "d"}}');
SELECT to_jsonb(r) = to_jsonb(o) AS the_same
FROM returned r, weedgo.get_order(store('QC'), order_of(7), customer('alice')) o;

-- Whose it is not, it shows nothing: another customer's, another store's, one there is not.
SELECT order_id, total FROM weedgo.get_order(store('ON'), order_of(1), customer('bob'));
SELECT order_id, total FROM weedgo.get_order(store('ON'), order_of(1));
SELECT order_id, total FROM weedgo.get_order(store('QC'), order_of(1), customer('alice'));
SELECT order_id, total FROM weedgo.get_order(store('ON'), cart(1), customer('alice'));
-- A guest's order is the guest's who knows its id.
SELECT order_id = order_of(5) AS found, total FROM weedgo.get_order(store('ON'), order_of(5));

-- The newest first, in pages.
SELECT o.cart_id = cart(3) AS is_3, o.cart_id = cart(2) AS is_2, o.cart_id = cart(1) AS is_1, o.total, jsonb_array_length(o.lines) AS lines
FROM weedgo.list_orders(store('ON'), customer('alice')) o;
SELECT o.total FROM weedgo.list_orders(store('ON'), customer('alice'), max_rows => 2) o;
SELECT o.total FROM weedgo.list_orders(store('ON'), customer('alice'), before_order_id => order_of(2), max_rows => 2) o;
SELECT o.total FROM weedgo.list_orders(store('ON'), customer('alice'), before_order_id => order_of(1)) o;
SELECT o.total FROM weedgo.list_orders(store('ON'), customer('bob')) o;
SELECT o.total FROM weedgo.list_orders(store('BC'), customer('alice')) o;
SELECT * FROM refusal($$SELECT weedgo.list_orders(store('ON'), NULL)$$);
SELECT * FROM refusal($$SELECT weedgo.list_orders(store('ON'), customer('alice'), max_rows => 0)$$);
SELECT * FROM refusal($$SELECT weedgo.list_orders(store('ON'), customer('alice'), max_rows => 1000000)$$);
SELECT * FROM refusal($$SELECT weedgo.get_order(store('ON'), NULL)$$);

-- A replay shows the stored figures, though prices, taxes and the code have changed since, and the
-- statuses as they are now.
UPDATE weedgo_data.products SET unit_price = 999, is_available = false;
UPDATE weedgo_data.tax_rates SET rate = 0.5;
UPDATE weedgo_data.promo_codes SET is_active = false;
UPDATE weedgo_data.payment_methods SET is_active = false;
UPDATE weedgo_data.stores SET accepts_orders = false;
UPDATE weedgo_data.orders SET status = 'preparing', payment_status = 'captured' WHERE cart_id = cart(1);
SELECT replayed, status, payment_status, payment_type, subtotal, discount, tax, delivery_fee, tip, total, amount_due, promo_code,
       order_id = order_of(1) AS same_order
FROM weedgo.checkout_cart(store('ON'), cart(1), customer('alice'), 'alice-visa', 'delivery', '{"street": "1 King Street"}',
    promo_code => 'SAVE10', tip => 3, idempotency_key => 'key-1');

-- Called so, a function runs once for every column, and a checkout that runs again is refused:
-- SELECT (checkout_cart(…)).* is not how to call it. With a key it is a replay.
UPDATE weedgo_data.stores SET accepts_orders = true;
UPDATE weedgo_data.products SET unit_price = 1, is_available = true;
CALL make_cart(6, 'ON', 'alice', '{"PAPERS": 1}');
SELECT * FROM refusal($$SELECT (weedgo.checkout_cart(store('ON'), cart(6), customer('alice'))).*$$);
SELECT (r).total, (r).replayed FROM (SELECT weedgo.checkout_cart(store('ON'), cart(6), customer('alice')) AS r OFFSET 0) AS once;

-- The history of an order begins with its making.
SELECT seq, event, from_status, to_status, actor_id, details - 'hash' AS details FROM weedgo_data.order_events WHERE order_id = order_of(5);

SELECT * FROM weedgo.verify_invariants();
