// Changing what is on the shelf by other means than orders and holds, and the ledger of that.
#pragma once

#include "arguments.hpp"
#include "pg.hpp"
#include "spi.hpp"

namespace weedgo {

// Units of one sku that come to what a store has available; that leave it where negative.
struct StockChange {
    pg_uuid_t store_id;
    std::string_view sku;
    std::int32_t change;

    // Results.
    bool is_product;
    bool has_row; // of stock
    bool done;
    std::int32_t available; // after it
    std::int32_t reserved;
    pg_uuid_t entry_id; // in the ledger
};

// What a ledger's entry says of a change beside its figures.
struct LedgerNote {
    std::string_view reason;
    std::optional<pg_uuid_t> actor_id;
    Datum details;
};

enum class Known { as_product, as_product_or_stock };

// Raises sku_unknown where the store of these changes, one and the same, does not know a sku.
void check_skus(std::span<StockChange> changes, Known known);

// Makes all changes, or raises. With `expected` each must meet so much available.
void change_stock(std::span<StockChange> changes, const std::optional<std::int32_t> &expected);

// Puts changes that are made into the ledger.
void record_changes(std::span<StockChange> changes, const LedgerNote &note, TimestampTz now);

} // namespace weedgo
