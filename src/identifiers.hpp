// Order ids and order numbers, from an instant and random bits. Pure.
#pragma once

#include <array>
#include <cstdint>

namespace weedgo {

using UuidBytes = std::array<std::uint8_t, 16>;

// UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits. Later orders have
// greater ids, so that an index on them grows at its end.
UuidBytes make_uuid7(std::uint64_t unix_ms, const std::array<std::uint8_t, 10> &random);

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
