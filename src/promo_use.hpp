// Promo codes in the database: their definition, and the counting of their uses.
#pragma once

#include "errors.hpp"
#include "pg.hpp"
#include "promo.hpp"

namespace weedgo {

struct PromoKey {
    pg_uuid_t store_id;
    std::string_view code;
    std::optional<pg_uuid_t> customer_id;
};

// Nothing where the store has no such code.
std::optional<Promo> read_promo(const pg_uuid_t &store_id, std::string_view code);

// Whether a use is left, by a plain read: what a quote can say. Only count_use makes sure.
PromoReason judge_uses(const PromoKey &key, const Promo &promo);

// Counts one use, of the code and of the customer; says which limit stands in the way. Waits for
// others that are counting the same.
PromoReason count_use(const PromoKey &key, const Promo &promo);

} // namespace weedgo
