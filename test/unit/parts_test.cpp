// How a counter in parts is spread, against every other way to spread it.
#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "parts.hpp"

namespace weedgo {
namespace {

std::vector<Part> parts_of(const std::vector<std::int32_t> &left) {
    std::vector<Part> parts;
    for (const std::int32_t units : left)
        parts.push_back({-static_cast<std::int32_t>(parts.size()) - 1, units, 7});
    return parts;
}

std::vector<std::int32_t> spread_over(const std::vector<std::int32_t> &left, std::int64_t units) {
    std::vector<Part> parts = parts_of(left);
    spread(parts, &Part::left, units);
    std::vector<std::int32_t> spread;
    for (const Part &part : parts)
        spread.push_back(part.left);
    return spread;
}

std::int64_t changes(const std::vector<std::int32_t> &from, const std::vector<std::int32_t> &to) {
    return std::inner_product(from.begin(), from.end(), to.begin(), std::int64_t{0}, std::plus<>(),
                              std::not_equal_to<>());
}

// Every even way to share the units out, one after the other.
std::int64_t fewest_changes(const std::vector<std::int32_t> &from, std::int64_t units) {
    const auto places = static_cast<std::int64_t>(from.size());
    std::vector<std::int32_t> to(from.size(), static_cast<std::int32_t>(units / places));
    for (std::int64_t i = 0; i < units % places; i++)
        to[static_cast<std::size_t>(places - 1 - i)]++;
    std::int64_t fewest = places;
    do
        fewest = std::min(fewest, changes(from, to));
    while (std::next_permutation(to.begin(), to.end()));
    return fewest;
}

TEST(Parts, SpreadsEvenlyAndChangesNoMoreThanItMust) {
    std::mt19937 random(1);
    for (int round = 0; round < 3000; round++) {
        std::vector<std::int32_t> from(1 + random() % 7);
        for (std::int32_t &units : from)
            units = static_cast<std::int32_t>(random() % 4);
        const std::int64_t units = static_cast<std::int64_t>(random() % 20);
        const std::vector<std::int32_t> to = spread_over(from, units);
        ASSERT_EQ(std::accumulate(to.begin(), to.end(), std::int64_t{0}), units);
        const auto [least, most] = std::minmax_element(to.begin(), to.end());
        ASSERT_LE(*most - *least, 1);
        ASSERT_EQ(changes(from, to), fewest_changes(from, units));
    }
}

TEST(Parts, SpreadsAsMuchAsAColumnHolds) {
    EXPECT_EQ(spread_over({1, 2}, 2 * std::int64_t{2147483647}),
              (std::vector<std::int32_t>{2147483647, 2147483647}));
    EXPECT_EQ(spread_over({}, 0), std::vector<std::int32_t>());
}

TEST(Parts, SpreadsOneCountAndLeavesTheOther) {
    std::vector<Part> parts = parts_of({9, 1});
    spread(parts, &Part::left, 4);
    EXPECT_EQ(sum_of(parts).left, 4);
    EXPECT_EQ(sum_of(parts).taken, 14);
    spread(parts, &Part::taken, 3);
    EXPECT_EQ(sum_of(parts).left, 4);
    EXPECT_EQ(sum_of(parts).taken, 3);
}

TEST(Parts, BearsWhatLeavesNeitherCountBelowZero) {
    const Part part{-1, 2, 1};
    EXPECT_TRUE(can_bear(part, {-2, 2}));
    EXPECT_FALSE(can_bear(part, {-3, 3}));
    EXPECT_TRUE(can_bear(part, {1, -1}));
    EXPECT_FALSE(can_bear(part, {2, -2}));
    EXPECT_FALSE(can_bear(part, {0, -2}));
    EXPECT_TRUE(can_bear(part, {2147483647, 0}));
    EXPECT_TRUE(can_bear(Units{-5, 1}, {1, -1}));
    EXPECT_FALSE(can_bear(Units{-5, 1}, {-1, 1}));
}

TEST(Parts, WantsAsManyAsWouldUseThem) {
    EXPECT_EQ(parts_wanted(0, 0, 20), 0);
    EXPECT_EQ(parts_wanted(0, 1, 20), 0); // one wait in twenty looks is no queue
    EXPECT_EQ(parts_wanted(0, 2, 20), 2);
    EXPECT_EQ(parts_wanted(0, 20 * 7, 20), 8);
    EXPECT_EQ(parts_wanted(0, 20 * 7 + 1, 20), 16);
    EXPECT_EQ(parts_wanted(4, 1, 20), 4);
    EXPECT_EQ(parts_wanted(4, 20 * 4, 20), 8);
    EXPECT_EQ(parts_wanted(48, 20, 20), 64);
    EXPECT_EQ(parts_wanted(64, 20 * 64, 20), 64);
    EXPECT_EQ(parts_wanted(0, std::int64_t{2147483647} * 100, 1), 64);
}

} // namespace
} // namespace weedgo
