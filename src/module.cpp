// What PostgreSQL sees first: the module's magic, and its settings.
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

extern "C" void _PG_init(void) {
    using namespace weedgo;

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
