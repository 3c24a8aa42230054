// Judging whose stores a call is about.
#include "tenancy.hpp"

#include "contract.hpp"
#include "errors.hpp"

namespace weedgo {

static_assert(Trivial<Stores>);

namespace {

// The roles that the call is judged for, each of which must be allowed it.
struct Judged {
    std::array<Oid, 2> roles{};
    std::size_t count = 0;
};

static_assert(Trivial<Judged>);

// A role is bound where it, or a role that it is a member of, has a row in store_roles: the words
// of weedgo_data.own_stores, by which the policies go. NULL, all stores, is nobody's who is bound.
#define BINDINGS                                                                                   \
    "SELECT FROM membership s"                                                                     \
    "  JOIN weedgo_data.store_roles b ON b.role_name = pg_get_userbyid(s.role)"                    \
    " WHERE s.acting = acting.role"
constinit Statement refused_stores{
    "WITH RECURSIVE membership AS ("
    "  SELECT acting.role AS acting, acting.role FROM unnest($1) AS acting (role)"
    "   UNION SELECT s.acting, m.roleid"
    "           FROM membership s JOIN pg_auth_members m ON m.member = s.role)"
    "SELECT pg_get_userbyid(acting.role)::text, named.store_id"
    "  FROM unnest($1) AS acting (role) CROSS JOIN unnest($2) AS named (store_id)"
    " WHERE EXISTS (" BINDINGS ")"
    "   AND NOT EXISTS (" BINDINGS " AND b.store_id = named.store_id) LIMIT 1"};
#undef BINDINGS

Oid orders_relation() {
    const bool missing_ok = true;
    const Oid schema = get_namespace_oid(data_schema, missing_ok);
    return schema == InvalidOid ? InvalidOid : get_relname_relid("orders", schema);
}

bool owns_relations(Oid role) {
    const bool missing_ok = true;
    return role == relations_owner(get_namespace_oid(data_schema, missing_ok));
}

// The caller, as PostgreSQL judges rows; and whoever the session acts as, so that a SECURITY
// DEFINER function gives nobody another store. What runs as the owner of the relations (triggers,
// functions of its own) sees every row anyway.
Judged judged_roles(Oid caller) {
    Judged judged;
    const Oid outer = GetOuterUserId();
    if (row_security_of(caller) == RowSecurity::applies)
        judged.roles[judged.count++] = caller;
    if (outer != caller && row_security_of(outer) == RowSecurity::applies &&
        !owns_relations(caller))
        judged.roles[judged.count++] = outer;
    return judged;
}

} // namespace

Param Stores::to_param() const {
    const std::span<Datum> values = allocate<Datum>(count_);
    const std::span<bool> nulls = allocate<bool>(count_);
    for (std::size_t i = 0; i < count_; i++) {
        nulls[i] = !ids_[i];
        if (ids_[i])
            values[i] = from_uuid(*ids_[i]);
    }
    return make_array(UUIDOID, values, nulls.data());
}

RowSecurity row_security_of(Oid role) {
    const Oid orders = orders_relation();
    // The caller's own setting row_security is about statements of its own.
    const bool whatever_its_setting = true;
    if (orders == InvalidOid)
        return RowSecurity::off;
    switch (check_enable_rls(orders, role, whatever_its_setting)) {
    case RLS_ENABLED:
        return RowSecurity::applies;
    case RLS_NONE_ENV:
        return RowSecurity::bypassed;
    default:
        return RowSecurity::off;
    }
}

bool stores_are_judged() {
    return judged_roles(GetUserId()).count > 0;
}

void check_stores(Oid caller, const Stores &stores) {
    const Judged judged = judged_roles(caller);
    if (judged.count == 0)
        return;
    const Param roles = array_of(OIDOID, std::span(judged.roles).first(judged.count),
                                 [](Oid role, std::size_t) { return ObjectIdGetDatum(role); });
    const Rows refused = execute(refused_stores, {roles, stores.to_param()});
    if (refused.count == 0)
        return;
    Row row(refused, 0);
    const std::string_view role = row.text();
    raise(store_not_allowed(role, row.optional_uuid()));
}

} // namespace weedgo
