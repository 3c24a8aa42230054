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
    std::optional<std::string_view> lot;
    std::optional<DateADT> packaged_on; // of a lot that comes
    std::optional<DateADT> expires_on;
    std::optional<pg_uuid_t> from_store; // that the lot comes from, with all that is known of it
    std::int32_t bucket;                 // that of the lot, when it is found

    // Results.
    bool is_product;
    bool is_stocked; // in some bucket
    bool has_row;    // of stock, in this one
    bool done;
    std::int32_t available; // after it
    std::int32_t reserved;
    pg_uuid_t entry_id; // in the ledger
    Datum details;      // there
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

// Finds the buckets of the lots that the changes name; raises lot_unknown where there is none.
void find_lots(std::span<StockChange> changes);

// The same for lots that come: those that the store does not have are made; days that were given
// must be those of a lot that it has.
void find_or_make_lots(std::span<StockChange> changes, TimestampTz now);

// Makes all changes, or raises. With `expected` each must meet so much available.
void change_stock(std::span<StockChange> changes, const std::optional<std::int32_t> &expected);

// Puts changes that are made into the ledger.
void record_changes(std::span<StockChange> changes, const LedgerNote &note, TimestampTz now);

} // namespace weedgo
