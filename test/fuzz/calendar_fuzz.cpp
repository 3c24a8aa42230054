// Dates and instants: what can be read is written again as it was, and no other text can be read.
#include "calendar.hpp"
#include "fuzz.hpp"

namespace {

using namespace weedgo;

std::string written(const CalendarDay &day) {
    char text[16];
    std::snprintf(text, sizeof text, "%04d-%02d-%02d", day.year, day.month, day.day);
    return text;
}

void check_day(std::int32_t date) {
    const CalendarDay day = calendar_day(date);
    MUST_HOLD(day.month >= 1 && day.month <= 12 && day.day >= 1);
    MUST_HOLD(day.day <= days_of_month(day.year, day.month));
    MUST_HOLD(date_of(day) == date);
    MUST_HOLD(weekday_of(date) < days_of_week);
    MUST_HOLD(date == last_date || (weekday_of(date) + 1) % days_of_week == weekday_of(date + 1));
    if (day.year >= 1 && day.year <= 9999)
        MUST_HOLD(parse_date(written(day)) == date);
}

void check_text(const std::string &text) {
    if (const std::optional<std::int32_t> date = parse_date(text))
        MUST_HOLD(written(calendar_day(*date)) == text);
    const std::optional<std::int64_t> at = parse_instant(text);
    const std::optional<std::int32_t> date = parse_date(std::string_view(text).substr(0, 10));
    MUST_HOLD(!at || date);
    if (at) {
        // The offset is less than sixteen hours.
        const std::int64_t midnight = std::int64_t{*date} * us_of_day;
        MUST_HOLD(*at - midnight > -16 * 60 * us_of_minute);
        MUST_HOLD(*at - midnight < us_of_day + 16 * 60 * us_of_minute);
        MUST_HOLD(!parse_instant(text + "0") || text.size() < 30);
    }
}

// A text that is an instant, but for what the input changes of it.
void check_instant(FuzzedDataProvider *input) {
    const auto day = calendar_day(input->ConsumeIntegralInRange<std::int32_t>(-730'119, 2'921'939));
    const auto ms = input->ConsumeIntegralInRange<std::int64_t>(0, 24 * 60 * 60 * 1000 - 1);
    const auto offset = input->ConsumeIntegralInRange<int>(0, 15 * 60 + 59);
    const bool is_west = input->ConsumeBool();
    char text[64];
    std::snprintf(text, sizeof text, "%sT%02d:%02d:%02d.%03d%c%02d:%02d", written(day).c_str(),
                  static_cast<int>(ms / 3'600'000), static_cast<int>(ms / 60'000 % 60),
                  static_cast<int>(ms / 1000 % 60), static_cast<int>(ms % 1000),
                  is_west ? '-' : '+', offset / 60, offset % 60);
    const std::int64_t local_us = date_of(day) * us_of_day + ms * 1000;
    MUST_HOLD(parse_instant(text) == local_us + (is_west ? 1 : -1) * offset * us_of_minute);
    std::string changed = text;
    changed[input->ConsumeIntegralInRange<std::size_t>(0, changed.size() - 1)] =
        input->ConsumeIntegral<char>();
    check_text(changed);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    check_day(input.ConsumeIntegralInRange(first_date, last_date));
    check_instant(&input);
    check_text(input.ConsumeRemainingBytesAsString());
    return 0;
}
