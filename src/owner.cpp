// Changing roles, as PostgreSQL's own foreign-key checks do.
#include "owner.hpp"

#include "contract.hpp"

namespace weedgo {

static_assert(Trivial<OwnerScope>);

void enter(OwnerScope *scope) {
    const Oid owner = contract_owner();
    scope->memory = CurrentMemoryContext;
    GetUserIdAndSecContext(&scope->caller, &scope->caller_context);
    SetUserIdAndSecContext(owner, scope->caller_context | SECURITY_LOCAL_USERID_CHANGE);
    enter(&scope->wait);
    const int result = SPI_connect();
    if (result != SPI_OK_CONNECT)
        elog(ERROR, "could not connect to SPI: %s", SPI_result_code_string(result));
}

void leave(const OwnerScope &scope) {
    const int result = SPI_finish();
    if (result != SPI_OK_FINISH)
        elog(ERROR, "could not leave SPI: %s", SPI_result_code_string(result));
    leave(scope.wait);
    SetUserIdAndSecContext(scope.caller, scope.caller_context);
}

} // namespace weedgo
