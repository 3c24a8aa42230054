// Changing roles, as PostgreSQL does where it runs what a table's owner has written (REFRESH
// MATERIALIZED VIEW, an index's functions).
#include "owner.hpp"

#include "contract.hpp"
#include "spi.hpp"

namespace weedgo {

static_assert(Trivial<OwnerScope>);

void commit_durably() {
    if (synchronous_commit >= SYNCHRONOUS_COMMIT_REMOTE_WRITE)
        return;
    (void)set_config_option("synchronous_commit", "on", PGC_USERSET, PGC_S_SESSION,
                            GUC_ACTION_LOCAL, true, 0, false);
}

// A trigger or a view of the owner's must leave nothing in the caller's session that runs there, as
// the caller, when the call is over: no deferred trigger, cursor, prepared statement or temporary
// object, which a restricted operation may not make, and no setting, which the wait's scope takes
// back.
void enter(OwnerScope *scope, const Stores &stores) {
    const Oid owner = contract_owner();
    scope->memory = CurrentMemoryContext;
    GetUserIdAndSecContext(&scope->caller, &scope->caller_context);
    SetUserIdAndSecContext(owner, scope->caller_context | SECURITY_LOCAL_USERID_CHANGE |
                                      SECURITY_RESTRICTED_OPERATION);
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
