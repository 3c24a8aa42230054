-- Who may call what. Three kinds of application role, each exactly what it needs.

CREATE FUNCTION weedgo.grant_app(role name, kind text DEFAULT 'checkout')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $grant_app$
DECLARE
    functions text[];
    granted   text;
BEGIN
    IF role IS NULL OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
        RAISE EXCEPTION 'role "%" does not exist', role
            USING ERRCODE = '42704', DETAIL = '{"code": "invalid_argument", "argument": "role"}',
                  HINT = 'CREATE ROLE it first.';
    END IF;
    functions := CASE kind
        WHEN 'checkout' THEN ARRAY['checkout_cart', 'calc_order_totals', 'reserve_inventory', 'release_inventory',
                                   'put_cart', 'get_cart', 'get_order', 'list_orders', 'lock_cart', 'cart_lock_key']
        WHEN 'staff'    THEN ARRAY['advance_order', 'cancel_order', 'fulfil_order', 'expire_orders', 'record_payment', 'refund_order',
                                   'events_after', 'receive_stock', 'adjust_stock', 'transfer_stock', 'stock_overview',
                                   'expire_holds', 'get_cart', 'get_order', 'list_orders', 'cart_lock_key',
                                   'verify_invariants', 'verify_audit', 'recompute_order', 'check_setup']
        WHEN 'reader'   THEN ARRAY['get_order', 'list_orders', 'events_after', 'stock_overview', 'verify_invariants', 'verify_audit', 'recompute_order']
    END;
    IF functions IS NULL THEN
        RAISE EXCEPTION 'unknown kind of role "%"', kind
            USING ERRCODE = '22023', DETAIL = '{"code": "invalid_argument", "argument": "kind"}',
                  HINT = 'One of checkout, staff, reader.';
    END IF;

    EXECUTE format('GRANT USAGE ON SCHEMA weedgo TO %I', role);
    FOR granted IN
        SELECT p.oid::regprocedure
        FROM pg_proc p
        WHERE p.pronamespace = 'weedgo'::regnamespace AND p.proname = ANY (functions)
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', granted, role);
    END LOOP;
END
$grant_app$;
COMMENT ON FUNCTION weedgo.grant_app IS
    'Lets a role call what a checkout application, a member of staff or a reader needs, and nothing else.';
