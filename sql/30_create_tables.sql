-- The relations. They are ordinary tables of an ordinary role, not members of the
-- extension: DROP EXTENSION leaves them, pg_dump dumps them, and they may be given
-- more columns, partitions, or be replaced by views over an application's own tables.
-- They use only pg_catalog types and functions, so that nothing ties them to the extension.

CREATE FUNCTION weedgo.create_tables(owner name DEFAULT NULL, options jsonb DEFAULT NULL)
RETURNS SETOF text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $create_tables$
DECLARE
    caller_role   text := current_setting('role');
    is_superuser  boolean := (SELECT rolsuper FROM pg_roles WHERE rolname = current_user);
    schema_owner  name := (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'weedgo_data');
    data_owner    name;
    unknown_key   text;
    kind          text;
    relation      text;
    part          text;
    definition    text;
    ours          oid;
    relations     text[] := '{}';
    made          text[] := '{}';
    secure        boolean;
    is_secure     boolean;
    has_policy    boolean;
    books_begin   boolean := false;
    owner_id      oid;
    foreign_part  record;
    -- What is made below.
    our_names     CONSTANT name[] := string_to_array(
        'stores products stock customers payment_methods tax_rates promo_codes carts cart_items orders order_items order_events '
        'payments holds promo_counters promo_customers customer_days allocations lots stock_ledger store_roles own_stores '
        'lock_edited_cart touch_edited_carts enter_opening_stock new_entry_id', ' ');
    own_rows      CONSTANT text :=
        'coalesce(store_id = ANY ((SELECT array_agg(o.store_id) FROM weedgo_data.own_stores o)::uuid[]), true)';
BEGIN
    IF jsonb_typeof(options) <> 'object' THEN
        RAISE EXCEPTION 'options must be a JSON object'
            USING ERRCODE = '22023', DETAIL = '{"code": "invalid_argument", "argument": "options"}',
                  HINT = 'create_tables() has one option: row_security.';
    END IF;
    unknown_key := (SELECT min(k) FROM jsonb_object_keys(options) k WHERE k <> 'row_security');
    IF unknown_key IS NOT NULL THEN
        RAISE EXCEPTION 'unknown option "%"', unknown_key
            USING ERRCODE = '22023', DETAIL = '{"code": "invalid_argument", "argument": "options"}',
                  HINT = 'create_tables() has one option: row_security.';
    END IF;
    IF jsonb_typeof(options -> 'row_security') NOT IN ('boolean', 'null') THEN
        RAISE EXCEPTION 'option "row_security" must be true or false'
            USING ERRCODE = '22023', DETAIL = '{"code": "invalid_argument", "argument": "options"}',
                  HINT = 'true switches row security by store on, false off; null leaves it as it is.';
    END IF;

    data_owner := coalesce(owner, schema_owner,
                           CASE WHEN is_superuser THEN 'weedgo_owner' ELSE current_user END);
    IF data_owner = 'weedgo_owner' AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = data_owner) THEN
        CREATE ROLE weedgo_owner NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = data_owner) THEN
        RAISE EXCEPTION 'role "%" does not exist', data_owner
            USING ERRCODE = '42704', DETAIL = '{"code": "invalid_argument", "argument": "owner"}',
                  HINT = 'Create it first, or leave owner out.';
    END IF;
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = data_owner) THEN
        RAISE EXCEPTION 'a superuser ("%") may not own the relations of weedgo_checkout', data_owner
            USING ERRCODE = '42501', DETAIL = '{"code": "invalid_argument", "argument": "owner"}',
                  HINT = 'Triggers and views on them run as their owner. '
                         || CASE WHEN data_owner = schema_owner
                                 THEN 'ALTER SCHEMA weedgo_data OWNER TO an ordinary role, then call this again.'
                                 ELSE 'Leave owner out to use weedgo_owner, or name an ordinary role.' END;
    END IF;
    IF schema_owner <> data_owner THEN
        RAISE EXCEPTION 'schema weedgo_data belongs to "%", not to "%"', schema_owner, data_owner
            USING ERRCODE = '42501', DETAIL = '{"code": "invalid_argument", "argument": "owner"}',
                  HINT = 'All relations have one owner: name the schema''s owner, or change it with ALTER SCHEMA.';
    END IF;

    owner_id := (SELECT oid FROM pg_roles WHERE rolname = data_owner);
    -- Who owns the schema, or can act as its owner, owns the shop. Unless it was let be the owner before,
    -- or is named now, it must be as this function would have made it.
    IF owner IS NULL AND data_owner <> current_user AND NOT EXISTS (
           SELECT FROM pg_proc p, aclexplode(p.proacl) a
           WHERE p.pronamespace = 'weedgo'::regnamespace AND a.grantee <> p.proowner AND a.grantee = owner_id
           HAVING bool_or(p.proname = 'lock_cart') AND NOT bool_or(p.proname = 'checkout_cart')) THEN
        IF data_owner <> 'weedgo_owner' THEN
            RAISE EXCEPTION 'schema weedgo_data exists, and belongs to "%"', data_owner
                USING ERRCODE = '42501', DETAIL = '{"code": "setup"}',
                      HINT = format('Look at what is in it; then drop it, or name its owner: SELECT weedgo.create_tables(%L);', data_owner);
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'weedgo_owner'
                   AND (r.rolcanlogin OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls
                        OR EXISTS (SELECT FROM pg_auth_members m WHERE r.oid IN (m.roleid, m.member)))) THEN
            RAISE EXCEPTION 'role "weedgo_owner" exists, and can log in, has members, or has rights of its own'
                USING ERRCODE = '42501', DETAIL = '{"code": "setup"}',
                      HINT = 'Others may be able to act as it. Take that away, or, if it is meant, name it: '
                             'SELECT weedgo.create_tables(''weedgo_owner'');';
        END IF;
    END IF;
    SELECT o.name, pg_get_userbyid(o.owner) AS owner INTO foreign_part
    FROM (SELECT c.relname AS name, c.relowner AS owner FROM pg_class c WHERE c.relnamespace = to_regnamespace('weedgo_data')
          UNION ALL
          SELECT p.proname, p.proowner FROM pg_proc p WHERE p.pronamespace = to_regnamespace('weedgo_data')) o
    WHERE o.name = ANY (our_names) AND o.owner <> owner_id
    ORDER BY 1 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'weedgo_data.% exists, and belongs to "%", not to "%"', foreign_part.name, foreign_part.owner, data_owner
            USING ERRCODE = '42501', DETAIL = '{"code": "setup"}',
                  HINT = 'Look at what it is; then drop it, or give it to the owner of the relations: ALTER ... OWNER TO.';
    END IF;

    IF schema_owner IS NULL THEN
        EXECUTE format('CREATE SCHEMA weedgo_data AUTHORIZATION %I', data_owner);
        COMMENT ON SCHEMA weedgo_data IS 'The relations of weedgo_checkout: carts, stock, orders.';
    END IF;

    -- The trigger functions below run as the owner and take the cart's lock.
    IF NOT has_function_privilege(data_owner, 'weedgo.lock_cart(uuid,uuid,jsonb)', 'EXECUTE')
       OR NOT has_schema_privilege(data_owner, 'weedgo', 'USAGE') THEN
        IF NOT pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = 'weedgo'), 'USAGE') THEN
            RAISE EXCEPTION 'role "%" may not call weedgo.lock_cart', data_owner
                USING ERRCODE = '42501', DETAIL = '{"code": "setup"}',
                      HINT = format('A superuser must allow it first: GRANT USAGE ON SCHEMA weedgo TO %1$I; '
                                    'GRANT EXECUTE ON FUNCTION weedgo.lock_cart TO %1$I;', data_owner);
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA weedgo TO %I', data_owner);
        EXECUTE format('GRANT EXECUTE ON FUNCTION weedgo.lock_cart(uuid, uuid, jsonb) TO %I', data_owner);
    END IF;

    PERFORM set_config('role', data_owner, true);

    -- What the relations are made of. Each part is made where it is missing, so that tables of an
    -- earlier release become what new ones are: what a release has had in a CREATE TABLE stays as it is,
    -- and what comes later is a part of its own, behind those that were there (ADD COLUMN adds at the end).
    FOR kind, relation, part, definition IN VALUES

    -- Sources: tables here, or views over an application's own tables.

    ('table', 'stores', NULL, $ddl$
        CREATE TABLE weedgo_data.stores (
            store_id                uuid PRIMARY KEY,
            tenant_id               uuid,
            name                    text NOT NULL DEFAULT '',
            province                text NOT NULL,
            currency                text NOT NULL DEFAULT 'CAD',
            timezone                text NOT NULL DEFAULT 'America/Toronto',
            latitude                double precision CHECK (latitude BETWEEN -90 AND 90),
            longitude               double precision CHECK (longitude BETWEEN -180 AND 180),
            accepts_orders          boolean NOT NULL DEFAULT true,
            delivery_base_fee       numeric(12,2) NOT NULL DEFAULT 5.00 CHECK (delivery_base_fee >= 0),
            delivery_fee_per_km     numeric(12,2) NOT NULL DEFAULT 0.50 CHECK (delivery_fee_per_km >= 0),
            free_delivery_threshold numeric(12,2) DEFAULT 100.00 CHECK (free_delivery_threshold >= 0),
            max_delivery_km         numeric(9,3) CHECK (max_delivery_km >= 0),
            min_order_amount        numeric(12,2) NOT NULL DEFAULT 0.00 CHECK (min_order_amount >= 0),
            tax_delivery            boolean NOT NULL DEFAULT false,
            policies                jsonb NOT NULL DEFAULT '{}',
            CHECK ((latitude IS NULL) = (longitude IS NULL))
        );
    $ddl$),
    ('comment', 'stores', NULL, 'A store: where it is, whether it takes orders, what it charges for delivery.'),
    ('comment', 'stores', 'province', 'Two letters; tax_rates are looked up by it.'),
    ('comment', 'stores', 'timezone', 'The store''s local date names its orders and dates its taxes.'),
    ('comment', 'stores', 'accepts_orders', 'false: checkout_cart refuses with WG014.'),
    ('comment', 'stores', 'free_delivery_threshold', 'Delivery is free from this subtotal, before discount, on; NULL: never.'),
    ('comment', 'stores', 'max_delivery_km', 'No delivery beyond; NULL: any distance.'),
    ('comment', 'stores', 'min_order_amount', 'Smallest subtotal, before discount, that is delivered.'),
    ('comment', 'stores', 'tax_delivery', 'true: the delivery fee is taxed by the rates of tax class "delivery".'),
    ('comment', 'stores', 'policies', 'Purchase limit, age and opening hours that checkout_cart holds the store to; {}: none. The reference has the keys.'),

    ('table', 'products', NULL, $ddl$
        CREATE TABLE weedgo_data.products (
            store_id      uuid NOT NULL,
            sku           text NOT NULL CHECK (sku <> ''),
            name          text NOT NULL,
            unit_price    numeric(12,2) NOT NULL CHECK (unit_price >= 0),
            sale_price    numeric(12,2) CHECK (sale_price >= 0),
            sale_from     timestamptz,
            sale_until    timestamptz,
            is_available  boolean NOT NULL DEFAULT true,
            tax_class     text NOT NULL DEFAULT 'cannabis',
            equivalent_mg bigint NOT NULL DEFAULT 0 CHECK (equivalent_mg >= 0),
            PRIMARY KEY (store_id, sku)
        ) WITH (fillfactor = 90);
    $ddl$),
    ('comment', 'products', NULL, 'What a store sells and for how much. Prices live here, apart from stock, so that a sale never locks a price.'),
    ('comment', 'products', 'sale_price', 'Charged instead of unit_price from sale_from until before sale_until; NULL ends are open.'),
    ('comment', 'products', 'equivalent_mg', 'Dried cannabis equivalent of one unit, in milligrams (Cannabis Act, Schedule 3).'),

    ('table', 'stock', NULL, $ddl$
        CREATE TABLE weedgo_data.stock (
            store_id  uuid NOT NULL,
            sku       text NOT NULL,
            bucket    integer NOT NULL DEFAULT 0,
            available integer NOT NULL CHECK (available >= 0),
            reserved  integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
            PRIMARY KEY (store_id, sku, bucket)
        ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
    $ddl$),
    ('comment', 'stock', NULL, 'Units on the shelf (available) and promised to holds and open orders (reserved). Half-filled pages keep its updates HOT.'),
    ('comment', 'stock', 'bucket', '0: units of no lot; below 0 those of a sku that is split. Others are those of a lot, which lots has under the same number.'),
    ('no check', 'stock', 'stock_bucket_check', 'CHECK ((bucket >= 0))'),
    ('function', 'stock', 'new_entry_id()', $ddl$
        CREATE OR REPLACE FUNCTION weedgo_data.new_entry_id() RETURNS uuid
        LANGUAGE sql VOLATILE -- its names were looked up when it was made, and unpinned it is inlined
        RETURN encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
                                              PLACING substr(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 3)
                                              FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid;
        COMMENT ON FUNCTION weedgo_data.new_entry_id IS 'A UUID version 7: version 4 with the milliseconds since 1970 in front.';
        REVOKE ALL ON FUNCTION weedgo_data.new_entry_id() FROM PUBLIC;
    $ddl$),
    ('function', 'stock', 'enter_opening_stock()', $ddl$
        CREATE OR REPLACE FUNCTION weedgo_data.enter_opening_stock() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
        AS $trigger$
        DECLARE
            split_sku text := (SELECT min(i.sku) FROM inserted i JOIN weedgo_data.stock s USING (store_id, sku)
                               WHERE i.bucket = 0 AND s.bucket < 0);
        BEGIN
            IF split_sku IS NOT NULL THEN
                RAISE EXCEPTION 'stock of sku "%" is split', split_sku
                    USING ERRCODE = '0A000', DETAIL = '{"code": "not_writable", "relation": "stock"}',
                          HINT = 'Its units are in rows of buckets below 0: receive_stock() and adjust_stock() change them.';
            END IF;
            INSERT INTO weedgo_data.stock_ledger (store_id, entry_id, sku, bucket, change, reason, details, recorded_at)
            SELECT i.store_id, weedgo_data.new_entry_id(), i.sku, i.bucket, i.available + i.reserved, 'opening', '{}', clock_timestamp()
            FROM inserted i
            WHERE i.available + i.reserved > 0;
            RETURN NULL;
        END
        $trigger$;
        REVOKE ALL ON FUNCTION weedgo_data.enter_opening_stock() FROM PUBLIC;
    $ddl$),

    ('table', 'customers', NULL, $ddl$
        CREATE TABLE weedgo_data.customers (
            customer_id   uuid PRIMARY KEY,
            date_of_birth date,
            age_verified  boolean NOT NULL DEFAULT false
        );
    $ddl$),
    ('comment', 'customers', NULL, 'Who may own carts and orders.'),
    ('comment', 'customers', 'age_verified', 'Whether somebody has seen a document; counts where a store''s policies ask for it.'),

    ('table', 'payment_methods', NULL, $ddl$
        CREATE TABLE weedgo_data.payment_methods (
            customer_id       uuid NOT NULL,
            payment_method_id text NOT NULL CHECK (payment_method_id <> ''),
            type              text NOT NULL CHECK (type <> ''),
            is_active         boolean NOT NULL DEFAULT true,
            expires_on        date,
            PRIMARY KEY (customer_id, payment_method_id)
        );
    $ddl$),
    ('comment', 'payment_methods', NULL, 'How a customer pays. Type "cash" rounds the amount due to five cents.'),
    ('comment', 'payment_methods', 'expires_on', 'The last day it can be used, by the store''s calendar.'),

    ('table', 'tax_rates', NULL, $ddl$
        CREATE TABLE weedgo_data.tax_rates (
            province    text NOT NULL,
            tax_class   text NOT NULL,
            tax_name    text NOT NULL,
            rate        numeric(9,6) NOT NULL CHECK (rate BETWEEN 0 AND 1),
            valid_from  date NOT NULL,
            valid_until date,
            source      text,
            PRIMARY KEY (province, tax_class, tax_name, valid_from),
            CHECK (valid_until > valid_from)
        );
        INSERT INTO weedgo_data.tax_rates (province, tax_class, tax_name, rate, valid_from, valid_until, source)
        SELECT province, tax_class, tax_name, rate, valid_from, valid_until, source
        FROM (VALUES
            ('AB BC MB NT NU QC SK YT', 'GST', 0.05, date '2008-01-01', NULL::date, 'Excise Tax Act s. 165(1): 5 % GST since 2008-01-01'),
            ('ON',    'HST', 0.13,    '2010-07-01', NULL,         'Excise Tax Act s. 165(2), Ontario: 13 % HST since 2010-07-01'),
            ('NB NL', 'HST', 0.15,    '2016-07-01', NULL,         'Excise Tax Act s. 165(2), New Brunswick, Newfoundland and Labrador: 15 % HST since 2016-07-01'),
            ('PE',    'HST', 0.15,    '2016-10-01', NULL,         'Excise Tax Act s. 165(2), Prince Edward Island: 15 % HST since 2016-10-01'),
            ('NS',    'HST', 0.15,    '2010-07-01', '2025-04-01', 'Excise Tax Act s. 165(2), Nova Scotia: 15 % HST from 2010-07-01 to 2025-03-31'),
            ('NS',    'HST', 0.14,    '2025-04-01', NULL,         'Excise Tax Act s. 165(2), Nova Scotia: 14 % HST since 2025-04-01'),
            ('QC',    'QST', 0.09975, '2013-01-01', NULL,         'Act respecting the Quebec sales tax s. 16: 9.975 % since 2013-01-01'),
            ('BC',    'PST', 0.07,    '2013-04-01', NULL,         'Provincial Sales Tax Act (BC) s. 34: 7 % since 2013-04-01'),
            ('SK',    'PST', 0.06,    '2017-03-23', NULL,         'Provincial Sales Tax Act (SK) s. 5: 6 % since 2017-03-23'),
            ('MB',    'RST', 0.07,    '2019-07-01', NULL,         'Retail Sales Tax Act (MB) s. 2: 7 % since 2019-07-01')
        ) AS rates (provinces, tax_name, rate, valid_from, valid_until, source),
        string_to_table(provinces, ' ') AS province,
        (VALUES ('cannabis'), ('accessory'), ('delivery')) AS classes (tax_class);
        -- Manitoba exempts cannabis that is not medical, and nothing that is sold with it.
        UPDATE weedgo_data.tax_rates
        SET rate = 0, valid_from = '2018-10-17',
            source = 'Retail Sales Tax Act (MB), Information Bulletin 063 (2019-10): non-medical cannabis exempt since 2018-10-17'
        WHERE province = 'MB' AND tax_name = 'RST' AND tax_class = 'cannabis';
    $ddl$),
    ('comment', 'tax_rates', NULL, 'Tax components by province and tax class; those valid on the store''s local date add up.'),
    ('comment', 'tax_rates', 'rate', 'A fraction: 0.13 is 13 %. An exempt class has a row with rate 0.'),
    ('comment', 'tax_rates', 'valid_until', 'First day it no longer holds; NULL: still in force.'),

    ('table', 'promo_codes', NULL, $ddl$
        CREATE TABLE weedgo_data.promo_codes (
            store_id              uuid NOT NULL,
            code                  text NOT NULL CHECK (code <> '' AND code = upper(btrim(code) COLLATE "C")),
            discount_type         text NOT NULL CHECK (discount_type IN ('percentage', 'fixed')),
            discount_value        numeric(12,2) NOT NULL CHECK (discount_value >= 0),
            max_discount_amount   numeric(12,2) CHECK (max_discount_amount >= 0),
            min_order_amount      numeric(12,2) NOT NULL DEFAULT 0.00 CHECK (min_order_amount >= 0),
            valid_from            timestamptz,
            valid_until           timestamptz,
            max_uses              integer CHECK (max_uses >= 0),
            max_uses_per_customer integer CHECK (max_uses_per_customer >= 0),
            reimbursable          boolean NOT NULL DEFAULT false,
            is_active             boolean NOT NULL DEFAULT true,
            PRIMARY KEY (store_id, code),
            CHECK (discount_type = 'fixed' OR discount_value <= 100)
        );
    $ddl$),
    ('comment', 'promo_codes', NULL, 'Promo codes of a store, in capitals. Uses are counted in promo_counters and promo_customers.'),
    ('comment', 'promo_codes', 'discount_value', 'Percent of the subtotal (10 is 10 %), or an amount.'),
    ('comment', 'promo_codes', 'reimbursable', 'true: a third party pays the discount back, so tax is due on the full price.'),
    ('comment', 'promo_codes', 'max_uses_per_customer', 'NULL: no limit. A guest cannot use a code that has one.'),

    ('table', 'carts', NULL, $ddl$
        CREATE TABLE weedgo_data.carts (
            store_id    uuid NOT NULL,
            cart_id     uuid NOT NULL,
            customer_id uuid,
            promo_code  text,
            status      text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'converted', 'abandoned')),
            order_id    uuid,
            created_at  timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (store_id, cart_id),
            CHECK ((status = 'converted') = (order_id IS NOT NULL))
        ) WITH (fillfactor = 80);
    $ddl$),
    ('index', 'carts', 'carts_customer', $ddl$ CREATE INDEX carts_customer ON weedgo_data.carts (customer_id) WHERE customer_id IS NOT NULL $ddl$),
    ('comment', 'carts', NULL, 'A cart: active until it becomes an order (converted) or is given up (abandoned).'),
    ('comment', 'carts', 'customer_id', 'NULL: a guest''s, or not claimed yet.'),

    ('table', 'cart_items', NULL, $ddl$
        CREATE TABLE weedgo_data.cart_items (
            store_id uuid NOT NULL,
            cart_id  uuid NOT NULL,
            sku      text NOT NULL CHECK (sku <> ''),
            quantity integer NOT NULL CHECK (quantity > 0),
            PRIMARY KEY (store_id, cart_id, sku)
        ) WITH (fillfactor = 90);
    $ddl$),
    ('comment', 'cart_items', NULL, 'What is in a cart. No price: that is the product''s, at checkout.'),
    -- Plain DML on cart_items goes by the same rules as put_cart: under the cart's lock, and
    -- never into a cart that is no longer active. Without the extension the lock is skipped.
    ('function', 'cart_items', 'lock_edited_cart()', $ddl$
        CREATE OR REPLACE FUNCTION weedgo_data.lock_edited_cart() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
        AS $trigger$
        DECLARE
            -- UPDATE and DELETE hold the row's lock already: waiting for the cart's too could deadlock.
            lock_options jsonb := jsonb_build_object('wait', TG_OP = 'INSERT');
            item record := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        BEGIN
            IF TG_OP = 'UPDATE' AND (OLD.store_id, OLD.cart_id) <> (NEW.store_id, NEW.cart_id) THEN
                RAISE EXCEPTION 'an item cannot move to another cart'
                    USING ERRCODE = '0A000', DETAIL = '{"code": "not_writable", "relation": "cart_items"}',
                          HINT = 'Delete it from the one and insert it into the other.';
            END IF;
            IF to_regprocedure('weedgo.lock_cart(uuid,uuid,jsonb)') IS NOT NULL THEN
                EXECUTE 'SELECT weedgo.lock_cart($1, $2, $3)' USING item.store_id, item.cart_id, lock_options;
            END IF;
            RETURN item;
        END
        $trigger$;
        REVOKE ALL ON FUNCTION weedgo_data.lock_edited_cart() FROM PUBLIC;
    $ddl$),
    -- A changed item changes its cart's row, so that a checkout with an older snapshot
    -- (REPEATABLE READ, SERIALIZABLE) fails instead of selling what it remembers.
    ('function', 'cart_items', 'touch_edited_carts()', $ddl$
        CREATE OR REPLACE FUNCTION weedgo_data.touch_edited_carts() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
        AS $trigger$
        DECLARE
            edited  bigint := (SELECT count(*) FROM (SELECT DISTINCT store_id, cart_id FROM changed) d);
            touched bigint;
        BEGIN
            UPDATE weedgo_data.carts c SET status = c.status
            FROM (SELECT DISTINCT store_id, cart_id FROM changed) d
            WHERE c.store_id = d.store_id AND c.cart_id = d.cart_id AND c.status = 'active';
            GET DIAGNOSTICS touched = ROW_COUNT;
            IF touched < edited AND TG_OP <> 'DELETE' THEN
                RAISE EXCEPTION 'the cart is not active'
                    USING ERRCODE = 'WG002', DETAIL = '{"code": "cart_not_active"}',
                          HINT = 'Items can be put into an existing cart that is neither converted nor abandoned.';
            END IF;
            RETURN NULL;
        END
        $trigger$;
        REVOKE ALL ON FUNCTION weedgo_data.touch_edited_carts() FROM PUBLIC;
    $ddl$),
    ('trigger', 'cart_items', 'lock_edited_cart', $ddl$

        CREATE TRIGGER lock_edited_cart BEFORE INSERT OR UPDATE OR DELETE ON weedgo_data.cart_items
            FOR EACH ROW EXECUTE FUNCTION weedgo_data.lock_edited_cart()
    $ddl$),
    ('trigger', 'cart_items', 'touch_carts_on_insert', $ddl$
        CREATE TRIGGER touch_carts_on_insert AFTER INSERT ON weedgo_data.cart_items
            REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION weedgo_data.touch_edited_carts()
    $ddl$),
    ('trigger', 'cart_items', 'touch_carts_on_update', $ddl$
        CREATE TRIGGER touch_carts_on_update AFTER UPDATE ON weedgo_data.cart_items
            REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION weedgo_data.touch_edited_carts()
    $ddl$),
    ('trigger', 'cart_items', 'touch_carts_on_delete', $ddl$
        CREATE TRIGGER touch_carts_on_delete AFTER DELETE ON weedgo_data.cart_items
            REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION weedgo_data.touch_edited_carts()
    $ddl$),

    -- Records: always tables of ours. No foreign keys: the functions guarantee
    -- them and verify_invariants() checks them.

    ('table', 'orders', NULL, $ddl$
        CREATE TABLE weedgo_data.orders (
            store_id             uuid NOT NULL,
            order_id             uuid NOT NULL,
            order_number         text NOT NULL,
            cart_id              uuid NOT NULL,
            customer_id          uuid,
            tenant_id            uuid,
            status               text NOT NULL DEFAULT 'pending' CHECK (status IN
                ('pending', 'confirmed', 'preparing', 'ready', 'out_for_delivery', 'delivered', 'cancelled', 'expired')),
            payment_status       text NOT NULL DEFAULT 'pending' CHECK (payment_status IN
                ('pending', 'authorized', 'captured', 'failed', 'voided', 'partially_refunded', 'refunded')),
            payment_type         text,
            payment_method_id    text,
            delivery_type        text NOT NULL CHECK (delivery_type IN ('delivery', 'pickup', 'in_store')),
            delivery_address     jsonb,
            pickup_time          text,
            special_instructions text,
            order_source         text NOT NULL,
            actor_id             uuid,
            subtotal             numeric(12,2) NOT NULL CHECK (subtotal >= 0),
            discount             numeric(12,2) NOT NULL CHECK (discount BETWEEN 0 AND subtotal),
            tax                  numeric(12,2) NOT NULL CHECK (tax >= 0),
            delivery_fee         numeric(12,2) NOT NULL CHECK (delivery_fee >= 0),
            delivery_tax         numeric(12,2) NOT NULL CHECK (delivery_tax BETWEEN 0 AND tax),
            tip                  numeric(12,2) NOT NULL CHECK (tip >= 0),
            total                numeric(12,2) NOT NULL CHECK (total = subtotal - discount + tax + delivery_fee + tip),
            amount_due           numeric(12,2) NOT NULL CHECK (abs(amount_due - total) <= 0.02),
            currency             text NOT NULL,
            promo_code           text,
            distance_m           integer CHECK (distance_m >= 0),
            taxes                jsonb NOT NULL,
            pricing              jsonb NOT NULL,
            idempotency_scope    uuid NOT NULL,
            idempotency_key      text,
            request_fingerprint  bytea,
            priced_at            timestamptz NOT NULL,
            created_at           timestamptz NOT NULL,
            metadata             jsonb,
            PRIMARY KEY (store_id, order_id)
        ) WITH (fillfactor = 90);
    $ddl$),
    ('column', 'orders', 'counted_on', 'date'),
    ('index', 'orders', 'orders_cart', $ddl$ CREATE UNIQUE INDEX orders_cart ON weedgo_data.orders (store_id, cart_id) $ddl$),
    ('index', 'orders', 'orders_number', $ddl$ CREATE UNIQUE INDEX orders_number ON weedgo_data.orders (store_id, order_number) $ddl$),
    ('index', 'orders', 'orders_idempotency', $ddl$
        CREATE UNIQUE INDEX orders_idempotency ON weedgo_data.orders (store_id, idempotency_scope, idempotency_key)
            WHERE idempotency_key IS NOT NULL
    $ddl$),
    ('index', 'orders', 'orders_pending', $ddl$ CREATE INDEX orders_pending ON weedgo_data.orders (created_at) WHERE status = 'pending' $ddl$),
    ('index', 'orders', 'orders_customer', $ddl$ CREATE INDEX orders_customer ON weedgo_data.orders (customer_id, order_id) $ddl$),
    ('comment', 'orders', NULL, 'Orders, with everything that their amounts were computed from.'),
    ('comment', 'orders', 'order_id', 'UUID version 7: later orders have greater ids.'),
    ('comment', 'orders', 'tax', 'All tax, that on the delivery fee (delivery_tax) included.'),
    ('comment', 'orders', 'amount_due', 'The total; in cash, rounded to five cents.'),
    ('comment', 'orders', 'taxes', 'Per tax name: its amount and, per tax class, the rate and what it was taken of.'),
    ('comment', 'orders', 'pricing', 'The store''s and the promo code''s figures at the time, its province and time zone: inputs of discount, delivery fee and tax.'),
    ('comment', 'orders', 'idempotency_scope', 'The customer, or the cart where the customer is a guest: whose idempotency keys these are.'),
    ('comment', 'orders', 'request_fingerprint', 'SHA-256 of the request''s arguments, except the key.'),
    ('comment', 'orders', 'counted_on', 'The customer''s day, in customer_days, on which its dried cannabis equivalent is counted; NULL: it is not.'),
    ('comment', 'orders', 'priced_at', 'The one instant that prices, windows and rates were judged at.'),

    ('table', 'order_items', NULL, $ddl$
        CREATE TABLE weedgo_data.order_items (
            store_id      uuid NOT NULL,
            order_id      uuid NOT NULL,
            line_no       integer NOT NULL CHECK (line_no > 0),
            sku           text NOT NULL,
            name          text NOT NULL,
            quantity      integer NOT NULL CHECK (quantity > 0),
            unit_price    numeric(12,2) NOT NULL CHECK (unit_price >= 0),
            line_total    numeric(12,2) NOT NULL CHECK (line_total = unit_price * quantity),
            discount      numeric(12,2) NOT NULL CHECK (discount BETWEEN 0 AND line_total),
            taxable       numeric(12,2) NOT NULL CHECK (taxable IN (line_total, line_total - discount)),
            tax           numeric(12,2) NOT NULL CHECK (tax >= 0),
            tax_class     text NOT NULL,
            equivalent_mg bigint NOT NULL CHECK (equivalent_mg >= 0),
            returned      integer NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND quantity),
            PRIMARY KEY (store_id, order_id, line_no)
        );
    $ddl$),
    ('comment', 'order_items', NULL, 'The lines of an order, one a sku, as they were sold. line_total is before discount and tax.'),
    ('comment', 'order_items', 'returned', 'Units that came back after delivery, by refund_order().'),
    ('comment', 'order_items', 'equivalent_mg', 'Dried cannabis equivalent of one unit, in milligrams.'),

    ('table', 'order_events', NULL, $ddl$
        CREATE TABLE weedgo_data.order_events (
            store_id      uuid NOT NULL,
            order_id      uuid NOT NULL,
            seq           integer NOT NULL CHECK (seq > 0),
            event         text NOT NULL,
            from_status   text,
            to_status     text,
            actor_id      uuid,
            reason        text,
            details       jsonb,
            recorded_at   timestamptz NOT NULL DEFAULT now(),
            recorded_xid  xid8 NOT NULL DEFAULT pg_current_xact_id(),
            hash          bytea NOT NULL,
            PRIMARY KEY (store_id, order_id, seq)
        );
    $ddl$),
    ('index', 'order_events', 'order_events_recorded', $ddl$ CREATE INDEX order_events_recorded ON weedgo_data.order_events (recorded_xid, order_id, seq) $ddl$),
    ('index', 'order_events', 'order_events_delivered', $ddl$
        CREATE INDEX order_events_delivered ON weedgo_data.order_events (store_id, recorded_at, order_id)
            WHERE to_status = 'delivered' AND from_status IS DISTINCT FROM to_status
    $ddl$),
    ('comment', 'order_events', NULL, 'What happened to an order, in order; only ever added to.'),
    ('comment', 'order_events', 'hash', 'SHA-256 over this event and the hash before it; the first one seals the order and its lines. verify_audit() checks it.'),
    ('comment', 'order_events', 'recorded_xid', 'Events whose xid is below pg_snapshot_xmin(pg_current_snapshot()) are complete: poll up to there.'),

    ('table', 'payments', NULL, $ddl$
        CREATE TABLE weedgo_data.payments (
            store_id           uuid NOT NULL,
            payment_id         uuid NOT NULL,
            order_id           uuid NOT NULL,
            event              text NOT NULL CHECK (event IN ('authorized', 'captured', 'failed', 'voided', 'refunded')),
            amount             numeric(12,2) NOT NULL CHECK (amount >= 0),
            payment_type       text,
            provider_reference text,
            actor_id           uuid,
            details            jsonb,
            recorded_at        timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (store_id, payment_id)
        );
    $ddl$),
    ('index', 'payments', 'payments_reference', $ddl$
        CREATE UNIQUE INDEX payments_reference ON weedgo_data.payments (store_id, provider_reference, event)
            WHERE provider_reference IS NOT NULL
    $ddl$),
    ('index', 'payments', 'payments_order', $ddl$ CREATE INDEX payments_order ON weedgo_data.payments (store_id, order_id) $ddl$),
    ('comment', 'payments', NULL, 'What payment providers reported, each report once.'),

    ('table', 'holds', NULL, $ddl$
        CREATE TABLE weedgo_data.holds (
            store_id   uuid NOT NULL,
            cart_id    uuid NOT NULL,
            sku        text NOT NULL,
            bucket     integer NOT NULL DEFAULT 0,
            quantity   integer NOT NULL CHECK (quantity > 0),
            expires_at timestamptz NOT NULL,
            PRIMARY KEY (store_id, cart_id, sku, bucket)
        );
    $ddl$),
    ('index', 'holds', 'holds_expiry', $ddl$ CREATE INDEX holds_expiry ON weedgo_data.holds (expires_at) $ddl$),
    ('index', 'holds', 'holds_sku', $ddl$ CREATE INDEX holds_sku ON weedgo_data.holds (store_id, sku) $ddl$),
    ('comment', 'holds', NULL, 'Stock promised to a cart before checkout; counted in stock.reserved until the row is gone.'),

    ('table', 'promo_counters', NULL, $ddl$
        CREATE TABLE weedgo_data.promo_counters (
            store_id uuid NOT NULL,
            code     text NOT NULL,
            bucket   integer NOT NULL DEFAULT 0,
            used     integer NOT NULL CHECK (used >= 0),
            quota    integer CHECK (quota >= 0),
            PRIMARY KEY (store_id, code, bucket)
        ) WITH (fillfactor = 50);
    $ddl$),
    ('no check', 'promo_counters', 'promo_counters_bucket_check', 'CHECK ((bucket = 0))'),
    ('comment', 'promo_counters', NULL, 'How often a promo code was used.'),
    ('comment', 'promo_counters', 'bucket', '0; below 0 the parts of a code that is split, whose bucket 0 has nothing.'),
    ('comment', 'promo_counters', 'quota', 'This bucket''s share of the code''s max_uses; NULL: all of it.'),

    ('table', 'promo_customers', NULL, $ddl$
        CREATE TABLE weedgo_data.promo_customers (
            store_id    uuid NOT NULL,
            code        text NOT NULL,
            customer_id uuid NOT NULL,
            used        integer NOT NULL CHECK (used >= 0),
            PRIMARY KEY (store_id, code, customer_id)
        ) WITH (fillfactor = 80);
    $ddl$),
    ('comment', 'promo_customers', NULL, 'How often a customer used a promo code.'),

    ('table', 'customer_days', NULL, $ddl$
        CREATE TABLE weedgo_data.customer_days (
            store_id      uuid NOT NULL,
            customer_id   uuid NOT NULL,
            day           date NOT NULL,
            equivalent_mg bigint NOT NULL CHECK (equivalent_mg >= 0),
            PRIMARY KEY (store_id, customer_id, day)
        ) WITH (fillfactor = 80);
    $ddl$),
    ('comment', 'customer_days', NULL, 'Dried cannabis equivalent a customer bought on a day, by the store''s calendar, for stores that limit it.'),

    ('table', 'allocations', NULL, $ddl$
        CREATE TABLE weedgo_data.allocations (
            store_id uuid NOT NULL,
            order_id uuid NOT NULL,
            line_no  integer NOT NULL,
            sku      text NOT NULL,
            bucket   integer NOT NULL,
            quantity integer NOT NULL CHECK (quantity > 0),
            returned integer NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND quantity),
            PRIMARY KEY (store_id, order_id, line_no, bucket)
        );
    $ddl$),
    ('index', 'allocations', 'allocations_lot', $ddl$ CREATE INDEX allocations_lot ON weedgo_data.allocations (store_id, sku, bucket) $ddl$),
    ('comment', 'allocations', NULL, 'Which lots (buckets of stock) an order line was taken from; a line without lots has no row here.'),
    ('comment', 'allocations', 'returned', 'Units that came back after delivery, by refund_order().'),

    ('table', 'lots', NULL, $ddl$
        CREATE TABLE weedgo_data.lots (
            store_id      uuid NOT NULL,
            sku           text NOT NULL,
            bucket        integer NOT NULL CHECK (bucket > 0),
            lot_number    text NOT NULL CHECK (lot_number <> ''),
            received_at   timestamptz NOT NULL DEFAULT now(),
            packaged_on   date,
            expires_on    date,
            recalled_at   timestamptz,
            recall_reason text,
            recalled_by   uuid,
            PRIMARY KEY (store_id, sku, bucket)
        );
    $ddl$),
    ('index', 'lots', 'lots_sku', $ddl$ CREATE UNIQUE INDEX lots_sku ON weedgo_data.lots (store_id, sku, lot_number) $ddl$),
    ('index', 'lots', 'lots_number', $ddl$ CREATE INDEX lots_number ON weedgo_data.lots (lot_number) $ddl$),
    ('comment', 'lots', NULL, 'Lots of skus whose stock is kept by lot; their units are in stock, in the bucket of the lot.'),
    ('comment', 'lots', 'expires_on', 'The last day it is sold, by the store''s calendar; NULL: no end.'),
    ('comment', 'lots', 'recalled_at', 'Since when it is not sold any more: recall_lot().'),

    ('table', 'stock_ledger', NULL, $ddl$
        CREATE TABLE weedgo_data.stock_ledger (
            store_id    uuid NOT NULL,
            entry_id    uuid NOT NULL,
            sku         text NOT NULL,
            bucket      integer NOT NULL DEFAULT 0,
            change      integer NOT NULL CHECK (change <> 0),
            reason      text NOT NULL CHECK (reason IN
                ('opening', 'received', 'counted', 'damaged', 'lost', 'stolen', 'destroyed', 'returned', 'transfer_out', 'transfer_in')),
            actor_id    uuid,
            details     jsonb,
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (store_id, entry_id)
        );
    $ddl$),
    ('index', 'stock_ledger', 'stock_ledger_sku', $ddl$ CREATE INDEX stock_ledger_sku ON weedgo_data.stock_ledger (store_id, sku) $ddl$),
    ('comment', 'stock_ledger', NULL, 'Every change of what is on the shelf that is not an order or a hold; only ever added to.'),
    ('comment', 'stock_ledger', 'reason', 'opening: units that a row of stock was inserted with.'),
    ('comment', 'stock_ledger', 'entry_id', 'UUID version 7: later entries have greater ids.'),
    ('comment', 'stock_ledger', 'details', 'The reason that was given; of a transfer, the other store.'),

    ('table', 'store_roles', NULL, $ddl$
        CREATE TABLE weedgo_data.store_roles (
            role_name name NOT NULL,
            store_id  uuid NOT NULL,
            PRIMARY KEY (role_name, store_id)
        );
    $ddl$),
    ('comment', 'store_roles', NULL, 'Which stores a role acts for, by row security; a role that neither has a row here nor is a member of one that has acts for all.')

    LOOP
        IF kind = 'table' THEN
            relations := relations || relation;
            IF to_regclass('weedgo_data.' || relation) IS NULL THEN
                EXECUTE definition;
                made := made || relation;
                RETURN NEXT relation;
            END IF;
            -- The parts below are for tables: a view has what its application gives it.
            ours := (SELECT c.oid FROM pg_class c
                     WHERE c.oid = to_regclass('weedgo_data.' || relation) AND c.relkind IN ('r', 'p')
                       AND pg_get_userbyid(c.relowner) = data_owner);
            CONTINUE;
        END IF;
        CONTINUE WHEN ours IS NULL;
        CASE kind
        WHEN 'column' THEN
            IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = ours AND a.attname = part AND NOT a.attisdropped) THEN
                EXECUTE format('ALTER TABLE weedgo_data.%I ADD COLUMN %I %s', relation, part, definition);
            END IF;
        WHEN 'no check' THEN
            -- Of an earlier release; one that somebody else made of this name is left alone.
            IF EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = ours AND c.conname = part
                       AND c.contype = 'c' AND pg_get_constraintdef(c.oid) = definition) THEN
                EXECUTE format('ALTER TABLE weedgo_data.%I DROP CONSTRAINT %I', relation, part);
            END IF;
        WHEN 'comment' THEN
            IF part IS NULL AND obj_description(ours, 'pg_class') IS DISTINCT FROM definition THEN
                EXECUTE format('COMMENT ON TABLE weedgo_data.%I IS %L', relation, definition);
            ELSIF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = ours AND a.attname = part AND NOT a.attisdropped
                          AND col_description(ours, a.attnum) IS DISTINCT FROM definition) THEN
                EXECUTE format('COMMENT ON COLUMN weedgo_data.%I.%I IS %L', relation, part, definition);
            END IF;
        WHEN 'index' THEN
            IF NOT EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                           WHERE i.indrelid = ours AND c.relname = part) THEN
                EXECUTE definition;
            END IF;
        WHEN 'function' THEN
            -- Known by its source. In form RETURN there is none: change its name with it.
            IF NOT EXISTS (SELECT FROM pg_proc p
                           WHERE p.oid = to_regprocedure('weedgo_data.' || part)
                             AND (p.prosrc = '' OR strpos(definition, '$' || p.prosrc || '$') > 0)) THEN
                EXECUTE definition;
            END IF;
        WHEN 'trigger' THEN
            IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = ours AND t.tgname = part) THEN
                EXECUTE definition;
            END IF;
        END CASE;
    END LOOP;

    -- What is put on the shelf by INSERT or COPY enters the ledger, too: else it would not add up to
    -- what is there. Rows that the functions insert are empty. A table of stock that has no such
    -- trigger yet begins its books here, dated before the first record of its store.
    IF EXISTS (SELECT FROM pg_class c
               WHERE c.oid = to_regclass('weedgo_data.stock') AND c.relkind IN ('r', 'p')
                 AND pg_get_userbyid(c.relowner) = data_owner
                 AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'enter_opening_stock')) THEN
        CREATE TRIGGER enter_opening_stock AFTER INSERT ON weedgo_data.stock
            REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION weedgo_data.enter_opening_stock();
        books_begin := NOT 'stock' = ANY (made);
    END IF;

    -- What the policies go by: the stores that the current user is bound to, and nobody else's.
    IF to_regclass('weedgo_data.own_stores') IS NULL THEN
        CREATE VIEW weedgo_data.own_stores WITH (security_barrier) AS
            WITH RECURSIVE membership AS (
                SELECT r.oid AS role FROM pg_roles r WHERE r.rolname = current_user
                UNION SELECT m.roleid FROM membership s JOIN pg_auth_members m ON m.member = s.role)
            SELECT b.store_id
            FROM membership s JOIN weedgo_data.store_roles b ON b.role_name = pg_get_userbyid(s.role);
        COMMENT ON VIEW weedgo_data.own_stores IS 'The stores that the current user is bound to, by itself or as a member; none: it is not bound.';
    END IF;
    -- The policies of release 0.1.0 asked a function, which told everyone about every role.
    IF to_regprocedure('weedgo_data.stores_of(name)') IS NOT NULL THEN
        FOR relation IN SELECT c.relname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
                        WHERE c.relnamespace = to_regnamespace('weedgo_data') AND p.polname = 'bound_stores' LOOP
            EXECUTE format('ALTER POLICY bound_stores ON weedgo_data.%I USING (%s)', relation, own_rows);
        END LOOP;
        DROP FUNCTION weedgo_data.stores_of(name);
    END IF;

    -- Row security by store, of tables; a view has what the tables under it have. What is new goes by orders.
    secure := coalesce((options ->> 'row_security')::boolean,
                       (SELECT relrowsecurity FROM pg_class WHERE oid = to_regclass('weedgo_data.orders')));
    FOR relation, is_secure, has_policy IN
        SELECT c.relname, c.relrowsecurity, EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'bound_stores')
        FROM pg_class c
        WHERE c.relnamespace = to_regnamespace('weedgo_data') AND c.relkind IN ('r', 'p') AND c.relname = ANY (relations)
          AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'store_id')
          AND (options ->> 'row_security' IS NOT NULL OR c.relname = ANY (made) OR secure AND c.relrowsecurity)
    LOOP
        IF is_secure <> secure THEN
            EXECUTE format('ALTER TABLE weedgo_data.%I %s ROW LEVEL SECURITY', relation, CASE WHEN secure THEN 'ENABLE' ELSE 'DISABLE' END);
        END IF;
        IF secure AND NOT has_policy THEN
            -- Of store_roles only reading: nobody but its owner binds a role, or unbinds one.
            EXECUTE format('CREATE POLICY bound_stores ON weedgo_data.%I FOR %s USING (%s)',
                           relation, CASE relation WHEN 'store_roles' THEN 'SELECT' ELSE 'ALL' END, own_rows);
        ELSIF has_policy AND NOT secure THEN
            EXECUTE format('DROP POLICY bound_stores ON weedgo_data.%I', relation);
        END IF;
    END LOOP;
    -- A policy reads the view as whoever reads the table.
    IF secure <> has_table_privilege('public', 'weedgo_data.own_stores', 'SELECT') THEN
        EXECUTE CASE WHEN secure THEN 'GRANT SELECT ON weedgo_data.own_stores TO PUBLIC'
                     ELSE 'REVOKE SELECT ON weedgo_data.own_stores FROM PUBLIC' END;
    END IF;

    PERFORM set_config('role', caller_role, true);
    -- Not by SET ROLE, which a trigger on the ledger could undo.
    IF books_begin THEN
        PERFORM weedgo.begin_ledger();
    END IF;
    RETURN;
END
$create_tables$;
COMMENT ON FUNCTION weedgo.create_tables IS
    'Makes the relations that are missing in schema weedgo_data, owned by one ordinary role; returns their names.';
