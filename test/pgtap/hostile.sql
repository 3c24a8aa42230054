-- Somebody hostile in the database: what was made in the extension's place before it came, what the
-- owner of the relations leaves in the session of a superuser who calls, what one tenant learns of
-- another, and what an application's role can change of the records. (What is planted around a
-- shop that is running is in privileges.sql, whom row security is for in tenancy.sql.)
\ir fixture.psql
SELECT no_plan();

CREATE ROLE hostile_planter;
CREATE ROLE hostile_accomplice;
CREATE SCHEMA hostile;
GRANT ALL ON SCHEMA hostile TO PUBLIC;

-- A role of this name may be left from another database of the cluster: it steps aside.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'weedgo_owner') THEN
        ALTER ROLE weedgo_owner RENAME TO weedgo_owner_of_before;
    END IF;
END
$$;

-- What a statement is refused with after some others, all of which is undone; and what of ours is
-- there then, which must be nothing that was not there before.
CREATE FUNCTION refused_after(before text, statement text, OUT state text, OUT message text, OUT hint text, OUT is_undone boolean)
LANGUAGE plpgsql AS $$
DECLARE
    things text[];
BEGIN
    EXECUTE before;
    things := ARRAY(SELECT fixture.ours());
    SELECT r.state, r.message, r.hint INTO state, message, hint FROM fixture.refusal(statement, current_user) r;
    is_undone := things = ARRAY(SELECT fixture.ours());
    RAISE SQLSTATE '00WGO';
EXCEPTION WHEN SQLSTATE '00WGO' THEN
    NULL;
END
$$;
CREATE FUNCTION ours() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s %s', d.classid, d.objid, d.objsubid) FROM pg_depend d
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid IN (to_regnamespace('weedgo'), to_regnamespace('weedgo_data'))
    UNION ALL SELECT format('schema %s %s %s', n.nspname, n.nspowner, n.nspacl) FROM pg_namespace n WHERE n.nspname LIKE 'weedgo%'
    UNION ALL SELECT format('function %s %s %s', p.oid, p.proowner, p.proacl) FROM pg_proc p WHERE p.pronamespace IN (to_regnamespace('weedgo'), to_regnamespace('weedgo_data'))
    UNION ALL SELECT format('relation %s %s %s', c.oid, c.relowner, c.relacl) FROM pg_class c WHERE c.relnamespace = to_regnamespace('weedgo_data')
    UNION ALL SELECT format('role %s', r.rolname) FROM pg_roles r WHERE r.rolname = 'weedgo_owner'
    ORDER BY 1
$$;
CREATE FUNCTION kept_out(before text, statement text, message text, name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    found := refused_after(before, statement);
    RETURN is(jsonb_build_array(found.state, found.message, found.hint IS NOT NULL, found.is_undone),
              jsonb_build_array('42501', message, true, true), name);
END
$$;

-- Schema weedgo, made before (that of an ordinary role is in setup.sql) --------------------------------

SELECT kept_out('CREATE SCHEMA weedgo; ' || planted, 'CREATE EXTENSION weedgo_checkout', 'schema weedgo exists and ' || fault, planted)
FROM (VALUES
    ('GRANT CREATE ON SCHEMA weedgo TO PUBLIC', 'others may create objects in it'),
    ('GRANT CREATE ON SCHEMA weedgo TO hostile_planter', 'others may create objects in it'),
    ('CREATE FUNCTION weedgo.grant_app(text) RETURNS void LANGUAGE sql AS ''''', 'is not empty'),
    ('CREATE TYPE weedgo.checkout_result AS ENUM ()', 'is not empty'),
    ('CREATE TYPE weedgo.stock_level', 'is not empty'),
    ('CREATE TABLE weedgo.orders ()', 'is not empty'),
    ('CREATE OPERATOR weedgo.= (LEFTARG = name, RIGHTARG = name, FUNCTION = pg_catalog.nameeq)', 'is not empty'),
    ('CREATE COLLATION weedgo."C" FROM "C"', 'is not empty')
) AS p (planted, fault);
SELECT kept_out('CREATE SCHEMA weedgo; '
                'GRANT CREATE ON SCHEMA weedgo TO hostile_planter; SET LOCAL ROLE hostile_planter; '
                'CREATE FUNCTION weedgo.lock_cart(text, text) RETURNS void LANGUAGE sql AS ''''; '
                'SET LOCAL ROLE NONE; REVOKE ALL ON SCHEMA weedgo FROM hostile_planter',
                'CREATE EXTENSION weedgo_checkout', 'schema weedgo exists and is not empty', 'a function that was planted while one could');
SAVEPOINT empty_schema;
CREATE SCHEMA weedgo;
GRANT USAGE ON SCHEMA weedgo TO hostile_planter;
ALTER DEFAULT PRIVILEGES IN SCHEMA weedgo GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
SELECT lives_ok('CREATE EXTENSION weedgo_checkout', 'an empty schema that others may use is taken');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'weedgo'::regnamespace AND has_function_privilege('hostile_planter', p.oid, 'EXECUTE')$$,
                'and default privileges let nobody execute anything');
ROLLBACK TO empty_schema;

-- In the way of whoever installs ------------------------------------------------------------------------

-- These are found first, were it for the search_path of the superuser who installs. Each names itself
-- when it is run.
CREATE TABLE witness (what text, ran_as name);
GRANT ALL ON witness TO PUBLIC;
CREATE FUNCTION testify(what text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
    $$BEGIN INSERT INTO fixture.witness VALUES (what, current_user); END$$;
DO $plant$
DECLARE
    operand  text;
    operator text;
    f        record;
BEGIN
    FOREACH operand IN ARRAY ARRAY['name', 'text', 'oid', 'boolean', 'jsonb', '"char"'] LOOP
        FOREACH operator IN ARRAY ARRAY['=', '<>'] LOOP
            EXECUTE format('CREATE FUNCTION hostile.%1$I(%2$s, %2$s) RETURNS boolean LANGUAGE plpgsql AS '
                           '$f$BEGIN PERFORM fixture.testify(%3$L); RETURN NULL; END$f$', 'operator_' || operator || operand, operand, operator || ' of ' || operand);
            EXECUTE format('CREATE OPERATOR hostile.%1$s (LEFTARG = %2$s, RIGHTARG = %2$s, FUNCTION = hostile.%3$I)', operator, operand, 'operator_' || operator || operand);
        END LOOP;
    END LOOP;
    FOR f IN SELECT * FROM (VALUES ('to_regclass', 'text', 'regclass'), ('to_regnamespace', 'text', 'regnamespace'), ('to_regprocedure', 'text', 'regprocedure'),
                                   ('format', 'text, name', 'text'), ('format', 'text, text', 'text'), ('jsonb_typeof', 'jsonb', 'text'), ('jsonb_object_keys', 'jsonb', 'SETOF text'),
                                   ('current_setting', 'text', 'text'), ('set_config', 'text, text, boolean', 'text'), ('pg_get_userbyid', 'oid', 'name'),
                                   ('has_function_privilege', 'name, text, text', 'boolean'), ('pg_has_role', 'oid, text', 'boolean'), ('string_to_table', 'text, text', 'SETOF text'),
                                   ('aclexplode', 'aclitem[]', 'SETOF record'), ('upper', 'text', 'text'), ('gen_random_uuid', '', 'uuid')) AS v (name, arguments, result) LOOP
        EXECUTE format('CREATE FUNCTION hostile.%1$I(%2$s) RETURNS %3$s LANGUAGE plpgsql AS $f$BEGIN PERFORM fixture.testify(%4$L); %5$s END$f$',
                       f.name, f.arguments, f.result, f.name || '()', CASE WHEN f.result LIKE 'SETOF%' THEN 'RETURN;' ELSE 'RETURN NULL;' END);
    END LOOP;
    FOREACH operand IN ARRAY ARRAY['pg_roles', 'pg_namespace', 'pg_proc', 'pg_class', 'pg_policy', 'pg_depend', 'pg_auth_members', 'stores', 'orders', 'carts'] LOOP
        EXECUTE format('CREATE TEMP TABLE %I (nothing integer)', operand);
        EXECUTE format('CREATE TABLE hostile.%I (nothing integer)', operand);
    END LOOP;
END
$plant$;
CREATE FUNCTION install() RETURNS text LANGUAGE plpgsql SET search_path = hostile, pg_temp, pg_catalog AS $$
BEGIN
    CREATE EXTENSION weedgo_checkout;
    PERFORM weedgo.create_tables(options => '{"row_security": true}');
    PERFORM weedgo.create_tables();
    PERFORM weedgo.grant_app('hostile_planter', 'staff');
    INSERT INTO weedgo_data.stores (store_id, province) VALUES ('11111111-1111-1111-1111-111111111111', 'ON');
    PERFORM weedgo.bind_role('hostile_planter', '{11111111-1111-1111-1111-111111111111}');
    PERFORM FROM weedgo.check_setup();
    PERFORM FROM weedgo.verify_invariants();
    PERFORM weedgo.create_tables(options => '{"row_security": false}');
    DROP EXTENSION weedgo_checkout;
    CREATE EXTENSION weedgo_checkout;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$$;
CREATE FUNCTION is_trapped() RETURNS boolean LANGUAGE plpgsql SET search_path = hostile, pg_temp, pg_catalog AS
    $$BEGIN RETURN 'a'::text = 'b'::text OR to_regclass('weedgo') IS NULL; END$$;
SELECT is_trapped() \g /dev/null
SELECT set_eq('SELECT what FROM witness', ARRAY['= of text', 'to_regclass()'], 'the traps work');
TRUNCATE witness;
SAVEPOINT trapped;
SELECT is(install(), 'done', 'among operators, functions and tables that hide PostgreSQL''s a superuser installs the extension, and sets it up');
SELECT is_empty('SELECT * FROM witness', 'and falls into none of them');
ROLLBACK TO trapped;
-- They would hide these from pgTAP, too.
DROP TABLE pg_temp.pg_roles, pg_temp.pg_namespace, pg_temp.pg_proc, pg_temp.pg_class, pg_temp.pg_policy, pg_temp.pg_depend, pg_temp.pg_auth_members,
           pg_temp.stores, pg_temp.orders, pg_temp.carts;

-- Role weedgo_owner, and schema weedgo_data, made before -------------------------------------------------

CREATE EXTENSION weedgo_checkout;
SELECT kept_out('CREATE ROLE weedgo_owner; ' || planted, 'SELECT weedgo.create_tables()',
                'role "weedgo_owner" exists, and can log in, has members, or has rights of its own', planted)
FROM unnest(ARRAY['ALTER ROLE weedgo_owner LOGIN', 'ALTER ROLE weedgo_owner CREATEROLE', 'ALTER ROLE weedgo_owner CREATEDB',
                  'ALTER ROLE weedgo_owner REPLICATION', 'ALTER ROLE weedgo_owner BYPASSRLS', 'GRANT weedgo_owner TO hostile_planter',
                  'GRANT pg_read_all_data TO weedgo_owner',
                  'CREATE SCHEMA weedgo_data AUTHORIZATION weedgo_owner; GRANT weedgo_owner TO hostile_planter']) AS planted;
SELECT kept_out('CREATE SCHEMA weedgo_data AUTHORIZATION hostile_planter', 'SELECT weedgo.create_tables()',
                'schema weedgo_data exists, and belongs to "hostile_planter"', 'a schema weedgo_data of an ordinary role');
SELECT kept_out('CREATE SCHEMA weedgo_data AUTHORIZATION hostile_planter; SELECT weedgo.grant_app(''hostile_planter'')', 'SELECT weedgo.create_tables()',
                'schema weedgo_data exists, and belongs to "hostile_planter"', 'of a role of an application, which may take carts'' locks');
SAVEPOINT named;
CREATE ROLE weedgo_owner LOGIN;
GRANT weedgo_owner TO hostile_accomplice;
SELECT lives_ok($$SELECT weedgo.create_tables('weedgo_owner')$$, 'a role weedgo_owner that is named is taken as it is');
SELECT lives_ok($$SELECT weedgo.create_tables()$$, 'and is known from then on');
ROLLBACK TO named;

-- A whole set of relations of somebody else.
SAVEPOINT whole_set;
SELECT weedgo.create_tables('hostile_planter') \g /dev/null
DROP EXTENSION weedgo_checkout;
SET LOCAL client_min_messages = error;
CREATE EXTENSION weedgo_checkout;
SET LOCAL client_min_messages = warning;
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'weedgo'::regnamespace AND has_function_privilege('hostile_planter', p.oid, 'EXECUTE')$$,
                'CREATE EXTENSION grants nothing to whoever has made a schema weedgo_data');
SELECT kept_out('SELECT 1', 'SELECT weedgo.create_tables()', 'schema weedgo_data exists, and belongs to "hostile_planter"', 'nor does create_tables() take it');
SELECT lives_ok($$SELECT weedgo.create_tables('hostile_planter')$$, 'unless the owner is named');
SELECT lives_ok($$SELECT weedgo.create_tables()$$, 'and it is known from then on');
ROLLBACK TO whole_set;
SAVEPOINT comes_back;
SELECT weedgo.create_tables() \g /dev/null
DROP EXTENSION weedgo_checkout;
CREATE EXTENSION weedgo_checkout;
SELECT weedgo.create_tables() \g /dev/null
SELECT ok(has_function_privilege('weedgo_owner', 'weedgo.lock_cart(uuid, uuid, jsonb)', 'EXECUTE'),
          'weedgo_owner is taken again when the extension comes back');
DROP EXTENSION weedgo_checkout;
GRANT weedgo_owner TO hostile_planter;
SET LOCAL client_min_messages = error;
CREATE EXTENSION weedgo_checkout;
SET LOCAL client_min_messages = warning;
SELECT ok(NOT has_function_privilege('weedgo_owner', 'weedgo.lock_cart(uuid, uuid, jsonb)', 'EXECUTE'), 'but not when somebody can act as it');
ROLLBACK TO comes_back;

-- Each thing that create_tables() makes, as somebody else's.
SELECT weedgo.create_tables() \g /dev/null
SELECT kept_out(format('ALTER %s OWNER TO hostile_planter', thing), 'SELECT weedgo.create_tables()',
                format('weedgo_data.%s exists, and belongs to "hostile_planter", not to "weedgo_owner"', name), 'somebody else''s ' || thing)
FROM (SELECT c.relname AS name, CASE c.relkind WHEN 'v' THEN 'VIEW ' ELSE 'TABLE ' END || c.oid::regclass AS thing
      FROM pg_class c WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relkind <> 'i'
      UNION ALL
      SELECT p.proname, 'FUNCTION ' || p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'weedgo_data'::regnamespace) AS made;
DROP SCHEMA weedgo_data CASCADE;
DROP EXTENSION weedgo_checkout;

-- What the owner of the relations leaves behind ------------------------------------------------------------

CALL open_shop();
-- In a trigger, and in a view, it tries to leave something in the session of the superuser who calls.
CREATE FUNCTION leave_something(what text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    attempt text;
BEGIN
    FOREACH attempt IN ARRAY string_to_array(what, ';') LOOP
        BEGIN
            EXECUTE attempt;
            INSERT INTO fixture.witness VALUES (attempt, current_user);
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO fixture.witness VALUES ('refused: ' || SQLSTATE, current_user);
        END;
    END LOOP;
    RETURN what;
END
$$;
CREATE FUNCTION leave_something() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN PERFORM fixture.leave_something(TG_ARGV[0]); RETURN NULL; END$$;
GRANT USAGE ON SCHEMA fixture TO weedgo_owner;
CALL fill_cart(1, 'ON', 'ann', '{"FLOWER": 2}');
-- What was tried and done, the witness says.
CREATE FUNCTION left_by_trigger(what text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    settings CONSTANT text := (SELECT string_agg(format('%s=%s', name, setting), ' ' ORDER BY name) FROM pg_settings WHERE name <> 'synchronous_commit');
    seen     text[];
BEGIN
    TRUNCATE fixture.witness;
    EXECUTE format('CREATE TRIGGER leave_something AFTER INSERT ON weedgo_data.orders FOR EACH ROW EXECUTE FUNCTION fixture.leave_something(%L)', what);
    PERFORM weedgo.checkout_cart(fixture.store('ON'), fixture.cart(1), fixture.customer('ann'));
    seen := ARRAY(SELECT w.what || ' as ' || w.ran_as FROM fixture.witness w);
    IF settings <> (SELECT string_agg(format('%s=%s', name, setting), ' ' ORDER BY name) FROM pg_settings WHERE name <> 'synchronous_commit') THEN
        seen := seen || 'a setting was left'::text;
    END IF;
    RAISE SQLSTATE '00WGO';
EXCEPTION WHEN SQLSTATE '00WGO' THEN
    RETURN seen;
END
$$;
SELECT is(left_by_trigger(attempt), ARRAY['refused: 42501 as weedgo_owner'], 'a trigger cannot: ' || attempt)
FROM unnest(ARRAY['DECLARE hostile_cursor CURSOR WITH HOLD FOR SELECT 1', 'PREPARE hostile_statement AS SELECT 1', 'LISTEN hostile',
                  'CREATE TEMP TABLE pg_class (nothing integer)', 'CREATE TEMP VIEW pg_class AS SELECT 1', 'SET SESSION AUTHORIZATION DEFAULT', 'RESET ROLE']) AS attempt;
SELECT is(left_by_trigger(attempt), ARRAY[attempt || ' as weedgo_owner'], 'a trigger can, but nothing is left: ' || attempt)
FROM unnest(ARRAY['SET search_path = hostile', 'SET LOCAL search_path = hostile', 'SELECT set_config(''search_path'', ''hostile'', false)',
                  'SET check_function_bodies = on', 'SET lock_timeout = 1', 'SET statement_timeout = 1', 'SET row_security = off', 'SET weedgo_checkout.lock_timeout = 1']) AS attempt;
SELECT is(current_setting('search_path'), 'fixture, public', 'as one sees afterwards');
SAVEPOINT by_reading;
TRUNCATE witness;
CALL stand_in('products', $$SELECT store_id, sku, fixture.leave_something('SET LOCAL search_path = hostile') AS name, unit_price, sale_price, sale_from, sale_until,
                                   is_available, tax_class, equivalent_mg FROM weedgo_data.products_aside$$, 'VIEW');
SELECT weedgo.calc_order_totals(store('ON'), cart(1), customer('ann')) \g /dev/null
SELECT is(current_setting('search_path'), 'fixture, public', 'nothing is left by a function in a view either');
SELECT results_eq('SELECT DISTINCT what, ran_as FROM fixture.witness', $$VALUES ('SET LOCAL search_path = hostile', 'weedgo_owner'::name)$$, 'though it ran');
ROLLBACK TO by_reading;

-- Deferred to the end of the transaction, a trigger would run as the caller.
SAVEPOINT deferred;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON weedgo_data.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leave_something('SELECT 1');
TRUNCATE witness;
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, '42501', NULL, 'a deferred trigger is not queued for the end', r)
FROM unnest(ARRAY[current_user, 'shop_app']) r;
SELECT is_empty('SELECT FROM witness', 'and does not run');
ROLLBACK TO deferred;
SAVEPOINT not_deferred;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON weedgo_data.orders DEFERRABLE FOR EACH ROW EXECUTE FUNCTION leave_something('SELECT 1');
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, 'one that could be deferred, and is not, runs at once');
SELECT results_eq('SELECT what, ran_as FROM witness', $$VALUES ('SELECT 1', 'weedgo_owner'::name)$$, 'as the owner');
ROLLBACK TO not_deferred;
-- create_tables() begins the books of a table of stock: a trigger on the ledger then runs as the owner, for good.
SAVEPOINT books;
TRUNCATE witness;
DROP TRIGGER enter_opening_stock ON weedgo_data.stock;
UPDATE weedgo_data.stock SET available = available + 1 WHERE store_id = store('ON') AND sku = 'FLOWER';
CREATE TRIGGER leave_something AFTER INSERT ON weedgo_data.stock_ledger FOR EACH STATEMENT
    EXECUTE FUNCTION leave_something('SET LOCAL search_path = hostile;SET LOCAL ROLE NONE;CREATE TEMP TABLE pg_class (nothing integer)');
SELECT weedgo.create_tables() \g /dev/null
SELECT results_eq('SELECT what, ran_as FROM witness',
                  $$VALUES ('SET LOCAL search_path = hostile', 'weedgo_owner'::name), ('refused: 42501', 'weedgo_owner'), ('refused: 42501', 'weedgo_owner')$$,
                  'a trigger on the ledger cannot become the superuser who calls create_tables()');
SELECT is(current_setting('search_path'), 'fixture, public', 'nor leave a setting');
SELECT invariants_hold('and the books agree with the shelf');
ROLLBACK TO books;
SELECT invariants_hold('all of it undone, every invariant holds');

-- What one tenant learns of another -----------------------------------------------------------------------

-- Toronto's role may call everything. Québec has a cart (2), a sold one (12, of a key), and a sku, a lot,
-- a promo code and a payment that Toronto knows nothing of. Of Toronto's, 1 and 11 are Ann's.
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) VALUES (store('QC'), 'SECRET', 'Poutine', 1.00);
INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (store('QC'), 'SECRET', 10);
UPDATE weedgo_data.promo_codes SET code = 'SECRET' WHERE store_id = store('QC') AND code = 'FIVE';
CALL fill_cart(2, 'QC', 'ann', '{"FLOWER": 2}');
CALL fill_cart(11, 'ON', 'ann', '{"FLOWER": 2}');
CALL fill_cart(12, 'QC', 'ann', '{"FLOWER": 2}');
CALL fill_cart(3, 'ON', 'ben', '{"FLOWER": 2}');
SELECT weedgo.receive_stock(store('QC'), '[{"sku": "FLOWER", "quantity": 5, "lot": "SECRET"}]'),
       weedgo.receive_stock(store('ON'), '[{"sku": "GUMMY", "quantity": 5, "lot": "OWN"}]'),
       weedgo.checkout_cart(store('ON'), cart(11), customer('ann'), 'ann-card', idempotency_key => 'ann''s key'),
       weedgo.checkout_cart(store('QC'), cart(12), customer('ann'), 'ann-card', idempotency_key => 'a secret') \g /dev/null
SELECT weedgo.record_payment(store('QC'), order_of(12), 'captured', 1, 'SECRET', 'card'), weedgo.record_payment(store('ON'), order_of(11), 'captured', 1, 'own', 'card') \g /dev/null
SELECT weedgo.create_tables(options => '{"row_security": true}') \g /dev/null
CREATE ROLE hostile_tenant;
CREATE ROLE hostile_app;
SELECT weedgo.grant_app(r, k) FROM unnest(ARRAY['hostile_tenant', 'hostile_app']) r, unnest(ARRAY['checkout', 'staff', 'reader']) k \g /dev/null
SELECT weedgo.bind_role('hostile_tenant', ARRAY[store('ON')]) \g /dev/null

-- All that a call says: its rows, or its error with DETAIL and HINT; without what no two calls share.
CREATE FUNCTION answer(call text, as_role name DEFAULT 'hostile_tenant') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    rows    jsonb;
    state   text := '00000';
    message text;
    detail  text;
    hint    text;
BEGIN
    BEGIN
        PERFORM set_config('role', as_role, true);
        EXECUTE format('SELECT jsonb_agg(to_jsonb(r)) FROM %s r', call) INTO rows;
        RAISE SQLSTATE '00WGO';
    EXCEPTION
        WHEN SQLSTATE '00WGO' THEN
            NULL;
        WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    END;
    RETURN regexp_replace(regexp_replace(regexp_replace(concat_ws(' | ', state, rows, message, detail, hint),
        '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<id>', 'g'), 'ORD-\d+-\w+', '<number>', 'g'),
        '\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)', '<time>', 'g');
END
$$;
-- A call of any function, about a store, cart, order and customer; with what else it must be given.
CREATE FUNCTION call_of(f oid, store_name text, cart_id uuid, order_id uuid, customer_name text DEFAULT 'ann') RETURNS text LANGUAGE sql AS $$
    SELECT format('weedgo.%I(%s)', p.proname, string_agg(format('%I => %s', a.name, v.value), ', '))
    FROM pg_proc p CROSS JOIN unnest(p.proargnames) WITH ORDINALITY AS a (name, place)
    LEFT JOIN LATERAL (VALUES ('store_id', format('%L::uuid', store(store_name))), ('to_store_id', format('%L::uuid', store('BC'))),
                      ('cart_id', format('%L::uuid', cart_id)), ('order_id', format('%L::uuid', order_id)),
                      ('customer_id', format('%L::uuid', customer(customer_name))), ('actor_id', format('%L::uuid', customer('ben'))),
                      ('sku', '''FLOWER'''), ('change', '-1'), ('reason', '''lost'''), ('to_status', '''confirmed'''), ('event', '''failed'''),
                      ('provider_reference', '''r'''), ('month', '''2026-01-01'''), ('lot', '''OWN'''), ('promo_code', '''FIVE'''),
                      ('items', CASE p.proname WHEN 'refund_order' THEN 'NULL' ELSE '''[{"sku": "FLOWER", "quantity": 1}]''' END),
                      ('amount', CASE p.proname WHEN 'refund_order' THEN '1' ELSE 'NULL' END)) AS v (name, value) USING (name)
    WHERE p.oid = f AND a.place <= p.pronargs AND (a.place <= p.pronargs - p.pronargdefaults OR v.value IS NOT NULL)
    GROUP BY p.proname
$$;
-- All but cart_lock_key, which reads nothing.
CREATE TEMP VIEW functions AS
    SELECT p.oid AS f, p.proname AS name, p.proargnames[1:p.pronargs] AS arguments FROM pg_proc p
    WHERE p.pronamespace = 'weedgo'::regnamespace AND p.proargnames[1] = 'store_id' AND p.proname <> 'cart_lock_key';

SELECT matches(answer(call_of(f, 'ON', cart(1), order_of(11)), 'hostile_app'), CASE name WHEN 'fulfil_order' THEN '^WG013' ELSE '^00000' END, name || ' can be called so, where one may') FROM functions;
SELECT matches(answer(call_of(f, 'QC', cart(2), order_of(12))), '^42501 \| the role is not bound to this store \|', name || ': another''s store is refused') FROM functions;
SELECT is(answer(call_of(f, 'QC', cart(2), order_of(12))), answer(call_of(f, 'NOWHERE', cart(2), order_of(12))), name || ': as one that there is not') FROM functions;
SELECT is(answer(call_of(f, 'ON', cart(n), order_of(12))), answer(call_of(f, 'ON', cart(99), cart(99))), format('%s: another store''s %s is as one that there is not', name, what))
FROM functions, (VALUES (2, 'cart or order'), (12, 'sold cart or order')) AS v (n, what)
WHERE 'cart_id' = ANY (arguments) OR 'order_id' = ANY (arguments);

-- Another customer's, for who may act for all stores. put_cart makes the cart that there is not.
SELECT is(answer(call_of(f, 'ON', cart(n), order_of(11), customer_name), 'hostile_app'), answer(call_of(f, 'ON', cart(99), cart(99), customer_name), 'hostile_app'),
          format('%s: another customer''s %s is as one that there is not, for %s', name, what, customer_name))
FROM functions, (VALUES (1, 'cart or order'), (11, 'sold cart or order')) AS v (n, what), unnest(ARRAY['ben', 'nobody']) AS customer_name
WHERE 'customer_id' = ANY (arguments) AND ('cart_id' = ANY (arguments) OR 'order_id' = ANY (arguments)) AND name <> 'put_cart';
SELECT matches(answer(call_of('weedgo.put_cart'::regproc, 'ON', cart(n), NULL, 'ben'), 'hostile_app'), '^WG001', 'put_cart: another customer''s cart is refused')
FROM unnest(ARRAY[1, 11]) n;

-- Keys. One says nothing of where else, or by whom, it was used.
CREATE FUNCTION sold_by_key(cart_number integer, customer_name text, key text, role_name name) RETURNS text LANGUAGE sql AS $$
    SELECT answer(format('weedgo.checkout_cart(%L, %L, %L, idempotency_key => %L)', store('ON'), cart(cart_number), customer(customer_name), key), role_name)
$$;
SELECT is(sold_by_key(n, customer_name, key, role_name), sold_by_key(instead, customer_name, 'no key', role_name), name)
FROM (VALUES (1,  'ann', 'a secret',   1,  'hostile_tenant', 'a key of another store is new'),
             (12, 'ann', 'a secret',   99, 'hostile_tenant', 'with its cart, too, which there is not here'),
             (3,  'ben', 'ann''s key', 3,  'hostile_app',    'a key of another customer is new'),
             (11, 'ben', 'ann''s key', 99, 'hostile_app',    'with her cart, too, which there is not for him')) AS v (n, customer_name, key, instead, role_name, name);
SELECT is(answer(format('weedgo.checkout_cart(%L, %L, idempotency_key => ''ann''''s key'')', store('ON'), cart(11)), 'hostile_app'),
          answer(format('weedgo.checkout_cart(%L, %L, idempotency_key => ''ann''''s key'')', store('ON'), cart(99)), 'hostile_app'), 'and for a guest');
SELECT matches(answer(format('weedgo.checkout_cart(%L, %L, %L, ''ann-card'', idempotency_key => ''ann''''s key'')', store('ON'), cart(11), customer('ann'))), '"replayed": true', 'she herself is answered');

-- Names.
SELECT is(replace(answer(replace(call, 'NAME', 'SECRET')), 'SECRET', 'NAME'), replace(answer(replace(call, 'NAME', 'NOTHING')), 'NOTHING', 'NAME'),
          'what another store calls so is as nothing: ' || call)
FROM (VALUES ($$weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), promo_code => 'NAME')$$),
             ($$weedgo.calc_order_totals(store('ON'), cart(1), customer('ann'), promo_code => 'NAME')$$),
             ($$weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), options => '{"lots": {"FLOWER": "NAME"}}')$$),
             ($$weedgo.trace_lot(store('ON'), 'NAME')$$), ($$weedgo.recall_lot(store('ON'), 'NAME')$$),
             ($$weedgo.split_stock(store('ON'), 'NAME')$$), ($$weedgo.merge_stock(store('ON'), 'NAME')$$),
             ($$weedgo.split_promo(store('ON'), 'NAME')$$), ($$weedgo.merge_promo(store('ON'), 'NAME')$$),
             ($$weedgo.adjust_stock(store('ON'), 'NAME', -1, 'lost')$$), ($$weedgo.receive_stock(store('ON'), '[{"sku": "NAME", "quantity": 1}]')$$),
             ($$weedgo.put_cart(store('ON'), cart(1), '[{"sku": "NAME", "quantity": 1}]', customer('ann'))$$),
             ($$weedgo.record_payment(store('ON'), (SELECT order_id FROM weedgo.list_orders(store('ON'), customer('ann'))), 'captured', 1, 'NAME', 'card')$$)) AS c (call);
SELECT is(replace(answer($$weedgo.checkout_cart(store('ON'), cart(3), customer('ben'), 'ann-card')$$, 'hostile_app'), 'ann-card', 'no-card'),
          answer($$weedgo.checkout_cart(store('ON'), cart(3), customer('ben'), 'no-card')$$, 'hostile_app'), 'another customer''s payment method is as none');

-- Records stay ------------------------------------------------------------------------------------------------

-- Whatever kind of application a role is for, or all of them: it can change no record, and keep none from
-- being written.
CREATE ROLE hostile_checkout;
CREATE ROLE hostile_staff;
CREATE ROLE hostile_reader;
SELECT weedgo.grant_app('hostile_' || k, k) FROM unnest(ARRAY['checkout', 'staff', 'reader']) k \g /dev/null
CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TEMP TABLE records AS
    SELECT unnest(ARRAY['orders', 'order_items', 'order_events', 'payments', 'stock_ledger', 'allocations', 'lots', 'customer_days', 'promo_counters', 'store_roles']) AS relation;
CREATE TEMP TABLE attempts (attempt) AS VALUES
    ('SELECT * FROM weedgo_data.%1$I'), ('SELECT FROM weedgo_data.%1$I FOR UPDATE'), ('LOCK TABLE weedgo_data.%1$I'), ('CLUSTER weedgo_data.%1$I'),
    ('UPDATE weedgo_data.%1$I SET store_id = store_id'), ('DELETE FROM weedgo_data.%1$I'), ('TRUNCATE weedgo_data.%1$I'),
    ('MERGE INTO weedgo_data.%1$I r USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE'),
    ('ALTER TABLE weedgo_data.%1$I DISABLE TRIGGER ALL'), ('ALTER TABLE weedgo_data.%1$I DISABLE ROW LEVEL SECURITY'),
    ('ALTER TABLE weedgo_data.%1$I OWNER TO CURRENT_USER'), ('GRANT ALL ON weedgo_data.%1$I TO CURRENT_USER'),
    ('ALTER TABLE weedgo_data.%1$I DROP COLUMN store_id'), ('ALTER TABLE weedgo_data.%1$I SET UNLOGGED'),
    ('ALTER TABLE weedgo_data.%1$I SET SCHEMA hostile'), ('DROP TABLE weedgo_data.%1$I'),
    ('CREATE RULE quiet AS ON INSERT TO weedgo_data.%1$I DO INSTEAD NOTHING'),
    ('CREATE TRIGGER loud BEFORE INSERT ON weedgo_data.%1$I FOR EACH ROW EXECUTE FUNCTION fixture.loud()'),
    ('CREATE POLICY open ON weedgo_data.%1$I USING (true)'), ('DROP POLICY bound_stores ON weedgo_data.%1$I'),
    ('CREATE INDEX ON weedgo_data.%1$I (store_id)'), ('CREATE TABLE hostile.heir () INHERITS (weedgo_data.%1$I)'),
    ('CREATE PUBLICATION leak FOR TABLE weedgo_data.%1$I');
SELECT is(ARRAY(SELECT relation FROM records WHERE (refusal(format(attempt, relation), role_name)).state <> '42501'), '{}', format('%s cannot: %s', role_name, replace(attempt, '%1$I', '...')))
FROM attempts, unnest(ARRAY['hostile_checkout', 'hostile_staff', 'hostile_reader', 'hostile_tenant', 'hostile_app']) AS role_name;
SELECT is((refusal(attempt, 'hostile_app')).state, '42501', 'an application cannot: ' || attempt)
FROM unnest(ARRAY['SET LOCAL session_replication_role = replica', 'ALTER EXTENSION weedgo_checkout DROP FUNCTION weedgo.lock_cart', 'DROP EXTENSION weedgo_checkout',
                  'DROP OWNED BY weedgo_owner', 'REASSIGN OWNED BY weedgo_owner TO hostile_app', 'GRANT weedgo_owner TO hostile_app', 'ALTER SCHEMA weedgo_data OWNER TO hostile_app',
                  'CREATE EVENT TRIGGER loud ON ddl_command_start EXECUTE FUNCTION fixture.loud()', 'DROP FUNCTION weedgo_data.enter_opening_stock',
                  'ALTER FUNCTION weedgo.verify_audit RESET search_path',
                  'CREATE FUNCTION hostile.f() RETURNS void LANGUAGE c AS ''weedgo_checkout'', ''weedgo_checkout_cart''']) AS attempt;

-- Through the functions records are only added, and statuses move: what was written stays word for word.
CREATE FUNCTION written() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('event %s', to_jsonb(e)) FROM weedgo_data.order_events e
    UNION ALL SELECT format('payment %s', to_jsonb(p)) FROM weedgo_data.payments p
    UNION ALL SELECT format('ledger %s', to_jsonb(l)) FROM weedgo_data.stock_ledger l
    UNION ALL SELECT format('item %s', to_jsonb(i) - 'returned') FROM weedgo_data.order_items i
    UNION ALL SELECT format('order %s', to_jsonb(o) - 'status' - 'payment_status') FROM weedgo_data.orders o
$$;
CREATE FUNCTION rewritten_by(call text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    before CONSTANT text[] := ARRAY(SELECT written());
    found  text[];
BEGIN
    PERFORM run_as('hostile_app', 'SELECT FROM ' || call);
    found := ARRAY(SELECT unnest(before) EXCEPT ALL SELECT written());
    RAISE SQLSTATE '00WGO';
EXCEPTION
    WHEN SQLSTATE '00WGO' THEN
        RETURN found;
    WHEN OTHERS THEN
        RETURN '{}';
END
$$;
SELECT is(rewritten_by(call_of(f, 'ON', cart(1), order_of(11))), '{}', name || ' rewrites nothing') FROM functions;

SELECT is_empty('SELECT * FROM weedgo.verify_audit(store(''ON''))', 'nothing was changed by any of that');
SELECT invariants_hold('and every invariant holds');

SELECT * FROM finish();
ROLLBACK;
