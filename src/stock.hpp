// Stock: what can be had, what a cart holds, and moving units between available and reserved.
#pragma once

#include "errors.hpp"
#include "pg.hpp"
#include "pricing.hpp"

namespace weedgo {

struct CartKey {
    pg_uuid_t store_id;
    pg_uuid_t cart_id;
};

struct Held {
    std::string_view sku;
    std::int32_t quantity;
};

// Units of one sku to move from available to reserved; back where negative.
struct StockMove {
    std::string_view sku;
    std::int32_t quantity;
    bool done;
};

// How much of each line's sku the cart could have now: what is available, what it holds itself,
// and what stands in holds that have expired. A plain read: only reserve() makes sure.
std::span<std::int64_t> read_availability(const CartKey &cart, std::span<const Line> lines,
                                          TimestampTz now);

// Takes the cart's holds away; their stock stays reserved, and is the caller's to use.
std::span<const Held> take_holds(const CartKey &cart);

// What must move so that exactly the lines are reserved, given what was held. Whoever comes back to
// the stock of every line touches all of it now, if only by 0, so that it is all locked in order.
enum class Touch { what_moves, every_line };
std::span<StockMove> moves_for(std::span<const Line> lines, std::span<const Held> held,
                               Touch touch = Touch::what_moves);

// Makes the moves, in the order of the skus, waiting for others that move the same. Holds that
// have expired give way. False where some are not done for lack of stock: the caller then raises,
// which undoes the others.
bool reserve(const pg_uuid_t &store_id, std::span<StockMove> moves, TimestampTz now);

// The refusal after reserve() returned false: every item that could not be had.
Problem shortage(const CartKey &cart, std::span<const Line> lines, std::span<const Held> held,
                 std::span<const StockMove> moves);

// Records what is held for a cart until `expires_at`.
void insert_holds(const CartKey &cart, std::span<const Line> lines, TimestampTz expires_at);

// Gives back the stock of at most `max_holds` holds that have expired, the oldest first (of all
// stores where store_id is nothing); skips those that others are working on. Returns how many.
std::int32_t release_expired(const std::optional<pg_uuid_t> &store_id, std::int32_t max_holds,
                             TimestampTz now);

} // namespace weedgo
