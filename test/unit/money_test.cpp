// Reading decimals exactly, and the arithmetic of amounts.
#include "money.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>

#include "random.hpp"

namespace weedgo {

void PrintTo(Decimal status, std::ostream *out) {
    switch (status) {
    case Decimal::ok:
        *out << "ok";
        break;
    case Decimal::negative:
        *out << "negative";
        break;
    case Decimal::not_exact:
        *out << "not_exact";
        break;
    case Decimal::too_large:
        *out << "too_large";
        break;
    case Decimal::not_a_number:
        *out << "not_a_number";
        break;
    }
}

namespace {

constexpr std::int64_t untouched = -4'711;
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

struct Read {
    Decimal status = Decimal::ok;
    std::int64_t value = untouched;

    bool operator==(const Read &) const = default;
};

void PrintTo(const Read &read, std::ostream *out) {
    PrintTo(read.status, out);
    *out << " " << read.value;
}

Read read(std::string_view text, int scale, Excess excess) {
    Read result;
    result.status = parse_decimal(text, scale, excess, &result.value);
    return result;
}

Read read_exact(std::string_view text, int scale = 2) {
    return read(text, scale, Excess::is_error);
}

Read read_rounded(std::string_view text, int scale = 2) {
    return read(text, scale, Excess::round_half_up);
}

constexpr Read ok(std::int64_t value) {
    return {Decimal::ok, value};
}

// Whatever is not read leaves the value alone.
constexpr Read refused(Decimal status) {
    return {status, untouched};
}

TEST(Decimal, ReadsAnAmountAsCents) {
    EXPECT_EQ(read_exact("19.99"), ok(1'999));
    EXPECT_EQ(read_exact("0.00"), ok(0));
    EXPECT_EQ(read_exact("0.05"), ok(5));
    EXPECT_EQ(read_exact("100"), ok(10'000));
    EXPECT_EQ(read_exact("7.5"), ok(750));
    EXPECT_EQ(read_exact("9999999999.99"), ok(max_amount));
}

TEST(Decimal, ReadsAtAnyScale) {
    EXPECT_EQ(read_exact("42", 0), ok(42));
    EXPECT_EQ(read_exact("42.000", 0), ok(42));
    EXPECT_EQ(read_exact("12.5", 4), ok(125'000));
    EXPECT_EQ(read_exact("0.09975", 6), ok(99'750));
    EXPECT_EQ(read_exact("0.000001", 6), ok(1));
    EXPECT_EQ(read_exact("999.999999", 6), ok(999'999'999));
    EXPECT_EQ(read_exact("1", 6), ok(1'000'000));
}

TEST(Decimal, TakesZerosBeyondTheScaleForExact) {
    EXPECT_EQ(read_exact("19.990"), ok(1'999));
    EXPECT_EQ(read_exact("19.9900000000000000000000000000000000000000"), ok(1'999));
    EXPECT_EQ(read_rounded("19.990"), ok(1'999));
}

TEST(Decimal, NeverTakesNineteenNinetyNineFiveForTwenty) {
    EXPECT_EQ(read_exact("19.995"), refused(Decimal::not_exact));
    EXPECT_EQ(read_exact("19.99000000000000000000000000000000000001"), refused(Decimal::not_exact));
    EXPECT_EQ(read_exact("0.5", 0), refused(Decimal::not_exact));
    EXPECT_EQ(read_exact("0.12345", 4), refused(Decimal::not_exact));
    EXPECT_EQ(read_exact("0.0000001", 6), refused(Decimal::not_exact));
}

TEST(Decimal, RoundsHalfUpWhereAsked) {
    EXPECT_EQ(read_rounded("19.995"), ok(2'000));
    EXPECT_EQ(read_rounded("19.994"), ok(1'999));
    EXPECT_EQ(read_rounded("5.9970"), ok(600));
    EXPECT_EQ(read_rounded("0.005"), ok(1));
    EXPECT_EQ(read_rounded("0.5", 0), ok(1));
    EXPECT_EQ(read_rounded("0.4", 0), ok(0));
    EXPECT_EQ(read_rounded("0.12345", 4), ok(1'235));
    EXPECT_EQ(read_rounded("0.0000005", 6), ok(1));
}

TEST(Decimal, LooksOnlyAtTheFirstDroppedDigitToRound) {
    EXPECT_EQ(read_rounded("0.0049"), ok(0));
    EXPECT_EQ(read_rounded("0.00499999999999999999999999999999999999"), ok(0));
    EXPECT_EQ(read_rounded("0.0050000"), ok(1));
    EXPECT_EQ(read_rounded("0.0009"), ok(0));
}

TEST(Decimal, CarriesWhenItRounds) {
    EXPECT_EQ(read_rounded("0.995"), ok(100));
    EXPECT_EQ(read_rounded("99.995"), ok(10'000));
    EXPECT_EQ(read_rounded("9999999999.995"), ok(max_amount + 1));
    EXPECT_EQ(read_rounded("9.5", 0), ok(10));
}

TEST(Decimal, RefusesWhatIsBelowZero) {
    EXPECT_EQ(read_exact("-1"), refused(Decimal::negative));
    EXPECT_EQ(read_exact("-0.01"), refused(Decimal::negative));
    EXPECT_EQ(read_exact("-19.995"), refused(Decimal::negative));
    EXPECT_EQ(read_rounded("-0.001"), refused(Decimal::negative));
    EXPECT_EQ(read_rounded("-0.009"), refused(Decimal::negative));
    EXPECT_EQ(read_exact("-9223372036854775808"), refused(Decimal::negative));
    EXPECT_EQ(read_exact("-99999999999999999999999999999999"), refused(Decimal::negative));
}

TEST(Decimal, TakesMinusZeroForZero) {
    EXPECT_EQ(read_exact("-0"), ok(0));
    EXPECT_EQ(read_exact("-0.00"), ok(0));
    EXPECT_EQ(read_exact("-0.0000"), ok(0));
}

TEST(Decimal, NeedsDigitsOnOneSideOfThePointOnly) {
    EXPECT_EQ(read_exact(".5"), ok(50));
    EXPECT_EQ(read_exact("5."), ok(500));
    EXPECT_EQ(read_exact("."), refused(Decimal::not_a_number));
    EXPECT_EQ(read_exact("-."), refused(Decimal::not_a_number));
    EXPECT_EQ(read_exact("-"), refused(Decimal::not_a_number));
    EXPECT_EQ(read_exact(""), refused(Decimal::not_a_number));
    EXPECT_EQ(read_exact(std::string_view{}), refused(Decimal::not_a_number));
}

TEST(Decimal, RefusesWhatIsNoDecimalNumber) {
    for (const std::string_view text :
         {"NaN",  "Infinity", "-Infinity", "1e5",     "1E5", "0x10", "abc",
          "1,5",  "1.2.3",    "..5",       "--1",     "+1",  " 1",   "1 ",
          "1.0-", "1.-5",     "19.99x",    "19.995x", "1/2", "1:2",  "-NaN"}) {
        EXPECT_EQ(read_exact(text), refused(Decimal::not_a_number)) << text;
        EXPECT_EQ(read_rounded(text), refused(Decimal::not_a_number)) << text;
    }
    EXPECT_EQ(read_exact(std::string_view("1\0002", 3)), refused(Decimal::not_a_number));
    EXPECT_EQ(read_exact("\xD9\xA1"), refused(Decimal::not_a_number)); // an Arabic-Indic one
}

TEST(Decimal, ReadsUpToTheLargestIntegerAndNotBeyond) {
    EXPECT_EQ(read_exact("9223372036854775807", 0), ok(int64_max));
    EXPECT_EQ(read_exact("9223372036854775808", 0), refused(Decimal::too_large));
    EXPECT_EQ(read_exact("9223372036854775810", 0), refused(Decimal::too_large));
    EXPECT_EQ(read_exact("92233720368547758.07"), ok(int64_max));
    EXPECT_EQ(read_exact("92233720368547758.08"), refused(Decimal::too_large));
    EXPECT_EQ(read_exact("92233720368547759"), refused(Decimal::too_large));
    EXPECT_EQ(read_exact("922337203685477580.8"), refused(Decimal::too_large));
    EXPECT_EQ(read_exact("9223372036854775807"), refused(Decimal::too_large));
    EXPECT_EQ(read_exact("9223372036854.775807", 6), ok(int64_max));
    EXPECT_EQ(read_exact("9223372036854.775808", 6), refused(Decimal::too_large));
}

TEST(Decimal, DoesNotRoundBeyondTheLargestInteger) {
    EXPECT_EQ(read_rounded("92233720368547758.074"), ok(int64_max));
    EXPECT_EQ(read_rounded("92233720368547758.075"), refused(Decimal::too_large));
    EXPECT_EQ(read_rounded("9223372036854775807.5", 0), refused(Decimal::too_large));
}

TEST(Decimal, ReadsFortyDigits) {
    EXPECT_EQ(read_exact("1234567890123456789012345678901234567890"), refused(Decimal::too_large));
    EXPECT_EQ(read_exact("0000000000000000000000000000000000000019.99"), ok(1'999));
    EXPECT_EQ(read_rounded("0.1234567890123456789012345678901234567890"), ok(12));
    EXPECT_EQ(read_rounded("5.9970000000000000000000000000000000000001"), ok(600));
}

TEST(Decimal, ReadsVeryLongTexts) {
    EXPECT_EQ(read_exact(std::string(100'000, '9')), refused(Decimal::too_large));
    EXPECT_EQ(read_exact(std::string(100'000, '0')), ok(0));
    EXPECT_EQ(read_rounded("0." + std::string(100'000, '9')), ok(100));
    EXPECT_EQ(read_exact("1." + std::string(100'000, '0')), ok(100));
}

// What the text must be read as, found by moving its point and comparing digits.
Read expected(std::string whole, std::string fraction, int scale, Excess excess) {
    const auto width = static_cast<std::size_t>(scale);
    const std::string dropped = fraction.size() > width ? fraction.substr(width) : "";
    fraction.resize(width, '0');
    std::string digits = whole + fraction;
    digits.erase(0, digits.find_first_not_of('0'));
    const std::string largest = std::to_string(int64_max);
    const bool too_large =
        digits.size() > largest.size() || (digits.size() == largest.size() && digits > largest);
    if (dropped.find_first_not_of('0') != std::string::npos && excess == Excess::is_error &&
        !too_large)
        return refused(Decimal::not_exact);
    const bool up = excess == Excess::round_half_up && !dropped.empty() && dropped[0] >= '5';
    if (too_large || (up && digits == largest))
        return refused(Decimal::too_large);
    return ok((digits.empty() ? 0 : std::stoll(digits)) + up);
}

TEST(Decimal, AgreesWithMovingThePointInTheText) {
    const test::RandomCases cases(20'000);
    for (std::int64_t i = 0; i < cases.count; i++) {
        test::Random random(cases.seed(i));
        const auto digits = [&](std::int64_t count) {
            std::string text;
            while (count-- > 0)
                text += random.one_in(3) ? (random.one_in(2) ? '0' : '9')
                                         : static_cast<char>('0' + random.between(0, 9));
            return text;
        };
        const std::string whole = digits(random.between(1, random.one_in(5) ? 22 : 8));
        const std::string fraction = digits(random.between(0, random.one_in(5) ? 30 : 5));
        const std::string text = whole + (fraction.empty() ? "" : "." + fraction);
        const int scale = static_cast<int>(random.between(0, 6));
        for (const Excess excess : {Excess::is_error, Excess::round_half_up})
            ASSERT_EQ(read(text, scale, excess), expected(whole, fraction, scale, excess))
                << text << " at scale " << scale << ", " << cases.replay(cases.seed(i));
    }
}

TEST(Amount, EndsWhereNumericTwelveTwoEnds) {
    EXPECT_EQ(max_amount, 9'999'999'999'99);
}

TEST(Amount, AddsUpToTheLargestAmountAndNotBeyond) {
    EXPECT_EQ(add_amounts(0, 0), 0);
    EXPECT_EQ(add_amounts(39'98, 5'20), 45'18);
    EXPECT_EQ(add_amounts(max_amount, 0), max_amount);
    EXPECT_EQ(add_amounts(max_amount - 1, 1), max_amount);
    EXPECT_EQ(add_amounts(max_amount, 1), std::nullopt);
    EXPECT_EQ(add_amounts(1, max_amount), std::nullopt);
    EXPECT_EQ(add_amounts(max_amount, max_amount), std::nullopt);
    EXPECT_EQ(add_amounts(int64_max, 1), std::nullopt);
    EXPECT_EQ(add_amounts(int64_max, int64_max), std::nullopt);
}

TEST(Amount, MultipliesUpToTheLargestAmountAndNotBeyond) {
    EXPECT_EQ(multiply_amount(19'99, 2), 39'98);
    EXPECT_EQ(multiply_amount(0, int64_max), 0);
    EXPECT_EQ(multiply_amount(max_amount, 0), 0);
    EXPECT_EQ(multiply_amount(max_amount, 1), max_amount);
    EXPECT_EQ(multiply_amount(1, max_amount), max_amount);
    EXPECT_EQ(multiply_amount(1, max_amount + 1), std::nullopt);
    EXPECT_EQ(multiply_amount(max_amount, 2), std::nullopt);
    EXPECT_EQ(multiply_amount(max_amount, std::numeric_limits<std::int32_t>::max()), std::nullopt);
    EXPECT_EQ(multiply_amount(std::int64_t{1} << 32, std::int64_t{1} << 32), std::nullopt);
}

TEST(Amount, DividesHalfUp) {
    const auto divide = [](std::uint64_t a, std::uint64_t b) {
        return static_cast<std::uint64_t>(divide_half_up(a, b));
    };
    EXPECT_EQ(divide(0, 10), 0U);
    EXPECT_EQ(divide(4, 10), 0U);
    EXPECT_EQ(divide(5, 10), 1U);
    EXPECT_EQ(divide(14, 10), 1U);
    EXPECT_EQ(divide(15, 10), 2U);
    EXPECT_EQ(divide(25, 10), 3U); // not to even
    EXPECT_EQ(divide(1, 3), 0U);
    EXPECT_EQ(divide(2, 3), 1U);
    EXPECT_EQ(divide(7, 1), 7U);
}

TEST(Cash, RoundsEveryLastDigitToTheNearestFiveCents) {
    EXPECT_EQ(round_to_five_cents(10'00), 10'00);
    EXPECT_EQ(round_to_five_cents(10'01), 10'00);
    EXPECT_EQ(round_to_five_cents(10'02), 10'00);
    EXPECT_EQ(round_to_five_cents(10'03), 10'05);
    EXPECT_EQ(round_to_five_cents(10'04), 10'05);
    EXPECT_EQ(round_to_five_cents(10'05), 10'05);
    EXPECT_EQ(round_to_five_cents(10'06), 10'05);
    EXPECT_EQ(round_to_five_cents(10'07), 10'05);
    EXPECT_EQ(round_to_five_cents(10'08), 10'10);
    EXPECT_EQ(round_to_five_cents(10'09), 10'10);
}

TEST(Cash, IsNeverMoreThanTwoCentsOff) {
    for (Cents amount = 0; amount <= 10'00; amount++) {
        const Cents rounded = round_to_five_cents(amount);
        EXPECT_EQ(rounded % 5, 0) << amount;
        EXPECT_LE(std::abs(rounded - amount), 2) << amount;
    }
}

} // namespace
} // namespace weedgo
