// split_stock, merge_stock: into how many parts the loose units of a sku are split.
#include "contract.hpp"
#include "errors.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "result.hpp"
#include "stock_change.hpp"
#include "stock_split.hpp"

namespace weedgo {

namespace {

constexpr std::int32_t usual_parts = 16;

constinit Statement take_row_statement{
    "DELETE FROM weedgo_data.stock WHERE store_id = $1 AND sku = $2 AND bucket = 0"
    " RETURNING available::int4, reserved::int4"};

constinit Statement state_statement{
    "SELECT count(*) FILTER (WHERE bucket < 0)::int4, coalesce(sum(available), 0)::int8,"
    "       coalesce(sum(reserved), 0)::int8"
    "  FROM weedgo_data.stock WHERE store_id = $1 AND sku = $2 AND bucket <= 0"};

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

// What is in the row of bucket 0, which is gone then. Whoever waits for it finds the parts.
Units take_row(const SplitKey &key) {
    const Rows rows =
        execute(take_row_statement, {Param::uuid(key.store_id), Param::text(key.name)});
    Units units;
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        units = {row.integer(), row.integer()};
    }
    return units;
}

void write_state(const SplitKey &key, ResultRow *result) {
    const Rows rows = execute(state_statement, {Param::uuid(key.store_id), Param::text(key.name)});
    Row row(rows, 0);
    result->uuid(key.store_id).text(key.name).integer(row.integer());
    result->value(Int64GetDatum(row.bigint())).value(Int64GetDatum(row.bigint()));
    result->json(JsonWriter().begin_object().end_object());
}

// The lock of new rows comes before all rows, that of bucket 0 before the parts.
void split(const SplitKey &key, std::int32_t count, ResultRow *result) {
    check_known(key);
    check_insertable("stock");
    lock_new_rows(key.store_id, RowsLock::to_split);
    const Units row = take_row(key);
    const std::span<Part> parts = gather(stock_counter, key);
    const Units sums = sum_of(parts);
    spread_anew(stock_counter, key, make_parts(stock_counter, key, parts, count),
                {sums.left + row.left, sums.taken + row.taken});
    write_state(key, result);
}

// Not back to bucket 0, whose turn is before all parts: who did not find it then would have to wait
// for it now.
void merge(const SplitKey &key, ResultRow *result) {
    check_known(key);
    const std::span<Part> parts = gather(stock_counter, key);
    if (!parts.empty())
        spread_anew(stock_counter, key, make_parts(stock_counter, key, parts, 1), sum_of(parts));
    write_state(key, result);
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_split_stock);
PG_FUNCTION_INFO_V1(weedgo_merge_stock);
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
                        [&](OwnerScope &, ResultRow *row) { split(key, count, row); });
}

// Brings them together again, into one row.
Datum weedgo_merge_stock(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("merge_stock()");
    const SplitKey key = read_sku(fcinfo);
    check_options(argument(fcinfo, 2, "options"));
    return row_as_owner(fcinfo, key.store_id,
                        [&](OwnerScope &, ResultRow *row) { merge(key, row); });
}
