// Limits on uses are conditional upserts of counter rows: whoever comes second sees what the
// first has counted.
#include "promo_use.hpp"

#include "spi.hpp"

namespace weedgo {

static_assert(Trivial<Promo> && Trivial<PromoKey>);

namespace {

constinit Statement read_statement{
    "SELECT discount_type::text, discount_value::numeric, max_discount_amount::numeric,"
    "       min_order_amount::numeric, valid_from::timestamptz, valid_until::timestamptz,"
    "       max_uses::int4, max_uses_per_customer::int4, reimbursable::bool, is_active::bool"
    "  FROM weedgo_data.promo_codes WHERE store_id = $1 AND code = $2"};

constinit Statement uses_statement{"SELECT coalesce(c.used >= coalesce(c.quota, $4), $4 <= 0),"
                                   "       coalesce(u.used >= $5, $5 <= 0)"
                                   "  FROM (VALUES (true)) AS one (row)"
                                   "  LEFT JOIN weedgo_data.promo_counters c"
                                   "    ON c.store_id = $1 AND c.code = $2 AND c.bucket = 0"
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

} // namespace

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

PromoReason count_use(const PromoKey &key, const Promo &promo) {
    const Rows counted = execute(count_statement, {Param::uuid(key.store_id), Param::text(key.code),
                                                   Param::integer(promo.max_uses)});
    if (counted.count == 0)
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
