// An order in the database: writing a new one, and reading one back.
#pragma once

#include "pg.hpp"
#include "quote.hpp"
#include "request.hpp"
#include "spi.hpp"

namespace weedgo {

inline constexpr std::size_t order_column_count = 36;
using OrderValues = std::array<Param, order_column_count>;

// What a new order is, beside its request, cart and quote.
struct NewOrder {
    pg_uuid_t order_id;
    OrderNumber order_number;
    std::string_view status;
    std::string_view payment_status;
    TimestampTz created_at;
    std::optional<Datum> fingerprint; // bytea, where the request has a key
    Datum taxes;
    OrderValues values; // of its row, when it is inserted
};

// An order that stands in the way of a new one.
struct ExistingOrder {
    pg_uuid_t order_id;
    std::optional<Datum> fingerprint;
    bool is_theirs; // the customer's who asks
    bool same_key;  // it has the request's idempotency key; otherwise it is the cart's
};

// Draws identifiers and inserts the row of the order. Returns what was found instead, where the
// cart or the key has an order already (it waits for one that is being made); nothing when done.
std::optional<ExistingOrder> insert_order(const CheckoutRequest &request, const Cart &cart,
                                          const Quote &quote, NewOrder *order);

// The order of the request's key, where there is one.
std::optional<ExistingOrder> find_by_key(const CheckoutRequest &request);

void insert_order_items(const pg_uuid_t &store_id, const pg_uuid_t &order_id,
                        std::span<const Line> lines);

// The first event of the order; `lines` is what lines_json() made.
void insert_created_event(const CheckoutRequest &request, const NewOrder &order, Datum lines);

// Orders as rows of checkout_result.
Rows read_order(const pg_uuid_t &store_id, const pg_uuid_t &order_id,
                const std::optional<pg_uuid_t> &customer_id, bool replayed);
Rows read_orders(const pg_uuid_t &store_id, const pg_uuid_t &customer_id,
                 const std::optional<pg_uuid_t> &before_order_id, std::int32_t max_rows);

} // namespace weedgo
