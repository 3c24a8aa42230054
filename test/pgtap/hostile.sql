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
SELECT invariants_hold('all of it undone, every invariant holds');

SELECT * FROM finish();
ROLLBACK;
