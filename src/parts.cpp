// Parts of a counter.
#include "parts.hpp"

#include <algorithm>

namespace weedgo {

Units sum_of(std::span<const Part> parts) {
    Units sum;
    for (const Part &part : parts) {
        sum.left += part.left;
        sum.taken += part.taken;
    }
    return sum;
}

bool can_bear(const Units &units, const Units &change) {
    return (change.left >= 0 || units.left + change.left >= 0) &&
           (change.taken >= 0 || units.taken + change.taken >= 0);
}

bool can_bear(const Part &part, const Units &change) {
    return can_bear(Units{part.left, part.taken}, change);
}

void spread(std::span<Part> parts, std::int32_t Part::*count, std::int64_t units) {
    if (parts.empty())
        return;
    const auto places = static_cast<std::int64_t>(parts.size());
    const std::int64_t share = units / places;
    const auto having = [&](std::int64_t has) {
        return std::count_if(parts.begin(), parts.end(),
                             [&](const Part &part) { return part.*count == has; });
    };

    // So many parts get one more: first those that have it already, then those that must change
    // anyway, then those that would not have to.
    const std::int64_t one_more = units % places;
    const std::int64_t ready = having(share + 1);
    const std::int64_t others = places - ready - having(share);
    std::int64_t kept = std::min(one_more, ready);
    std::int64_t changed = std::min(one_more - kept, others);
    std::int64_t raised = one_more - kept - changed;
    for (Part &part : parts) {
        std::int32_t &has = part.*count;
        std::int64_t &due = has == share + 1 ? kept : (has == share ? raised : changed);
        has = static_cast<std::int32_t>(share + (due > 0 ? 1 : 0));
        due -= due > 0 ? 1 : 0;
    }
}

std::int32_t parts_wanted(std::int32_t parts, std::int64_t waits, std::int64_t looks) {
    if (10 * waits < looks) // fewer than one of ten looks met somebody: that is no queue
        return parts;
    const std::int64_t busy = std::max(parts, 1) + (waits + looks - 1) / looks;
    std::int32_t wanted = 1;
    while (wanted < busy && wanted < most_parts)
        wanted *= 2;
    return std::max(wanted, parts);
}

} // namespace weedgo
