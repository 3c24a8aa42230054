// Stock in lots: taking units from them under lock, and what an order was given of them.
#pragma once

#include "json.hpp"
#include "order_events.hpp"
#include "pg.hpp"
#include "stock.hpp"

namespace weedgo {

// Goes through every bucket of the skus of these moves, whose rows of bucket 0 the caller has
// locked where there are any: what the cart held goes back, and what it wants is taken, of
// the lots that expire first or of the one that was asked for. Expired holds give way. False where
// some are not done; their `reason` and `found` then say why.
bool move_in_lots(const Shelf &shelf, std::span<StockMove> moves, std::span<const Held> held);

// A part of an order's line, and the lot that it is of.
struct Allocation {
    std::int32_t line_no;
    std::string_view sku;
    std::int32_t bucket;
    std::int32_t quantity;
    std::optional<std::string_view> lot; // nothing: of none
};

// The parts of the lines that were taken from lots, by line and bucket.
std::span<const Allocation> allocations_of(std::span<const Line> lines,
                                           std::span<const StockMove> moves);

// Remembers them.
void insert_allocations(const OrderKey &order, std::span<const Allocation> allocations);

// [{"line_no", "sku", "lot", "quantity"}, ...], as order_read.cpp has it.
JsonWriter lots_json(std::span<const Allocation> allocations);

} // namespace weedgo
