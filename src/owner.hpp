// Runs statements as the owner of the relations. The caller needs no right on them, and nothing
// (no trigger, no function in a view) ever runs as the role that installed the extension.
#pragma once

#include "locks.hpp"
#include "pg.hpp"

namespace weedgo {

struct OwnerScope {
    Oid caller;
    int caller_context;
    MemoryContext memory; // where results must be made: it outlives the scope
    WaitScope wait;
};

void enter(OwnerScope *scope);
void leave(const OwnerScope &scope);

// Calls body(scope) as the owner, connected to SPI, with bounded waits. An error inside is raised
// on as it is; PostgreSQL then restores role, settings and SPI by itself.
template <typename Body>
void as_owner(Body body) {
    static_assert(Trivial<Body>);
    OwnerScope scope;
    enter(&scope);
    body(scope);
    leave(scope);
}

} // namespace weedgo
