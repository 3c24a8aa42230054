-- Holds: stock kept for a cart before its checkout.
\set ECHO none
\i test/fixtures/shop.sql
\set ECHO all

-- All items of the cart, or none.
CALL make_cart(1, 'ON', 'alice', '{"FEW": 2, "PAPERS": 10}');
SELECT store_id = store('ON') AS of_store, cart_id = cart(1) AS of_cart,
       expires_at BETWEEN now() + interval '14 minutes' AND now() + interval '16 minutes' AS in_a_quarter_of_an_hour,
       extended, lines
FROM weedgo.reserve_inventory(store('ON'), cart(1), customer('alice'));
SELECT * FROM promised('ON');
CALL make_cart(2, 'ON', 'bob', '{"PAPERS": 1, "FEW": 2, "GONE": 1, "COOKIE": 1}');
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('ON'), cart(2), customer('bob'))$$);
SELECT sku, quantity FROM weedgo_data.holds ORDER BY sku;
SELECT * FROM promised('ON');

-- Once more extends it; nothing is counted twice.
SELECT expires_at > now() + interval '59 minutes' AS in_an_hour, extended
FROM weedgo.reserve_inventory(store('ON'), cart(1), customer('alice'), '1 hour');
SELECT * FROM promised('ON');

-- The cart has changed: what is held changes with it, also beyond what is left for others
-- (a shopper is never blocked by a hold of their own: 2 are held, 1 is left, 3 are wanted).
UPDATE weedgo_data.cart_items SET quantity = 3 WHERE cart_id = cart(1) AND sku = 'FEW';
DELETE FROM weedgo_data.cart_items WHERE cart_id = cart(1) AND sku = 'PAPERS';
SELECT lines FROM weedgo.reserve_inventory(store('ON'), cart(1), customer('alice'));
SELECT sku, quantity FROM weedgo_data.holds ORDER BY sku;
SELECT * FROM promised('ON');
-- Four are more than there are: refused, and the hold of three stays.
UPDATE weedgo_data.cart_items SET quantity = 4 WHERE cart_id = cart(1) AND sku = 'FEW';
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('ON'), cart(1), customer('alice'))$$);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('alice'))$$);
SELECT * FROM promised('ON');

-- A checkout uses what is held, gives back what it does not need, takes what is missing.
UPDATE weedgo_data.cart_items SET quantity = 1 WHERE cart_id = cart(1) AND sku = 'FEW';
INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(1), 'COLA', 5);
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(1), customer('alice'));
SELECT sku, quantity FROM weedgo_data.holds;
SELECT * FROM promised('ON');

-- Released: all back. Nothing held is not an error.
CALL make_cart(3, 'QC', NULL, '{"LAST-ONE": 1, "FEW": 3}');
SELECT lines FROM weedgo.reserve_inventory(store('QC'), cart(3));
SELECT * FROM promised('QC');
SELECT expires_at, extended, lines FROM weedgo.release_inventory(store('QC'), cart(3));
SELECT * FROM promised('QC');
SELECT expires_at, extended, lines FROM weedgo.release_inventory(store('QC'), cart(3));

-- Only the cart's own customer.
CALL make_cart(4, 'QC', 'alice', '{"LAST-ONE": 1}');
SELECT extended FROM weedgo.reserve_inventory(store('QC'), cart(4), customer('alice'));
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('QC'), cart(4), customer('bob'))$$);
SELECT * FROM refusal($$SELECT weedgo.release_inventory(store('QC'), cart(4), customer('bob'))$$);
SELECT * FROM refusal($$SELECT weedgo.release_inventory(store('QC'), cart(4))$$);
SELECT * FROM refusal($$SELECT weedgo.release_inventory(store('QC'), cart(99))$$);
SELECT * FROM promised('QC');

-- While it lasts, it keeps others away; ...
CALL make_cart(5, 'QC', 'bob', '{"LAST-ONE": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('QC'), cart(5), customer('bob'))$$);
-- ... past its deadline expire_holds gives it back: then the sale goes through.
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 second' WHERE cart_id = cart(4);
SELECT weedgo.expire_holds(store('ON'));
SELECT weedgo.expire_holds(store('QC'));
SELECT weedgo.expire_holds(store('QC'));
SELECT * FROM promised('QC');
SELECT total FROM weedgo.checkout_cart(store('QC'), cart(5), customer('bob'));

-- A hold of another's that has expired does not refuse a sale, whether or not expire_holds came by.
CALL make_cart(6, 'BC', 'alice', '{"LAST-ONE": 1}');
CALL make_cart(7, 'BC', 'bob', '{"LAST-ONE": 1}');
SELECT extended FROM weedgo.reserve_inventory(store('BC'), cart(6), customer('alice'));
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 second' WHERE cart_id = cart(6);
SELECT total FROM weedgo.checkout_cart(store('BC'), cart(7), customer('bob'));
SELECT sku, quantity FROM weedgo_data.holds;
SELECT * FROM promised('BC');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('BC'), cart(6), customer('alice'))$$);
-- Nor do several.
CALL make_cart(9, 'BC', NULL, '{"FEW": 2}');
CALL make_cart(10, 'BC', NULL, '{"FEW": 1}');
SELECT extended FROM weedgo.reserve_inventory(store('BC'), cart(9));
SELECT extended FROM weedgo.reserve_inventory(store('BC'), cart(10));
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 second' WHERE sku = 'FEW';
CALL make_cart(16, 'BC', NULL, '{"FEW": 3}');
SELECT total FROM weedgo.checkout_cart(store('BC'), cart(16));
SELECT * FROM promised('BC');
-- One's own expired hold still counts, as long as nobody took it.
CALL make_cart(8, 'AB', 'alice', '{"LAST-ONE": 1}');
SELECT extended FROM weedgo.reserve_inventory(store('AB'), cart(8), customer('alice'));
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 second' WHERE cart_id = cart(8);
SELECT total FROM weedgo.checkout_cart(store('AB'), cart(8), customer('alice'));
SELECT * FROM promised('AB');

-- The oldest first, at most as many as asked for, in all stores where none is named.
CALL make_cart(11, 'ON', NULL, '{"PAPERS": 1, "COLA": 1}');
CALL make_cart(12, 'AB', NULL, '{"PAPERS": 1}');
SELECT extended FROM weedgo.reserve_inventory(store('ON'), cart(11));
SELECT extended FROM weedgo.reserve_inventory(store('AB'), cart(12));
UPDATE weedgo_data.holds SET expires_at = now() - interval '2 hours' WHERE cart_id = cart(12);
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 hour' WHERE cart_id = cart(11);
SELECT weedgo.expire_holds(max_holds => 1);
SELECT cart_id = cart(11) AS of_cart_11, sku FROM weedgo_data.holds ORDER BY sku;
SELECT weedgo.expire_holds();
SELECT sku FROM weedgo_data.holds;

-- Carts of two stores may have the same id: each keeps its own hold.
CALL make_cart(15, 'ON', NULL, '{"COLA": 1}');
CALL make_cart(15, 'AB', NULL, '{"COLA": 2}');
SELECT extended FROM weedgo.reserve_inventory(store('ON'), cart(15));
SELECT extended FROM weedgo.reserve_inventory(store('AB'), cart(15));
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(15));
SELECT store_id = store('AB') AS of_ab, sku, quantity FROM weedgo_data.holds;

-- What a hold may not be.
CALL make_cart(13, 'ON', NULL, '{}');
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('ON'), cart(13))$$);
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('ON'), cart(1), customer('alice'))$$);
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('ON'), cart(11), hold_for => '0 seconds')$$);
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('ON'), cart(11), hold_for => '-1 hour')$$);
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('ON'), cart(11), hold_for => '100 years')$$);
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('ON'), cart(11), hold_for => '178000000 years')$$);
-- NULL is the default.
SELECT expires_at BETWEEN now() + interval '14 minutes' AND now() + interval '16 minutes' AS in_a_quarter_of_an_hour
FROM weedgo.reserve_inventory(store('ON'), cart(11), hold_for => NULL);
CALL make_cart(14, 'PAUSED', NULL, '{"PAPERS": 1}');
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('PAUSED'), cart(14))$$);
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('ON'), cart(11), options => '{"forever": true}')$$);
SELECT * FROM refusal($$SELECT weedgo.expire_holds(max_holds => -1)$$);

SELECT * FROM weedgo.verify_invariants();
