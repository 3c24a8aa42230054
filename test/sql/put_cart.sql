-- put_cart and get_cart: a cart for those who may only execute functions.
\set ECHO none
\i test/fixtures/shop.sql
\set ECHO all

-- It makes the cart. A line's other fields, a price above all, are not read; equal skus are summed.
SELECT store_id = store('ON') AS of_store, cart_id = cart(1) AS of_cart, customer_id, status, promo_code, order_id, lines, details
FROM weedgo.put_cart(store('ON'), cart(1), '[{"sku": "PAPERS", "quantity": 2, "price": "0.01", "name": "Gold"},
                                             {"sku": "COLA", "quantity": 1}, {"sku": "PAPERS", "quantity": 3}]');
SELECT sku, quantity FROM weedgo_data.cart_items WHERE cart_id = cart(1) ORDER BY sku;

-- Again, it replaces what was in it.
SELECT lines FROM weedgo.put_cart(store('ON'), cart(1), '[{"sku": "COLA", "quantity": 4}, {"sku": "HASH", "quantity": 1}]');
SELECT sku, quantity FROM weedgo_data.cart_items WHERE cart_id = cart(1) ORDER BY sku;
SELECT lines FROM weedgo.put_cart(store('ON'), cart(1), '[]');
SELECT count(*) FROM weedgo_data.cart_items WHERE cart_id = cart(1);

-- A customer who fills a guest's cart owns it; then nobody else may.
SELECT customer_id = customer('alice') AS of_alice FROM weedgo.put_cart(store('ON'), cart(1), '[]', customer('alice'));
SELECT customer_id = customer('alice') AS of_alice, promo_code, lines
FROM weedgo.put_cart(store('ON'), cart(1), '[{"sku": "PAPERS", "quantity": 2}]', customer('alice'), 'save10');
SELECT customer_id = customer('alice') AS of_alice, promo_code, lines FROM weedgo.get_cart(store('ON'), cart(1), customer('alice'));
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(1), '[]', customer('bob'))$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(1), '[]')$$);
SELECT * FROM refusal($$SELECT weedgo.get_cart(store('ON'), cart(1), customer('bob'))$$);
SELECT * FROM refusal($$SELECT weedgo.get_cart(store('ON'), cart(1))$$);
SELECT * FROM refusal($$SELECT weedgo.get_cart(store('ON'), cart(99))$$);

-- The code is kept where none is given, and goes with an empty one.
SELECT promo_code FROM weedgo.put_cart(store('ON'), cart(1), '[{"sku": "PAPERS", "quantity": 2}]', customer('alice'));
SELECT promo_code FROM weedgo.put_cart(store('ON'), cart(1), '[{"sku": "PAPERS", "quantity": 2}]', customer('alice'), '');

-- What is in a cart need not be in the store: checkout says so.
SELECT lines FROM weedgo.put_cart(store('ON'), cart(2), '[{"sku": "NO-SUCH-THING", "quantity": 2147483647}]');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2))$$);

-- The same cart id in another store is another cart.
SELECT lines FROM weedgo.put_cart(store('QC'), cart(2), '[{"sku": "COLA", "quantity": 1}]');
SELECT count(*) FROM weedgo_data.carts WHERE cart_id = cart(2);

-- Items that are none; nothing is written.
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), NULL)$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '{"sku": "PAPERS", "quantity": 1}')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '"PAPERS"')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '["PAPERS"]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"quantity": 1}]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"sku": "", "quantity": 1}]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"sku": 7, "quantity": 1}]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"sku": "PAPERS"}]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"sku": "PAPERS", "quantity": 0}]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"sku": "PAPERS", "quantity": -1}]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"sku": "PAPERS", "quantity": 1.5}]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"sku": "PAPERS", "quantity": "1"}]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"sku": "PAPERS", "quantity": null}]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"sku": "PAPERS", "quantity": 2147483648}]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"sku": "PAPERS", "quantity": 1e400}]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"sku": "PAPERS", "quantity": 2147483647}, {"sku": "PAPERS", "quantity": 1}]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[]', cart(3))$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(cart(3), cart(3), '[]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(NULL, cart(3), '[]')$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3), '[]', options => '{"merge": true}')$$);
SELECT count(*) FROM weedgo_data.carts WHERE cart_id = cart(3);
-- A whole number may be written in other ways.
SELECT lines FROM weedgo.put_cart(store('ON'), cart(3), '[{"sku": "PAPERS", "quantity": 2.0}, {"sku": "COLA", "quantity": 1e1}]');
-- Nobody puts 100,000 different things into a cart.
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(3),
    (SELECT jsonb_agg(jsonb_build_object('sku', 'SKU-' || n, 'quantity', 1)) FROM generate_series(1, 100000) n))$$);

-- A cart that became an order, and one that was given up, stay as they are.
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(1), customer('alice'));
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(1), '[]', customer('alice'))$$);
SELECT status, order_id = order_of(1) AS names_its_order, lines FROM weedgo.get_cart(store('ON'), cart(1), customer('alice'));
UPDATE weedgo_data.carts SET status = 'abandoned' WHERE store_id = store('QC') AND cart_id = cart(2);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('QC'), cart(2), '[]')$$);

-- It keeps the cart's lock until the end of the transaction.
BEGIN;
SELECT FROM weedgo.put_cart(store('ON'), cart(4), '[]');
SELECT count(*) AS locks FROM pg_locks JOIN weedgo.cart_lock_key(store('ON'), cart(4)) USING (classid, objid, objsubid) WHERE granted;
COMMIT;
SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database());

SELECT * FROM weedgo.verify_invariants();
