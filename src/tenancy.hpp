// Row security by store: whom it holds for, and which stores a call is about. The policies that
// create_tables() makes judge rows that a role reads by itself; check_stores() judges our calls,
// whose statements run as the owner of the relations, to whom no policy applies.
#pragma once

#include "pg.hpp"
#include "spi.hpp"

namespace weedgo {

// The stores that a call reads or changes something of: one, two, or all.
class Stores {
public:
    Stores(const pg_uuid_t &store) : ids_{store} {}
    Stores(const std::optional<pg_uuid_t> &store) : ids_{store} {} // nothing: all
    Stores(const pg_uuid_t &from, const pg_uuid_t &to) : ids_{from, to}, count_(2) {}

    static Stores all() { return {std::optional<pg_uuid_t>()}; }

    // An array with NULL for all.
    Param to_param() const;

private:
    std::array<std::optional<pg_uuid_t>, 2> ids_;
    std::size_t count_ = 1;
};

// What row security on orders is for a role: superusers, roles with BYPASSRLS and the owner of the
// relations, with all members of it, pass it by.
enum class RowSecurity { off, bypassed, applies };
RowSecurity row_security_of(Oid role);

// Whether the stores of a call that is made now would be looked at.
bool stores_are_judged();

// Raises 42501 where the call of `caller` is about a store that it may not act for. Runs a
// statement only where row security applies.
void check_stores(Oid caller, const Stores &stores);

} // namespace weedgo
