// Dates, and instants as they are written in JSON. Pure.
//
// Dates are days since 2000-01-01, instants microseconds since its midnight in UTC, as PostgreSQL
// counts them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "identifiers.hpp"

namespace weedgo {

inline constexpr std::int64_t us_of_second = 1'000'000;
inline constexpr std::int64_t us_of_minute = 60 * us_of_second;
inline constexpr std::int64_t us_of_day = 24 * 60 * us_of_minute;

constexpr std::int64_t divide_down(std::int64_t a, std::int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

CalendarDay calendar_day(std::int32_t date);
std::int32_t date_of(const CalendarDay &day);

inline constexpr std::size_t days_of_week = 7;
std::size_t weekday_of(std::int32_t date); // 0 is Monday

// In a leap year where no year is known.
int days_of_month(const std::optional<std::int32_t> &year, int month);

// The number in `text` at `at`, which must have exactly `digits` digits there.
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits);

// "2026-12-24": from year 1 to 9999. Nothing where a text is none of it, as for an instant.
std::optional<std::int32_t> parse_date(std::string_view text);

// "2026-12-24T20:00:00-05:00": from year 1 to 9999, with the offset from UTC, without which it
// would be another instant in each session. A blank may stand for the T; Z is UTC; seconds, their
// up to six decimals, and the minutes of the offset may be left out.
std::optional<std::int64_t> parse_instant(std::string_view text);

} // namespace weedgo
