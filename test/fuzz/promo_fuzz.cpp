// Promo codes: as they are written, and whether they can be used.
#include "fuzz.hpp"
#include "promo.hpp"

#include <limits>
#include <vector>

namespace {

using namespace weedgo;

void check_code(const std::string &code) {
    // Exactly as long as the code: the sanitizer sees a step beyond.
    std::vector<char> buffer(code.size());
    const std::string normal(normalize_promo_code(code, buffer.data()));
    MUST_HOLD(normal.empty() || (normal.front() != ' ' && normal.back() != ' '));
    MUST_HOLD(normal.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos);
    MUST_HOLD(normal.size() <= code.size());
    std::vector<char> again(normal.size());
    MUST_HOLD(normalize_promo_code(normal, again.data()) == normal);
    std::vector<char> padded(code.size() + 2);
    MUST_HOLD(normalize_promo_code(' ' + code + ' ', padded.data()) == normal);
}

void check_promo(FuzzedDataProvider *input) {
    constexpr auto first = std::numeric_limits<std::int64_t>::min();
    constexpr auto last = std::numeric_limits<std::int64_t>::max();
    Promo promo;
    promo.min_order_amount = input->ConsumeIntegralInRange<Cents>(0, max_amount);
    promo.valid_from = maybe(input, first, last);
    promo.valid_until = maybe(input, first, last);
    promo.max_uses_per_customer = maybe<std::int32_t>(input, 0, 1000);
    promo.is_active = input->ConsumeBool();
    promo.discount.type = input->ConsumeBool() ? Discount::Type::fixed : Discount::Type::percentage;
    promo.discount.value = input->ConsumeIntegralInRange<Cents>(0, max_amount);
    promo.discount.max_amount = maybe<Cents>(input, 0, max_amount);

    const auto now = input->ConsumeIntegral<std::int64_t>();
    const auto subtotal = input->ConsumeIntegralInRange<Cents>(0, max_amount);
    const bool is_guest = input->ConsumeBool();
    const PromoReason reason = judge_promo(promo, now, subtotal, is_guest);
    MUST_HOLD(!name_of(reason).empty() || reason == PromoReason::usable);
    if (reason == PromoReason::usable) {
        MUST_HOLD(promo.is_active && subtotal >= promo.min_order_amount);
        MUST_HOLD(now >= promo.valid_from.value_or(first));
        MUST_HOLD(!promo.valid_until || now < *promo.valid_until);
        MUST_HOLD(!is_guest || !promo.max_uses_per_customer);
    }
    const Cents off = discount_amount(promo.discount, subtotal);
    MUST_HOLD(off >= 0 && off <= subtotal && off <= promo.discount.max_amount.value_or(subtotal));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    check_promo(&input);
    check_code(input.ConsumeRemainingBytesAsString());
    return 0;
}
