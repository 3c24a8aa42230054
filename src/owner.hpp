// Runs statements as the owner of the relations. The caller needs no right on them, and nothing
// (no trigger, no function in a view) ever runs as the role that installed the extension.
#pragma once

#include "locks.hpp"
#include "pg.hpp"
#include "result.hpp"
#include "tenancy.hpp"

namespace weedgo {

struct OwnerScope {
    Oid caller;
    int caller_context;
    MemoryContext memory; // where results must be made: it outlives the scope
    WaitScope wait;
};

// What was acknowledged about an order or its money must survive a crash, and a failover to a
// synchronous standby, whatever the session is set to for lesser work. For this transaction only,
// and undone with it. Called before as_owner(), which takes back what is set inside.
void commit_durably();

void enter(OwnerScope *scope, const Stores &stores);
void leave(const OwnerScope &scope);

// Calls body(scope) as the owner, connected to SPI, with bounded waits, where the caller may act
// for these stores: 42501 otherwise. An error inside is raised on as it is; PostgreSQL then
// restores role, settings and SPI by itself.
template <typename Body>
void as_owner(const Stores &stores, Body body) {
    static_assert(Trivial<Body>);
    OwnerScope scope;
    enter(&scope, stores);
    body(scope);
    leave(scope);
}

// The same for a function that returns one row, which body(scope, row) fills.
template <typename Body>
Datum row_as_owner(FunctionCallInfo fcinfo, const Stores &stores, Body body) {
    Datum result = 0;
    as_owner(stores, [&](OwnerScope &scope) {
        ResultRow row;
        body(scope, &row);
        result = row.to_datum(fcinfo, scope.memory);
    });
    return result;
}

// The same for a function that returns a set, into which body(set) puts its rows.
template <typename Body>
Datum set_as_owner(FunctionCallInfo fcinfo, const Stores &stores, Body body) {
    const ReturnSetInfo *set = begin_set(fcinfo);
    as_owner(stores, [&](OwnerScope &) { body(set); });
    fcinfo->isnull = true; // the rows are in the set
    return 0;
}

} // namespace weedgo
