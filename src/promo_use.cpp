// Limits on uses are conditional upserts of counter rows: whoever comes second sees what the
// first has counted. A code that is split has several.
#include "promo_use.hpp"

#include "spi.hpp"

namespace weedgo {

static_assert(Trivial<Promo> && Trivial<PromoKey>);

namespace {

constinit Statement read_statement{
    "SELECT discount_type::text, discount_value::numeric, max_discount_amount::numeric,"
    "       min_order_amount::numeric, valid_from::timestamptz, valid_until::timestamptz,"
    "       max_uses::int4, max_uses_per_customer::int4, reimbursable::bool, is_active::bool,"
    "       parts.count, parts.dealt"
    "  FROM weedgo_data.promo_codes"
    " CROSS JOIN LATERAL (SELECT count(*)::int4 AS count, sum(quota)::int8 AS dealt"
    "                       FROM weedgo_data.promo_counters"
    "                      WHERE store_id = $1 AND code = $2 AND bucket < 0) parts"
    " WHERE store_id = $1 AND code = $2"};

constinit Statement limit_statement{
    "SELECT max_uses::int4 FROM weedgo_data.promo_codes WHERE store_id = $1 AND code = $2"};

constinit Statement uses_statement{
    "SELECT coalesce(c.used >= coalesce(c.quota, $4), $4 <= 0), coalesce(u.used >= $5, $5 <= 0)"
    "  FROM (SELECT sum(used) AS used, CASE WHEN count(*) = 1 THEN min(quota) END AS quota"
    "          FROM weedgo_data.promo_counters WHERE store_id = $1 AND code = $2) c"
    "  LEFT JOIN weedgo_data.promo_customers u"
    "    ON u.store_id = $1 AND u.code = $2 AND u.customer_id = $3"};

constinit Statement count_statement{
    "INSERT INTO weedgo_data.promo_counters AS c (store_id, code, bucket, used) "
    "SELECT $1, $2, 0, 1 WHERE $3 IS NULL OR $3 > 0 "
    "ON CONFLICT (store_id, code, bucket) DO UPDATE SET used = c.used + 1"
    " WHERE coalesce(c.quota, $3) IS NULL OR c.used < coalesce(c.quota, $3)"};

constinit Statement count_customer_statement{
    "INSERT INTO weedgo_data.promo_customers AS c (store_id, code, customer_id, used) "
    "SELECT $1, $2, $3, 1 WHERE $4 IS NULL OR $4 > 0 "
    "ON CONFLICT (store_id, code, customer_id) DO UPDATE SET used = c.used + 1"
    " WHERE $4 IS NULL OR c.used < $4"};

Discount read_discount(Row &row) {
    const std::string_view type = row.text();
    Discount discount;
    discount.value = row.exact(2, "discount_value");
    discount.max_amount = row.optional_money("max_discount_amount");
    // As the contract has it; the original system takes anything else for a fixed amount too.
    discount.type = type == "percentage" ? Discount::Type::percentage : Discount::Type::fixed;
    if (discount.type == Discount::Type::percentage && discount.value > percent_scale)
        raise_setup("a percentage in weedgo_data.promo_codes exceeds 100");
    return discount;
}

constexpr std::int32_t unlimited = PG_INT32_MAX; // left in each part of a code without a limit

// Whether the parts have their shares of this limit, and not of one that it was before.
bool are_dealt_from(std::span<const Part> parts, const std::optional<std::int32_t> &max_uses) {
    const bool has_limit = std::none_of(parts.begin(), parts.end(),
                                        [](const Part &part) { return part.left == unlimited; });
    const Units sums = sum_of(parts);
    return has_limit ? max_uses == sums.left + sums.taken : !max_uses;
}

// Where the parts have their shares of the limit as it is, one of them will do.
bool count_in_free_part(const PromoKey &key, const Promo &promo) {
    return promo.dealt_uses == promo.max_uses &&
           change_in_free(promo_counter, {key.store_id, key.code}, promo.parts, {-1, 1});
}

// False: none is left. Or the code is not split.
bool count_in_parts(const PromoKey &promo_key, const std::optional<std::int32_t> &max_uses) {
    const SplitKey key{promo_key.store_id, promo_key.code};
    std::span<const Part> parts = read_parts(promo_counter, key);
    if (parts.empty())
        return false;
    if (!are_dealt_from(parts, max_uses)) {
        const std::span<Part> locked = gather(promo_counter, key);
        deal_uses(key, locked, sum_of(locked).taken);
        parts = locked;
    }
    return change_in_parts(promo_counter, key, parts, {-1, 1});
}

// Nothing is left of a code that has been deleted.
std::optional<std::int32_t> read_limit(const SplitKey &key) {
    const Rows rows = execute(limit_statement, {Param::uuid(key.store_id), Param::text(key.name)});
    return rows.count == 0 ? 0 : Row(rows, 0).optional_integer();
}

bool count_in_row(const PromoKey &key, const std::optional<std::int32_t> &max_uses) {
    return change_in_turn({PartOf::promo, key.store_id, key.code, 0}, [&] {
        return execute(count_statement,
                       {Param::uuid(key.store_id), Param::text(key.code), Param::integer(max_uses)})
                   .count > 0;
    });
}

} // namespace

#define OF_CODE "store_id = $1 AND code = $2"

// Without a limit the quota is NULL.
constinit Counter promo_counter{
    PartOf::promo,
    {"SELECT m.n::int4, c.bucket, coalesce(c.quota - c.used, 2147483647), c.used"
     "  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS m (store_id, code, n)"
     "  JOIN weedgo_data.promo_counters c"
     "    ON c.store_id = m.store_id AND c.code = m.code AND c.bucket < 0"
     " ORDER BY m.n, c.bucket DESC"},
    {"UPDATE weedgo_data.promo_counters SET used = used + $5"
     " WHERE " OF_CODE " AND bucket = $3 AND used + $5 >= 0"
     "   AND ($4 >= 0 OR quota IS NULL OR quota - used + $4 >= 0)"},
    {"SELECT count(*)::int4 FROM weedgo_data.promo_counters WHERE " OF_CODE " AND bucket < 0"},
    {"SELECT bucket, coalesce(quota - used, 2147483647), used FROM weedgo_data.promo_counters"
     " WHERE " OF_CODE " AND bucket < 0 ORDER BY bucket DESC FOR NO KEY UPDATE"},
    {"UPDATE weedgo_data.promo_counters c"
     "   SET used = p.used, quota = CASE WHEN p.uses_left < 2147483647 THEN p.uses_left + p.used "
     "END"
     "  FROM unnest($3::int4[], $4::int4[], $5::int4[]) AS p (bucket, uses_left, used)"
     " WHERE c.store_id = $1 AND c.code = $2 AND c.bucket = p.bucket"},
    {"INSERT INTO weedgo_data.promo_counters (store_id, code, bucket, used, quota)"
     " SELECT $1, $2, -part, 0, 0 FROM generate_series($3, $4) part ORDER BY part"},
    {"DELETE FROM weedgo_data.promo_counters WHERE " OF_CODE " AND bucket < -$3"},
    unlimited};

// The limit is read under the locks of all parts: one that was read before may have been changed
// since, and others have counted by the new one.
void deal_uses(const SplitKey &key, std::span<Part> parts, std::int64_t used) {
    const std::optional<std::int32_t> max_uses = read_limit(key);
    const auto count = static_cast<std::int64_t>(parts.size());
    const std::int64_t left =
        max_uses ? std::max<std::int64_t>(*max_uses - used, 0) : unlimited * count;
    spread_anew(promo_counter, key, parts, {left, used});
}

std::optional<Promo> read_promo(const pg_uuid_t &store_id, std::string_view code) {
    const Rows rows = execute(read_statement, {Param::uuid(store_id), Param::text(code)});
    if (rows.count == 0)
        return std::nullopt;
    Row row(rows, 0);
    Promo promo;
    promo.discount = read_discount(row);
    promo.min_order_amount = row.optional_money("min_order_amount").value_or(0);
    promo.valid_from = row.optional_timestamp();
    promo.valid_until = row.optional_timestamp();
    promo.max_uses = row.optional_integer();
    promo.max_uses_per_customer = row.optional_integer();
    promo.discount.reimbursable = row.optional_boolean().value_or(false);
    promo.is_active = row.optional_boolean().value_or(false);
    promo.parts = row.integer();
    promo.dealt_uses = row.optional_bigint();
    return promo;
}

PromoReason judge_uses(const PromoKey &key, const Promo &promo) {
    const Rows rows =
        execute(uses_statement,
                {Param::uuid(key.store_id), Param::text(key.code), Param::uuid(key.customer_id),
                 Param::integer(promo.max_uses), Param::integer(promo.max_uses_per_customer)});
    Row row(rows, 0);
    const bool exhausted = row.optional_boolean().value_or(false);
    const bool customer_limit = row.optional_boolean().value_or(false);
    if (exhausted)
        return PromoReason::exhausted;
    return customer_limit ? PromoReason::customer_limit : PromoReason::usable;
}

// A code that has been split since it was read has nothing in its row; it is never made whole
// again.
PromoReason count_use(const PromoKey &key, const Promo &promo) {
    const bool is_split = promo.parts > 0;
    const bool is_counted =
        (is_split ? count_in_free_part(key, promo) : count_in_row(key, promo.max_uses)) ||
        count_in_parts(key, promo.max_uses);
    if (!is_counted)
        return PromoReason::exhausted;
    if (!key.customer_id)
        return PromoReason::usable;
    const Rows counted_for_customer =
        execute(count_customer_statement,
                {Param::uuid(key.store_id), Param::text(key.code), Param::uuid(*key.customer_id),
                 Param::integer(promo.max_uses_per_customer)});
    return counted_for_customer.count == 0 ? PromoReason::customer_limit : PromoReason::usable;
}

} // namespace weedgo
