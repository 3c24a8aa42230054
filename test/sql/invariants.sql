-- verify_invariants: every promise that is broken here on purpose is found, and nothing else.
\set ECHO none
\i test/fixtures/shop.sql
\set ECHO all

CALL make_cart(1, 'ON', 'alice', '{"BLUE-DREAM": 2, "PAPERS": 1}');
CALL make_cart(2, 'QC', 'bob', '{"GUMMIES": 3, "COLA": 1}', 'SAVE10');
CALL make_cart(3, 'ON', NULL, '{"FEW": 2}');
SELECT total FROM weedgo.checkout_cart(store('ON'), cart(1), customer('alice'), 'cash', 'delivery', '{"latitude": 43.70, "longitude": -79.38}', tip => 1);
SELECT total FROM weedgo.checkout_cart(store('QC'), cart(2), customer('bob'));
SELECT extended FROM weedgo.reserve_inventory(store('ON'), cart(3));
SELECT * FROM weedgo.verify_invariants();

-- Breaks something, shows what is found, and mends it again.
CREATE FUNCTION fixture.found(breakage text) RETURNS TABLE (invariant text, subject text, problem text)
LANGUAGE plpgsql AS $$
DECLARE
    findings jsonb;
BEGIN
    BEGIN
        EXECUTE breakage;
        SELECT jsonb_agg(v) INTO findings FROM weedgo.verify_invariants() v;
        RAISE EXCEPTION 'undo';
    EXCEPTION WHEN raise_exception THEN
        RETURN QUERY SELECT f.invariant, fixture.plain(f.subject), fixture.plain(f.problem)
                     FROM jsonb_to_recordset(findings) AS f (invariant text, subject text, problem text)
                     ORDER BY 1, 2, 3;
    END;
END
$$;

-- The checks and keys of the tables would stop most of this: they are taken away first.
DO $$
DECLARE con record;
BEGIN
    FOR con IN SELECT conrelid::regclass AS rel, conname FROM pg_constraint
               WHERE connamespace = 'weedgo_data'::regnamespace AND contype = 'c' LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', con.rel, con.conname);
    END LOOP;
END
$$;

-- A cart is an order once.
SELECT * FROM found($$UPDATE weedgo_data.carts SET status = 'active' WHERE cart_id = cart(1)$$);
SELECT * FROM found($$UPDATE weedgo_data.carts SET order_id = cart(9) WHERE cart_id = cart(1)$$);
SELECT * FROM found($$DROP INDEX weedgo_data.orders_cart, weedgo_data.orders_number;
    INSERT INTO weedgo_data.orders
    SELECT (jsonb_populate_record(o, jsonb_build_object('order_id', cart(9)))).* FROM weedgo_data.orders o WHERE o.cart_id = cart(1)$$);

-- Stock is not below zero, and what is reserved is accounted for.
SELECT * FROM found($$UPDATE weedgo_data.stock SET available = -1 WHERE store_id = store('ON') AND sku = 'GONE'$$);
SELECT * FROM found($$UPDATE weedgo_data.stock SET reserved = 1 WHERE store_id = store('ON') AND sku = 'BLUE-DREAM'$$);
SELECT * FROM found($$UPDATE weedgo_data.stock SET reserved = 1 WHERE store_id = store('ON') AND sku = 'HASH'$$);
SELECT * FROM found($$DELETE FROM weedgo_data.stock WHERE store_id = store('QC') AND sku = 'COLA'$$);
SELECT * FROM found($$DELETE FROM weedgo_data.holds$$);
SELECT * FROM found($$UPDATE weedgo_data.orders SET status = 'cancelled' WHERE cart_id = cart(1)$$);

-- Nothing is left of what failed, nothing is missing of what succeeded.
SELECT * FROM found($$DELETE FROM weedgo_data.order_events WHERE order_id = order_of(1)$$);
SELECT * FROM found($$DELETE FROM weedgo_data.order_items WHERE order_id = order_of(1)$$);
SELECT * FROM found($$DELETE FROM weedgo_data.orders WHERE cart_id = cart(1)$$);
SELECT * FROM found($$UPDATE weedgo_data.holds SET cart_id = cart(1)$$);
SELECT * FROM found($$UPDATE weedgo_data.promo_counters SET used = 2$$);
SELECT * FROM found($$DELETE FROM weedgo_data.promo_counters$$);
SELECT * FROM found($$UPDATE weedgo_data.promo_customers SET used = 0$$);

-- Every amount follows from what is stored.
SELECT * FROM found($$UPDATE weedgo_data.order_items SET line_total = 39.97 WHERE sku = 'BLUE-DREAM'$$);
SELECT * FROM found($$UPDATE weedgo_data.order_items SET unit_price = 19.98, line_total = 39.96 WHERE sku = 'BLUE-DREAM'$$);
SELECT * FROM found($$UPDATE weedgo_data.order_items SET tax = tax + 0.01 WHERE sku = 'PAPERS'$$);
SELECT * FROM found($$UPDATE weedgo_data.order_items SET discount = 0 WHERE sku = 'COLA'$$);
SELECT * FROM found($$UPDATE weedgo_data.order_items SET taxable = line_total WHERE sku = 'COLA'$$);
SELECT * FROM found($$UPDATE weedgo_data.orders SET total = total - 1 WHERE cart_id = cart(2)$$);
SELECT * FROM found($$UPDATE weedgo_data.orders SET amount_due = amount_due + 0.01 WHERE cart_id = cart(1)$$);
SELECT * FROM found($$UPDATE weedgo_data.orders SET tip = tip + 1 WHERE cart_id = cart(1)$$);
SELECT * FROM found($$UPDATE weedgo_data.orders SET delivery_fee = 0, total = total - delivery_fee, amount_due = amount_due - 7.78 WHERE cart_id = cart(1)$$);
SELECT * FROM found($$UPDATE weedgo_data.orders SET distance_m = 5600 WHERE cart_id = cart(1)$$);
SELECT * FROM found($$UPDATE weedgo_data.orders SET pricing = jsonb_set(pricing, '{promo,discount_value}', '"20.00"') WHERE cart_id = cart(2)$$);
SELECT * FROM found($$UPDATE weedgo_data.orders SET taxes = jsonb_set(taxes, '{0,amount}', '"0.10"') WHERE cart_id = cart(2)$$);
SELECT * FROM found($$UPDATE weedgo_data.orders SET taxes = taxes - 0 WHERE cart_id = cart(2)$$);
SELECT * FROM found($$UPDATE weedgo_data.orders SET taxes = jsonb_set(taxes, '{0,rates,0,taxable}', '"1.00"') WHERE cart_id = cart(1)$$);

-- One store at a time, where one is named.
BEGIN;
UPDATE weedgo_data.stock SET reserved = 7 WHERE sku = 'HASH';
SELECT count(*) FROM weedgo.verify_invariants();
SELECT v.store_id = store('ON') AS of_on, v.problem FROM weedgo.verify_invariants(store('ON')) v;
ROLLBACK;
SELECT * FROM weedgo.verify_invariants();
