// What check_setup says of row security: a role that only seems to be bound is worse than none.
#include "tenancy_setup.hpp"

#include "contract.hpp"
#include "result.hpp"
#include "spi.hpp"

namespace weedgo {

namespace {

// Some tables have the policy, others not, or are not told to go by it.
constinit Statement half_on{R"sql(
WITH tables AS (
  SELECT c.relname, c.relrowsecurity,
         EXISTS (SELECT FROM pg_policy p
                  WHERE p.polrelid = c.oid AND p.polname = 'bound_stores') AS has_policy
    FROM pg_class c
   WHERE c.relnamespace = to_regnamespace('weedgo_data') AND c.relkind IN ('r', 'p')
     AND c.relname = ANY ($1::text[]))
SELECT 'error', 'weedgo_data.' || t.relname,
       'its row security by store is off, that of other tables is on',
       'SELECT weedgo.create_tables(options => ''{"row_security": true}'');'
  FROM tables t
 WHERE NOT (t.relrowsecurity AND t.has_policy)
   AND EXISTS (SELECT FROM tables o WHERE o.has_policy)
 ORDER BY t.relname
)sql",
                            Access::whole_tables};

// $1: row security is on. $2: the owner of the relations.
constinit Statement doubtful_bindings{R"sql(
WITH bound AS (
  SELECT r.oid, b.role_name, r.rolsuper OR r.rolbypassrls OR pg_has_role(r.oid, $2, 'USAGE') AS exempt
    FROM (SELECT DISTINCT role_name FROM weedgo_data.store_roles) b
    LEFT JOIN pg_roles r ON r.rolname = b.role_name)
SELECT 'error', 'role ' || role_name, 'it is bound to stores, but there is no such role',
       'If it was renamed, it is not bound now: bind the new name, then weedgo.bind_role(''' ||
       replace(role_name, '''', '''''') || ''', NULL).'
  FROM bound WHERE oid IS NULL
UNION ALL
SELECT 'error', 'role ' || role_name, 'it is bound to stores, but row security is off',
       'It acts for all: SELECT weedgo.create_tables(options => ''{"row_security": true}'');'
  FROM bound WHERE oid IS NOT NULL AND NOT $1
UNION ALL
SELECT 'error', 'role ' || role_name, 'it is bound to stores, but passes row security by',
       'It is a superuser, has BYPASSRLS, or is a member of the relations'' owner: take that away.'
  FROM bound WHERE exempt AND $1
UNION ALL
SELECT 'warning', 'role ' || b.role_name,
       'it is bound to stores, but may become "' || g.rolname || '", which is not',
       'SET ROLE gets around the binding: bind that role, too, or REVOKE it from this one.'
  FROM bound b JOIN pg_roles g ON pg_has_role(b.oid, g.oid, 'MEMBER')
 WHERE NOT b.exempt AND $1 AND has_schema_privilege(g.oid, 'weedgo', 'USAGE')
   AND NOT EXISTS (SELECT FROM bound o WHERE pg_has_role(g.oid, o.oid, 'MEMBER'))
)sql",
                                      Access::whole_tables};

bool has_store(const Relation &relation) {
    return std::any_of(relation.columns.begin(), relation.columns.end(), [](const Column &column) {
        return std::string_view(column.name) == "store_id";
    });
}

} // namespace

void report_row_security(const ReturnSetInfo *set) {
    std::array<const char *, std::size(contract)> names{};
    std::size_t count = 0;
    for (const Relation &relation : contract)
        if (has_store(relation))
            names[count++] = relation.name;
    const Param relations = array_of(TEXTOID, std::span<const char *const>(names).first(count),
                                     [](const char *name, std::size_t) { return from_text(name); });
    put_rows(execute(half_on, {relations}), set);
}

void report_bindings(const ReturnSetInfo *set, Oid owner) {
    const bool is_on = row_security_of(owner) != RowSecurity::off;
    put_rows(execute(doubtful_bindings, {Param::boolean(is_on), {OIDOID, ObjectIdGetDatum(owner)}}),
             set);
}

} // namespace weedgo
