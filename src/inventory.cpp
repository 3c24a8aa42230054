// reserve_inventory, release_inventory, expire_holds: stock that is promised before checkout.
#include "cart.hpp"
#include "cart_lines.hpp"
#include "errors.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "quote.hpp"
#include "request.hpp"
#include "result.hpp"
#include "stock.hpp"

namespace weedgo {

namespace {

// What is held cannot be sold to others; a week is long for that.
constexpr std::int64_t max_hold_us = 7 * USECS_PER_DAY;

constexpr std::int64_t default_hold_us = 15 * USECS_PER_MINUTE;

constexpr std::int32_t most_holds_at_once = 1'000'000;

Request read_cart_request(FunctionCallInfo fcinfo) {
    Request request;
    request.store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    request.cart_id = required_uuid(argument(fcinfo, 1, "cart_id"));
    request.customer_id = optional_uuid(argument(fcinfo, 2, "customer_id"));
    return request;
}

// Under the cart's lock from here to the end of the transaction.
Cart lock_and_read(const Request &request, WaitScope &wait) {
    lock_cart(wait, request.store_id, request.cart_id, Wait::in_turn);
    const std::optional<Cart> cart = read_cart(query_of(request), CartRow::lock);
    if (!cart || !may_use(*cart, request.customer_id))
        raise(cart_not_found(request.cart_id));
    return *cart;
}

std::span<const Held> take_any_holds(const CartKey &key, const Cart &cart) {
    return cart.has_holds ? take_holds(key) : std::span<const Held>();
}

template <typename Item>
JsonWriter quantities_json(std::span<const Item> items) {
    JsonWriter json;
    json.begin_array();
    for (const Item &item : items) {
        json.begin_object().key("sku").string(item.sku);
        json.key("quantity").integer(std::int64_t{item.quantity}).end_object();
    }
    json.end_array();
    return json;
}

void reserve_cart(const Request &request, std::int64_t hold_us, WaitScope &wait,
                  ResultRow *result) {
    const CartKey key{request.store_id, request.cart_id};
    const Cart cart = lock_and_read(request, wait);
    const TimestampTz now = GetCurrentTimestamp();
    const TimestampTz expires_at = now + hold_us;

    Problems problems;
    const Policies none; // what is held is not sold yet
    judge_cart(request, cart, none, now, &problems);
    problems.raise_first();
    const Store &store = store_of(cart);
    const CartLines items = read_cart_lines({request.store_id, request.cart_id, now, store.province,
                                             local_time(now, store.timezone).date});
    const Shelf shelf{request.store_id, now, local_time(now, store.timezone).date};
    judge_items(items, read_stock_of(request, items, For::checkout, shelf), &problems);
    problems.raise_first();

    const std::span<const Held> held = take_any_holds(key, cart);
    const std::span<StockMove> moves = moves_for(items.lines, held);
    if (!reserve(shelf, moves, held))
        raise(shortage(moves));
    insert_holds(key, items.lines, moves, expires_at);

    result->uuid(request.store_id).uuid(request.cart_id).timestamp(expires_at);
    result->boolean(!held.empty()).json(quantities_json(std::span<const Line>(items.lines)));
    result->json(empty_object());
}

void release_cart(const Request &request, WaitScope &wait, ResultRow *result) {
    const CartKey key{request.store_id, request.cart_id};
    const Cart cart = lock_and_read(request, wait);
    const std::span<const Held> held = take_any_holds(key, cart);
    const Shelf shelf{request.store_id, GetCurrentTimestamp(), 0}; // nothing is sold
    reserve(shelf, moves_for({}, held), held);

    result->uuid(request.store_id).uuid(request.cart_id).null().boolean(false);
    result->json(quantities_json(held)).json(empty_object());
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_reserve_inventory);
PG_FUNCTION_INFO_V1(weedgo_release_inventory);
PG_FUNCTION_INFO_V1(weedgo_expire_holds);
}

// Holds the stock of every item of a cart, or of none.
Datum weedgo_reserve_inventory(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("reserve_inventory()");
    const Request request = read_cart_request(fcinfo);
    const std::int64_t hold_us =
        bounded_interval(argument(fcinfo, 3, "hold_for"), max_hold_us, default_hold_us);
    check_options(argument(fcinfo, 4, "options"));
    return row_as_owner(fcinfo, request.store_id, [&](OwnerScope &scope, ResultRow *row) {
        reserve_cart(request, hold_us, scope.wait, row);
    });
}

// Gives back what a cart holds.
Datum weedgo_release_inventory(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("release_inventory()");
    const Request request = read_cart_request(fcinfo);
    check_options(argument(fcinfo, 3, "options"));
    return row_as_owner(fcinfo, request.store_id, [&](OwnerScope &scope, ResultRow *row) {
        release_cart(request, scope.wait, row);
    });
}

// Gives back holds past their deadline; safe from several schedulers at once.
Datum weedgo_expire_holds(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("expire_holds()");
    const std::optional<pg_uuid_t> store_id = optional_uuid(argument(fcinfo, 0, "store_id"));
    const std::int32_t max_holds =
        bounded_integer(argument(fcinfo, 1, "max_holds"), 1, most_holds_at_once, 1000);
    check_options(argument(fcinfo, 2, "options"));
    std::int32_t released = 0;
    as_owner(store_id, [&](OwnerScope &) {
        released = release_expired(store_id, max_holds, GetCurrentTimestamp());
    });
    PG_RETURN_INT32(released);
}
