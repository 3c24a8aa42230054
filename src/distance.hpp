// The only floating point in the project: how far a customer is from a store. It ends here, in
// whole metres; the fee is computed from those, in integers.
#pragma once

#include <cstdint>

namespace weedgo {

struct Coordinates {
    double latitude = 0;  // degrees, -90 to 90
    double longitude = 0; // degrees, -180 to 180
};

// False for what is no place on Earth, NaN included.
bool is_valid(const Coordinates &place);

// Great-circle distance (haversine, mean Earth radius), rounded to whole metres.
std::int32_t distance_m(const Coordinates &from, const Coordinates &to);

} // namespace weedgo
