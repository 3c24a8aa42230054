// Judging by a store's policies.
#include "policy.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>

namespace weedgo {

namespace {

constexpr std::int32_t minutes_of_day = 24 * 60;

constexpr std::string_view weekdays[days_of_week] = {"mon", "tue", "wed", "thu",
                                                     "fri", "sat", "sun"};

constexpr std::int64_t add_saturated(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
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

// A year without a number may be a leap year.
bool exists(const ClosedDay &day) {
    if (day.month < 1 || day.month > 12 || (day.year && *day.year < 1))
        return false;
    return day.day >= 1 && day.day <= days_of_month(day.year, day.month);
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
    return exists(closed) ? std::optional(closed) : std::nullopt;
}

bool sort_changes(std::span<PolicyChange> changes) {
    std::sort(changes.begin(), changes.end(),
              [](const PolicyChange &a, const PolicyChange &b) { return a.from_us < b.from_us; });
    return std::adjacent_find(changes.begin(), changes.end(),
                              [](const PolicyChange &a, const PolicyChange &b) {
                                  return a.from_us == b.from_us;
                              }) == changes.end();
}

bool is_in_force(const PolicyChange &change, std::int64_t at_us) {
    return change.from_us <= at_us;
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
