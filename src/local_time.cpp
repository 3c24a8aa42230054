// Time zones by PostgreSQL's own database of them.
#include "local_time.hpp"

#include "datum.hpp"
#include "errors.hpp"

namespace weedgo {

namespace {

pg_tz *find_zone(std::string_view timezone) {
    return pg_tzset(pnstrdup(timezone.data(), timezone.size()));
}

} // namespace

LocalTime local_time(TimestampTz instant, std::string_view timezone) {
    pg_tz *zone = find_zone(timezone);
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

const char *text_of(const LocalTime &local) {
    const int seconds = static_cast<int>(local.ms_of_day / 1000);
    return psprintf("%04d-%02d-%02dT%02d:%02d:%02d", local.day.year, local.day.month, local.day.day,
                    seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::span<const ZoneSpan> zone_spans(TimestampTz from, TimestampTz until,
                                     std::string_view timezone) {
    constexpr std::size_t most = 16; // a clock is changed twice a year, or four times
    pg_tz *zone = find_zone(timezone);
    const std::span<ZoneSpan> spans = allocate<ZoneSpan>(most);
    std::size_t count = 0;
    while (from < until && count < most) {
        const pg_time_t at = timestamptz_to_time_t(from);
        pg_time_t change = 0;
        long offset_before = 0;
        long offset_after = 0;
        int is_summer_before = 0;
        int is_summer_after = 0;
        const bool changes = pg_next_dst_boundary(&at, &offset_before, &is_summer_before, &change,
                                                  &offset_after, &is_summer_after, zone) > 0;
        const TimestampTz end =
            changes ? std::min<TimestampTz>(time_t_to_timestamptz(change), until) : until;
        spans[count++] = {from, end, offset_before};
        from = end;
    }
    return spans.first(count);
}

} // namespace weedgo
