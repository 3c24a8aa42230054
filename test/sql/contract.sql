-- The relations may be changed, replaced or broken while sessions go on: the next call either
-- works with what is there now, or says what is wrong with it (55000). It never crashes.
\set ECHO none
\i test/fixtures/shop.sql
\set ECHO all

CALL make_cart(1, 'ON', 'alice', '{"BLUE-DREAM": 2}');
CALL make_cart(2, 'ON', 'alice', '{"BLUE-DREAM": 2}');
CALL make_cart(3, 'ON', 'alice', '{"BLUE-DREAM": 2}');
CALL make_cart(4, 'ON', 'alice', '{"BLUE-DREAM": 2}');
CALL make_cart(5, 'ON', 'alice', '{"BLUE-DREAM": 2}');
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(1), customer('alice'));

-- A relation is missing, or a column of it.
BEGIN;
DROP TABLE weedgo_data.payments;
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
ROLLBACK;
BEGIN;
ALTER TABLE weedgo_data.orders RENAME TO orders_of_2025;
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
ROLLBACK;
BEGIN;
ALTER TABLE weedgo_data.stock RENAME COLUMN reserved TO promised;
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
SELECT * FROM refusal($$SELECT weedgo.reserve_inventory(store('ON'), cart(2), customer('alice'))$$);
ROLLBACK;
SELECT total FROM weedgo.calc_order_totals(store('ON'), cart(2), customer('alice'));
BEGIN;
ALTER SCHEMA weedgo_data RENAME TO somewhere_else;
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
ROLLBACK;

-- A record's column is of another type, a record is a view.
BEGIN;
ALTER TABLE weedgo_data.orders ALTER COLUMN order_number TYPE bytea USING order_number::bytea;
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
ROLLBACK;
BEGIN;
ALTER TABLE weedgo_data.holds RENAME TO all_holds;
CREATE VIEW weedgo_data.holds AS SELECT * FROM weedgo_data.all_holds;
ALTER VIEW weedgo_data.holds OWNER TO weedgo_owner;
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
ROLLBACK;
-- A source's column cannot be compared with our values, or set to them.
BEGIN;
ALTER TABLE weedgo_data.payment_methods DROP CONSTRAINT payment_methods_payment_method_id_check;
ALTER TABLE weedgo_data.payment_methods ALTER COLUMN payment_method_id TYPE bytea USING payment_method_id::bytea;
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
ROLLBACK;
BEGIN;
ALTER TABLE weedgo_data.stock ALTER COLUMN available TYPE numeric;
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
ROLLBACK;

-- Every column that the functions use is asked for; these are not used.
CREATE FUNCTION fixture.state_without(relation regclass, attribute name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s DROP COLUMN %I CASCADE', relation, attribute);
    PERFORM weedgo.checkout_cart(fixture.store('ON'), fixture.cart(2), fixture.customer('alice'));
    RAISE SQLSTATE '00WGO'; -- to undo it
EXCEPTION
    WHEN SQLSTATE '00WGO' THEN RETURN 'ACCEPTED';
    WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;
SELECT c.relname AS relation, s.state, string_agg(a.attname, ', ' ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0, state_without(c.oid, a.attname) AS s (state)
WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relkind = 'r' AND s.state <> '55000'
GROUP BY c.relname, s.state ORDER BY c.relname, s.state;

-- Another owner, a superuser as owner.
BEGIN;
ALTER SCHEMA weedgo_data OWNER TO pg_monitor;
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
ROLLBACK;
BEGIN;
ALTER TABLE weedgo_data.stock OWNER TO pg_monitor;
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
ROLLBACK;
BEGIN;
CREATE ROLE regress_weedgo_admin SUPERUSER;
REASSIGN OWNED BY weedgo_owner TO regress_weedgo_admin;
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
ROLLBACK;

-- All of that is undone: the same session goes on.
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(2), customer('alice'));

-- A source's columns may be of any type that can be cast.
ALTER TABLE weedgo_data.products DROP CONSTRAINT products_unit_price_check;
ALTER TABLE weedgo_data.products ALTER COLUMN unit_price TYPE text;
ALTER TABLE weedgo_data.products ALTER COLUMN equivalent_mg TYPE smallint;
ALTER TABLE weedgo_data.stores ALTER COLUMN latitude TYPE numeric, ALTER COLUMN province TYPE char(2);
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(3), customer('alice'), NULL, 'delivery', '{"latitude": 43.70, "longitude": -79.38}');
UPDATE weedgo_data.products SET unit_price = 'much' WHERE sku = 'BLUE-DREAM';
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('alice'))$$);
UPDATE weedgo_data.products SET unit_price = '' WHERE sku = 'BLUE-DREAM';
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('alice'))$$);
ALTER TABLE weedgo_data.products ALTER COLUMN unit_price DROP NOT NULL;
UPDATE weedgo_data.products SET unit_price = NULL WHERE sku = 'BLUE-DREAM';
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('alice'))$$);
UPDATE weedgo_data.products SET unit_price = '19.99' WHERE sku = 'BLUE-DREAM';
-- One that cannot is refused before it is read.
BEGIN;
ALTER TABLE weedgo_data.products ALTER COLUMN is_available DROP DEFAULT, ALTER COLUMN is_available TYPE date USING now();
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('alice'))$$);
ROLLBACK;

-- A store whose row is gone, or in no time zone.
BEGIN;
DELETE FROM weedgo_data.stores WHERE store_id = store('ON');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('alice'))$$);
ROLLBACK;
BEGIN;
UPDATE weedgo_data.stores SET timezone = 'America/Nowhere';
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('alice'))$$);
ROLLBACK;

-- More than all of it cannot be taken off.
BEGIN;
ALTER TABLE weedgo_data.promo_codes DROP CONSTRAINT promo_codes_check;
UPDATE weedgo_data.promo_codes SET discount_value = 100.01 WHERE code = 'SAVE10';
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('alice'), promo_code => 'SAVE10')$$);
UPDATE weedgo_data.promo_codes SET discount_value = 100 WHERE code = 'SAVE10';
SELECT discount, total FROM weedgo.checkout_cart(store('ON'), cart(4), customer('alice'), promo_code => 'SAVE10');
ROLLBACK;

-- A rate above all of it, and a place that is none.
BEGIN;
ALTER TABLE weedgo_data.tax_rates DROP CONSTRAINT tax_rates_rate_check;
UPDATE weedgo_data.tax_rates SET rate = 1.01 WHERE province = 'ON';
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('alice'))$$);
ROLLBACK;
BEGIN;
ALTER TABLE weedgo_data.stores DROP CONSTRAINT stores_latitude_check;
UPDATE weedgo_data.stores SET latitude = 90.1 WHERE store_id = store('ON');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('alice'))$$);
ROLLBACK;

-- The row of stock of what a cart holds is gone: the hold is not lost for that.
SELECT extended FROM weedgo.reserve_inventory(store('ON'), cart(4), customer('alice'));
BEGIN;
DELETE FROM weedgo_data.stock WHERE store_id = store('ON') AND sku = 'BLUE-DREAM';
SELECT * FROM refusal($$SELECT weedgo.release_inventory(store('ON'), cart(4), customer('alice'))$$);
ROLLBACK;
SELECT lines FROM weedgo.release_inventory(store('ON'), cart(4), customer('alice'));

-- A trigger of the application takes the cart away while it is sold: nothing is.
CREATE FUNCTION fixture.take_cart() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN UPDATE weedgo_data.carts SET status = 'abandoned' WHERE cart_id = new.cart_id; RETURN new; END $$;
CREATE FUNCTION fixture.keep_cart() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
GRANT USAGE ON SCHEMA fixture TO weedgo_owner;
BEGIN;
CREATE TRIGGER take_cart AFTER INSERT ON weedgo_data.orders FOR EACH ROW EXECUTE FUNCTION fixture.take_cart();
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('alice'))$$);
ROLLBACK;
BEGIN;
CREATE TRIGGER keep_cart BEFORE UPDATE ON weedgo_data.carts FOR EACH ROW EXECUTE FUNCTION fixture.keep_cart();
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('alice'))$$);
ROLLBACK;

-- Prices and stock are replaced by views, records get columns and are partitioned: it goes on.
ALTER TABLE weedgo_data.products RENAME TO old_products;
CREATE VIEW weedgo_data.products AS SELECT store_id, sku, name, 10.00 AS unit_price, NULL::numeric AS sale_price, sale_from, sale_until,
    is_available, tax_class, equivalent_mg FROM weedgo_data.old_products;
ALTER VIEW weedgo_data.products OWNER TO weedgo_owner;
ALTER TABLE weedgo_data.stock RENAME TO old_stock;
CREATE VIEW weedgo_data.stock AS SELECT store_id, sku, bucket, available, reserved FROM weedgo_data.old_stock;
ALTER VIEW weedgo_data.stock OWNER TO weedgo_owner;
ALTER TABLE weedgo_data.orders ADD COLUMN loyalty_points integer DEFAULT 7;
ALTER TABLE weedgo_data.order_items RENAME TO order_items_of_all;
CREATE TABLE weedgo_data.order_items (LIKE weedgo_data.order_items_of_all INCLUDING ALL) PARTITION BY LIST (store_id);
CREATE TABLE weedgo_data.order_items_on PARTITION OF weedgo_data.order_items FOR VALUES IN ('11111111-1111-1111-1111-111111111111');
INSERT INTO weedgo_data.order_items SELECT * FROM weedgo_data.order_items_of_all;
ALTER TABLE weedgo_data.order_items OWNER TO weedgo_owner;
-- 2 x 10.00 + 2.60 = 22.60
SELECT subtotal, total FROM weedgo.checkout_cart(store('ON'), cart(4), customer('alice'));
SELECT loyalty_points FROM weedgo_data.orders WHERE cart_id = cart(4);
SELECT tableoid::regclass, sku, quantity FROM weedgo_data.order_items WHERE order_id = order_of(4);
SELECT sku, available, reserved FROM weedgo_data.old_stock WHERE reserved > 0;

-- A view that cannot be written is refused by PostgreSQL, and nothing is sold.
CREATE OR REPLACE VIEW weedgo_data.stock AS SELECT store_id, sku, bucket, available + 0 AS available, reserved FROM weedgo_data.old_stock;
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(5), customer('alice'))$$);
SELECT object, problem FROM weedgo.check_setup() WHERE severity = 'error';
SELECT status FROM weedgo_data.carts WHERE cart_id = cart(5);
SELECT * FROM weedgo.verify_invariants();

-- The session's first temporary table changes its search_path (without invalidating a plan, where
-- an earlier session has left its schema): plans are made anew, and go by indexes all the same.
\set ECHO none
\i test/fixtures/shop.sql
\set ECHO all
CREATE TEMP TABLE earlier ();
\c -
CREATE TEMP TABLE earlier ();
\c -
SET search_path = fixture;
CALL make_cart(1, 'ON', 'alice', '{"BLUE-DREAM": 2}');
CALL make_cart(2, 'ON', 'alice', '{"BLUE-DREAM": 2}');
ANALYZE weedgo_data.stock, weedgo_data.products, weedgo_data.stores;
BEGIN;
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(1), customer('alice'));
CREATE TEMP TABLE first ();
SELECT sum(pg_stat_get_xact_numscans(oid)) AS before FROM pg_class WHERE relnamespace = 'weedgo_data'::regnamespace AND relkind = 'r' \gset
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(2), customer('alice'));
SELECT sum(pg_stat_get_xact_numscans(oid)) - :before AS tables_read FROM pg_class WHERE relnamespace = 'weedgo_data'::regnamespace AND relkind = 'r';
ROLLBACK;
