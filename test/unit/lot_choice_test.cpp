// Which lots are taken from, against a choice unit by unit.
#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "lot_choice.hpp"

namespace weedgo {
namespace {

constexpr std::int32_t today = 9000;

Bucket bucket(std::int32_t number, std::int64_t free, std::optional<std::int32_t> expires_on = {},
              std::optional<std::string_view> lot = {}) {
    Bucket made;
    made.number = number;
    made.free = free;
    made.expires_on = expires_on;
    made.lot = lot;
    return made;
}

std::int32_t taken(const std::vector<Bucket> &buckets, std::int32_t number) {
    for (const Bucket &found : buckets)
        if (found.number == number)
            return found.taken;
    return -1;
}

TEST(Lots, TheFirstToExpireGoesFirst) {
    std::vector<Bucket> buckets{bucket(1, 5, today + 30), bucket(2, 5, today + 10), bucket(3, 5)};
    EXPECT_EQ(take_units(buckets, 7, {}, today), LotReason::enough);
    EXPECT_EQ(taken(buckets, 1), 2);
    EXPECT_EQ(taken(buckets, 2), 5);
    EXPECT_EQ(taken(buckets, 3), 0);
}

TEST(Lots, WhatHasNoLotGoesBeforeAll) {
    std::vector<Bucket> buckets{bucket(1, 5, today), bucket(0, 2)};
    EXPECT_EQ(take_units(buckets, 3, {}, today), LotReason::enough);
    EXPECT_EQ(taken(buckets, 0), 2);
    EXPECT_EQ(taken(buckets, 1), 1);
}

TEST(Lots, OfThoseThatExpireTogetherTheFirstThatCame) {
    std::vector<Bucket> buckets{bucket(2, 5, today), bucket(1, 5, today)};
    EXPECT_EQ(take_units(buckets, 1, {}, today), LotReason::enough);
    EXPECT_EQ(taken(buckets, 1), 1);
}

TEST(Lots, TheLastDayIsOneToSellOn) {
    EXPECT_TRUE(may_be_sold(bucket(1, 1, today), today));
    EXPECT_FALSE(may_be_sold(bucket(1, 1, today - 1), today));
    EXPECT_TRUE(may_be_sold(bucket(1, 1), today));
}

TEST(Lots, ARecalledLotIsNotSold) {
    Bucket recalled = bucket(1, 9, {}, "L1");
    recalled.is_recalled = true;
    std::vector<Bucket> buckets{recalled, bucket(2, 1, {}, "L2")};
    EXPECT_EQ(free_units(buckets, {}, today), 1);
    EXPECT_EQ(take_units(buckets, 2, {}, today), LotReason::too_little);
    EXPECT_EQ(take_units(buckets, 1, "L1", today), LotReason::not_for_sale);
    EXPECT_EQ(take_units(buckets, 1, {}, today), LotReason::enough);
    EXPECT_EQ(taken(buckets, 2), 1);
}

TEST(Lots, TheOneThatIsAskedForAndNoOther) {
    std::vector<Bucket> buckets{bucket(0, 9), bucket(1, 9, today, "L1"), bucket(2, 3, {}, "L2")};
    EXPECT_EQ(take_units(buckets, 3, "L2", today), LotReason::enough);
    EXPECT_EQ(taken(buckets, 2), 3);
    EXPECT_EQ(take_units(buckets, 4, "L2", today), LotReason::too_little);
    EXPECT_EQ(free_units(buckets, "L2", today), 3);
    EXPECT_EQ(take_units(buckets, 1, "L3", today), LotReason::no_such_lot);
}

TEST(Lots, NothingIsAlwaysThere) {
    std::vector<Bucket> none;
    EXPECT_EQ(take_units(none, 0, {}, today), LotReason::enough);
    EXPECT_EQ(take_units(none, 1, {}, today), LotReason::too_little);
}

TEST(Lots, AnyLotsAllOrNothing) {
    std::mt19937 random(20261124);
    for (int round = 0; round < 20'000; round++) {
        std::vector<Bucket> buckets;
        std::int64_t free = 0;
        for (std::int32_t number = 0; number < static_cast<std::int32_t>(random() % 6); number++) {
            Bucket made = bucket(number, random() % 4);
            if (number > 0 && random() % 2 == 0)
                made.expires_on = today - 2 + static_cast<std::int32_t>(random() % 6);
            made.is_recalled = number > 0 && random() % 5 == 0;
            if (may_be_sold(made, today))
                free += made.free;
            buckets.push_back(made);
        }
        const auto wanted = static_cast<std::int32_t>(random() % 12);
        const bool done = take_units(buckets, wanted, {}, today) == LotReason::enough;
        ASSERT_EQ(done, wanted <= free);
        std::int64_t sum = 0;
        for (const Bucket &bucket : buckets) {
            ASSERT_TRUE(bucket.taken >= 0 && bucket.taken <= bucket.free);
            ASSERT_TRUE(bucket.taken == 0 || may_be_sold(bucket, today));
            sum += bucket.taken;
            // Whatever would have gone before it is used up.
            if (bucket.taken == 0 || !bucket.expires_on)
                continue;
            for (const Bucket &before : buckets) {
                ASSERT_FALSE(may_be_sold(before, today) && before.expires_on &&
                             *before.expires_on < *bucket.expires_on && before.taken < before.free);
            }
        }
        ASSERT_EQ(sum, done ? wanted : 0);
    }
}

} // namespace
} // namespace weedgo
