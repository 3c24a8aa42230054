// Judging by a store's policies.
#include "policy.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>

namespace weedgo {

namespace {

constexpr std::int32_t minutes_of_day = 24 * 60;
constexpr std::int64_t us_of_second = 1'000'000;
constexpr std::int64_t us_of_minute = 60 * us_of_second;
constexpr std::int64_t us_of_day = minutes_of_day * us_of_minute;

constexpr std::string_view weekdays[days_of_week] = {"mon", "tue", "wed", "thu",
                                                     "fri", "sat", "sun"};

constexpr std::int64_t divide_down(std::int64_t a, std::int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

constexpr std::int64_t add_saturated(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

// The number in `text` at `at`, which must have exactly `digits` digits there.
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits) {
    if (text.size() < at + digits)
        return std::nullopt;
    int number = 0;
    for (std::size_t i = at; i < at + digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return std::nullopt;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

// "00:00" to "24:00".
std::optional<std::int32_t> parse_minute(std::string_view text) {
    const std::optional<int> hour = number_at(text, 0, 2);
    const std::optional<int> minute = number_at(text, 3, 2);
    if (text.size() != 5 || text[2] != ':' || !hour || !minute || *minute > 59)
        return std::nullopt;
    const std::int32_t minutes = *hour * 60 + *minute;
    return minutes <= minutes_of_day ? std::optional(minutes) : std::nullopt;
}

bool is_leap_year(std::int32_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// A year without a number may be a leap year.
bool exists(const ClosedDay &day) {
    constexpr int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (day.month < 1 || day.month > 12 || day.day < 1 || day.day > lengths[day.month - 1])
        return false;
    return !day.year || *day.year > 0;
}

bool is_closed_day(const Opening &opening, std::int32_t date) {
    const CalendarDay today = calendar_day(date);
    return std::any_of(opening.closed_on.begin(), opening.closed_on.end(),
                       [&](const ClosedDay &closed) {
                           return closed.month == today.month && closed.day == today.day &&
                                  (!closed.year || *closed.year == today.year);
                       });
}

constexpr bool goes_past_midnight(const OpenInterval &interval) {
    return interval.until <= interval.from;
}

// The first minute of the day, from this one on, at which the store is open.
std::optional<std::int32_t> next_minute(const Opening &opening, std::int32_t date,
                                        std::int32_t minute) {
    if (judge_opening(opening, date, minute) == OpeningVerdict::open)
        return minute;
    std::optional<std::int32_t> next;
    if (is_closed_day(opening, date))
        return next;
    for (const OpenInterval &interval : opening.hours[weekday_of(date)])
        if (interval.from > minute && (!next || interval.from < *next))
            next = interval.from;
    return next;
}

} // namespace

// By 400 years of 146,097 days that begin on a March 1.
CalendarDay calendar_day(std::int32_t date) {
    constexpr std::int64_t days_of_era = 146'097;
    constexpr std::int64_t from_year_0 = 730'425; // 0000-03-01 to 2000-01-01
    const std::int64_t days = std::int64_t{date} + from_year_0;
    const std::int64_t era = divide_down(days, days_of_era);
    const std::int64_t of_era = days - era * days_of_era;
    const std::int64_t year_of_era =
        (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
    const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month = (5 * of_year + 2) / 153; // 0 is March
    CalendarDay day;
    day.day = static_cast<int>(of_year - (153 * month + 2) / 5 + 1);
    day.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
    day.year = static_cast<int>(year_of_era + era * 400 + (day.month <= 2 ? 1 : 0));
    return day;
}

std::size_t weekday_of(std::int32_t date) {
    constexpr std::int64_t week = days_of_week;
    constexpr std::int64_t saturday = 5; // 2000-01-01
    const std::int64_t days = std::int64_t{date} + saturday;
    return static_cast<std::size_t>(days - divide_down(days, week) * week);
}

std::optional<std::size_t> parse_weekday(std::string_view name) {
    const auto *found = std::find(std::begin(weekdays), std::end(weekdays), name);
    if (found == std::end(weekdays))
        return std::nullopt;
    return static_cast<std::size_t>(found - std::begin(weekdays));
}

std::optional<OpenInterval> parse_interval(std::string_view from, std::string_view until) {
    const std::optional<std::int32_t> begin = parse_minute(from);
    const std::optional<std::int32_t> end = parse_minute(until);
    if (!begin || !end || *begin == minutes_of_day)
        return std::nullopt;
    return OpenInterval{*begin, *end};
}

std::optional<ClosedDay> parse_closed_day(std::string_view text) {
    const bool has_year = text.size() == 10 && text[4] == '-';
    const std::size_t at = has_year ? 5 : 0;
    const std::optional<int> year = number_at(text, 0, has_year ? 4 : 0);
    const std::optional<int> month = number_at(text, at, 2);
    const std::optional<int> day = number_at(text, at + 3, 2);
    if (text.size() != at + 5 || text[at + 2] != '-' || !year || !month || !day)
        return std::nullopt;
    const ClosedDay closed{has_year ? year : std::nullopt, *month, *day};
    if (!exists(closed) || (has_year && *month == 2 && *day == 29 && !is_leap_year(*year)))
        return std::nullopt;
    return closed;
}

std::optional<std::string_view> idle_key(const Policies &policies) {
    if (policies.purchase_limit_per_day && !policies.purchase_limit_mg)
        return "purchase_limit_per_day";
    if (policies.sell_only_while_open && !policies.opening)
        return "sell_only_while_open";
    if (policies.deliver_only_while_open && !policies.opening)
        return "deliver_only_while_open";
    return std::nullopt;
}

std::int64_t equivalent_of(std::span<const Line> lines) {
    std::int64_t sum = 0;
    for (const Line &line : lines) {
        std::int64_t of_line = 0;
        if (__builtin_mul_overflow(line.equivalent_mg, std::int64_t{line.quantity}, &of_line))
            return std::numeric_limits<std::int64_t>::max();
        sum = add_saturated(sum, of_line);
    }
    return sum;
}

std::int64_t over_limit(std::int64_t limit_mg, std::int64_t cart_mg, std::int64_t bought_mg) {
    if (cart_mg == 0)
        return 0;
    return std::max<std::int64_t>(add_saturated(cart_mg, bought_mg) - limit_mg, 0);
}

std::int32_t age_on(const CalendarDay &today, const CalendarDay &birth) {
    const bool before_birthday =
        std::tie(today.month, today.day) < std::tie(birth.month, birth.day);
    return today.year - birth.year - (before_birthday ? 1 : 0);
}

std::string_view name_of(AgeVerdict verdict) {
    switch (verdict) {
    case AgeVerdict::of_age:
        return "of_age";
    case AgeVerdict::unknown:
        return "unknown";
    case AgeVerdict::too_young:
        return "too_young";
    case AgeVerdict::not_verified:
        return "not_verified";
    }
    return {};
}

AgeVerdict judge_age(const Policies &policies, const std::optional<Buyer> &buyer, bool age_checked,
                     std::int32_t today) {
    if (!policies.min_age && !policies.require_verified_age)
        return AgeVerdict::of_age;
    const bool is_known = buyer && buyer->date_of_birth;
    if (policies.min_age && is_known &&
        age_on(calendar_day(today), calendar_day(*buyer->date_of_birth)) < *policies.min_age)
        return AgeVerdict::too_young;
    if (age_checked)
        return AgeVerdict::of_age;
    if (!buyer || (policies.min_age && !is_known))
        return AgeVerdict::unknown;
    if (policies.require_verified_age && !buyer->age_verified)
        return AgeVerdict::not_verified;
    return AgeVerdict::of_age;
}

bool keeps_hours(const Policies &policies, DeliveryType type) {
    if (!policies.opening)
        return false;
    switch (type) {
    case DeliveryType::in_store:
        return true;
    case DeliveryType::pickup:
        return policies.sell_only_while_open;
    case DeliveryType::delivery:
        return policies.deliver_only_while_open;
    }
    return false;
}

std::string_view name_of(OpeningVerdict verdict) {
    switch (verdict) {
    case OpeningVerdict::open:
        return "open";
    case OpeningVerdict::closed_day:
        return "closed_day";
    case OpeningVerdict::outside_hours:
        return "outside_hours";
    }
    return {};
}

OpeningVerdict judge_opening(const Opening &opening, std::int32_t date, std::int32_t minute) {
    if (is_closed_day(opening, date))
        return OpeningVerdict::closed_day;
    for (const OpenInterval &interval : opening.hours[weekday_of(date)])
        if (interval.from <= minute && (minute < interval.until || goes_past_midnight(interval)))
            return OpeningVerdict::open;
    const std::int32_t yesterday = date - 1;
    for (const OpenInterval &interval : opening.hours[weekday_of(yesterday)])
        if (goes_past_midnight(interval) && minute < interval.until &&
            !is_closed_day(opening, yesterday))
            return OpeningVerdict::open;
    return OpeningVerdict::outside_hours;
}

std::optional<std::int64_t> next_opening(const Opening &opening, std::span<const ZoneSpan> spans) {
    for (const ZoneSpan &span : spans) {
        const std::int64_t offset_us = span.utc_offset_s * us_of_second;
        const std::int64_t begin_us = span.from_us + offset_us; // by the clock on the wall
        const std::int64_t end_us = span.until_us + offset_us;
        std::int64_t date = divide_down(begin_us, us_of_day);
        auto minute = static_cast<std::int32_t>((begin_us - date * us_of_day) / us_of_minute);
        for (; date * us_of_day < end_us; date++, minute = 0) {
            const std::optional<std::int32_t> next =
                next_minute(opening, static_cast<std::int32_t>(date), minute);
            if (!next)
                continue;
            const std::int64_t at_us = std::max(date * us_of_day + *next * us_of_minute, begin_us);
            if (at_us < end_us)
                return at_us - offset_us;
        }
    }
    return std::nullopt;
}

} // namespace weedgo
