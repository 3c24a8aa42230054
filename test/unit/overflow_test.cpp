// Whatever exceeds numeric(12,2) is a status, wherever it happens; nothing wraps.
#include <gtest/gtest.h>

#include <limits>

#include "order.hpp"

namespace weedgo::test {
namespace {

constexpr std::int32_t int32_max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

TEST(Overflow, OfALineIsAStatus) {
    Order largest{{line(max_amount, 1)}, tax_free()};
    ASSERT_EQ(largest.price(), PriceStatus::ok);
    EXPECT_EQ(largest.totals.total, max_amount);
    Order twice{{line(max_amount, 2)}, tax_free()};
    EXPECT_EQ(twice.price(), PriceStatus::overflow);
    Order cent_more{{line(max_amount + 1, 1)}, tax_free()};
    EXPECT_EQ(cent_more.price(), PriceStatus::overflow);
    Order beyond_64_bits{{line(max_amount, int32_max)}, tax_free()};
    EXPECT_EQ(beyond_64_bits.price(), PriceStatus::overflow);
    // 2^34 x 2^30 is 0 in 64 bits.
    Order wrapping_to_zero{{line(std::int64_t{1} << 34, 1 << 30)}, tax_free()};
    EXPECT_EQ(wrapping_to_zero.price(), PriceStatus::overflow);
}

TEST(Overflow, OfTheSubtotalIsAStatus) {
    Order largest{{line(max_amount - 5, 1), line(5, 1)}, tax_free()};
    EXPECT_EQ(largest.price(), PriceStatus::ok);
    Order order{{line(max_amount - 5, 1), line(6, 1)}, tax_free()};
    EXPECT_EQ(order.price(), PriceStatus::overflow);
    Order of_many{std::vector<Line>(200, line(max_amount, 1)), tax_free()};
    EXPECT_EQ(of_many.price(), PriceStatus::overflow);
}

TEST(Overflow, OfTheSubtotalIsNotSavedByADiscount) {
    Order order{{line(max_amount, 1), line(1, 1)}, tax_free()};
    order.input.discount = percentage(100'00);
    EXPECT_EQ(order.price(), PriceStatus::overflow);
}

TEST(Overflow, OfTheFeeIsAStatus) {
    Order order{{line(1'00, 1)}, tax_free()};
    order.input.delivery.requested = true;
    order.input.delivery.base_fee = max_amount;
    order.input.delivery.fee_per_km = 1;
    order.input.delivery.distance_m = 1'000;
    EXPECT_EQ(order.price(), PriceStatus::overflow);
    order.input.delivery.base_fee = 0;
    order.input.delivery.fee_per_km = max_amount;
    order.input.delivery.distance_m = int32_max;
    EXPECT_EQ(order.price(), PriceStatus::overflow);
}

TEST(Overflow, OfTheTaxIsAStatus) {
    Order fits{{line(max_amount / 2, 1)}, {rate("duty", 1'000'000)}};
    ASSERT_EQ(fits.price(), PriceStatus::ok);
    EXPECT_EQ(fits.totals.total, max_amount - 1);
    Order order{{line(max_amount, 1)}, {rate("duty", 1)}};
    EXPECT_EQ(order.price(), PriceStatus::overflow);
    Order highest{{line(max_amount, 1)}, {rate("duty", 999'999'999)}};
    EXPECT_EQ(highest.price(), PriceStatus::overflow);
}

TEST(Overflow, OfTheTaxAloneIsAStatus) {
    // The discount makes room for a tax that is itself no amount any more.
    Order order{{line(max_amount, 1)}, {rate("duty", 1'000'001)}};
    order.input.discount = percentage(100'00);
    order.input.discount.reimbursable = true;
    EXPECT_EQ(order.price(), PriceStatus::overflow);
    order.rates[0].rate = 1'000'000;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.total, max_amount);
}

// As a view that joins too much would return them.
TEST(Overflow, OfATaxOfManyRatesIsAStatus) {
    for (const std::size_t count : {1, 10, 18, 19, 20, 100, 1'000, 100'000}) {
        Order order{{line(max_amount, 1)}, std::vector<TaxRate>(count, rate("duty", 999'999'999))};
        EXPECT_EQ(order.price(), PriceStatus::overflow) << count << " rates";
    }
}

TEST(Overflow, OfTheTipIsAStatus) {
    Order order{{line(1'00, 1)}, tax_free()};
    order.input.tip = max_amount - 1'00;
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.total, max_amount);
    order.input.tip = max_amount - 99;
    EXPECT_EQ(order.price(), PriceStatus::overflow);
    order.input.tip = int64_max;
    EXPECT_EQ(order.price(), PriceStatus::overflow);
}

TEST(Overflow, OfTheTotalIsAStatus) {
    // Every part fits, all together do not.
    Order order{{line(max_amount / 4, 1)}, {rate("duty", 1'000'000)}};
    order.input.delivery.requested = true;
    order.input.delivery.base_fee = max_amount / 4;
    order.input.tip = max_amount - 3 * (max_amount / 4);
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.total, max_amount);
    order.input.tip++;
    EXPECT_EQ(order.price(), PriceStatus::overflow);
    order.input.tip--;
    order.input.delivery.base_fee++;
    EXPECT_EQ(order.price(), PriceStatus::overflow);
}

TEST(Overflow, OfTheAmountDueIsAStatus) {
    for (const Cents below : {2, 3, 4, 5}) {
        Order order{{line(max_amount - below, 1)}, tax_free()};
        order.input.cash = true;
        ASSERT_EQ(order.price(), PriceStatus::ok);
        EXPECT_LE(order.totals.amount_due, max_amount);
    }
    for (const Cents below : {0, 1}) {
        Order order{{line(max_amount - below, 1)}, tax_free()};
        EXPECT_EQ(order.price(), PriceStatus::ok);
        order.input.cash = true;
        EXPECT_EQ(order.price(), PriceStatus::overflow)
            << "due: " << order.totals.amount_due << ", largest: " << max_amount;
    }
}

} // namespace
} // namespace weedgo::test
