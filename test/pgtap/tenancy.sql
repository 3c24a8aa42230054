-- Row security by store: a role that is bound to stores sees and moves what is theirs only, in the
-- tables and through every function; all others act for all stores as before.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();

-- The functions, each called for a store with a cart (1: Toronto's, 2: Québec's) and an order of it.
CALL fill_cart(1, 'ON', 'ann', '{"FLOWER": 2}');
CALL fill_cart(2, 'QC', 'ann', '{"FLOWER": 2}');
CALL fill_cart(11, 'ON', 'ann', '{"FLOWER": 1}', 'ONCE');
CALL fill_cart(12, 'QC', 'ann', '{"FLOWER": 1}', 'ONCE');
CALL fill_cart(21, 'ON', NULL, '{"GUMMY": 1}');
CALL fill_cart(22, 'QC', NULL, '{"GUMMY": 1}');
UPDATE weedgo_data.stores SET policies = '{"purchase_limit_mg": 30000, "purchase_limit_per_day": true}';
SELECT weedgo.receive_stock(s, '[{"sku": "FLOWER", "quantity": 5, "lot": "L-1"}]') FROM unnest(ARRAY[store('ON'), store('QC')]) s \g /dev/null
SELECT weedgo.checkout_cart(store(s), cart(n), customer('ann'), 'ann-card', options => '{"lots": {"FLOWER": "L-1"}}') FROM (VALUES ('ON', 11), ('QC', 12)) v (s, n) \g /dev/null
SELECT weedgo.reserve_inventory(store('ON'), cart(21)), weedgo.reserve_inventory(store('QC'), cart(22)) \g /dev/null
SELECT weedgo.record_payment(store('ON'), order_of(11), 'captured', 20, 'paid', 'card'),
       weedgo.record_payment(store('QC'), order_of(12), 'captured', 20, 'paid', 'card'),
       weedgo.adjust_stock(store('ON'), 'FLOWER', -1, 'lost'), weedgo.adjust_stock(store('QC'), 'FLOWER', -1, 'lost') \g /dev/null

-- %1$L: the store; %2$s: its cart; %3$L: its order; %4$L: another store of the same kind.
CREATE TEMP TABLE calls (f, call) AS VALUES
    ('checkout_cart',     'checkout_cart(store(%1$L), cart(%2$s), customer(''ann''))'),
    ('calc_order_totals', 'calc_order_totals(store(%1$L), cart(%2$s), customer(''ann''))'),
    ('reserve_inventory', 'reserve_inventory(store(%1$L), cart(%2$s), customer(''ann''))'),
    ('release_inventory', 'release_inventory(store(%1$L), cart(%2$s), customer(''ann''))'),
    ('expire_holds',      'expire_holds(store(%1$L))'),
    ('put_cart',          'put_cart(store(%1$L), cart(%2$s), ''[{"sku": "GUMMY", "quantity": 1}]'', customer(''ann''))'),
    ('get_cart',          'get_cart(store(%1$L), cart(%2$s), customer(''ann''))'),
    ('lock_cart',         'lock_cart(store(%1$L), cart(%2$s))'),
    ('get_order',         'get_order(store(%1$L), %3$L, customer(''ann''))'),
    ('list_orders',       'list_orders(store(%1$L), customer(''ann''))'),
    ('advance_order',     'advance_order(store(%1$L), %3$L, ''confirmed'')'),
    ('cancel_order',      'cancel_order(store(%1$L), %3$L)'),
    ('fulfil_order',      'fulfil_order(store(%1$L), %3$L)'),
    ('expire_orders',     'expire_orders(store(%1$L))'),
    ('record_payment',    'record_payment(store(%1$L), %3$L, ''failed'', provider_reference => ''r'')'),
    ('refund_order',      'refund_order(store(%1$L), %3$L, amount => 1, provider_reference => ''r'')'),
    ('events_after',      'events_after(store(%1$L))'),
    ('verify_audit',      'verify_audit(store(%1$L))'),
    ('verify_invariants', 'verify_invariants(store(%1$L))'),
    ('receive_stock',     'receive_stock(store(%1$L), ''[{"sku": "FLOWER", "quantity": 1}]'')'),
    ('adjust_stock',      'adjust_stock(store(%1$L), ''FLOWER'', -1, ''lost'')'),
    ('stock_overview',    'stock_overview(store(%1$L))'),
    ('recompute_order',   'recompute_order(store(%1$L), %3$L)'),
    ('inventory_report',  'inventory_report(store(%1$L), ''2026-01-01'')'),
    ('trace_lot',         'trace_lot(store(%1$L), ''L-1'')'),
    ('recall_lot',        'recall_lot(store(%1$L), ''L-1'')'),
    ('split_stock',       'split_stock(store(%1$L), ''FLOWER'', 2)'),
    ('merge_stock',       'merge_stock(store(%1$L), ''FLOWER'')'),
    ('tune_stock',        'tune_stock(store(%1$L), ''{"samples": 1}'')'),
    ('hot_skus',          'hot_skus(store(%1$L), ''{"samples": 1}'')'),
    ('split_promo',       'split_promo(store(%1$L), ''FIVE'', 2)'),
    ('merge_promo',       'merge_promo(store(%1$L), ''FIVE'')'),
    ('sell_in_store',     'sell_in_store(store(%1$L), cart(%2$s), customer(''ben''), customer(''ann''), options => ''{"age_checked": true}'')'),
    ('transfer_stock',    'transfer_stock(store(%1$L), store(%4$L), ''[{"sku": "FLOWER", "quantity": 1}]'')');
UPDATE calls SET call = 'fulfil_order(store(%1$L), %3$L) FROM (SELECT weedgo.advance_order(store(%1$L), %3$L, ''confirmed''), '
                        'weedgo.advance_order(store(%1$L), %3$L, ''ready'')) s' WHERE f = 'fulfil_order';
CREATE TEMP TABLE ids AS SELECT 'ON' AS name, 1 AS cart, order_of(11) AS order_id UNION ALL SELECT 'QC', 2, order_of(12);
CREATE FUNCTION call_of(call text, store_name text, other text) RETURNS text LANGUAGE sql AS $$
    SELECT 'SELECT weedgo.' || format(call, i.name, i.cart, i.order_id, other) FROM ids i WHERE i.name = store_name
$$;
SELECT set_eq(
    $$SELECT p.proname::text FROM pg_proc p
      WHERE p.pronamespace = 'weedgo'::regnamespace AND p.proargnames[1] = 'store_id' AND p.proname <> 'cart_lock_key'$$,
    'SELECT f FROM calls', 'every function that is about a store is called below');

-- Roles that may call everything: one bound to Toronto, one bound to nothing.
CREATE ROLE shop_toronto;
CREATE ROLE shop_free;
SELECT weedgo.grant_app(r, k) FROM unnest(ARRAY['shop_toronto', 'shop_free']) r, unnest(ARRAY['checkout', 'staff', 'reader']) k \g /dev/null

-- Binding ------------------------------------------------------------------------------------

CREATE FUNCTION bindings() RETURNS SETOF text LANGUAGE sql
AS $$SELECT role_name || ' ' || s.name FROM weedgo_data.store_roles b JOIN weedgo_data.stores s USING (store_id)$$;
CREATE FUNCTION bind(role name, VARIADIC names text[]) RETURNS text LANGUAGE sql
AS $$SELECT weedgo.bind_role(role, ARRAY(SELECT store(n) FROM unnest(names) n))::text$$;

SELECT refused(format('SELECT weedgo.grant_app(''shop_toronto'', ''checkout'', %L)', jsonb_build_object('stores', jsonb_build_array(store('ON')))),
               '55000', 'setup', 'while row security is off no role can be bound', current_user);
SELECT matches((refusal($$SELECT bind('shop_toronto', 'ON')$$, current_user)).hint, 'create_tables\(options', 'the HINT says how to switch it on');
SELECT is_empty($$SELECT * FROM pg_policy$$, 'there is no policy');
SELECT throws_ok(format('SELECT weedgo.create_tables(options => %L)', o), '22023', NULL, 'create_tables: ' || o)
FROM unnest(ARRAY['{"row_security": "on"}', '{"row_security": 1}', '{"row_security": []}', '{"row_security": true, "x": 1}']) o;
SELECT lives_ok($$SELECT weedgo.create_tables(options => '{"row_security": null}')$$, 'null is allowed');
SELECT is_empty($$SELECT * FROM pg_policy$$, 'and switches nothing on');

SELECT is_empty($$SELECT weedgo.create_tables(options => '{"row_security": true}')$$, 'row security is switched on; no table is made');
CREATE FUNCTION secured() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s %s', c.relname, CASE WHEN c.relrowsecurity THEN 'on' ELSE 'off' END, (SELECT string_agg(polname || ' ' || polcmd::text, ', ') FROM pg_policy WHERE polrelid = c.oid))
    FROM pg_class c WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN ('customers', 'payment_methods', 'tax_rates')
$$;
SELECT set_eq('SELECT secured()',
    $$SELECT c.relname || ' on bound_stores ' || CASE c.relname WHEN 'store_roles' THEN 'r' ELSE '*' END
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'store_id'
      WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relkind = 'r'$$,
    'every table with a store_id has it, and one policy');
CREATE FUNCTION catalog_of_data() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('table %s', c.ctid) FROM pg_class c WHERE c.relnamespace = 'weedgo_data'::regnamespace
    UNION ALL SELECT format('policy %s', p.ctid) FROM pg_policy p
    UNION ALL SELECT format('function %s', p.ctid) FROM pg_proc p WHERE p.pronamespace = 'weedgo_data'::regnamespace
    UNION ALL SELECT format('rule %s', r.ctid) FROM pg_rewrite r WHERE r.ev_class = 'weedgo_data.own_stores'::regclass
$$;
CREATE TEMP TABLE catalog_before AS SELECT catalog_of_data();
SELECT weedgo.create_tables(options => o::jsonb) FROM unnest(ARRAY['{"row_security": true}', '{}', NULL, '{"row_security": null}']) o \g /dev/null
SELECT set_eq('TABLE catalog_before', 'SELECT catalog_of_data()',
              'switched on again, or left as it is, it changes nothing in the catalog');

SELECT lives_ok(format('SELECT weedgo.grant_app(''shop_toronto'', ''reader'', %L)', jsonb_build_object('stores', jsonb_build_array(store('ON'), store('QC'), store('ON')))),
                'grant_app() binds a role');
SELECT set_eq('SELECT bindings()', ARRAY['shop_toronto Toronto', 'shop_toronto Québec'], 'to the stores it is given');
SELECT weedgo.grant_app('shop_toronto'), weedgo.grant_app('shop_toronto', 'reader', '{}'), weedgo.grant_app('shop_toronto', options => NULL) \g /dev/null
SELECT set_eq('SELECT bindings()', ARRAY['shop_toronto Toronto', 'shop_toronto Québec'], 'without the option it leaves them');
SELECT weedgo.grant_app('shop_toronto', 'reader', jsonb_build_object('stores', jsonb_build_array(store('ON')))) \g /dev/null
SELECT set_eq('SELECT bindings()', ARRAY['shop_toronto Toronto'], 'with it, it is exactly these');
SELECT weedgo.grant_app('shop_toronto', 'reader', '{"stores": null}') \g /dev/null
SELECT is_empty('SELECT bindings()', 'null unbinds');

SELECT throws_ok(format('SELECT weedgo.grant_app(''shop_toronto'', ''reader'', %L)', o), '22023', NULL, 'grant_app: ' || o)
FROM unnest(ARRAY['{"stores": ["Toronto"]}', '{"stores": [1]}', '{"stores": [null]}', '{"stores": []}', '{"stores": "x"}', '{"stores": {}}', '{"store": null}',
                  format('{"stores": ["%s"]}', store('ON')::text || ' '), format('{"stores": "%s"}', store('ON')), '[]',
                  format('{"stores": ["%s"]}', md5('no store')::uuid)]) o;
SELECT refused(format('SELECT weedgo.bind_role(%s)', arguments), state, 'invalid_argument', 'bind_role: ' || arguments, current_user)
FROM (VALUES ($$NULL, ARRAY[store('ON')]$$, '42704'), ($$'nobody_at_all', ARRAY[store('ON')]$$, '42704'), ($$'shop_toronto', '{}'$$, '22023'),
             ($$'shop_toronto', ARRAY[store('ON'), NULL]$$, '22023'), ($$'shop_toronto', ARRAY[cart(1)]$$, '22023'),
             ($$'pg_database_owner', ARRAY[store('ON')]$$, '22023'),
             ($$'weedgo_owner', ARRAY[store('ON')]$$, '22023'), (format('%L, ARRAY[store(''ON'')]', current_user), '22023'),
             ($$'shop_toronto', ARRAY(SELECT store('ON') FROM generate_series(1, 10001))$$, '22023')) AS c (arguments, state);
SELECT is_empty('SELECT bindings()', 'a refusal binds nothing');
SELECT throws_ok($$SELECT run_as('shop_free', 'SELECT weedgo.bind_role(''shop_free'', NULL)')$$, '42501', NULL, 'no kind of role may bind');

-- A trigger of the relations' owner on store_roles runs as the owner, and cannot become the caller.
SAVEPOINT trap;
CREATE TABLE witness (what text);
GRANT INSERT ON witness TO PUBLIC;
CREATE FUNCTION spring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fixture.witness VALUES (current_user);
    BEGIN
        PERFORM set_config('role', 'none', true);
        INSERT INTO fixture.witness VALUES ('escaped');
    EXCEPTION WHEN insufficient_privilege THEN NULL;
    END;
    RETURN NEW;
END
$$;
CREATE TRIGGER spring BEFORE INSERT ON weedgo_data.store_roles FOR EACH ROW EXECUTE FUNCTION spring();
SELECT weedgo.grant_app('shop_toronto', 'reader', jsonb_build_object('stores', jsonb_build_array(store('ON')))) \g /dev/null
SELECT results_eq('TABLE witness', ARRAY['weedgo_owner'], 'nothing runs as whoever binds');
ROLLBACK TO trap;

-- Through the functions ------------------------------------------------------------------------

-- Both act for Toronto and Québec; then shop_toronto is bound.
SELECT is((refusal(call_of(call, s, t), r)).state, '00000', format('%s, not bound, can call %s for %s', r, f, s))
FROM calls, (VALUES ('ON', 'QC'), ('QC', 'ON')) v (s, t), unnest(ARRAY['shop_toronto', 'shop_free']) r;
SELECT bind('shop_toronto', 'ON', 'BC') \g /dev/null
SELECT is((refusal(call_of(call, 'ON', 'BC'), 'shop_toronto')).state, '00000', f || ': a bound role can call it for its own store') FROM calls;
SELECT refused(call_of(call, 'QC', 'BC'), '42501', 'store_not_allowed', f || ': but for no other', 'shop_toronto') FROM calls;
SELECT is((refusal(call_of(call, s, t), r)).state, '00000', format('%s, not bound, can call %s for %s as before', r, f, s))
FROM calls, (VALUES ('ON', 'QC'), ('QC', 'ON')) v (s, t), (VALUES ('shop_free'), (current_user)) r (r);
SELECT refused_with(format('SELECT weedgo.%s', call), '42501', 'the role is not bound to this store',
                    jsonb_build_object('code', 'store_not_allowed', 'role', 'shop_toronto', 'store_id', store(other)),
                    'refused: ' || call, 'shop_toronto')
FROM (VALUES ('get_cart(store(''QC''), cart(1))', 'QC'), ('get_cart(store(''NOWHERE''), cart(1))', 'NOWHERE'),
             ('transfer_stock(store(''ON''), store(''QC''), ''[{"sku": "FLOWER", "quantity": 1}]'')', 'QC'),
             ('transfer_stock(store(''QC''), store(''ON''), ''[{"sku": "FLOWER", "quantity": 1}]'')', 'QC')) AS c (call, other);
SELECT refused_with('SELECT weedgo.' || call, '42501', 'the role is bound to stores, and the call is about all of them',
                    '{"code": "store_not_allowed", "role": "shop_toronto", "store_id": null}', 'for all stores at once: ' || call, 'shop_toronto')
FROM unnest(ARRAY['expire_holds()', 'expire_orders(NULL)', 'events_after()', 'verify_invariants()', 'check_setup()',
                  'trace_lot(NULL, ''L-1'')', 'recall_lot(NULL, ''L-1'')']) call;
SELECT is((refusal('SELECT weedgo.' || call, 'shop_free')).state, '00000', 'not bound, one can: ' || call)
FROM unnest(ARRAY['expire_holds()', 'expire_orders(NULL)', 'events_after()', 'verify_invariants()', 'check_setup()',
                  'trace_lot(NULL, ''L-1'')', 'recall_lot(NULL, ''L-1'')']) call;
SELECT refused('SELECT weedgo.get_cart(NULL, cart(1))', '22023', 'invalid_argument', 'an argument that is wrong is that first', 'shop_toronto');
SELECT accepted('SELECT weedgo.cart_lock_key(store(''QC''), cart(2))', 'cart_lock_key is about no cart that there is', 'shop_toronto');

-- The caller's setting row_security is for statements of its own.
SET LOCAL row_security = off;
SELECT refused(call_of(call, 'QC', 'BC'), '42501', 'store_not_allowed', f || ': row_security = off changes nothing', 'shop_toronto') FROM calls WHERE f IN ('get_cart', 'lock_cart');
SELECT is((refusal(call_of(call, 'ON', 'BC'), 'shop_toronto')).state, '00000', f || ': neither way') FROM calls WHERE f IN ('get_cart', 'checkout_cart');
SET LOCAL row_security = on;

-- Everything stays in one call's hands: no lock of the other store's cart is left, or was waited for.
SELECT is_empty($$SELECT FROM pg_locks JOIN weedgo.cart_lock_key(store('QC'), cart(2)) USING (classid, objid, objsubid)
                  WHERE (refusal('SELECT weedgo.lock_cart(fixture.store(''QC''), fixture.cart(2))', 'shop_toronto')).state <> '42501'$$,
                'another store''s cart is not locked');

-- Which role it is that acts ---------------------------------------------------------------------

CREATE FUNCTION reads_quebec() RETURNS text LANGUAGE sql AS $$SELECT call_of(call, 'QC', 'BC') FROM calls WHERE f = 'get_cart'$$;
SET LOCAL SESSION AUTHORIZATION shop_toronto;
SELECT state FROM refusal($$SELECT weedgo.get_cart(fixture.store('QC'), fixture.cart(2))$$, 'shop_toronto') \gset
RESET SESSION AUTHORIZATION;
SELECT is(:'state'::text, '42501', 'a session of the role is bound');

-- Members, whether they inherit or not; with their own stores and the group's.
CREATE ROLE shop_member IN ROLE shop_toronto;
CREATE ROLE shop_distant NOINHERIT IN ROLE shop_member;
SELECT weedgo.grant_app(r, 'checkout') FROM unnest(ARRAY['shop_member', 'shop_distant']) r \g /dev/null
SELECT refused(reads_quebec(), '42501', 'store_not_allowed', r || ', by its group', r) FROM unnest(ARRAY['shop_member', 'shop_distant']) r;
SELECT is((refusal(call_of(call, 'ON', 'BC'), r)).state, '00000', r || ': its group''s store')
FROM calls, unnest(ARRAY['shop_member', 'shop_distant']) r WHERE f = 'get_cart';
SELECT bind('shop_distant', 'QC') \g /dev/null
SELECT is((refusal(call_of(call, s, 'BC'), 'shop_distant')).state, '00000', 'a member with a store of its own has both: ' || s)
FROM calls, unnest(ARRAY['ON', 'QC']) s WHERE f = 'get_cart';
SELECT refused($$SELECT weedgo.get_cart(store('AB'), cart(2))$$, '42501', 'store_not_allowed', 'and no third', 'shop_distant');
SELECT accepted($$SELECT weedgo.get_cart(store('QC'), cart(2), customer('ann'))$$, 'who has members is not bound by them', 'shop_free');

-- Functions that run as somebody else.
CREATE FUNCTION quebec_cart() RETURNS text LANGUAGE sql SECURITY DEFINER
AS $$SELECT (weedgo.get_cart(fixture.store('QC'), fixture.cart(2), fixture.customer('ann'))).status$$;
GRANT EXECUTE ON FUNCTION quebec_cart TO PUBLIC;
CREATE FUNCTION state_of(definer text, caller name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER FUNCTION quebec_cart OWNER TO %I', definer);
    RETURN (refusal('SELECT quebec_cart()', caller)).state;
END
$$;
GRANT CREATE ON SCHEMA fixture TO PUBLIC;
GRANT USAGE ON SCHEMA weedgo TO weedgo_owner;
GRANT EXECUTE ON FUNCTION weedgo.get_cart TO weedgo_owner;
SELECT is(state_of(definer, caller), state, format('a function of %s, called by %s: %s', CASE definer WHEN current_user THEN 'a superuser' ELSE definer END,
          CASE caller WHEN current_user THEN 'a superuser' ELSE caller END, state))
FROM (VALUES ('shop_free', 'shop_toronto', '42501'), (current_user, 'shop_toronto', '42501'), ('shop_toronto', 'shop_free', '42501'),
             ('shop_toronto', current_user, '42501'), ('shop_free', 'shop_free', '00000'), ('weedgo_owner', 'shop_toronto', '00000')) AS c (definer, caller, state);
-- A superuser who looks after a table runs its index's functions as the table's owner.
CREATE FUNCTION planted(integer) RETURNS text LANGUAGE plpgsql IMMUTABLE
AS $$BEGIN RETURN (weedgo.get_cart(fixture.store('QC'), fixture.cart(2), fixture.customer('ann'))).status; END$$;
CREATE TABLE baited (n integer);
CREATE INDEX ON baited (planted(n));
ALTER TABLE baited OWNER TO shop_toronto;
SAVEPOINT bait;
ALTER FUNCTION planted OWNER TO shop_toronto;
SELECT is((refusal('INSERT INTO fixture.baited VALUES (1)', current_user)).state, '00000', 'a superuser acts for all stores');
INSERT INTO baited VALUES (1);
SELECT is((refusal('REINDEX TABLE fixture.baited', current_user)).state, '42501', 'but not where it reindexes a table of a bound role');
ROLLBACK TO bait;

-- Triggers run as the owner of the relations, who acts for all.
SAVEPOINT triggers;
CREATE FUNCTION looks_at_quebec() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM weedgo.get_cart(fixture.store('QC'), fixture.cart(2), fixture.customer('ann'));
    RETURN NULL;
END
$$;
CREATE TRIGGER looks_at_quebec AFTER INSERT ON weedgo_data.orders FOR EACH ROW EXECUTE FUNCTION looks_at_quebec();
SELECT accepted(call_of(call, 'ON', 'BC'), 'a trigger on orders can call a function for another store', 'shop_toronto') FROM calls WHERE f = 'checkout_cart';
ROLLBACK TO triggers;

-- In the tables --------------------------------------------------------------------------------

CREATE ROLE shop_analyst;
CREATE ROLE shop_auditor;
GRANT USAGE ON SCHEMA weedgo_data TO shop_analyst, shop_auditor, shop_toronto;
GRANT SELECT ON ALL TABLES IN SCHEMA weedgo_data TO shop_analyst, shop_auditor;
SELECT bind('shop_analyst', 'ON') \g /dev/null
CREATE FUNCTION seen_by(reader name, relation text, OUT stores text[]) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', reader, true);
    EXECUTE format('SELECT array_agg(DISTINCT store_id::text ORDER BY store_id::text) FROM weedgo_data.%I', relation) INTO stores;
    PERFORM set_config('role', 'none', true);
END
$$;
CREATE TEMP VIEW with_store AS
    SELECT c.relname::text AS relation FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'store_id'
    WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relkind = 'r';
SELECT is(seen_by('shop_analyst', relation), ARRAY[store('ON')::text], 'a bound reader sees its store''s rows of ' || relation) FROM with_store;
SELECT ok(seen_by('shop_auditor', relation) @> ARRAY[store('ON')::text, store('QC')::text], 'one that is not bound sees all of ' || relation)
FROM with_store WHERE relation <> 'store_roles';
SELECT ok(seen_by('weedgo_owner', 'orders') @> ARRAY[store('QC')::text], 'so does their owner');
SELECT is(has_table_privilege('shop_toronto', 'weedgo_data.store_roles', 'SELECT'), false, 'nobody needs a right on store_roles');
SELECT throws_ok($$SELECT run_as('shop_toronto', 'SELECT FROM weedgo_data.store_roles')$$, '42501', NULL, 'or has one');
GRANT SELECT ON weedgo_data.orders TO shop_toronto;
SELECT is(seen_by('shop_toronto', 'orders'), ARRAY[store('ON')::text], 'to read what is its own');
CREATE ROLE shop_trainee IN ROLE shop_analyst;
CREATE ROLE shop_visitor NOINHERIT IN ROLE shop_trainee;
GRANT USAGE ON SCHEMA weedgo_data TO shop_visitor;
GRANT SELECT ON weedgo_data.orders TO shop_visitor;
SELECT is(seen_by(r, 'orders'), ARRAY[store('ON')::text], 'a member sees what its group does: ' || r) FROM unnest(ARRAY['shop_trainee', 'shop_visitor']) r;
SELECT bind('shop_analyst', 'QC', 'ON') \g /dev/null
SELECT is(seen_by('shop_analyst', 'orders'), ARRAY(SELECT store(n)::text FROM unnest(ARRAY['ON', 'QC']) n ORDER BY 1), 'two stores, where two are bound');
SELECT bind('shop_analyst', 'ON') \g /dev/null
SET LOCAL row_security = off;
SELECT throws_ok($$SELECT run_as('shop_analyst', 'SELECT FROM weedgo_data.orders')$$, '42501', NULL, 'row_security = off is PostgreSQL''s error');
SET LOCAL row_security = on;

-- Everyone may ask for its own stores, and for nobody else's.
CREATE FUNCTION own_stores_of(reader name, OUT stores text[]) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', reader, true);
    stores := ARRAY(SELECT o.store_id::text FROM weedgo_data.own_stores o ORDER BY 1);
    PERFORM set_config('role', 'none', true);
END
$$;
SELECT is(has_table_privilege('shop_nobody', 'weedgo_data.own_stores', 'SELECT'), true, 'everyone may read own_stores');
SELECT is(own_stores_of(r), ARRAY(SELECT store(n)::text FROM unnest(names) n ORDER BY 1), format('%s finds there what it is bound to itself', r))
FROM (VALUES ('shop_analyst', ARRAY['ON']), ('shop_trainee', ARRAY['ON']), ('shop_visitor', ARRAY['ON']), ('shop_toronto', ARRAY['ON', 'BC']), ('shop_auditor', '{}')) AS v (r, names);
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p
                  WHERE p.pronamespace = 'weedgo_data'::regnamespace AND has_function_privilege('shop_nobody', p.oid, 'EXECUTE')$$,
                'and there is no function to ask about another role');

-- A database whose policies go by the function of release 0.1.0.
SAVEPOINT old_policies;
CREATE FUNCTION weedgo_data.stores_of(role name) RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER
AS $$SELECT array_agg(b.store_id) FROM weedgo_data.store_roles b WHERE b.role_name = stores_of.role$$;
ALTER FUNCTION weedgo_data.stores_of OWNER TO weedgo_owner;
CREATE TEMP TABLE new_policies AS SELECT tablename, cmd, qual, with_check FROM pg_policies;
DO $$
DECLARE
    relation name;
BEGIN
    FOR relation IN SELECT tablename FROM pg_policies LOOP
        EXECUTE format('ALTER POLICY bound_stores ON weedgo_data.%I USING '
                       '(coalesce(store_id = ANY ((SELECT weedgo_data.stores_of(current_user))::uuid[]), true))', relation);
    END LOOP;
END
$$;
DROP VIEW weedgo_data.own_stores;
SELECT is(seen_by('shop_analyst', 'orders'), ARRAY[store('ON')::text], 'policies of release 0.1.0 work');
SELECT is_empty('SELECT weedgo.create_tables()', 'create_tables() brings them up to date');
SELECT hasnt_function('weedgo_data', 'stores_of', 'the function is gone');
SELECT set_eq('SELECT tablename, cmd, qual, with_check FROM pg_policies', 'TABLE new_policies', 'and the policies are as they are made now');
SELECT is(seen_by('shop_analyst', 'orders'), ARRAY[store('ON')::text], 'and work as before');
ROLLBACK TO old_policies;

-- Written by hand, too. The trigger on cart_items takes the cart's lock as the owner.
GRANT SELECT, INSERT, UPDATE, DELETE ON weedgo_data.cart_items, weedgo_data.products TO shop_toronto;
SELECT accepted($$INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(1), 'PIPE', 1)$$, 'a bound role fills a cart of its store', 'shop_toronto');
SELECT refused($$INSERT INTO weedgo_data.cart_items VALUES (store('QC'), cart(2), 'PIPE', 1)$$, '42501', NULL, 'not one of another', 'shop_toronto');
SELECT refused($$UPDATE weedgo_data.products SET store_id = store('QC'), sku = 'MOVED' WHERE sku = 'PIPE'$$, '42501', NULL, 'nor moves a row there', 'shop_toronto');
SELECT run_as('shop_toronto', 'UPDATE weedgo_data.products SET unit_price = 1; DELETE FROM weedgo_data.cart_items') \g /dev/null
SELECT set_eq('SELECT DISTINCT store_id FROM weedgo_data.products WHERE unit_price = 1', ARRAY[store('ON'), store('BC')], 'what it changes is its own');
SELECT set_eq('SELECT DISTINCT store_id FROM weedgo_data.cart_items', ARRAY[store('QC')], 'and what it deletes');
GRANT ALL ON weedgo_data.store_roles TO shop_toronto;
SELECT refused($$INSERT INTO weedgo_data.store_roles VALUES ('shop_toronto', store('QC'))$$, '42501', NULL, 'no right on store_roles lets a role bind itself', 'shop_toronto');
SELECT run_as('shop_toronto', 'DELETE FROM weedgo_data.store_roles; UPDATE weedgo_data.store_roles SET store_id = fixture.store(''QC'')') \g /dev/null
SELECT set_eq($$SELECT bindings() EXCEPT SELECT 'shop_distant Québec'$$, ARRAY['shop_toronto Toronto', 'shop_toronto Victoria', 'shop_analyst Toronto'], 'or unbind itself');
REVOKE ALL ON weedgo_data.store_roles, weedgo_data.cart_items, weedgo_data.products FROM shop_toronto;

-- What check_setup() says ----------------------------------------------------------------------

CREATE FUNCTION findings() RETURNS SETOF text LANGUAGE sql
AS $$SELECT format('%s: %s: %s', severity, object, problem) FROM weedgo.check_setup() WHERE object !~ '^setting |^schema fixture'$$;
SELECT is_empty('SELECT findings()', 'all is well');
CREATE FUNCTION found_after(change text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    seen text[];
BEGIN
    EXECUTE change;
    seen := ARRAY(SELECT findings() ORDER BY 1);
    RAISE SQLSTATE '00WGO';
EXCEPTION WHEN SQLSTATE '00WGO' THEN
    RETURN seen;
END
$$;
SELECT is(found_after(change), found, 'check_setup: ' || left(change, 80))
FROM (VALUES
    ('ALTER TABLE weedgo_data.stock DISABLE ROW LEVEL SECURITY; DROP POLICY bound_stores ON weedgo_data.holds',
     ARRAY['error: weedgo_data.holds: its row security by store is off, that of other tables is on', 'error: weedgo_data.stock: its row security by store is off, that of other tables is on']),
    ('DROP POLICY bound_stores ON weedgo_data.orders', ARRAY['error: weedgo_data.orders: its row security by store is off, that of other tables is on']),
    ('ALTER TABLE weedgo_data.orders DISABLE ROW LEVEL SECURITY',
     ARRAY['error: role shop_analyst: it is bound to stores, but row security is off', 'error: role shop_distant: it is bound to stores, but row security is off',
           'error: role shop_toronto: it is bound to stores, but row security is off',
           'error: weedgo_data.orders: its row security by store is off, that of other tables is on']),
    ('DROP TABLE weedgo_data.stock_ledger; SELECT weedgo.create_tables()', '{}'),
    ('SELECT weedgo.create_tables(options => ''{"row_security": false}'')',
     ARRAY['error: role shop_analyst: it is bound to stores, but row security is off', 'error: role shop_distant: it is bound to stores, but row security is off',
           'error: role shop_toronto: it is bound to stores, but row security is off']),
    ('ALTER ROLE shop_analyst RENAME TO shop_scientist', ARRAY['error: role shop_analyst: it is bound to stores, but there is no such role']),
    ('ALTER ROLE shop_analyst BYPASSRLS', ARRAY['error: role shop_analyst: it is bound to stores, but passes row security by']),
    ('GRANT shop_free TO shop_analyst', ARRAY['warning: role shop_analyst: it is bound to stores, but may become "shop_free", which is not'])
) AS c (change, found);
SELECT ok('error: role shop_analyst: it is bound to stores, but passes row security by' = ANY (found_after('GRANT weedgo_owner TO shop_analyst')),
          'check_setup: a member of the owner');

-- Views, tables made later, off again -------------------------------------------------------------

SAVEPOINT views;
CALL stand_in('products', 'SELECT * FROM weedgo_data.products_aside', 'VIEW');
SELECT lives_ok($$SELECT weedgo.create_tables(options => '{"row_security": true}')$$, 'views are left alone');
SELECT is((refusal(call_of(call, 'ON', 'BC'), 'shop_toronto')).state, '00000', f || ' works on them') FROM calls WHERE f = 'stock_overview';
SELECT refused(call_of(call, 'QC', 'BC'), '42501', 'store_not_allowed', f || ' and judges the store', 'shop_toronto') FROM calls WHERE f = 'stock_overview';
ROLLBACK TO views;

SAVEPOINT later;
DROP TABLE weedgo_data.holds;
SELECT set_eq('SELECT weedgo.create_tables()', ARRAY['holds'], 'a table that is made later');
SELECT set_has('SELECT secured()', $$VALUES ('holds on bound_stores *')$$, 'has row security, as the others');
DROP TABLE weedgo_data.store_roles CASCADE;
SELECT is(seen_by('shop_auditor', 'orders'), NULL, 'without the bindings nobody sees anything');
SELECT set_eq($$SELECT weedgo.create_tables(options => '{"row_security": true}')$$, ARRAY['store_roles'], 'they are made again');
SELECT set_has('SELECT secured()', $$VALUES ('holds on bound_stores *'), ('orders on bound_stores *'), ('store_roles on bound_stores r')$$, 'and so are the policies');
SELECT ok(seen_by('shop_auditor', 'orders') @> ARRAY[store('QC')::text], 'which let those read who may');
ROLLBACK TO later;

SAVEPOINT off_again;
SELECT weedgo.create_tables(options => '{"row_security": false}') \g /dev/null
SELECT is_empty($$SELECT secured() EXCEPT SELECT relation || ' off ' FROM with_store$$, 'switched off: on no table is anything left');
SELECT is_empty('SELECT FROM pg_policy', 'no policy');
SELECT is(has_table_privilege('shop_nobody', 'weedgo_data.own_stores', 'SELECT'), false, 'nor a right of everyone');
SELECT is((refusal(call_of(call, 'QC', 'BC'), 'shop_toronto')).state, '00000', f || ': all stores again') FROM calls;
SELECT is(cardinality(seen_by('shop_analyst', 'orders')), 2, 'in the tables, too');
SELECT lives_ok($$SELECT weedgo.grant_app('shop_toronto', 'checkout', '{"stores": null}')$$, 'a role can be unbound then');
SELECT is_empty($$SELECT FROM weedgo_data.store_roles WHERE role_name = 'shop_toronto'$$, 'and is');
ROLLBACK TO off_again;

SELECT weedgo.bind_role('shop_toronto', NULL) \g /dev/null
SELECT is((refusal(call_of(call, 'QC', 'BC'), 'shop_toronto')).state, '00000', f || ': unbound, it acts for all') FROM calls;
ALTER ROLE shop_analyst RENAME TO shop_scientist;
SELECT lives_ok($$SELECT weedgo.bind_role('shop_analyst', NULL)$$, 'a name that is nobody''s can be unbound');
SELECT is_empty($$SELECT FROM weedgo_data.store_roles WHERE role_name = 'shop_analyst'$$, 'and is');
SELECT bind('shop_scientist', 'ON') \g /dev/null

SELECT lives_ok('DROP EXTENSION weedgo_checkout', 'DROP EXTENSION succeeds without CASCADE');
SELECT is(seen_by('shop_scientist', 'orders'), ARRAY[store('ON')::text], 'and leaves the policies at work');
SELECT lives_ok('CREATE EXTENSION weedgo_checkout', 'the extension comes back');
SELECT weedgo.grant_app('shop_scientist', 'reader') \g /dev/null
SELECT refused(call_of(call, 'QC', 'BC'), '42501', 'store_not_allowed', f || ' knows its bindings', 'shop_scientist') FROM calls WHERE f = 'list_orders';

SELECT * FROM finish();
ROLLBACK;
