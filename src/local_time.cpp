// Time zones by PostgreSQL's own database of them.
#include "local_time.hpp"

#include "datum.hpp"
#include "errors.hpp"

namespace weedgo {

LocalTime local_time(TimestampTz instant, std::string_view timezone) {
    pg_tz *zone = pg_tzset(pnstrdup(timezone.data(), timezone.size()));
    struct pg_tm broken_down;
    fsec_t microseconds = 0;
    int offset = 0;
    if (zone == nullptr ||
        timestamp2tm(instant, &offset, &broken_down, &microseconds, nullptr, zone) != 0)
        raise_setup(psprintf("time zone \"%.*s\" of a store is unknown",
                             static_cast<int>(timezone.size()), timezone.data()));

    LocalTime local;
    local.day = {broken_down.tm_year, broken_down.tm_mon, broken_down.tm_mday};
    local.date = date2j(local.day.year, local.day.month, local.day.day) - POSTGRES_EPOCH_JDATE;
    local.ms_of_day = static_cast<std::uint32_t>(
        ((broken_down.tm_hour * 60 + broken_down.tm_min) * 60 + broken_down.tm_sec) * 1000 +
        microseconds / 1000);
    return local;
}

} // namespace weedgo
