// Reading decimals exactly.
#include "money.hpp"

namespace weedgo {

namespace {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool append_digit(std::int64_t *value, int digit) {
    return !__builtin_mul_overflow(*value, std::int64_t{10}, value) &&
           !__builtin_add_overflow(*value, std::int64_t{digit}, value);
}

} // namespace

Decimal parse_decimal(std::string_view text, int scale, Excess excess, std::int64_t *value) {
    const bool minus = !text.empty() && text.front() == '-';
    if (minus)
        text.remove_prefix(1);

    std::int64_t parsed = 0;
    int kept = 0;            // digits kept behind the point
    int behind_point = -1;   // digits seen behind the point; -1 before the point
    bool digits = false;     // any digit at all
    bool nonzero = false;    // any digit but 0
    bool excess_any = false; // a digit but 0 beyond the scale
    bool round_up = false;
    for (const char c : text) {
        if (c == '.' && behind_point < 0) {
            behind_point = 0;
            continue;
        }
        if (!is_digit(c))
            return Decimal::not_a_number;
        const int digit = c - '0';
        digits = true;
        nonzero = nonzero || digit != 0;
        if (behind_point >= 0)
            behind_point++;
        if (behind_point <= scale) {
            if (!append_digit(&parsed, digit))
                return minus ? Decimal::negative : Decimal::too_large;
            kept += behind_point > 0;
        } else {
            excess_any = excess_any || digit != 0;
            round_up = round_up || (behind_point == scale + 1 && digit >= 5);
        }
    }
    if (!digits)
        return Decimal::not_a_number;
    if (minus && nonzero)
        return Decimal::negative;
    if (excess_any && excess == Excess::is_error)
        return Decimal::not_exact;

    for (; kept < scale; kept++)
        if (!append_digit(&parsed, 0))
            return Decimal::too_large;
    if (round_up && __builtin_add_overflow(parsed, std::int64_t{1}, &parsed))
        return Decimal::too_large;
    *value = parsed;
    return Decimal::ok;
}

} // namespace weedgo
