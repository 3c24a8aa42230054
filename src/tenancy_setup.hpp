// What check_setup says of row security.
#pragma once

#include "tenancy.hpp"

namespace weedgo {

// Tables that are not as orders are; by the catalog alone.
void report_row_security(const ReturnSetInfo *set);

// Roles that only seem to be bound; reads store_roles, as the owner of the relations.
void report_bindings(const ReturnSetInfo *set, Oid owner);

} // namespace weedgo
