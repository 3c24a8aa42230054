// check_setup: what is wrong or risky, before it is met in a checkout. First the contract, as
// every call checks it; then what only the catalog and the settings can tell.
#include "contract.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "policy_read.hpp"
#include "result.hpp"
#include "spi.hpp"
#include "tenancy_setup.hpp"

namespace weedgo {

namespace {

// Each returns findings: (severity, object, problem, hint).

constinit Statement missing_indexes{R"sql(
SELECT 'error', 'weedgo_data.' || w.relation, 'it has no unique index on (' || w.columns || ')',
       'CREATE UNIQUE INDEX ON weedgo_data.' || w.relation || ' (' || w.columns || ');'
  FROM unnest($1::text[], $2::text[], $3::text[]) AS w (relation, columns, condition)
  JOIN pg_class c ON c.relnamespace = to_regnamespace('weedgo_data') AND c.relname = w.relation
       AND c.relkind IN ('r', 'p')
 WHERE NOT EXISTS (
       SELECT FROM pg_index i
        WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
          AND replace(coalesce(pg_get_expr(i.indpred, i.indrelid), ''), '"', '') IN ('', w.condition)
          AND i.indexprs IS NULL
          AND (SELECT array_agg(a.attname::text ORDER BY a.attname)
                 FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]))
              = (SELECT array_agg(k ORDER BY k COLLATE "C")
                   FROM unnest(string_to_array(w.columns, ', ')) k))
)sql",
                                    Access::whole_tables};

constinit Statement unwritable_views{R"sql(
SELECT 'error', 'weedgo_data.' || w.relation,
       'its column "' || w.attribute || '" cannot be updated',
       'Make it a view of one table that shows this column as it is.'
  FROM unnest($1::text[], $2::text[]) AS w (relation, attribute)
  JOIN pg_class c ON c.relnamespace = to_regnamespace('weedgo_data') AND c.relname = w.relation
       AND c.relkind = 'v'
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = w.attribute
 WHERE NOT pg_column_is_updatable(c.oid, a.attnum, false)
)sql",
                                     Access::whole_tables};

// Whoever has schema weedgo, or put a function into it, could stand in for ours.
constinit Statement foreign_parts{R"sql(
SELECT 'error', 'schema weedgo', 'it belongs to "' || r.rolname || '", an ordinary role',
       'Look at what is in it; then ALTER SCHEMA weedgo OWNER TO a superuser.'
  FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
 WHERE n.nspname = 'weedgo' AND NOT r.rolsuper
   AND n.nspowner <> (SELECT extowner FROM pg_extension WHERE extname = 'weedgo_checkout')
UNION ALL
SELECT 'error', p.oid::regprocedure::text, 'it is no function of weedgo_checkout',
       'It could be called in place of one: DROP it, or move it to another schema.'
  FROM pg_proc p
 WHERE p.pronamespace = to_regnamespace('weedgo')
   AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT DISTINCT CASE WHEN t.tginitdeferred THEN 'error' ELSE 'warning' END, c.oid::regclass::text,
       CASE WHEN t.tgisinternal THEN 'its constraint "' || k.conname ELSE 'its trigger "' || t.tgname END
       || '" can be deferred',
       'A call that finds it deferred is refused (42501): make it NOT DEFERRABLE.'
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  LEFT JOIN pg_constraint k ON k.oid = t.tgconstraint
 WHERE c.relnamespace = to_regnamespace('weedgo_data') AND t.tgdeferrable
   AND (NOT t.tgisinternal OR k.contype = 'f')
UNION ALL
SELECT 'error', c.oid::regclass::text, 'it is not in the write-ahead log: a crash empties it',
       'ALTER TABLE ' || c.oid::regclass || ' SET LOGGED;'
  FROM pg_class c
 WHERE c.relnamespace = to_regnamespace('weedgo_data') AND c.relkind IN ('r', 'p')
   AND c.relpersistence <> 'p'
)sql",
                                  Access::whole_tables};

constinit Statement loose_privileges{R"sql(
SELECT 'error', p.oid::regprocedure::text, 'everyone may execute it',
       'REVOKE ALL ON FUNCTION ' || p.oid::regprocedure || ' FROM PUBLIC;'
  FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
 WHERE p.pronamespace = to_regnamespace('weedgo') AND g.grantee = 0
UNION ALL
SELECT CASE WHEN g.grantee = 0 THEN 'error' ELSE 'warning' END, c.oid::regclass::text,
       CASE WHEN g.grantee = 0 THEN 'everyone' ELSE '"' || pg_get_userbyid(g.grantee) || '"' END
       || ' has ' || g.privilege_type || ' on it',
       'Applications need the functions only: REVOKE ALL ON ' || c.oid::regclass || ' FROM ...;'
  FROM pg_class c, aclexplode(c.relacl) g
 WHERE c.relnamespace = to_regnamespace('weedgo_data') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND g.grantee <> c.relowner AND g.privilege_type <> 'SELECT'
   AND (g.grantee = 0 OR c.relname = ANY ($1::text[]))
UNION ALL
SELECT 'error', 'schema ' || n.nspname,
       CASE WHEN g.grantee = 0 THEN 'everyone' ELSE '"' || pg_get_userbyid(g.grantee) || '"' END
       || ' may create objects in it',
       'REVOKE CREATE ON SCHEMA ' || n.nspname || ' FROM ...;'
  FROM pg_namespace n, aclexplode(n.nspacl) g
 WHERE n.nspname IN ('weedgo', 'weedgo_data') AND g.privilege_type = 'CREATE'
   AND g.grantee <> n.nspowner
UNION ALL
SELECT 'error', p.oid::regprocedure::text, 'it does not pin search_path',
       'ALTER FUNCTION ' || p.oid::regprocedure || ' SET search_path = pg_catalog, pg_temp;'
  FROM pg_proc p
 WHERE p.pronamespace = to_regnamespace('weedgo')
   AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
)sql",
                                     Access::whole_tables};

constinit Statement owner_findings{R"sql(
SELECT 'error', 'schema weedgo_data',
       'it belongs to "' || pg_get_userbyid(n.nspowner) || '", the relations to "' || r.rolname || '"',
       'ALTER SCHEMA weedgo_data OWNER TO ' || quote_ident(r.rolname) || ';'
  FROM pg_namespace n, pg_roles r
 WHERE n.nspname = 'weedgo_data' AND r.oid = $1 AND n.nspowner <> $1
UNION ALL
SELECT 'error', 'role ' || r.rolname, 'the owner of the relations is a superuser',
       'Triggers and views would run as a superuser: give the relations to an ordinary role.'
  FROM pg_roles r WHERE r.oid = $1 AND r.rolsuper
UNION ALL
SELECT 'warning', 'role ' || r.rolname, 'the owner of the relations can log in',
       'Whoever logs in as it can change orders and stock: ALTER ROLE ... NOLOGIN;'
  FROM pg_roles r WHERE r.oid = $1 AND r.rolcanlogin
UNION ALL
SELECT 'error', 'role ' || r.rolname, 'the owner of the relations may not call weedgo.lock_cart',
       'SELECT weedgo.create_tables(); as a superuser grants it; the triggers on cart_items need it.'
  FROM pg_roles r
 WHERE r.oid = $1
   AND NOT (has_schema_privilege(r.oid, 'weedgo', 'USAGE')
            AND has_function_privilege(r.oid, 'weedgo.lock_cart(uuid,uuid,jsonb)', 'EXECUTE'))
UNION ALL
SELECT 'error', 'weedgo_data.cart_items', 'its triggers are missing or disabled',
       'Plain changes of items then race with checkouts: SELECT weedgo.create_tables(); makes them, '
       'ALTER TABLE ... ENABLE TRIGGER enables them.'
  FROM pg_class c
 WHERE c.relnamespace = to_regnamespace('weedgo_data') AND c.relname = 'cart_items'
   AND c.relkind IN ('r', 'p')
   AND (SELECT count(*) FROM pg_trigger t
         WHERE t.tgrelid = c.oid AND t.tgenabled IN ('O', 'A')
           AND t.tgname IN ('lock_edited_cart', 'touch_carts_on_insert', 'touch_carts_on_update',
                            'touch_carts_on_delete')) < 4
UNION ALL
SELECT 'warning', 'weedgo_data.stock', 'its trigger enter_opening_stock is missing or disabled',
       'What is inserted by hand is not in the ledger: SELECT weedgo.create_tables(); makes it, '
       'ALTER TABLE ... ENABLE TRIGGER enables it.'
  FROM pg_class c
 WHERE c.relnamespace = to_regnamespace('weedgo_data') AND c.relname = 'stock'
   AND c.relkind IN ('r', 'p')
   AND NOT EXISTS (SELECT FROM pg_trigger t
                    WHERE t.tgrelid = c.oid AND t.tgenabled IN ('O', 'A')
                      AND t.tgname = 'enter_opening_stock')
UNION ALL
SELECT 'warning', c.oid::regclass::text, 'row security is forced on its owner',
       'The functions run as the owner and would miss rows: ALTER TABLE ... NO FORCE ROW LEVEL SECURITY;'
  FROM pg_class c
 WHERE c.relnamespace = to_regnamespace('weedgo_data') AND c.relforcerowsecurity
)sql",
                                   Access::whole_tables};

constinit Statement risky_settings{R"sql(
SELECT 'warning', 'setting ' || s.name, 'it is ' || s.setting, r.hint
  FROM pg_settings s
  JOIN (VALUES
        ('fsync', 'on', 'A crash of the machine can lose or damage orders.'),
        ('full_page_writes', 'on', 'A crash of the machine can damage orders.'),
        ('synchronous_commit', 'on, local, remote_write, remote_apply',
         'A crash can lose the orders of the last moments although they were acknowledged.'),
        ('plan_cache_mode', 'auto, force_generic_plan',
         'Each statement of a checkout is then planned anew, whatever that costs.'),
        ('default_transaction_isolation', 'read committed',
         'It is correct, but refuses more often: retry on SQLSTATE 40001.'),
        ('weedgo_checkout.enabled', 'on', 'checkout_cart refuses everything with WG014.')
       ) AS r (name, good, hint) ON r.name = s.name
 WHERE s.setting <> ALL (string_to_array(r.good, ', '))
)sql",
                                   Access::whole_tables};

// Views can show a row twice.
constinit Statement double_rows{R"sql(
SELECT 'error', 'weedgo_data.' || relation, 'it has ' || count || ' rows for ' || key,
       'A key may have one row only: mend the view, or the rows under it.'
  FROM (SELECT 'stores' AS relation, count(*) AS count, min(store_id::text) AS key
          FROM weedgo_data.stores GROUP BY store_id HAVING count(*) > 1
        UNION ALL
        SELECT 'products', count(*), min(sku)
          FROM weedgo_data.products GROUP BY store_id, sku HAVING count(*) > 1
        UNION ALL
        SELECT 'stock', count(*), min(sku)
          FROM weedgo_data.stock GROUP BY store_id, sku, bucket HAVING count(*) > 1
        UNION ALL
        SELECT 'customers', count(*), min(customer_id::text)
          FROM weedgo_data.customers GROUP BY customer_id HAVING count(*) > 1
        UNION ALL
        SELECT 'payment_methods', count(*), min(payment_method_id)
          FROM weedgo_data.payment_methods
         GROUP BY customer_id, payment_method_id HAVING count(*) > 1
        UNION ALL
        SELECT 'promo_codes', count(*), min(code)
          FROM weedgo_data.promo_codes GROUP BY store_id, code HAVING count(*) > 1
        UNION ALL
        SELECT 'carts', count(*), min(cart_id::text)
          FROM weedgo_data.carts GROUP BY store_id, cart_id HAVING count(*) > 1) d
)sql",
                                Access::whole_tables};

constinit Statement store_findings{R"sql(
SELECT 'error', 'store ' || s.store_id, 'its time zone "' || s.timezone || '" is unknown',
       'SELECT name FROM pg_timezone_names; lists them.'
  FROM weedgo_data.stores s
 WHERE NOT EXISTS (SELECT FROM pg_timezone_names z WHERE lower(z.name) = lower(s.timezone))
UNION ALL
SELECT 'error', 'store ' || p.store_id,
       'no tax rate is known for class "' || p.tax_class || '" in province "' || p.province || '"',
       'Add it to weedgo_data.tax_rates; a class that is exempt has a rate of 0.'
  FROM (SELECT DISTINCT s.store_id, s.province, p.tax_class
          FROM weedgo_data.stores s JOIN weedgo_data.products p ON p.store_id = s.store_id
        UNION
        SELECT s.store_id, s.province, 'delivery' FROM weedgo_data.stores s WHERE s.tax_delivery) p
 WHERE NOT EXISTS (SELECT FROM weedgo_data.tax_rates r
                    WHERE r.province = p.province AND r.tax_class = p.tax_class
                      AND r.valid_from <= current_date
                      AND (r.valid_until IS NULL OR current_date < r.valid_until))
)sql",
                                   Access::whole_tables};

constinit Statement policies_statement{
    "SELECT store_id::text, policies::jsonb FROM weedgo_data.stores ORDER BY store_id",
    Access::whole_tables};

void report(const ReturnSetInfo *set, Statement &statement, std::initializer_list<Param> params) {
    put_rows(execute(statement, params), set);
}

void report(const ReturnSetInfo *set, const char *object, const char *problem, const char *hint) {
    ResultRow().text("error").text(object).text(problem).text(hint).put(set);
}

// The problems that calls would raise one at a time; says whether there was none.
bool report_contract(const ReturnSetInfo *set, Oid schema, Oid owner) {
    bool sound = true;
    for (const Relation &relation : contract) {
        const char *problem = problem_of(relation, schema, owner);
        if (problem == nullptr)
            continue;
        sound = false;
        report(set, psprintf("weedgo_data.%s", relation.name), problem,
               "SELECT weedgo.create_tables(); makes what is missing; the rest is for its owner.");
    }
    return sound;
}

Param texts(std::span<const char *const> texts) {
    return array_of(TEXTOID, texts, [](const char *text, std::size_t) { return from_text(text); });
}

void report_indexes(const ReturnSetInfo *set) {
    std::array<UniqueIndex, std::size(contract) + std::size(unique_indexes)> indexes{};
    std::size_t count = 0;
    for (const Relation &relation : contract)
        indexes[count++] = {relation.name, relation.key};
    for (const UniqueIndex &index : unique_indexes)
        indexes[count++] = index;

    const auto texts_of = [&](const char *UniqueIndex::*part) {
        return array_of(
            TEXTOID, std::span<const UniqueIndex>(indexes),
            [&](const UniqueIndex &index, std::size_t) { return from_text(index.*part); });
    };
    report(set, missing_indexes,
           {texts_of(&UniqueIndex::relation), texts_of(&UniqueIndex::columns),
            texts_of(&UniqueIndex::condition)});
}

void report_views(const ReturnSetInfo *set) {
    constexpr std::size_t most = 16;
    std::array<const char *, most> relations{};
    std::array<const char *, most> columns{};
    std::size_t count = 0;
    for (const Relation &relation : contract)
        for (const Column &column : relation.columns)
            if (column.use == Use::written) {
                relations[count] = relation.name;
                columns[count++] = column.name;
            }
    report(set, unwritable_views,
           {texts(std::span(relations).first(count)), texts(std::span(columns).first(count))});
}

// Sources may have writers of their own; records and stock are changed by the functions alone.
void report_privileges(const ReturnSetInfo *set) {
    std::array<const char *, std::size(contract)> relations{};
    std::size_t count = 0;
    for (const Relation &relation : contract)
        if (relation.kind == Kind::record || std::string_view(relation.name) == "stock")
            relations[count++] = relation.name;
    report(set, loose_privileges, {texts(std::span(relations).first(count))});
}

// A key that does nothing by itself now, or will not after a change.
std::optional<std::string_view> idle_now_or_later(const std::optional<Datum> &policies,
                                                  const FoundPolicies &found) {
    std::optional<std::string_view> idle = idle_key(found.policies);
    for (const PolicyChange &change : found.changes)
        if (!idle && change.from_us > GetCurrentTimestamp())
            idle = idle_key(find_policies(policies, change.from_us).policies);
    return idle;
}

void report_policies(const ReturnSetInfo *set) {
    const Rows rows = execute(policies_statement, {});
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        const std::string_view store_id = row.text();
        const std::optional<Datum> policies = row.value(JSONBOID);
        const FoundPolicies found = find_policies(policies, GetCurrentTimestamp());
        const std::optional<std::string_view> idle = idle_now_or_later(policies, found);
        const char *object =
            psprintf("store %.*s", static_cast<int>(store_id.size()), store_id.data());
        if (found.problem != nullptr)
            report(set, object, psprintf("its policies cannot be used: %s", found.problem),
                   "Mend weedgo_data.stores.policies; docs/reference.md has its keys.");
        else if (idle)
            ResultRow()
                .text("warning")
                .text(object)
                .text(psprintf("its policy \"%.*s\" does nothing by itself",
                               static_cast<int>(idle->size()), idle->data()))
                .text("It adds to purchase_limit_mg, or to hours: set that, too, or take it out.")
                .put(set);
    }
}

void report_setup(const ReturnSetInfo *set) {
    const bool missing_ok = true;
    const Oid schema = get_namespace_oid(data_schema, missing_ok);
    report(set, risky_settings, {});
    if (schema == InvalidOid) {
        report(set, "schema weedgo_data", "it is missing",
               "SELECT weedgo.create_tables(); makes the relations of weedgo_checkout.");
        return;
    }
    const Oid owner = relations_owner(schema);
    const bool sound = report_contract(set, schema, owner);
    report_indexes(set);
    report_views(set);
    report_privileges(set);
    report(set, foreign_parts, {});
    report(set, owner_findings, {{OIDOID, ObjectIdGetDatum(owner)}});
    report_row_security(set);
    if (sound && schema_owner(schema) == owner && !superuser_arg(owner))
        as_owner(Stores::all(), [&](OwnerScope &) {
            report(set, double_rows, {});
            report(set, store_findings, {});
            report_policies(set);
            report_bindings(set, owner);
        });
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_check_setup);
}

// What is wrong or risky in this installation.
Datum weedgo_check_setup(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const ReturnSetInfo *set = begin_set(fcinfo);
    connect_spi();
    report_setup(set);
    finish_spi();
    PG_RETURN_NULL();
}
