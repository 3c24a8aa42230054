-- The extension and its relations come and go separately.
\set ECHO none
\i test/fixtures/reset.sql
\set ECHO all

-- CREATE EXTENSION makes functions and types, nothing else.
SELECT DISTINCT o.type
FROM pg_depend d
CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) AS o
WHERE d.refclassid = 'pg_extension'::regclass
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'weedgo_checkout')
  AND d.deptype = 'e'
ORDER BY o.type;
SELECT to_regnamespace('weedgo_data') AS no_relations_yet;

-- A function that is called too early says what is missing.
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(1))$$);
SELECT * FROM refusal($$SELECT weedgo.calc_order_totals(store('ON'), cart(1))$$);
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('ON'), cart(1))$$);
SELECT * FROM refusal($$SELECT weedgo.release_inventory(store('ON'), cart(1))$$);
SELECT * FROM refusal($$SELECT weedgo.expire_holds()$$);
SELECT * FROM refusal($$SELECT weedgo.put_cart(store('ON'), cart(1), '[]')$$);
SELECT * FROM refusal($$SELECT weedgo.get_cart(store('ON'), cart(1))$$);
SELECT * FROM refusal($$SELECT weedgo.get_order(store('ON'), cart(1))$$);
SELECT * FROM refusal($$SELECT weedgo.list_orders(store('ON'), customer('alice'))$$);
SELECT * FROM refusal($$SELECT weedgo.verify_invariants()$$);
SELECT object, problem, hint FROM weedgo.check_setup() WHERE severity = 'error';

-- create_tables() makes the relations, and the second time finds them.
SELECT * FROM refusal($$SELECT weedgo.create_tables(options => '{"colour": "green"}')$$);
SELECT * FROM refusal($$SELECT weedgo.create_tables('no_such_role')$$);
SELECT * FROM weedgo.create_tables() AS made;
SELECT * FROM weedgo.create_tables() AS made;
SELECT DISTINCT pg_get_userbyid(relowner) AS owner, r.rolsuper, r.rolcanlogin
FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE relnamespace = 'weedgo_data'::regnamespace;
-- One that is missing is made again, the others stay as they are.
DROP TABLE weedgo_data.customer_days;
SELECT * FROM weedgo.create_tables() AS made;
-- They have one owner, and it is no superuser.
SELECT * FROM refusal($$SELECT weedgo.create_tables('pg_monitor')$$);
SELECT * FROM weedgo.check_setup() WHERE severity = 'error';

\set ECHO none
\i test/fixtures/shop.sql
\set ECHO all
CALL make_cart(1, 'ON', 'alice', '{"BLUE-DREAM": 2}');
CALL make_cart(2, 'ON', 'alice', '{"BLUE-DREAM": 2}');
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(1), customer('alice'));

-- The relations use nothing of the extension, so that it can be dropped without CASCADE ...
DROP EXTENSION weedgo_checkout;
SELECT count(*) AS relations FROM pg_class WHERE relnamespace = 'weedgo_data'::regnamespace AND relkind = 'r';
SELECT order_id = order_of(1) AS order_is_there FROM weedgo_data.carts WHERE cart_id = cart(1);
SELECT sku, quantity, line_total FROM weedgo_data.order_items;
-- ... and carts still be edited, by the same rules.
INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(2), 'PAPERS', 1);
UPDATE weedgo_data.cart_items SET quantity = 4 WHERE sku = 'PAPERS';
DELETE FROM weedgo_data.cart_items WHERE sku = 'PAPERS';
SELECT * FROM refusal($$INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(1), 'PAPERS', 1)$$);

-- Created again, it finds them. Nobody has a right on its functions yet, as when it was created first: create_tables()
-- gives the tables' owner the one it needs. Then the same session checks out, fills and edits carts.
CREATE EXTENSION weedgo_checkout;
SELECT * FROM refusal($$INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(2), 'PAPERS', 1)$$);
SELECT object, problem, hint FROM weedgo.check_setup() WHERE severity = 'error';
SELECT * FROM weedgo.create_tables() AS made;
INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(2), 'PAPERS', 1);
DELETE FROM weedgo_data.cart_items WHERE sku = 'PAPERS';
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(2), customer('alice'));
SELECT lines FROM weedgo.put_cart(store('ON'), cart(3), '[{"sku": "PAPERS", "quantity": 2}]');
INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(3), 'COLA', 1);
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(3));

-- Plain DML on cart_items: into active carts only, ...
CALL make_cart(4, 'ON', 'alice', '{"COLA": 1}');
SELECT * FROM refusal($$INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(1), 'PAPERS', 1)$$);
SELECT * FROM refusal($$UPDATE weedgo_data.cart_items SET quantity = 3 WHERE cart_id = cart(1)$$);
SELECT * FROM refusal($$INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(99), 'PAPERS', 1)$$);
SELECT * FROM refusal($$INSERT INTO weedgo_data.cart_items VALUES (store('QC'), cart(4), 'PAPERS', 1)$$);
SELECT * FROM refusal($$UPDATE weedgo_data.cart_items SET cart_id = cart(1) WHERE cart_id = cart(4)$$);
SELECT * FROM refusal($$INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(4), 'PAPERS', 0)$$);
-- ... but what is left of a converted cart may be tidied away.
DELETE FROM weedgo_data.cart_items WHERE cart_id = cart(1);
-- It takes the cart's lock, and touches the cart's row.
BEGIN;
SELECT xmin AS before FROM weedgo_data.carts WHERE cart_id = cart(4) \gset
UPDATE weedgo_data.cart_items SET quantity = 2 WHERE cart_id = cart(4);
SELECT count(*) AS locks_on_cart_4 FROM pg_locks JOIN weedgo.cart_lock_key(store('ON'), cart(4)) k USING (classid, objid, objsubid) WHERE granted;
SELECT xmin::text <> :'before' AS touched FROM weedgo_data.carts WHERE cart_id = cart(4);
COMMIT;

SELECT * FROM weedgo.verify_invariants();
