// The table of moves against what must hold whatever it says, and payment sums in any order.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "order_life.hpp"

namespace weedgo {
namespace {

using enum OrderStatus;

constexpr OrderStatus all_statuses[] = {pending,          confirmed, preparing, ready,
                                        out_for_delivery, delivered, cancelled, expired};
constexpr DeliveryType all_types[] = {DeliveryType::pickup, DeliveryType::delivery,
                                      DeliveryType::in_store};

std::string moves_of(DeliveryType type) {
    std::string text;
    for (const OrderStatus from : all_statuses)
        for (const OrderStatus to : all_statuses)
            if (may_move(from, to, type))
                text += std::string(name_of(from)) + ">" + std::string(name_of(to)) + " ";
    return text;
}

TEST(Moves, OfAnOrderThatIsPickedUp) {
    EXPECT_EQ(moves_of(DeliveryType::pickup),
              "pending>confirmed pending>cancelled pending>expired confirmed>preparing "
              "confirmed>ready confirmed>cancelled preparing>ready preparing>cancelled "
              "ready>delivered ready>cancelled ");
}

TEST(Moves, OfAnOrderThatIsDelivered) {
    EXPECT_EQ(moves_of(DeliveryType::delivery),
              "pending>confirmed pending>cancelled pending>expired confirmed>preparing "
              "confirmed>ready confirmed>cancelled preparing>ready preparing>cancelled "
              "ready>out_for_delivery ready>cancelled out_for_delivery>ready "
              "out_for_delivery>delivered out_for_delivery>cancelled ");
}

TEST(Moves, OfAnOrderInTheStore) {
    EXPECT_EQ(moves_of(DeliveryType::in_store),
              "pending>confirmed pending>delivered pending>cancelled pending>expired "
              "confirmed>preparing confirmed>ready confirmed>delivered confirmed>cancelled "
              "preparing>ready preparing>cancelled ready>delivered ready>cancelled ");
}

TEST(Moves, NoneFromWhatIsOver) {
    for (const DeliveryType type : all_types)
        for (const OrderStatus from : {delivered, cancelled, expired})
            for (const OrderStatus to : all_statuses)
                EXPECT_FALSE(may_move(from, to, type)) << name_of(from) << " to " << name_of(to);
}

TEST(Moves, ToTheEndFromEveryOpenState) {
    for (const DeliveryType type : all_types)
        for (const OrderStatus from : all_statuses) {
            if (!is_open(from) || (from == out_for_delivery && type != DeliveryType::delivery))
                continue;
            std::set<OrderStatus> reached{from};
            for (std::size_t before = 0; before != reached.size();) {
                before = reached.size();
                for (const OrderStatus at : std::set<OrderStatus>(reached))
                    for (const OrderStatus to : all_statuses)
                        if (may_move(at, to, type))
                            reached.insert(to);
            }
            EXPECT_TRUE(reached.contains(delivered)) << name_of(from);
            EXPECT_TRUE(may_move(from, cancelled, type)) << name_of(from);
        }
}

TEST(Names, LeadBackToTheirValues) {
    for (const OrderStatus status : all_statuses)
        EXPECT_EQ(order_status_of(name_of(status)), status);
    for (const DeliveryType type : all_types)
        EXPECT_EQ(delivery_type_of(name_of(type)), type);
    for (const PaymentEvent event :
         {PaymentEvent::authorized, PaymentEvent::captured, PaymentEvent::failed,
          PaymentEvent::voided, PaymentEvent::refunded})
        EXPECT_EQ(payment_event_of(name_of(event)), event);
    for (const std::string_view name : {"", "Pending", "pending ", "unknown"}) {
        EXPECT_FALSE(order_status_of(name));
        EXPECT_FALSE(delivery_type_of(name));
        EXPECT_FALSE(payment_event_of(name));
    }
}

TEST(PaymentStatus, FollowsFromTheSums) {
    struct Case {
        PaymentSums sums; // authorized, captured, voided, refunded, failed
        PaymentStatus status;
    };
    const Case cases[] = {
        {{}, PaymentStatus::pending},
        {{0, 0, 0, 0, true}, PaymentStatus::failed},
        {{5018, 0, 0, 0, false}, PaymentStatus::authorized},
        {{5018, 0, 0, 0, true}, PaymentStatus::authorized},
        {{5017, 0, 0, 0, false}, PaymentStatus::pending},
        {{2000, 3018, 0, 0, false}, PaymentStatus::authorized},
        {{2000, 3017, 0, 0, false}, PaymentStatus::pending},
        {{0, 5018, 0, 0, false}, PaymentStatus::captured},
        {{5018, 5018, 0, 0, false}, PaymentStatus::captured},
        {{0, 5019, 0, 0, true}, PaymentStatus::captured},
        {{0, 5017, 0, 0, true}, PaymentStatus::pending},
        {{5018, 0, 5018, 0, false}, PaymentStatus::voided},
        {{0, 0, 5018, 0, true}, PaymentStatus::voided},
        {{5018, 0, 1, 0, false}, PaymentStatus::pending},
        {{0, 5018, 0, 1, false}, PaymentStatus::partially_refunded},
        {{0, 5018, 0, 5017, false}, PaymentStatus::partially_refunded},
        {{0, 5018, 0, 5018, false}, PaymentStatus::refunded},
        {{0, 0, 0, 5018, false}, PaymentStatus::refunded}, // its capture is reported later
    };
    for (const Case &c : cases)
        EXPECT_EQ(payment_status_of(c.sums, 5018), c.status)
            << c.sums.authorized << ' ' << c.sums.captured << ' ' << c.sums.voided << ' '
            << c.sums.refunded << ' ' << c.sums.failed;
}

TEST(PaymentStatus, OfAnOrderThatCostsNothingIsPendingUntilSomethingIsReported) {
    EXPECT_EQ(payment_status_of({}, 0), PaymentStatus::pending);
    EXPECT_EQ(payment_status_of({0, 1, 0, 0, false}, 0), PaymentStatus::captured);
}

// Cash may be more than is left to pay; nothing else may, and nothing may be handed over in vain.
TEST(Cover, OfAnAmountByCardsAndCash) {
    EXPECT_EQ(cover_of(45'18, 45'18, 0), Cover::exact);
    EXPECT_EQ(cover_of(45'18, 45'17, 0), Cover::too_little);
    EXPECT_EQ(cover_of(45'18, 45'19, 0), Cover::too_much);
    EXPECT_EQ(cover_of(45'20, 0, 45'20), Cover::exact);
    EXPECT_EQ(cover_of(45'20, 0, 45'15), Cover::too_little);
    EXPECT_EQ(cover_of(45'20, 0, 100'00), Cover::exact);
    EXPECT_EQ(cover_of(45'18, 20'00, 25'17), Cover::too_little);
    EXPECT_EQ(cover_of(45'18, 20'00, 25'18), Cover::exact);
    EXPECT_EQ(cover_of(45'18, 20'00, 50'00), Cover::exact);
    EXPECT_EQ(cover_of(45'18, 45'18, 0'05), Cover::too_much);
}

TEST(Cover, OfNothing) {
    EXPECT_EQ(cover_of(0, 0, 0), Cover::exact);
    EXPECT_EQ(cover_of(0, 1, 0), Cover::too_much);
    EXPECT_EQ(cover_of(0, 0, 1), Cover::too_much);
}

} // namespace
} // namespace weedgo
