// Order ids and order numbers, from an instant and random bits. Pure.
#pragma once

#include <array>
#include <cstdint>

namespace weedgo {

using UuidBytes = std::array<std::uint8_t, 16>;

// UUID version 7 (RFC 9562, method 3): 48 bits of Unix milliseconds, 12 bits of the fraction of the
// millisecond, 62 random bits. What is made a microsecond later has a greater id: an index on
// them grows at its end, and they sort as they were made.
UuidBytes make_uuid7(std::uint64_t unix_us, const std::array<std::uint8_t, 8> &random);

struct CalendarDay {
    int year = 0;
    int month = 0;
    int day = 0;
};

// "ORD-20261124-" and 16 characters of Crockford's base 32: 27 bits of milliseconds since local
// midnight, then 53 random bits. Nearly sorted within a day, and cannot be enumerated.
inline constexpr std::size_t order_number_length = 29;
using OrderNumber = std::array<char, order_number_length + 1>; // with a final '\0'

OrderNumber make_order_number(const CalendarDay &day, std::uint32_t ms_of_day,
                              std::uint64_t random);

} // namespace weedgo
