// Changing roles, as PostgreSQL's own foreign-key checks do.
#include "owner.hpp"

#include "contract.hpp"
#include "spi.hpp"

namespace weedgo {

static_assert(Trivial<OwnerScope>);

void enter(OwnerScope *scope, const Stores &stores) {
    const Oid owner = contract_owner();
    scope->memory = CurrentMemoryContext;
    GetUserIdAndSecContext(&scope->caller, &scope->caller_context);
    SetUserIdAndSecContext(owner, scope->caller_context | SECURITY_LOCAL_USERID_CHANGE);
    enter(&scope->wait);
    connect_spi();
    check_stores(scope->caller, stores);
}

void leave(const OwnerScope &scope) {
    finish_spi();
    leave(scope.wait);
    SetUserIdAndSecContext(scope.caller, scope.caller_context);
}

} // namespace weedgo
