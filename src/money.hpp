// Money as integer cents, and the exact decimal text that PostgreSQL's numeric is written in.
// Pure: no PostgreSQL, no allocation, no floating point.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weedgo {

using Cents = std::int64_t;

// Products of two amounts or rates. Aligned no stricter than palloc's memory is.
typedef unsigned __int128 Wide __attribute__((aligned(8)));

// numeric(12,2), the type of every amount in SQL, ends here.
inline constexpr Cents max_amount = 999'999'999'999;

// What a decimal text turned out to be. Everything but `ok` leaves the value alone.
enum class Decimal { ok, negative, not_exact, too_large, not_a_number };

// What to do with digits beyond the asked scale: stored values must not have any,
// arguments of callers are rounded.
enum class Excess { is_error, round_half_up };

// Reads `text`, as numeric_out writes it ("19.99", "-3", "NaN", "Infinity"), as an integer
// count of 10^-scale. Zeros beyond the scale are not excess.
Decimal parse_decimal(std::string_view text, int scale, Excess excess, std::int64_t *value);

// numerator / denominator, half of the denominator rounding up.
constexpr Wide divide_half_up(Wide numerator, Wide denominator) {
    return (numerator + denominator / 2) / denominator;
}

// Sum and product of amounts that are not negative; nothing where it exceeds max_amount.
constexpr std::optional<Cents> add_amounts(Cents a, Cents b) {
    Cents sum = 0;
    if (__builtin_add_overflow(a, b, &sum) || sum > max_amount)
        return std::nullopt;
    return sum;
}

constexpr std::optional<Cents> multiply_amount(Cents amount, std::int64_t factor) {
    Cents product = 0;
    if (__builtin_mul_overflow(amount, factor, &product) || product > max_amount)
        return std::nullopt;
    return product;
}

// The total in cash: no coin is smaller than five cents.
constexpr Cents round_to_five_cents(Cents amount) {
    return (amount + 2) / 5 * 5;
}

} // namespace weedgo
