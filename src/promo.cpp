// Promo codes: windows, minimum, spelling.
#include "promo.hpp"

namespace weedgo {

std::string_view name_of(PromoReason reason) {
    switch (reason) {
    case PromoReason::usable:
        return "usable";
    case PromoReason::unknown:
        return "unknown";
    case PromoReason::inactive:
        return "inactive";
    case PromoReason::not_started:
        return "not_started";
    case PromoReason::expired:
        return "expired";
    case PromoReason::minimum_not_met:
        return "minimum_not_met";
    case PromoReason::exhausted:
        return "exhausted";
    case PromoReason::customer_limit:
        return "customer_limit";
    }
    __builtin_unreachable();
}

PromoReason judge_promo(const Promo &promo, std::int64_t now, Cents subtotal, bool guest) {
    if (!promo.is_active)
        return PromoReason::inactive;
    if (promo.valid_from && now < *promo.valid_from)
        return PromoReason::not_started;
    if (promo.valid_until && now >= *promo.valid_until)
        return PromoReason::expired;
    if (subtotal < promo.min_order_amount)
        return PromoReason::minimum_not_met;
    if (promo.max_uses_per_customer && guest)
        return PromoReason::customer_limit;
    return PromoReason::usable;
}

std::string_view normalize_promo_code(std::string_view code, char *buffer) {
    while (!code.empty() && code.front() == ' ')
        code.remove_prefix(1);
    while (!code.empty() && code.back() == ' ')
        code.remove_suffix(1);
    char *end = buffer;
    for (const char c : code)
        *end++ = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return {buffer, static_cast<std::size_t>(end - buffer)};
}

} // namespace weedgo
