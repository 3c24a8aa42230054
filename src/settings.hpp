// The settings (GUCs) of the extension; registered in module.cpp.
#pragma once

namespace weedgo::settings {

extern bool enabled;         // weedgo_checkout.enabled
extern int lock_timeout_ms;  // weedgo_checkout.lock_timeout
extern int max_cart_waiters; // weedgo_checkout.max_cart_waiters

} // namespace weedgo::settings
