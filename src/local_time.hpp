// An instant by a store's calendar and clock.
#pragma once

#include "identifiers.hpp"
#include "pg.hpp"

namespace weedgo {

struct LocalTime {
    CalendarDay day;
    DateADT date;
    std::uint32_t ms_of_day;
};

// Raises 55000 for a time zone that PostgreSQL does not know.
LocalTime local_time(TimestampTz instant, std::string_view timezone);

} // namespace weedgo
