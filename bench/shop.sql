-- The shop that is measured: one store in Ontario, :products skus (named by their numbers) with plenty of
-- stock, a customer; and what fills carts before each round. A cart's id is its number, its skus
-- follow from it, so that a client can name both without asking.
\set ON_ERROR_STOP on
\set QUIET on
CREATE EXTENSION weedgo_checkout;
CREATE EXTENSION pg_stat_statements;
SELECT FROM weedgo.create_tables() \g /dev/null
CREATE SCHEMA bench;
CREATE FUNCTION bench.store() RETURNS uuid LANGUAGE sql IMMUTABLE RETURN '11111111-1111-4111-8111-111111111111'::uuid;
CREATE FUNCTION bench.customer() RETURNS uuid LANGUAGE sql IMMUTABLE RETURN '22222222-2222-4222-8222-222222222222'::uuid;

INSERT INTO weedgo_data.stores (store_id, province) VALUES (bench.store(), 'ON');
INSERT INTO weedgo_data.customers (customer_id, date_of_birth, age_verified) VALUES (bench.customer(), '1980-01-01', true);
INSERT INTO weedgo_data.payment_methods (customer_id, payment_method_id, type) VALUES (bench.customer(), 'card', 'credit');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price, equivalent_mg)
    SELECT bench.store(), n::text, 'Product ' || n, 10 + n % 50, 1000 FROM generate_series(1, :products) n;
INSERT INTO weedgo_data.stock (store_id, sku, available)
    SELECT store_id, sku, 1000000000 FROM weedgo_data.products;
INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_uses)
    VALUES (bench.store(), 'LIMITED', 'percentage', 10, 1000000000);

-- The skus of a cart: so many different ones, spread over the shop, or the hot one first.
CREATE FUNCTION bench.skus(cart bigint, lines integer, hot boolean) RETURNS SETOF text LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT CASE WHEN hot AND n = 0 THEN '1' ELSE ((cart * 7919 + n * 97) % (:products - 1) + 2)::text END
    FROM generate_series(0, lines - 1) n;
END;

-- The carts of a round: of each client, numbers base + client * 1000000 + 1, ...
CREATE PROCEDURE bench.fill(base bigint, clients integer, carts integer, lines integer, hot boolean) LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO weedgo_data.carts (store_id, cart_id, customer_id)
        SELECT bench.store(), lpad((base + c * 1000000 + n)::text, 32, '0')::uuid, bench.customer()
        FROM generate_series(0, clients - 1) c, generate_series(1, carts) n;
    INSERT INTO weedgo_data.cart_items (store_id, cart_id, sku, quantity)
        SELECT bench.store(), lpad((base + c * 1000000 + n)::text, 32, '0')::uuid, sku, 1
        FROM generate_series(0, clients - 1) c, generate_series(1, carts) n,
             bench.skus(base + c * 1000000 + n, lines, hot) sku;
END;
