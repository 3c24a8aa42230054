// Moving orders from state to state, with all that follows: the event, the stock, the promo uses.
#pragma once

#include "arguments.hpp"
#include "order_events.hpp"
#include "order_life.hpp"
#include "pg.hpp"
#include "spi.hpp"

namespace weedgo {

// What a move of an order needs to know of it.
struct OrderState {
    std::string_view order_number;
    OrderStatus status;
    std::string_view payment_status;
    DeliveryType delivery_type;
    std::optional<std::string_view> payment_type;
    Cents amount_due;
    bool has_promo_code;
    bool is_counted; // in customer_days
};

// The order, locked until the end of the transaction; raises order_unknown where there is none.
OrderState lock_order(const OrderKey &key);

// Moves an order that lock_order() returned. Returns false, and does nothing, where it is in that
// state already; raises WG013 where it may not go there.
bool move_order(const OrderKey &key, const OrderState &order, OrderStatus to,
                const MoveReason &reason);

// Expires orders that were to be paid in advance and have not been for this long, the oldest
// first; skips those that others are working on. Returns how many.
std::int32_t expire_unpaid(const std::optional<pg_uuid_t> &store_id, std::int32_t max_orders,
                           TimestampTz created_before);

} // namespace weedgo
