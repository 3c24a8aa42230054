// The items argument of put_cart, receive_stock and transfer_stock.
#pragma once

#include "arguments.hpp"
#include "pg.hpp"
#include "spi.hpp"

namespace weedgo {

struct PutItem {
    std::string_view sku;
    std::int32_t quantity;
};

// [{"sku": "...", "quantity": 2}, ...], one item a sku: equal skus are summed. Other keys, a
// client's price among them, are ignored.
std::span<const PutItem> read_put_items(const Argument &argument);

// Their skus, and their quantities, as parameters.
Param skus_of(std::span<const PutItem> items);
Param quantities_of(std::span<const PutItem> items);

} // namespace weedgo
