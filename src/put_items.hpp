// The items argument of put_cart, receive_stock and transfer_stock.
#pragma once

#include "arguments.hpp"
#include "pg.hpp"
#include "spi.hpp"

namespace weedgo {

struct PutItem {
    std::string_view sku;
    std::int32_t quantity;

    // Of stock.
    std::optional<std::string_view> lot;
    std::optional<DateADT> packaged_on;
    std::optional<DateADT> expires_on;
};

// [{"sku": "...", "quantity": 2}, ...], one item a sku: equal skus are summed. Other keys, a
// client's price among them, are ignored.
std::span<const PutItem> read_put_items(const Argument &argument);

// The same with "lot", "packaged_on" and "expires_on", the days as "2027-01-31"; one item a sku and
// lot.
std::span<const PutItem> read_stock_items(const Argument &argument);

} // namespace weedgo
