// Counters in parts: nothing is lost, the parts are even, and no more of them change than must.
#include "fuzz.hpp"
#include "parts.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <vector>

namespace {

using namespace weedgo;

constexpr std::int32_t most_units = std::numeric_limits<std::int32_t>::max();

std::int32_t units_of(FuzzedDataProvider *input) {
    return input->ConsumeIntegralInRange<std::int32_t>(
        0, input->PickValueInArray<std::int32_t>({3, most_units}));
}

std::vector<Part> parts_of(FuzzedDataProvider *input) {
    std::vector<Part> parts(input->ConsumeIntegralInRange<std::size_t>(1, most_parts));
    for (Part &part : parts)
        part = {-static_cast<std::int32_t>(&part - parts.data()) - 1, units_of(input),
                units_of(input)};
    return parts;
}

// Of the parts that have the share already, or one more, as many as may have it need no change.
std::int64_t fewest_changes(const std::vector<Part> &parts, std::int64_t units) {
    const auto places = static_cast<std::int64_t>(parts.size());
    std::int64_t may_have = places - units % places;
    std::int64_t may_have_one_more = units % places;
    std::int64_t changes = 0;
    for (const Part &part : parts) {
        const std::int64_t over = part.left - units / places;
        if ((over == 0 && may_have-- > 0) || (over == 1 && may_have_one_more-- > 0))
            continue;
        changes++;
    }
    return changes;
}

void check_spread(const std::vector<Part> &from, std::int64_t units) {
    std::vector<Part> to = from;
    spread(to, &Part::left, units);
    MUST_HOLD(sum_of(to).left == units && sum_of(to).taken == sum_of(from).taken);
    std::int64_t changes = 0;
    std::int32_t least = most_units;
    std::int32_t most = 0;
    for (std::size_t i = 0; i < to.size(); i++) {
        MUST_HOLD(to[i].left >= 0 && to[i].taken == from[i].taken &&
                  to[i].bucket == from[i].bucket);
        least = std::min(least, to[i].left);
        most = std::max(most, to[i].left);
        changes += to[i].left == from[i].left ? 0 : 1;
    }
    MUST_HOLD(most - least <= 1);
    MUST_HOLD(changes == fewest_changes(from, units));
}

// A change that can be borne leaves no count below zero that was not, and takes from none that is.
void check_can_bear(const Units &units, const Units &change) {
    const auto bears = [](std::int64_t has, std::int64_t comes) {
        return comes >= 0 || has >= -comes;
    };
    MUST_HOLD(can_bear(units, change) ==
              (bears(units.left, change.left) && bears(units.taken, change.taken)));
}

void check_parts_wanted(FuzzedDataProvider *input) {
    const auto parts = input->ConsumeIntegralInRange<std::int32_t>(0, most_parts);
    const auto looks = input->ConsumeIntegralInRange<std::int64_t>(1, most_units);
    const auto waits = input->ConsumeIntegralInRange<std::int64_t>(0, looks * 100);
    const std::int32_t wanted = parts_wanted(parts, waits, looks);
    MUST_HOLD(wanted >= parts && wanted <= most_parts);
    MUST_HOLD(wanted == parts || std::has_single_bit(static_cast<std::uint32_t>(wanted)));
    MUST_HOLD(wanted == parts || waits * 10 >= looks);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    check_parts_wanted(&input);
    constexpr std::int64_t most = most_units;
    const Units change{input.ConsumeIntegralInRange<std::int64_t>(-most, most),
                       input.ConsumeIntegralInRange<std::int64_t>(-most, most)};
    const std::vector<Part> parts = parts_of(&input);
    check_can_bear(sum_of(parts), change);
    const auto places = static_cast<std::int64_t>(parts.size());
    check_spread(parts, sum_of(parts).left);
    check_spread(parts, input.ConsumeIntegralInRange<std::int64_t>(
                            0, places * input.PickValueInArray<std::int64_t>({4, most})));
    return 0;
}
