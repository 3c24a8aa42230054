-- PostgreSQL lets everyone execute a new function. Not these.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA weedgo FROM PUBLIC;

-- The extension was dropped and comes back: the owner of the relations takes the
-- cart's lock in a trigger on cart_items, as create_tables() granted.
DO $existing_tables$
DECLARE
    data_owner name := (SELECT pg_catalog.pg_get_userbyid(c.relowner)
                        FROM pg_catalog.pg_class c
                        JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
                        WHERE n.nspname OPERATOR(pg_catalog.=) 'weedgo_data'
                          AND c.relname OPERATOR(pg_catalog.=) 'cart_items'
                          AND c.relowner OPERATOR(pg_catalog.=) n.nspowner);
BEGIN
    IF data_owner IS NOT NULL THEN
        EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA weedgo TO %I', data_owner);
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION weedgo.lock_cart(uuid, uuid, jsonb) TO %I', data_owner);
    END IF;
END
$existing_tables$;
