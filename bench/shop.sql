-- The shop that is measured: one store in Ontario, :products skus (named by their numbers) with plenty of stock, :customers
-- customers with a card; and what fills carts before each round. Carts have numbers; a cart's id is the MD5 of its number, so
-- that carts lie scattered as those with random ids do, and its skus and customer follow from the number, so that a client
-- can name all of them without asking.
\set ON_ERROR_STOP on
\set QUIET on
CREATE EXTENSION weedgo_checkout;
CREATE EXTENSION pg_stat_statements;
CREATE EXTENSION pgstattuple;
SELECT FROM weedgo.create_tables() \g /dev/null
CREATE SCHEMA bench;
CREATE FUNCTION bench.store() RETURNS uuid LANGUAGE sql IMMUTABLE RETURN '11111111-1111-4111-8111-111111111111'::uuid;
CREATE FUNCTION bench.customers() RETURNS bigint LANGUAGE sql IMMUTABLE RETURN :customers;
CREATE FUNCTION bench.id(number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5(number::text)::uuid;

INSERT INTO weedgo_data.stores (store_id, province) VALUES (bench.store(), 'ON');
INSERT INTO weedgo_data.customers (customer_id, date_of_birth, age_verified)
    SELECT bench.id(n), '1980-01-01', true FROM generate_series(0, :customers - 1) n;
INSERT INTO weedgo_data.payment_methods (customer_id, payment_method_id, type)
    SELECT customer_id, 'card', 'credit' FROM weedgo_data.customers;
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price, equivalent_mg)
    SELECT bench.store(), n::text, 'Product ' || n, 35.00, 1000 FROM generate_series(1, :products) n;
INSERT INTO weedgo_data.stock (store_id, sku, available)
    SELECT store_id, sku, 1000000000 FROM weedgo_data.products;
INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_uses)
    SELECT bench.store(), code, 'percentage', 10, 1000000000 FROM unnest(ARRAY['LIMITED', 'SPLIT-32', 'SPLIT-64']) code;

-- Sku 1 is the hot one, skus 2 and 3 are hot ones whose stock is split; so with the three promo codes.
DO $$
BEGIN
    IF to_regproc('weedgo.split_stock') IS NOT NULL THEN
        EXECUTE $split$ SELECT FROM weedgo.split_stock(bench.store(), '2', 32) a, weedgo.split_stock(bench.store(), '3', 64) b $split$;
    END IF;
    IF to_regproc('weedgo.split_promo') IS NOT NULL THEN
        EXECUTE $split$ SELECT FROM weedgo.split_promo(bench.store(), 'SPLIT-32', 32) a, weedgo.split_promo(bench.store(), 'SPLIT-64', 64) b $split$;
    END IF;
END
$$;

-- The skus of a cart: so many different ones, spread over the shop, or a certain one first.
CREATE FUNCTION bench.skus(cart bigint, lines integer, first_sku text) RETURNS SETOF text LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT CASE WHEN n = 0 AND first_sku IS NOT NULL THEN first_sku
                ELSE ((cart * 7919 + n * 97) % (:products - 3) + 4)::text END
    FROM generate_series(0, lines - 1) n;
END;

-- The carts of a round: of each client, numbers base + client * 1000000 + 1, ... Without the triggers on cart_items,
-- which lock carts, one by one, that nobody else knows yet.
CREATE PROCEDURE bench.fill(base bigint, clients integer, carts integer, lines integer, first_sku text)
LANGUAGE sql SET session_replication_role = replica
BEGIN ATOMIC
    INSERT INTO weedgo_data.carts (store_id, cart_id, customer_id)
        SELECT bench.store(), bench.id(base + c * 1000000 + n), bench.id((base + c * 1000000 + n) % bench.customers())
        FROM generate_series(0, clients - 1) c, generate_series(1, carts) n;
    INSERT INTO weedgo_data.cart_items (store_id, cart_id, sku, quantity)
        SELECT bench.store(), bench.id(base + c * 1000000 + n), sku, 1
        FROM generate_series(0, clients - 1) c, generate_series(1, carts) n,
             bench.skus(base + c * 1000000 + n, lines, first_sku) sku;
END;

-- What one of many does who ask for the same cart: is given its order again, or is refused because others wait already.
CREATE FUNCTION bench.ask_again(cart bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM weedgo.checkout_cart(bench.store(), bench.id(cart), bench.id(cart % bench.customers()), 'card',
                                      idempotency_key => cart::text);
EXCEPTION WHEN lock_not_available THEN
    NULL;
END
$$;

-- How long it takes to lock a cart and to end the transaction, which releases it: p50, p95 and p99 in milliseconds, by
-- the server's clock, so that no way to the client and back is in it.
CREATE PROCEDURE bench.time_locks(count integer, INOUT percentiles float8[] = NULL) LANGUAGE plpgsql AS $$
DECLARE
    took    float8[];
    cart    uuid;
    started timestamptz;
BEGIN
    FOR n IN 1 .. count LOOP
        cart := bench.id(n);
        started := clock_timestamp();
        PERFORM weedgo.lock_cart(bench.store(), cart);
        COMMIT;
        took[n] := extract(epoch FROM clock_timestamp() - started) * 1000;
    END LOOP;
    percentiles := (SELECT percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY ms) FROM unnest(took) ms);
END
$$;
