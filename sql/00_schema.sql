-- Whoever owns a schema may put functions into it: somebody else's schema weedgo, made before
-- ours, would let them stand in for these.
DO $schema_owner$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace n
                   JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) n.nspowner
                   WHERE n.nspname OPERATOR(pg_catalog.=) 'weedgo'
                     AND (r.rolsuper OR r.rolname OPERATOR(pg_catalog.=) CURRENT_USER)) THEN
        RAISE EXCEPTION 'schema weedgo exists and belongs to an ordinary role'
            USING ERRCODE = '42501', HINT = 'Look at what is in it; then drop it, or give it to a superuser.';
    END IF;
END
$schema_owner$;

-- Schema weedgo holds functions and types, nothing else. Everything in it is
-- created here, by the extension; the relations live in schema weedgo_data and
-- belong to whoever ran weedgo.create_tables().

COMMENT ON SCHEMA weedgo IS
    'weedgo_checkout: functions and types. Its relations are in schema weedgo_data, made by weedgo.create_tables().';
