-- The same checkout in PL/pgSQL: same rules, same tables, same rows, same receipt; set-based, stock locked in
-- order (a lone row of it changed at once), nothing dynamic, no EXCEPTION block. Two statements read, five write, as in the extension.
CREATE FUNCTION bench.checkout(p_store uuid, p_cart uuid, p_customer uuid = NULL, p_method text = NULL,
                               p_promo text = NULL, p_key text = NULL)
RETURNS weedgo.checkout_result LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s' SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    cart        record;
    line        record;
    promo       weedgo_data.promo_codes;
    scope       constant uuid := coalesce(p_customer, p_cart);
    lock_key    constant bigint := hashtextextended(p_store::text || p_cart::text, 0);
    fingerprint bytea;
    used_code   text;
    clock       timestamptz;
    today       date;
    discount    numeric(12,2) := 0;
    tax         numeric(12,2);
    total       numeric(12,2);
    ordered     weedgo_data.orders;
    lines       jsonb;
    event       jsonb;
    xid         xid8;
    number      text;
    moved       bigint;
BEGIN
    IF p_store IS NULL OR p_cart IS NULL THEN
        RAISE EXCEPTION 'store_id and cart_id are required' USING ERRCODE = '22023';
    END IF;
    IF NOT pg_try_advisory_xact_lock(lock_key) THEN
        PERFORM pg_advisory_xact_lock(lock_key);
    END IF;
    clock := clock_timestamp();
    SELECT c.customer_id, c.promo_code, c.status, s AS store, s.store_id IS NOT NULL AS has_store,
           u.customer_id IS NOT NULL AS knows_customer, m.type, m.is_active, m.expires_on,
           o.order_id AS keyed_order,
           EXISTS (SELECT FROM weedgo_data.holds h WHERE h.store_id = p_store AND h.cart_id = p_cart) AS has_holds
      INTO cart
      FROM weedgo_data.carts c
      LEFT JOIN weedgo_data.stores s ON s.store_id = p_store
      LEFT JOIN weedgo_data.customers u ON u.customer_id = p_customer
      LEFT JOIN weedgo_data.payment_methods m ON m.customer_id = p_customer AND m.payment_method_id = p_method
      LEFT JOIN weedgo_data.orders o
        ON o.store_id = p_store AND o.idempotency_scope = scope AND o.idempotency_key = p_key
     WHERE c.store_id = p_store AND c.cart_id = p_cart FOR NO KEY UPDATE OF c;
    IF NOT FOUND OR cart.customer_id <> p_customer OR (p_customer IS NULL AND cart.customer_id IS NOT NULL) THEN
        RAISE EXCEPTION 'there is no such cart' USING ERRCODE = 'WG001';
    ELSIF cart.keyed_order IS NOT NULL THEN
        RAISE EXCEPTION 'replays are not measured';
    ELSIF cart.status <> 'active' THEN
        RAISE EXCEPTION 'the cart is %', cart.status USING ERRCODE = 'WG002';
    ELSIF p_customer IS NOT NULL AND NOT cart.knows_customer THEN
        RAISE EXCEPTION 'there is no such customer' USING ERRCODE = '22023';
    ELSIF NOT cart.has_store OR NOT (cart.store).accepts_orders THEN
        RAISE EXCEPTION 'the store takes no orders' USING ERRCODE = 'WG014';
    END IF;
    today := (clock AT TIME ZONE (cart.store).timezone)::date;
    IF p_method IS NOT NULL AND (cart.type IS NULL OR NOT cart.is_active OR cart.expires_on < today) THEN
        RAISE EXCEPTION 'the payment method cannot be used' USING ERRCODE = 'WG004';
    END IF;

    used_code := nullif(coalesce(upper(btrim(p_promo)), cart.promo_code), '');
    IF used_code IS NOT NULL THEN
        SELECT * INTO promo FROM weedgo_data.promo_codes p WHERE p.store_id = p_store AND p.code = used_code;
        IF NOT FOUND OR NOT promo.is_active OR clock < promo.valid_from OR clock >= promo.valid_until THEN
            RAISE EXCEPTION 'the promo code cannot be used' USING ERRCODE = 'WG006';
        END IF;
    END IF;

    -- Lines with their shares of discount and tax, and the sums: all pricing in one statement.
    WITH item AS MATERIALIZED (
        SELECT i.sku, i.quantity, p.name, p.tax_class, p.equivalent_mg, p.is_available,
               CASE WHEN p.sale_price IS NOT NULL AND (p.sale_from IS NULL OR p.sale_from <= clock)
                         AND (p.sale_until IS NULL OR clock < p.sale_until)
                    THEN p.sale_price ELSE p.unit_price END AS unit_price
          FROM weedgo_data.cart_items i
          LEFT JOIN LATERAL (SELECT p.* FROM weedgo_data.products p
                              WHERE p.store_id = p_store AND p.sku = i.sku OFFSET 0) p ON true
         WHERE i.store_id = p_store AND i.cart_id = p_cart),
    priced AS (
        SELECT *, unit_price * quantity AS line_total, sum(unit_price * quantity) OVER () AS subtotal,
               row_number() OVER (ORDER BY sku COLLATE "C")::integer AS line_no
          FROM item),
    discounted AS (
        SELECT d.*, line_total - CASE WHEN promo.reimbursable THEN 0 ELSE line_discount END AS taxable
          FROM (SELECT s.*, share + (row_number() OVER (ORDER BY rest DESC, line_no) <= cents_left)::integer * 0.01
                       AS line_discount
                  FROM (SELECT p.*, a.amount,
                               trunc(a.amount * line_total / nullif(subtotal, 0), 2) AS share,
                               a.amount * line_total / nullif(subtotal, 0)
                               - trunc(a.amount * line_total / nullif(subtotal, 0), 2) AS rest,
                               (a.amount - sum(trunc(a.amount * line_total / nullif(subtotal, 0), 2)) OVER ()) * 100
                               AS cents_left
                          FROM priced p,
                               LATERAL (SELECT CASE WHEN used_code IS NULL THEN 0
                                    ELSE least(subtotal, promo.max_discount_amount,
                                         CASE promo.discount_type WHEN 'percentage'
                                         THEN round(subtotal * promo.discount_value / 100, 2)
                                         ELSE promo.discount_value END) END AS amount) a
                         WHERE used_code IS NOT NULL) s
                 UNION ALL
                SELECT p.*, 0, 0, 0, 0, 0.00 FROM priced p WHERE used_code IS NULL) d),
    taxed AS (
        SELECT d.line_no, r.tax_name, r.rate, d.taxable, d.tax_class, r.rate * d.taxable AS exact,
               sum(r.rate * d.taxable) OVER (PARTITION BY r.tax_name) AS exact_all
          FROM discounted d JOIN weedgo_data.tax_rates r
            ON r.province = (cart.store).province AND r.tax_class = d.tax_class AND r.valid_from <= today
           AND (r.valid_until IS NULL OR today < r.valid_until)),
    shares AS (
        SELECT *, trunc(round(exact_all, 2) * exact / nullif(exact_all, 0), 2) AS share,
               round(exact_all, 2) * exact / nullif(exact_all, 0)
               - trunc(round(exact_all, 2) * exact / nullif(exact_all, 0), 2) AS rest
          FROM taxed),
    spread AS (
        SELECT line_no, tax_name, rate, taxable, tax_class, coalesce(share, 0)
               + (row_number() OVER (PARTITION BY tax_name ORDER BY rest DESC, line_no)
                  <= (round(exact_all, 2) - sum(share) OVER (PARTITION BY tax_name)) * 100)::integer * 0.01 AS amount
          FROM shares),
    line_taxes AS (SELECT line_no, sum(amount) AS amount FROM spread GROUP BY line_no)
    SELECT count(*) AS count, bool_and(d.is_available) AS all_available, min(d.subtotal) AS subtotal,
           sum(d.line_discount) AS discount, sum(d.tax) AS tax,
           array_agg(d.sku) AS sku, array_agg(d.name) AS name,
           array_agg(d.quantity) AS quantity, array_agg(d.unit_price) AS unit_price,
           array_agg(d.line_total) AS line_total,
           array_agg(d.line_discount) AS line_discount,
           array_agg(d.taxable) AS taxable,
           array_agg(d.tax) AS line_tax,
           array_agg(d.tax_class) AS tax_class,
           array_agg(d.equivalent_mg) AS equivalent_mg,
           jsonb_agg(jsonb_build_object('line_no', d.line_no, 'sku', d.sku, 'name', d.name, 'quantity', d.quantity,
               'unit_price', d.unit_price::text, 'line_total', d.line_total::text, 'discount', d.line_discount::text,
               'taxable', d.taxable::text, 'tax', d.tax::text, 'tax_class', d.tax_class,
               'equivalent_mg', d.equivalent_mg)) AS lines,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('name', n.tax_name, 'amount', n.amount::text, 'rates', n.rates)
                            ORDER BY n.tax_name), '[]')
              FROM (SELECT tax_name, sum(amount) AS amount, jsonb_agg(jsonb_build_object(
                           'tax_class', tax_class, 'rate', rate::text, 'taxable', taxable::text)) AS rates
                      FROM (SELECT tax_name, tax_class, rate, sum(taxable) AS taxable, sum(amount) AS amount
                              FROM spread GROUP BY tax_name, tax_class, rate) c GROUP BY tax_name) n) AS taxes
      INTO line
      FROM (SELECT d.*, coalesce(t.amount, 0) AS tax FROM discounted d LEFT JOIN line_taxes t USING (line_no)
             ORDER BY line_no) d; -- sorted once, not for each array
    IF line.count = 0 THEN
        RAISE EXCEPTION 'the cart is empty' USING ERRCODE = 'WG003';
    ELSIF line.all_available IS NOT TRUE OR line.taxes = '[]' THEN
        RAISE EXCEPTION 'an item cannot be had' USING ERRCODE = 'WG005';
    ELSIF used_code IS NOT NULL AND line.subtotal < promo.min_order_amount THEN
        RAISE EXCEPTION 'the promo code cannot be used' USING ERRCODE = 'WG006';
    END IF;
    total := line.subtotal - line.discount + line.tax;

    IF p_key IS NOT NULL THEN
        fingerprint := sha256(convert_to(jsonb_build_array(p_store, p_cart, p_customer, p_method, p_promo)::text, 'UTF8'));
    END IF;
    number := 'ORD-' || to_char(today, 'YYYYMMDD') || '-' || upper(lpad(to_hex((extract(epoch FROM clock) * 1000)::bigint % 86400000), 7, '0') || substr(md5(random()::text), 1, 9));
    INSERT INTO weedgo_data.orders AS o
        (store_id, order_id, order_number, cart_id, customer_id, tenant_id, status, payment_status, payment_type,
         payment_method_id, delivery_type, order_source, subtotal, discount, tax, delivery_fee, delivery_tax, tip,
         total, amount_due, currency, promo_code, taxes, pricing, idempotency_scope, idempotency_key,
         request_fingerprint, priced_at, created_at)
    VALUES
        (p_store, overlay(gen_random_uuid()::text PLACING lpad(to_hex((extract(epoch FROM clock) * 1000)::bigint), 12, '0')
                          FROM 1 FOR 13)::uuid,
         number, p_cart, p_customer, (cart.store).tenant_id, 'pending', 'pending', cart.type, p_method, 'pickup', 'web',
         line.subtotal, line.discount, line.tax, 0, 0, 0, total,
         CASE WHEN cart.type = 'cash' THEN round(total * 20) / 20 ELSE total END, (cart.store).currency, used_code, line.taxes,
         jsonb_build_object('delivery', NULL, 'province', (cart.store).province, 'timezone', (cart.store).timezone,
             'promo', CASE WHEN used_code IS NOT NULL THEN jsonb_build_object('discount_type', promo.discount_type,
                 'discount_value', promo.discount_value::text, 'max_discount_amount', promo.max_discount_amount::text,
                 'reimbursable', promo.reimbursable) END),
         scope, p_key, fingerprint, clock, clock)
    ON CONFLICT DO NOTHING RETURNING * INTO ordered;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the cart has an order' USING ERRCODE = 'WG002';
    END IF;
    INSERT INTO weedgo_data.order_items (store_id, order_id, line_no, sku, name, quantity, unit_price, line_total,
         discount, taxable, tax, tax_class, equivalent_mg)
    SELECT p_store, ordered.order_id, i.line_no, i.sku, i.name, i.quantity, i.unit_price, i.line_total, i.discount,
           i.taxable, i.tax, i.tax_class, i.equivalent_mg
      FROM unnest(line.sku, line.name, line.quantity, line.unit_price, line.line_total, line.line_discount, line.taxable,
                  line.line_tax, line.tax_class, line.equivalent_mg) WITH ORDINALITY
           AS i (sku, name, quantity, unit_price, line_total, discount, taxable, tax, tax_class, equivalent_mg, line_no);
    xid := pg_current_xact_id();
    INSERT INTO weedgo_data.order_events (store_id, order_id, seq, event, to_status, recorded_at, recorded_xid, hash)
    VALUES (p_store, ordered.order_id, 1, 'created', 'pending', clock, xid,
        sha256(sha256(convert_to(jsonb_build_array(to_jsonb(ordered), line.lines)::text, 'UTF8'))
               || sha256(convert_to(jsonb_build_array(p_store, ordered.order_id, 1, 'created', 'pending', clock, xid::text)::text,
                                    'UTF8'))));
    UPDATE weedgo_data.carts c SET status = 'converted', order_id = ordered.order_id,
           customer_id = coalesce(p_customer, c.customer_id)
     WHERE c.store_id = p_store AND c.cart_id = p_cart AND c.status = 'active';
    IF used_code IS NOT NULL THEN
        INSERT INTO weedgo_data.promo_counters AS c (store_id, code, bucket, used) VALUES (p_store, used_code, 0, 1)
        ON CONFLICT (store_id, code, bucket) DO UPDATE SET used = c.used + 1
         WHERE promo.max_uses IS NULL OR c.used < promo.max_uses;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the promo code is used up' USING ERRCODE = 'WG006';
        END IF;
        IF p_customer IS NOT NULL THEN
            INSERT INTO weedgo_data.promo_customers AS c (store_id, code, customer_id, used) VALUES (p_store, used_code, p_customer, 1)
            ON CONFLICT (store_id, code, customer_id) DO UPDATE SET used = c.used + 1
             WHERE promo.max_uses_per_customer IS NULL OR c.used < promo.max_uses_per_customer;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'the promo code is used up' USING ERRCODE = 'WG006';
            END IF;
        END IF;
    END IF;
    IF cart.has_holds THEN
        RAISE EXCEPTION 'holds are not measured';
    END IF;
    IF line.count = 1 THEN
        UPDATE weedgo_data.stock SET available = available - line.quantity[1], reserved = reserved + line.quantity[1]
         WHERE store_id = p_store AND sku = line.sku[1] AND bucket = 0 AND available >= line.quantity[1];
    ELSE
        WITH locked AS MATERIALIZED (
            SELECT s.sku, s.bucket, s.available - m.quantity AS available, s.reserved + m.quantity AS reserved
              FROM (SELECT * FROM unnest(line.sku, line.quantity) AS m (sku, quantity) ORDER BY sku COLLATE "C") m
             CROSS JOIN LATERAL (SELECT s.* FROM weedgo_data.stock s
                                  WHERE s.store_id = p_store AND s.sku = m.sku AND s.bucket = 0 FOR NO KEY UPDATE) s)
        UPDATE weedgo_data.stock s SET available = l.available, reserved = l.reserved
          FROM locked l
         WHERE s.store_id = p_store AND s.sku = l.sku AND s.bucket = l.bucket AND l.available >= 0;
    END IF;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved < line.count THEN
        RAISE EXCEPTION 'there is not enough stock' USING ERRCODE = 'WG005';
    END IF;
    RETURN (ordered.order_id, number, p_store, p_cart, p_customer, 'pending', 'pending', cart.type, 'pickup', 'web',
            line.subtotal, line.discount, line.tax, 0, 0, total, ordered.amount_due, (cart.store).currency, used_code, line.taxes,
            line.lines, false, clock,
            jsonb_build_object('payment_method_id', p_method, 'priced_at', clock))::weedgo.checkout_result;
END
$$;
