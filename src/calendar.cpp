// The Gregorian calendar, and instants.
#include "calendar.hpp"

namespace weedgo {

namespace {

// 400 years, which begin on a March 1.
constexpr std::int64_t days_of_era = 146'097;
constexpr std::int64_t from_year_0 = 730'425; // 0000-03-01 to 2000-01-01

bool is_leap_year(std::int32_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// These take what they read off the beginning of `text`.

bool take(std::string_view *text, char c) {
    if (text->empty() || text->front() != c)
        return false;
    text->remove_prefix(1);
    return true;
}

std::optional<int> take_number(std::string_view *text, std::size_t digits, int least, int most) {
    const std::optional<int> number = number_at(*text, 0, digits);
    if (!number || *number < least || *number > most)
        return std::nullopt;
    text->remove_prefix(digits);
    return number;
}

std::optional<std::int32_t> take_date(std::string_view *text) {
    const std::optional<int> year = take_number(text, 4, 1, 9999);
    if (!year || !take(text, '-'))
        return std::nullopt;
    const std::optional<int> month = take_number(text, 2, 1, 12);
    if (!month || !take(text, '-'))
        return std::nullopt;
    const std::optional<int> day = take_number(text, 2, 1, days_of_month(*year, *month));
    if (!day)
        return std::nullopt;
    return date_of({*year, *month, *day});
}

// In microseconds, as all of the following.
std::optional<std::int64_t> take_decimals(std::string_view *text) {
    std::int64_t unit = us_of_second;
    std::int64_t fraction = 0;
    while (unit > 1) {
        const std::optional<int> digit = take_number(text, 1, 0, 9);
        if (!digit)
            break;
        unit /= 10;
        fraction += *digit * unit;
    }
    return unit < us_of_second ? std::optional(fraction) : std::nullopt;
}

std::optional<std::int64_t> take_time(std::string_view *text) {
    const std::optional<int> hour = take_number(text, 2, 0, 23);
    if (!hour || !take(text, ':'))
        return std::nullopt;
    const std::optional<int> minute = take_number(text, 2, 0, 59);
    if (!minute)
        return std::nullopt;
    const std::int64_t minutes_us = (*hour * 60 + *minute) * us_of_minute;
    if (!take(text, ':'))
        return minutes_us;
    const std::optional<int> second = take_number(text, 2, 0, 59);
    if (!second)
        return std::nullopt;
    const std::int64_t seconds_us = minutes_us + *second * us_of_second;
    if (!take(text, '.'))
        return seconds_us;
    const std::optional<std::int64_t> decimals = take_decimals(text);
    return decimals ? std::optional(seconds_us + *decimals) : std::nullopt;
}

std::optional<std::int64_t> take_offset(std::string_view *text) {
    if (take(text, 'Z'))
        return 0;
    const bool is_west = take(text, '-');
    if (!is_west && !take(text, '+'))
        return std::nullopt;
    constexpr int most_hours = 15; // as PostgreSQL has it
    const std::optional<int> hours = take_number(text, 2, 0, most_hours);
    if (!hours)
        return std::nullopt;
    const bool has_minutes = take(text, ':') || !text->empty();
    const std::optional<int> minutes = has_minutes ? take_number(text, 2, 0, 59) : 0;
    if (!minutes)
        return std::nullopt;
    const std::int64_t offset_us = (*hours * 60 + *minutes) * us_of_minute;
    return is_west ? -offset_us : offset_us;
}

} // namespace

CalendarDay calendar_day(std::int32_t date) {
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

std::int32_t date_of(const CalendarDay &day) {
    const std::int64_t year = std::int64_t{day.year} - (day.month <= 2 ? 1 : 0);
    const std::int64_t era = divide_down(year, 400);
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t month = (day.month + 9) % 12; // 0 is March
    const std::int64_t of_year = (153 * month + 2) / 5 + day.day - 1;
    const std::int64_t of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    return static_cast<std::int32_t>(era * days_of_era + of_era - from_year_0);
}

std::size_t weekday_of(std::int32_t date) {
    constexpr std::int64_t week = days_of_week;
    constexpr std::int64_t saturday = 5; // 2000-01-01
    const std::int64_t days = std::int64_t{date} + saturday;
    return static_cast<std::size_t>(days - divide_down(days, week) * week);
}

int days_of_month(const std::optional<std::int32_t> &year, int month) {
    constexpr int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && year && !is_leap_year(*year) ? 28 : lengths[month - 1];
}

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

std::optional<std::int32_t> parse_date(std::string_view text) {
    const std::optional<std::int32_t> date = take_date(&text);
    return text.empty() ? date : std::nullopt;
}

std::optional<std::int64_t> parse_instant(std::string_view text) {
    const std::optional<std::int32_t> date = take_date(&text);
    if (!date || !(take(&text, 'T') || take(&text, ' ')))
        return std::nullopt;
    const std::optional<std::int64_t> time = take_time(&text);
    if (!time)
        return std::nullopt;
    const std::optional<std::int64_t> offset = take_offset(&text);
    if (!offset || !text.empty())
        return std::nullopt;
    return *date * us_of_day + *time - *offset;
}

} // namespace weedgo
