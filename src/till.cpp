// sell_in_store: a cart is checked out, paid and handed over, all at once or not at all.
#include "arguments.hpp"
#include "checkout.hpp"
#include "errors.hpp"
#include "order_move.hpp"
#include "owner.hpp"
#include "payment.hpp"
#include "pg.hpp"
#include "tender.hpp"

namespace weedgo {

namespace {

// By the cart, which a replay has, too. Refunds and later payments give no change.
constinit Statement change_statement{
    "SELECT $3 || jsonb_build_object('change',"
    "              coalesce(sum((p.details ->> 'change')::numeric(12,2)), 0.00)::text)"
    "  FROM weedgo_data.orders o"
    "  JOIN weedgo_data.payments p ON p.store_id = o.store_id AND p.order_id = o.order_id"
    " WHERE o.store_id = $1 AND o.cart_id = $2 AND p.event = 'captured'"};

struct TillRequest : CheckoutRequest {
    std::optional<std::span<const Tender>> tenders; // nothing: what is due, in cash
};

static_assert(Trivial<TillRequest>);

void pay(const TillRequest &request, const OrderKey &key, OrderState *order) {
    const Tender exact{cash, order->amount_due, std::nullopt};
    const std::size_t needed = order->amount_due > 0 ? 1 : 0;
    const std::span<const Tender> tenders =
        request.tenders.value_or(std::span<const Tender>(&exact, needed));
    check_tenders(tenders, order->amount_due);
    for (const Tender &tender : tenders) {
        const Report report{key,         PaymentEvent::captured, tender.amount, tender.reference,
                            tender.type, request.actor_id,       std::nullopt};
        order->payment_status = receive_payment(report, *order).recorded.status;
    }
}

// Into the details of the receipt, new or stored.
void add_change(const TillRequest &request, ResultRow *result) {
    const Rows rows =
        execute(change_statement, {Param::uuid(request.store_id), Param::uuid(request.cart_id),
                                   Param::jsonb(result->last())});
    result->replace_last(Row(rows, 0).value(JSONBOID));
}

// The order's row is this transaction's own, and the checkout has locked the stock of every line:
// what comes after it waits for nobody, but for another report of the same payment.
void sell(const TillRequest &request, WaitScope &wait, ResultRow *result) {
    std::optional<Sale> sale = check_out(request, wait, result);
    if (sale) {
        const OrderKey key{request.store_id, sale->order.order_id};
        OrderState order = lock_order(key);
        pay(request, key, &order);
        move_order(key, order, OrderStatus::delivered, {request.actor_id, std::nullopt});
        sale->order.status = name_of(OrderStatus::delivered);
        sale->order.payment_status = order.payment_status;
        write_receipt(request, *sale, result);
    }
    add_change(request, result);
}

bool is_blank(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c == ' '; });
}

// A discount needs a reason, and a reason a discount.
void read_discount(const Argument &discount, const Argument &reason, TillRequest *request) {
    request->discount = optional_money(discount);
    request->discount_reason = optional_text(reason, max_reason_bytes);
    check_discount(*request, discount.name);
    const bool has_reason = request->discount_reason && !is_blank(*request->discount_reason);
    if (request->discount && !has_reason)
        raise_invalid_argument(reason.name, "must not be empty",
                               "A discount by hand has a reason.");
    if (!request->discount && !reason.is_null)
        raise_invalid_argument(reason.name, "is for a discount", "There is none.");
}

void read_payments(const Argument &payments, TillRequest *request) {
    request->tenders = read_tenders(payments);
    if (!payments.is_null)
        request->payments = payments.value;
    if (payments.is_null && request->payment_method_id)
        raise_invalid_argument(payments.name, "must not be null where there is a payment method",
                               "Say what it has paid, and under which reference.");
    request->payment_type = request->tenders ? payment_type_of(*request->tenders) : cash;
}

TillRequest read_till_request(FunctionCallInfo fcinfo) {
    TillRequest request;
    request.at_till = true;
    request.delivery_type = DeliveryType::in_store;
    request.order_source = "pos";
    request.store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    request.cart_id = required_uuid(argument(fcinfo, 1, "cart_id"));
    request.actor_id = required_uuid(argument(fcinfo, 2, "actor_id"));
    request.customer_id = optional_uuid(argument(fcinfo, 3, "customer_id"));
    request.payment_method_id =
        optional_text(argument(fcinfo, 4, "payment_method_id"), max_label_bytes);
    read_payments(argument(fcinfo, 5, "payments"), &request);
    request.tip = optional_money(argument(fcinfo, 8, "tip")).value_or(0);
    request.promo_code = optional_promo_code(argument(fcinfo, 9, "promo_code"));
    read_discount(argument(fcinfo, 6, "discount"), argument(fcinfo, 7, "discount_reason"),
                  &request);
    request.expected_total = optional_money(argument(fcinfo, 10, "expected_total"));
    read_key(argument(fcinfo, 11, "idempotency_key"), &request);
    request.metadata = optional_object(argument(fcinfo, 12, "metadata"));
    read_options(argument(fcinfo, 13, "options"), &request);
    return request;
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_sell_in_store);
}

// Sells a cart over the counter; its reference is in docs/reference.md.
Datum weedgo_sell_in_store(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("sell_in_store()");
    const TillRequest request = read_till_request(fcinfo);
    commit_durably();
    return row_as_owner(fcinfo, request.store_id,
                        [&](OwnerScope &scope, ResultRow *row) { sell(request, scope.wait, row); });
}
