// The price of whole orders, to the cent.
#include <gtest/gtest.h>

#include <limits>

#include "order.hpp"

namespace weedgo::test {
namespace {

using Amounts = std::vector<Cents>;

constexpr std::int32_t int32_max = std::numeric_limits<std::int32_t>::max();

Order worked_example() {
    Order order{{line(19'99, 2)}, ontario()};
    order.input.delivery = usual_delivery(); // to an address without coordinates
    return order;
}

TEST(Order, OfTheWorkedExampleCosts50_18) {
    Order order = worked_example();
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.subtotal, 39'98);
    EXPECT_EQ(order.totals.discount, 0);
    EXPECT_EQ(order.totals.tax, 5'20);
    EXPECT_EQ(order.totals.delivery_fee, 5'00);
    EXPECT_EQ(order.totals.delivery_tax, 0);
    EXPECT_EQ(order.totals.tip, 0);
    EXPECT_EQ(order.totals.total, 50'18);
    EXPECT_EQ(order.totals.amount_due, 50'18);
    EXPECT_EQ(order.lines[0].line_total, 39'98);
    EXPECT_EQ(order.lines[0].taxable, 39'98);
    EXPECT_EQ(order.lines[0].tax, 5'20);
}

TEST(Order, OfTheWorkedExampleWithTenPercentOffCosts45_66) {
    Order order = worked_example();
    order.input.discount = percentage(10'00);
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.subtotal, 39'98);
    EXPECT_EQ(order.totals.discount, 4'00);
    EXPECT_EQ(order.totals.tax, 4'68);
    EXPECT_EQ(order.totals.delivery_fee, 5'00);
    EXPECT_EQ(order.totals.total, 45'66);
    EXPECT_EQ(order.lines[0].discount, 4'00);
    EXPECT_EQ(order.lines[0].taxable, 35'98);
}

TEST(Order, PaidInCashIsDueInFiveCents) {
    Order order = worked_example();
    order.input.cash = true;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.total, 50'18);
    EXPECT_EQ(order.totals.amount_due, 50'20);
}

TEST(Order, PaidInCashRoundsOnlyTheTotal) {
    for (Cents price = 1'00; price <= 1'09; price++) {
        Order order{{line(price, 1)}, tax_free()};
        order.input.cash = true;
        ASSERT_EQ(order.price(), PriceStatus::ok);
        EXPECT_EQ(order.totals.total, price);
        EXPECT_EQ(order.totals.amount_due, price <= 1'02 ? 1'00 : price <= 1'07 ? 1'05 : 1'10);
    }
}

TEST(Order, WithATipCostsThatMuchMore) {
    Order order = worked_example();
    order.input.tip = 6'00;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.tip, 6'00);
    EXPECT_EQ(order.totals.total, 56'18);
}

TEST(Order, OfManyLinesSumsThem) {
    Order order{{line(19'99, 2), line(5'49, 3), line(0, 7), line(120'00, 1)}, ontario()};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.each(&Line::line_total), (Amounts{39'98, 16'47, 0, 120'00}));
    EXPECT_EQ(order.totals.subtotal, 176'45);
    EXPECT_EQ(order.totals.tax, 22'94); // 22.9385
    EXPECT_EQ(order.each(&Line::tax), (Amounts{5'20, 2'14, 0, 15'60}));
}

TEST(Order, SpreadsTheDiscountOverTheLinesLowerLinesFirst) {
    Order order{{line(10'00, 1), line(10'00, 1), line(10'00, 1)}, tax_free()};
    order.input.discount = fixed(10'00);
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.each(&Line::discount), (Amounts{3'34, 3'33, 3'33}));
    EXPECT_EQ(order.each(&Line::taxable), (Amounts{6'66, 6'67, 6'67}));
}

TEST(Order, SpreadsTheDiscountByWhatTheLinesCost) {
    Order order{{line(1'00, 1), line(2'00, 3), line(0, 5), line(3'00, 1)}, tax_free()};
    order.input.discount = percentage(15'00);
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.discount, 1'50);
    EXPECT_EQ(order.each(&Line::discount), (Amounts{15, 90, 0, 45}));
}

TEST(Order, AtAHundredPercentOffIsFree) {
    Order order{{line(19'99, 2), line(3, 1), line(0, 1)}, ontario()};
    order.input.discount = percentage(100'00);
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.each(&Line::discount), (Amounts{39'98, 3, 0}));
    EXPECT_EQ(order.totals.tax, 0);
    EXPECT_EQ(order.totals.total, 0);
    EXPECT_EQ(order.totals.amount_due, 0);
}

TEST(Order, AtAHundredPercentOffThatAThirdPartyPaysStillCostsItsTax) {
    Order order{{line(100'00, 1)}, ontario()};
    order.input.discount = percentage(100'00);
    order.input.discount.reimbursable = true;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.total, 13'00);
}

TEST(Order, WithAFixedDiscountAboveTheSubtotalIsFree) {
    Order order{{line(4'00, 1), line(5'99, 1)}, ontario()};
    order.input.discount = fixed(10'00);
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.discount, 9'99);
    EXPECT_EQ(order.each(&Line::discount), (Amounts{4'00, 5'99}));
    EXPECT_EQ(order.totals.total, 0);
}

TEST(Order, OfFreeLinesOnlyCostsNothing) {
    Order order{{line(0, 1), line(0, int32_max)}, ontario()};
    order.input.discount = fixed(10'00);
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.subtotal, 0);
    EXPECT_EQ(order.totals.discount, 0);
    EXPECT_EQ(order.totals.total, 0);
    EXPECT_EQ(order.each(&Line::discount), (Amounts{0, 0}));
}

TEST(Order, OfNoLinesCostsNothing) {
    Order order{{}, ontario()};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.total, 0);
    EXPECT_TRUE(order.taxes.empty());
}

TEST(Order, PricedAgainCostsTheSame) {
    Order order{{line(19'99, 2), line(5'49, 3, accessory)},
                {rate("GST", 50'000), rate("QST", 99'750), rate("GST", 50'000, accessory),
                 rate("GST", 50'000, "delivery")}};
    order.input.delivery = usual_delivery();
    order.input.delivery.taxed = true;
    order.input.discount = percentage(10'00);
    ASSERT_EQ(order.price(), PriceStatus::ok);
    const Order first = order;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.tax, first.totals.tax);
    EXPECT_EQ(order.totals.delivery_tax, first.totals.delivery_tax);
    EXPECT_EQ(order.totals.total, first.totals.total);
    EXPECT_EQ(order.taxes, first.taxes);
    EXPECT_EQ(order.each(&Line::tax), first.each(&Line::tax));
    for (std::size_t r = 0; r < order.rates.size(); r++)
        EXPECT_EQ(order.rates[r].taxable, first.rates[r].taxable);
}

TEST(Order, PricedAgainAfterAChangeKeepsNothingOfTheFirstPrice) {
    Order order{{line(19'99, 2)}, {rate("HST", 130'000), rate("HST", 130'000, "delivery")}};
    order.input.delivery = usual_delivery();
    order.input.delivery.taxed = true;
    order.input.discount = percentage(10'00);
    ASSERT_EQ(order.price(), PriceStatus::ok);
    order.input = PriceInput{};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.total, 45'18);
    EXPECT_EQ(order.totals.delivery_tax, 0);
    EXPECT_EQ(order.lines[0].discount, 0);
    EXPECT_EQ(order.rates[1].taxable, 0);
}

TEST(Order, NeedsNoMoreOfItsBuffersThanItAsksFor) {
    Order order = worked_example();
    std::vector<Share> shares(10);
    std::vector<TaxAmount> taxes(10);
    for (Share &share : shares)
        share.weight = share.remainder = 1'000'000;
    for (TaxAmount &tax : taxes)
        tax.amount = 77;
    ASSERT_EQ(price_order(order.lines, order.rates, order.input, {shares, taxes}, &order.totals),
              PriceStatus::ok);
    EXPECT_EQ(order.totals.total, 50'18);
    EXPECT_EQ(order.totals.tax_count, 1U);
    EXPECT_EQ(shares[2].weight == 1'000'000, true);
    EXPECT_EQ(taxes[1].amount, 77);
}

} // namespace
} // namespace weedgo::test
