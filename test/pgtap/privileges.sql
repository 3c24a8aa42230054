-- Who may do what, and as whom things run: an application may execute its functions and nothing
-- else, and nothing that anybody plants in the database ever runs as the role that installed the
-- extension.
\ir fixture.psql
SELECT no_plan();
SELECT current_user AS installer \gset

-- Settings, before the library is loaded -------------------------------------------------------

-- Until then PostgreSQL lets anyone set anything with a dot in its name.
CREATE ROLE early_bird;
SET LOCAL ROLE early_bird;
SET LOCAL weedgo_checkout.enabled = off;
SET LOCAL weedgo_checkout.max_cart_waiters = 0;
SET LOCAL weedgo_checkout.lock_timeout = '2s';
SET LOCAL weedgo_checkout.nonsense = 1;
RESET ROLE;
SET LOCAL client_min_messages = error;
CALL open_shop();
SET LOCAL client_min_messages = warning;

SELECT is(current_setting('weedgo_checkout.enabled'), 'on', 'enabled: what a role set before the library was loaded is void');
SELECT is(current_setting('weedgo_checkout.max_cart_waiters'), '8', 'max_cart_waiters: the same');
SELECT is(current_setting('weedgo_checkout.lock_timeout'), '2s', 'lock_timeout: is every role''s own to set');
SELECT is(current_setting('weedgo_checkout.nonsense', true), NULL, 'a setting that there is not is gone');
SELECT is((SELECT boot_val || unit FROM pg_settings WHERE name = 'weedgo_checkout.lock_timeout'), '10000ms', 'its default is ten seconds');
RESET weedgo_checkout.lock_timeout;

-- ... and after.
SELECT throws_ok(format('SELECT run_as(%L, %L)', 'shop_app', statement), state, NULL, name)
FROM (VALUES
    ('SET LOCAL weedgo_checkout.enabled = off', '42501', 'an application cannot set enabled'),
    ('SELECT set_config(''weedgo_checkout.enabled'', ''off'', true)', '42501', 'nor by set_config()'),
    ('SET LOCAL weedgo_checkout.max_cart_waiters = 0', '42501', 'an application cannot set max_cart_waiters'),
    ('ALTER ROLE shop_app SET weedgo_checkout.enabled = off', '42501', 'an application cannot set enabled for its later sessions'),
    ('SET LOCAL weedgo_checkout.nonsense = 1', '42602', 'a setting that there is not is refused'),
    ('SET LOCAL weedgo_checkout.lock_timeout = -1', '22023', 'a negative lock_timeout is refused')
) AS s (statement, state, name);
SELECT accepted('SET LOCAL weedgo_checkout.lock_timeout = ''3s''', 'an application can set lock_timeout');
RESET weedgo_checkout.lock_timeout;

-- What grant_app() grants ----------------------------------------------------------------------

CREATE FUNCTION executable_by(role_name name) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT p.proname::text FROM pg_proc p
    WHERE p.pronamespace = 'weedgo'::regnamespace AND has_function_privilege(role_name, p.oid, 'EXECUTE')
$$;
SELECT set_eq('SELECT executable_by(''shop_app'')',
              ARRAY['checkout_cart', 'calc_order_totals', 'reserve_inventory', 'release_inventory', 'put_cart', 'get_cart',
                    'get_order', 'list_orders', 'lock_cart', 'cart_lock_key'],
              'checkout: exactly the functions of a shop');
SELECT set_eq('SELECT executable_by(''shop_staff'')',
              ARRAY['sell_in_store', 'advance_order', 'cancel_order', 'fulfil_order', 'expire_orders', 'record_payment', 'refund_order', 'events_after', 'receive_stock', 'adjust_stock',
                    'transfer_stock', 'stock_overview', 'inventory_report', 'trace_lot', 'recall_lot', 'split_stock', 'merge_stock', 'split_promo', 'merge_promo', 'hot_skus', 'tune_stock',
                    'expire_holds', 'get_cart', 'get_order', 'list_orders', 'cart_lock_key',
                    'verify_invariants', 'verify_audit', 'recompute_order', 'check_setup'],
              'staff: exactly the functions of who looks after it');
SELECT set_eq('SELECT executable_by(''shop_reader'')', ARRAY['get_order', 'list_orders', 'events_after', 'stock_overview', 'inventory_report', 'trace_lot', 'verify_invariants', 'verify_audit', 'recompute_order'],
              'reader: exactly the functions that read');
SELECT is_empty('SELECT executable_by(''shop_nobody'')', 'without grant_app(): none');
SELECT results_eq(
    $$SELECT r, has_schema_privilege(r, 'weedgo', 'USAGE'), has_schema_privilege(r, 'weedgo', 'CREATE')
      FROM unnest(ARRAY['shop_app', 'shop_staff', 'shop_reader', 'shop_nobody']) r$$,
    $$VALUES ('shop_app', true, false), ('shop_staff', true, false), ('shop_reader', true, false), ('shop_nobody', false, false)$$,
    'grant_app() opens schema weedgo, but not for making things in it');

SELECT throws_ok($$SELECT weedgo.grant_app('shop_nobody', 'owner')$$, '22023', NULL, 'an unknown kind is refused');
SELECT throws_ok($$SELECT weedgo.grant_app('shop_nobody', NULL)$$, '22023', NULL, 'so is no kind');
SELECT throws_ok($$SELECT weedgo.grant_app('shop_nobody', 'Checkout')$$, '22023', NULL, 'and one in capitals');
SELECT throws_ok($$SELECT weedgo.grant_app('nobody_at_all')$$, '42704', NULL, 'an unknown role is refused');
SELECT throws_ok($$SELECT weedgo.grant_app(NULL)$$, '42704', NULL, 'so is no role');
SELECT is_empty('SELECT executable_by(''shop_nobody'')', 'a refusal grants nothing');
SELECT is(has_schema_privilege('shop_nobody', 'weedgo', 'USAGE'), false, 'not even the schema');

SAVEPOINT more_grants;
SELECT lives_ok($$SELECT weedgo.grant_app('shop_app')$$, 'granting again changes nothing');
SELECT is((SELECT count(*)::integer FROM executable_by('shop_app')), 10, 'and grants nothing more');
SELECT weedgo.grant_app('shop_reader', 'staff') \g /dev/null
SELECT is((SELECT count(*)::integer FROM executable_by('shop_reader')), 30, 'two kinds add up');
CREATE ROLE "Robert'); DROP ROLE shop_app; --";
SELECT lives_ok($$SELECT weedgo.grant_app('Robert''); DROP ROLE shop_app; --', 'reader')$$, 'a role may be called anything');
SELECT is((SELECT count(*)::integer FROM executable_by('Robert''); DROP ROLE shop_app; --')), 9, 'and gets what it should');
SELECT has_role('shop_app', 'and nothing of its name is executed');
ROLLBACK TO more_grants;

-- What they cannot call ----------------------------------------------------------------------

SELECT throws_ok(format('SELECT run_as(%L, %L)', r.role_name, 'SELECT weedgo.' || call), '42501', NULL,
                 format('%s cannot call %s', r.role_name, call))
FROM (VALUES
    ('shop_app',    'create_tables()'), ('shop_app',    'grant_app(''shop_app'', ''staff'')'),
    ('shop_app',    'expire_holds()'),  ('shop_app',    'verify_invariants()'), ('shop_app', 'check_setup()'),
    ('shop_staff',  'create_tables()'), ('shop_staff',  'grant_app(''shop_staff'')'),
    ('shop_staff',  'checkout_cart(store(''ON''), cart(1))'),
    ('shop_staff',  'put_cart(store(''ON''), cart(1), ''[]'')'),
    ('shop_reader', 'create_tables()'), ('shop_reader', 'grant_app(''shop_reader'')'),
    ('shop_reader', 'checkout_cart(store(''ON''), cart(1))'), ('shop_reader', 'get_cart(store(''ON''), cart(1))'),
    ('shop_reader', 'check_setup()'),   ('shop_reader', 'lock_cart(store(''ON''), cart(1))'),
    ('shop_app',    'sell_in_store(store(''ON''), cart(1), customer(''ben''))'),
    ('shop_reader', 'sell_in_store(store(''ON''), cart(1), customer(''ben''))'),
    ('shop_app',    'receive_stock(store(''ON''), ''[]'')'),
    ('shop_app',    'adjust_stock(store(''ON''), ''FLOWER'', 1, ''counted'')'),
    ('shop_app',    'transfer_stock(store(''ON''), store(''QC''), ''[]'')'), ('shop_app', 'stock_overview(store(''ON''))'), ('shop_app', 'trace_lot(store(''ON''), ''L'')'), ('shop_app', 'recall_lot(store(''ON''), ''L'')'), ('shop_reader', 'recall_lot(store(''ON''), ''L'')'),
    ('shop_app',    'inventory_report(store(''ON''), current_date)'),
    ('shop_app',    'tune_stock(store(''ON''))'), ('shop_reader', 'tune_stock(store(''ON''))'),
    ('shop_app',    'hot_skus(store(''ON''))'), ('shop_reader', 'hot_skus(store(''ON''))'),
    ('shop_app',    'split_promo(store(''ON''), ''FIVE'')'), ('shop_reader', 'split_promo(store(''ON''), ''FIVE'')'),
    ('shop_app',    'merge_promo(store(''ON''), ''FIVE'')'), ('shop_reader', 'merge_promo(store(''ON''), ''FIVE'')'),
    ('shop_app',    'split_stock(store(''ON''), ''FLOWER'')'), ('shop_reader', 'split_stock(store(''ON''), ''FLOWER'')'),
    ('shop_app',    'merge_stock(store(''ON''), ''FLOWER'')'), ('shop_reader', 'merge_stock(store(''ON''), ''FLOWER'')'),
    ('shop_reader', 'receive_stock(store(''ON''), ''[]'')'),
    ('shop_reader', 'adjust_stock(store(''ON''), ''FLOWER'', 1, ''counted'')'),
    ('shop_reader', 'transfer_stock(store(''ON''), store(''QC''), ''[]'')'),
    ('shop_app',    'recompute_order(store(''ON''), cart(1))'), ('shop_nobody', 'recompute_order(store(''ON''), cart(1))'),
    ('shop_nobody', 'get_order(store(''ON''), cart(1))'), ('shop_nobody', 'cart_lock_key(store(''ON''), cart(1))')
) AS r (role_name, call);

-- The relations ------------------------------------------------------------------------------

SELECT is_empty(
    $$SELECT r.role_name, c.relname, p.privilege
      FROM unnest(ARRAY['shop_app', 'shop_staff', 'shop_reader', 'shop_nobody']) AS r (role_name),
           pg_class c,
           unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (privilege)
      WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relkind = 'r'
        AND (has_table_privilege(r.role_name, c.oid, p.privilege)
             OR p.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                AND has_any_column_privilege(r.role_name, c.oid, p.privilege))$$,
    'no kind of role has any right on any relation or column');
SELECT is_empty(
    $$SELECT r, p FROM unnest(ARRAY['shop_app', 'shop_staff', 'shop_reader', 'shop_nobody']) r, unnest(ARRAY['USAGE', 'CREATE']) p
      WHERE has_schema_privilege(r, 'weedgo_data', p)$$,
    'or on their schema');
SELECT throws_ok(format('SELECT run_as(''shop_app'', %L)', format(statement, relation)), '42501', NULL,
                 format('an application cannot: ' || statement, relation))
FROM (VALUES ('orders'), ('stock'), ('carts'), ('payment_methods'), ('order_events'), ('stock_ledger')) AS r (relation),
     (VALUES ('SELECT * FROM weedgo_data.%I'), ('INSERT INTO weedgo_data.%I DEFAULT VALUES'),
             ('UPDATE weedgo_data.%I SET store_id = NULL'), ('DELETE FROM weedgo_data.%I'),
             ('TRUNCATE weedgo_data.%I'), ('LOCK TABLE weedgo_data.%I'), ('DROP TABLE weedgo_data.%I')) AS s (statement);
SELECT throws_ok($$SELECT run_as('shop_app', 'SELECT weedgo_data.lock_edited_cart()')$$, '42501', NULL,
                 'nor call a trigger function');
SELECT throws_ok($$SELECT run_as('shop_app', 'CREATE TABLE weedgo.orders (x integer)')$$, '42501', NULL,
                 'nor make a table in schema weedgo');

-- All the same, a shop can be run ----------------------------------------------------------------

SELECT accepted(call, 'an application can call ' || split_part(split_part(call, 'weedgo.', 2), '(', 1))
FROM (VALUES
    ($$SELECT weedgo.put_cart(store('ON'), cart(1), '[{"sku": "FLOWER", "quantity": 2}]', customer('ann'))$$),
    ($$SELECT weedgo.get_cart(store('ON'), cart(1), customer('ann'))$$),
    ($$SELECT weedgo.lock_cart(store('ON'), cart(1))$$),
    ($$SELECT weedgo.cart_lock_key(store('ON'), cart(1))$$),
    ($$SELECT weedgo.calc_order_totals(store('ON'), cart(1), customer('ann'))$$),
    ($$SELECT weedgo.reserve_inventory(store('ON'), cart(1), customer('ann'))$$),
    ($$SELECT weedgo.release_inventory(store('ON'), cart(1), customer('ann'))$$),
    ($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), 'ann-card')$$),
    ($$SELECT weedgo.list_orders(store('ON'), customer('ann'))$$),
    ($$SELECT weedgo.get_order(store('ON'), (SELECT order_id FROM weedgo.list_orders(store('ON'), customer('ann'))), customer('ann'))$$)
) AS c (call);
SELECT is((SELECT count(*)::integer FROM weedgo_data.orders), 1, 'and there is an order');
SELECT accepted(call, 'staff can call ' || split_part(split_part(call, 'weedgo.', 2), '(', 1), 'shop_staff')
FROM (VALUES ('SELECT weedgo.expire_holds()'), ('SELECT weedgo.verify_invariants()'), ('SELECT weedgo.check_setup()'),
             ('SELECT weedgo.get_cart(store(''ON''), cart(1), customer(''ann''))'),
             ($$SELECT weedgo.receive_stock(store('ON'), '[{"sku": "FLOWER", "quantity": 1}]')$$),
             ($$SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', -1, 'lost')$$),
             ($$SELECT weedgo.transfer_stock(store('ON'), store('QC'), '[{"sku": "FLOWER", "quantity": 1}]')$$),
             ($$SELECT weedgo.stock_overview(store('ON'))$$), ($$SELECT weedgo.inventory_report(store('ON'), current_date)$$),
             ($$SELECT weedgo.recompute_order(store('ON'), (SELECT order_id FROM weedgo.list_orders(store('ON'), customer('ann'))))$$)) AS c (call);
SELECT accepted(call, 'a reader can call ' || split_part(split_part(call, 'weedgo.', 2), '(', 1), 'shop_reader')
FROM (VALUES ('SELECT weedgo.verify_invariants()'), ('SELECT weedgo.stock_overview(store(''ON''))'), ('SELECT weedgo.inventory_report(store(''ON''), current_date)'), ('SELECT weedgo.list_orders(store(''ON''), customer(''ann''))'),
             ('SELECT weedgo.get_order(store(''ON''), cart(1))'),
             ($$SELECT weedgo.recompute_order(store('ON'), (SELECT order_id FROM weedgo.list_orders(store('ON'), customer('ann'))))$$)) AS c (call);

-- Role and settings come back --------------------------------------------------------------------

-- Notes who and under which lock_timeout the caller is, around calls that succeed and that fail.
CREATE FUNCTION around_calls(OUT moments text[]) LANGUAGE plpgsql AS $$
BEGIN
    moments := ARRAY[format('before: %s, %s', current_user, current_setting('lock_timeout'))];
    PERFORM weedgo.put_cart(store('ON'), cart(2), '[{"sku": "FLOWER", "quantity": 1}]');
    moments := moments || format('success: %s, %s', current_user, current_setting('lock_timeout'));
    BEGIN
        PERFORM weedgo.checkout_cart(store('ON'), cart(99));
    EXCEPTION WHEN SQLSTATE 'WG001' THEN
        moments := moments || format('handler: %s, %s', current_user, current_setting('lock_timeout'));
    END;
    moments := moments || format('refusal: %s, %s', current_user, current_setting('lock_timeout'));
    BEGIN
        PERFORM weedgo.checkout_cart(store('ON'), cart(2), order_source => 'fax');
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    moments := moments || format('bad argument: %s, %s', current_user, current_setting('lock_timeout'));
    PERFORM FROM weedgo.list_orders(store('ON'), customer('ann'));
    moments := moments || format('set: %s, %s', current_user, current_setting('lock_timeout'));
    -- Only in a restricted context can a setting of this kind not be changed.
    PERFORM set_config('role', 'none', true);
    moments := moments || format('free: %s', current_setting('role'));
END
$$;
SET LOCAL lock_timeout = '25s';
SET LOCAL ROLE shop_app;
SELECT moments AS role_and_setting FROM around_calls() \gset
RESET ROLE;
SELECT is(:'role_and_setting'::text[],
          ARRAY['before: shop_app, 25s', 'success: shop_app, 25s', 'handler: shop_app, 25s', 'refusal: shop_app, 25s',
                'bad argument: shop_app, 25s', 'set: shop_app, 25s', 'free: none'],
          'the caller''s role and lock_timeout come back after success, refusal and error');
SET LOCAL lock_timeout = 0;

-- A role called like the schema ------------------------------------------------------------------

-- "$user" in its search_path then is the extension's schema, which must hide nothing of the
-- application's.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'weedgo') THEN
        CREATE ROLE weedgo;
    END IF;
    PERFORM weedgo.grant_app('weedgo');
END
$$;
CREATE TABLE public.orders AS SELECT 'the application''s own' AS whose;
CREATE TABLE public.stock AS TABLE public.orders;
GRANT SELECT ON public.orders, public.stock TO weedgo;
SET LOCAL ROLE weedgo;
SET LOCAL search_path = "$user", public;
SELECT current_schema AS first_schema, whose AS whose_orders, (SELECT whose FROM stock) AS whose_stock FROM orders \gset
SELECT coalesce(string_agg(n, ', '), '') AS hidden
FROM unnest(ARRAY['orders', 'order_items', 'order_events', 'payments', 'stores', 'products', 'customers', 'payment_methods',
                  'tax_rates', 'promo_codes', 'carts', 'cart_items', 'stock', 'holds', 'stock_ledger']) AS r (n)
WHERE to_regclass(n) IS NOT NULL AND to_regclass(n) <> to_regclass('public.' || n) \gset
SELECT (get_cart(fixture.store('ON'), fixture.cart(1), fixture.customer('ann'))).status AS unqualified \gset
RESET ROLE;
SET LOCAL search_path = fixture, public;
SELECT is(:'first_schema'::text, 'weedgo', 'for a role called weedgo, the extension''s schema comes first');
SELECT is(:'whose_orders'::text, 'the application''s own', 'and orders is still the application''s own table');
SELECT is(:'whose_stock'::text, 'the application''s own', 'so is stock');
SELECT is(:'hidden'::text, '', 'none of the names of the contract means another relation');
SELECT is(:'unqualified'::text, 'converted', 'the functions are found without their schema');

-- Something hostile in every place -------------------------------------------------------------

-- Whoever runs one of the things below leaves a line here.
CREATE TABLE witness (what text, ran_as name, session name);
GRANT ALL ON witness TO PUBLIC;
CREATE FUNCTION testify(what text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO fixture.witness VALUES (what, current_user, session_user);
END
$$;

-- Triggers of every kind on every relation that is written. The first of them to run tries
-- besides to become somebody else.
CREATE FUNCTION hostile_trigger() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    attempt text;
BEGIN
    PERFORM fixture.testify(format('%s trigger on %s', lower(TG_WHEN || ' ' || TG_OP || ' ' || TG_LEVEL), TG_TABLE_NAME));
    IF NOT EXISTS (SELECT FROM fixture.witness WHERE starts_with(what, 'attempt:')) THEN
        FOREACH attempt IN ARRAY string_to_array(TG_ARGV[0], ';') LOOP
            BEGIN
                EXECUTE attempt;
                PERFORM fixture.testify(format('attempt: %s: SUCCEEDED', attempt));
            EXCEPTION WHEN insufficient_privilege THEN
                INSERT INTO fixture.witness VALUES (format('attempt: %s: refused', attempt), current_user, session_user);
            END;
        END LOOP;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE FUNCTION set_triggers(installer name) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    relation text;
    timing   text;
    level    text;
    attempts text := format('SET LOCAL ROLE %1$I;SET LOCAL ROLE NONE;RESET ROLE;SET LOCAL SESSION AUTHORIZATION %1$I;'
                            'RESET SESSION AUTHORIZATION;ALTER ROLE weedgo_owner SUPERUSER;CREATE ROLE shop_intruder;'
                            'SELECT weedgo.grant_app(''weedgo_owner'');SET LOCAL weedgo_checkout.enabled = off;'
                            'CREATE FUNCTION weedgo.f() RETURNS int LANGUAGE sql AS ''SELECT 1''', installer);
BEGIN
    FOREACH relation IN ARRAY ARRAY['orders', 'order_items', 'order_events', 'stock', 'carts', 'cart_items', 'holds',
                                    'promo_counters', 'promo_customers', 'stock_ledger', 'payments'] LOOP
        FOREACH timing IN ARRAY ARRAY['BEFORE', 'AFTER'] LOOP
            FOREACH level IN ARRAY ARRAY['ROW', 'STATEMENT'] LOOP
                EXECUTE format('CREATE TRIGGER hostile_%1$s_%2$s %1$s INSERT OR UPDATE OR DELETE ON weedgo_data.%3$I '
                               'FOR EACH %2$s EXECUTE FUNCTION fixture.hostile_trigger(%4$L)',
                               timing, level, relation, attempts);
            END LOOP;
        END LOOP;
    END LOOP;
END
$$;
SELECT set_triggers(:'installer') \g /dev/null

-- Defaults and checks of the tables.
CREATE FUNCTION hostile_value(what text) RETURNS text LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM fixture.testify(what);
    RETURN what;
END
$$;
ALTER TABLE weedgo_data.order_events ADD COLUMN note text;
ALTER TABLE weedgo_data.order_events ALTER COLUMN note SET DEFAULT hostile_value('default of a column');
ALTER TABLE weedgo_data.order_items ADD CHECK (hostile_value('check of a table') IS NOT NULL OR sku = '');

-- A view in place of a source, with a function in it, and a column of a type with a cast.
CREATE SCHEMA hostile;
GRANT ALL ON SCHEMA hostile TO PUBLIC;
CREATE TYPE hostile.label AS (words text);
CREATE FUNCTION hostile.words_of(hostile.label) RETURNS text LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM fixture.testify('cast');
    RETURN $1.words;
END
$$;
CREATE CAST (hostile.label AS text) WITH FUNCTION hostile.words_of(hostile.label);
ALTER TABLE weedgo_data.products RENAME TO products_table;
CREATE VIEW weedgo_data.products AS
    SELECT store_id, sku, ROW(name)::hostile.label AS name, unit_price, sale_price, sale_from, sale_until, is_available,
           coalesce(tax_class, fixture.hostile_value('never')) AS tax_class, equivalent_mg
    FROM weedgo_data.products_table WHERE fixture.hostile_value('function in a view') IS NOT NULL;
ALTER VIEW weedgo_data.products OWNER TO weedgo_owner;
GRANT USAGE ON SCHEMA fixture TO weedgo_owner;

-- Operators, functions, types and relations that would be found before PostgreSQL's and ours, were
-- it for the caller's search_path: in a schema of it, in public, among the temporary objects.
CREATE FUNCTION hostile.equal(uuid, uuid) RETURNS boolean LANGUAGE plpgsql AS
    $$BEGIN PERFORM fixture.testify('operator = of uuids'); RETURN $1 OPERATOR(pg_catalog.=) $2; END$$;
CREATE OPERATOR hostile.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = hostile.equal);
CREATE FUNCTION hostile.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS
    $$BEGIN PERFORM fixture.testify('operator = of texts'); RETURN $1 OPERATOR(pg_catalog.=) $2; END$$;
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.equal);
CREATE FUNCTION hostile.not_less(integer, integer) RETURNS boolean LANGUAGE plpgsql AS
    $$BEGIN PERFORM fixture.testify('operator >= of integers'); RETURN true; END$$;
CREATE OPERATOR hostile.>= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = hostile.not_less);
CREATE FUNCTION public.minus(integer, integer) RETURNS integer LANGUAGE plpgsql AS
    $$BEGIN PERFORM fixture.testify('operator - of integers'); RETURN $1; END$$;
CREATE OPERATOR public.- (LEFTARG = integer, RIGHTARG = integer, FUNCTION = public.minus);
CREATE FUNCTION hostile.jsonb_build_object(text, boolean) RETURNS jsonb LANGUAGE plpgsql AS
    $$BEGIN PERFORM fixture.testify('overload of jsonb_build_object()'); RETURN '{}'; END$$;
CREATE FUNCTION hostile.round(numeric, integer) RETURNS numeric LANGUAGE plpgsql AS
    $$BEGIN PERFORM fixture.testify('overload of round()'); RETURN 0; END$$;
CREATE FUNCTION hostile.to_regprocedure(text) RETURNS regprocedure LANGUAGE plpgsql AS
    $$BEGIN PERFORM fixture.testify('overload of to_regprocedure()'); RETURN NULL; END$$;
CREATE FUNCTION public.lock_cart(uuid, uuid, jsonb) RETURNS void LANGUAGE plpgsql AS
    $$BEGIN PERFORM fixture.testify('overload of lock_cart()'); END$$;

CREATE FUNCTION hide_behind_temporary_objects() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation name;
    type_name text;
BEGIN
    -- Whatever would read or write these, or take these for the types of PostgreSQL, would fail.
    FOR relation IN SELECT c.relname FROM pg_class c
                    WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relkind IN ('r', 'v') LOOP
        EXECUTE format('CREATE TEMP TABLE %I (nothing integer)', relation);
    END LOOP;
    FOREACH type_name IN ARRAY ARRAY['int4', 'int8', 'text', 'uuid', 'numeric', 'bool', 'jsonb'] LOOP
        EXECUTE format('CREATE DOMAIN pg_temp.%1$I AS pg_catalog.%1$I CHECK (false)', type_name);
    END LOOP;
END
$$;
CREATE FUNCTION drop_temporary_objects() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    victim record;
BEGIN
    FOR victim IN SELECT c.oid::regclass AS name FROM pg_class c
                  WHERE c.relnamespace = pg_my_temp_schema() AND c.relowner = 'shop_app'::regrole AND c.relkind = 'r' LOOP
        EXECUTE format('DROP TABLE %s', victim.name);
    END LOOP;
    FOR victim IN SELECT t.typname AS name FROM pg_type t
                  WHERE t.typnamespace = pg_my_temp_schema() AND t.typtype = 'd' LOOP
        EXECUTE format('DROP DOMAIN pg_temp.%I', victim.name);
    END LOOP;
END
$$;

-- The whole life of a cart, as the application.
CREATE FUNCTION run_a_shop(first_cart integer) RETURNS numeric LANGUAGE plpgsql
SET search_path = hostile, fixture, public, pg_catalog AS $$
DECLARE
    charged pg_catalog.numeric;
BEGIN
    PERFORM weedgo.put_cart(store('ON'), cart(first_cart), '[{"sku": "FLOWER", "quantity": 5}, {"sku": "PIPE", "quantity": 1}]',
                            customer('ann'), 'FIVE');
    PERFORM weedgo.put_cart(store('ON'), cart(first_cart), '[{"sku": "FLOWER", "quantity": 2}]', customer('ann'), 'FIVE');
    PERFORM weedgo.get_cart(store('ON'), cart(first_cart), customer('ann'));
    PERFORM weedgo.reserve_inventory(store('ON'), cart(first_cart), customer('ann'));
    PERFORM weedgo.release_inventory(store('ON'), cart(first_cart), customer('ann'));
    PERFORM weedgo.reserve_inventory(store('ON'), cart(first_cart), customer('ann'));
    PERFORM weedgo.calc_order_totals(store('ON'), cart(first_cart), customer('ann'), 'ann-card');
    charged := (weedgo.checkout_cart(store('ON'), cart(first_cart), customer('ann'), 'ann-card', idempotency_key => format('key %s', first_cart))).total;
    PERFORM weedgo.checkout_cart(store('ON'), cart(first_cart), customer('ann'), 'ann-card', idempotency_key => format('key %s', first_cart));
    PERFORM FROM weedgo.list_orders(store('ON'), customer('ann'));
    RETURN charged;
END
$$;

-- A trap that never springs proves nothing. This is what a function falls into that does not pin
-- its search_path.
SAVEPOINT trap;
ALTER FUNCTION weedgo.get_cart RESET search_path;
SET LOCAL search_path = hostile, fixture, public, pg_catalog;
SELECT weedgo.get_cart(store('ON'), cart(1), customer('ann')) \g /dev/null
SET LOCAL search_path = fixture, public;
SELECT ok(EXISTS (SELECT FROM witness WHERE what LIKE 'operator %'),
          'the trap works: a function without a search_path of its own falls into it');
ROLLBACK TO trap;

TRUNCATE witness;
SET LOCAL SESSION AUTHORIZATION shop_app;
SELECT hide_behind_temporary_objects() \g /dev/null
SELECT run_a_shop(11) AS charged \gset
SET CONSTRAINTS ALL IMMEDIATE;
RESET SESSION AUTHORIZATION;
SELECT drop_temporary_objects() \g /dev/null

-- 2 x 19.99 - 5.00 = 34.98; tax 4.5474, so 4.55: 39.53
SELECT is(:'charged'::numeric, 39.53, 'an order is made in the middle of it, and priced as ever');
SELECT set_eq(
    $$SELECT DISTINCT ran_as::text FROM witness WHERE what NOT LIKE 'attempt:%'$$,
    ARRAY['weedgo_owner'], 'triggers, view, cast, default and check run as the owner of the relations');
SELECT is_empty(
    $$SELECT * FROM witness WHERE ran_as <> 'weedgo_owner' OR session <> 'shop_app'$$,
    'nothing runs as the role that installed the extension');
SELECT is_empty(
    $$SELECT DISTINCT what FROM witness WHERE what LIKE 'operator %' OR what LIKE 'overload %'$$,
    'no operator and no overload in the caller''s search_path is used');
SELECT set_has(
    $$SELECT what FROM witness$$,
    $$VALUES ('function in a view'), ('cast'), ('default of a column'), ('check of a table'),
             ('before insert row trigger on orders'), ('after insert statement trigger on orders'),
             ('after insert row trigger on order_items'), ('after insert row trigger on order_events'),
             ('before update row trigger on stock'), ('after update statement trigger on stock'),
             ('before update row trigger on carts'), ('after insert row trigger on cart_items'),
             ('after delete row trigger on cart_items'), ('after insert row trigger on holds'),
             ('after delete row trigger on holds'), ('after insert row trigger on promo_counters'),
             ('after insert row trigger on promo_customers')$$,
    'each of them was run, though');
SELECT is_empty($$SELECT what FROM witness WHERE what LIKE 'attempt:%SUCCEEDED'$$,
                'a trigger cannot become anybody else, or take a right it has not');
SELECT is((SELECT count(*)::integer FROM witness WHERE what LIKE 'attempt:%refused'), 10, 'it tried in ten ways');

-- Staff, and the superuser who installed the extension, call into the same.
INSERT INTO weedgo_data.products_table (store_id, sku, name, unit_price) VALUES (store('ON'), 'NEW', 'Not on the shelf yet', 1.00);
CALL fill_cart(13, 'ON', NULL, '{"FLOWER": 1}');
TRUNCATE witness;
SELECT accepted(format('SET LOCAL search_path = hostile, fixture, public, pg_catalog; SELECT FROM weedgo.%s; '
                       'SET LOCAL search_path = fixture, public', call),
                format('among all of that, staff can call %s', call), 'shop_staff')
FROM (VALUES ('expire_holds(max_holds => 5)'), ('verify_invariants()'), ('check_setup()'),
             ($$receive_stock(store('ON'), '[{"sku": "FLOWER", "quantity": 1}, {"sku": "NEW", "quantity": 1}]')$$),
             ($$adjust_stock(store('ON'), 'FLOWER', -1, 'lost', 996)$$),
             ($$sell_in_store(store('ON'), cart(13), customer('ben'), discount => 1, discount_reason => 'dented')$$),
             ($$transfer_stock(store('ON'), store('QC'), '[{"sku": "FLOWER", "quantity": 1}]')$$),
             ($$stock_overview(store('ON'))$$), ($$inventory_report(store('ON'), current_date)$$)) AS c (call);
SELECT set_has(
    $$SELECT what FROM witness$$,
    $$VALUES ('before insert row trigger on stock'), ('after insert statement trigger on stock'),
             ('before insert row trigger on stock_ledger'), ('after insert statement trigger on stock_ledger'),
             ('before insert row trigger on payments'), ('after update statement trigger on orders')$$,
    'with triggers on stock, its ledger, payments and orders');
SELECT is_empty(
    $$SELECT * FROM witness WHERE ran_as <> 'weedgo_owner' OR what LIKE 'operator %' OR what LIKE 'overload %'$$,
    'and falls into no trap');

TRUNCATE witness;
SELECT run_a_shop(12) AS charged \gset
SELECT is((SELECT array_agg(DISTINCT ran_as::text) FROM witness WHERE what NOT LIKE 'attempt:%'), ARRAY['weedgo_owner'],
          'where the installer calls the functions, nothing runs as the installer');
SELECT is_empty($$SELECT what FROM witness WHERE what LIKE 'attempt:%SUCCEEDED'$$,
                'and a trigger cannot go back to the installer''s role');
SELECT is((SELECT count(*)::integer FROM witness WHERE what LIKE 'attempt:%refused'), 10, 'though it tried');
SELECT FROM weedgo.create_tables() \g /dev/null
SELECT is((SELECT array_agg(DISTINCT ran_as::text) FROM witness WHERE what NOT LIKE 'attempt:%'), ARRAY['weedgo_owner'],
          'create_tables() runs nothing that was planted either');

SELECT * FROM finish();
ROLLBACK;
