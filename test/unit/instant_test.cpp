// Instants as they are written in JSON, and changes of policies that come at them.
#include <chrono>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "policy.hpp"
#include "random.hpp"

namespace weedgo {
namespace {

namespace chrono = std::chrono;

constexpr chrono::sys_days epoch = chrono::year(2000) / 1 / 1;

std::int64_t utc(int year, unsigned month, unsigned day, std::int64_t us = 0) {
    const chrono::sys_days date = chrono::year(year) / chrono::month(month) / chrono::day(day);
    return (date - epoch).count() * us_of_day + us;
}

constexpr std::int64_t hour = 60 * us_of_minute;

TEST(Calendar, CountsDaysAsTheStandardLibraryDoes) {
    const auto last = static_cast<std::int32_t>(utc(9999, 12, 31) / us_of_day);
    for (auto date = static_cast<std::int32_t>(utc(-4712, 1, 1) / us_of_day); date <= last; date++)
        ASSERT_EQ(date_of(calendar_day(date)), date);
    EXPECT_EQ(date_of({2000, 1, 1}), 0);
    EXPECT_EQ(date_of({5'874'897, 12, 31}), 2'145'031'948);
}

TEST(Calendar, KnowsHowLongMonthsAre) {
    for (int year = 1896; year <= 2104; year++)
        for (int month = 1; month <= 12; month++) {
            const chrono::year_month_day_last last =
                chrono::year(year) / chrono::month(static_cast<unsigned>(month)) / chrono::last;
            ASSERT_EQ(days_of_month(year, month), static_cast<int>(unsigned(last.day())))
                << year << "-" << month;
        }
    EXPECT_EQ(days_of_month(std::nullopt, 2), 29);
    EXPECT_EQ(days_of_month(std::nullopt, 4), 30);
}

TEST(Instant, IsReadInAllItsForms) {
    const std::int64_t evening = utc(2026, 12, 25, hour);
    for (const char *text :
         {"2026-12-24T20:00:00-05:00", "2026-12-24 20:00:00-05:00", "2026-12-24T20:00-05:00",
          "2026-12-24T20:00:00-05", "2026-12-24T20:00:00-0500", "2026-12-24T20:00:00.0-05:00",
          "2026-12-24T20:00:00.000000-05:00", "2026-12-25T01:00:00Z", "2026-12-25T01:00:00+00:00",
          "2026-12-25T01:00:00-00:00", "2026-12-25T06:45:00+05:45", "2026-12-25T16:59:00+15:59"})
        EXPECT_EQ(parse_instant(text), evening) << text;
    EXPECT_EQ(parse_instant("2026-12-25T01:00:00.1Z"), evening + 100'000);
    EXPECT_EQ(parse_instant("2026-12-25T01:00:00.000001Z"), evening + 1);
    EXPECT_EQ(parse_instant("2026-12-25T00:59:59.999999Z"), evening - 1);
    EXPECT_EQ(parse_instant("2024-02-29T23:59:59Z"), utc(2024, 3, 1, -us_of_second));
    EXPECT_EQ(parse_instant("2000-01-01T00:00:00Z"), 0);
    EXPECT_EQ(parse_instant("0001-01-01T00:00:00Z"), utc(1, 1, 1));
    EXPECT_EQ(parse_instant("9999-12-31T23:59:59.999999-15:59"),
              utc(10'000, 1, 1, 16 * hour - us_of_minute - 1));
}

TEST(Instant, IsNothingElse) {
    for (const char *text : {"",
                             "now",
                             "infinity",
                             "2026-12-24",
                             "2026-12-24T20:00:00",
                             "2026-12-24T20-05:00",
                             "2026-12-24T20:00:00-5",
                             "2026-12-24T20:00:00-05:",
                             "2026-12-24T20:00:00-05:0",
                             "2026-12-24T20:00:00-05:000",
                             "2026-12-24T20:00:00-05:60",
                             "2026-12-24T20:00:00+16:00",
                             "2026-12-24T20:00:00 -05:00",
                             "2026-12-24T20:00:00-05:00 ",
                             " 2026-12-24T20:00:00Z",
                             "2026-12-24T20:00:00ZZ",
                             "2026-12-24t20:00:00Z",
                             "2026-12-24T20:00:00z",
                             "2026-12-24T20:00:00.Z",
                             "2026-12-24T20:00:00.1234567Z",
                             "2026-12-24T20:00:Z",
                             "2026-12-24T24:00:00Z",
                             "2026-12-24T20:60:00Z",
                             "2026-12-24T20:00:60Z",
                             "2026-12-24T-1:00:00Z",
                             "2026-02-29T00:00:00Z",
                             "1900-02-29T00:00:00Z",
                             "2026-00-10T00:00:00Z",
                             "2026-13-10T00:00:00Z",
                             "2026-06-00T00:00:00Z",
                             "2026-06-31T00:00:00Z",
                             "0000-01-01T00:00:00Z",
                             "-001-01-01T00:00:00Z",
                             "10000-01-01T00:00:00Z",
                             "2026/12/24T20:00:00Z",
                             "20261224T200000Z"})
        EXPECT_EQ(parse_instant(text), std::nullopt) << text;
    const std::string whole = "2026-12-24T20:00:00.123456-05:00";
    for (std::size_t size = 0; size < whole.size(); size++) { // none but that without ":00"
        const bool is_good = size == whole.size() - 3;
        EXPECT_EQ(parse_instant(std::string_view(whole.data(), size)).has_value(), is_good) << size;
    }
}

TEST(Instant, IsReadBackAsItWasWritten) {
    const test::RandomCases cases(20'000);
    for (std::int64_t i = 0; i < cases.count; i++) {
        test::Random random(cases.seed(i));
        const std::int64_t instant = random.between(utc(2, 1, 1), utc(9998, 12, 31));
        const std::int64_t offset_minutes = random.between(-15 * 60 - 59, 15 * 60 + 59);
        const std::int64_t local = instant + offset_minutes * us_of_minute;
        const std::int64_t days = divide_down(local, us_of_day);
        const std::int64_t us = local - days * us_of_day;
        const chrono::year_month_day day(epoch + chrono::days(days));
        char text[64];
        std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06d%c%02d:%02d",
                      int(day.year()), unsigned(day.month()), unsigned(day.day()), int(us / hour),
                      int(us / us_of_minute % 60), int(us / us_of_second % 60),
                      int(us % us_of_second), offset_minutes < 0 ? '-' : '+',
                      int(std::abs(offset_minutes) / 60), int(std::abs(offset_minutes) % 60));
        ASSERT_EQ(parse_instant(text), instant) << text;
    }
}

TEST(PolicyChanges, ComeInTheOrderOfTheirInstants) {
    std::vector<PolicyChange> changes = {{30, 0}, {-10, 1}, {20, 2}};
    EXPECT_TRUE(sort_changes(changes));
    EXPECT_EQ(changes[0].number, 1U);
    EXPECT_EQ(changes[1].number, 2U);
    EXPECT_EQ(changes[2].number, 0U);
    EXPECT_TRUE(sort_changes({}));
}

TEST(PolicyChanges, AreNotTwoAtOneInstant) {
    std::vector<PolicyChange> changes = {{30, 0}, {10, 1}, {30, 2}};
    EXPECT_FALSE(sort_changes(changes));
    changes = {{10, 0}, {10, 1}};
    EXPECT_FALSE(sort_changes(changes));
}

TEST(PolicyChanges, HoldFromTheirInstantOn) {
    EXPECT_FALSE(is_in_force({10, 0}, 9));
    EXPECT_TRUE(is_in_force({10, 0}, 10));
    EXPECT_TRUE(is_in_force({10, 0}, std::numeric_limits<std::int64_t>::max()));
    EXPECT_FALSE(is_in_force({10, 0}, std::numeric_limits<std::int64_t>::min()));
}

} // namespace
} // namespace weedgo
