// Which lots units are taken from: those that expire first. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weedgo {

// A sku's units in a store that are counted together: those of one lot, or, as bucket 0, those of
// none.
struct Bucket {
    std::int32_t number = 0;
    std::int64_t free = 0; // what can be taken: available, and what the cart itself holds
    std::optional<std::string_view> lot;
    std::optional<std::int32_t> expires_on; // a day; the last one on which it may be sold
    bool is_recalled = false;

    std::int32_t taken = 0; // result
};

enum class LotReason { enough, too_little, no_such_lot, not_for_sale };

// Whether what is in the bucket may be sold on that day.
bool may_be_sold(const Bucket &bucket, std::int32_t today);

// What can be taken of the lot, or, without one, of all that may be sold.
std::int64_t free_units(std::span<const Bucket> buckets, std::optional<std::string_view> lot,
                        std::int32_t today);

// Takes so many units, all or none: of the lot that was asked for, else first those of no lot,
// then of the lot that expires first; of lots that expire together, of the one that came first.
// The buckets are sorted by it.
LotReason take_units(std::span<Bucket> buckets, std::int32_t quantity,
                     std::optional<std::string_view> lot, std::int32_t today);

} // namespace weedgo
