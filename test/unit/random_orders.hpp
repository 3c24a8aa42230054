// Random orders of many kinds: everyday ones, and those on which sums and shares go wrong.
#pragma once

#include <cstdint>
#include <string>

#include "order.hpp"

namespace weedgo::test {

// The same seed gives the same order.
Order random_order(std::uint64_t seed);

// The order and its figures, to be read by whoever looks for the reason.
std::string describe(const Order &order);

} // namespace weedgo::test
