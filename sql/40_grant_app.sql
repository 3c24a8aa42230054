-- Who may call what. Three kinds of application role, each exactly what it needs.

CREATE FUNCTION weedgo.grant_app(role name, kind text DEFAULT 'checkout', options jsonb DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $grant_app$
DECLARE
    functions text[];
    granted   text;
    stores    jsonb := options -> 'stores';
    unknown_key text;
BEGIN
    IF role IS NULL OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
        RAISE EXCEPTION 'role "%" does not exist', role
            USING ERRCODE = '42704', DETAIL = '{"code": "invalid_argument", "argument": "role"}',
                  HINT = 'CREATE ROLE it first.';
    END IF;
    functions := CASE kind
        WHEN 'checkout' THEN ARRAY['checkout_cart', 'calc_order_totals', 'reserve_inventory', 'release_inventory',
                                   'put_cart', 'get_cart', 'get_order', 'list_orders', 'lock_cart', 'cart_lock_key']
        WHEN 'staff'    THEN ARRAY['sell_in_store', 'advance_order', 'cancel_order', 'fulfil_order', 'expire_orders', 'record_payment', 'refund_order',
                                   'events_after', 'receive_stock', 'adjust_stock', 'transfer_stock', 'stock_overview', 'inventory_report', 'trace_lot', 'recall_lot',
                                   'split_stock', 'merge_stock', 'split_promo', 'merge_promo', 'hot_skus', 'tune_stock',
                                   'expire_holds', 'get_cart', 'get_order', 'list_orders', 'cart_lock_key',
                                   'verify_invariants', 'verify_audit', 'recompute_order', 'check_setup']
        WHEN 'reader'   THEN ARRAY['get_order', 'list_orders', 'events_after', 'stock_overview', 'inventory_report', 'trace_lot', 'verify_invariants', 'verify_audit', 'recompute_order']
    END;
    IF functions IS NULL THEN
        RAISE EXCEPTION 'unknown kind of role "%"', kind
            USING ERRCODE = '22023', DETAIL = '{"code": "invalid_argument", "argument": "kind"}',
                  HINT = 'One of checkout, staff, reader.';
    END IF;
    IF jsonb_typeof(options) <> 'object' THEN
        RAISE EXCEPTION 'options must be a JSON object'
            USING ERRCODE = '22023', DETAIL = '{"code": "invalid_argument", "argument": "options"}',
                  HINT = 'grant_app() has one option: stores.';
    END IF;
    unknown_key := (SELECT min(k) FROM jsonb_object_keys(options) k WHERE k <> 'stores');
    IF unknown_key IS NOT NULL THEN
        RAISE EXCEPTION 'unknown option "%"', unknown_key
            USING ERRCODE = '22023', DETAIL = '{"code": "invalid_argument", "argument": "options"}',
                  HINT = 'grant_app() has one option: stores.';
    END IF;
    IF jsonb_typeof(stores) NOT IN ('array', 'null')
       OR EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(stores) WHEN 'array' THEN stores ELSE '[]' END) s
                  WHERE jsonb_typeof(s) <> 'string' OR s #>> '{}' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') THEN
        RAISE EXCEPTION 'option "stores" must be a list of stores'' ids, or null'
            USING ERRCODE = '22023', DETAIL = '{"code": "invalid_argument", "argument": "options"}',
                  HINT = 'Such as {"stores": ["11111111-1111-1111-1111-111111111111"]}; null unbinds the role.';
    END IF;

    EXECUTE format('GRANT USAGE ON SCHEMA weedgo TO %I', role);
    FOR granted IN
        SELECT p.oid::regprocedure
        FROM pg_proc p
        WHERE p.pronamespace = 'weedgo'::regnamespace AND p.proname = ANY (functions)
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', granted, role);
    END LOOP;

    -- Written as the owner of the relations: a trigger of theirs must not run as whoever calls this.
    IF jsonb_typeof(stores) = 'array' THEN
        PERFORM weedgo.bind_role(role, ARRAY(SELECT s::uuid FROM jsonb_array_elements_text(stores) s));
    ELSIF jsonb_typeof(stores) = 'null' THEN
        PERFORM weedgo.bind_role(role, NULL);
    END IF;
END
$grant_app$;
COMMENT ON FUNCTION weedgo.grant_app IS
    'Lets a role call what a checkout application, a member of staff or a reader needs, and nothing else.';
