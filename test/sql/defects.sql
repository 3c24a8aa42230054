-- The defects of the system that this replaces (D1 to D13), its tests by their names, and cases
-- from other shops' issue trackers: what one session can show of them.
\set ECHO none
\i test/fixtures/shop.sql
\set ECHO all

---------------------------------------------------------------------------------------------
-- D1 a refusal is an error of its own, with the facts as JSON: no 500 with a text inside
---------------------------------------------------------------------------------------------
CALL make_cart(1, 'ON', 'alice', '{"GONE": 2, "FEW": 9, "PAPERS": 1}');
DO $$
DECLARE detail text;
BEGIN
    PERFORM weedgo.checkout_cart(fixture.store('ON'), fixture.cart(1), fixture.customer('alice'));
EXCEPTION WHEN SQLSTATE 'WG005' THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    CREATE TEMP TABLE caught AS SELECT detail::jsonb AS detail;
END
$$;
SELECT detail ->> 'code' AS code, item.* FROM caught, jsonb_to_recordset(detail -> 'items') AS item (sku text, reason text, requested int, available int);

---------------------------------------------------------------------------------------------
-- D2 there is no way to an order that takes no lock, reserves nothing or costs 0.00
---------------------------------------------------------------------------------------------
CALL make_cart(2, 'ON', 'alice', '{}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'))$$);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('alice'), delivery_type => 'in_store', order_source => 'pos')$$);

---------------------------------------------------------------------------------------------
-- D3 price and stock are the same store's; a sku missing or unavailable there is not sold free
---------------------------------------------------------------------------------------------
DELETE FROM weedgo_data.products WHERE store_id = store('QC') AND sku = 'HASH';
UPDATE weedgo_data.products SET is_available = false WHERE store_id = store('QC') AND sku = 'VAPE';
UPDATE weedgo_data.products SET unit_price = 25.00 WHERE store_id = store('QC') AND sku = 'GRINDER';
CALL make_cart(3, 'QC', 'alice', '{"HASH": 1, "VAPE": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('QC'), cart(3), customer('alice'))$$);
CALL make_cart(4, 'QC', 'alice', '{"GRINDER": 1}');
SELECT subtotal FROM weedgo.checkout_cart(store('QC'), cart(4), customer('alice'));
SELECT * FROM promised('ON');
SELECT * FROM promised('QC');
-- A product that no stock row stands for is out of stock.
SELECT available FROM weedgo.adjust_stock(store('QC'), 'COLA', -100, 'counted');
DELETE FROM weedgo_data.stock WHERE store_id = store('QC') AND sku = 'COLA';
CALL make_cart(5, 'QC', 'alice', '{"COLA": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('QC'), cart(5), customer('alice'))$$);

---------------------------------------------------------------------------------------------
-- D4 promo codes have limits, and their uses are counted
---------------------------------------------------------------------------------------------
CALL make_cart(6, 'ON', 'alice', '{"PAPERS": 1}', 'ONCE');
CALL make_cart(7, 'ON', 'bob', '{"PAPERS": 1}', 'ONCE');
SELECT discount FROM weedgo.checkout_cart(store('ON'), cart(6), customer('alice'));
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(7), customer('bob'))$$);
SELECT code, used FROM weedgo_data.promo_counters;

---------------------------------------------------------------------------------------------
-- D5 stock, order and promo use are committed together or not at all
---------------------------------------------------------------------------------------------
SELECT * FROM footprint();
CALL make_cart(8, 'ON', 'alice', '{"PAPERS": 3}', 'TWICE');
BEGIN;
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(8), customer('alice'));
SELECT * FROM footprint();
ROLLBACK;
SELECT * FROM footprint();
SELECT * FROM promised('ON');

---------------------------------------------------------------------------------------------
-- D6 a sku is itself: another that differs in case or blanks is another product
---------------------------------------------------------------------------------------------
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) VALUES (store('AB'), 'cola', 'cola', 1.00), (store('AB'), 'COLA ', 'COLA ', 2.00);
INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (store('AB'), 'cola', 10), (store('AB'), 'COLA ', 10);
CALL make_cart(9, 'AB', 'alice', '{"COLA": 1, "cola": 2}');
SELECT subtotal FROM weedgo.checkout_cart(store('AB'), cart(9), customer('alice'));
SELECT '"' || sku || '"' AS sku, available, reserved FROM weedgo_data.stock WHERE store_id = store('AB') AND upper(btrim(sku)) = 'COLA' ORDER BY sku COLLATE "C";

---------------------------------------------------------------------------------------------
-- D8 a cart and a payment method are used by their owner only, and the method's own type is kept
---------------------------------------------------------------------------------------------
CALL make_cart(10, 'ON', 'alice', '{"PAPERS": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(10), customer('alice'), 'bob-debit')$$);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(10), customer('bob'), 'bob-debit')$$);
SELECT payment_type FROM weedgo.checkout_cart(store('ON'), cart(10), customer('alice'), 'alice-visa');

---------------------------------------------------------------------------------------------
-- D9 the lock is the transaction's: nothing of it is left in a pooled connection, however the
-- call ends; each cart has its own; whatever edits a cart takes it
---------------------------------------------------------------------------------------------
CREATE FUNCTION fixture.locked_carts() RETURNS TABLE (cart integer)
LANGUAGE sql AS $$
    SELECT n FROM generate_series(1, 99) n, weedgo.cart_lock_key(fixture.store('ON'), fixture.cart(n)) k
    JOIN pg_locks l USING (classid, objid, objsubid)
    WHERE l.locktype = 'advisory' AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
$$;
SELECT * FROM locked_carts();
CALL make_cart(11, 'ON', 'alice', '{"PAPERS": 1}');
BEGIN;
SELECT weedgo.lock_cart(store('ON'), cart(11));
SELECT * FROM locked_carts();
COMMIT;
SELECT * FROM locked_carts();
BEGIN;
SELECT FROM weedgo.put_cart(store('ON'), cart(12), '[{"sku": "PAPERS", "quantity": 1}]', customer('alice'));
UPDATE weedgo_data.cart_items SET quantity = 2 WHERE cart_id = cart(11);
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(11), customer('alice'));
SELECT * FROM locked_carts();
ROLLBACK;
SELECT * FROM locked_carts();
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(11), customer('alice'), tip => -1)$$);
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(11), customer('bob'))$$);
SELECT * FROM locked_carts();
-- 64 bits of key: no two of 10,000 carts share one; SQL's own advisory locks cannot be it (1 or 2).
SELECT count(DISTINCT (k.classid, k.objid)) AS keys, min(k.objsubid) AS lock_class, max(k.objsubid) AS lock_class
FROM generate_series(1, 10000) n, weedgo.cart_lock_key(store('ON'), cart(n)) k;
SELECT a = b AS stores_share_a_key FROM weedgo.cart_lock_key(store('ON'), cart(1)) a, weedgo.cart_lock_key(store('QC'), cart(1)) b;

---------------------------------------------------------------------------------------------
-- D10 an error after the order was inserted is not swallowed: it undoes the order
---------------------------------------------------------------------------------------------
CREATE FUNCTION fixture.fail() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'the delivery service is down' USING ERRCODE = 'XX001', HINT = 'its own hint'; END $$;
GRANT USAGE ON SCHEMA fixture TO weedgo_owner;
CREATE TRIGGER fail AFTER INSERT ON weedgo_data.order_items FOR EACH STATEMENT EXECUTE FUNCTION fixture.fail();
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(11), customer('alice'))$$);
DROP TRIGGER fail ON weedgo_data.order_items;
-- One that is deferred to the end would run as the caller: the checkout refuses to make its order.
CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON weedgo_data.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fixture.fail();
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(11), customer('alice'))$$);
DROP TRIGGER fail ON weedgo_data.orders;
SELECT status FROM weedgo_data.carts WHERE cart_id = cart(11);
SELECT order_of(11);

---------------------------------------------------------------------------------------------
-- D11 in the store the figures are the server's too, and overselling is refused, not hidden
---------------------------------------------------------------------------------------------
-- 2.49 + 0.32 = 2.81
SELECT subtotal, tax, total FROM weedgo.checkout_cart(store('ON'), cart(11), customer('alice'), delivery_type => 'in_store',
    order_source => 'pos', metadata => '{"tax": "0.00", "total": "0.01"}');
CALL make_cart(13, 'ON', 'alice', '{"GONE": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(13), customer('alice'), delivery_type => 'in_store', order_source => 'pos')$$);
SELECT * FROM refusal($$UPDATE weedgo_data.stock SET available = available - 1 WHERE store_id = store('ON') AND sku = 'GONE'$$);

---------------------------------------------------------------------------------------------
-- D12 order numbers cannot be guessed or enumerated: the store's date, then 16 characters, 53 bits
-- of them random
---------------------------------------------------------------------------------------------
SELECT bool_and(order_number ~ '^ORD-\d{8}-[0-9A-HJKMNP-TV-Z]{16}$') AS well_formed,
       bool_and(substr(order_number, 5, 8) = to_char(created_at AT TIME ZONE s.timezone, 'YYYYMMDD')) AS dated,
       count(DISTINCT right(order_number, 10)) = count(*) AS ends_differ
FROM weedgo_data.orders JOIN weedgo_data.stores s USING (store_id);

---------------------------------------------------------------------------------------------
-- D13 no amount passes through a float: what is not exact is an error, not rounded in silence
---------------------------------------------------------------------------------------------
SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = 'weedgo_data' AND data_type IN ('real', 'double precision') ORDER BY 1, 2;
ALTER TABLE weedgo_data.products ALTER COLUMN unit_price TYPE numeric;
UPDATE weedgo_data.products SET unit_price = 19.995 WHERE sku = 'BLUE-DREAM';
CALL make_cart(14, 'ON', 'alice', '{"BLUE-DREAM": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(14), customer('alice'))$$);
UPDATE weedgo_data.products SET unit_price = 19.990000 WHERE sku = 'BLUE-DREAM';
SELECT subtotal, total FROM weedgo.checkout_cart(store('ON'), cart(14), customer('alice'), expected_total => 22.59);

---------------------------------------------------------------------------------------------
-- The system's tests by their names (end to end)
---------------------------------------------------------------------------------------------

-- double checkout
CALL make_cart(21, 'ON', 'alice', '{"COLA": 2}');
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(21), customer('alice'));
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(21), customer('alice'))$$);
SELECT count(*) AS orders FROM weedgo_data.orders WHERE cart_id = cart(21);
SELECT reserved FROM weedgo_data.stock WHERE store_id = store('ON') AND sku = 'COLA';

-- price manipulation: a client's prices are not even read. 2 x 5.99 + HST 1.5574 = 13.54
SELECT FROM weedgo.put_cart(store('ON'), cart(22), '[{"sku": "COLA", "quantity": 2, "price": "0.01", "subtotal": "0.02"}]', customer('alice'));
SELECT subtotal, total FROM weedgo.checkout_cart(store('ON'), cart(22), customer('alice'));

-- overselling: three units, four buyers
CALL make_cart(23, 'BC', NULL, '{"FEW": 1}');
CALL make_cart(24, 'BC', NULL, '{"FEW": 1}');
CALL make_cart(25, 'BC', NULL, '{"FEW": 1}');
CALL make_cart(26, 'BC', NULL, '{"FEW": 1}');
SELECT total FROM generate_series(23, 25) n, weedgo.checkout_cart(store('BC'), cart(n));
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('BC'), cart(26))$$);
SELECT available, reserved FROM weedgo_data.stock WHERE store_id = store('BC') AND sku = 'FEW';

-- payment method ownership, foreign payment method
CALL make_cart(27, 'ON', 'alice', '{"PAPERS": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(27), customer('alice'), 'bob-debit')$$);

-- lock release on error
SELECT * FROM locked_carts();

-- delivery, pickup, promo, tip: 39.98 - 4.00 + 4.68 + 5.00 + 3.00 = 48.66; picked up 43.66
CALL make_cart(28, 'ON', 'bob', '{"BLUE-DREAM": 2}');
CALL make_cart(29, 'ON', 'bob', '{"BLUE-DREAM": 2}');
SELECT delivery_type, total FROM weedgo.checkout_cart(store('ON'), cart(28), customer('bob'), 'bob-debit', 'delivery', '{"street": "1 King Street"}',
    tip => 3, promo_code => 'SAVE10');
SELECT delivery_type, total FROM weedgo.checkout_cart(store('ON'), cart(29), customer('bob'), 'bob-debit', 'pickup', pickup_time => '18:00',
    tip => 3, promo_code => 'SAVE10');

-- empty cart
CALL make_cart(30, 'ON', 'bob', '{}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(30), customer('bob'))$$);

-- missing product
CALL make_cart(31, 'ON', 'bob', '{"NO-SUCH-THING": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(31), customer('bob'))$$);

-- insufficient stock
CALL make_cart(32, 'ON', 'bob', '{"LAST-ONE": 2}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(32), customer('bob'))$$);

---------------------------------------------------------------------------------------------
-- From other shops' issue trackers
---------------------------------------------------------------------------------------------

-- two lines of one sku neither deadlock with themselves nor pass the stock check twice
-- (medusa PR#11403, vendure#2702)
SELECT lines FROM weedgo.put_cart(store('QC'), cart(41), '[{"sku": "FEW", "quantity": 2}, {"sku": "FEW", "quantity": 2}]');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('QC'), cart(41))$$);
SELECT lines FROM weedgo.put_cart(store('QC'), cart(41), '[{"sku": "FEW", "quantity": 2}, {"sku": "FEW", "quantity": 1}]');
SELECT jsonb_array_length(lines) AS lines, subtotal FROM weedgo.checkout_cart(store('QC'), cart(41));

-- a shopper is not blocked by their own earlier hold (woocommerce#67354)
CALL make_cart(42, 'QC', 'bob', '{"LAST-ONE": 1}');
SELECT extended FROM weedgo.reserve_inventory(store('QC'), cart(42), customer('bob'));
SELECT total FROM weedgo.checkout_cart(store('QC'), cart(42), customer('bob'));

-- an expired sale price is not honoured at checkout (spree#11801)
CALL make_cart(43, 'ON', 'bob', '{"HASH": 1}');
SELECT subtotal FROM weedgo.checkout_cart(store('ON'), cart(43), customer('bob'));

-- the result of the conditional UPDATE counts (shopperlabs/shopper#510): a trigger takes the stock
-- away between the look at it and the update
CREATE FUNCTION fixture.take_stock() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN UPDATE weedgo_data.stock SET available = 0 WHERE sku = 'JAR'; RETURN NULL; END $$;
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) VALUES (store('ON'), 'JAR', 'Jar', 1.00);
INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (store('ON'), 'JAR', 5);
CREATE TRIGGER take_stock AFTER INSERT ON weedgo_data.order_items FOR EACH STATEMENT EXECUTE FUNCTION fixture.take_stock();
CALL make_cart(44, 'ON', 'bob', '{"JAR": 2, "PAPERS": 1}');
SELECT * FROM refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(44), customer('bob'))$$);
DROP TRIGGER take_stock ON weedgo_data.order_items;
SELECT available, reserved FROM weedgo_data.stock WHERE sku = 'JAR';

SELECT * FROM weedgo.verify_invariants();
