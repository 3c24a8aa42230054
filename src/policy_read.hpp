// A store's policies, as they are written in stores.policies.
#pragma once

#include "cart.hpp"
#include "pg.hpp"
#include "policy.hpp"

namespace weedgo {

struct FoundPolicies {
    Policies policies;
    std::span<const PolicyChange> changes; // that are entered with an instant, in their order
    const char *problem = nullptr;         // the first thing that is wrong with all of it
};

// As they are at an instant. A key that is missing or null is off. Points into the jsonb, and into
// the current memory context.
FoundPolicies find_policies(const std::optional<Datum> &jsonb, TimestampTz at);

// Raises 55000 where something is wrong with them.
Policies policies_of(const Store &store, TimestampTz at);

} // namespace weedgo
