-- check_setup(): each thing that it can find is caused, found, and, where its hint is a statement,
-- mended by what the hint says.
\ir fixture.psql
SELECT no_plan();

-- A schema that somebody else has made is not moved into.
CREATE ROLE shop_intruder;
CREATE SCHEMA weedgo AUTHORIZATION shop_intruder;
SELECT throws_ok('CREATE EXTENSION weedgo_checkout', '42501', 'schema weedgo exists and belongs to an ordinary role',
                 'an ordinary role''s schema weedgo keeps the extension out');
DROP SCHEMA weedgo;
CREATE SCHEMA weedgo;
SELECT lives_ok('CREATE EXTENSION weedgo_checkout', 'a superuser''s does not');
DROP EXTENSION weedgo_checkout;
DROP SCHEMA weedgo;

-- A test server does without some of the settings that a real one needs.
CREATE EXTENSION weedgo_checkout;
CREATE FUNCTION findings() RETURNS TABLE (finding text, hint text) LANGUAGE sql AS $$
    SELECT format('%s: %s: %s', f.severity, f.object, f.problem), f.hint
    FROM weedgo.check_setup() f
    WHERE f.object NOT IN ('setting fsync', 'setting full_page_writes')
$$;

SELECT results_eq('SELECT * FROM findings()',
                  $$VALUES ('error: schema weedgo_data: it is missing', 'SELECT weedgo.create_tables(); makes the relations of weedgo_checkout.')$$,
                  'before create_tables(): one finding, which says to run it');
DROP FUNCTION findings();
DROP EXTENSION weedgo_checkout;

CALL open_shop();
CREATE FUNCTION findings() RETURNS TABLE (finding text, hint text) LANGUAGE sql AS $$
    SELECT format('%s: %s: %s', f.severity, f.object, f.problem), f.hint
    FROM weedgo.check_setup() f
    WHERE f.object NOT IN ('setting fsync', 'setting full_page_writes')
$$;
SELECT is_empty('SELECT * FROM findings()', 'a shop that is set up well: nothing is found');
SELECT results_eq(
    $$SELECT object, problem FROM weedgo.check_setup() WHERE object IN ('setting fsync', 'setting full_page_writes') ORDER BY 1$$,
    $$SELECT 'setting ' || name, 'it is off' FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY 1$$,
    'but for a server that may lose a crash, where it is one');

-- What is found after a change (which is undone), and whether it is gone again once the statements
-- of the hints have been run.
CREATE FUNCTION found_after(change text, OUT seen text[], OUT without_hint text[], OUT left_over text[]) LANGUAGE plpgsql AS $$
DECLARE
    f record;
BEGIN
    BEGIN
        EXECUTE change;
        seen := ARRAY(SELECT finding FROM findings() ORDER BY finding);
        without_hint := ARRAY(SELECT finding FROM findings() WHERE coalesce(findings.hint, '') = '');
        FOR f IN SELECT * FROM findings() WHERE findings.hint ~ '^(CREATE|ALTER|REVOKE|GRANT|SELECT) .*;$' AND findings.hint !~ '\.\.\.' LOOP
            EXECUTE f.hint;
        END LOOP;
        left_over := ARRAY(SELECT finding FROM findings() ORDER BY finding);
        RAISE SQLSTATE '00WGO';
    EXCEPTION
        WHEN SQLSTATE '00WGO' THEN
            NULL;
        WHEN OTHERS THEN
            seen := seen || format('%s: %s', SQLSTATE, SQLERRM);
    END;
END
$$;

CREATE ROLE shop_stranger;
CREATE TEMP TABLE causes (change, awaited, hint_mends) AS VALUES
    -- Relations
    ('DROP TABLE weedgo_data.holds', ARRAY['error: weedgo_data.holds: it is missing'], false),
    ('ALTER TABLE weedgo_data.holds RENAME TO h; CREATE VIEW weedgo_data.holds AS TABLE weedgo_data.h; ALTER VIEW weedgo_data.holds OWNER TO weedgo_owner',
     ARRAY['error: weedgo_data.holds: it is not a table'], false),
    ('ALTER TABLE weedgo_data.products RENAME TO p; CREATE MATERIALIZED VIEW weedgo_data.products AS TABLE weedgo_data.p',
     ARRAY['error: weedgo_data.products: it is no table or view'], false),
    ('ALTER TABLE weedgo_data.stock OWNER TO shop_stranger',
     ARRAY['error: weedgo_data.stock: it does not belong to "weedgo_owner", who owns the other relations'], false),
    ('ALTER TABLE weedgo_data.orders DROP COLUMN pickup_time', ARRAY['error: weedgo_data.orders: it has no column "pickup_time"'], false),
    ('ALTER TABLE weedgo_data.holds ALTER quantity TYPE bigint',
     ARRAY['error: weedgo_data.holds: its column "quantity" is of type bigint, not integer'], false),
    ('DROP TABLE weedgo_data.holds, weedgo_data.payments',
     ARRAY['error: weedgo_data.holds: it is missing', 'error: weedgo_data.payments: it is missing'], false),
    ('CREATE DOMAIN public.few AS integer; ALTER TABLE weedgo_data.holds ALTER quantity TYPE public.few',
     ARRAY['error: weedgo_data.holds: its column "quantity" is of type public.few, not integer'], false),
    ('ALTER TABLE weedgo_data.holds RENAME TO h; CREATE FOREIGN DATA WRAPPER far; CREATE SERVER far FOREIGN DATA WRAPPER far; '
     'CREATE FOREIGN TABLE weedgo_data.holds (store_id uuid) SERVER far; ALTER TABLE weedgo_data.holds OWNER TO weedgo_owner',
     ARRAY['error: weedgo_data.holds: it is not a table'], false),
    -- Types whose casts go by the session: a price or a window must not
    ('ALTER TABLE weedgo_data.promo_codes ALTER valid_from TYPE timestamp',
     ARRAY['error: weedgo_data.promo_codes: its column "valid_from" is of type timestamp without time zone, not timestamp with time zone'], false),
    ('ALTER TABLE weedgo_data.products ALTER sale_until TYPE text',
     ARRAY['error: weedgo_data.products: its column "sale_until" is of type text, not timestamp with time zone'], false),
    ('ALTER TABLE weedgo_data.payment_methods ALTER expires_on TYPE timestamptz',
     ARRAY['error: weedgo_data.payment_methods: its column "expires_on" is of type timestamp with time zone, not date'], false),
    ('ALTER TABLE weedgo_data.products DROP COLUMN sale_price; ALTER TABLE weedgo_data.products ADD COLUMN sale_price money',
     ARRAY['error: weedgo_data.products: its column "sale_price" is of type money, not numeric'], false),
    -- Rows that stand twice
    ('ALTER TABLE weedgo_data.stock RENAME TO s; CREATE VIEW weedgo_data.stock AS SELECT * FROM weedgo_data.s; '
     'ALTER VIEW weedgo_data.stock OWNER TO weedgo_owner; ALTER TABLE weedgo_data.s DROP CONSTRAINT stock_pkey; '
     'INSERT INTO weedgo_data.s SELECT * FROM weedgo_data.s WHERE sku = ''GUMMY'' AND store_id = fixture.store(''ON'')',
     ARRAY['error: weedgo_data.stock: it has 2 rows for GUMMY'], false),
    ('ALTER TABLE weedgo_data.orders SET UNLOGGED', ARRAY['error: weedgo_data.orders: it is not in the write-ahead log: a crash empties it'], true),
    -- Views that cannot be written
    ('ALTER TABLE weedgo_data.stock RENAME TO s; CREATE VIEW weedgo_data.stock AS SELECT store_id, sku, bucket, available + 0 AS available, reserved '
     'FROM weedgo_data.s; ALTER VIEW weedgo_data.stock OWNER TO weedgo_owner',
     ARRAY['error: weedgo_data.stock: its column "available" cannot be updated'], false),
    -- Indexes
    ('DROP INDEX weedgo_data.orders_cart', ARRAY['error: weedgo_data.orders: it has no unique index on (store_id, cart_id)'], true),
    ('DROP INDEX weedgo_data.orders_number', ARRAY['error: weedgo_data.orders: it has no unique index on (store_id, order_number)'], true),
    ('DROP INDEX weedgo_data.orders_idempotency',
     ARRAY['error: weedgo_data.orders: it has no unique index on (store_id, idempotency_scope, idempotency_key)'], true),
    ('ALTER TABLE weedgo_data.stock DROP CONSTRAINT stock_pkey', ARRAY['error: weedgo_data.stock: it has no unique index on (store_id, sku, bucket)'], true),
    ('ALTER TABLE weedgo_data.holds DROP CONSTRAINT holds_pkey; CREATE INDEX ON weedgo_data.holds (store_id, cart_id, sku, bucket)',
     ARRAY['error: weedgo_data.holds: it has no unique index on (store_id, cart_id, sku, bucket)'], true),
    ('ALTER TABLE weedgo_data.promo_counters DROP CONSTRAINT promo_counters_pkey',
     ARRAY['error: weedgo_data.promo_counters: it has no unique index on (store_id, code, bucket)'], true),
    ('DROP INDEX weedgo_data.orders_cart; CREATE UNIQUE INDEX ON weedgo_data.orders (store_id, cart_id) WHERE total > 0',
     ARRAY['error: weedgo_data.orders: it has no unique index on (store_id, cart_id)'], true),
    ('ALTER TABLE weedgo_data.promo_counters DROP CONSTRAINT promo_counters_pkey, ADD UNIQUE (store_id, code, bucket) DEFERRABLE',
     ARRAY['error: weedgo_data.promo_counters: it has no unique index on (store_id, code, bucket)'], true),
    -- Privileges
    ('GRANT EXECUTE ON FUNCTION weedgo.expire_holds TO PUBLIC',
     ARRAY['error: weedgo.expire_holds(uuid,integer,jsonb): everyone may execute it'], true),
    ('ALTER FUNCTION weedgo.checkout_cart RESET search_path',
     ARRAY['error: weedgo.checkout_cart(uuid,uuid,uuid,text,text,jsonb,text,numeric,text,numeric,text,text,text,uuid,jsonb,jsonb): it does not pin search_path'], true),
    ('ALTER FUNCTION weedgo.lock_cart SET search_path = public', ARRAY['error: weedgo.lock_cart(uuid,uuid,jsonb): it does not pin search_path'], true),
    ('GRANT UPDATE ON weedgo_data.stock TO shop_stranger', ARRAY['warning: weedgo_data.stock: "shop_stranger" has UPDATE on it'], false),
    ('GRANT INSERT, DELETE ON weedgo_data.orders TO shop_stranger',
     ARRAY['warning: weedgo_data.orders: "shop_stranger" has DELETE on it', 'warning: weedgo_data.orders: "shop_stranger" has INSERT on it'], false),
    ('GRANT UPDATE ON weedgo_data.products TO PUBLIC', ARRAY['error: weedgo_data.products: everyone has UPDATE on it'], false),
    ('GRANT CREATE ON SCHEMA weedgo TO PUBLIC', ARRAY['error: schema weedgo: everyone may create objects in it'], false),
    ('GRANT CREATE ON SCHEMA weedgo_data TO shop_stranger', ARRAY['error: schema weedgo_data: "shop_stranger" may create objects in it'], false),
    ('ALTER SCHEMA weedgo OWNER TO shop_stranger', ARRAY['error: schema weedgo: it belongs to "shop_stranger", an ordinary role'], false),
    ('CREATE FUNCTION weedgo.grant_app(role text) RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $f$$f$; '
     'REVOKE ALL ON FUNCTION weedgo.grant_app(text) FROM PUBLIC', ARRAY['error: weedgo.grant_app(text): it is no function of weedgo_checkout'], false),
    -- The owner
    ('ALTER SCHEMA weedgo_data OWNER TO shop_stranger',
     ARRAY['error: schema weedgo_data: it belongs to "shop_stranger", the relations to "weedgo_owner"'], true),
    ('ALTER ROLE weedgo_owner SUPERUSER', ARRAY['error: role weedgo_owner: the owner of the relations is a superuser'], false),
    ('ALTER ROLE weedgo_owner LOGIN', ARRAY['warning: role weedgo_owner: the owner of the relations can log in'], false),
    ('REVOKE ALL ON FUNCTION weedgo.lock_cart FROM weedgo_owner',
     ARRAY['error: role weedgo_owner: the owner of the relations may not call weedgo.lock_cart'], false),
    ('REVOKE ALL ON SCHEMA weedgo FROM weedgo_owner',
     ARRAY['error: role weedgo_owner: the owner of the relations may not call weedgo.lock_cart'], false),
    ('DROP TRIGGER lock_edited_cart ON weedgo_data.cart_items', ARRAY['error: weedgo_data.cart_items: its triggers are missing or disabled'], false),
    ('ALTER TABLE weedgo_data.cart_items DISABLE TRIGGER touch_carts_on_delete',
     ARRAY['error: weedgo_data.cart_items: its triggers are missing or disabled'], false),
    ('ALTER TABLE weedgo_data.cart_items ENABLE REPLICA TRIGGER lock_edited_cart',
     ARRAY['error: weedgo_data.cart_items: its triggers are missing or disabled'], false),
    ('DROP TRIGGER enter_opening_stock ON weedgo_data.stock', ARRAY['warning: weedgo_data.stock: its trigger enter_opening_stock is missing or disabled'], false),
    ('ALTER TABLE weedgo_data.stock DISABLE TRIGGER enter_opening_stock',
     ARRAY['warning: weedgo_data.stock: its trigger enter_opening_stock is missing or disabled'], false),
    -- Row security by store; bindings are in tenancy.sql
    ('SELECT weedgo.create_tables(options => ''{"row_security": true}'')', '{}', false),
    ('SELECT weedgo.create_tables(options => ''{"row_security": true}''); ALTER TABLE weedgo_data.stock DISABLE ROW LEVEL SECURITY; '
     'DROP POLICY bound_stores ON weedgo_data.orders',
     ARRAY['error: weedgo_data.orders: its row security by store is off, that of other tables is on',
           'error: weedgo_data.stock: its row security by store is off, that of other tables is on'], true),
    ('ALTER TABLE weedgo_data.orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
     ARRAY['warning: weedgo_data.orders: row security is forced on its owner'], false),
    ('CREATE FUNCTION public.later() RETURNS trigger LANGUAGE plpgsql AS $f$BEGIN RETURN NULL; END$f$; '
     'CREATE CONSTRAINT TRIGGER later AFTER INSERT ON weedgo_data.orders DEFERRABLE FOR EACH ROW EXECUTE FUNCTION public.later()',
     ARRAY['warning: weedgo_data.orders: its trigger "later" can be deferred'], false),
    ('CREATE FUNCTION public.later() RETURNS trigger LANGUAGE plpgsql AS $f$BEGIN RETURN NULL; END$f$; '
     'CREATE CONSTRAINT TRIGGER later AFTER INSERT ON weedgo_data.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.later()',
     ARRAY['error: weedgo_data.orders: its trigger "later" can be deferred'], false),
    ('ALTER TABLE weedgo_data.stock ADD CONSTRAINT of_store FOREIGN KEY (store_id) REFERENCES weedgo_data.stores DEFERRABLE',
     ARRAY['warning: weedgo_data.stock: its constraint "of_store" can be deferred', 'warning: weedgo_data.stores: its constraint "of_store" can be deferred'], false),
    -- Settings
    ('SET LOCAL synchronous_commit = off', ARRAY['warning: setting synchronous_commit: it is off'], false),
    ('SET LOCAL default_transaction_isolation = ''serializable''', ARRAY['warning: setting default_transaction_isolation: it is serializable'], false),
    ('SET LOCAL plan_cache_mode = ''force_custom_plan''', ARRAY['warning: setting plan_cache_mode: it is force_custom_plan'], false),
    ('SET LOCAL weedgo_checkout.enabled = off', ARRAY['warning: setting weedgo_checkout.enabled: it is off'], false),
    -- Stores
    ('UPDATE weedgo_data.stores SET timezone = ''Toronto'' WHERE store_id = fixture.store(''ON'')',
     ARRAY[format('error: store %s: its time zone "Toronto" is unknown', store('ON'))], false),
    ('UPDATE weedgo_data.products SET tax_class = ''edible'' WHERE store_id = fixture.store(''QC'') AND sku = ''GUMMY''',
     ARRAY[format('error: store %s: no tax rate is known for class "edible" in province "QC"', store('QC'))], false),
    ('UPDATE weedgo_data.tax_rates SET valid_until = current_date - 7 WHERE province = ''AB'' AND tax_class = ''accessory''',
     ARRAY[format('error: store %s: no tax rate is known for class "accessory" in province "AB"', store('AB'))], false),
    ('UPDATE weedgo_data.stores SET tax_delivery = true WHERE store_id = fixture.store(''BC''); '
     'DELETE FROM weedgo_data.tax_rates WHERE province = ''BC'' AND tax_class = ''delivery''',
     ARRAY[format('error: store %s: no tax rate is known for class "delivery" in province "BC"', store('BC'))], false),
    -- And what is no finding
    ('GRANT SELECT ON weedgo_data.orders TO shop_stranger', '{}', false),
    ('GRANT INSERT, UPDATE ON weedgo_data.products TO shop_stranger', '{}', false),
    ('ALTER TABLE weedgo_data.orders ADD COLUMN note text; CREATE INDEX ON weedgo_data.orders (created_at)', '{}', false),
    ('ALTER TABLE weedgo_data.orders DROP CONSTRAINT orders_pkey; CREATE UNIQUE INDEX ON weedgo_data.orders (order_id, store_id) INCLUDE (status)', '{}', false),
    ('SET LOCAL quote_all_identifiers = on', '{}', false),
    ('UPDATE weedgo_data.stores SET timezone = ''america/toronto'' WHERE store_id = fixture.store(''ON'')', '{}', false),
    ('ALTER TABLE weedgo_data.cart_items ENABLE ALWAYS TRIGGER lock_edited_cart', '{}', false);

SELECT is(f.seen, c.awaited, format('%s after: %s', CASE WHEN c.awaited = '{}' THEN 'nothing' ELSE 'found' END, left(c.change, 90)))
FROM causes c, found_after(c.change) f;
SELECT is(f.without_hint, '{}', 'with a hint: ' || left(c.change, 90)) FROM causes c, found_after(c.change) f WHERE c.awaited <> '{}';
SELECT is(f.left_over, '{}', 'what the hint says mends it: ' || left(c.change, 90)) FROM causes c, found_after(c.change) f WHERE c.hint_mends;

-- What a call refuses is found, and the other way round: the findings of the contract are its refusals.
CALL fill_cart(1, 'ON', 'ann', '{"FLOWER": 2}');
CREATE FUNCTION refused_after(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    BEGIN
        EXECUTE change;
        state := (refusal($call$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$call$)).state;
        RAISE SQLSTATE '00WGO';
    EXCEPTION WHEN SQLSTATE '00WGO' THEN
        RETURN state;
    END;
END
$$;
SELECT is(refused_after(change), '55000', 'a checkout is refused after: ' || left(change, 90))
FROM causes WHERE awaited[1] ~ '^error: weedgo_data\.\w+: (it is missing|it is not a table|it is no table|it does not belong|it has no column|its column "quantity")'
                  OR awaited[1] LIKE '%is a superuser';

-- Several things at once, and who may ask.
SAVEPOINT several;
GRANT EXECUTE ON FUNCTION weedgo.get_order TO PUBLIC;
DROP INDEX weedgo_data.orders_number;
ALTER ROLE weedgo_owner LOGIN;
SELECT set_eq('SELECT finding FROM findings()',
              ARRAY['error: weedgo.get_order(uuid,uuid,uuid,jsonb): everyone may execute it',
                    'error: weedgo_data.orders: it has no unique index on (store_id, order_number)',
                    'warning: role weedgo_owner: the owner of the relations can log in'],
              'three things are found at once');
CREATE TEMP TABLE for_staff (finding weedgo.setup_finding);
GRANT INSERT ON for_staff TO shop_staff;
SELECT accepted('INSERT INTO for_staff SELECT f FROM weedgo.check_setup() f', 'staff may ask', 'shop_staff');
SELECT set_eq('SELECT (finding).* FROM for_staff', 'SELECT * FROM weedgo.check_setup()', 'and hear the same');
ROLLBACK TO several;
SELECT is_empty('SELECT * FROM findings()', 'with all of it undone, nothing is found');

SELECT * FROM finish();
ROLLBACK;
