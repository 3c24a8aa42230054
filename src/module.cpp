// What PostgreSQL sees first: the module's magic, and its settings.
#include "errors.hpp"
#include "pg.hpp"
#include "settings.hpp"

extern "C" {
#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "weedgo_checkout", .version = "0.2.0");
#else
PG_MODULE_MAGIC;
#endif

PGDLLEXPORT void _PG_init(void);
}

namespace weedgo::settings {

bool enabled = true;
int lock_timeout_ms = 10'000;

// A shopper clicks twice, a client retries: a handful of waiters is life. More is a storm on one
// cart, and every waiter keeps a connection from other carts.
int max_cart_waiters = 8;

} // namespace weedgo::settings

namespace weedgo {

namespace {

// Before the library is loaded: a placeholder for a setting, if there is one.
const config_generic *placeholder(const char *name) {
#if PG_VERSION_NUM >= 160000
    const bool create = false;
    const bool skip_errors = true;
    const config_generic *found = find_option(name, create, skip_errors, ERROR);
#else
    config_generic **settings = get_guc_variables();
    config_generic **end = settings + GetNumConfigOptions();
    config_generic **place = std::find_if(
        settings, end, [&](const config_generic *s) { return pg_strcasecmp(s->name, name) == 0; });
    const config_generic *found = place == end ? nullptr : *place;
#endif
    return found != nullptr && (found->flags & GUC_CUSTOM_PLACEHOLDER) != 0 ? found : nullptr;
}

// A client's startup options take the place of what the administrator has configured before anybody
// knows that they may not. PostgreSQL drops them when the library is loaded, and with them what
// was configured: the built-in default would hold, and orders that were stopped be taken again.
void refuse_startup_option(const char *name) {
    const config_generic *found = placeholder(name);
    if (found == nullptr || found->reset_source != PGC_S_CLIENT ||
        pg_parameter_aclcheck(name, found->reset_srole, ACL_SET) == ACLCHECK_OK)
        return;
    raise_setup(psprintf("a startup option of the client sets %s, which its role may not", name),
                "Connect without it: its value is the administrator's.");
}

} // namespace

} // namespace weedgo

extern "C" void _PG_init(void) {
    using namespace weedgo;

    refuse_startup_option("weedgo_checkout.enabled");
    refuse_startup_option("weedgo_checkout.max_cart_waiters");

    DefineCustomBoolVariable(
        "weedgo_checkout.enabled", "Whether checkout_cart takes orders.",
        "Off: checkout_cart refuses with WG014. Stored results are still replayed.",
        &settings::enabled, true, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "weedgo_checkout.lock_timeout",
        "How long a call waits for a cart, and for each row it needs.",
        "A smaller lock_timeout of the session goes first. 0: only that one counts.",
        &settings::lock_timeout_ms, 10'000, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, nullptr, nullptr,
        nullptr);
    DefineCustomIntVariable("weedgo_checkout.max_cart_waiters",
                            "How many calls may wait for one cart; further ones are refused.",
                            "0: nobody waits.", &settings::max_cart_waiters, 8, 0, 10'000,
                            PGC_SUSET, 0, nullptr, nullptr, nullptr);
    MarkGUCPrefixReserved("weedgo_checkout");
}
