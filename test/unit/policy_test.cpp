// The calendar, ages at their edges, purchase limits, and what policies are written in.
#include <chrono>
#include <limits>

#include <gtest/gtest.h>

#include "policy.hpp"
#include "random.hpp"

namespace weedgo {
namespace {

namespace chrono = std::chrono;

constexpr chrono::sys_days epoch = chrono::year(2000) / 1 / 1;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

std::int32_t date_of(int year, unsigned month, unsigned day) {
    return static_cast<std::int32_t>(
        (chrono::sys_days(chrono::year(year) / static_cast<int>(month) / static_cast<int>(day)) -
         epoch)
            .count());
}

TEST(Calendar, AgreesWithTheStandardLibrarys) {
    const std::int32_t first = date_of(-4712, 1, 1);
    const std::int32_t last = date_of(9999, 12, 31);
    for (std::int32_t date = first; date <= last; date++) {
        const chrono::sys_days day = epoch + chrono::days(date);
        const chrono::year_month_day expected(day);
        const CalendarDay actual = calendar_day(date);
        ASSERT_EQ(actual.year, static_cast<int>(expected.year())) << date;
        ASSERT_EQ(actual.month, static_cast<int>(static_cast<unsigned>(expected.month()))) << date;
        ASSERT_EQ(actual.day, static_cast<int>(static_cast<unsigned>(expected.day()))) << date;
        ASSERT_EQ(weekday_of(date), chrono::weekday(day).iso_encoding() - 1) << date;
    }
}

TEST(Calendar, HasAnEnd) { // the last date of PostgreSQL
    const CalendarDay day = calendar_day(2'145'031'948);
    EXPECT_EQ(day.year, 5'874'897);
    EXPECT_EQ(day.month, 12);
    EXPECT_EQ(day.day, 31);
}

// --- age -----------------------------------------------------------------------------------------

TEST(Age, GrowsOnTheBirthday) {
    EXPECT_EQ(age_on({2026, 11, 23}, {2007, 11, 24}), 18);
    EXPECT_EQ(age_on({2026, 11, 24}, {2007, 11, 24}), 19);
    EXPECT_EQ(age_on({2026, 11, 25}, {2007, 11, 24}), 19);
    EXPECT_EQ(age_on({2026, 12, 1}, {2007, 11, 24}), 19);
    EXPECT_EQ(age_on({2026, 10, 31}, {2007, 11, 24}), 18);
    EXPECT_EQ(age_on({2026, 1, 1}, {2007, 12, 31}), 18);
    EXPECT_EQ(age_on({2026, 12, 31}, {2007, 1, 1}), 19);
    EXPECT_EQ(age_on({2026, 1, 1}, {2026, 1, 1}), 0);
    EXPECT_EQ(age_on({2026, 1, 1}, {2026, 1, 2}), -1);
}

TEST(Age, OfOneBornOnFebruary29GrowsOnMarch1) {
    EXPECT_EQ(age_on({2027, 2, 28}, {2008, 2, 29}), 18);
    EXPECT_EQ(age_on({2027, 3, 1}, {2008, 2, 29}), 19);
    // And on the day itself, where there is one.
    EXPECT_EQ(age_on({2028, 2, 28}, {2008, 2, 29}), 19);
    EXPECT_EQ(age_on({2028, 2, 29}, {2008, 2, 29}), 20);
    EXPECT_EQ(age_on({2028, 2, 29}, {2009, 3, 1}), 18);
    EXPECT_EQ(age_on({2028, 2, 29}, {2009, 2, 28}), 19);
    EXPECT_EQ(age_on({2100, 2, 28}, {2080, 2, 29}), 19); // 2100 is no leap year
    EXPECT_EQ(age_on({2100, 3, 1}, {2080, 2, 29}), 20);
}

TEST(Age, IsTheNumberOfBirthdaysThatHaveBeen) {
    const test::RandomCases cases(20'000);
    for (std::int64_t i = 0; i < cases.count; i++) {
        test::Random random(cases.seed(i));
        const auto birth =
            static_cast<std::int32_t>(random.between(date_of(1900, 1, 1), date_of(2030, 12, 31)));
        const auto today = static_cast<std::int32_t>(random.between(birth, birth + 40'000));
        const chrono::year_month_day born(epoch + chrono::days(birth));
        std::int32_t birthdays = 0;
        for (chrono::year year = born.year() + chrono::years(1);; year++) {
            const chrono::year_month_day same_day = year / born.month() / born.day();
            const chrono::sys_days birthday =
                same_day.ok() ? chrono::sys_days(same_day) : chrono::sys_days(year / 3 / 1);
            if ((birthday - epoch).count() > today)
                break;
            birthdays++;
        }
        ASSERT_EQ(age_on(calendar_day(today), calendar_day(birth)), birthdays)
            << test::RandomCases::replay(cases.seed(i));
    }
}

Policies from_19(bool verified) {
    Policies policies;
    policies.min_age = 19;
    policies.require_verified_age = verified;
    return policies;
}

TEST(AgeVerdict, FollowsFromWhatIsKnown) {
    using enum AgeVerdict;
    const std::int32_t today = date_of(2026, 11, 24);
    const std::int32_t grown = date_of(2007, 11, 24);
    const std::int32_t young = date_of(2007, 11, 25);
    Policies verified_only;
    verified_only.require_verified_age = true;
    struct Case {
        const char *name;
        Policies policies;
        std::optional<Buyer> buyer;
        AgeVerdict verdict;
        AgeVerdict where_checked;
    };
    const Case cases[] = {
        {"no policy, a guest", {}, std::nullopt, of_age, of_age},
        {"no policy, a child", {}, Buyer{young, false}, of_age, of_age},
        {"a guest", from_19(false), std::nullopt, unknown, of_age},
        {"no date of birth", from_19(false), Buyer{std::nullopt, true}, unknown, of_age},
        {"19 today", from_19(false), Buyer{grown, false}, of_age, of_age},
        {"19 tomorrow", from_19(false), Buyer{young, true}, too_young, too_young},
        {"verified: a guest", from_19(true), std::nullopt, unknown, of_age},
        {"verified: no date of birth", from_19(true), Buyer{std::nullopt, true}, unknown, of_age},
        {"verified: 19, but not so", from_19(true), Buyer{grown, false}, not_verified, of_age},
        {"verified: 19", from_19(true), Buyer{grown, true}, of_age, of_age},
        {"verified: 18", from_19(true), Buyer{young, true}, too_young, too_young},
        {"verified: 18, not so", from_19(true), Buyer{young, false}, too_young, too_young},
        {"verified only: a guest", verified_only, std::nullopt, unknown, of_age},
        {"verified only: not so", verified_only, Buyer{grown, false}, not_verified, of_age},
        {"verified only", verified_only, Buyer{std::nullopt, true}, of_age, of_age},
    };
    for (const Case &c : cases) {
        EXPECT_EQ(judge_age(c.policies, c.buyer, false, today), c.verdict) << c.name;
        EXPECT_EQ(judge_age(c.policies, c.buyer, true, today), c.where_checked) << c.name;
    }
}

// --- purchase limits -----------------------------------------------------------------------------

Line line_of(std::int64_t equivalent_mg, std::int32_t quantity) {
    Line line;
    line.equivalent_mg = equivalent_mg;
    line.quantity = quantity;
    return line;
}

TEST(Limit, AddsUpLines) {
    EXPECT_EQ(equivalent_of({}), 0);
    const Line lines[] = {line_of(3'500, 2), line_of(0, 1000), line_of(623, 3)};
    EXPECT_EQ(equivalent_of(lines), 8'869);
}

TEST(Limit, StaysWhatItIsWhereASumDoesNotFit) {
    const Line product[] = {line_of(most / 2, 3)};
    const Line sum[] = {line_of(most, 1), line_of(1, 1)};
    const Line exact[] = {line_of(most - 1, 1), line_of(1, 1)};
    EXPECT_EQ(equivalent_of(product), most);
    EXPECT_EQ(equivalent_of(sum), most);
    EXPECT_EQ(equivalent_of(exact), most);
    EXPECT_EQ(over_limit(30'000, most, most), most - 30'000);
}

TEST(Limit, IsWhatMayBeBought) {
    EXPECT_EQ(over_limit(30'000, 29'999, 0), 0);
    EXPECT_EQ(over_limit(30'000, 30'000, 0), 0);
    EXPECT_EQ(over_limit(30'000, 30'001, 0), 1);
    EXPECT_EQ(over_limit(30'000, 10'000, 20'000), 0);
    EXPECT_EQ(over_limit(30'000, 10'000, 20'001), 1);
    EXPECT_EQ(over_limit(30'000, 1, 40'000), 10'001); // the limit was lowered meanwhile
    EXPECT_EQ(over_limit(30'000, 0, 40'000), 0);      // a pipe may still be bought
}

// --- what they are written in --------------------------------------------------------------------

TEST(Reading, Weekdays) {
    EXPECT_EQ(parse_weekday("mon"), 0U);
    EXPECT_EQ(parse_weekday("sun"), 6U);
    for (const std::string_view name : {"", "Mon", "monday", "mo", "mon ", "xyz"})
        EXPECT_FALSE(parse_weekday(name)) << name;
}

TEST(Reading, Intervals) {
    struct Case {
        std::string_view from, until;
        std::int32_t begin, end;
    };
    for (const Case &c : {Case{"09:00", "23:00", 540, 1380}, Case{"10:00", "02:00", 600, 120},
                          Case{"00:00", "24:00", 0, 1440}, Case{"23:59", "00:00", 1439, 0},
                          Case{"00:00", "00:00", 0, 0}}) {
        const std::optional<OpenInterval> interval = parse_interval(c.from, c.until);
        ASSERT_TRUE(interval) << c.from;
        EXPECT_EQ(interval->from, c.begin);
        EXPECT_EQ(interval->until, c.end);
    }
    EXPECT_FALSE(parse_interval("24:00", "09:00"));
    for (const std::string_view text :
         {"", "9:00", "09:60", "24:01", "25:00", "09-00", "09:00:00", "0900", "09:0", " 9:00",
          "+9:00", "-1:00", "09:00 ", "a9:00", "0::00", "00:0:", "99:59"}) {
        EXPECT_FALSE(parse_interval(text, "23:00")) << text;
        EXPECT_FALSE(parse_interval("00:00", text)) << text;
    }
}

TEST(Reading, ClosedDays) {
    const std::optional<ClosedDay> yearly = parse_closed_day("12-25");
    ASSERT_TRUE(yearly);
    EXPECT_FALSE(yearly->year);
    EXPECT_EQ(yearly->month, 12);
    EXPECT_EQ(yearly->day, 25);
    const std::optional<ClosedDay> once = parse_closed_day("2026-07-01");
    ASSERT_TRUE(once);
    EXPECT_EQ(once->year, 2026);
    EXPECT_EQ(once->month, 7);
    EXPECT_EQ(once->day, 1);
    for (const std::string_view text : {"02-29", "2028-02-29", "2000-02-29", "01-31", "9999-12-31"})
        EXPECT_TRUE(parse_closed_day(text)) << text;
    for (const std::string_view text :
         {"",           "2027-02-29",  "2100-02-29", "02-30",      "04-31",     "13-01",
          "00-01",      "01-00",       "12-32",      "0000-12-25", "1-1",       "12/25",
          "2026/12/25", "2026-12-25 ", "26-12-25",   "20261225",   "2026-1225", "-12-25",
          "12-25-2026", "aa-bb",       "0:-10",      "10-0:"})
        EXPECT_FALSE(parse_closed_day(text)) << text;
}

TEST(Reading, KeysThatDoNothing) {
    Policies policies;
    EXPECT_FALSE(idle_key(policies));
    policies.purchase_limit_per_day = true;
    EXPECT_EQ(idle_key(policies), "purchase_limit_per_day");
    policies.purchase_limit_mg = 30'000;
    EXPECT_FALSE(idle_key(policies));
    policies.sell_only_while_open = true;
    EXPECT_EQ(idle_key(policies), "sell_only_while_open");
    policies.sell_only_while_open = false;
    policies.deliver_only_while_open = true;
    EXPECT_EQ(idle_key(policies), "deliver_only_while_open");
    policies.opening.emplace();
    EXPECT_FALSE(idle_key(policies));
}

} // namespace
} // namespace weedgo
