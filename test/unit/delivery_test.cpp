// What a delivery costs.
#include <gtest/gtest.h>

#include <limits>
#include <optional>

#include "order.hpp"

namespace weedgo::test {
namespace {

Delivery over(std::int32_t metres) {
    Delivery delivery = usual_delivery();
    delivery.distance_m = metres;
    return delivery;
}

TEST(DeliveryFee, IsNothingWithoutADelivery) {
    Delivery pickup = over(12'000);
    pickup.requested = false;
    EXPECT_EQ(delivery_fee(pickup, 20'00), 0);
}

TEST(DeliveryFee, IsTheBaseFeeWhereTheDistanceIsUnknown) {
    EXPECT_EQ(delivery_fee(usual_delivery(), 20'00), 5'00);
}

TEST(DeliveryFee, GrowsWithTheDistance) {
    EXPECT_EQ(delivery_fee(over(0), 20'00), 5'00);
    EXPECT_EQ(delivery_fee(over(1'000), 20'00), 5'50);
    EXPECT_EQ(delivery_fee(over(8'400), 20'00), 9'20);
    EXPECT_EQ(delivery_fee(over(20'015'115), 20'00), 5'00 + 10'007'56);
}

TEST(DeliveryFee, RoundsTheFeePerKilometreHalfUpToTheCent) {
    EXPECT_EQ(delivery_fee(over(9), 20'00), 5'00);     // 0.45 of a cent
    EXPECT_EQ(delivery_fee(over(10), 20'00), 5'01);    // 0.50
    EXPECT_EQ(delivery_fee(over(29), 20'00), 5'01);    // 1.45
    EXPECT_EQ(delivery_fee(over(30), 20'00), 5'02);    // 1.50
    EXPECT_EQ(delivery_fee(over(50), 20'00), 5'03);    // 2.50: not to even
    EXPECT_EQ(delivery_fee(over(8'409), 20'00), 9'20); // 420.45
    EXPECT_EQ(delivery_fee(over(8'410), 20'00), 9'21); // 420.50
}

TEST(DeliveryFee, IsFreeFromTheThresholdOn) {
    EXPECT_EQ(delivery_fee(over(3'000), 99'99), 6'50);
    EXPECT_EQ(delivery_fee(over(3'000), 100'00), 0);
    EXPECT_EQ(delivery_fee(over(3'000), 100'01), 0);
}

TEST(DeliveryFee, IsNeverFreeWithoutAThreshold) {
    Delivery delivery = over(3'000);
    delivery.free_threshold = std::nullopt;
    EXPECT_EQ(delivery_fee(delivery, max_amount), 6'50);
}

TEST(DeliveryFee, IsAlwaysFreeFromAThresholdOfZero) {
    Delivery delivery = over(3'000);
    delivery.free_threshold = 0;
    EXPECT_EQ(delivery_fee(delivery, 0), 0);
}

TEST(DeliveryFee, LooksAtTheSubtotalBeforeTheDiscount) {
    Order order{{line(50'00, 2)}, tax_free()};
    order.input.delivery = over(3'000);
    order.input.discount = percentage(50'00);
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.delivery_fee, 0);
    EXPECT_EQ(order.totals.total, 50'00);

    Order cent_below{{line(99'99, 1)}, tax_free()};
    cent_below.input.delivery = over(3'000);
    ASSERT_EQ(cent_below.price(), PriceStatus::ok);
    EXPECT_EQ(cent_below.totals.delivery_fee, 6'50);
}

TEST(DeliveryFee, IsNotReducedByADiscount) {
    Order order{{line(10'00, 1)}, tax_free()};
    order.input.delivery = usual_delivery();
    order.input.discount = percentage(100'00);
    ASSERT_EQ(order.price(), PriceStatus::ok);
    EXPECT_EQ(order.totals.total, 5'00);
}

TEST(DeliveryFee, BeyondTheLargestAmountIsNone) {
    Delivery delivery = over(1'000);
    delivery.free_threshold = std::nullopt;
    delivery.base_fee = 0;
    delivery.fee_per_km = max_amount;
    EXPECT_EQ(delivery_fee(delivery, 0), max_amount);
    delivery.base_fee = 1;
    EXPECT_EQ(delivery_fee(delivery, 0), std::nullopt);
    delivery.base_fee = 0;
    delivery.distance_m = 1'001;
    EXPECT_EQ(delivery_fee(delivery, 0), std::nullopt);
    // The product is 2.1 x 10^18 cents: more than an amount, less than an integer.
    delivery.distance_m = std::numeric_limits<std::int32_t>::max();
    EXPECT_EQ(delivery_fee(delivery, 0), std::nullopt);
    // 2.1 x 10^22 thousandths would not even fit in 64 bits.
    delivery.fee_per_km = 10 * max_amount;
    EXPECT_EQ(delivery_fee(delivery, 0), std::nullopt);
    // Cut to 64 bits, these would be 0: 2^39 x 2^30, and 2^64 after the division by 1000.
    delivery.distance_m = 1 << 30;
    delivery.fee_per_km = std::int64_t{1} << 39;
    EXPECT_EQ(delivery_fee(delivery, 0), std::nullopt);
    delivery.fee_per_km = 1'000 * (std::int64_t{1} << 34);
    EXPECT_EQ(delivery_fee(delivery, 0), std::nullopt);
}

} // namespace
} // namespace weedgo::test
