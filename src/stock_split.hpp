// Skus that are split: their units of no lot are in parts of stock, the rows of buckets below 0,
// and they have no row of bucket 0. Holds, allocations, lines and the ledger say bucket 0 for them
// all the same.
#pragma once

#include "pg.hpp"
#include "split.hpp"

namespace weedgo {

extern Counter stock_counter;

// Splitting skus: of all of them first the lock of the store's new rows, then the rows of bucket 0,
// in the order of the skus, then the parts in that order.

// What is in the row of bucket 0, which is gone then. Whoever waits for it finds the parts.
Units take_row(const SplitKey &key);

// Makes it so many parts, with what was in the row of bucket 0. Where it is in another number of
// parts than was seen, somebody else has been here: it stays in those.
void split_over(const SplitKey &key, std::int32_t count, const Units &row,
                const std::optional<std::int32_t> &seen = std::nullopt);

// Brings what is split together. Not back to bucket 0, whose turn is before all parts: who did not
// find it then would have to wait for it now.
void merge_parts(const SplitKey &key);

// What is split stays so, in parts that are locked after all other rows of stock. So where nothing
// else is moved, a sku that this backend knows to be split needs no look at bucket 0 and at the
// parts: a free one is changed, if it can bear it. False: look.
void remember_parts(const SplitKey &key, std::size_t count);
bool change_remembered(const SplitKey &key, const Units &change);

// So many parts, and what is available and reserved of no lot: integer, bigint, bigint.
Rows read_split_stock(const SplitKey &key);

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
