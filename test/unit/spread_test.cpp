// Spreading an amount over several by largest remainder.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "pricing.hpp"
#include "random.hpp"
#include "slow_model.hpp"

namespace weedgo {
namespace {

using Amounts = std::vector<Cents>;

Amounts spread_over(Cents total, const std::vector<std::int64_t> &weights) {
    std::vector<Share> shares(weights.size());
    for (std::size_t i = 0; i < weights.size(); i++) {
        shares[i].weight = static_cast<Wide>(weights[i]);
        // What an earlier spread left behind must not matter.
        shares[i].amount = 77;
        shares[i].remainder = 77;
        shares[i].index = 77;
    }
    spread(total, shares);
    Amounts amounts;
    for (const Share &share : shares)
        amounts.push_back(share.amount);
    return amounts;
}

TEST(Spread, GivesEqualWeightsEqualShares) {
    EXPECT_EQ(spread_over(4'00, {10'00, 10'00}), (Amounts{2'00, 2'00}));
}

TEST(Spread, GivesTheOddCentToTheLowerLineAmongEquals) {
    EXPECT_EQ(spread_over(1, {5, 5, 5}), (Amounts{1, 0, 0}));
    EXPECT_EQ(spread_over(2, {5, 5, 5}), (Amounts{1, 1, 0}));
    EXPECT_EQ(spread_over(4'01, {10'00, 10'00}), (Amounts{2'01, 2'00}));
    EXPECT_EQ(spread_over(10'00, {1'000, 1'000, 1'000}), (Amounts{3'34, 3'33, 3'33}));
}

TEST(Spread, GivesTiesToTheLowerLineAmongManyLines) {
    const std::vector<std::int64_t> weights(200, 1'00);
    const Amounts amounts = spread_over(137, weights);
    for (std::size_t i = 0; i < amounts.size(); i++)
        EXPECT_EQ(amounts[i], i < 137 ? 1 : 0) << "line " << i;
}

TEST(Spread, GivesTheOddCentToTheLargestRemainderNotToTheLargestWeight) {
    EXPECT_EQ(spread_over(10, {33, 33, 34}), (Amounts{3, 3, 4}));
    EXPECT_EQ(spread_over(1, {3, 4, 3}), (Amounts{0, 1, 0}));
    // 6.1, 2.8, 1.1: the middle one is closest to one more.
    EXPECT_EQ(spread_over(10, {61, 28, 11}), (Amounts{6, 3, 1}));
}

// The textbook example of the method (the Alabama paradox): one seat more costs the small state
// one.
TEST(Spread, FollowsHamiltonsMethodIntoItsParadox) {
    EXPECT_EQ(spread_over(10, {60, 60, 20}), (Amounts{4, 4, 2}));
    EXPECT_EQ(spread_over(11, {60, 60, 20}), (Amounts{5, 5, 1}));
}

TEST(Spread, KeepsTheOrderOfTheShares) {
    EXPECT_EQ(spread_over(7, {1, 10, 2, 9, 3}), (Amounts{0, 3, 1, 2, 1}));
}

TEST(Spread, OfNothingGivesNothing) {
    EXPECT_EQ(spread_over(0, {5, 7}), (Amounts{0, 0}));
    EXPECT_EQ(spread_over(0, {}), Amounts{});
}

TEST(Spread, OverNothingGivesNothing) {
    EXPECT_EQ(spread_over(0, {0, 0}), (Amounts{0, 0}));
    EXPECT_EQ(spread_over(5, {0, 0}), (Amounts{0, 0}));
}

TEST(Spread, OfEverythingGivesEachItsWeight) {
    EXPECT_EQ(spread_over(60, {10, 0, 20, 30}), (Amounts{10, 0, 20, 30}));
}

TEST(Spread, GivesAllToASingleShare) {
    EXPECT_EQ(spread_over(3, {19'99}), Amounts{3});
    EXPECT_EQ(spread_over(3, {0, 19'99, 0}), (Amounts{0, 3, 0}));
}

TEST(Spread, GivesNoCentToAWeightOfZero) {
    EXPECT_EQ(spread_over(2, {0, 1, 1, 0, 1}), (Amounts{0, 1, 1, 0, 0}));
}

TEST(Spread, IsExactAtTheLargestAmounts) {
    EXPECT_EQ(spread_over(max_amount, {max_amount}), Amounts{max_amount});
    EXPECT_EQ(spread_over(max_amount - 1, {max_amount / 3, max_amount / 3, max_amount / 3}),
              (Amounts{max_amount / 3, max_amount / 3, max_amount / 3 - 1}));
    // Weights in millionths of cents, as taxes have them.
    std::vector<Share> shares(2);
    shares[0].weight = static_cast<Wide>(max_amount) * rate_scale;
    shares[1].weight = 1;
    spread(max_amount, shares);
    EXPECT_EQ(shares[0].amount, max_amount);
    EXPECT_EQ(shares[1].amount, 0);
}

TEST(Spread, AgreesWithHandingOutCentByCent) {
    const test::RandomCases cases(10'000);
    for (std::int64_t i = 0; i < cases.count; i++) {
        test::Random random(cases.seed(i));
        const std::int64_t largest = random.one_in(3)   ? 9
                                     : random.one_in(2) ? 10'000
                                                        : 2'000'000'000'000'000'000;
        std::vector<std::int64_t> weights(static_cast<std::size_t>(random.between(1, 12)));
        std::vector<test::Natural> model_weights;
        test::Natural sum = 0;
        for (std::int64_t &weight : weights) {
            weight = random.one_in(4) ? 0 : random.between(0, largest);
            model_weights.emplace_back(weight);
            sum += weight;
        }
        const test::Natural cap = std::min(sum, test::Natural(max_amount));
        const Cents total = random.between(0, cap.cents());

        const Amounts amounts = spread_over(total, weights);
        const std::vector<test::Natural> expected = test::apportion(total, model_weights);
        for (std::size_t k = 0; k < amounts.size(); k++) {
            ASSERT_EQ(amounts[k], expected[k].cents())
                << "share " << k << ", " << cases.replay(cases.seed(i));
            ASSERT_LE(amounts[k], weights[k]) << cases.replay(cases.seed(i));
        }
        ASSERT_EQ(std::accumulate(amounts.begin(), amounts.end(), Cents{0}), total)
            << cases.replay(cases.seed(i));
    }
}

} // namespace
} // namespace weedgo
