// Stock in parts.
#include "stock_split.hpp"

namespace weedgo {

static_assert(Trivial<Released>);

#define OF_SKU "store_id = $1 AND sku = $2"

constinit Counter stock_counter{
    PartOf::stock,
    {"SELECT m.n::int4, s.bucket::int4, s.available::int4, s.reserved::int4"
     "  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS m (store_id, sku, n)"
     "  JOIN weedgo_data.stock s ON s.store_id = m.store_id AND s.sku = m.sku AND s.bucket < 0"
     " ORDER BY m.n, s.bucket DESC"},
    {"UPDATE weedgo_data.stock SET available = available + $4, reserved = reserved + $5"
     " WHERE " OF_SKU " AND bucket = $3 AND available + $4 >= 0 AND reserved + $5 >= 0"},
    {"SELECT count(*)::int4 FROM weedgo_data.stock WHERE " OF_SKU " AND bucket < 0"},
    {"SELECT bucket::int4, available::int4, reserved::int4 FROM weedgo_data.stock"
     " WHERE " OF_SKU " AND bucket < 0 ORDER BY bucket DESC FOR NO KEY UPDATE"},
    {"UPDATE weedgo_data.stock s SET available = p.available, reserved = p.reserved"
     "  FROM unnest($3::int4[], $4::int4[], $5::int4[]) AS p (bucket, available, reserved)"
     " WHERE s.store_id = $1 AND s.sku = $2 AND s.bucket = p.bucket"},
    {"INSERT INTO weedgo_data.stock (store_id, sku, bucket, available, reserved)"
     " SELECT $1, $2, -part, 0, 0 FROM generate_series($3, $4) part ORDER BY part"},
    {"DELETE FROM weedgo_data.stock WHERE " OF_SKU " AND bucket < -$3"}};

namespace {

constinit Statement take_expired_statement{
    "WITH expired AS MATERIALIZED ("
    "  SELECT h.cart_id FROM weedgo_data.holds h"
    "   WHERE h.store_id = $1 AND h.sku = $2 AND h.bucket = 0 AND h.expires_at <= $3"
    "   ORDER BY h.expires_at LIMIT $4 FOR UPDATE SKIP LOCKED),"
    " gone AS ("
    "  DELETE FROM weedgo_data.holds h USING expired e"
    "   WHERE h.store_id = $1 AND h.cart_id = e.cart_id AND h.sku = $2 AND h.bucket = 0"
    "   RETURNING h.quantity) "
    "SELECT coalesce(sum(quantity), 0)::int8, count(*) FROM gone"};

constinit Statement take_row_statement{"DELETE FROM weedgo_data.stock WHERE " OF_SKU
                                       " AND bucket = 0"
                                       " RETURNING available::int4, reserved::int4"};

constinit Statement state_statement{
    "SELECT count(*) FILTER (WHERE bucket < 0)::int4, coalesce(sum(available), 0)::int8,"
    "       coalesce(sum(reserved), 0)::int8"
    "  FROM weedgo_data.stock WHERE " OF_SKU " AND bucket <= 0"};

// The last few that were seen. Where two fall together, the later one is remembered.
struct Remembered {
    std::uint64_t key;
    std::int32_t count;
};
constinit std::array<Remembered, 64> remembered{};

static_assert(Trivial<Remembered>);

std::uint64_t remembered_as(const SplitKey &key) {
    return part_lock_key({PartOf::stock, key.store_id, key.name, 0});
}

} // namespace

void remember_parts(const SplitKey &key, std::size_t count) {
    const std::uint64_t name = remembered_as(key);
    remembered[name % remembered.size()] = {name, static_cast<std::int32_t>(count)};
}

bool change_remembered(const SplitKey &key, const Units &change) {
    const std::uint64_t name = remembered_as(key);
    const Remembered &seen = remembered[name % remembered.size()];
    return seen.key == name && change_in_free(stock_counter, key, seen.count, change);
}

Units take_row(const SplitKey &key) {
    const Rows rows =
        execute(take_row_statement, {Param::uuid(key.store_id), Param::text(key.name)});
    if (rows.count == 0)
        return {};
    Row row(rows, 0);
    return {row.integer(), row.integer()};
}

void split_over(const SplitKey &key, std::int32_t count, const Units &row,
                const std::optional<std::int32_t> &seen) {
    const std::span<Part> parts = gather(stock_counter, key);
    const auto there = static_cast<std::int32_t>(parts.size());
    if (seen && there != *seen)
        count = std::max(there, 1);
    const Units sums = sum_of(parts);
    spread_anew(stock_counter, key, make_parts(stock_counter, key, parts, count),
                {sums.left + row.left, sums.taken + row.taken});
}

void merge_parts(const SplitKey &key) {
    const std::span<Part> parts = gather(stock_counter, key);
    if (!parts.empty())
        spread_anew(stock_counter, key, make_parts(stock_counter, key, parts, 1), sum_of(parts));
}

Rows read_split_stock(const SplitKey &key) {
    return execute(state_statement, {Param::uuid(key.store_id), Param::text(key.name)});
}

Released take_expired(const SplitKey &key, TimestampTz now,
                      const std::optional<std::int32_t> &max_holds) {
    const Rows rows =
        execute(take_expired_statement, {Param::uuid(key.store_id), Param::text(key.name),
                                         Param::timestamp(now), Param::integer(max_holds)});
    Row row(rows, 0);
    return {row.bigint(), row.bigint()};
}

std::int64_t release_expired_parts(const SplitKey &key, TimestampTz now, std::int32_t max_holds) {
    const std::span<Part> parts = gather(stock_counter, key);
    if (parts.empty())
        return 0;
    const Released released = take_expired(key, now, max_holds);
    const Units sums = sum_of(parts);
    spread_anew(stock_counter, key, parts,
                {sums.left + released.units, sums.taken - released.units});
    return released.holds;
}

} // namespace weedgo
