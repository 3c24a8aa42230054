-- The functions as the catalog has them: their shapes are frozen, because a new argument would
-- mean DROP FUNCTION and the grants on it lost.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();

-- Every function of schema weedgo.
CREATE TEMP VIEW functions AS
    SELECT p.proname AS name, p.* FROM pg_proc p WHERE p.pronamespace = 'weedgo'::regnamespace;

-- Shapes -------------------------------------------------------------------------------------

CREATE TEMP TABLE shapes (name, arguments, result) AS VALUES
    ('checkout_cart',
     'store_id uuid, cart_id uuid, customer_id uuid DEFAULT NULL::uuid, payment_method_id text DEFAULT NULL::text, '
     'delivery_type text DEFAULT ''pickup''::text, delivery_address jsonb DEFAULT NULL::jsonb, '
     'pickup_time text DEFAULT NULL::text, tip numeric DEFAULT 0, promo_code text DEFAULT NULL::text, '
     'expected_total numeric DEFAULT NULL::numeric, idempotency_key text DEFAULT NULL::text, '
     'special_instructions text DEFAULT NULL::text, order_source text DEFAULT ''web''::text, '
     'actor_id uuid DEFAULT NULL::uuid, metadata jsonb DEFAULT NULL::jsonb, options jsonb DEFAULT NULL::jsonb',
     'weedgo.checkout_result'),
    ('sell_in_store',
     'store_id uuid, cart_id uuid, actor_id uuid, customer_id uuid DEFAULT NULL::uuid, payment_method_id text DEFAULT NULL::text, '
     'payments jsonb DEFAULT NULL::jsonb, discount numeric DEFAULT NULL::numeric, discount_reason text DEFAULT NULL::text, '
     'tip numeric DEFAULT 0, promo_code text DEFAULT NULL::text, expected_total numeric DEFAULT NULL::numeric, '
     'idempotency_key text DEFAULT NULL::text, metadata jsonb DEFAULT NULL::jsonb, options jsonb DEFAULT NULL::jsonb',
     'weedgo.checkout_result'),
    ('calc_order_totals',
     'store_id uuid, cart_id uuid, customer_id uuid DEFAULT NULL::uuid, payment_method_id text DEFAULT NULL::text, '
     'delivery_type text DEFAULT ''pickup''::text, delivery_address jsonb DEFAULT NULL::jsonb, tip numeric DEFAULT 0, '
     'promo_code text DEFAULT NULL::text, options jsonb DEFAULT NULL::jsonb',
     'weedgo.checkout_totals'),
    ('reserve_inventory',
     'store_id uuid, cart_id uuid, customer_id uuid DEFAULT NULL::uuid, hold_for interval DEFAULT ''00:15:00''::interval, '
     'options jsonb DEFAULT NULL::jsonb',
     'weedgo.checkout_reservation'),
    ('release_inventory',
     'store_id uuid, cart_id uuid, customer_id uuid DEFAULT NULL::uuid, options jsonb DEFAULT NULL::jsonb',
     'weedgo.checkout_reservation'),
    ('expire_holds',
     'store_id uuid DEFAULT NULL::uuid, max_holds integer DEFAULT 1000, options jsonb DEFAULT NULL::jsonb',
     'integer'),
    ('advance_order',
     'store_id uuid, order_id uuid, to_status text, actor_id uuid DEFAULT NULL::uuid, reason text DEFAULT NULL::text, '
     'options jsonb DEFAULT NULL::jsonb',
     'weedgo.order_transition'),
    ('cancel_order',
     'store_id uuid, order_id uuid, actor_id uuid DEFAULT NULL::uuid, reason text DEFAULT NULL::text, options jsonb DEFAULT NULL::jsonb',
     'weedgo.order_transition'),
    ('fulfil_order',
     'store_id uuid, order_id uuid, actor_id uuid DEFAULT NULL::uuid, reason text DEFAULT NULL::text, options jsonb DEFAULT NULL::jsonb',
     'weedgo.order_transition'),
    ('expire_orders',
     'store_id uuid DEFAULT NULL::uuid, max_orders integer DEFAULT 1000, unpaid_for interval DEFAULT ''00:30:00''::interval, '
     'options jsonb DEFAULT NULL::jsonb',
     'integer'),
    ('record_payment',
     'store_id uuid, order_id uuid, event text, amount numeric DEFAULT NULL::numeric, provider_reference text DEFAULT NULL::text, '
     'payment_type text DEFAULT NULL::text, actor_id uuid DEFAULT NULL::uuid, options jsonb DEFAULT NULL::jsonb',
     'weedgo.payment_record'),
    ('refund_order',
     'store_id uuid, order_id uuid, items jsonb DEFAULT NULL::jsonb, restock boolean DEFAULT false, amount numeric DEFAULT NULL::numeric, '
     'provider_reference text DEFAULT NULL::text, payment_type text DEFAULT NULL::text, actor_id uuid DEFAULT NULL::uuid, '
     'reason text DEFAULT NULL::text, options jsonb DEFAULT NULL::jsonb',
     'weedgo.order_refund'),
    ('events_after',
     'store_id uuid DEFAULT NULL::uuid, after_position text DEFAULT NULL::text, max_rows integer DEFAULT 100, '
     'options jsonb DEFAULT NULL::jsonb',
     'SETOF weedgo.order_event'),
    ('verify_audit', 'store_id uuid, order_id uuid DEFAULT NULL::uuid, options jsonb DEFAULT NULL::jsonb', 'SETOF weedgo.audit_finding'),
    ('recompute_order', 'store_id uuid, order_id uuid, options jsonb DEFAULT NULL::jsonb', 'SETOF weedgo.recomputed_amount'),
    ('receive_stock',
     'store_id uuid, items jsonb, actor_id uuid DEFAULT NULL::uuid, reason text DEFAULT NULL::text, options jsonb DEFAULT NULL::jsonb',
     'SETOF weedgo.stock_change'),
    ('adjust_stock',
     'store_id uuid, sku text, change integer, reason text, expected_available integer DEFAULT NULL::integer, '
     'actor_id uuid DEFAULT NULL::uuid, options jsonb DEFAULT NULL::jsonb',
     'weedgo.stock_change'),
    ('transfer_stock',
     'store_id uuid, to_store_id uuid, items jsonb, actor_id uuid DEFAULT NULL::uuid, reason text DEFAULT NULL::text, '
     'options jsonb DEFAULT NULL::jsonb',
     'SETOF weedgo.stock_change'),
    ('trace_lot', 'store_id uuid, lot text, options jsonb DEFAULT NULL::jsonb', 'SETOF weedgo.lot_sale'),
    ('recall_lot',
     'store_id uuid, lot text, actor_id uuid DEFAULT NULL::uuid, reason text DEFAULT NULL::text, options jsonb DEFAULT NULL::jsonb',
     'SETOF weedgo.lot_recall'),
    ('stock_overview', 'store_id uuid, options jsonb DEFAULT NULL::jsonb', 'SETOF weedgo.stock_level'),
    ('split_stock', 'store_id uuid, sku text, buckets integer DEFAULT NULL::integer, options jsonb DEFAULT NULL::jsonb', 'weedgo.split_counter'),
    ('merge_stock', 'store_id uuid, sku text, options jsonb DEFAULT NULL::jsonb', 'weedgo.split_counter'),
    ('split_promo', 'store_id uuid, promo_code text, buckets integer DEFAULT NULL::integer, options jsonb DEFAULT NULL::jsonb', 'weedgo.split_counter'),
    ('tune_stock', 'store_id uuid, options jsonb DEFAULT NULL::jsonb', 'SETOF weedgo.split_counter'),
    ('hot_skus', 'store_id uuid, options jsonb DEFAULT NULL::jsonb', 'SETOF weedgo.hot_sku'),
    ('merge_promo', 'store_id uuid, promo_code text, options jsonb DEFAULT NULL::jsonb', 'weedgo.split_counter'),
    ('inventory_report', 'store_id uuid, month date, options jsonb DEFAULT NULL::jsonb', 'SETOF weedgo.inventory_line'),
    ('put_cart',
     'store_id uuid, cart_id uuid, items jsonb, customer_id uuid DEFAULT NULL::uuid, promo_code text DEFAULT NULL::text, '
     'options jsonb DEFAULT NULL::jsonb',
     'weedgo.cart_contents'),
    ('get_cart',
     'store_id uuid, cart_id uuid, customer_id uuid DEFAULT NULL::uuid, options jsonb DEFAULT NULL::jsonb',
     'weedgo.cart_contents'),
    ('get_order',
     'store_id uuid, order_id uuid, customer_id uuid DEFAULT NULL::uuid, options jsonb DEFAULT NULL::jsonb',
     'weedgo.checkout_result'),
    ('list_orders',
     'store_id uuid, customer_id uuid, before_order_id uuid DEFAULT NULL::uuid, max_rows integer DEFAULT 50, '
     'options jsonb DEFAULT NULL::jsonb',
     'SETOF weedgo.checkout_result'),
    ('lock_cart', 'store_id uuid, cart_id uuid, options jsonb DEFAULT NULL::jsonb', 'void'),
    ('cart_lock_key', 'store_id uuid, cart_id uuid', 'weedgo.cart_lock'),
    ('create_tables', 'owner name DEFAULT NULL::name, options jsonb DEFAULT NULL::jsonb', 'SETOF text'),
    ('begin_ledger', 'options jsonb DEFAULT NULL::jsonb', 'void'),
    ('check_setup', '', 'SETOF weedgo.setup_finding'),
    ('verify_invariants', 'store_id uuid DEFAULT NULL::uuid, options jsonb DEFAULT NULL::jsonb',
     'SETOF weedgo.invariant_violation'),
    ('grant_app', 'role name, kind text DEFAULT ''checkout''::text, options jsonb DEFAULT NULL::jsonb', 'void'),
    ('bind_role', 'role name, store_ids uuid[], options jsonb DEFAULT NULL::jsonb', 'void');

SELECT set_eq('SELECT name::text FROM functions', 'SELECT name FROM shapes',
              'schema weedgo has the functions of the reference and no others');
SELECT is_empty('SELECT name FROM functions GROUP BY name HAVING count(*) > 1', 'no function is overloaded');
SELECT is((SELECT pg_get_function_arguments(f.oid) FROM functions f WHERE f.name = s.name), s.arguments,
          format('the arguments of %s, with their defaults', s.name)) FROM shapes s;
SELECT is((SELECT pg_get_function_result(f.oid) FROM functions f WHERE f.name = s.name), s.result,
          format('the result of %s', s.name)) FROM shapes s;
SELECT is_empty(
    $$SELECT name FROM functions WHERE prokind <> 'f' OR provariadic <> 0
      OR proargmodes IS NOT NULL AND proargmodes <> array_fill('i'::"char", ARRAY[pronargs])$$,
    'no procedure, no aggregate, no OUT argument, nothing variadic');
SELECT is_empty(
    $$SELECT name FROM functions
      WHERE proargnames[1] IS DISTINCT FROM 'store_id' AND name NOT IN ('create_tables', 'begin_ledger', 'check_setup', 'grant_app', 'bind_role')$$,
    'store_id comes first, but where no store is meant');
SELECT is_empty(
    $$SELECT name FROM functions
      WHERE proargnames[pronargs] IS DISTINCT FROM 'options' AND name NOT IN ('cart_lock_key', 'check_setup')$$,
    'options comes last');

-- Results ------------------------------------------------------------------------------------

CREATE FUNCTION columns_of(type_name regtype) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
    FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE t.oid = type_name
$$;
CREATE TEMP TABLE results (name, columns) AS VALUES
    ('checkout_result',
     'order_id uuid, order_number text, store_id uuid, cart_id uuid, customer_id uuid, status text, payment_status text, '
     'payment_type text, delivery_type text, order_source text, subtotal numeric(12,2), discount numeric(12,2), '
     'tax numeric(12,2), delivery_fee numeric(12,2), tip numeric(12,2), total numeric(12,2), amount_due numeric(12,2), '
     'currency text, promo_code text, taxes jsonb, lines jsonb, replayed boolean, '
     'created_at timestamp with time zone, details jsonb'),
    ('checkout_totals',
     'store_id uuid, cart_id uuid, customer_id uuid, delivery_type text, subtotal numeric(12,2), discount numeric(12,2), '
     'tax numeric(12,2), delivery_fee numeric(12,2), tip numeric(12,2), total numeric(12,2), amount_due numeric(12,2), '
     'currency text, promo_code text, distance_km numeric(9,3), taxes jsonb, lines jsonb, problems jsonb, '
     'priced_at timestamp with time zone, details jsonb'),
    ('checkout_reservation',
     'store_id uuid, cart_id uuid, expires_at timestamp with time zone, extended boolean, lines jsonb, details jsonb'),
    ('cart_contents',
     'store_id uuid, cart_id uuid, customer_id uuid, status text, promo_code text, order_id uuid, lines jsonb, details jsonb'),
    ('cart_lock', 'classid oid, objid oid, objsubid smallint'),
    ('order_transition',
     'store_id uuid, order_id uuid, order_number text, old_status text, new_status text, changed boolean, payment_status text, '
     'details jsonb'),
    ('payment_record',
     'store_id uuid, order_id uuid, payment_id uuid, recorded boolean, order_status text, old_payment_status text, '
     'new_payment_status text, amount numeric(12,2), captured numeric(12,2), refunded numeric(12,2), amount_due numeric(12,2), '
     'change numeric(12,2), details jsonb'),
    ('order_refund',
     'store_id uuid, order_id uuid, payment_id uuid, recorded boolean, order_status text, old_payment_status text, '
     'new_payment_status text, amount numeric(12,2), captured numeric(12,2), refunded numeric(12,2), details jsonb'),
    ('order_event',
     'position text, store_id uuid, order_id uuid, seq integer, event text, old_status text, new_status text, order_number text, '
     'customer_id uuid, order_source text, delivery_type text, total numeric(12,2), amount_due numeric(12,2), payment_status text, '
     'actor_id uuid, reason text, details jsonb, recorded_at timestamp with time zone'),
    ('audit_finding', 'store_id uuid, order_id uuid, seq integer, problem text'),
    ('recomputed_amount',
     'line_no integer, amount text, tax_name text, stored numeric(12,2), recomputed numeric(12,2), agrees boolean, details jsonb'),
    ('stock_change',
     'store_id uuid, sku text, change integer, available integer, reserved integer, entry_id uuid, details jsonb'),
    ('stock_level',
     'sku text, name text, on_hand bigint, available bigint, reserved bigint, on_hold bigint, details jsonb'),
    ('split_counter', 'store_id uuid, name text, buckets integer, available bigint, used bigint, details jsonb'),
    ('hot_sku', 'store_id uuid, sku text, buckets integer, waits bigint, samples integer, buckets_advised integer, details jsonb'),
    ('lot_sale',
     'store_id uuid, order_id uuid, order_number text, customer_id uuid, status text, sku text, quantity integer, returned integer, '
     'created_at timestamp with time zone, details jsonb'),
    ('lot_recall',
     'store_id uuid, sku text, lot text, available integer, reserved integer, holds_released integer, '
     'recalled_at timestamp with time zone, details jsonb'),
    ('inventory_line',
     'sku text, name text, opening bigint, received bigint, returned_in bigint, transferred_in bigint, '
     'other_in bigint, sold bigint, destroyed bigint, lost bigint, returned_out bigint, transferred_out bigint, '
     'other_out bigint, closing bigint, unexplained bigint, equivalent_mg bigint, opening_g numeric, '
     'received_g numeric, returned_in_g numeric, transferred_in_g numeric, other_in_g numeric, sold_g numeric, '
     'destroyed_g numeric, lost_g numeric, returned_out_g numeric, transferred_out_g numeric, other_out_g numeric, '
     'closing_g numeric, details jsonb'),
    ('setup_finding', 'severity text, object text, problem text, hint text'),
    ('invariant_violation', 'invariant text, store_id uuid, subject text, problem text');

SELECT set_eq(
    $$SELECT t.typname::text FROM pg_type t WHERE t.typnamespace = 'weedgo'::regnamespace AND t.typtype <> 'b'$$,
    'SELECT name FROM results', 'schema weedgo has the types of the reference and no others');
SELECT is(columns_of(('weedgo.' || name)::regtype), columns, 'the columns of ' || name) FROM results;
SELECT is_empty(
    $$SELECT t.oid::regtype FROM pg_type t WHERE t.typnamespace = 'weedgo'::regnamespace AND t.typtype NOT IN ('c', 'b')
      OR t.typnamespace = 'weedgo'::regnamespace AND t.typtype = 'b' AND t.typcategory <> 'A'$$,
    'all of them are composite types, and their arrays');

-- An application's role may be called weedgo: then "$user" puts this schema before its own. So
-- no type has the name of a table, type or view that an application, or PostgreSQL, has.
SELECT is_empty(
    $$SELECT r.name FROM results r
      WHERE r.name IN (SELECT relname FROM pg_class WHERE relnamespace = 'weedgo_data'::regnamespace)
         OR r.name IN ('cart', 'carts', 'cart_sessions', 'customer', 'customers', 'inventory', 'item', 'items',
                       'ocs_inventory', 'ocs_product_catalog', 'order', 'orders', 'order_items', 'payment', 'payments',
                       'product', 'products', 'profiles', 'promo_codes', 'reservation', 'stock', 'store', 'stores',
                       'tax_rates', 'users')
         OR EXISTS (SELECT FROM pg_type t WHERE t.typname = r.name AND t.typnamespace = 'pg_catalog'::regnamespace)
         OR EXISTS (SELECT FROM pg_class c WHERE c.relname = r.name
                    AND c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace))$$,
    'no type hides a relation or type of an application or of PostgreSQL');
SELECT is_empty(
    $$SELECT f.name FROM functions f JOIN pg_proc p ON p.proname = f.name AND p.pronamespace = 'pg_catalog'::regnamespace$$,
    'no function has the name of one of PostgreSQL''s');

-- How they run ---------------------------------------------------------------------------------

SELECT is(f.proconfig, ARRAY['search_path=pg_catalog, pg_temp'], f.name || ' pins search_path, and nothing else')
FROM functions f ORDER BY f.name;
SELECT is_empty('SELECT name FROM functions WHERE prosecdef', 'no function is SECURITY DEFINER');
SELECT is_empty(
    $$SELECT f.name, l.lanname FROM functions f JOIN pg_language l ON l.oid = f.prolang
      WHERE l.lanname <> CASE WHEN f.name IN ('create_tables', 'grant_app') THEN 'plpgsql' ELSE 'c' END$$,
    'create_tables and grant_app are plpgsql, all others C');
SELECT set_eq(
    $$SELECT name::text FROM functions WHERE provolatile <> 'v' OR proparallel <> 'u' OR proisstrict$$,
    ARRAY['cart_lock_key'],
    'all but cart_lock_key are volatile, unsafe in parallel, and see their NULLs');
SELECT results_eq(
    $$SELECT provolatile::text, proparallel::text, proisstrict FROM functions WHERE name = 'cart_lock_key'$$,
    $$VALUES ('i', 's', true)$$, 'cart_lock_key is a pure function of its arguments');
SELECT is_empty('SELECT name FROM functions WHERE proleakproof', 'no function claims to be leakproof');

CREATE TEMP VIEW trigger_functions AS
    SELECT p.proname AS name, p.* FROM pg_proc p WHERE p.pronamespace = 'weedgo_data'::regnamespace AND p.proname <> 'new_entry_id';
SELECT set_eq('SELECT name::text FROM trigger_functions', ARRAY['lock_edited_cart', 'touch_edited_carts', 'enter_opening_stock'],
              'schema weedgo_data has the two trigger functions of cart_items, and that of stock');
SELECT is_empty(
    $$SELECT name FROM trigger_functions
      WHERE NOT prosecdef OR proowner <> (SELECT relowner FROM pg_class WHERE oid = 'weedgo_data.cart_items'::regclass)
         OR proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp'] OR prorettype <> 'trigger'::regtype$$,
    'they are SECURITY DEFINER as the owner of the tables, with search_path pinned');
SELECT is_empty(
    $$SELECT p.oid::regprocedure FROM pg_proc p
      WHERE p.pronamespace = 'weedgo_data'::regnamespace AND p.oid NOT IN (SELECT oid FROM trigger_functions)
        AND (p.prosecdef OR p.prosqlbody IS NULL)$$,
    'the other one there is no SECURITY DEFINER, and its names were looked up when it was made');
SELECT is_empty(
    $$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'weedgo'::regnamespace$$,
    'no function of the extension is SECURITY DEFINER: it would run as a superuser');
SELECT is_empty(
    $$SELECT p.oid::regprocedure FROM functions p WHERE p.proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp']$$,
    'each pins search_path, and sets nothing else');

-- Who may run them -----------------------------------------------------------------------------

SELECT is_empty(
    $$SELECT p.oid::regprocedure FROM pg_proc p
      WHERE p.pronamespace IN ('weedgo'::regnamespace, 'weedgo_data'::regnamespace) AND p.proacl IS NULL$$,
    'no function has the privileges that PostgreSQL gives by default');
SELECT is_empty(
    $$SELECT p.oid::regprocedure FROM pg_proc p, aclexplode(p.proacl) a
      WHERE p.pronamespace IN ('weedgo'::regnamespace, 'weedgo_data'::regnamespace) AND a.grantee = 0$$,
    'nothing may be executed by PUBLIC');
SELECT is_empty(
    $$SELECT f.name FROM functions f WHERE has_function_privilege('shop_nobody', f.oid, 'EXECUTE')$$,
    'a new role may execute nothing');
SELECT is_empty(
    $$SELECT a.privilege_type, a.grantee FROM pg_namespace n, aclexplode(n.nspacl) a
      WHERE n.nspname IN ('weedgo', 'weedgo_data') AND a.grantee = 0$$,
    'PUBLIC has no right on the schemas');
SELECT is_empty(
    $$SELECT c.oid::regclass, a.privilege_type, a.grantee::regrole FROM pg_class c, aclexplode(c.relacl) a
      WHERE c.relnamespace = 'weedgo_data'::regnamespace AND a.grantee <> c.relowner$$,
    'nobody but their owner has a right on the relations');
SELECT set_eq(
    $$SELECT f.name::text, a.grantee::regrole::text FROM functions f, aclexplode(f.proacl) a
      WHERE a.grantee <> f.proowner AND a.grantee::regrole::text NOT IN ('shop_app', 'shop_staff', 'shop_reader')$$,
    $$VALUES ('lock_cart', 'weedgo_owner')$$,
    'create_tables() grants one thing: the owner of the tables may take a cart''s lock');
SELECT is_empty(
    $$SELECT f.name FROM functions f, aclexplode(f.proacl) a WHERE a.is_grantable AND a.grantee <> f.proowner$$,
    'nobody may pass a grant on');

SELECT * FROM finish();
ROLLBACK;
