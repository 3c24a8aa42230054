// Checking the contract against the catalog, once per change of it.
#include "contract.hpp"

#include "errors.hpp"

namespace weedgo {

namespace {

constexpr std::size_t relation_count = std::size(contract);

struct Cache {
    bool watching = false;        // the callbacks are registered
    std::uint64_t changes = 1;    // of the catalog, as far as they concern us
    std::uint64_t checked_at = 0; // `changes` when the contract was last found in order
    Oid owner = InvalidOid;
    std::array<Oid, relation_count> relations{};
};

constinit Cache cache;

void forget_relation(Datum, Oid relation) {
    if (relation == InvalidOid || std::find(cache.relations.begin(), cache.relations.end(),
                                            relation) != cache.relations.end())
        cache.changes++;
}

void forget_schema(Datum, int, uint32) {
    cache.changes++;
}

void watch_catalog() {
    if (cache.watching)
        return;
    CacheRegisterRelcacheCallback(forget_relation, 0);
    CacheRegisterSyscacheCallback(NAMESPACENAME, forget_schema, 0);
    cache.watching = true;
}

// Rows of a foreign table cannot be locked.
bool kind_fits(char relkind, Kind kind) {
    if (relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE)
        return true;
    if (relkind == RELKIND_VIEW)
        return kind != Kind::record;
    return relkind == RELKIND_FOREIGN_TABLE && kind == Kind::source;
}

bool is_integer(Oid type) {
    return type == INT2OID || type == INT4OID || type == INT8OID;
}

// These conversions go by TimeZone, DateStyle or lc_monetary, which are the caller's to set: a
// price or a window must not depend on them.
bool depends_on_session(Oid from, Oid to) {
    if (to == TIMESTAMPTZOID)
        return from != TIMESTAMPTZOID;
    if (to == DATEOID)
        return from != DATEOID && from != TIMESTAMPOID;
    return to == NUMERICOID && from == CASHOID;
}

bool type_fits(Oid found, const Column &column, Kind kind) {
    if (kind == Kind::record)
        return found == column.type;
    const Oid base = getBaseType(found);
    if (column.use == Use::read) {
        const Oid wanted = column.type;
        return !depends_on_session(base, wanted) &&
               can_coerce_type(1, &found, &wanted, COERCION_EXPLICIT);
    }
    if (column.type == INT4OID)
        return is_integer(base);
    return IsBinaryCoercible(base, column.type);
}

const char *problem_of_column(Oid relation, const Column &column, Kind kind) {
    const AttrNumber number = get_attnum(relation, column.name);
    if (number == InvalidAttrNumber)
        return psprintf("it has no column \"%s\"", column.name);
    const Oid found = get_atttype(relation, number);
    if (!type_fits(found, column, kind))
        return psprintf("its column \"%s\" is of type %s, not %s", column.name,
                        format_type_be(found), format_type_be(column.type));
    return nullptr;
}

Oid owner_of(Oid relation) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple))
        return InvalidOid;
    const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return owner;
}

void check_contract() {
    const bool missing_ok = true;
    const Oid schema = get_namespace_oid(data_schema, missing_ok);
    if (schema == InvalidOid)
        raise_setup("schema weedgo_data is missing",
                    "SELECT weedgo.create_tables(); makes the relations of weedgo_checkout.");
    const Oid owner = relations_owner(schema);
    if (schema_owner(schema) != owner)
        raise_setup("schema weedgo_data does not belong to the owner of its relations");
    for (std::size_t i = 0; i < relation_count; i++) {
        // Known before it is checked, so that a change in between is noticed.
        cache.relations[i] = get_relname_relid(contract[i].name, schema);
        const char *problem = problem_of(contract[i], schema, owner);
        if (problem != nullptr)
            raise_setup(
                psprintf("relation weedgo_data.%s cannot be used: %s", contract[i].name, problem));
    }
    cache.owner = owner;
}

// A row can have all its columns: one that is an expression of a view is not to be written.
bool takes_columns(Oid relation, std::span<const Column> columns) {
    const bool include_triggers = false;
    return std::all_of(columns.begin(), columns.end(), [&](const Column &column) {
        return DatumGetBool(DirectFunctionCall3(pg_column_is_updatable, ObjectIdGetDatum(relation),
                                                Int16GetDatum(get_attnum(relation, column.name)),
                                                BoolGetDatum(include_triggers)));
    });
}

} // namespace

Oid schema_owner(Oid schema) {
    HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
    if (!HeapTupleIsValid(tuple))
        return InvalidOid;
    const Oid owner = reinterpret_cast<Form_pg_namespace>(GETSTRUCT(tuple))->nspowner;
    ReleaseSysCache(tuple);
    return owner;
}

Oid relations_owner(Oid schema) {
    const Oid orders = get_relname_relid("orders", schema);
    return orders != InvalidOid ? owner_of(orders) : schema_owner(schema);
}

const char *problem_of(const Relation &relation, Oid schema, Oid owner) {
    const Oid found = get_relname_relid(relation.name, schema);
    if (found == InvalidOid)
        return "it is missing";
    if (!kind_fits(get_rel_relkind(found), relation.kind))
        return relation.kind == Kind::record ? "it is not a table" : "it is no table or view";
    if (owner_of(found) != owner)
        return psprintf("it does not belong to \"%s\", who owns the other relations",
                        GetUserNameFromId(owner, true));
    for (const Column &column : relation.columns) {
        const char *problem = problem_of_column(found, column, relation.kind);
        if (problem != nullptr)
            return problem;
    }
    return nullptr;
}

void check_insertable(const char *name) {
    const bool missing_ok = false;
    const Oid found = get_relname_relid(name, get_namespace_oid(data_schema, missing_ok));
    // A trigger in place of an INSERT knows no ON CONFLICT.
    const bool include_triggers = false;
    const Datum events = DirectFunctionCall2(pg_relation_is_updatable, ObjectIdGetDatum(found),
                                             BoolGetDatum(include_triggers));
    const auto relation =
        std::find_if(std::begin(contract), std::end(contract), [&](const Relation &candidate) {
            return std::string_view(candidate.name) == name;
        });
    if ((DatumGetInt32(events) & (1 << CMD_INSERT)) == 0 ||
        !takes_columns(found, relation->columns))
        raise(not_writable(name));
}

Oid contract_owner() {
    watch_catalog();
    if (cache.checked_at != cache.changes) {
        const std::uint64_t seen = cache.changes;
        check_contract();
        cache.checked_at = seen;
    }
    if (superuser_arg(cache.owner))
        raise_setup(psprintf("the relations belong to a superuser, \"%s\"",
                             GetUserNameFromId(cache.owner, true)),
                    "Triggers and views would run as a superuser. Give them to an ordinary role: "
                    "ALTER TABLE ... OWNER TO.");
    return cache.owner;
}

} // namespace weedgo
