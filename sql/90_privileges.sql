-- PostgreSQL lets everyone execute a new function. Not these. In an upgrade only those that are new:
-- what a GRANT or REVOKE of an extension's script leaves is the object's initial privileges, which
-- pg_dump does not dump, so that touching an older function would keep the DBA's grants on it out
-- of every later dump.
DO $privileges$
DECLARE
    new_function pg_catalog.regprocedure;
BEGIN
    FOR new_function IN
        SELECT p.oid
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace OPERATOR(pg_catalog.=) 'weedgo'::pg_catalog.regnamespace
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_init_privs i
                          WHERE i.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                            AND i.objoid OPERATOR(pg_catalog.=) p.oid)
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', new_function);
    END LOOP;
END
$privileges$;
