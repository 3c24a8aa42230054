// Orders: whatever is put in, the totals reconcile, and are those of the slow model.
#include "../unit/order.hpp"
#include "../unit/slow_model.hpp"
#include "fuzz.hpp"

#include <array>
#include <limits>

namespace {

using namespace weedgo;
using test::ModelOrder;
using test::Natural;
using test::Order;

constexpr std::string_view tax_classes[] = {"cannabis", "accessory", "edible", "delivery"};
constexpr std::string_view tax_names[] = {"GST", "PST", "levy"};

// All amounts of numeric(12,2), the small ones more often.
Cents amount(FuzzedDataProvider *input) {
    const Cents most = input->PickValueInArray<Cents>({9, 100'00, 10'000'00, max_amount});
    return input->ConsumeIntegralInRange<Cents>(0, most);
}

Order order_of(FuzzedDataProvider *input) {
    Order order;
    constexpr std::int32_t most_units = std::numeric_limits<std::int32_t>::max();
    const auto lines = input->ConsumeIntegralInRange<std::size_t>(0, 40);
    for (std::size_t i = 0; i < lines; i++) {
        const auto quantity = input->ConsumeIntegralInRange<std::int32_t>(
            1, input->PickValueInArray<std::int32_t>({1, 5, most_units}));
        order.lines.push_back(
            test::line(amount(input), quantity, input->PickValueInArray(tax_classes)));
    }
    const auto rates = input->ConsumeIntegralInRange<std::size_t>(0, 12);
    for (std::size_t i = 0; i < rates; i++)
        order.rates.push_back(
            test::rate(input->PickValueInArray(tax_names),
                       input->ConsumeIntegralInRange<std::int64_t>(0, 999'999'999),
                       input->PickValueInArray(tax_classes)));
    Discount &discount = order.input.discount;
    discount.type = input->PickValueInArray(
        {Discount::Type::none, Discount::Type::percentage, Discount::Type::fixed});
    discount.value = amount(input);
    discount.max_amount = maybe<Cents>(input, 0, max_amount);
    discount.reimbursable = input->ConsumeBool();
    Delivery &delivery = order.input.delivery;
    delivery.requested = input->ConsumeBool();
    delivery.base_fee = amount(input);
    delivery.fee_per_km = amount(input);
    delivery.free_threshold = maybe<Cents>(input, 0, max_amount);
    delivery.distance_m = maybe<std::int32_t>(input, 0, most_units);
    delivery.taxed = input->ConsumeBool();
    order.input.tip = amount(input);
    order.input.cash = input->ConsumeBool();
    return order;
}

void check_reconciles(const Order &order) {
    const Totals &totals = order.totals;
    Totals sums;
    Cents taxable = 0;
    for (const Line &line : order.lines) {
        MUST_HOLD(line.line_total == line.unit_price * line.quantity);
        MUST_HOLD(line.discount >= 0 && line.discount <= line.line_total && line.tax >= 0);
        sums.subtotal += line.line_total;
        sums.discount += line.discount;
        sums.tax += line.tax;
        taxable += line.taxable;
    }
    Cents named = 0;
    for (const auto &[name, tax] : order.taxes)
        named += tax;
    MUST_HOLD(sums.subtotal == totals.subtotal && sums.discount == totals.discount);
    MUST_HOLD(sums.tax + totals.delivery_tax == totals.tax && named == totals.tax);
    MUST_HOLD(taxable ==
              totals.subtotal - (order.input.discount.reimbursable ? 0 : totals.discount));
    MUST_HOLD(totals.total ==
              totals.subtotal - totals.discount + totals.tax + totals.delivery_fee + totals.tip);
    MUST_HOLD(totals.total >= 0 && totals.total <= max_amount);
    MUST_HOLD(std::abs(totals.amount_due - totals.total) <= (order.input.cash ? 2 : 0));
}

void check_as_model(const Order &order, const ModelOrder &model) {
    const auto is = [](const Natural &expected, Cents actual) {
        return actual >= 0 && Natural(actual) == expected;
    };
    const Totals &totals = order.totals;
    MUST_HOLD(is(model.subtotal, totals.subtotal) && is(model.discount, totals.discount));
    MUST_HOLD(is(model.delivery_fee, totals.delivery_fee));
    MUST_HOLD(is(model.delivery_tax, totals.delivery_tax) && is(model.tax, totals.tax));
    MUST_HOLD(is(model.total, totals.total) && is(model.amount_due, totals.amount_due));
    for (std::size_t i = 0; i < order.lines.size(); i++) {
        const Line &line = order.lines[i];
        MUST_HOLD(is(model.lines[i].discount, line.discount) && is(model.lines[i].tax, line.tax));
    }
    MUST_HOLD(order.taxes.size() == model.taxes.size());
    for (std::size_t i = 0; i < order.taxes.size(); i++)
        MUST_HOLD(order.taxes[i].first == model.taxes[i].first &&
                  is(model.taxes[i].second, order.taxes[i].second));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    Order order = order_of(&input);
    const PriceStatus status = order.price();
    const ModelOrder model = test::model_order(order.lines, order.rates, order.input);
    MUST_HOLD(status == model.status);
    MUST_HOLD(order.totals.missing_tax_class == model.missing_tax_class);
    if (status == PriceStatus::ok) {
        check_reconciles(order);
        check_as_model(order, model);
    }

    const auto all =
        input.ConsumeIntegralInRange<std::int32_t>(1, std::numeric_limits<std::int32_t>::max());
    const auto units = input.ConsumeIntegralInRange<std::int32_t>(0, all);
    const Cents whole = amount(&input);
    const Cents part = part_of(whole, units, all);
    MUST_HOLD(part >= 0 && part <= whole && part_of(whole, all, all) == whole);
    MUST_HOLD(std::abs(part + part_of(whole, all - units, all) - whole) <= 1);
    return 0;
}
