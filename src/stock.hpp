// Stock: what can be had, what a cart holds, and moving units between available and reserved.
#pragma once

#include "errors.hpp"
#include "pg.hpp"
#include "pricing.hpp"
#include "spi.hpp"

namespace weedgo {

struct CartKey {
    pg_uuid_t store_id;
    pg_uuid_t cart_id;
};

// A store's stock, as of now.
struct Shelf {
    pg_uuid_t store_id;
    TimestampTz now;
    DateADT today; // by the store's calendar: a lot that expired before is not sold
};

// What a cart holds of a sku: of one lot, or, in bucket 0, of none.
struct Held {
    std::string_view sku;
    std::int32_t bucket;
    std::int32_t quantity;
};

// The lot that is to be sold of a sku, because it is the one at hand.
struct ScannedLot {
    std::string_view sku;
    std::string_view lot;
};

// Units that were taken from one bucket.
struct Taken {
    std::int32_t bucket;
    std::int32_t quantity;
    std::optional<std::string_view> lot;
};

// What is to become of one sku's stock.
struct StockMove {
    std::string_view sku;
    std::int32_t wanted;   // units that are to be reserved for the cart, those it held included
    std::int32_t quantity; // to move from available to reserved of bucket 0; back where negative
    bool in_lots;    // it holds some of a lot, or wants one: bucket 0 is not all there is to it
    bool comes_back; // more is moved again in this transaction than is moved now
    std::optional<std::string_view> lot;

    // Results.
    bool done;
    ItemReason reason;            // why not
    std::int64_t found;           // how much there is instead
    std::span<const Taken> taken; // of which lots; empty where of none
};

// How much of each line's sku the cart could have now: what is available, what it holds itself,
// and what stands in holds that have expired. A plain read: only reserve() makes sure.
std::span<std::int64_t> read_availability(const Shelf &shelf, const pg_uuid_t &cart_id,
                                          std::span<const Line> lines);

// Takes the cart's holds away; their stock stays reserved, and is the caller's to use.
std::span<const Held> take_holds(const CartKey &cart);

// What must move so that exactly the lines are reserved, given what was held. Whoever comes back to
// the stock of every line touches all of it now, if only by 0, so that it is all locked in order.
enum class Touch { what_moves, every_line };
std::span<StockMove> moves_for(std::span<const Line> lines, std::span<const Held> held,
                               Touch touch = Touch::what_moves,
                               std::span<const ScannedLot> scanned = {});

// Makes the moves, in the order of the skus, waiting for others that move the same. Holds that
// have expired give way. False where some are not done for lack of stock: the caller then raises,
// which undoes the others.
bool reserve(const Shelf &shelf, std::span<StockMove> moves, std::span<const Held> held);

// The lots that were taken of a sku; empty where none were.
std::span<const Taken> taken_of(std::span<const StockMove> moves, std::string_view sku);

// The refusal after reserve() returned false: every item that could not be had.
Problem shortage(std::span<const StockMove> moves);

// Records what is held for a cart until `expires_at`.
void insert_holds(const CartKey &cart, std::span<const Line> lines,
                  std::span<const StockMove> moves, TimestampTz expires_at);

// Gives back the stock of at most `max_holds` holds that have expired, the oldest first (of all
// stores where store_id is nothing); skips those that others are working on. Returns how many.
std::int32_t release_expired(const std::optional<pg_uuid_t> &store_id, std::int32_t max_holds,
                             TimestampTz now);

// Rows of a store's stock, as arrays.
struct LockedKeys {
    pg_uuid_t store_id;
    Param skus;
    Param buckets;
};

// Gives back the expired holds in rows of stock that are locked, at most so many; returns how many.
std::int64_t release_expired_of(const LockedKeys &locked, TimestampTz now,
                                const std::optional<std::int32_t> &max_holds = std::nullopt);

} // namespace weedgo
