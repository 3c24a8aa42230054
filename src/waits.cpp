// Counting who waits, by looking again and again.
//
// Who waits for a row shows a lock of its tuple: the first in the queue has it and waits for the
// transaction that changes the row, all others wait for it. Who is in the queue for a row, or waits
// for a part of a sku that is split, waits for a lock of ours.
#include "waits.hpp"

#include "errors.hpp"
#include "locks.hpp"
#include "spi.hpp"

namespace weedgo {

static_assert(Trivial<Looking> && Trivial<WaitedFor>);

namespace {

constinit Statement is_table_statement{
    "SELECT FROM pg_class c"
    " WHERE c.oid = to_regclass('weedgo_data.stock') AND c.relkind IN ('r', 'p')"};

constinit Statement rows_statement{
    "SELECT s.sku::text, s.bucket::int4 FROM weedgo_data.stock s"
    " WHERE s.store_id = $1 AND s.bucket <= 0 ORDER BY s.sku, s.bucket DESC",
    Access::whole_tables};

// A lock of ours is known by its key, a row of stock by where it is. A row that has gone
// meanwhile is not found: that look missed it.
constinit Statement look_statement{
    "WITH lock AS MATERIALIZED ("
    "  SELECT l.* FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
    "   WHERE d.datname = current_database()"
    "     AND (l.locktype = 'tuple' OR l.locktype = 'advisory' AND l.objsubid = $2 "
    "                                  AND NOT l.granted)) "
    "SELECT s.sku::text, NULL::int8, count(*)"
    "  FROM lock l JOIN weedgo_data.stock s"
    "    ON s.ctid = format('(%s,%s)', l.page, l.tuple)::tid AND s.tableoid = l.relation"
    " WHERE l.locktype = 'tuple' AND s.store_id = $1 AND s.bucket = 0 GROUP BY 1"
    " UNION ALL "
    "SELECT NULL, l.classid::int8 << 32 | l.objid::int8, count(*)"
    "  FROM lock l WHERE l.locktype = 'advisory' GROUP BY 2"};

struct RowKey {
    std::uint64_t key;
    std::size_t sku; // its place in the list
};

bool comes_before(const RowKey &a, const RowKey &b) {
    return a.key < b.key;
}

// The skus so far, `count` of them, and the keys of their rows in order.
struct Found {
    std::span<WaitedFor> skus;
    std::size_t count;
    std::span<RowKey> keys;
};

static_assert(Trivial<RowKey> && Trivial<Found>);

constexpr std::size_t most_new = 1000; // that come while we look

Found find_skus(const pg_uuid_t &store_id) {
    const Rows rows = execute(rows_statement, {Param::uuid(store_id)});
    Found found{allocate<WaitedFor>(rows.count + most_new), 0, allocate<RowKey>(rows.count)};
    for (std::size_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        const std::string_view sku = row.text();
        if (found.count == 0 || found.skus[found.count - 1].sku != sku)
            found.skus[found.count++].sku = sku;
        const std::int32_t bucket = row.integer();
        found.skus[found.count - 1].parts += bucket < 0 ? 1 : 0;
        found.keys[i] = {part_lock_key({PartOf::stock, store_id, sku, bucket}), found.count - 1};
    }
    std::sort(found.keys.begin(), found.keys.end(), comes_before);
    return found;
}

WaitedFor *sku_of_key(const Found &found, std::uint64_t key) {
    const auto row =
        std::lower_bound(found.keys.begin(), found.keys.end(), RowKey{key, 0}, comes_before);
    return row != found.keys.end() && row->key == key ? &found.skus[row->sku] : nullptr;
}

WaitedFor *sku_of_name(Found *found, std::string_view sku) {
    for (WaitedFor &known : found->skus.first(found->count))
        if (known.sku == sku)
            return &known;
    if (found->count == found->skus.size())
        return nullptr;
    WaitedFor &added = found->skus[found->count++];
    added.sku = sku;
    return &added;
}

void look(const pg_uuid_t &store_id, Found *found) {
    const Rows rows = execute(look_statement, {Param::uuid(store_id), Param::integer(lock_class)});
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        const std::optional<std::string_view> sku = row.optional_text();
        const auto key = static_cast<std::uint64_t>(row.optional_bigint().value_or(0));
        WaitedFor *waited_for = sku ? sku_of_name(found, *sku) : sku_of_key(*found, key);
        if (waited_for != nullptr)
            waited_for->waits += row.bigint();
    }
}

} // namespace

Looking read_looking(const Argument &options) {
    const std::int32_t most_ms = 60'000; // of one call
    Looking looking{};
    looking.looks = integer_option(options, "samples", 1, 1000, 20);
    looking.every_ms = integer_option(options, "interval_ms", 0, most_ms, 50);
    if (std::int64_t{looking.looks} * looking.every_ms > most_ms)
        raise_invalid_argument(options.name, "asks for more than a minute",
                               "It is samples times interval_ms.");
    return looking;
}

std::span<WaitedFor> look_for_waits(const pg_uuid_t &store_id, const Looking &looking) {
    if (execute(is_table_statement, std::span<const Param>()).count == 0)
        raise(not_writable("stock"));
    Found found = find_skus(store_id);
    for (std::int32_t i = 0; i < looking.looks; i++) {
        if (i > 0)
            DirectFunctionCall1(pg_sleep, Float8GetDatum(looking.every_ms / 1000.0));
        look(store_id, &found);
    }
    const auto first = found.skus.begin();
    const auto end =
        std::partition(first, first + static_cast<std::ptrdiff_t>(found.count),
                       [](const WaitedFor &sku) { return sku.waits > 0 || sku.parts > 0; });
    const std::span<WaitedFor> skus(first, end);
    std::sort(skus.begin(), skus.end(), [](const WaitedFor &a, const WaitedFor &b) {
        return a.waits != b.waits ? a.waits > b.waits : a.sku < b.sku;
    });
    return skus;
}

} // namespace weedgo
