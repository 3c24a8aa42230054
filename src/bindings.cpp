// bind_role: which stores a role acts for.
#include "arguments.hpp"
#include "contract.hpp"
#include "errors.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "tenancy.hpp"

namespace weedgo {

namespace {

constexpr int most_stores = 10'000;

constinit Statement unknown_store{"SELECT g.store_id FROM unnest($1) AS g (store_id)"
                                  " WHERE NOT EXISTS (SELECT FROM weedgo_data.stores s"
                                  "                    WHERE s.store_id = g.store_id) LIMIT 1"};

constinit Statement unbind_statement{"DELETE FROM weedgo_data.store_roles WHERE role_name = "
                                     "$1::text::name AND store_id <> ALL ($2)"};

constinit Statement bind_statement{
    "INSERT INTO weedgo_data.store_roles (role_name, store_id)"
    " SELECT $1::text::name, g.store_id FROM unnest($2) AS g (store_id) ORDER BY 2"
    " ON CONFLICT DO NOTHING"};

struct Binding {
    std::string_view role;
    std::optional<Datum> stores; // nothing: unbinds
};

static_assert(Trivial<Binding>);

// No store at all cannot be said: a role without a row is not bound.
void check_stores(const Argument &argument) {
    ArrayType *stores = DatumGetArrayTypeP(argument.value);
    const int count = ArrayGetNItems(ARR_NDIM(stores), ARR_DIMS(stores));
    if (array_contains_nulls(stores))
        raise_invalid_argument(argument.name, "must not have a null in it", "Name stores.");
    if (count == 0)
        raise_invalid_argument(argument.name, "must not be empty",
                               "NULL unbinds the role: it then acts for all stores.");
    if (count > most_stores)
        raise_invalid_argument(argument.name, "names too many stores",
                               psprintf("It may name %d at most.", most_stores));
}

// What is stored must hold: a role that row security is not for would only seem to be bound.
void check_bindable(Oid role) {
    if (role == ROLE_PG_DATABASE_OWNER)
        raise_invalid_argument("role", "has members that are not granted",
                               "Bind the database's owner by its own name.");
    switch (row_security_of(role)) {
    case RowSecurity::off:
        raise_setup("row security is off, so no role can be bound to stores",
                    "SELECT weedgo.create_tables(options => '{\"row_security\": true}'); first.");
    case RowSecurity::bypassed:
        raise_invalid_argument(
            "role", "passes row security by",
            "It is a superuser, has BYPASSRLS, or is a member of the relations' owner.");
    case RowSecurity::applies:
        break;
    }
}

Binding read_binding(FunctionCallInfo fcinfo) {
    const Argument role = argument(fcinfo, 0, "role");
    const Argument stores = argument(fcinfo, 1, "store_ids");
    if (role.is_null)
        raise(role_unknown(""));
    const char *name = NameStr(*DatumGetName(role.value));
    Binding binding{name, std::nullopt};
    check_options(argument(fcinfo, 2, "options"));
    // A name that is no role's any more can be unbound.
    if (stores.is_null)
        return binding;
    check_stores(stores);
    const bool missing_ok = true;
    const Oid role_id = get_role_oid(name, missing_ok);
    if (role_id == InvalidOid)
        raise(role_unknown(name));
    check_bindable(role_id);
    binding.stores = stores.value;
    return binding;
}

// Two that bind a role at once would otherwise wait for each other's rows.
void wait_for_other_bindings() {
    const bool missing_ok = false;
    const Oid schema = get_namespace_oid(data_schema, missing_ok);
    LockRelationOid(get_relname_relid("store_roles", schema), ShareRowExclusiveLock);
}

void bind(const Binding &binding) {
    wait_for_other_bindings();
    const Param role = Param::text(binding.role);
    const Param stores{UUIDARRAYOID, binding.stores
                                         ? *binding.stores
                                         : PointerGetDatum(construct_empty_array(UUIDOID))};
    if (execute(unknown_store, {stores}).count > 0)
        raise_invalid_argument("store_ids", "names an unknown store",
                               "They must be in weedgo_data.stores.");
    execute(unbind_statement, {role, stores});
    execute(bind_statement, {role, stores});
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_bind_role);
}

// Makes a role act for exactly these stores, or, for NULL, for all again.
Datum weedgo_bind_role(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("bind_role()");
    const Binding binding = read_binding(fcinfo);
    as_owner(Stores::all(), [&](OwnerScope &) { bind(binding); });
    PG_RETURN_VOID();
}
