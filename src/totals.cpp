// calc_order_totals: what a checkout would say, without doing it.
#include "errors.hpp"
#include "order_json.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "policy_read.hpp"
#include "quote.hpp"
#include "request.hpp"
#include "result.hpp"

namespace weedgo {

namespace {

Request read_totals_request(FunctionCallInfo fcinfo) {
    Request request = read_request(fcinfo);
    request.tip = optional_money(argument(fcinfo, 6, "tip")).value_or(0);
    request.promo_code = optional_promo_code(argument(fcinfo, 7, "promo_code"));
    read_quote_options(argument(fcinfo, 8, "options"), &request);
    return request;
}

// Each line with what the cart could have of it; items without a price have a reason instead.
JsonWriter lines_with_availability(const Quote &quote) {
    JsonWriter json;
    json.begin_array();
    for (std::size_t i = 0; i < quote.cart.lines.size(); i++) {
        const Line &line = quote.cart.lines[i];
        json.begin_object().key("sku").string(line.sku).key("name").string(line.name);
        json.key("quantity").integer(std::int64_t{line.quantity});
        json.key("unit_price").money(line.unit_price).key("line_total").money(line.line_total);
        json.key("discount").money(line.discount).key("taxable").money(line.taxable);
        json.key("tax").money(line.tax).key("tax_class").string(line.tax_class);
        json.key("equivalent_mg").integer(line.equivalent_mg);
        json.key("available").integer(quote.available[i]);
        json.key("in_stock").boolean(quote.available[i] >= line.quantity).end_object();
    }
    for (const UnavailableItem &item : quote.cart.unavailable) {
        json.begin_object().key("sku").string(item.sku);
        json.key("quantity").integer(item.requested);
        json.key("available").integer(std::int64_t{0}).key("in_stock").boolean(false);
        json.key("reason").string(name_of(item.reason)).end_object();
    }
    json.end_array();
    return json;
}

void write_totals(const Request &request, const Cart &cart, const Quote &quote,
                  const Problems &problems, ResultRow *result) {
    const Totals &totals = quote.totals;
    result->uuid(request.store_id).uuid(request.cart_id).uuid(request.customer_id);
    result->text(name_of(request.delivery_type));
    result->money(totals.subtotal).money(totals.discount).money(totals.tax);
    result->money(totals.delivery_fee).money(totals.tip).money(totals.total);
    result->money(totals.amount_due).text(store_of(cart).currency).text(quote.promo_code);
    if (quote.distance_m)
        result->value(NumericGetDatum(int64_div_fast_to_numeric(*quote.distance_m, 3)));
    else
        result->null();
    result->json(taxes_json(quote)).json(lines_with_availability(quote));
    result->value(problems.to_jsonb()).timestamp(quote.priced_at);
    JsonWriter details;
    details.begin_object().key("distance_m").integer(quote.distance_m);
    details.key("delivery_tax").money(totals.delivery_tax);
    details.key("payment_type").string(quote.payment_type);
    details.key("pricing").raw(pricing_json(quote).text()).end_object();
    result->json(details);
}

// No such cart of this customer: there is nothing to price.
void write_nothing(const Request &request, const Problems &problems, TimestampTz priced_at,
                   ResultRow *result) {
    constexpr int without_cart = 10; // subtotal to distance_km
    result->uuid(request.store_id).uuid(request.cart_id).uuid(request.customer_id);
    result->text(name_of(request.delivery_type));
    for (int i = 0; i < without_cart; i++)
        result->null();
    result->json(JsonWriter().begin_array().end_array());
    result->json(JsonWriter().begin_array().end_array());
    result->value(problems.to_jsonb()).timestamp(priced_at);
    result->json(empty_object());
}

void calculate(const Request &request, ResultRow *result) {
    const TimestampTz now = GetCurrentTimestamp();
    Problems problems;
    const std::optional<Cart> cart = read_cart(query_of(request), CartRow::read);
    if (!cart || !may_use(*cart, request.customer_id)) {
        problems.add(cart_not_found(request.cart_id));
        return write_nothing(request, problems, request.judged_at(now), result);
    }
    const Policies policies = policies_of(store_of(*cart), request.judged_at(now));
    judge_cart(request, *cart, policies, now, &problems);
    const Quote quote = make_quote(request, *cart, policies, now, For::quote, &problems);
    write_totals(request, *cart, quote, problems, result);
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_calc_order_totals);
}

// Prices a cart as checkout_cart would; takes no lock and writes nothing.
Datum weedgo_calc_order_totals(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const Request request = read_totals_request(fcinfo);
    return row_as_owner(fcinfo, request.store_id,
                        [&](OwnerScope &, ResultRow *row) { calculate(request, row); });
}
