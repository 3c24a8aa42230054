// Promo codes in the database: their definition, and the counting of their uses.
#pragma once

#include "errors.hpp"
#include "pg.hpp"
#include "promo.hpp"
#include "split.hpp"

namespace weedgo {

struct PromoKey {
    pg_uuid_t store_id;
    std::string_view code;
    std::optional<pg_uuid_t> customer_id;
};

// Nothing where the store has no such code.
std::optional<Promo> read_promo(const pg_uuid_t &store_id, std::string_view code);

// Codes that are split: their uses are counted in the buckets below 0 of promo_counters, each of
// which has a share of max_uses. Bucket 0 has none then, nor any use.
extern Counter promo_counter;

// Gives all parts, which are locked, their shares of the code's limit, where so often is used.
void deal_uses(const SplitKey &key, std::span<Part> parts, std::int64_t used);

// Whether a use is left, by a plain read: what a quote can say. Only count_use makes sure.
PromoReason judge_uses(const PromoKey &key, const Promo &promo);

// Counts one use, of the code and of the customer; says which limit stands in the way. Waits for
// others that are counting the same.
PromoReason count_use(const PromoKey &key, const Promo &promo);

} // namespace weedgo
