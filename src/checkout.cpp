// checkout_cart: a cart becomes an order, or nothing happens at all.
#include "checkout.hpp"

#include "errors.hpp"
#include "lots.hpp"
#include "order_json.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "policy_read.hpp"
#include "promo_use.hpp"
#include "purchases.hpp"
#include "quote.hpp"
#include "request.hpp"
#include "result.hpp"
#include "stock.hpp"

namespace weedgo {

static_assert(Trivial<Sale>);

namespace {

constexpr std::string_view first_status = "pending";
constexpr std::string_view first_payment_status = "pending";

// The stored result of an earlier request with the same key, where it was the same request.
void replay(const CheckoutRequest &request, const pg_uuid_t &order_id,
            const std::optional<Datum> &stored_fingerprint, ResultRow *result) {
    const std::string_view fingerprint = to_text(fingerprint_of(request));
    if (!stored_fingerprint || to_text(*stored_fingerprint) != fingerprint)
        raise(idempotency_mismatch(*request.idempotency_key));
    const bool replayed = true;
    const Rows rows = read_order(request.store_id, order_id, request.customer_id, replayed);
    if (rows.count == 0)
        raise(cart_not_found(request.cart_id));
    result->row(Row(rows, 0));
}

// A cart can be gone (an application cleans up) while its order is still to be replayed.
void replay_without_cart(const CheckoutRequest &request, ResultRow *result) {
    const std::optional<ExistingOrder> found = find_by_key(request);
    if (!found)
        raise(cart_not_found(request.cart_id));
    replay(request, found->order_id, found->fingerprint, result);
}

void write_records(const CheckoutRequest &request, const Quote &quote, const NewOrder &order,
                   Datum lines) {
    insert_order_items(request.store_id, order.order_id, quote.cart.lines);
    insert_created_event(request, order, lines);
    convert_cart(query_of(request), order.order_id);
}

void use_purchase_limit(const CheckoutRequest &request, const Policies &policies,
                        const Quote &quote) {
    if (!quote.counted_on)
        return;
    const CustomerDay day{request.store_id, *request.customer_id, *quote.counted_on};
    const std::int64_t limit_mg = *policies.purchase_limit_mg;
    if (!count_purchase(day, quote.equivalent_mg, limit_mg))
        raise(purchase_limit_exceeded(limit_mg, quote.equivalent_mg, read_bought_mg(day)));
}

void use_promo_code(const CheckoutRequest &request, const Quote &quote) {
    if (!quote.promo)
        return;
    const PromoReason reason =
        count_use({request.store_id, *quote.promo_code, request.customer_id}, *quote.promo);
    if (reason != PromoReason::usable)
        raise(promo_invalid(*quote.promo_code, reason, std::nullopt));
}

void check_scanned(const CheckoutRequest &request, std::span<const Line> lines) {
    for (const ScannedLot &scanned : request.lots)
        if (std::none_of(lines.begin(), lines.end(),
                         [&](const Line &line) { return line.sku == scanned.sku; }))
            raise_invalid_argument("options", "has a lot of a sku that is not in the cart",
                                   "lots is an object of skus of the cart and their lots.");
}

// Last of all, because others wait for a row of stock until this transaction is on disk.
std::span<const Allocation> reserve_stock(const CheckoutRequest &request, const Cart &cart,
                                          const Quote &quote, const pg_uuid_t &order_id) {
    const CartKey key{request.store_id, request.cart_id};
    const std::span<const Line> lines = quote.cart.lines;
    const std::span<const Held> held = cart.has_holds ? take_holds(key) : std::span<const Held>();
    const Touch touch = request.at_till ? Touch::every_line : Touch::what_moves;
    const std::span<StockMove> moves = moves_for(lines, held, touch, request.lots);
    if (!reserve({request.store_id, quote.priced_at, quote.local.date}, moves, held))
        raise(shortage(moves));
    const std::span<const Allocation> lots = allocations_of(lines, moves);
    insert_allocations({request.store_id, order_id}, lots);
    return lots;
}

JsonWriter details_json(const CheckoutRequest &request, const Sale &sale) {
    const Store &store = store_of(sale.cart);
    const Quote &quote = sale.quote;
    const auto jsonb_or_null = [](const std::optional<Datum> &jsonb) {
        return jsonb ? jsonb_text(*jsonb) : std::string_view("null");
    };
    JsonWriter json;
    json.begin_object().key("tenant_id").uuid(store.tenant_id);
    json.key("actor_id").uuid(request.actor_id);
    json.key("payment_method_id").string(request.payment_method_id);
    json.key("delivery_address").raw(jsonb_or_null(request.delivery_address));
    json.key("distance_m").integer(quote.distance_m);
    json.key("delivery_tax").money(quote.totals.delivery_tax);
    json.key("pickup_time").string(request.pickup_time);
    json.key("special_instructions").string(request.special_instructions);
    json.key("metadata").raw(jsonb_or_null(request.metadata));
    json.key("age_checked").boolean(request.age_checked);
    json.key("priced_at").timestamp(quote.priced_at);
    if (!sale.lots.empty())
        json.key("lots").raw(lots_json(sale.lots).text());
    json.end_object();
    return json;
}

} // namespace

std::optional<Sale> check_out(const CheckoutRequest &request, WaitScope &wait, ResultRow *stored) {
    lock_cart(wait, request.store_id, request.cart_id, Wait::in_turn);
    const TimestampTz now = GetCurrentTimestamp();

    CartQuery query = query_of(request);
    query.idempotency_scope = request.idempotency_scope;
    query.idempotency_key = request.idempotency_key;
    const std::optional<Cart> cart = read_cart(query, CartRow::lock);
    if (!cart) {
        replay_without_cart(request, stored);
        return std::nullopt;
    }
    if (!may_use(*cart, request.customer_id))
        raise(cart_not_found(request.cart_id));
    if (cart->keyed_order) {
        replay(request, cart->keyed_order->order_id, cart->keyed_order->fingerprint, stored);
        return std::nullopt;
    }

    const Policies policies = policies_of(store_of(*cart), now);
    Problems problems;
    judge_cart(request, *cart, policies, now, &problems);
    problems.raise_first();
    const Quote quote = make_quote(request, *cart, policies, now, For::checkout, &problems);
    problems.raise_first();
    check_scanned(request, quote.cart.lines);
    if (request.expected_total && *request.expected_total != quote.totals.total)
        raise(total_changed(*request.expected_total, quote.totals, quote.cart.lines));

    NewOrder order{};
    order.status = first_status;
    order.payment_status = first_payment_status;
    order.created_at = now;
    if (request.idempotency_key)
        order.fingerprint = fingerprint_of(request);
    const std::optional<ExistingOrder> existing = insert_order(request, *cart, quote, &order);
    if (existing && existing->same_key) {
        replay(request, existing->order_id, existing->fingerprint, stored);
        return std::nullopt;
    }
    if (existing)
        raise(cart_not_active("converted", existing->is_theirs ? std::optional(existing->order_id)
                                                               : std::nullopt));

    const Datum lines = lines_json(quote).to_jsonb();
    write_records(request, quote, order, lines);
    use_purchase_limit(request, policies, quote);
    use_promo_code(request, quote);
    const std::span<const Allocation> lots = reserve_stock(request, *cart, quote, order.order_id);
    return Sale{*cart, quote, order, lines, lots};
}

// What order_read.cpp would read back, without reading it.
void write_receipt(const CheckoutRequest &request, const Sale &sale, ResultRow *result) {
    const Store &store = store_of(sale.cart);
    const NewOrder &order = sale.order;
    const Quote &quote = sale.quote;
    const Totals &totals = quote.totals;
    result->uuid(order.order_id);
    result->text(std::string_view(order.order_number.data(), order_number_length));
    result->uuid(request.store_id).uuid(request.cart_id).uuid(request.customer_id);
    result->text(order.status).text(order.payment_status).text(quote.payment_type);
    result->text(name_of(request.delivery_type)).text(request.order_source);
    result->money(totals.subtotal).money(totals.discount).money(totals.tax);
    result->money(totals.delivery_fee).money(totals.tip).money(totals.total);
    result->money(totals.amount_due).text(store.currency).text(quote.promo_code);
    result->value(order.taxes).value(sale.lines);
    result->boolean(false).timestamp(order.created_at);
    result->json(details_json(request, sale));
}

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_checkout_cart);
}

// Turns a cart into an order; its reference is in docs/reference.md.
Datum weedgo_checkout_cart(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("checkout_cart()");
    const CheckoutRequest request = read_checkout_request(fcinfo);
    commit_durably();
    return row_as_owner(fcinfo, request.store_id, [&](OwnerScope &scope, ResultRow *row) {
        if (const std::optional<Sale> sale = check_out(request, scope.wait, row))
            write_receipt(request, *sale, row);
    });
}
