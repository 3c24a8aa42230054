-- Whoever owns a schema, may create in it, or did, can put functions where they stand in for ours:
-- a schema weedgo that was made before ours must be a superuser's, empty, and closed to others.
DO $planted$
DECLARE
    problem text := (
        SELECT CASE
            WHEN NOT (r.rolsuper OR r.rolname OPERATOR(pg_catalog.=) CURRENT_USER)
                THEN 'schema weedgo exists and belongs to an ordinary role'
            WHEN EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) a
                         WHERE a.privilege_type OPERATOR(pg_catalog.=) 'CREATE' AND a.grantee OPERATOR(pg_catalog.<>) n.nspowner)
                THEN 'schema weedgo exists and others may create objects in it'
            WHEN EXISTS (SELECT FROM pg_catalog.pg_depend d
                         WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
                           AND d.refobjid OPERATOR(pg_catalog.=) n.oid
                           AND d.classid OPERATOR(pg_catalog.<>) 'pg_catalog.pg_extension'::pg_catalog.regclass
                           AND d.classid OPERATOR(pg_catalog.<>) 'pg_catalog.pg_default_acl'::pg_catalog.regclass)
                THEN 'schema weedgo exists and is not empty'
        END
        FROM pg_catalog.pg_namespace n
        JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) n.nspowner
        WHERE n.nspname OPERATOR(pg_catalog.=) 'weedgo');
BEGIN
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION '%', problem
            USING ERRCODE = '42501', HINT = 'Look at what is in it; then drop it, or empty it and give it to a superuser alone.';
    END IF;
END
$planted$;

-- Schema weedgo holds functions and types, nothing else. Everything in it is
-- created here, by the extension; the relations live in schema weedgo_data and
-- belong to whoever ran weedgo.create_tables().

COMMENT ON SCHEMA weedgo IS
    'weedgo_checkout: functions and types. Its relations are in schema weedgo_data, made by weedgo.create_tables().';
