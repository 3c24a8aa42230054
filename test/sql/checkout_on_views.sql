-- The core of the checkout tests, unchanged, on views over an application's own tables.
\set ECHO none
\i test/fixtures/adopted.sql
\set ECHO all
\i test/fixtures/checkout_core.sql

---------------------------------------------------------------------------------------------
-- What only views show
---------------------------------------------------------------------------------------------

-- The application's own orders table has them all, with the figures of ours.
SELECT count(*) = (SELECT count(*) FROM weedgo_data.orders) AS all_of_them,
       bool_and(a.total_amount = o.total AND a.order_number = o.order_number AND a.order_status = o.status) AS the_same
FROM app.orders a
JOIN weedgo_data.orders o ON o.order_id = a.id;
SELECT a.items, a.subtotal, a.tax_amount, a.discount_amount, a.delivery_fee, a.tip_amount, a.total_amount, a.payment_method,
       s.session_id, s.status, s.converted_to_order_id = a.id AS names_it, s.items AS cart_items, s.updated_at > s.created_at AS touched
FROM app.orders a
JOIN app.cart_sessions s ON s.id = a.cart_session_id
WHERE a.id = order_of(2) \gx

-- The grinder that was entered twice is sold once, from the row that is spelt the same.
CALL make_cart(101, 'ON', 'alice', '{"GRINDER": 3}');
SELECT subtotal, total FROM weedgo.checkout_cart(store('ON'), cart(101), customer('alice'));
SELECT sku, quantity_on_hand, quantity_available, quantity_reserved
FROM app.ocs_inventory WHERE store_id = store('ON') AND lower(sku) = 'grinder' ORDER BY sku COLLATE "C";

-- The session whose id is no uuid is no cart, and in nobody's way.
SELECT status FROM app.cart_sessions WHERE session_id = 'guest-session-42';

-- What is no line of a cart is not sold, and does not crash anything either.
INSERT INTO app.cart_sessions (session_id, store_id, items) VALUES
    (cart(103)::text, store('ON'), '[{"sku": "PAPERS", "quantity": "2"}, {"sku": "papers", "quantity": 1}]'),
    (cart(104)::text, store('ON'), '[{"sku": "PAPERS", "quantity": 0}]'),
    (cart(105)::text, store('ON'), '[{"sku": "PAPERS", "quantity": 2}, {"sku": "PAPERS", "quantity": -1}]'),
    (cart(106)::text, store('ON'), '[{"sku": "PAPERS", "quantity": 1.5}]'),
    (cart(107)::text, store('ON'), '[{"quantity": 1}]'),
    (cart(108)::text, store('ON'), '[{"sku": "PAPERS", "quantity": 2147483647}, {"sku": "PAPERS", "quantity": 2147483647}]'),
    (cart(109)::text, store('ON'), '{"sku": "PAPERS", "quantity": 1}'),
    (cart(110)::text, store('ON'), NULL);
SELECT jsonb_array_length(lines) AS lines, subtotal FROM weedgo.checkout_cart(store('ON'), cart(103));
SELECT n, r.refusal
FROM generate_series(104, 110) n, refusal(format($$SELECT weedgo.checkout_cart(store('ON'), cart(%s))$$, n)) r
WHERE r.refusal NOT LIKE '  hint%';

-- put_cart cannot write lines into a jsonb array; get_cart reads them.
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(102), '[{"sku": "PAPERS", "quantity": 1}]')$$);
CALL make_cart(102, 'ON', NULL, '{"PAPERS": 2, "COLA": 1}');
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(102), '[{"sku": "PAPERS", "quantity": 1}]')$$);
SELECT status, lines FROM weedgo.get_cart(store('ON'), cart(102));

SELECT * FROM weedgo.check_setup() WHERE severity = 'error';
SELECT * FROM weedgo.verify_invariants();
