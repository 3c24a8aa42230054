// Tax: by class, by name, rounded once on the invoice.
#include <gtest/gtest.h>

#include "order.hpp"

namespace weedgo::test {
namespace {

using Amounts = std::vector<Cents>;

TEST(Tax, OfOntarioIsOneComponent) {
    Order order{{line(19'99, 2)}, ontario()};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.taxes, (NamedAmounts{{"HST", 5'20}}));
    EXPECT_EQ(order.totals.total, 45'18);
}

TEST(Tax, OfQuebecIsTwoComponentsEachRoundedByItself) {
    Order order{{line(19'99, 2)}, quebec()};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    // 1.999 and 3.988005.
    EXPECT_EQ(order.taxes, (NamedAmounts{{"GST", 2'00}, {"QST", 3'99}}));
    EXPECT_EQ(order.totals.tax, 5'99);
    EXPECT_EQ(order.lines[0].tax, 5'99);
    EXPECT_EQ(order.totals.total, 45'97);
}

TEST(Tax, OfBritishColumbiaIsTwoComponentsEachRoundedByItself) {
    Order order{{line(19'99, 2)}, british_columbia()};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    // 1.999 and 2.7986; 12 % at once would be 4.80 as well, 12 % of 19.99 twice would not.
    EXPECT_EQ(order.taxes, (NamedAmounts{{"GST", 2'00}, {"PST", 2'80}}));
    EXPECT_EQ(order.totals.tax, 4'80);
}

TEST(Tax, ComponentsCanRoundUpBoth) {
    Order order{{line(10, 1)}, british_columbia()};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    // 0.005 and 0.007: a cent each, though the two together are 0.012.
    EXPECT_EQ(order.taxes, (NamedAmounts{{"GST", 1}, {"PST", 1}}));
    EXPECT_EQ(order.lines[0].tax, 2);
}

// medusa#14818.
TEST(Tax, Of24_99At10_75PercentIsRounded) {
    Order order{{line(24'99, 1)}, {rate("tax", 107'500)}};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.tax, 2'69); // 2.686425
    EXPECT_EQ(order.totals.total, 27'68);
}

TEST(Tax, RoundsHalfUp) {
    Order below{{line(9, 1)}, {rate("tax", 50'000)}}; // 0.0045
    ASSERT_EQ(below.price(), PriceStatus::ok);
    EXPECT_EQ(below.totals.tax, 0);
    Order half{{line(10, 1)}, {rate("tax", 50'000)}}; // 0.0050
    ASSERT_EQ(half.price(), PriceStatus::ok);
    EXPECT_EQ(half.totals.tax, 1);
    Order even{{line(50, 1)}, {rate("tax", 50'000)}}; // 0.0250: not to even
    ASSERT_EQ(even.price(), PriceStatus::ok);
    EXPECT_EQ(even.totals.tax, 3);
    Order millionth_below{{line(1, 1)}, {rate("tax", 499'999)}};
    ASSERT_EQ(millionth_below.price(), PriceStatus::ok);
    EXPECT_EQ(millionth_below.totals.tax, 0);
    Order millionth_half{{line(1, 1)}, {rate("tax", 500'000)}};
    ASSERT_EQ(millionth_half.price(), PriceStatus::ok);
    EXPECT_EQ(millionth_half.totals.tax, 1);
}

TEST(Tax, IsRoundedOnceOnTheInvoiceNotOnceALine) {
    // Each line alone would be 0.0013, rounded to nothing.
    Order order{std::vector<Line>(100, line(1, 1)), ontario()};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.tax, 13);
    EXPECT_EQ(order.lines[0].tax, 1);
    EXPECT_EQ(order.lines[12].tax, 1);
    EXPECT_EQ(order.lines[13].tax, 0);
}

TEST(Tax, IsSpreadOverTheLinesByLargestRemainder) {
    Order order{{line(1'03, 1), line(1'08, 1), line(1'05, 1)}, ontario()};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    // 13.39 + 14.04 + 13.65 = 41.08 cents: 41 is due, 40 are whole.
    EXPECT_EQ(order.totals.tax, 41);
    EXPECT_EQ(order.each(&Line::tax), (Amounts{13, 14, 14}));
}

TEST(Tax, SharesOfEqualLinesDifferByACentAtMostLowerLinesFirst) {
    Order order{{line(99, 1), line(99, 1), line(99, 1)}, ontario()};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.tax, 39); // 38.61
    EXPECT_EQ(order.each(&Line::tax), (Amounts{13, 13, 13}));
    Order odd{{line(30, 1), line(30, 1), line(30, 1)}, ontario()};
    ASSERT_EQ(odd.price(), PriceStatus::ok);
    EXPECT_EQ(odd.totals.tax, 12); // 11.7
    Order even{{line(50, 1), line(50, 1)}, {rate("tax", 50'000)}};
    ASSERT_EQ(even.price(), PriceStatus::ok);
    EXPECT_EQ(even.each(&Line::tax), (Amounts{3, 2}));
}

TEST(Tax, OfAnExemptClassIsZero) {
    Order order{{line(19'99, 2)}, {rate("GST", 50'000), rate("RST", 0)}};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.taxes, (NamedAmounts{{"GST", 2'00}, {"RST", 0}}));
    Order exempt{{line(19'99, 2)}, tax_free()};
    ASSERT_EQ(exempt.price(), PriceStatus::ok);
    EXPECT_EQ(exempt.totals.tax, 0);
    EXPECT_EQ(exempt.totals.total, 39'98);
    EXPECT_EQ(exempt.lines[0].tax, 0);
}

TEST(Tax, OfMixedClassesTakesEachLineByItsOwnRate) {
    // Manitoba: cannabis is exempt from the retail sales tax, accessories are not.
    Order order{{line(10'00, 1, cannabis), line(20'00, 1, accessory)},
                {rate("GST", 50'000, cannabis), rate("GST", 50'000, accessory),
                 rate("RST", 0, cannabis), rate("RST", 70'000, accessory)}};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.taxes, (NamedAmounts{{"GST", 1'50}, {"RST", 1'40}}));
    EXPECT_EQ(order.each(&Line::tax), (Amounts{50, 1'00 + 1'40}));
}

TEST(Tax, OfOneNameIsRoundedOnceOverItsClasses) {
    // 0.4 of a cent each.
    Order order{{line(8, 1, cannabis), line(4, 1, accessory)},
                {rate("GST", 50'000, cannabis), rate("GST", 100'000, accessory)}};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.taxes, (NamedAmounts{{"GST", 1}}));
    EXPECT_EQ(order.each(&Line::tax), (Amounts{1, 0}));
}

TEST(Tax, SaysWhatEachRateWasTakenOf) {
    Order order{{line(10'00, 1, cannabis), line(20'00, 1, accessory), line(1'00, 3, cannabis)},
                {rate("GST", 50'000, cannabis), rate("GST", 50'000, accessory),
                 rate("PST", 70'000, accessory), rate("PST", 70'000, "edible")}};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.rates[0].taxable, 13'00);
    EXPECT_EQ(order.rates[1].taxable, 20'00);
    EXPECT_EQ(order.rates[2].taxable, 20'00);
    EXPECT_EQ(order.rates[3].taxable, 0);
}

TEST(Tax, ListsOnlyTaxesOfClassesOnTheOrder) {
    Order order{{line(10'00, 1, accessory)},
                {rate("excise", 20'000, cannabis), rate("GST", 50'000, cannabis),
                 rate("GST", 50'000, accessory), rate("eco fee", 10'000, "battery")}};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.taxes, (NamedAmounts{{"GST", 50}}));
}

TEST(Tax, ListsTaxesInTheOrderOfTheirRates) {
    Order order{{line(10'00, 1)}, {rate("QST", 99'750), rate("GST", 50'000)}};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.taxes, (NamedAmounts{{"QST", 1'00}, {"GST", 50}}));
}

TEST(Tax, WithoutARateForALineIsAStatusThatNamesTheClass) {
    Order order{{line(10'00, 1, cannabis), line(5'00, 1, accessory), line(5'00, 1, "edible")},
                ontario()};
    EXPECT_EQ(order.price(), PriceStatus::no_tax_rate);
    EXPECT_EQ(order.totals.missing_tax_class, accessory);
}

TEST(Tax, WithoutAnyRateIsAStatus) {
    Order order{{line(10'00, 1)}, {}};
    EXPECT_EQ(order.price(), PriceStatus::no_tax_rate);
    EXPECT_EQ(order.totals.missing_tax_class, cannabis);
}

TEST(Tax, WithoutARateForAFreeLineIsAStatusToo) {
    Order order{{line(0, 1, accessory)}, ontario()};
    EXPECT_EQ(order.price(), PriceStatus::no_tax_rate);
}

TEST(Tax, ClassesAreComparedToTheLetter) {
    for (const std::string_view other : {"Cannabis", "cannabi", "cannabis ", ""}) {
        Order order{{line(10'00, 1, cannabis)}, {rate("HST", 130'000, other)}};
        EXPECT_EQ(order.price(), PriceStatus::no_tax_rate) << other;
    }
}

TEST(Tax, WithoutARateForANamelessClassIsAStatusToo) {
    Order order{{line(10'00, 1, "")}, ontario()};
    EXPECT_EQ(order.price(), PriceStatus::no_tax_rate);
}

TEST(Tax, FallsOnThePriceAfterAStoresDiscount) {
    Order order{{line(100'00, 1)}, ontario()};
    order.input.discount = percentage(25'00);
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.lines[0].taxable, 75'00);
    EXPECT_EQ(order.totals.tax, 9'75);
    EXPECT_EQ(order.totals.total, 84'75);
}

TEST(Tax, FallsOnTheFullPriceWhereAThirdPartyPaysTheDiscount) {
    Order order{{line(100'00, 1)}, ontario()};
    order.input.discount = percentage(25'00);
    order.input.discount.reimbursable = true;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.lines[0].discount, 25'00);
    EXPECT_EQ(order.lines[0].taxable, 100'00);
    EXPECT_EQ(order.rates[0].taxable, 100'00);
    EXPECT_EQ(order.totals.tax, 13'00);
    EXPECT_EQ(order.totals.total, 88'00);
}

TEST(Tax, DoesNotFallOnTheTip) {
    Order order{{line(100'00, 1)}, ontario()};
    order.input.tip = 20'00;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.tax, 13'00);
    EXPECT_EQ(order.totals.total, 133'00);
}

TEST(Tax, DoesNotFallOnDeliveryUnlessTheStoreSaysSo) {
    Order order{{line(19'99, 2)}, {rate("HST", 130'000), rate("HST", 130'000, "delivery")}};
    order.input.delivery = usual_delivery();
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.tax, 5'20);
    EXPECT_EQ(order.totals.delivery_tax, 0);
    EXPECT_EQ(order.rates[1].taxable, 0);
}

TEST(Tax, FallsOnDeliveryWhereTheStoreSaysSo) {
    Order order{{line(19'99, 2)}, {rate("HST", 130'000), rate("HST", 130'000, "delivery")}};
    order.input.delivery = usual_delivery();
    order.input.delivery.taxed = true;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.tax, 5'85); // 44.98 x 0.13 = 5.8474
    EXPECT_EQ(order.totals.delivery_tax, 65);
    EXPECT_EQ(order.lines[0].tax, 5'20);
    EXPECT_EQ(order.rates[1].taxable, 5'00);
    EXPECT_EQ(order.totals.total, 39'98 + 5'85 + 5'00);
}

TEST(Tax, OnDeliveryHasComponentsToo) {
    Order order{{line(10'00, 1)},
                {rate("GST", 50'000), rate("QST", 99'750), rate("GST", 50'000, "delivery"),
                 rate("QST", 99'750, "delivery")}};
    order.input.delivery = usual_delivery();
    order.input.delivery.taxed = true;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.taxes, (NamedAmounts{{"GST", 75}, {"QST", 1'50}}));
    // 0.25 and 0.49875.
    EXPECT_EQ(order.totals.delivery_tax, 75);
    EXPECT_EQ(order.lines[0].tax, 1'50);
}

TEST(Tax, OnDeliveryIsLastInLineForTheOddCent) {
    // Half a cent on the line, half a cent on the fee: one cent in all.
    Order order{{line(1'10, 1)}, {rate("GST", 50'000), rate("GST", 50'000, "delivery")}};
    order.input.delivery = usual_delivery();
    order.input.delivery.base_fee = 90;
    order.input.delivery.taxed = true;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.tax, 10);
    EXPECT_EQ(order.lines[0].tax, 6);
    EXPECT_EQ(order.totals.delivery_tax, 4);
}

TEST(Tax, OnDeliveryWithoutItsRateIsAStatus) {
    Order order{{line(10'00, 1)}, ontario()};
    order.input.delivery = usual_delivery();
    order.input.delivery.taxed = true;
    EXPECT_EQ(order.price(), PriceStatus::no_tax_rate);
    EXPECT_EQ(order.totals.missing_tax_class, "delivery");
}

TEST(Tax, OnFreeDeliveryNeedsNoRate) {
    Order order{{line(100'00, 1)}, ontario()};
    order.input.delivery = usual_delivery();
    order.input.delivery.taxed = true;
    EXPECT_EQ(order.price(), PriceStatus::ok);
    Order pickup{{line(10'00, 1)}, ontario()};
    pickup.input.delivery.taxed = true;
    EXPECT_EQ(pickup.price(), PriceStatus::ok);
}

TEST(Tax, OnFreeDeliveryIsNotListed) {
    Order order{{line(100'00, 1)}, {rate("HST", 130'000), rate("levy", 10'000, "delivery")}};
    order.input.delivery = usual_delivery();
    order.input.delivery.taxed = true;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.taxes, (NamedAmounts{{"HST", 13'00}}));
}

// A fee is not a line: a product may even be of the class that delivery is taxed by.
TEST(Tax, OfAProductInTheDeliveryClassIsKeptApartFromTheFees) {
    Order order{{line(10'00, 1, "delivery")}, {rate("HST", 130'000, "delivery")}};
    order.input.delivery = usual_delivery();
    order.input.delivery.taxed = true;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.lines[0].tax, 1'30);
    EXPECT_EQ(order.totals.delivery_tax, 65);
    EXPECT_EQ(order.rates[0].taxable, 15'00);
}

TEST(Tax, OfTwoRatesOfOneNameAndClassIsTheirSum) {
    Order order{{line(100'00, 1)}, {rate("HST", 50'000), rate("HST", 80'000)}};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.taxes, (NamedAmounts{{"HST", 13'00}}));
    EXPECT_EQ(order.lines[0].tax, 13'00);
}

TEST(Tax, OnDeliveryOfTwoRatesOfOneNameIsTheirSum) {
    Order order{{line(0, 1)},
                {rate("HST", 0), rate("HST", 50'000, "delivery"), rate("HST", 80'000, "delivery")}};
    order.input.delivery = usual_delivery();
    order.input.delivery.taxed = true;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.delivery_tax, 65);
}

TEST(Tax, CanBeHigherThanThePrice) {
    Order order{{line(10'00, 1)}, {rate("duty", 999'999'999)}};
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.tax, 10'000'00);
}

} // namespace
} // namespace weedgo::test
