-- PostgreSQL lets everyone execute a new function. Not these.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA weedgo FROM PUBLIC;

-- The extension was dropped and comes back: the owner of the relations takes the cart's lock in a
-- trigger on cart_items, as create_tables() granted. Who else has made a schema weedgo_data, or can
-- act as that owner, is granted nothing: create_tables() asks for a name then.
DO $existing_tables$
DECLARE
    data_owner name;
    is_known   boolean;
BEGIN
    SELECT r.rolname, r.rolname OPERATOR(pg_catalog.=) 'weedgo_owner'
           AND NOT (r.rolcanlogin OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls)
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members m
                           WHERE r.oid OPERATOR(pg_catalog.=) m.roleid OR r.oid OPERATOR(pg_catalog.=) m.member)
    INTO data_owner, is_known
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) c.relowner
    WHERE n.nspname OPERATOR(pg_catalog.=) 'weedgo_data' AND c.relname OPERATOR(pg_catalog.=) 'cart_items'
      AND c.relowner OPERATOR(pg_catalog.=) n.nspowner;
    IF is_known THEN
        GRANT USAGE ON SCHEMA weedgo TO weedgo_owner;
        GRANT EXECUTE ON FUNCTION weedgo.lock_cart(uuid, uuid, jsonb) TO weedgo_owner;
    ELSIF data_owner IS NOT NULL THEN
        RAISE WARNING 'schema weedgo_data exists, and belongs to "%"', data_owner
            USING HINT = pg_catalog.format('If it is the shop''s: SELECT weedgo.create_tables(%L);', data_owner);
    END IF;
END
$existing_tables$;
