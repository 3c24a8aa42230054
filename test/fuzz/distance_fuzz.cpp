// Distances of any two places, and of what is none.
#include "distance.hpp"
#include "fuzz.hpp"

#include <bit>

namespace {

using namespace weedgo;

// Every double there is, NaN and infinity included.
double any_double(FuzzedDataProvider *input) {
    if (input->ConsumeBool())
        return input->ConsumeFloatingPointInRange<double>(-181, 181);
    return std::bit_cast<double>(input->ConsumeIntegral<std::uint64_t>());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    const Coordinates from{any_double(&input), any_double(&input)};
    const Coordinates to{any_double(&input), any_double(&input)};
    for (const Coordinates &place : {from, to})
        MUST_HOLD(is_valid(place) == (place.latitude >= -90 && place.latitude <= 90 &&
                                      place.longitude >= -180 && place.longitude <= 180));
    if (!is_valid(from) || !is_valid(to))
        return 0;
    constexpr std::int32_t half_around = 20'015'115;
    const std::int32_t metres = distance_m(from, to);
    MUST_HOLD(metres >= 0 && metres <= half_around);
    MUST_HOLD(distance_m(from, from) == 0);
    MUST_HOLD(std::abs(distance_m(to, from) - metres) <= 1);
    return 0;
}
