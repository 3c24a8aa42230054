// JSON of orders and quotes.
#include "order_json.hpp"

namespace weedgo {

namespace {

constexpr int rate_digits = 6;

void write_delivery(JsonWriter &json, const Delivery &delivery) {
    if (!delivery.requested) {
        json.null();
        return;
    }
    json.begin_object().key("base_fee").money(delivery.base_fee);
    json.key("fee_per_km").money(delivery.fee_per_km);
    json.key("free_threshold").money(delivery.free_threshold);
    json.key("taxed").boolean(delivery.taxed).end_object();
}

void write_promo(JsonWriter &json, const std::optional<Promo> &promo) {
    if (!promo) {
        json.null();
        return;
    }
    const Discount &discount = promo->discount;
    const bool percentage = discount.type == Discount::Type::percentage;
    json.begin_object().key("discount_type").string(percentage ? "percentage" : "fixed");
    json.key("discount_value").decimal(discount.value, 2);
    json.key("max_discount_amount").money(discount.max_amount);
    json.key("reimbursable").boolean(discount.reimbursable).end_object();
}

} // namespace

void write_rates(std::span<const TaxRate> rates, std::string_view tax_name, JsonWriter *json) {
    json->begin_array();
    for (const TaxRate &rate : rates) {
        if (rate.tax_name != tax_name || rate.taxable == 0)
            continue;
        json->begin_object().key("tax_class").string(rate.tax_class);
        json->key("rate").decimal(rate.rate, rate_digits);
        json->key("taxable").money(rate.taxable).end_object();
    }
    json->end_array();
}

JsonWriter taxes_json(const Quote &quote) {
    JsonWriter json;
    json.begin_array();
    for (const TaxAmount &tax : quote.taxes) {
        json.begin_object().key("name").string(tax.tax_name);
        json.key("amount").money(tax.amount).key("rates");
        write_rates(quote.cart.rates, tax.tax_name, &json);
        json.end_object();
    }
    json.end_array();
    return json;
}

JsonWriter pricing_json(const Quote &quote) {
    JsonWriter json;
    json.begin_object().key("delivery");
    write_delivery(json, quote.price_input.delivery);
    json.key("promo");
    write_promo(json, quote.promo);
    if (quote.discount_by_hand) {
        json.key("discount_by_hand").begin_object();
        json.key("amount").money(*quote.discount_by_hand).end_object();
    }
    json.key("province").string(quote.province).key("timezone").string(quote.timezone);
    if (quote.age_checked)
        json.key("age_checked").boolean(true);
    json.end_object();
    return json;
}

JsonWriter lines_json(const Quote &quote) {
    JsonWriter json;
    json.begin_array();
    std::int64_t line_no = 0;
    for (const Line &line : quote.cart.lines) {
        json.begin_object().key("line_no").integer(++line_no);
        json.key("sku").string(line.sku).key("name").string(line.name);
        json.key("quantity").integer(std::int64_t{line.quantity});
        json.key("unit_price").money(line.unit_price);
        json.key("line_total").money(line.line_total);
        json.key("discount").money(line.discount);
        json.key("taxable").money(line.taxable).key("tax").money(line.tax);
        json.key("tax_class").string(line.tax_class);
        json.key("equivalent_mg").integer(line.equivalent_mg).end_object();
    }
    json.end_array();
    return json;
}

} // namespace weedgo
