// split_stock, merge_stock, split_promo, merge_promo: into how many rows a counter is split.
#include "contract.hpp"
#include "errors.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "promo_use.hpp"
#include "result.hpp"
#include "stock_change.hpp"
#include "stock_split.hpp"

namespace weedgo {

namespace {

constexpr std::int32_t usual_parts = 16;

// Makes sure of the row of bucket 0, so that a counter that is split has one, with nothing in it.
constinit Statement make_row_statement{
    "INSERT INTO weedgo_data.promo_counters (store_id, code, bucket, used) VALUES ($1, $2, 0, 0) "
    "ON CONFLICT DO NOTHING"};

constinit Statement lock_row_statement{
    "SELECT used FROM weedgo_data.promo_counters"
    " WHERE store_id = $1 AND code = $2 AND bucket = 0 FOR NO KEY UPDATE"};

constinit Statement empty_row_statement{"UPDATE weedgo_data.promo_counters SET used = 0, quota = 0"
                                        " WHERE store_id = $1 AND code = $2 AND bucket = 0"};

// What is left as the limit is now, not as it was dealt.
constinit Statement promo_statement{
    "SELECT c.parts, CASE WHEN p.max_uses IS NOT NULL THEN greatest(p.max_uses - c.used, 0) END,"
    "       c.used"
    "  FROM (SELECT count(*) FILTER (WHERE bucket < 0)::int4 AS parts,"
    "               coalesce(sum(used), 0)::int8 AS used"
    "          FROM weedgo_data.promo_counters WHERE store_id = $1 AND code = $2) c"
    "  LEFT JOIN (SELECT max_uses::int8 FROM weedgo_data.promo_codes"
    "              WHERE store_id = $1 AND code = $2) p ON true"};

SplitKey read_sku(FunctionCallInfo fcinfo) {
    const SplitKey key{required_uuid(argument(fcinfo, 0, "store_id")),
                       required_text(argument(fcinfo, 1, "sku"), max_sku_bytes)};
    if (key.name.empty())
        raise_invalid_argument("sku", "must not be empty", "It is that of a product.");
    return key;
}

void check_known(const SplitKey &key) {
    StockChange sku{};
    sku.store_id = key.store_id;
    sku.sku = key.name;
    check_skus({&sku, 1}, Known::as_product_or_stock);
}

void write_state(const SplitKey &key, const Rows &state, ResultRow *result) {
    write_counter(key, state, empty_object(), result);
}

void write_stock(const SplitKey &key, ResultRow *result) {
    write_state(key, read_split_stock(key), result);
}

void write_promo(const SplitKey &key, ResultRow *result) {
    write_state(key, execute(promo_statement, {Param::uuid(key.store_id), Param::text(key.name)}),
                result);
}

void split_stock(const SplitKey &key, std::int32_t count, ResultRow *result) {
    check_known(key);
    check_insertable("stock");
    lock_new_rows(key.store_id, RowsLock::to_split);
    split_over(key, count, take_row(key));
    write_stock(key, result);
}

void merge_stock(const SplitKey &key, ResultRow *result) {
    check_known(key);
    merge_parts(key);
    write_stock(key, result);
}

// What is counted in the row of bucket 0, which has nothing then. It stays: whoever takes the code
// for whole finds no use left there.
std::int64_t empty_row(const SplitKey &key) {
    const std::initializer_list<Param> of_key = {Param::uuid(key.store_id), Param::text(key.name)};
    execute(make_row_statement, of_key);
    const Rows rows = execute(lock_row_statement, of_key);
    execute(empty_row_statement, of_key);
    return rows.count == 0 ? 0 : Row(rows, 0).integer();
}

SplitKey read_code(FunctionCallInfo fcinfo) {
    const pg_uuid_t store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    const Argument code = argument(fcinfo, 1, "promo_code");
    const std::string_view given = optional_promo_code(code).value_or("");
    if (given.empty())
        raise_invalid_argument(code.name, "must not be empty", "It is that of a promo code.");
    return {store_id, given};
}

void check_known_code(const SplitKey &key) {
    if (!read_promo(key.store_id, key.name))
        raise_invalid_argument("promo_code", "is unknown", "The store has no such promo code.");
}

void split_promo(const SplitKey &key, std::int32_t count, ResultRow *result) {
    check_known_code(key);
    const std::int64_t in_row = empty_row(key);
    const std::span<Part> parts = gather(promo_counter, key);
    deal_uses(key, make_parts(promo_counter, key, parts, count), sum_of(parts).taken + in_row);
    write_promo(key, result);
}

void merge_promo(const SplitKey &key, ResultRow *result) {
    check_known_code(key);
    const std::span<Part> parts = gather(promo_counter, key);
    if (!parts.empty())
        deal_uses(key, make_parts(promo_counter, key, parts, 1), sum_of(parts).taken);
    write_promo(key, result);
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_split_stock);
PG_FUNCTION_INFO_V1(weedgo_merge_stock);
PG_FUNCTION_INFO_V1(weedgo_split_promo);
PG_FUNCTION_INFO_V1(weedgo_merge_promo);
}

// Keeps the loose units of a sku in so many rows, so that as many checkouts can take of them at
// once.
Datum weedgo_split_stock(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("split_stock()");
    const SplitKey key = read_sku(fcinfo);
    const std::int32_t count =
        bounded_integer(argument(fcinfo, 2, "buckets"), 1, most_parts, usual_parts);
    check_options(argument(fcinfo, 3, "options"));
    return row_as_owner(fcinfo, key.store_id,
                        [&](OwnerScope &, ResultRow *row) { split_stock(key, count, row); });
}

// Brings them together again, into one row.
Datum weedgo_merge_stock(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("merge_stock()");
    const SplitKey key = read_sku(fcinfo);
    check_options(argument(fcinfo, 2, "options"));
    return row_as_owner(fcinfo, key.store_id,
                        [&](OwnerScope &, ResultRow *row) { merge_stock(key, row); });
}

// The same for the uses of a promo code.
Datum weedgo_split_promo(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("split_promo()");
    const SplitKey key = read_code(fcinfo);
    const std::int32_t count =
        bounded_integer(argument(fcinfo, 2, "buckets"), 1, most_parts, usual_parts);
    check_options(argument(fcinfo, 3, "options"));
    return row_as_owner(fcinfo, key.store_id,
                        [&](OwnerScope &, ResultRow *row) { split_promo(key, count, row); });
}

Datum weedgo_merge_promo(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("merge_promo()");
    const SplitKey key = read_code(fcinfo);
    check_options(argument(fcinfo, 2, "options"));
    return row_as_owner(fcinfo, key.store_id,
                        [&](OwnerScope &, ResultRow *row) { merge_promo(key, row); });
}
