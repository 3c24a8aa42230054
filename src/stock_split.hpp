// Skus that are split: their units of no lot are in parts of stock, the rows of buckets below 0,
// and they have no row of bucket 0. Holds, allocations, lines and the ledger say bucket 0 for them
// all the same.
#pragma once

#include "pg.hpp"
#include "split.hpp"

namespace weedgo {

extern Counter stock_counter;

// Units of a sku that come to those of no lot; they leave them where negative.
struct LooseChange {
    pg_uuid_t store_id;
    std::string_view sku;
    Units change;
};

// Makes changes of skus that are split, by store and sku; passes over those that are not. What is
// sold or returned has been reserved: 55000 where it has not.
void change_loose(std::span<const LooseChange> changes);

// What expired holds had of a sku.
struct Released {
    std::int64_t units;
    std::int64_t holds;
};

// Deletes expired holds of a sku's units of no lot, whose parts the caller has locked, at most so
// many. The units are still reserved then, and are the caller's to give back.
Released take_expired(const SplitKey &key, TimestampTz now,
                      const std::optional<std::int32_t> &max_holds = std::nullopt);

// The same, with everything around it; returns how many. Nothing where the sku is not split.
std::int64_t release_expired_parts(const SplitKey &key, TimestampTz now, std::int32_t max_holds);

} // namespace weedgo
