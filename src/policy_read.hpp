// A store's policies, as they are written in stores.policies.
#pragma once

#include "cart.hpp"
#include "pg.hpp"
#include "policy.hpp"

namespace weedgo {

struct FoundPolicies {
    Policies policies;
    const char *problem = nullptr; // the first thing that is wrong with them
};

// A key that is missing or null is off. Points into the jsonb, and into the current memory context.
FoundPolicies find_policies(const std::optional<Datum> &jsonb);

// Raises 55000 where something is wrong with them.
Policies policies_of(const Store &store);

} // namespace weedgo
