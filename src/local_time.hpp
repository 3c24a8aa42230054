// An instant by a store's calendar and clock.
#pragma once

#include "identifiers.hpp"
#include "pg.hpp"
#include "policy.hpp"

namespace weedgo {

struct LocalTime {
    CalendarDay day;
    DateADT date;
    std::uint32_t ms_of_day;
};

// Raises 55000 for a time zone that PostgreSQL does not know.
LocalTime local_time(TimestampTz instant, std::string_view timezone);

// "2026-12-25T01:30:00"
const char *text_of(const LocalTime &local);

// The offsets of a time zone that is known, from one instant to another.
std::span<const ZoneSpan> zone_spans(TimestampTz from, TimestampTz until,
                                     std::string_view timezone);

} // namespace weedgo
