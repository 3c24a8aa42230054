// Decimals, against reading them digit by digit as text.
#include "fuzz.hpp"
#include "money.hpp"

#include <algorithm>
#include <limits>

namespace {

using weedgo::Decimal;
using weedgo::Excess;

constexpr const char *digits = "0123456789";

bool is_decimal(const std::string &text) {
    const std::string number = text.substr(text.rfind('-', 0) == 0 ? 1 : 0);
    return number.find_first_of(digits) != std::string::npos &&
           number.find_first_not_of("0123456789.") == std::string::npos &&
           std::count(number.begin(), number.end(), '.') <= 1;
}

// The digits of text x 10^scale, rounded down, and those that are left over.
struct Shifted {
    std::string kept;
    std::string dropped;
};

Shifted shift(std::string number, std::size_t scale) {
    const std::size_t point = std::min(number.find('.'), number.size());
    const std::string fraction = point < number.size() ? number.substr(point + 1) : "";
    std::string kept =
        number.substr(0, point) + (fraction + std::string(scale, '0')).substr(0, scale);
    kept.erase(0, std::min(kept.find_first_not_of('0'), kept.size()));
    return {kept, fraction.size() > scale ? fraction.substr(scale) : ""};
}

void check(const std::string &text, std::size_t scale, Excess excess) {
    constexpr std::int64_t untouched = -7;
    std::int64_t value = untouched;
    const Decimal status = weedgo::parse_decimal(text, static_cast<int>(scale), excess, &value);
    MUST_HOLD((status == Decimal::ok) == (value != untouched));
    // What has too many digits is refused before its end.
    MUST_HOLD(status != Decimal::not_a_number || !is_decimal(text));
    MUST_HOLD(status != Decimal::ok || is_decimal(text));
    if (!is_decimal(text))
        return;

    const bool minus = text[0] == '-';
    const Shifted shifted = shift(text.substr(minus ? 1 : 0), scale);
    const bool has_excess = shifted.dropped.find_first_not_of('0') != std::string::npos;
    MUST_HOLD((status == Decimal::negative) == (minus && (!shifted.kept.empty() || has_excess)));
    if (status == Decimal::ok) {
        const bool round_up = !shifted.dropped.empty() && shifted.dropped[0] >= '5';
        MUST_HOLD(excess == Excess::round_half_up || !has_excess);
        MUST_HOLD(std::to_string(value - (round_up ? 1 : 0)) ==
                  (shifted.kept.empty() ? "0" : shifted.kept));
    }
    if (status == Decimal::not_exact)
        MUST_HOLD(excess == Excess::is_error && has_excess);
    if (status == Decimal::too_large)
        MUST_HOLD(shifted.kept.size() >=
                  std::to_string(std::numeric_limits<std::int64_t>::max()).size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    const auto scale = input.ConsumeIntegralInRange<std::size_t>(0, 9);
    const Excess excess = input.ConsumeBool() ? Excess::is_error : Excess::round_half_up;
    check(input.ConsumeRemainingBytesAsString(), scale, excess);
    return 0;
}
