-- What one checkout costs the server: statements, write-ahead log, time, by the lines of the cart.
-- Guest carts, a sku a line, no promo code, no key, no hold. Each row is 200 checkouts, after 20 to
-- warm up. `make figures` runs it in a throwaway cluster.
\set ON_ERROR_STOP on
\set QUIET on
CREATE EXTENSION weedgo_checkout;
CREATE EXTENSION pg_stat_statements;
SELECT FROM weedgo.create_tables() \g /dev/null
SET pg_stat_statements.track = 'all';

\set store '''11111111-1111-1111-1111-111111111111'''
INSERT INTO weedgo_data.stores (store_id, province) VALUES (:store, 'ON');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price)
    SELECT :store, 'SKU-' || n, 'Product ' || n, 10 + n % 50 FROM generate_series(1, 10000) n;
INSERT INTO weedgo_data.stock (store_id, sku, available)
    SELECT store_id, sku, 1000000 FROM weedgo_data.products;
CREATE TABLE carts (cart_id uuid PRIMARY KEY, lines integer, number integer);
INSERT INTO carts SELECT gen_random_uuid(), lines, n
    FROM unnest(ARRAY[1, 3, 10, 100]) lines, generate_series(1, 220) n;
INSERT INTO weedgo_data.carts (store_id, cart_id) SELECT :store, cart_id FROM carts;
INSERT INTO weedgo_data.cart_items (store_id, cart_id, sku, quantity)
    SELECT :store, cart_id, 'SKU-' || (number * 37 + n * 91) % 10000 + 1, 1
    FROM carts, generate_series(1, lines) n;
VACUUM (FREEZE, ANALYZE);
CHECKPOINT;

-- Each checkout is a transaction of its own, as a shop's are.
CREATE PROCEDURE checkout_all(store uuid, which integer, first integer, last integer) LANGUAGE plpgsql AS $$
DECLARE
    cart uuid;
BEGIN
    FOR cart IN SELECT cart_id FROM carts WHERE lines = which AND number BETWEEN first AND last LOOP
        PERFORM FROM weedgo.checkout_cart(store, cart);
        COMMIT;
    END LOOP;
END
$$;

CREATE TABLE figures (lines integer, statements numeric, wal_bytes numeric, server_ms numeric);
CREATE PROCEDURE measure(store uuid, which integer) LANGUAGE plpgsql AS $$
DECLARE
    lsn     pg_lsn;
    started timestamptz;
BEGIN
    CALL checkout_all(store, which, 1, 20);
    PERFORM pg_stat_statements_reset();
    COMMIT;
    lsn := pg_current_wal_insert_lsn();
    started := clock_timestamp();
    CALL checkout_all(store, which, 21, 220);
    INSERT INTO figures
    SELECT which, sum(calls) / 200, (pg_current_wal_insert_lsn() - lsn) / 200,
           extract(epoch FROM clock_timestamp() - started) * 1000 / 200
    FROM pg_stat_statements WHERE query LIKE '%weedgo\_data.%' AND query NOT LIKE '%weedgo.%';
END
$$;
CALL measure(:store, 1);
CALL measure(:store, 3);
CALL measure(:store, 10);
CALL measure(:store, 100);

\pset footer off
SELECT lines, round(statements, 2) AS statements, round(wal_bytes) AS wal_bytes, round(server_ms, 2) AS server_ms
FROM figures ORDER BY lines;
SELECT count(*) AS violations FROM weedgo.verify_invariants();
