// The table of errors: SQLSTATE, message, HINT and DETAIL of each.
#include "errors.hpp"

namespace weedgo {

static_assert(Trivial<Problem> && Trivial<Problems> && Trivial<UnavailableItem>);

namespace {

constexpr int sqlstate_cart_not_found = MAKE_SQLSTATE('W', 'G', '0', '0', '1');
constexpr int sqlstate_cart_not_active = MAKE_SQLSTATE('W', 'G', '0', '0', '2');
constexpr int sqlstate_cart_empty = MAKE_SQLSTATE('W', 'G', '0', '0', '3');
constexpr int sqlstate_payment_method = MAKE_SQLSTATE('W', 'G', '0', '0', '4');
constexpr int sqlstate_items = MAKE_SQLSTATE('W', 'G', '0', '0', '5');
constexpr int sqlstate_promo = MAKE_SQLSTATE('W', 'G', '0', '0', '6');
constexpr int sqlstate_total = MAKE_SQLSTATE('W', 'G', '0', '0', '7');
constexpr int sqlstate_idempotency = MAKE_SQLSTATE('W', 'G', '0', '0', '8');
constexpr int sqlstate_delivery = MAKE_SQLSTATE('W', 'G', '0', '0', '9');
constexpr int sqlstate_limit = MAKE_SQLSTATE('W', 'G', '0', '1', '0');
constexpr int sqlstate_age = MAKE_SQLSTATE('W', 'G', '0', '1', '1');
constexpr int sqlstate_closed = MAKE_SQLSTATE('W', 'G', '0', '1', '2');
constexpr int sqlstate_transition = MAKE_SQLSTATE('W', 'G', '0', '1', '3');
constexpr int sqlstate_paused = MAKE_SQLSTATE('W', 'G', '0', '1', '4');
constexpr int sqlstate_stock = MAKE_SQLSTATE('W', 'G', '0', '1', '5');

// Begins a DETAIL; end_object() finishes it.
JsonWriter detail_of(std::string_view code) {
    JsonWriter detail;
    detail.begin_object().key("code").string(code);
    return detail;
}

const char *unavailable_detail(std::span<const UnavailableItem> items) {
    JsonWriter detail = detail_of("items_unavailable");
    detail.key("items").begin_array();
    for (const UnavailableItem &item : items) {
        detail.begin_object().key("sku").string(item.sku);
        detail.key("reason").string(name_of(item.reason));
        detail.key("requested").integer(item.requested);
        detail.key("available").integer(item.available).end_object();
    }
    return detail.end_array().end_object().c_str();
}

Problem delivery_problem(const char *message, const char *hint, JsonWriter &detail) {
    return {sqlstate_delivery, message, hint, detail.end_object().c_str()};
}

} // namespace

void Problems::add(const Problem &problem) {
    if (count_ < capacity)
        list_[count_++] = problem;
}

void Problems::raise_first() const {
    if (count_ > 0)
        raise(list_[0]);
}

Datum Problems::to_jsonb() const {
    JsonWriter json;
    json.begin_array();
    for (const Problem &problem : std::span(list_).first(count_))
        json.raw(problem.detail);
    return json.end_array().to_jsonb();
}

void raise(const Problem &problem) {
    ereport(ERROR, (errcode(problem.sqlstate), errmsg_internal("%s", problem.message),
                    errdetail_internal("%s", problem.detail), errhint("%s", problem.hint)));
    pg_unreachable();
}

std::string_view name_of(ItemReason reason) {
    switch (reason) {
    case ItemReason::not_found:
        return "not_found";
    case ItemReason::not_available:
        return "not_available";
    case ItemReason::insufficient_stock:
        return "insufficient_stock";
    case ItemReason::lot_not_found:
        return "lot_not_found";
    case ItemReason::lot_not_available:
        return "lot_not_available";
    }
    pg_unreachable();
}

Problem cart_not_found(const pg_uuid_t &cart_id) {
    JsonWriter detail = detail_of("cart_not_found");
    detail.key("cart_id").uuid(cart_id);
    return {sqlstate_cart_not_found, "cart not found",
            "Check store_id, cart_id and customer_id: the store has no such cart of this customer.",
            detail.end_object().c_str()};
}

Problem cart_not_active(std::string_view status, const std::optional<pg_uuid_t> &order_id) {
    JsonWriter detail = detail_of("cart_not_active");
    detail.key("status").string(status).key("order_id").uuid(order_id);
    return {sqlstate_cart_not_active, "the cart is not active",
            order_id
                ? "It became the order in DETAIL; read it with get_order(), or begin a new cart."
                : "Begin a new cart.",
            detail.end_object().c_str()};
}

Problem cart_empty() {
    JsonWriter detail = detail_of("cart_empty");
    return {sqlstate_cart_empty, "the cart is empty", "Fill it with put_cart() first.",
            detail.end_object().c_str()};
}

Problem payment_method_invalid(std::string_view payment_method_id, std::string_view reason) {
    JsonWriter detail = detail_of("payment_method_invalid");
    detail.key("payment_method_id").string(payment_method_id).key("reason").string(reason);
    return {sqlstate_payment_method, "the payment method cannot be used",
            "Use an active, unexpired method of this customer, or none to pay at pickup.",
            detail.end_object().c_str()};
}

Problem items_unavailable(std::span<const UnavailableItem> items) {
    return {sqlstate_items, "items of the cart are not available",
            "DETAIL names every one; change their quantities or remove them, then try again.",
            unavailable_detail(items)};
}

Problem stock_insufficient(std::span<const UnavailableItem> items) {
    return {sqlstate_items, "there is not that much stock",
            "DETAIL names every sku that lacks it; what is reserved for orders and holds is not "
            "available.",
            unavailable_detail(items)};
}

Problem promo_invalid(std::string_view promo_code, PromoReason reason,
                      const std::optional<Cents> &min_order_amount) {
    JsonWriter detail = detail_of("promo_invalid");
    detail.key("promo_code").string(promo_code).key("reason").string(name_of(reason));
    if (min_order_amount)
        detail.key("min_order_amount").money(*min_order_amount);
    return {sqlstate_promo, "the promo code cannot be used",
            "DETAIL says why; check out without it (promo_code => '') or with another.",
            detail.end_object().c_str()};
}

Problem discount_too_large(Cents discount, Cents subtotal) {
    JsonWriter detail = detail_of("discount_too_large");
    detail.key("discount").money(discount).key("subtotal").money(subtotal);
    return {ERRCODE_INVALID_PARAMETER_VALUE, "the discount is more than the items cost",
            "It comes off the subtotal, before tax.", detail.end_object().c_str()};
}

Problem payments_do_not_match(Cents amount_due, Cents given, Cover cover) {
    JsonWriter detail = detail_of("payments_do_not_match");
    detail.key("reason").string(name_of(cover)).key("amount_due").money(amount_due);
    detail.key("given").money(given);
    return {ERRCODE_INVALID_PARAMETER_VALUE, "the payments do not make up the amount due",
            "Together they must reach it; only cash may exceed it, and no payment may be in vain.",
            detail.end_object().c_str()};
}

Problem total_changed(Cents expected, const Totals &totals, std::span<const Line> lines) {
    JsonWriter detail = detail_of("total_changed");
    detail.key("expected_total").money(expected).key("total").money(totals.total);
    detail.key("subtotal").money(totals.subtotal).key("discount").money(totals.discount);
    detail.key("tax").money(totals.tax).key("delivery_fee").money(totals.delivery_fee);
    detail.key("tip").money(totals.tip).key("lines").begin_array();
    for (const Line &line : lines) {
        detail.begin_object().key("sku").string(line.sku);
        detail.key("quantity").integer(std::int64_t{line.quantity});
        detail.key("unit_price").money(line.unit_price);
        detail.key("line_total").money(line.line_total);
        detail.key("discount").money(line.discount);
        detail.key("tax").money(line.tax).end_object();
    }
    detail.end_array();
    return {sqlstate_total, "the total is not the expected one",
            "Show the customer the figures in DETAIL and check out again with the new total.",
            detail.end_object().c_str()};
}

Problem idempotency_mismatch(std::string_view key) {
    JsonWriter detail = detail_of("idempotency_mismatch");
    detail.key("idempotency_key").string(key);
    return {sqlstate_idempotency, "the idempotency key was used for another request",
            "A retry must repeat every argument; a new request needs a new key.",
            detail.end_object().c_str()};
}

Problem delivery_address_missing() {
    JsonWriter detail = detail_of("delivery_unavailable");
    detail.key("reason").string("address_missing");
    return delivery_problem("a delivery needs an address", "Pass delivery_address, or pick up.",
                            detail);
}

Problem delivery_out_of_range(std::int32_t distance_m, std::int64_t max_distance_m) {
    JsonWriter detail = detail_of("delivery_unavailable");
    detail.key("reason").string("out_of_range");
    detail.key("distance_km").decimal(distance_m, 3);
    detail.key("max_delivery_km").decimal(max_distance_m, 3);
    return delivery_problem("the address is beyond the store's delivery range",
                            "Pick up, or choose a nearer store.", detail);
}

Problem delivery_below_minimum(Cents subtotal, Cents min_order_amount) {
    JsonWriter detail = detail_of("delivery_unavailable");
    detail.key("reason").string("below_minimum").key("subtotal").money(subtotal);
    detail.key("min_order_amount").money(min_order_amount);
    return delivery_problem("the order is too small to be delivered", "Add items, or pick up.",
                            detail);
}

Problem purchase_limit_exceeded(std::int64_t limit_mg, std::int64_t cart_mg,
                                const std::optional<std::int64_t> &bought_mg) {
    JsonWriter detail = detail_of("purchase_limit_exceeded");
    detail.key("limit_mg").integer(limit_mg).key("cart_mg").integer(cart_mg);
    detail.key("over_mg").integer(over_limit(limit_mg, cart_mg, bought_mg.value_or(0)));
    if (bought_mg)
        detail.key("bought_today_mg").integer(*bought_mg);
    return {sqlstate_limit, "the cart exceeds what may be sold to one person",
            "Take out items until over_mg, milligrams of dried cannabis or its equivalent, is 0.",
            detail.end_object().c_str()};
}

Problem age_not_verified(const std::optional<std::int32_t> &min_age, AgeVerdict verdict) {
    JsonWriter detail = detail_of("age_not_verified");
    detail.key("min_age").integer(min_age).key("reason").string(name_of(verdict));
    return {sqlstate_age, "the customer is not known to be of age",
            verdict == AgeVerdict::too_young
                ? "The store does not sell to persons of this age."
                : "Verify the customer's age first, or, in the store, let the cashier do it: "
                  "options => '{\"age_checked\": true}'.",
            detail.end_object().c_str()};
}

Problem store_closed(OpeningVerdict verdict, std::string_view local_time,
                     const std::optional<TimestampTz> &next_opening) {
    JsonWriter detail = detail_of("store_closed");
    detail.key("local_time").string(local_time).key("reason").string(name_of(verdict));
    detail.key("next_opening");
    if (next_opening)
        detail.timestamp(*next_opening);
    else
        detail.null();
    return {sqlstate_closed, "the store is closed", "Check out again when it is open.",
            detail.end_object().c_str()};
}

Problem checkout_paused(std::string_view by) {
    JsonWriter detail = detail_of("checkout_paused");
    detail.key("by").string(by);
    return {sqlstate_paused, "checkout is paused",
            "Try again later. DETAIL names the switch: a store's accepts_orders, or the setting.",
            detail.end_object().c_str()};
}

Problem customer_unknown(const pg_uuid_t &customer_id) {
    JsonWriter detail = detail_of("customer_unknown");
    detail.key("customer_id").uuid(customer_id);
    return {ERRCODE_INVALID_PARAMETER_VALUE, "the customer is unknown",
            "customer_id must be in weedgo_data.customers, or NULL for a guest.",
            detail.end_object().c_str()};
}

Problem order_unknown(const pg_uuid_t &order_id) {
    JsonWriter detail = detail_of("order_unknown");
    detail.key("order_id").uuid(order_id);
    return {ERRCODE_INVALID_PARAMETER_VALUE, "the order is unknown",
            "order_id must be an order of this store.", detail.end_object().c_str()};
}

Problem order_transition_invalid(const pg_uuid_t &order_id, std::string_view from,
                                 std::string_view to, std::string_view delivery_type) {
    JsonWriter detail = detail_of("order_transition_invalid");
    detail.key("order_id").uuid(order_id).key("from").string(from).key("to").string(to);
    detail.key("delivery_type").string(delivery_type);
    return {sqlstate_transition, "the order cannot go from its state to that one",
            "docs/reference.md has the table of moves; what is delivered, cancelled or expired "
            "stays so.",
            detail.end_object().c_str()};
}

Problem sku_unknown(const pg_uuid_t &store_id, std::span<const std::string_view> skus) {
    JsonWriter detail = detail_of("sku_unknown");
    detail.key("store_id").uuid(store_id).key("skus").begin_array();
    for (const std::string_view sku : skus)
        detail.string(sku);
    return {ERRCODE_INVALID_PARAMETER_VALUE, "a sku is no product of the store",
            "DETAIL names every one; they must be in weedgo_data.products of this store.",
            detail.end_array().end_object().c_str()};
}

Problem lot_unknown(const std::optional<pg_uuid_t> &store_id,
                    const std::optional<std::string_view> &sku, std::string_view lot) {
    JsonWriter detail = detail_of("lot_unknown");
    detail.key("store_id").uuid(store_id).key("sku").string(sku).key("lot").string(lot);
    return {ERRCODE_INVALID_PARAMETER_VALUE, "there is no such lot",
            "stock_overview() lists the lots of a store; receive_stock() makes new ones.",
            detail.end_object().c_str()};
}

Problem stock_changed(std::string_view sku, std::int32_t expected, std::int64_t available) {
    JsonWriter detail = detail_of("stock_changed");
    detail.key("sku").string(sku).key("expected").integer(std::int64_t{expected});
    detail.key("available").integer(available);
    return {sqlstate_stock, "the stock is not the expected one",
            "It changed meanwhile: look at what is available now, then adjust that.",
            detail.end_object().c_str()};
}

Problem stock_overflow(std::string_view sku, std::int64_t units) {
    JsonWriter detail = detail_of("value_out_of_range");
    detail.key("value").string(psprintf(INT64_FORMAT, units)).key("sku").string(sku);
    return {ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
            "a store cannot have more than 2147483647 units of a sku",
            "Check the quantity: units that are reserved count.", detail.end_object().c_str()};
}

Problem cart_locked(const pg_uuid_t &cart_id, std::string_view reason) {
    JsonWriter detail = detail_of("cart_locked");
    detail.key("cart_id").uuid(cart_id).key("reason").string(reason);
    return {ERRCODE_LOCK_NOT_AVAILABLE, "the cart is locked by another call",
            "Wait a moment and try again, with the same idempotency key.",
            detail.end_object().c_str()};
}

Problem row_locked() {
    JsonWriter detail = detail_of("row_locked");
    return {ERRCODE_LOCK_NOT_AVAILABLE,
            "a row that the call needs is locked by another transaction",
            "Try again. A transaction that stays open while it holds stock, an order or a cart "
            "blocks others.",
            detail.end_object().c_str()};
}

Problem amount_overflow() {
    JsonWriter detail = detail_of("amount_overflow");
    return {ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "an amount of the order exceeds 9999999999.99",
            "Split the cart into smaller ones.", detail.end_object().c_str()};
}

Problem not_writable(const char *relation) {
    JsonWriter detail = detail_of("not_writable");
    detail.key("relation").string(relation);
    return {ERRCODE_FEATURE_NOT_SUPPORTED,
            psprintf("weedgo_data.%s is a view that cannot be written", relation),
            "Write the application's own table instead; carts under weedgo.lock_cart().",
            detail.end_object().c_str()};
}

Problem store_not_allowed(std::string_view role, const std::optional<pg_uuid_t> &store_id) {
    JsonWriter detail = detail_of("store_not_allowed");
    detail.key("role").string(role).key("store_id").uuid(store_id);
    return {ERRCODE_INSUFFICIENT_PRIVILEGE,
            store_id ? "the role is not bound to this store"
                     : "the role is bound to stores, and the call is about all of them",
            "The role acts for the stores it is bound to (weedgo_data.store_roles): name one of "
            "these as store_id.",
            detail.end_object().c_str()};
}

Problem role_unknown(std::string_view role) {
    JsonWriter detail = detail_of("invalid_argument");
    detail.key("argument").string("role");
    return {ERRCODE_UNDEFINED_OBJECT,
            psprintf("role \"%.*s\" does not exist", static_cast<int>(role.size()), role.data()),
            "CREATE ROLE it first.", detail.end_object().c_str()};
}

Problem read_only(const char *function) {
    JsonWriter detail = detail_of("read_only");
    return {ERRCODE_READ_ONLY_SQL_TRANSACTION,
            psprintf("cannot execute %s in a read-only transaction", function),
            "Call it on the primary server, in a transaction that may write.",
            detail.end_object().c_str()};
}

void check_writable(const char *function) {
    if (XactReadOnly)
        raise(read_only(function));
}

void raise_invalid_argument(const char *argument, const char *message, const char *hint) {
    JsonWriter detail = detail_of("invalid_argument");
    detail.key("argument").string(std::string_view(argument));
    raise({ERRCODE_INVALID_PARAMETER_VALUE, psprintf("%s %s", argument, message), hint,
           detail.end_object().c_str()});
}

void raise_setup(const char *message, const char *hint) {
    JsonWriter detail = detail_of("setup");
    raise({ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, message,
           hint != nullptr ? hint : "SELECT * FROM weedgo.check_setup(); tells what is wrong.",
           detail.end_object().c_str()});
}

} // namespace weedgo
