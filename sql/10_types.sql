-- Results. Each ends in details jsonb, so that a later version can say more
-- without a new type. Amounts are in the store's currency; inside jsonb they
-- are strings ("19.99").

CREATE TYPE weedgo.checkout_result AS (
    order_id       uuid,
    order_number   text,
    store_id       uuid,
    cart_id        uuid,
    customer_id    uuid,
    status         text,
    payment_status text,
    payment_type   text,
    delivery_type  text,
    order_source   text,
    subtotal       numeric(12,2),
    discount       numeric(12,2),
    tax            numeric(12,2),
    delivery_fee   numeric(12,2),
    tip            numeric(12,2),
    total          numeric(12,2),
    amount_due     numeric(12,2),
    currency       text,
    promo_code     text,
    taxes          jsonb,
    lines          jsonb,
    replayed       boolean,
    created_at     timestamptz,
    details        jsonb
);
COMMENT ON TYPE weedgo.checkout_result IS
    'An order: identity, statuses, amounts, taxes and lines. Returned by checkout_cart, sell_in_store, get_order and list_orders.';

CREATE TYPE weedgo.checkout_totals AS (
    store_id      uuid,
    cart_id       uuid,
    customer_id   uuid,
    delivery_type text,
    subtotal      numeric(12,2),
    discount      numeric(12,2),
    tax           numeric(12,2),
    delivery_fee  numeric(12,2),
    tip           numeric(12,2),
    total         numeric(12,2),
    amount_due    numeric(12,2),
    currency      text,
    promo_code    text,
    distance_km   numeric(9,3),
    taxes         jsonb,
    lines         jsonb,
    problems      jsonb,
    priced_at     timestamptz,
    details       jsonb
);
COMMENT ON TYPE weedgo.checkout_totals IS
    'What a cart would cost now, and in problems what checkout_cart would refuse. Returned by calc_order_totals.';

CREATE TYPE weedgo.checkout_reservation AS (
    store_id   uuid,
    cart_id    uuid,
    expires_at timestamptz,
    extended   boolean,
    lines      jsonb,
    details    jsonb
);
COMMENT ON TYPE weedgo.checkout_reservation IS
    'The stock held for a cart, or given back. Returned by reserve_inventory and release_inventory.';

CREATE TYPE weedgo.cart_contents AS (
    store_id    uuid,
    cart_id     uuid,
    customer_id uuid,
    status      text,
    promo_code  text,
    order_id    uuid,
    lines       jsonb,
    details     jsonb
);
COMMENT ON TYPE weedgo.cart_contents IS
    'A cart and its lines. Returned by put_cart and get_cart.';

CREATE TYPE weedgo.cart_lock AS (
    classid  oid,
    objid    oid,
    objsubid smallint
);
COMMENT ON TYPE weedgo.cart_lock IS
    'Where a cart''s lock stands in pg_locks. Returned by cart_lock_key.';

CREATE TYPE weedgo.order_transition AS (
    store_id       uuid,
    order_id       uuid,
    order_number   text,
    old_status     text,
    new_status     text,
    changed        boolean,
    payment_status text,
    details        jsonb
);
COMMENT ON TYPE weedgo.order_transition IS
    'A move of an order; changed is false where it was there already. Returned by advance_order, cancel_order and fulfil_order.';

CREATE TYPE weedgo.payment_record AS (
    store_id           uuid,
    order_id           uuid,
    payment_id         uuid,
    recorded           boolean,
    order_status       text,
    old_payment_status text,
    new_payment_status text,
    amount             numeric(12,2),
    captured           numeric(12,2),
    refunded           numeric(12,2),
    amount_due         numeric(12,2),
    change             numeric(12,2),
    details            jsonb
);
COMMENT ON TYPE weedgo.payment_record IS
    'A reported payment and what it makes of its order; recorded is false where it was known already. Returned by record_payment.';

CREATE TYPE weedgo.order_refund AS (
    store_id           uuid,
    order_id           uuid,
    payment_id         uuid,
    recorded           boolean,
    order_status       text,
    old_payment_status text,
    new_payment_status text,
    amount             numeric(12,2),
    captured           numeric(12,2),
    refunded           numeric(12,2),
    details            jsonb
);
COMMENT ON TYPE weedgo.order_refund IS
    'What went back to a customer; recorded is false where it was known already, or is only asked for. Returned by refund_order.';

CREATE TYPE weedgo.order_event AS (
    position       text,
    store_id       uuid,
    order_id       uuid,
    seq            integer,
    event          text,
    old_status     text,
    new_status     text,
    order_number   text,
    customer_id    uuid,
    order_source   text,
    delivery_type  text,
    total          numeric(12,2),
    amount_due     numeric(12,2),
    payment_status text,
    actor_id       uuid,
    reason         text,
    details        jsonb,
    recorded_at    timestamptz
);
COMMENT ON TYPE weedgo.order_event IS
    'What happened to an order; payment_status is the present one. Returned by events_after.';

CREATE TYPE weedgo.audit_finding AS (
    store_id uuid,
    order_id uuid,
    seq      integer,
    problem  text
);
COMMENT ON TYPE weedgo.audit_finding IS
    'An order whose records are not as they were written, and the first event that shows it. Returned by verify_audit.';

CREATE TYPE weedgo.recomputed_amount AS (
    line_no    integer,
    amount     text,
    tax_name   text,
    stored     numeric(12,2),
    recomputed numeric(12,2),
    agrees     boolean,
    details    jsonb
);
COMMENT ON TYPE weedgo.recomputed_amount IS
    'An amount of an order (line_no NULL) or of one of its lines, as it is stored and as it was worked out again. Returned by recompute_order.';

CREATE TYPE weedgo.stock_change AS (
    store_id  uuid,
    sku       text,
    change    integer,
    available integer,
    reserved  integer,
    entry_id  uuid,
    details   jsonb
);
COMMENT ON TYPE weedgo.stock_change IS
    'A change of stock, what is there after it, and its entry in stock_ledger. Returned by receive_stock, adjust_stock and transfer_stock.';

CREATE TYPE weedgo.stock_level AS (
    sku       text,
    name      text,
    on_hand   bigint,
    available bigint,
    reserved  bigint,
    on_hold   bigint,
    details   jsonb
);
COMMENT ON TYPE weedgo.stock_level IS
    'What a store has of a sku: on_hand is available and reserved together, on_hold the part of reserved that carts hold. Returned by stock_overview.';

CREATE TYPE weedgo.split_counter AS (
    store_id  uuid,
    name      text,
    buckets   integer,
    available bigint,
    used      bigint,
    details   jsonb
);
COMMENT ON TYPE weedgo.split_counter IS
    'Into how many rows a counter of a store is split (0: it is not), with what is in all of them: of a sku, its units of no lot, available and reserved; of a promo code, uses that are left (NULL: no limit) and used. Returned by split_stock, merge_stock, split_promo, merge_promo and tune_stock.';

CREATE TYPE weedgo.hot_sku AS (
    store_id        uuid,
    sku             text,
    buckets         integer,
    waits           bigint,
    samples         integer,
    buckets_advised integer,
    details         jsonb
);
COMMENT ON TYPE weedgo.hot_sku IS
    'A sku whose stock somebody waited for: how many were seen waiting, in all samples together, and over how many rows split_stock would best split it. Returned by hot_skus.';

CREATE TYPE weedgo.lot_sale AS (
    store_id     uuid,
    order_id     uuid,
    order_number text,
    customer_id  uuid,
    status       text,
    sku          text,
    quantity     integer,
    returned     integer,
    created_at   timestamptz,
    details      jsonb
);
COMMENT ON TYPE weedgo.lot_sale IS
    'Units of a lot in an order: quantity were sold, returned of them came back. Returned by trace_lot.';

CREATE TYPE weedgo.lot_recall AS (
    store_id       uuid,
    sku            text,
    lot            text,
    available      integer,
    reserved       integer,
    holds_released integer,
    recalled_at    timestamptz,
    details        jsonb
);
COMMENT ON TYPE weedgo.lot_recall IS
    'What a store still has of a lot that is recalled: to be taken off the shelf (available), and in open orders (reserved). Returned by recall_lot.';

CREATE TYPE weedgo.inventory_line AS (
    sku               text,
    name              text,
    opening           bigint,
    received          bigint,
    returned_in       bigint,
    transferred_in    bigint,
    other_in          bigint,
    sold              bigint,
    destroyed         bigint,
    lost              bigint,
    returned_out      bigint,
    transferred_out   bigint,
    other_out         bigint,
    closing           bigint,
    unexplained       bigint,
    equivalent_mg     bigint,
    opening_g         numeric,
    received_g        numeric,
    returned_in_g     numeric,
    transferred_in_g  numeric,
    other_in_g        numeric,
    sold_g            numeric,
    destroyed_g       numeric,
    lost_g            numeric,
    returned_out_g    numeric,
    transferred_out_g numeric,
    other_out_g       numeric,
    closing_g         numeric,
    details           jsonb
);
COMMENT ON TYPE weedgo.inventory_line IS
    'A sku''s month, in units and in grams of dried cannabis equivalent: opening, what was added, what was taken away, closing. Returned by inventory_report.';

CREATE TYPE weedgo.setup_finding AS (
    severity text,
    object   text,
    problem  text,
    hint     text
);
COMMENT ON TYPE weedgo.setup_finding IS
    'One thing that is wrong (error) or risky (warning). Returned by check_setup.';

CREATE TYPE weedgo.invariant_violation AS (
    invariant text,
    store_id  uuid,
    subject   text,
    problem   text
);
COMMENT ON TYPE weedgo.invariant_violation IS
    'One broken promise. Returned by verify_invariants, which returns none when all is well.';
