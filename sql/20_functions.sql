-- The functions. Their shapes are frozen: a new argument would drop the grants
-- on the old one, so whatever comes later goes into options.
-- Each pins search_path; none may be executed by anyone until grant_app says so.

CREATE FUNCTION weedgo.checkout_cart(
    store_id             uuid,
    cart_id              uuid,
    customer_id          uuid    DEFAULT NULL,
    payment_method_id    text    DEFAULT NULL,
    delivery_type        text    DEFAULT 'pickup',
    delivery_address     jsonb   DEFAULT NULL,
    pickup_time          text    DEFAULT NULL,
    tip                  numeric DEFAULT 0,
    promo_code           text    DEFAULT NULL,
    expected_total       numeric DEFAULT NULL,
    idempotency_key      text    DEFAULT NULL,
    special_instructions text    DEFAULT NULL,
    order_source         text    DEFAULT 'web',
    actor_id             uuid    DEFAULT NULL,
    metadata             jsonb   DEFAULT NULL,
    options              jsonb   DEFAULT NULL
) RETURNS weedgo.checkout_result
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_checkout_cart';
COMMENT ON FUNCTION weedgo.checkout_cart IS
    'Turns a cart into an order: prices it, reserves its stock, records the order, all or nothing.';

CREATE FUNCTION weedgo.sell_in_store(
    store_id          uuid,
    cart_id           uuid,
    actor_id          uuid,
    customer_id       uuid    DEFAULT NULL,
    payment_method_id text    DEFAULT NULL,
    payments          jsonb   DEFAULT NULL,
    discount          numeric DEFAULT NULL,
    discount_reason   text    DEFAULT NULL,
    tip               numeric DEFAULT 0,
    promo_code        text    DEFAULT NULL,
    expected_total    numeric DEFAULT NULL,
    idempotency_key   text    DEFAULT NULL,
    metadata          jsonb   DEFAULT NULL,
    options           jsonb   DEFAULT NULL
) RETURNS weedgo.checkout_result
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_sell_in_store';
COMMENT ON FUNCTION weedgo.sell_in_store IS
    'Sells a cart over the counter: checked out, paid and handed over, all or nothing; alone takes a discount by hand.';

CREATE FUNCTION weedgo.calc_order_totals(
    store_id          uuid,
    cart_id           uuid,
    customer_id       uuid    DEFAULT NULL,
    payment_method_id text    DEFAULT NULL,
    delivery_type     text    DEFAULT 'pickup',
    delivery_address  jsonb   DEFAULT NULL,
    tip               numeric DEFAULT 0,
    promo_code        text    DEFAULT NULL,
    options           jsonb   DEFAULT NULL
) RETURNS weedgo.checkout_totals
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_calc_order_totals';
COMMENT ON FUNCTION weedgo.calc_order_totals IS
    'What checkout_cart would charge now and what it would refuse; takes no lock and writes nothing.';

CREATE FUNCTION weedgo.reserve_inventory(
    store_id    uuid,
    cart_id     uuid,
    customer_id uuid     DEFAULT NULL,
    hold_for    interval DEFAULT '15 minutes',
    options     jsonb    DEFAULT NULL
) RETURNS weedgo.checkout_reservation
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_reserve_inventory';
COMMENT ON FUNCTION weedgo.reserve_inventory IS
    'Holds stock for every item of a cart until a deadline, or for none; a later checkout of the cart uses the hold.';

CREATE FUNCTION weedgo.release_inventory(
    store_id    uuid,
    cart_id     uuid,
    customer_id uuid  DEFAULT NULL,
    options     jsonb DEFAULT NULL
) RETURNS weedgo.checkout_reservation
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_release_inventory';
COMMENT ON FUNCTION weedgo.release_inventory IS
    'Gives a cart''s held stock back; nothing held is not an error.';

CREATE FUNCTION weedgo.expire_holds(
    store_id  uuid    DEFAULT NULL,
    max_holds integer DEFAULT 1000,
    options   jsonb   DEFAULT NULL
) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_expire_holds';
COMMENT ON FUNCTION weedgo.expire_holds IS
    'Gives back the stock of holds past their deadline, the oldest first, at most max_holds; returns how many.';

CREATE FUNCTION weedgo.put_cart(
    store_id    uuid,
    cart_id     uuid,
    items       jsonb,
    customer_id uuid  DEFAULT NULL,
    promo_code  text  DEFAULT NULL,
    options     jsonb DEFAULT NULL
) RETURNS weedgo.cart_contents
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_put_cart';
COMMENT ON FUNCTION weedgo.put_cart IS
    'Makes a cart hold exactly these items, under the cart''s lock; creates the cart where there is none.';

CREATE FUNCTION weedgo.get_cart(
    store_id    uuid,
    cart_id     uuid,
    customer_id uuid  DEFAULT NULL,
    options     jsonb DEFAULT NULL
) RETURNS weedgo.cart_contents
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_get_cart';
COMMENT ON FUNCTION weedgo.get_cart IS
    'Reads a cart and its lines.';

CREATE FUNCTION weedgo.get_order(
    store_id    uuid,
    order_id    uuid,
    customer_id uuid  DEFAULT NULL,
    options     jsonb DEFAULT NULL
) RETURNS weedgo.checkout_result
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_get_order';
COMMENT ON FUNCTION weedgo.get_order IS
    'Reads an order as it stands now; all NULL where the customer has no such order.';

CREATE FUNCTION weedgo.list_orders(
    store_id        uuid,
    customer_id     uuid,
    before_order_id uuid    DEFAULT NULL,
    max_rows        integer DEFAULT 50,
    options         jsonb   DEFAULT NULL
) RETURNS SETOF weedgo.checkout_result
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_list_orders';
COMMENT ON FUNCTION weedgo.list_orders IS
    'A customer''s orders in a store, the newest first, a page at a time (before_order_id: the last one seen).';

CREATE FUNCTION weedgo.advance_order(
    store_id  uuid,
    order_id  uuid,
    to_status text,
    actor_id  uuid  DEFAULT NULL,
    reason    text  DEFAULT NULL,
    options   jsonb DEFAULT NULL
) RETURNS weedgo.order_transition
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_advance_order';
COMMENT ON FUNCTION weedgo.advance_order IS
    'Moves an order to another state, with its event and what it means for stock and promo codes; a move made before changes nothing.';

CREATE FUNCTION weedgo.cancel_order(
    store_id uuid,
    order_id uuid,
    actor_id uuid  DEFAULT NULL,
    reason   text  DEFAULT NULL,
    options  jsonb DEFAULT NULL
) RETURNS weedgo.order_transition
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_cancel_order';
COMMENT ON FUNCTION weedgo.cancel_order IS
    'Calls an order off that is not over yet: its stock is available again, its use of a promo code is given back.';

CREATE FUNCTION weedgo.fulfil_order(
    store_id uuid,
    order_id uuid,
    actor_id uuid  DEFAULT NULL,
    reason   text  DEFAULT NULL,
    options  jsonb DEFAULT NULL
) RETURNS weedgo.order_transition
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_fulfil_order';
COMMENT ON FUNCTION weedgo.fulfil_order IS
    'The goods were handed over: the order is delivered, and what was reserved for it is gone.';

CREATE FUNCTION weedgo.expire_orders(
    store_id   uuid     DEFAULT NULL,
    max_orders integer  DEFAULT 1000,
    unpaid_for interval DEFAULT '30 minutes',
    options    jsonb    DEFAULT NULL
) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_expire_orders';
COMMENT ON FUNCTION weedgo.expire_orders IS
    'Gives back what is reserved for orders that were to be paid in advance and were not; returns how many.';

CREATE FUNCTION weedgo.record_payment(
    store_id           uuid,
    order_id           uuid,
    event              text,
    amount             numeric DEFAULT NULL,
    provider_reference text    DEFAULT NULL,
    payment_type       text    DEFAULT NULL,
    actor_id           uuid    DEFAULT NULL,
    options            jsonb   DEFAULT NULL
) RETURNS weedgo.payment_record
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_record_payment';
COMMENT ON FUNCTION weedgo.record_payment IS
    'Records what a payment provider or a till reports about an order, once for each reference and event.';

CREATE FUNCTION weedgo.refund_order(
    store_id           uuid,
    order_id           uuid,
    items              jsonb   DEFAULT NULL,
    restock            boolean DEFAULT false,
    amount             numeric DEFAULT NULL,
    provider_reference text    DEFAULT NULL,
    payment_type       text    DEFAULT NULL,
    actor_id           uuid    DEFAULT NULL,
    reason             text    DEFAULT NULL,
    options            jsonb   DEFAULT NULL
) RETURNS weedgo.order_refund
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_refund_order';
COMMENT ON FUNCTION weedgo.refund_order IS
    'Records a refund, of items or an amount, once for each reference; what comes back can go on the shelf again.';

CREATE FUNCTION weedgo.events_after(
    store_id       uuid    DEFAULT NULL,
    after_position text    DEFAULT NULL,
    max_rows       integer DEFAULT 100,
    options        jsonb   DEFAULT NULL
) RETURNS SETOF weedgo.order_event
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_events_after';
COMMENT ON FUNCTION weedgo.events_after IS
    'What happened to orders since a position, in an order that misses no event however long its transaction took.';

CREATE FUNCTION weedgo.verify_audit(
    store_id uuid,
    order_id uuid  DEFAULT NULL,
    options  jsonb DEFAULT NULL
) RETURNS SETOF weedgo.audit_finding
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_verify_audit';
COMMENT ON FUNCTION weedgo.verify_audit IS
    'Finds orders, lines and events that were changed, removed or added by hand; no row: all are as they were written.';

CREATE FUNCTION weedgo.recompute_order(
    store_id uuid,
    order_id uuid,
    options  jsonb DEFAULT NULL
) RETURNS SETOF weedgo.recomputed_amount
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_recompute_order';
COMMENT ON FUNCTION weedgo.recompute_order IS
    'An order''s amounts, stored and worked out again from its lines and the tax rates of its day; only reads.';

CREATE FUNCTION weedgo.receive_stock(
    store_id uuid,
    items    jsonb,
    actor_id uuid  DEFAULT NULL,
    reason   text  DEFAULT NULL,
    options  jsonb DEFAULT NULL
) RETURNS SETOF weedgo.stock_change
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_receive_stock';
COMMENT ON FUNCTION weedgo.receive_stock IS
    'Goods came: adds them to what is available, each sku with an entry in the ledger; makes the row of stock where there is none.';

CREATE FUNCTION weedgo.adjust_stock(
    store_id           uuid,
    sku                text,
    change             integer,
    reason             text,
    expected_available integer DEFAULT NULL,
    actor_id           uuid    DEFAULT NULL,
    options            jsonb   DEFAULT NULL
) RETURNS weedgo.stock_change
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_adjust_stock';
COMMENT ON FUNCTION weedgo.adjust_stock IS
    'Counted, damaged, lost, stolen, destroyed or returned: changes what is available of a sku, where it is what was expected.';

CREATE FUNCTION weedgo.transfer_stock(
    store_id    uuid,
    to_store_id uuid,
    items       jsonb,
    actor_id    uuid  DEFAULT NULL,
    reason      text  DEFAULT NULL,
    options     jsonb DEFAULT NULL
) RETURNS SETOF weedgo.stock_change
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_transfer_stock';
COMMENT ON FUNCTION weedgo.transfer_stock IS
    'Moves stock from one store to another, all of the items or none.';

CREATE FUNCTION weedgo.split_stock(
    store_id uuid,
    sku      text,
    buckets  integer DEFAULT NULL,
    options  jsonb   DEFAULT NULL
) RETURNS weedgo.split_counter
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_split_stock';
COMMENT ON FUNCTION weedgo.split_stock IS
    'Keeps a sku''s units of no lot in so many rows (16), so that checkouts of it need not wait for each other; or changes how many.';

CREATE FUNCTION weedgo.merge_stock(
    store_id uuid,
    sku      text,
    options  jsonb DEFAULT NULL
) RETURNS weedgo.split_counter
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_merge_stock';
COMMENT ON FUNCTION weedgo.merge_stock IS
    'Brings the units of a sku that is split together into one row.';

CREATE FUNCTION weedgo.split_promo(
    store_id   uuid,
    promo_code text,
    buckets    integer DEFAULT NULL,
    options    jsonb   DEFAULT NULL
) RETURNS weedgo.split_counter
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_split_promo';
COMMENT ON FUNCTION weedgo.split_promo IS
    'Counts a promo code''s uses in so many rows (16), so that checkouts with it need not wait for each other; or changes how many.';

CREATE FUNCTION weedgo.merge_promo(
    store_id   uuid,
    promo_code text,
    options    jsonb DEFAULT NULL
) RETURNS weedgo.split_counter
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_merge_promo';
COMMENT ON FUNCTION weedgo.merge_promo IS
    'Counts the uses of a promo code that is split in one row.';

CREATE FUNCTION weedgo.hot_skus(
    store_id uuid,
    options  jsonb DEFAULT NULL
) RETURNS SETOF weedgo.hot_sku
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_hot_skus';
COMMENT ON FUNCTION weedgo.hot_skus IS
    'The skus that checkouts are waiting for now, by looking for a second (options samples, interval_ms). Takes no lock and writes nothing.';

CREATE FUNCTION weedgo.tune_stock(
    store_id uuid,
    options  jsonb DEFAULT NULL
) RETURNS SETOF weedgo.split_counter
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_tune_stock';
COMMENT ON FUNCTION weedgo.tune_stock IS
    'For a scheduler: splits the skus that checkouts are waiting for, and merges those that were in few orders lately, within bounds.';

CREATE FUNCTION weedgo.trace_lot(
    store_id uuid,
    lot      text,
    options  jsonb DEFAULT NULL
) RETURNS SETOF weedgo.lot_sale
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_trace_lot';
COMMENT ON FUNCTION weedgo.trace_lot IS
    'Every order that has units of a lot, for a recall; of all stores where store_id is NULL. Takes no lock and writes nothing.';

CREATE FUNCTION weedgo.recall_lot(
    store_id uuid,
    lot      text,
    actor_id uuid  DEFAULT NULL,
    reason   text  DEFAULT NULL,
    options  jsonb DEFAULT NULL
) RETURNS SETOF weedgo.lot_recall
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_recall_lot';
COMMENT ON FUNCTION weedgo.recall_lot IS
    'Takes a lot out of sale, in all stores where store_id is NULL: nothing of it is sold from now on, and carts lose what they hold of it.';

CREATE FUNCTION weedgo.stock_overview(
    store_id uuid,
    options  jsonb DEFAULT NULL
) RETURNS SETOF weedgo.stock_level
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_stock_overview';
COMMENT ON FUNCTION weedgo.stock_overview IS
    'What a store has of every sku, available, reserved and held; only reads.';

CREATE FUNCTION weedgo.inventory_report(
    store_id uuid,
    month    date,
    options  jsonb DEFAULT NULL
) RETURNS SETOF weedgo.inventory_line
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_inventory_report';
COMMENT ON FUNCTION weedgo.inventory_report IS
    'What came, went and is left of every sku of a store in a month of its calendar, as the Cannabis Tracking System Order asks for it; only reads.';

CREATE FUNCTION weedgo.lock_cart(
    store_id uuid,
    cart_id  uuid,
    options  jsonb DEFAULT NULL
) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_lock_cart';
COMMENT ON FUNCTION weedgo.lock_cart IS
    'Takes the lock that checkout_cart takes, until the end of the transaction: for code that edits a cart itself.';

CREATE FUNCTION weedgo.cart_lock_key(
    store_id uuid,
    cart_id  uuid
) RETURNS weedgo.cart_lock
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_cart_lock_key';
COMMENT ON FUNCTION weedgo.cart_lock_key IS
    'Where a cart''s lock stands in pg_locks: SELECT * FROM pg_locks JOIN weedgo.cart_lock_key(store, cart) USING (classid, objid, objsubid).';

CREATE FUNCTION weedgo.bind_role(
    role      name,
    store_ids uuid[],
    options   jsonb DEFAULT NULL
) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_bind_role';
COMMENT ON FUNCTION weedgo.bind_role IS
    'Makes a role act for these stores only, where row security is on; NULL: for all again.';

CREATE FUNCTION weedgo.begin_ledger(options jsonb DEFAULT NULL)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_begin_ledger';
COMMENT ON FUNCTION weedgo.begin_ledger IS
    'Enters in the ledger what is on the shelf and nothing in it explains, as opening; create_tables() calls it, once.';

CREATE FUNCTION weedgo.check_setup()
RETURNS SETOF weedgo.setup_finding
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_check_setup';
COMMENT ON FUNCTION weedgo.check_setup IS
    'What is wrong or risky in this installation: relations, columns, indexes, owners, privileges, settings. No row: all is well.';

CREATE FUNCTION weedgo.verify_invariants(
    store_id uuid  DEFAULT NULL,
    options  jsonb DEFAULT NULL
) RETURNS SETOF weedgo.invariant_violation
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'weedgo_verify_invariants';
COMMENT ON FUNCTION weedgo.verify_invariants IS
    'Checks what no load, fault or input may break; a row per violation, none when all is well.';
