// Whether the relations are as the functions need them, and who owns them.
#pragma once

#include "pg.hpp"
#include "relations.hpp"

namespace weedgo {

inline constexpr const char *data_schema = "weedgo_data";

// The one owner of all relations, as whom the functions run their statements. Raises 55000 where
// a relation or column is missing or of a wrong kind or type, where owners differ, or where the
// owner is a superuser. What was found is remembered until the catalog changes.
Oid contract_owner();

Oid schema_owner(Oid schema);

// The owner of orders, or, where there are none, of the schema: whom all relations must belong to.
Oid relations_owner(Oid schema);

// Raises 0A000 where rows cannot be put into a relation of the contract: carts, items and stock of
// an application's own are often views that cannot be written.
void check_insertable(const char *relation);

// What is wrong with one relation, the first thing only; NULL where nothing is. `owner` is whom
// it must belong to.
const char *problem_of(const Relation &relation, Oid schema, Oid owner);

} // namespace weedgo
