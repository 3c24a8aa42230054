// Counters in parts: rows of one table whose bucket is below 0, by store and name. Each part has a
// lock, and who has it may change the row; who has all of them may spread the units anew.
//
// The lock of a part is taken before its row is touched, so that it can be given back. A row that
// is locked is kept to the end of the transaction, even if it turns out to have too little; who
// then waited for another part could wait in a circle.
#pragma once

#include "locks.hpp"
#include "parts.hpp"
#include "pg.hpp"
#include "result.hpp"
#include "spi.hpp"

namespace weedgo {

struct SplitKey {
    pg_uuid_t store_id;
    std::string_view name;
};

// The statements of a table; $1 and $2 are the key, or, of read_parts, arrays of keys.
struct Counter {
    PartOf what;
    Statement read_parts;  // number of the key, bucket, left, taken; by key, from -1 down
    Statement change_part; // by $4 and $5 where bucket $3 can bear it
    Statement count_parts;
    Statement lock_parts;        // all of them: bucket, left, taken; from -1 down
    Statement write_parts;       // buckets $3 get what $4 and $5 say
    Statement add_parts;         // with nothing in them, from bucket -$3 down to -$4
    Statement drop_parts;        // below bucket -$3
    std::int32_t unlimited = -1; // what is left of a part that has no limit, and stays left
};

// Makes the change in one part. `seen` is what a plain read found, from -1 down. Waits for others
// only where every part that seems to bear it is being changed, and then for one part. False:
// none can, or not any more; no lock is left.
bool change_in_one(Counter &counter, const SplitKey &key, std::span<const Part> seen,
                   const Units &change);

// The same where it is only known that there were so many parts: false where all of them are being
// changed, or the first that is not cannot bear it.
bool change_in_free(Counter &counter, const SplitKey &key, std::int32_t count, const Units &change);

// All parts, locked, from -1 down; empty where it is not split. The caller has no lock of a part
// of this counter (unless it has all), nor of one that comes after it.
std::span<Part> gather(Counter &counter, const SplitKey &key);

// Makes the sums of all parts what they are to be, each spread evenly, and writes what changes.
void spread_anew(Counter &counter, const SplitKey &key, std::span<Part> parts, const Units &sums);

// Makes them so many parts: the first of them, or with more that have nothing. Units of those that
// are gone are the caller's to spread anew.
std::span<Part> make_parts(Counter &counter, const SplitKey &key, std::span<Part> parts,
                           std::int32_t count);

// What a plain read finds of one counter.
std::span<const Part> read_parts(Counter &counter, const SplitKey &key);

// A change of one counter.
struct SplitChange {
    SplitKey key;
    Units change;
};

// Makes changes of what is split, one after the other, and passes over what is not. Returns the
// first that its parts cannot bear, or NULL.
const SplitChange *change_split(Counter &counter, std::span<const SplitChange> changes);

// Writes a row of weedgo.split_counter; `state` is its number of parts, what is left and what is
// taken: integer, bigint, bigint.
void write_counter(const SplitKey &key, const Rows &state, const JsonWriter &details,
                   ResultRow *result);

// Makes the change in one part or in all. False: all of them together cannot bear it.
bool change_in_parts(Counter &counter, const SplitKey &key, std::span<const Part> seen,
                     const Units &change);

} // namespace weedgo
