-- The years before: :size carts that became orders of three lines, delivered and paid, in a shop of shop.sql. They are written
-- into the tables as they would stand there (the audit's hashes excepted), in the order of time; carts have scattered ids. The
-- triggers on cart_items are left out: they guard carts against somebody else, and nobody is there.
\set ON_ERROR_STOP on
\set QUIET on
SET session_replication_role = replica;
SET synchronous_commit = off;

INSERT INTO weedgo_data.carts (store_id, cart_id, customer_id, status, order_id, created_at)
    SELECT bench.store(), bench.id(n), bench.id(n % bench.customers()), 'converted', ('0190' || lpad(to_hex(n), 28, '0'))::uuid,
           timestamptz '2026-01-01Z' - (:size - n) * interval '1 minute'
    FROM generate_series(1, :size::bigint) n;
INSERT INTO weedgo_data.cart_items (store_id, cart_id, sku, quantity)
    SELECT bench.store(), bench.id(n), sku, 1
    FROM generate_series(1, :size::bigint) n, bench.skus(n, 3, NULL) sku;
INSERT INTO weedgo_data.orders (store_id, order_id, order_number, cart_id, customer_id, status, payment_status,
    payment_type, payment_method_id, delivery_type, order_source, subtotal, discount, tax, delivery_fee, delivery_tax,
    tip, total, amount_due, currency, taxes, pricing, idempotency_scope, priced_at, created_at)
    SELECT store_id, order_id, 'ORD-20250101-' || lpad(n::text, 16, '0'), cart_id, customer_id, 'delivered', 'captured',
           'credit', 'card', 'pickup', 'web', 105.00, 0, 13.65, 0, 0, 0, 118.65, 118.65, 'CAD',
           '[{"name": "HST", "rates": [{"rate": "0.130000", "taxable": "105.00", "tax_class": "cannabis"}], "amount": "13.65"}]',
           '{"promo": null, "delivery": null, "province": "ON", "timezone": "America/Toronto"}', customer_id, created_at, created_at
    FROM (SELECT c.*, row_number() OVER (ORDER BY order_id) AS n FROM weedgo_data.carts c WHERE status = 'converted') c;
INSERT INTO weedgo_data.order_items (store_id, order_id, line_no, sku, name, quantity, unit_price, line_total, discount,
    taxable, tax, tax_class, equivalent_mg)
    SELECT bench.store(), ('0190' || lpad(to_hex(n), 28, '0'))::uuid, line_no, sku, 'Product ' || sku, 1, 35.00, 35.00, 0, 35.00,
           4.55, 'cannabis', 1000
    FROM generate_series(1, :size::bigint) n, bench.skus(n, 3, NULL) WITH ORDINALITY AS i (sku, line_no);
INSERT INTO weedgo_data.order_events (store_id, order_id, seq, event, from_status, to_status, recorded_at, hash)
    SELECT store_id, order_id, seq, CASE seq WHEN 1 THEN 'created' ELSE 'status' END, CASE seq WHEN 2 THEN 'pending' END,
           CASE seq WHEN 1 THEN 'pending' ELSE 'delivered' END, created_at + seq * interval '1 hour', sha256(order_id::text::bytea)
    FROM weedgo_data.orders, generate_series(1, 2) seq;
VACUUM ANALYZE;
CHECKPOINT;
