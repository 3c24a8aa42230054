// Policies: reading them, opening hours, ages, limits.
#include "fuzz.hpp"
#include "policy.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace {

using namespace weedgo;

constexpr std::int32_t minutes_of_day = 24 * 60;

void check_texts(FuzzedDataProvider *input) {
    const std::string name = text_of(input, 4);
    MUST_HOLD(parse_weekday(name).value_or(0) < days_of_week);
    if (const std::optional<OpenInterval> open =
            parse_interval(text_of(input, 6), text_of(input, 6)))
        MUST_HOLD(open->from >= 0 && open->from < minutes_of_day && open->until >= 0 &&
                  open->until <= minutes_of_day);
    if (const std::optional<ClosedDay> closed = parse_closed_day(text_of(input, 11)))
        MUST_HOLD(closed->month >= 1 && closed->month <= 12 && closed->day >= 1 &&
                  closed->day <= days_of_month(closed->year, closed->month));
}

// An opening and the memory it is in.
struct Hours {
    std::array<std::vector<OpenInterval>, days_of_week> days;
    std::vector<ClosedDay> closed;
    Opening opening;
};

void fill(Hours *hours, FuzzedDataProvider *input) {
    for (std::size_t day = 0; day < days_of_week; day++) {
        const auto count = input->ConsumeIntegralInRange<std::size_t>(0, 3);
        for (std::size_t i = 0; i < count; i++)
            hours->days[day].push_back(
                {input->ConsumeIntegralInRange<std::int32_t>(0, minutes_of_day - 1),
                 input->ConsumeIntegralInRange<std::int32_t>(0, minutes_of_day)});
        hours->opening.hours[day] = hours->days[day];
    }
    const auto closed = input->ConsumeIntegralInRange<std::size_t>(0, 4);
    for (std::size_t i = 0; i < closed; i++) {
        const std::optional<std::int32_t> year = maybe<std::int32_t>(input, 2024, 2027);
        const int month = input->ConsumeIntegralInRange<int>(1, 12);
        const int day = input->ConsumeIntegralInRange<int>(1, days_of_month(year, month));
        hours->closed.push_back({year, month, day});
    }
    hours->opening.closed_on = hours->closed;
}

bool is_open_at(const Opening &opening, std::int64_t wall_us) {
    const std::int64_t date = divide_down(wall_us, us_of_day);
    return judge_opening(opening, static_cast<std::int32_t>(date),
                         static_cast<std::int32_t>((wall_us - date * us_of_day) / us_of_minute)) ==
           OpeningVerdict::open;
}

bool is_closed_on(const Hours &hours, std::int64_t date) {
    const CalendarDay day = calendar_day(static_cast<std::int32_t>(date));
    return std::any_of(hours.closed.begin(), hours.closed.end(), [&](const ClosedDay &closed) {
        return closed.year.value_or(day.year) == day.year && closed.month == day.month &&
               closed.day == day.day;
    });
}

// Whether an interval of that day or the day before has the minute in it, counted from the first
// day of all.
void check_minute(const Hours &hours, std::int32_t date, std::int32_t minute) {
    const std::int64_t at = std::int64_t{date} * minutes_of_day + minute;
    bool is_open = false;
    for (const std::int32_t day : {date - 1, date}) {
        if (is_closed_on(hours, day) || is_closed_on(hours, date))
            continue;
        for (const OpenInterval &interval : hours.days[weekday_of(day)]) {
            const std::int64_t midnight = std::int64_t{day} * minutes_of_day;
            const int length = interval.until - interval.from +
                               (interval.until > interval.from ? 0 : minutes_of_day);
            is_open = is_open ||
                      (at >= midnight + interval.from && at < midnight + interval.from + length);
        }
    }
    MUST_HOLD((judge_opening(hours.opening, date, minute) == OpeningVerdict::open) == is_open);
}

void check_minutes(FuzzedDataProvider *input) {
    Hours hours;
    fill(&hours, input);
    const auto date = input->ConsumeIntegralInRange<std::int32_t>(8'766, 10'227);
    check_minute(hours, date, input->ConsumeIntegralInRange<std::int32_t>(0, minutes_of_day - 1));
    for (const OpenInterval &interval : hours.days[weekday_of(date)])
        for (const std::int32_t minute : {interval.from, interval.until, interval.until - 1})
            if (minute >= 0 && minute < minutes_of_day)
                check_minute(hours, date, minute);
}

// The next opening is open, and the store is closed until then, minute by minute.
void check_next_opening(FuzzedDataProvider *input) {
    Hours hours;
    fill(&hours, input);
    constexpr std::int64_t in_2024 = 8'766 * us_of_day;
    constexpr std::int64_t in_2027 = 10'227 * us_of_day;
    std::vector<ZoneSpan> spans;
    std::int64_t begin = input->ConsumeIntegralInRange<std::int64_t>(in_2024, in_2027);
    for (auto left = input->ConsumeIntegralInRange<int>(1, 3); left > 0; left--) {
        const std::int64_t end =
            begin + input->ConsumeIntegralInRange<std::int64_t>(1, 4 * us_of_day);
        spans.push_back(
            {begin, end, input->ConsumeIntegralInRange<std::int64_t>(-16 * 3600, 16 * 3600)});
        begin = end;
    }
    const std::optional<std::int64_t> next = next_opening(hours.opening, spans);
    for (const ZoneSpan &span : spans) {
        const std::int64_t offset_us = span.utc_offset_s * us_of_second;
        const std::int64_t until_us = std::min(span.until_us, next.value_or(span.until_us));
        for (std::int64_t at_us = span.from_us; at_us < until_us; at_us += us_of_minute)
            MUST_HOLD(!is_open_at(hours.opening, at_us + offset_us));
        if (next && *next >= span.from_us && *next < span.until_us)
            MUST_HOLD(is_open_at(hours.opening, *next + offset_us));
    }
    MUST_HOLD(!next || (*next >= spans.front().from_us && *next < spans.back().until_us));
}

void check_age(FuzzedDataProvider *input) {
    Policies policies;
    policies.min_age = maybe<std::int32_t>(input, 1, max_min_age);
    policies.require_verified_age = input->ConsumeBool();
    std::optional<Buyer> buyer;
    if (input->ConsumeBool())
        buyer = Buyer{maybe(input, first_date, last_date), input->ConsumeBool()};
    const auto today = input->ConsumeIntegralInRange(first_date, last_date);
    const bool age_checked = input->ConsumeBool();
    const AgeVerdict verdict = judge_age(policies, buyer, age_checked, today);
    MUST_HOLD(!name_of(verdict).empty());
    if (verdict != AgeVerdict::of_age)
        return;
    if (policies.min_age && buyer && buyer->date_of_birth)
        MUST_HOLD(today - std::int64_t{*buyer->date_of_birth} >= *policies.min_age * 365);
    if (policies.require_verified_age && !age_checked)
        MUST_HOLD(buyer && buyer->age_verified);
}

void check_limit(FuzzedDataProvider *input) {
    std::vector<Line> lines(input->ConsumeIntegralInRange<std::size_t>(0, 5));
    for (Line &line : lines) {
        line.equivalent_mg = input->ConsumeIntegralInRange<std::int64_t>(
            0, std::numeric_limits<std::int64_t>::max());
        line.quantity = input->ConsumeIntegralInRange<std::int32_t>(
            1, std::numeric_limits<std::int32_t>::max());
    }
    const std::int64_t cart = equivalent_of(lines);
    MUST_HOLD(cart >= 0);
    const auto limit = input->ConsumeIntegralInRange<std::int64_t>(1, max_purchase_limit_mg);
    const auto bought =
        input->ConsumeIntegralInRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max());
    const std::int64_t over = over_limit(limit, cart, bought);
    MUST_HOLD(over >= 0 && (cart > 0 || over == 0));
    MUST_HOLD((over == 0) == (cart == 0 || (bought <= limit && cart <= limit - bought)));
}

void check_changes(FuzzedDataProvider *input) {
    std::vector<PolicyChange> changes(input->ConsumeIntegralInRange<std::size_t>(0, 8));
    for (PolicyChange &change : changes)
        change.from_us = input->PickValueInArray({0L, 1L, input->ConsumeIntegral<long>()});
    const bool differ = sort_changes(changes);
    for (std::size_t i = 1; i < changes.size(); i++) {
        MUST_HOLD(changes[i - 1].from_us <= changes[i].from_us);
        MUST_HOLD(!differ || changes[i - 1].from_us != changes[i].from_us);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    check_texts(&input);
    check_minutes(&input);
    check_next_opening(&input);
    check_age(&input);
    check_limit(&input);
    check_changes(&input);
    return 0;
}
