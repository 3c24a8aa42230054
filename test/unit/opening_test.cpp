// Opening hours: past midnight, closed days, both changes of the clock, and random weeks against a
// model that goes minute by minute.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "policy.hpp"
#include "random.hpp"

namespace weedgo {
namespace {

namespace chrono = std::chrono;
using enum OpeningVerdict;

constexpr chrono::sys_days epoch = chrono::year(2000) / 1 / 1;
constexpr std::int64_t hour_us = 3'600'000'000;
constexpr std::int64_t minute_us = hour_us / 60;
constexpr std::int64_t day_us = 24 * hour_us;

std::int32_t date_of(int year, int month, int day) {
    return static_cast<std::int32_t>(
        (chrono::sys_days(chrono::year(year) / month / day) - epoch).count());
}

// What an Opening points to.
struct Week {
    std::vector<OpenInterval> intervals[days_of_week];
    std::vector<ClosedDay> closed;

    Opening opening() const {
        Opening result;
        for (std::size_t i = 0; i < days_of_week; i++)
            result.hours[i] = intervals[i];
        result.closed_on = closed;
        return result;
    }
};

Week every_day(std::string_view from, std::string_view until) {
    Week week;
    for (auto &intervals : week.intervals)
        intervals.push_back(parse_interval(from, until).value());
    return week;
}

OpeningVerdict at(const Week &week, std::int32_t date, int hour, int minute = 0) {
    return judge_opening(week.opening(), date, hour * 60 + minute);
}

TEST(Hours, BeginAndEndOnTheMinute) {
    const Week week = every_day("09:00", "23:00");
    const std::int32_t date = date_of(2026, 11, 24);
    EXPECT_EQ(at(week, date, 8, 59), outside_hours);
    EXPECT_EQ(at(week, date, 9), open);
    EXPECT_EQ(at(week, date, 22, 59), open);
    EXPECT_EQ(at(week, date, 23), outside_hours);
    EXPECT_EQ(at(week, date, 0), outside_hours);
}

TEST(Hours, OfADayThatHasNone) {
    Week week = every_day("09:00", "23:00");
    week.intervals[6].clear();
    EXPECT_EQ(at(week, date_of(2026, 11, 28), 12), open); // a Saturday
    EXPECT_EQ(at(week, date_of(2026, 11, 29), 12), outside_hours);
    EXPECT_EQ(at(week, date_of(2026, 11, 30), 12), open);
}

TEST(Hours, WithABreak) {
    Week week = every_day("09:00", "12:00");
    week.intervals[1].push_back({13 * 60, 18 * 60});
    const std::int32_t tuesday = date_of(2026, 11, 24);
    EXPECT_EQ(at(week, tuesday, 11, 59), open);
    EXPECT_EQ(at(week, tuesday, 12, 30), outside_hours);
    EXPECT_EQ(at(week, tuesday, 13), open);
    EXPECT_EQ(at(week, tuesday + 1, 13), outside_hours);
}

TEST(Hours, GoPastMidnight) {
    Week week; // Fridays only
    week.intervals[4].push_back(parse_interval("10:00", "02:00").value());
    const std::int32_t friday = date_of(2026, 11, 27);
    EXPECT_EQ(at(week, friday, 1), outside_hours);
    EXPECT_EQ(at(week, friday, 10), open);
    EXPECT_EQ(at(week, friday, 23, 59), open);
    EXPECT_EQ(at(week, friday + 1, 0), open);
    EXPECT_EQ(at(week, friday + 1, 1, 59), open);
    EXPECT_EQ(at(week, friday + 1, 2), outside_hours);
    EXPECT_EQ(at(week, friday + 1, 12), outside_hours);
}

TEST(Hours, AroundTheClock) {
    for (const auto &[from, until] : {std::pair("00:00", "24:00"), std::pair("00:00", "00:00")}) {
        const Week week = every_day(from, until);
        EXPECT_EQ(at(week, date_of(2026, 11, 24), 0), open);
        EXPECT_EQ(at(week, date_of(2026, 11, 24), 23, 59), open);
    }
    // A day that begins and ends at nine.
    Week week;
    week.intervals[1].push_back(parse_interval("09:00", "09:00").value());
    const std::int32_t tuesday = date_of(2026, 11, 24);
    EXPECT_EQ(at(week, tuesday, 8, 59), outside_hours);
    EXPECT_EQ(at(week, tuesday, 9), open);
    EXPECT_EQ(at(week, tuesday + 1, 8, 59), open);
    EXPECT_EQ(at(week, tuesday + 1, 9), outside_hours);
}

TEST(Hours, OfClosedDays) {
    Week week = every_day("10:00", "02:00");
    week.closed = {parse_closed_day("12-25").value(), parse_closed_day("2026-07-01").value()};
    for (const int year : {2026, 2027, 2100}) {
        const std::int32_t christmas = date_of(year, 12, 25);
        EXPECT_EQ(at(week, christmas - 1, 23, 59), open);
        EXPECT_EQ(at(week, christmas, 0), closed_day); // not even the night before
        EXPECT_EQ(at(week, christmas, 12), closed_day);
        EXPECT_EQ(at(week, christmas, 23, 59), closed_day);
        EXPECT_EQ(at(week, christmas + 1, 1), outside_hours); // its own night does not begin
        EXPECT_EQ(at(week, christmas + 1, 10), open);
        EXPECT_EQ(at(week, christmas + 2, 1), open);
    }
    EXPECT_EQ(at(week, date_of(2026, 7, 1), 12), closed_day);
    EXPECT_EQ(at(week, date_of(2027, 7, 1), 12), open);
    week.closed = {parse_closed_day("02-29").value()};
    EXPECT_EQ(at(week, date_of(2028, 2, 29), 12), closed_day);
    EXPECT_EQ(at(week, date_of(2027, 3, 1), 12), open);
    EXPECT_EQ(at(week, date_of(2027, 2, 28), 12), open);
}

TEST(Hours, ApplyToSomeOrdersOnly) {
    Policies policies;
    policies.sell_only_while_open = policies.deliver_only_while_open = true;
    for (const DeliveryType type :
         {DeliveryType::in_store, DeliveryType::pickup, DeliveryType::delivery})
        EXPECT_FALSE(keeps_hours(policies, type));
    policies.opening.emplace();
    for (const bool sell : {false, true})
        for (const bool deliver : {false, true}) {
            policies.sell_only_while_open = sell;
            policies.deliver_only_while_open = deliver;
            EXPECT_TRUE(keeps_hours(policies, DeliveryType::in_store));
            EXPECT_EQ(keeps_hours(policies, DeliveryType::pickup), sell);
            EXPECT_EQ(keeps_hours(policies, DeliveryType::delivery), deliver);
        }
}

// --- the next opening, and the changes of the clock
// -----------------------------------------------

constexpr std::int64_t standard = -5 * 3600; // Toronto
constexpr std::int64_t summer = -4 * 3600;

// The zone around one change of its clock, at an instant, for eight days from `now_us` on.
std::vector<ZoneSpan> spans_from(std::int64_t now_us, std::int64_t change_us, std::int64_t before_s,
                                 std::int64_t after_s) {
    const std::int64_t end_us = now_us + 8 * day_us;
    std::vector<ZoneSpan> spans;
    if (now_us < change_us)
        spans.push_back({now_us, std::min(change_us, end_us), before_s});
    if (end_us > change_us)
        spans.push_back({std::max(now_us, change_us), end_us, after_s});
    return spans;
}

// 2026-03-08, 2:00 becomes 3:00; 2026-11-01, 2:00 becomes 1:00.
const std::int64_t spring_us = date_of(2026, 3, 8) * day_us + 7 * hour_us;
const std::int64_t autumn_us = date_of(2026, 11, 1) * day_us + 6 * hour_us;

OpeningVerdict verdict_at(const Week &week, std::int64_t at_us, std::int64_t offset_s) {
    const std::int64_t wall_us = at_us + offset_s * 1'000'000;
    return judge_opening(week.opening(), static_cast<std::int32_t>(wall_us / day_us),
                         static_cast<std::int32_t>(wall_us % day_us / minute_us));
}

TEST(Clock, AnHourThatIsSkippedNeverOccurs) {
    const Week week = every_day("02:15", "02:45");
    EXPECT_EQ(verdict_at(week, spring_us - 1, standard), outside_hours); // 1:59
    EXPECT_EQ(verdict_at(week, spring_us, summer), outside_hours);       // 3:00
    // The next time is on the next day, at 2:15 by summer time.
    EXPECT_EQ(next_opening(week.opening(), spans_from(spring_us - 1, spring_us, standard, summer)),
              (date_of(2026, 3, 9) * day_us + 6 * hour_us + 15 * minute_us));
}

TEST(Clock, HoursThatBeginInASkippedHourBeginAfterIt) {
    const Week week = every_day("02:30", "10:00");
    EXPECT_EQ(verdict_at(week, spring_us - 1, standard), outside_hours);
    EXPECT_EQ(verdict_at(week, spring_us, summer), open);
    EXPECT_EQ(
        next_opening(week.opening(), spans_from(spring_us - hour_us, spring_us, standard, summer)),
        spring_us);
}

TEST(Clock, AnHourThatOccursTwiceCountsBothTimes) {
    const Week week = every_day("01:30", "01:45");
    EXPECT_EQ(verdict_at(week, autumn_us - 30 * minute_us, summer), open);
    EXPECT_EQ(verdict_at(week, autumn_us - 15 * minute_us, summer), outside_hours);
    EXPECT_EQ(verdict_at(week, autumn_us + 30 * minute_us, standard), open);
    EXPECT_EQ(verdict_at(week, autumn_us + 45 * minute_us, standard), outside_hours);
    const auto next = [&](std::int64_t now_us) {
        return next_opening(week.opening(), spans_from(now_us, autumn_us, summer, standard));
    };
    EXPECT_EQ(next(autumn_us - hour_us), autumn_us - 30 * minute_us);
    EXPECT_EQ(next(autumn_us - minute_us), autumn_us + 30 * minute_us);
    EXPECT_EQ(next(autumn_us + 50 * minute_us), autumn_us + day_us + 30 * minute_us);
}

TEST(Clock, ANightIsAnHourShorterOrLonger) {
    const Week week = every_day("20:00", "04:00");
    const auto hours_open = [&](std::int64_t change_us, std::int64_t before_s,
                                std::int64_t after_s) {
        std::int64_t count = 0;
        for (std::int64_t at_us = change_us - 12 * hour_us; at_us < change_us + 12 * hour_us;
             at_us += hour_us)
            count += verdict_at(week, at_us, at_us < change_us ? before_s : after_s) == open;
        return count;
    };
    EXPECT_EQ(hours_open(spring_us, standard, summer), 7);
    EXPECT_EQ(hours_open(autumn_us, summer, standard), 9);
}

TEST(NextOpening, IsNowWhereItIsOpen) {
    const Week week = every_day("09:00", "23:00");
    const std::int64_t now_us = date_of(2026, 6, 1) * day_us + 15 * hour_us + 12'345'678;
    EXPECT_EQ(next_opening(week.opening(), spans_from(now_us, autumn_us, summer, standard)),
              now_us);
}

TEST(NextOpening, IsOnTheNextMinute) {
    const std::int64_t opens_us = date_of(2026, 6, 1) * day_us + 13 * hour_us; // 9:00
    EXPECT_EQ(next_opening(every_day("09:00", "23:00").opening(),
                           spans_from(opens_us - 1, autumn_us, summer, standard)),
              opens_us);
}

TEST(NextOpening, IsNoneWhereThereAreNoHours) {
    const std::int64_t now_us = date_of(2026, 6, 1) * day_us;
    EXPECT_FALSE(next_opening(Week().opening(), spans_from(now_us, autumn_us, summer, standard)));
    EXPECT_FALSE(next_opening(every_day("09:00", "23:00").opening(), {}));
}

TEST(NextOpening, PassesOverClosedDays) {
    Week week = every_day("10:00", "02:00");
    week.closed = {parse_closed_day("12-25").value(), parse_closed_day("12-26").value()};
    const std::int64_t eve_us = date_of(2026, 12, 25) * day_us + 5 * hour_us; // midnight
    EXPECT_EQ(next_opening(week.opening(), spans_from(eve_us, autumn_us, summer, standard)),
              (date_of(2026, 12, 27) * day_us + 15 * hour_us));
}

// --- random weeks --------------------------------------------------------------------------------

// By definition: one of the stretches that begin on a day that is not closed, while today is not.
bool slowly_open(const Week &week, std::int32_t date, std::int32_t minute) {
    const auto closed = [&](std::int32_t day) {
        const chrono::year_month_day ymd(epoch + chrono::days(day));
        for (const ClosedDay &c : week.closed)
            if (ymd.month() == chrono::month(static_cast<unsigned>(c.month)) &&
                ymd.day() == chrono::day(static_cast<unsigned>(c.day)) &&
                (!c.year || chrono::year(*c.year) == ymd.year()))
                return true;
        return false;
    };
    if (closed(date))
        return false;
    const std::int64_t now = std::int64_t{date} * 1440 + minute;
    for (std::int32_t day = date - 2; day <= date; day++) {
        const unsigned weekday = chrono::weekday(epoch + chrono::days(day)).iso_encoding() - 1;
        for (const OpenInterval &i : week.intervals[weekday]) {
            const std::int64_t begin = std::int64_t{day} * 1440 + i.from;
            const std::int64_t length =
                i.until > i.from ? i.until - i.from : i.until + 1440 - i.from;
            if (!closed(day) && begin <= now && now < begin + length)
                return true;
        }
    }
    return false;
}

Week random_week(test::Random &random) {
    Week week;
    const bool sparse = random.one_in(2);
    for (auto &intervals : week.intervals)
        while (sparse ? random.one_in(8) : !random.one_in(2))
            intervals.push_back({static_cast<std::int32_t>(random.between(0, 95) * 15),
                                 static_cast<std::int32_t>(random.between(0, 96) * 15)});
    while (!random.one_in(2)) {
        const bool spring = random.one_in(2);
        const int day = static_cast<int>(random.between(1, 14));
        week.closed.push_back(
            {random.one_in(2) ? std::optional(2026) : std::nullopt, spring ? 3 : 11, day});
    }
    return week;
}

TEST(RandomWeeks, AgreeWithTheSlowModel) {
    const test::RandomCases cases(100);
    int found = 0;
    int none = 0;
    for (std::int64_t i = 0; i < cases.count; i++) {
        test::Random random(cases.seed(i));
        const Week week = random_week(random);
        const bool spring = random.one_in(2);
        const std::int64_t change_us = spring ? spring_us : autumn_us;
        const std::int64_t before_s = spring ? standard : summer;
        const std::int64_t after_s = spring ? summer : standard;
        const std::int64_t now_us =
            change_us - 2 * day_us + random.between(0, 4 * 1440) * minute_us;
        // Minute by minute, eight days on.
        std::optional<std::int64_t> first;
        for (std::int64_t at_us = now_us; at_us < now_us + 8 * day_us; at_us += minute_us) {
            const std::int64_t wall_us =
                at_us + (at_us < change_us ? before_s : after_s) * 1'000'000;
            const auto date = static_cast<std::int32_t>(wall_us / day_us);
            const auto minute = static_cast<std::int32_t>(wall_us % day_us / minute_us);
            const bool expected = slowly_open(week, date, minute);
            ASSERT_EQ(judge_opening(week.opening(), date, minute) == open, expected)
                << date << ' ' << minute << ' ' << test::RandomCases::replay(cases.seed(i));
            if (expected && !first)
                first = at_us;
        }
        ASSERT_EQ(next_opening(week.opening(), spans_from(now_us, change_us, before_s, after_s)),
                  first)
            << test::RandomCases::replay(cases.seed(i));
        (first ? found : none)++;
    }
    if (test::RandomCases::as_usual()) {
        EXPECT_GT(found, 20);
        EXPECT_GT(none, 0);
    }
}

} // namespace
} // namespace weedgo
