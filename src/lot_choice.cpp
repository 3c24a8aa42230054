// The first to expire goes first.
#include "lot_choice.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace weedgo {

namespace {

// Units of no lot came before the store had lots.
auto turn_of(const Bucket &bucket) {
    constexpr std::int32_t never = std::numeric_limits<std::int32_t>::max();
    const bool has_lot = bucket.number != 0;
    return std::make_tuple(has_lot, bucket.expires_on.value_or(never), bucket.number);
}

bool is_asked_for(const Bucket &bucket, const std::optional<std::string_view> &lot) {
    return !lot || bucket.lot == lot;
}

} // namespace

bool may_be_sold(const Bucket &bucket, std::int32_t today) {
    return !bucket.is_recalled && (!bucket.expires_on || *bucket.expires_on >= today);
}

std::int64_t free_units(std::span<const Bucket> buckets, std::optional<std::string_view> lot,
                        std::int32_t today) {
    std::int64_t units = 0;
    for (const Bucket &bucket : buckets)
        if (is_asked_for(bucket, lot) && may_be_sold(bucket, today))
            units += bucket.free;
    return units;
}

LotReason take_units(std::span<Bucket> buckets, std::int32_t quantity,
                     std::optional<std::string_view> lot, std::int32_t today) {
    for (Bucket &bucket : buckets)
        bucket.taken = 0;
    if (quantity == 0)
        return LotReason::enough;
    const auto asked_for = [&](const Bucket &bucket) {
        return is_asked_for(bucket, lot);
    };
    if (lot && std::none_of(buckets.begin(), buckets.end(), asked_for))
        return LotReason::no_such_lot;
    if (lot && !may_be_sold(*std::find_if(buckets.begin(), buckets.end(), asked_for), today))
        return LotReason::not_for_sale;
    if (free_units(buckets, lot, today) < quantity)
        return LotReason::too_little;

    std::sort(buckets.begin(), buckets.end(),
              [](const Bucket &a, const Bucket &b) { return turn_of(a) < turn_of(b); });
    std::int32_t missing = quantity;
    for (Bucket &bucket : buckets) {
        if (!is_asked_for(bucket, lot) || !may_be_sold(bucket, today))
            continue;
        bucket.taken = static_cast<std::int32_t>(std::clamp<std::int64_t>(bucket.free, 0, missing));
        missing -= bucket.taken;
    }
    return LotReason::enough;
}

} // namespace weedgo
