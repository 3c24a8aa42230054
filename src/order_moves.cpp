// advance_order, cancel_order, fulfil_order, expire_orders: the life of an order after checkout.
#include "arguments.hpp"
#include "errors.hpp"
#include "order_move.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "result.hpp"

namespace weedgo {

namespace {

constexpr std::int32_t most_orders_at_once = 100'000;
constexpr std::int64_t default_unpaid_us = 30 * USECS_PER_MINUTE;
constexpr std::int64_t max_unpaid_us = 366 * USECS_PER_DAY;

OrderKey read_order_key(FunctionCallInfo fcinfo) {
    return {required_uuid(argument(fcinfo, 0, "store_id")),
            required_uuid(argument(fcinfo, 1, "order_id"))};
}

Datum advance(FunctionCallInfo fcinfo, const OrderKey &key, OrderStatus to,
              const MoveReason &reason) {
    return row_as_owner(fcinfo, key.store_id, [&](OwnerScope &, ResultRow *row) {
        const OrderState order = lock_order(key);
        const bool changed = move_order(key, order, to, reason);
        row->uuid(key.store_id).uuid(key.order_id).text(order.order_number);
        row->text(name_of(order.status)).text(name_of(to)).boolean(changed);
        row->text(order.payment_status).json(empty_object());
    });
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_advance_order);
PG_FUNCTION_INFO_V1(weedgo_cancel_order);
PG_FUNCTION_INFO_V1(weedgo_fulfil_order);
PG_FUNCTION_INFO_V1(weedgo_expire_orders);
}

// Moves an order to another state.
Datum weedgo_advance_order(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("advance_order()");
    const OrderKey key = read_order_key(fcinfo);
    const std::string_view name = required_text(argument(fcinfo, 2, "to_status"), max_label_bytes);
    const std::optional<OrderStatus> to = order_status_of(name);
    if (!to || *to == OrderStatus::pending || *to == OrderStatus::expired)
        raise_invalid_argument("to_status", "is no state to move to",
                               "One of confirmed, preparing, ready, out_for_delivery, delivered, "
                               "cancelled.");
    PG_RETURN_DATUM(advance(fcinfo, key, *to, read_reason(fcinfo, 3)));
}

// Calls an order off: its stock and its use of a promo code are given back.
Datum weedgo_cancel_order(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("cancel_order()");
    const OrderKey key = read_order_key(fcinfo);
    PG_RETURN_DATUM(advance(fcinfo, key, OrderStatus::cancelled, read_reason(fcinfo, 2)));
}

// The goods have been handed over: the stock that was reserved is gone.
Datum weedgo_fulfil_order(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("fulfil_order()");
    const OrderKey key = read_order_key(fcinfo);
    PG_RETURN_DATUM(advance(fcinfo, key, OrderStatus::delivered, read_reason(fcinfo, 2)));
}

// Gives back what is reserved for orders whose payment never came.
Datum weedgo_expire_orders(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("expire_orders()");
    const std::optional<pg_uuid_t> store_id = optional_uuid(argument(fcinfo, 0, "store_id"));
    const std::int32_t max_orders =
        bounded_integer(argument(fcinfo, 1, "max_orders"), 1, most_orders_at_once, 1000);
    const std::int64_t unpaid_us =
        bounded_interval(argument(fcinfo, 2, "unpaid_for"), max_unpaid_us, default_unpaid_us);
    check_options(argument(fcinfo, 3, "options"));
    std::int32_t expired = 0;
    as_owner(store_id, [&](OwnerScope &) {
        expired = expire_unpaid(store_id, max_orders, GetCurrentTimestamp() - unpaid_us);
    });
    PG_RETURN_INT32(expired);
}
