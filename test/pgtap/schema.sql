-- What CREATE EXTENSION and create_tables() make, and that the one does not need the other to stay:
-- the relations are ordinary tables of an ordinary role.
\ir fixture.psql
SELECT no_plan();

-- A role of this name may be left from another database of the cluster. This transaction is
-- rolled back, so it only steps aside.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'weedgo_owner') THEN
        ALTER ROLE weedgo_owner RENAME TO weedgo_owner_of_before;
    END IF;
END
$$;

-- The extension ------------------------------------------------------------------------------

CREATE EXTENSION weedgo_checkout;

SELECT set_eq(
    $$SELECT DISTINCT d.classid::regclass::text FROM pg_depend d
      WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
        AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'weedgo_checkout')$$,
    ARRAY['pg_proc', 'pg_type'],
    'the members of the extension are functions and types only');
SELECT is_empty(
    $$SELECT c.relname FROM pg_class c
      WHERE c.relnamespace = 'weedgo'::regnamespace AND c.relkind <> 'c'$$,
    'schema weedgo has no relation');
SELECT is_empty(
    $$SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'weedgo'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')$$,
    'every function in schema weedgo is a member of the extension');
SELECT hasnt_schema('weedgo_data', 'CREATE EXTENSION makes no relations');
SELECT hasnt_role('weedgo_owner', 'CREATE EXTENSION makes no role');
SELECT is((SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'weedgo_checkout'), 'weedgo',
          'the extension lives in schema weedgo');
SELECT throws_ok('ALTER EXTENSION weedgo_checkout SET SCHEMA public', '0A000', NULL,
                 'the extension cannot be moved to another schema');

-- The relations ------------------------------------------------------------------------------

CREATE TEMP TABLE made AS SELECT * FROM weedgo.create_tables() AS relation;

-- The contract: each relation, its key and its columns in their order.
CREATE TEMP TABLE contract (relation, key, columns) AS VALUES
    ('stores', 'store_id',
     'store_id uuid not null, tenant_id uuid, name text not null, province text not null, currency text not null, '
     'timezone text not null, latitude double precision, longitude double precision, accepts_orders boolean not null, '
     'delivery_base_fee numeric(12,2) not null, delivery_fee_per_km numeric(12,2) not null, '
     'free_delivery_threshold numeric(12,2), max_delivery_km numeric(9,3), min_order_amount numeric(12,2) not null, '
     'tax_delivery boolean not null, policies jsonb not null'),
    ('products', 'store_id, sku',
     'store_id uuid not null, sku text not null, name text not null, unit_price numeric(12,2) not null, '
     'sale_price numeric(12,2), sale_from timestamp with time zone, sale_until timestamp with time zone, '
     'is_available boolean not null, tax_class text not null, equivalent_mg bigint not null'),
    ('stock', 'store_id, sku, bucket',
     'store_id uuid not null, sku text not null, bucket integer not null, available integer not null, '
     'reserved integer not null'),
    ('customers', 'customer_id', 'customer_id uuid not null, date_of_birth date, age_verified boolean not null'),
    ('payment_methods', 'customer_id, payment_method_id',
     'customer_id uuid not null, payment_method_id text not null, type text not null, is_active boolean not null, '
     'expires_on date'),
    ('tax_rates', 'province, tax_class, tax_name, valid_from',
     'province text not null, tax_class text not null, tax_name text not null, rate numeric(9,6) not null, '
     'valid_from date not null, valid_until date, source text'),
    ('promo_codes', 'store_id, code',
     'store_id uuid not null, code text not null, discount_type text not null, discount_value numeric(12,2) not null, '
     'max_discount_amount numeric(12,2), min_order_amount numeric(12,2) not null, valid_from timestamp with time zone, '
     'valid_until timestamp with time zone, max_uses integer, max_uses_per_customer integer, '
     'reimbursable boolean not null, is_active boolean not null'),
    ('carts', 'store_id, cart_id',
     'store_id uuid not null, cart_id uuid not null, customer_id uuid, promo_code text, status text not null, '
     'order_id uuid, created_at timestamp with time zone not null'),
    ('cart_items', 'store_id, cart_id, sku',
     'store_id uuid not null, cart_id uuid not null, sku text not null, quantity integer not null'),
    ('orders', 'store_id, order_id',
     'store_id uuid not null, order_id uuid not null, order_number text not null, cart_id uuid not null, '
     'customer_id uuid, tenant_id uuid, status text not null, payment_status text not null, payment_type text, '
     'payment_method_id text, delivery_type text not null, delivery_address jsonb, pickup_time text, '
     'special_instructions text, order_source text not null, actor_id uuid, subtotal numeric(12,2) not null, '
     'discount numeric(12,2) not null, tax numeric(12,2) not null, delivery_fee numeric(12,2) not null, '
     'delivery_tax numeric(12,2) not null, tip numeric(12,2) not null, total numeric(12,2) not null, '
     'amount_due numeric(12,2) not null, currency text not null, promo_code text, distance_m integer, '
     'taxes jsonb not null, pricing jsonb not null, idempotency_scope uuid not null, idempotency_key text, '
     'request_fingerprint bytea, priced_at timestamp with time zone not null, '
     'created_at timestamp with time zone not null, metadata jsonb, counted_on date'),
    ('order_items', 'store_id, order_id, line_no',
     'store_id uuid not null, order_id uuid not null, line_no integer not null, sku text not null, name text not null, '
     'quantity integer not null, unit_price numeric(12,2) not null, line_total numeric(12,2) not null, '
     'discount numeric(12,2) not null, taxable numeric(12,2) not null, tax numeric(12,2) not null, '
     'tax_class text not null, equivalent_mg bigint not null, returned integer not null'),
    ('order_events', 'store_id, order_id, seq',
     'store_id uuid not null, order_id uuid not null, seq integer not null, event text not null, from_status text, '
     'to_status text, actor_id uuid, reason text, details jsonb, recorded_at timestamp with time zone not null, '
     'recorded_xid xid8 not null, hash bytea not null'),
    ('payments', 'store_id, payment_id',
     'store_id uuid not null, payment_id uuid not null, order_id uuid not null, event text not null, '
     'amount numeric(12,2) not null, payment_type text, provider_reference text, actor_id uuid, details jsonb, '
     'recorded_at timestamp with time zone not null'),
    ('holds', 'store_id, cart_id, sku, bucket',
     'store_id uuid not null, cart_id uuid not null, sku text not null, bucket integer not null, '
     'quantity integer not null, expires_at timestamp with time zone not null'),
    ('promo_counters', 'store_id, code, bucket',
     'store_id uuid not null, code text not null, bucket integer not null, used integer not null, quota integer'),
    ('promo_customers', 'store_id, code, customer_id',
     'store_id uuid not null, code text not null, customer_id uuid not null, used integer not null'),
    ('customer_days', 'store_id, customer_id, day',
     'store_id uuid not null, customer_id uuid not null, day date not null, equivalent_mg bigint not null'),
    ('allocations', 'store_id, order_id, line_no, bucket',
     'store_id uuid not null, order_id uuid not null, line_no integer not null, sku text not null, bucket integer not null, '
     'quantity integer not null, returned integer not null'),
    ('lots', 'store_id, sku, bucket',
     'store_id uuid not null, sku text not null, bucket integer not null, lot_number text not null, '
     'received_at timestamp with time zone not null, packaged_on date, expires_on date, recalled_at timestamp with time zone, '
     'recall_reason text, recalled_by uuid'),
    ('stock_ledger', 'store_id, entry_id',
     'store_id uuid not null, entry_id uuid not null, sku text not null, bucket integer not null, '
     'change integer not null, reason text not null, actor_id uuid, details jsonb, '
     'recorded_at timestamp with time zone not null'),
    ('store_roles', 'role_name, store_id', 'role_name name not null, store_id uuid not null');

CREATE FUNCTION columns_of(relation text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                      || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END, ', ' ORDER BY a.attnum)
    FROM pg_attribute a
    WHERE a.attrelid = to_regclass('weedgo_data.' || relation) AND a.attnum > 0 AND NOT a.attisdropped
$$;
CREATE FUNCTION key_of(relation text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(a.attname, ', ' ORDER BY k.place)
    FROM pg_constraint c, unnest(c.conkey) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = to_regclass('weedgo_data.' || relation) AND a.attnum = k.attnum
    WHERE c.conrelid = to_regclass('weedgo_data.' || relation) AND c.contype = 'p'
$$;

SELECT set_eq('SELECT relation FROM made', 'SELECT relation FROM contract',
              'create_tables() returns the names of the contract''s relations');
SELECT tables_are('weedgo_data', ARRAY(SELECT relation::name FROM contract),
                  'schema weedgo_data has the contract''s relations and no others');
SELECT set_eq(
    $$SELECT format('%s %s %s', relname, relkind, reloptions) FROM pg_class WHERE relnamespace = 'weedgo_data'::regnamespace AND relkind NOT IN ('r', 'i')$$,
    ARRAY['own_stores v {security_barrier=true}'],
    'they are plain tables with their indexes, and the view that the policies of row security go by');
SELECT is(columns_of(relation), columns, relation || ' has the columns of the contract') FROM contract;
SELECT is(key_of(relation), key, format('the key of %s is (%s)', relation, key)) FROM contract;

CREATE FUNCTION index_on(relation text, columns text) RETURNS TABLE (is_unique boolean) LANGUAGE sql AS $$
    SELECT i.indisunique FROM pg_index i
    WHERE i.indrelid = to_regclass('weedgo_data.' || relation) AND NOT i.indisprimary
      AND columns = (SELECT string_agg(a.attname, ', ' ORDER BY k.place)
                     FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
                     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum)
$$;
SELECT is((SELECT is_unique FROM index_on(relation, columns)), must_be_unique,
          format('%s has %s index on (%s)', relation, CASE WHEN must_be_unique THEN 'a unique' ELSE 'an' END, columns))
FROM (VALUES
    ('orders',       'store_id, cart_id', true),
    ('orders',       'store_id, order_number', true),
    ('orders',       'store_id, idempotency_scope, idempotency_key', true),
    ('orders',       'customer_id, order_id', false),
    ('payments',     'store_id, provider_reference, event', true),
    ('payments',     'store_id, order_id', false),
    ('holds',        'expires_at', false),
    ('holds',        'store_id, sku', false),
    ('carts',        'customer_id', false),
    ('order_events', 'store_id, recorded_at, order_id', false),
    ('stock_ledger', 'store_id, sku', false)
) AS i (relation, columns, must_be_unique);

SELECT is_empty(
    $$SELECT conname FROM pg_constraint WHERE contype = 'f' AND connamespace = 'weedgo_data'::regnamespace$$,
    'records have no foreign keys');

-- A page with room on it keeps an update of stock or of a counter from touching the index.
SELECT is((SELECT split_part(o, '=', 2)::integer FROM pg_class c, unnest(c.reloptions) o
           WHERE c.oid = ('weedgo_data.' || relation)::regclass AND starts_with(o, 'fillfactor=')),
          fillfactor, format('fillfactor of %s is %s', relation, fillfactor))
FROM (VALUES ('stock', 50), ('promo_counters', 50), ('carts', 80), ('promo_customers', 80), ('customer_days', 80),
             ('orders', 90)) AS f (relation, fillfactor);
SELECT is_empty(
    $$SELECT i.indexrelid::regclass FROM pg_index i, unnest(i.indkey::int2[]) k
      JOIN pg_attribute a ON a.attnum = k
      WHERE i.indrelid = 'weedgo_data.stock'::regclass AND a.attrelid = i.indrelid
        AND a.attname IN ('available', 'reserved')$$,
    'no index on stock contains what a sale updates: the updates can be HOT');

-- Comments -----------------------------------------------------------------------------------

SELECT is_empty(
    $$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relkind = 'r'
      AND coalesce(obj_description(c.oid, 'pg_class'), '') = ''$$,
    'every table has a comment');
SELECT is_empty(
    $$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'weedgo'::regnamespace
      AND coalesce(obj_description(p.oid, 'pg_proc'), '') = ''$$,
    'every function has a comment');
SELECT is_empty(
    $$SELECT t.oid::regtype FROM pg_type t WHERE t.typnamespace = 'weedgo'::regnamespace AND t.typtype <> 'b'
      AND coalesce(obj_description(t.oid, 'pg_type'), '') = ''$$,
    'every type has a comment');
SELECT is_empty(
    $$SELECT n.nspname FROM pg_namespace n WHERE n.nspname IN ('weedgo', 'weedgo_data')
      AND coalesce(obj_description(n.oid, 'pg_namespace'), '') = ''$$,
    'both schemas have a comment');

-- Checks -------------------------------------------------------------------------------------

-- One row of everything, then one statement for each check that must refuse it.
INSERT INTO weedgo_data.stores (store_id, province) VALUES (store('A'), 'ON');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) VALUES (store('A'), 'A', 'A', 1.00);
INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (store('A'), 'A', 10);
INSERT INTO weedgo_data.customers (customer_id) VALUES (customer('a'));
INSERT INTO weedgo_data.payment_methods (customer_id, payment_method_id, type) VALUES (customer('a'), 'm', 'credit');
INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value) VALUES (store('A'), 'P', 'percentage', 10);
INSERT INTO weedgo_data.carts (store_id, cart_id, customer_id) VALUES (store('A'), cart(1), customer('a'));
INSERT INTO weedgo_data.cart_items (store_id, cart_id, sku, quantity) VALUES (store('A'), cart(1), 'A', 1);
INSERT INTO weedgo_data.promo_customers (store_id, code, customer_id, used) VALUES (store('A'), 'P', customer('a'), 1);
INSERT INTO weedgo_data.promo_counters (store_id, code, used) VALUES (store('A'), 'P', 1);
INSERT INTO weedgo_data.customer_days (store_id, customer_id, day, equivalent_mg) VALUES (store('A'), customer('a'), '2026-01-01', 1);
INSERT INTO weedgo_data.holds (store_id, cart_id, sku, quantity, expires_at) VALUES (store('A'), cart(1), 'A', 1, now());
INSERT INTO weedgo_data.allocations (store_id, order_id, line_no, sku, bucket, quantity) VALUES (store('A'), cart(1), 1, 'A', 0, 1);
INSERT INTO weedgo_data.lots (store_id, sku, bucket, lot_number) VALUES (store('A'), 'A', 1, 'L');
INSERT INTO weedgo_data.stock_ledger (store_id, entry_id, sku, change, reason) VALUES (store('A'), cart(1), 'A', 1, 'received');
INSERT INTO weedgo_data.orders
    (store_id, order_id, order_number, cart_id, delivery_type, order_source, subtotal, discount, tax, delivery_fee,
     delivery_tax, tip, total, amount_due, currency, taxes, pricing, idempotency_scope, priced_at, created_at)
VALUES (store('A'), cart(1), 'N', cart(1), 'pickup', 'web', 10, 1, 1.17, 5, 0.65, 2, 17.17, 17.15, 'CAD', '[]', '{}',
        cart(1), now(), now());
INSERT INTO weedgo_data.order_items
    (store_id, order_id, line_no, sku, name, quantity, unit_price, line_total, discount, taxable, tax, tax_class, equivalent_mg)
VALUES (store('A'), cart(1), 1, 'A', 'A', 2, 5, 10, 1, 9, 1.17, 'cannabis', 0);
INSERT INTO weedgo_data.order_events (store_id, order_id, seq, event, hash) VALUES (store('A'), cart(1), 1, 'created', '');

SELECT throws_ok(format('UPDATE weedgo_data.%s SET %s', relation, change), '23514', NULL,
                 format('%s: no row with %s', relation, change))
FROM (VALUES
    ('stock',           'available = -1'),
    ('stock',           'reserved = -1'),
    ('stores',          'latitude = 91, longitude = 0'),
    ('stores',          'latitude = 0, longitude = 181'),
    ('stores',          'latitude = 45'),
    ('stores',          'delivery_base_fee = -0.01'),
    ('stores',          'delivery_fee_per_km = -0.01'),
    ('stores',          'free_delivery_threshold = -0.01'),
    ('stores',          'max_delivery_km = -0.001'),
    ('stores',          'min_order_amount = -0.01'),
    ('products',        'sku = '''''),
    ('products',        'unit_price = -0.01'),
    ('products',        'sale_price = -0.01'),
    ('products',        'equivalent_mg = -1'),
    ('payment_methods', 'payment_method_id = '''''),
    ('payment_methods', 'type = '''''),
    ('tax_rates',       'rate = -0.01'),
    ('tax_rates',       'rate = 13'),
    ('tax_rates',       'valid_until = valid_from'),
    ('promo_codes',     'code = '''''),
    ('promo_codes',     'code = ''p'''),
    ('promo_codes',     'code = '' P'''),
    ('promo_codes',     'discount_type = ''free'''),
    ('promo_codes',     'discount_value = -0.01'),
    ('promo_codes',     'discount_value = 100.01'),
    ('promo_codes',     'max_discount_amount = -0.01'),
    ('promo_codes',     'min_order_amount = -0.01'),
    ('promo_codes',     'max_uses = -1'),
    ('promo_codes',     'max_uses_per_customer = -1'),
    ('carts',           'status = ''sold'''),
    ('carts',           'status = ''converted'''),
    ('carts',           'order_id = cart_id'),
    ('cart_items',      'quantity = 0'),
    ('cart_items',      'quantity = -1'),
    ('orders',          'status = ''lost'''),
    ('orders',          'payment_status = ''lost'''),
    ('orders',          'delivery_type = ''drone'''),
    ('orders',          'total = total + 0.01'),
    ('orders',          'subtotal = subtotal + 0.01'),
    ('orders',          'tax = tax + 0.01'),
    ('orders',          'tip = tip + 0.01'),
    ('orders',          'delivery_fee = delivery_fee + 0.01'),
    ('orders',          'discount = 10.01, total = total - 9.01, amount_due = total - 9.01'),
    ('orders',          'amount_due = total + 0.03'),
    ('orders',          'delivery_tax = tax + 0.01'),
    ('orders',          'distance_m = -1'),
    ('order_items',     'line_no = 0'),
    ('order_items',     'quantity = 0, line_total = 0, discount = 0, taxable = 0'),
    ('order_items',     'line_total = line_total + 0.01'),
    ('order_items',     'discount = 10.01'),
    ('order_items',     'taxable = taxable + 0.01'),
    ('order_items',     'tax = -0.01'),
    ('order_events',    'seq = 0'),
    ('holds',           'quantity = 0'),
    ('allocations',     'quantity = 0'), ('allocations',     'returned = -1'), ('allocations',     'returned = 2'),
    ('lots',            'bucket = 0'), ('lots',            'lot_number = '''''),
    ('promo_counters',  'used = -1'),
    ('promo_counters',  'quota = -1'),
    ('promo_customers', 'used = -1'),
    ('customer_days',   'equivalent_mg = -1'),
    ('stock_ledger',    'change = 0'),
    ('stock_ledger',    'reason = ''sold'''),
    ('stock_ledger',    'reason = ''Received'''),
    ('stock_ledger',    'reason = ''''')
) AS c (relation, change);

-- Cannot be told by one row, but by two.
SELECT throws_ok(
    $$INSERT INTO weedgo_data.orders SELECT (jsonb_populate_record(o, jsonb_build_object('order_id', cart(2), 'order_number', 'O'))).*
      FROM weedgo_data.orders o$$, '23505', NULL, 'orders: not two of one cart');
SELECT throws_ok(
    $$INSERT INTO weedgo_data.orders SELECT (jsonb_populate_record(o, jsonb_build_object('order_id', cart(2), 'cart_id', cart(2)))).*
      FROM weedgo_data.orders o$$, '23505', NULL, 'orders: not two of one number');

-- The owner ----------------------------------------------------------------------------------

SELECT set_eq(
    $$SELECT c.relowner::regrole::text FROM pg_class c WHERE c.relnamespace = 'weedgo_data'::regnamespace
      UNION SELECT p.proowner::regrole::text FROM pg_proc p WHERE p.pronamespace = 'weedgo_data'::regnamespace
      UNION SELECT n.nspowner::regrole::text FROM pg_namespace n WHERE n.nspname = 'weedgo_data'$$,
    ARRAY['weedgo_owner'],
    'schema, tables, indexes and trigger functions have one owner, weedgo_owner');
SELECT results_eq(
    $$SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
      FROM pg_roles WHERE rolname = 'weedgo_owner'$$,
    $$VALUES (false, false, false, false, false, false)$$,
    'weedgo_owner cannot log in, is no superuser, and may nothing else');
SELECT is_empty(
    $$SELECT roleid::regrole, member::regrole FROM pg_auth_members
      WHERE 'weedgo_owner' IN (roleid::regrole::text, member::regrole::text)$$,
    'weedgo_owner is a member of no role, and no role is a member of it');

-- The second call ----------------------------------------------------------------------------

-- ctid tells a row that was written again from one that was not.
CREATE FUNCTION catalog_of_data() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('class %s %s', c.ctid, c) FROM pg_class c WHERE c.relnamespace = 'weedgo_data'::regnamespace
    UNION ALL
    SELECT format('column %s %s', a.ctid, a) FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'weedgo_data'::regnamespace
    UNION ALL
    SELECT format('constraint %s %s', k.ctid, k) FROM pg_constraint k WHERE k.connamespace = 'weedgo_data'::regnamespace
    UNION ALL
    SELECT format('trigger %s %s', t.ctid, t) FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'weedgo_data'::regnamespace
    UNION ALL
    SELECT format('function %s %s', p.ctid, p) FROM pg_proc p
    WHERE p.pronamespace IN ('weedgo'::regnamespace, 'weedgo_data'::regnamespace)
    UNION ALL
    SELECT format('schema %s %s', n.ctid, n) FROM pg_namespace n WHERE n.nspname IN ('weedgo', 'weedgo_data')
    UNION ALL
    SELECT format('comment %s %s', d.ctid, d) FROM pg_description d
    UNION ALL
    SELECT format('role %s %s', r.ctid, r) FROM pg_authid r WHERE r.rolname = 'weedgo_owner'
$$;
CREATE TEMP TABLE catalog_before AS SELECT catalog_of_data() AS entry;
CREATE TEMP TABLE books_before AS SELECT books() AS entry;

SELECT is_empty('SELECT * FROM weedgo.create_tables()', 'a second create_tables() returns no name');
SELECT set_eq('SELECT catalog_of_data()', 'SELECT entry FROM catalog_before', 'and leaves the catalog as it was');
SELECT results_eq('SELECT books()', 'SELECT entry FROM books_before', 'and every row');
SELECT is(current_setting('role'), 'none', 'create_tables() gives the role back');
SELECT is_empty($$SELECT * FROM weedgo.create_tables('weedgo_owner')$$, 'naming the owner they have is the same');

SAVEPOINT one_missing;
DROP TABLE weedgo_data.holds;
SELECT results_eq('SELECT * FROM weedgo.create_tables()', ARRAY['holds'], 'a relation that is missing is made again');
SELECT is((SELECT relowner::regrole::text FROM pg_class WHERE oid = 'weedgo_data.holds'::regclass), 'weedgo_owner',
          'and belongs to the owner of the others');
ROLLBACK TO one_missing;

-- The arguments ------------------------------------------------------------------------------

SELECT throws_ok($$SELECT weedgo.create_tables(options => '{"partitions": 4}')$$, '22023', NULL,
                 'an unknown option is refused');
SELECT throws_ok($$SELECT weedgo.create_tables(options => '[]')$$, '22023', NULL,
                 'options that are no object are refused');
SELECT throws_ok($$SELECT weedgo.create_tables('shop_nobody_at_all')$$, '42704', NULL, 'an unknown role is refused');
CREATE ROLE shop_super SUPERUSER;
CREATE ROLE shop_owner;
CREATE ROLE shop_dba;
SELECT throws_ok($$SELECT weedgo.create_tables('shop_owner')$$, '42501', NULL,
                 'a schema that belongs to somebody else is not given another owner');
SELECT throws_ok($$SELECT weedgo.create_tables('shop_super')$$, '42501', NULL,
                 'a superuser is refused where the relations exist');

SAVEPOINT no_tables;
DROP SCHEMA weedgo_data CASCADE;
SELECT throws_ok($$SELECT weedgo.create_tables('shop_super')$$, '42501', NULL, 'a superuser is refused as their owner');
SELECT throws_ok(format('SELECT weedgo.create_tables(%L)', current_user), '42501', NULL,
                 'so is the superuser who calls');
SELECT hasnt_schema('weedgo_data', 'a refusal makes nothing');
SELECT is((SELECT count(*)::integer FROM weedgo.create_tables('shop_owner')), 21, 'an ordinary role can be named');
SELECT set_eq(
    $$SELECT c.relowner::regrole::text FROM pg_class c WHERE c.relnamespace = 'weedgo_data'::regnamespace
      UNION SELECT p.proowner::regrole::text FROM pg_proc p WHERE p.pronamespace = 'weedgo_data'::regnamespace
      UNION SELECT n.nspowner::regrole::text FROM pg_namespace n WHERE n.nspname = 'weedgo_data'$$,
    ARRAY['shop_owner'], 'and owns everything then');
SELECT is_empty('SELECT * FROM weedgo.create_tables()', 'a later call without a name keeps that owner');
ROLLBACK TO no_tables;

-- A schema that somebody made before, and not for us.
SAVEPOINT foreign_schema;
DROP SCHEMA weedgo_data CASCADE;
CREATE SCHEMA weedgo_data AUTHORIZATION shop_super;
SELECT throws_ok($$SELECT weedgo.create_tables()$$, '42501', NULL, 'a schema weedgo_data of a superuser is refused');
SELECT throws_ok($$SELECT weedgo.create_tables('shop_owner')$$, '42501', NULL, 'whoever is named');
ALTER SCHEMA weedgo_data OWNER TO shop_owner;
SELECT is((SELECT count(*)::integer FROM weedgo.create_tables('shop_owner')), 21, 'a schema of an ordinary role is used, where its owner is named');
ROLLBACK TO foreign_schema;

-- A database administrator who is no superuser.
SAVEPOINT ordinary_caller;
DROP SCHEMA weedgo_data CASCADE;
SELECT throws_ok($$SELECT run_as('shop_dba', 'SELECT weedgo.create_tables()')$$, '42501', NULL,
                 'who may not execute create_tables() cannot');
GRANT USAGE ON SCHEMA weedgo TO shop_dba;
GRANT EXECUTE ON FUNCTION weedgo.create_tables, weedgo.lock_cart TO shop_dba;
SELECT throws_ok($$SELECT run_as('shop_dba', 'SELECT weedgo.create_tables()')$$, '42501', NULL,
                 'nor who may not make schemas in the database');
DO 'BEGIN EXECUTE format(''GRANT CREATE ON DATABASE %I TO shop_dba'', current_database()); END';
SELECT throws_ok($$SELECT run_as('shop_dba', 'SELECT weedgo.create_tables(''shop_owner'')')$$, '42501', NULL,
                 'an ordinary role cannot make them for another');
SELECT lives_ok($$SELECT run_as('shop_dba', 'SELECT weedgo.create_tables()')$$, 'an ordinary role can make them');
SELECT set_eq(
    $$SELECT c.relowner::regrole::text FROM pg_class c WHERE c.relnamespace = 'weedgo_data'::regnamespace$$,
    ARRAY['shop_dba'], 'and owns them then');
INSERT INTO weedgo_data.stores (store_id, province) VALUES (store('A'), 'ON');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) VALUES (store('A'), 'A', 'A', 1.00);
INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (store('A'), 'A', 10);
SELECT weedgo.put_cart(store('A'), cart(1), '[{"sku": "A", "quantity": 1}]') \g /dev/null
SELECT is((SELECT total FROM weedgo.checkout_cart(store('A'), cart(1))), 1.13, 'and a cart can be checked out');
ROLLBACK TO ordinary_caller;

-- Independence from the extension --------------------------------------------------------------

SELECT is_empty(
    $$SELECT a.attrelid::regclass, a.attname, a.atttypid::regtype FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
      WHERE c.relnamespace = 'weedgo_data'::regnamespace AND a.attnum > 0
        AND t.typnamespace <> 'pg_catalog'::regnamespace$$,
    'the tables use only types of pg_catalog');
SELECT is_empty(
    $$SELECT pg_describe_object(d.classid, d.objid, d.objsubid), pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
      FROM pg_depend d
      WHERE d.deptype <> 'e'
        AND (d.refclassid, d.refobjid) IN (SELECT e.classid, e.objid FROM pg_depend e
                                           WHERE e.deptype = 'e' AND e.refclassid = 'pg_extension'::regclass
                                             AND e.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'weedgo_checkout'))
        AND NOT (d.classid, d.objid) IN (SELECT e.classid, e.objid FROM pg_depend e WHERE e.deptype = 'e')
        AND d.deptype <> 'i'$$,
    'nothing outside the extension depends on a member of it');

-- Tax seeds ----------------------------------------------------------------------------------

-- Without classes: all three of them.
SELECT results_eq(
    $$SELECT province, tax_name, rate, valid_from, valid_until, nullif(string_agg(tax_class, ' ' ORDER BY tax_class), 'accessory cannabis delivery')
      FROM weedgo_data.tax_rates GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 4$$,
    $$VALUES ('AB', 'GST', 0.050000, '2008-01-01'::date, NULL::date, NULL),
             ('BC', 'GST', 0.050000, '2008-01-01', NULL, NULL),
             ('BC', 'PST', 0.070000, '2013-04-01', NULL, NULL),
             ('MB', 'GST', 0.050000, '2008-01-01', NULL, NULL),
             ('MB', 'RST', 0.000000, '2018-10-17', NULL, 'cannabis'),
             ('MB', 'RST', 0.070000, '2019-07-01', NULL, 'accessory delivery'),
             ('NB', 'HST', 0.150000, '2016-07-01', NULL, NULL),
             ('NL', 'HST', 0.150000, '2016-07-01', NULL, NULL),
             ('NS', 'HST', 0.150000, '2010-07-01', '2025-04-01', NULL),
             ('NS', 'HST', 0.140000, '2025-04-01', NULL, NULL),
             ('NT', 'GST', 0.050000, '2008-01-01', NULL, NULL),
             ('NU', 'GST', 0.050000, '2008-01-01', NULL, NULL),
             ('ON', 'HST', 0.130000, '2010-07-01', NULL, NULL),
             ('PE', 'HST', 0.150000, '2016-10-01', NULL, NULL),
             ('QC', 'GST', 0.050000, '2008-01-01', NULL, NULL),
             ('QC', 'QST', 0.099750, '2013-01-01', NULL, NULL),
             ('SK', 'GST', 0.050000, '2008-01-01', NULL, NULL),
             ('SK', 'PST', 0.060000, '2017-03-23', NULL, NULL),
             ('YT', 'GST', 0.050000, '2008-01-01', NULL, NULL)$$,
    'the rates of all provinces and territories are there, from and until their days');
SELECT is_empty(
    $$SELECT province, tax_class, tax_name FROM weedgo_data.tax_rates WHERE source IS NULL OR position(valid_from::text IN source) = 0$$,
    'each says its source, with the day it began');
-- Had the owner changed a rate, it would stay so.
CREATE TEMP TABLE rates_before AS SELECT * FROM weedgo_data.tax_rates;
DELETE FROM weedgo_data.tax_rates WHERE province = 'YT';
SELECT is_empty('SELECT * FROM weedgo.create_tables()', 'create_tables() has nothing to make');
SELECT is_empty($$SELECT 1 FROM weedgo_data.tax_rates WHERE province = 'YT'$$, 'and puts no rate into a table that was there');
INSERT INTO weedgo_data.tax_rates SELECT * FROM rates_before WHERE province = 'YT';

-- DROP EXTENSION, and back ---------------------------------------------------------------------

-- Away with the rows above that are no shop: an order of nothing.
DELETE FROM weedgo_data.order_events;
DELETE FROM weedgo_data.order_items;
DELETE FROM weedgo_data.orders;
DELETE FROM weedgo_data.holds;
DELETE FROM weedgo_data.allocations;
DELETE FROM weedgo_data.lots;
DELETE FROM weedgo_data.customer_days;
DELETE FROM weedgo_data.promo_counters;
DELETE FROM weedgo_data.promo_customers;
DELETE FROM weedgo_data.stock_ledger;
DELETE FROM weedgo_data.stock;
INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (store('A'), 'A', 10);
SELECT weedgo.put_cart(store('A'), cart(2), '[{"sku": "A", "quantity": 1}]') \g /dev/null
SELECT is((SELECT total FROM weedgo.checkout_cart(store('A'), cart(2))), 1.13, 'an order is made');
CREATE TEMP TABLE books_with_order AS SELECT books() AS entry;

SELECT lives_ok('DROP EXTENSION weedgo_checkout', 'DROP EXTENSION succeeds without CASCADE');
SELECT is_empty(
    $$SELECT proname::text FROM pg_proc WHERE pronamespace = 'weedgo'::regnamespace
      UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'weedgo'::regnamespace$$,
    'schema weedgo is empty then');
SELECT results_eq('SELECT books()', 'SELECT entry FROM books_with_order', 'every table and every row stays');
SELECT lives_ok(format('UPDATE weedgo_data.cart_items SET quantity = 3 WHERE cart_id = %L', cart(1)),
                'an active cart can be edited without the extension');
SELECT lives_ok($$INSERT INTO weedgo_data.cart_items VALUES (store('A'), cart(1), 'B', 1)$$, 'an item put into it');
SELECT lives_ok($$DELETE FROM weedgo_data.cart_items WHERE cart_id = cart(1) AND sku = 'B'$$, 'and taken out');
SELECT throws_ok($$INSERT INTO weedgo_data.cart_items VALUES (store('A'), cart(2), 'B', 1)$$, 'WG002', NULL,
                 'but not a converted one');

SELECT lives_ok('CREATE EXTENSION weedgo_checkout', 'the extension comes back');
SELECT is_empty('SELECT * FROM weedgo.create_tables()', 'and finds its relations');
SELECT is((SELECT total FROM weedgo.get_order(store('A'), order_of(2))), 1.13, 'the old order can be read');
SELECT lives_ok($$SELECT weedgo.put_cart(store('A'), cart(1), '[{"sku": "A", "quantity": 2}]', customer('a'))$$,
                'put_cart works');
SELECT lives_ok($$UPDATE weedgo_data.cart_items SET quantity = 4 WHERE cart_id = cart(1)$$,
                'plain DML on cart_items works, under the cart''s lock');
SELECT is((SELECT total FROM weedgo.checkout_cart(store('A'), cart(1), customer('a'))), 4.52, 'checkout_cart works');
SELECT invariants_hold('and every invariant holds');

-- The trigger functions run as the owner of the tables, who may take the lock again, too.
INSERT INTO weedgo_data.carts (store_id, cart_id) VALUES (store('A'), cart(3));
CREATE FUNCTION has_lock(number integer) RETURNS boolean LANGUAGE sql AS $$
    SELECT EXISTS (SELECT FROM pg_locks l
                   JOIN weedgo.cart_lock_key(fixture.store('A'), fixture.cart(number)) k USING (classid, objid, objsubid)
                   WHERE l.pid = pg_backend_pid() AND l.granted)
$$;
SELECT is(has_lock(3), false, 'a cart that nobody edited is not locked');
SELECT lives_ok(
    $$SELECT run_as('weedgo_owner', 'INSERT INTO weedgo_data.cart_items VALUES (fixture.store(''A''), fixture.cart(3), ''A'', 2)')$$,
    'the owner of the tables edits a cart');
SELECT is(has_lock(3), true, 'and its trigger has taken the cart''s lock');

SELECT * FROM finish();
ROLLBACK;
