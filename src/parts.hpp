// A counter that is kept in parts, so that several can change it at once: what a part can bear, and
// how units are spread over all of them. Pure.
#pragma once

#include <cstdint>
#include <span>

namespace weedgo {

// One of the rows that the counter is in: units that are left, and units that are taken.
struct Part {
    std::int32_t bucket = 0;
    std::int32_t left = 0;
    std::int32_t taken = 0;
};

// What comes to a counter; it leaves it where negative.
struct Units {
    std::int64_t left = 0;
    std::int64_t taken = 0;
};

Units sum_of(std::span<const Part> parts);

// Neither count may be taken below zero.
bool can_bear(const Units &units, const Units &change);
bool can_bear(const Part &part, const Units &change);

// Spreads so many units over the parts evenly, in one of the two counts. Of the parts that differ
// by one, it leaves as many as they are as it can: each that changes is a row to write.
void spread(std::span<Part> parts, std::int32_t Part::*count, std::int64_t units);

// The most parts a counter can have.
constexpr std::int32_t most_parts = 64;

// How many parts a counter should have that has so many (0: it is not split), where in so many
// looks at it so many were seen waiting: a power of two that is at least as many as want one.
std::int32_t parts_wanted(std::int32_t parts, std::int64_t waits, std::int64_t looks);

} // namespace weedgo
