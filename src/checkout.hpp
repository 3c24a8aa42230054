// A checkout, as far as it goes by itself: what checkout_cart does, and sell_in_store goes on with.
#pragma once

#include "locks.hpp"
#include "lots.hpp"
#include "order.hpp"
#include "pg.hpp"
#include "quote.hpp"
#include "request.hpp"
#include "result.hpp"

namespace weedgo {

// An order that was just made, and what it was made from.
struct Sale {
    Cart cart;
    Quote quote;
    NewOrder order;
    Datum lines;                      // jsonb
    std::span<const Allocation> lots; // that its lines are of
};

// Turns the cart into an order. Where the request's key stands for an order already, that one is
// put into *stored, and nothing comes back; every refusal is raised.
std::optional<Sale> check_out(const CheckoutRequest &request, WaitScope &wait, ResultRow *stored);

// A new order as checkout_result has it, without reading it back.
void write_receipt(const CheckoutRequest &request, const Sale &sale, ResultRow *result);

} // namespace weedgo
