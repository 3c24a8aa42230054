// Whether a promo code can be used for an order. Pure; the limits on the number of uses are
// counted in the database, when the code is used.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "pricing.hpp"

namespace weedgo {

struct Promo {
    Discount discount;
    Cents min_order_amount = 0;
    std::optional<std::int64_t> valid_from; // instants in microseconds, [from, until)
    std::optional<std::int64_t> valid_until;
    std::optional<std::int32_t> max_uses;
    std::optional<std::int32_t> max_uses_per_customer;
    bool is_active = false;
    std::int32_t parts = 0;                 // of its counter; 0: it is not split
    std::optional<std::int64_t> dealt_uses; // the limit that the parts have their shares of
};

enum class PromoReason {
    usable,
    unknown,
    inactive,
    not_started,
    expired,
    minimum_not_met,
    exhausted,
    customer_limit,
};

// The reason as it stands in an error's DETAIL.
std::string_view name_of(PromoReason reason);

// Judges everything but the counts. A guest cannot use a code that is limited per customer.
PromoReason judge_promo(const Promo &promo, std::int64_t now, Cents subtotal, bool guest);

// Promo codes are compared in capitals and without blanks around them. Writes the code as it is
// looked up to `buffer`, which must have room for all of `code`, and returns the part written.
std::string_view normalize_promo_code(std::string_view code, char *buffer);

} // namespace weedgo
