// Bits into identifiers.
#include "identifiers.hpp"

#include <algorithm>
#include <string_view>

namespace weedgo {

namespace {

constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr int random_bits = 53;

char *put_decimal(char *end, int value, int digits) {
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        end[i] = static_cast<char>('0' + value % 10);
    return end + digits;
}

} // namespace

UuidBytes make_uuid7(std::uint64_t unix_us, const std::array<std::uint8_t, 8> &random) {
    const std::uint64_t unix_ms = unix_us / 1000;
    const std::uint64_t fraction = unix_us % 1000 * 4096 / 1000;
    UuidBytes uuid{};
    for (int i = 0; i < 6; i++)
        uuid[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(unix_ms >> (40 - 8 * i));
    uuid[6] = static_cast<std::uint8_t>(0x70 | fraction >> 8); // version 7
    uuid[7] = static_cast<std::uint8_t>(fraction);
    std::copy(random.begin(), random.end(), uuid.begin() + 8);
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80); // RFC variant
    return uuid;
}

OrderNumber make_order_number(const CalendarDay &day, std::uint32_t ms_of_day,
                              std::uint64_t random) {
    OrderNumber number{};
    char *end = std::copy_n("ORD-", 4, number.data());
    end = put_decimal(end, day.year, 4);
    end = put_decimal(end, day.month, 2);
    end = put_decimal(end, day.day, 2);
    *end++ = '-';

    const std::uint64_t mask = (std::uint64_t{1} << random_bits) - 1;
    const unsigned __int128 bits =
        (static_cast<unsigned __int128>(ms_of_day) << random_bits) | (random & mask);
    for (int shift = 75; shift >= 0; shift -= 5)
        *end++ = crockford[static_cast<std::size_t>((bits >> shift) & 31)];
    return number;
}

} // namespace weedgo
