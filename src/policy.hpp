// The rules of law that a store switches on in its policies: how much is sold to a customer, from
// what age on, and when. Pure: values in, a verdict out; the caller owns all memory.
//
// Dates are days since 2000-01-01, as PostgreSQL counts them, and times of the day minutes since
// midnight, both by the store's own clock on the wall.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "calendar.hpp"
#include "order_life.hpp"
#include "pricing.hpp"

namespace weedgo {

// From the first minute until before the last; where that is not later, until then on the next day.
struct OpenInterval {
    std::int32_t from;
    std::int32_t until;
};

struct ClosedDay {
    std::optional<std::int32_t> year; // nothing: every year
    int month;
    int day;
};

struct Opening {
    std::array<std::span<const OpenInterval>, days_of_week> hours{};
    std::span<const ClosedDay> closed_on;
};

// What a store has switched on; as it begins, nothing.
struct Policies {
    std::optional<std::int64_t> purchase_limit_mg;
    bool purchase_limit_per_day = false;
    std::optional<std::int32_t> min_age;
    bool require_verified_age = false;
    std::optional<Opening> opening;
    bool sell_only_while_open = false;    // orders that are picked up, too
    bool deliver_only_while_open = false; // and those that are delivered
};

inline constexpr std::int64_t max_purchase_limit_mg = 1'000'000'000'000;
inline constexpr std::int64_t max_min_age = 150;

// Reading what policies are written in; nothing where a text is none of it.
std::optional<std::size_t> parse_weekday(std::string_view name); // "mon" to "sun"
std::optional<OpenInterval> parse_interval(std::string_view from,
                                           std::string_view until); // "09:00", "23:00"
std::optional<ClosedDay> parse_closed_day(std::string_view text);   // "2026-12-25" or "12-25"

// A change of the policies that was entered with the instant it begins to hold at: the `number`th
// of its list.
struct PolicyChange {
    std::int64_t from_us;
    std::size_t number;
};

// Puts changes in the order in which they come; false where two come at the same instant.
bool sort_changes(std::span<PolicyChange> changes);

bool is_in_force(const PolicyChange &change, std::int64_t at_us);

// A key that is set and does nothing, for want of the one it adds to; nothing where there is none.
std::optional<std::string_view> idle_key(const Policies &policies);

// Dried cannabis equivalent of all lines, in milligrams; no more than an int64 holds.
std::int64_t equivalent_of(std::span<const Line> lines);

// By how much a cart exceeds the limit, beside what was bought that day; 0: it does not. What is
// no cannabis is never over a limit.
std::int64_t over_limit(std::int64_t limit_mg, std::int64_t cart_mg, std::int64_t bought_mg);

// In whole years. Born on February 29, one is a year older on March 1 where there is no such day.
std::int32_t age_on(const CalendarDay &today, const CalendarDay &birth);

struct Buyer {
    std::optional<std::int32_t> date_of_birth;
    bool age_verified = false;
};

enum class AgeVerdict { of_age, unknown, too_young, not_verified };

std::string_view name_of(AgeVerdict verdict);

// `buyer` is nothing for a guest. Where a cashier has checked the age, nothing need be known of it;
// but what is known counts.
AgeVerdict judge_age(const Policies &policies, const std::optional<Buyer> &buyer, bool age_checked,
                     std::int32_t today);

// Whether orders of this kind are sold in the opening hours only.
bool keeps_hours(const Policies &policies, DeliveryType type);

enum class OpeningVerdict { open, closed_day, outside_hours };

std::string_view name_of(OpeningVerdict verdict);

// A day in closed_on is closed from midnight to midnight, and its hours do not begin at all: those
// that go past midnight do not go on the next day.
OpeningVerdict judge_opening(const Opening &opening, std::int32_t date, std::int32_t minute);

// A stretch of time in which a time zone has one offset from UTC: [from, until), in microseconds
// since 2000-01-01 UTC.
struct ZoneSpan {
    std::int64_t from_us;
    std::int64_t until_us;
    std::int64_t utc_offset_s;
};

// The first instant in these spans, which follow each other, at which the store is open.
std::optional<std::int64_t> next_opening(const Opening &opening, std::span<const ZoneSpan> spans);

} // namespace weedgo
