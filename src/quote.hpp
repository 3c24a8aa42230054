// What a cart costs now, or as of an instant, and what stands against selling it. The same for
// checkout_cart, which then writes it down, and calc_order_totals, which only shows it.
#pragma once

#include "cart.hpp"
#include "cart_lines.hpp"
#include "errors.hpp"
#include "local_time.hpp"
#include "pg.hpp"
#include "request.hpp"
#include "stock.hpp"

namespace weedgo {

struct Quote {
    TimestampTz priced_at;
    LocalTime local;
    std::string_view province; // whose rates are charged
    std::string_view timezone; // by which it is which day
    CartLines cart;
    std::span<const std::int64_t> available;    // per line; empty unless it was read
    std::optional<std::string_view> promo_code; // the one that is tried
    std::optional<Promo> promo;                 // and what it gives, where it is usable
    std::optional<Cents> discount_by_hand;
    std::int64_t equivalent_mg;        // of all lines, where the store limits it
    std::optional<DateADT> counted_on; // the customer's day that it counts on
    bool age_checked;                  // by the cashier
    std::optional<std::int32_t> distance_m;
    std::optional<std::string_view> payment_type;
    PriceInput price_input;
    Totals totals;
    std::span<const TaxAmount> taxes;
};

// A checkout reads stock only to name every item of a refusal, and finds out about a promo code's
// uses by counting its own; a quote only looks, at both.
enum class For { checkout, quote };

CartQuery query_of(const Request &request);

// Whether the cart, its customer, store and payment method allow a checkout at all.
void judge_cart(const Request &request, const Cart &cart, const Policies &policies, TimestampTz now,
                Problems *problems);

// How much of each line could be had, where it is to be read; nothing otherwise.
std::span<const std::int64_t> read_stock_of(const Request &request, const CartLines &cart,
                                            For purpose, const Shelf &shelf);

// An empty cart, and the items that cannot be had: those without a product or not for sale, and,
// where stock was read, those of which there is too little.
void judge_items(const CartLines &cart, std::span<const std::int64_t> available,
                 Problems *problems);

// Prices the cart's lines, and judges items, delivery, purchase limit and promo code.
Quote make_quote(const Request &request, const Cart &cart, const Policies &policies,
                 TimestampTz now, For purpose, Problems *problems);

// The cart's store; raises 55000 where there is none.
const Store &store_of(const Cart &cart);

} // namespace weedgo
