// The order of locks: new rows of stock are made before rows of stock are locked, both by store and
// sku. Nobody else sees a new row, so only who makes the same one waits for it, and has no row of
// stock locked then: no circle can close.
#include "stock_change.hpp"

#include "contract.hpp"
#include "errors.hpp"
#include "identifiers.hpp"

namespace weedgo {

static_assert(Trivial<StockChange> && Trivial<LedgerNote>);

namespace {

constinit Statement find_statement{
    "SELECT m.n::int4, p.sku IS NOT NULL, s.sku IS NOT NULL"
    "  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS m (store_id, sku, n)"
    "  LEFT JOIN weedgo_data.products p ON p.store_id = m.store_id AND p.sku = m.sku"
    "  LEFT JOIN weedgo_data.stock s"
    "    ON s.store_id = m.store_id AND s.sku = m.sku AND s.bucket = 0"};

// Somebody else may be making the same row: this waits for them, and then it is there.
constinit Statement insert_rows_statement{
    "INSERT INTO weedgo_data.stock (store_id, sku, bucket, available, reserved) "
    "SELECT m.store_id, m.sku, 0, 0, 0 FROM unnest($1::uuid[], $2::text[]) AS m (store_id, sku)"
    " ORDER BY m.store_id, m.sku COLLATE \"C\" "
    "ON CONFLICT DO NOTHING"};

// Condition and new values come from the locked rows, as in stock.cpp. What is reserved must be
// able to become available again, so both together have to fit the column.
constinit Statement change_statement{
    "WITH locked AS MATERIALIZED ("
    "  SELECT m.n, m.change, s.store_id, s.sku, s.available::int8 AS available,"
    "         s.reserved::int8 AS reserved"
    "    FROM unnest($1::uuid[], $2::text[], $3::int4[])"
    "         WITH ORDINALITY AS m (store_id, sku, change, n)"
    "    JOIN weedgo_data.stock s"
    "      ON s.store_id = m.store_id AND s.sku = m.sku AND s.bucket = 0"
    "   ORDER BY s.store_id, s.sku COLLATE \"C\", s.bucket FOR NO KEY UPDATE OF s) "
    "UPDATE weedgo_data.stock s SET available = locked.available + locked.change"
    "  FROM locked"
    " WHERE s.store_id = locked.store_id AND s.sku = locked.sku AND s.bucket = 0"
    "   AND ($4 IS NULL OR locked.available = $4)"
    "   AND CASE WHEN locked.change < 0 THEN locked.available + locked.change >= 0"
    "            ELSE locked.available + locked.reserved + locked.change <= 2147483647 END"
    " RETURNING locked.n::int4, s.available::int4, s.reserved::int4"};

constinit Statement levels_statement{
    "SELECT m.n::int4, s.available::int8, s.reserved::int8"
    "  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS m (store_id, sku, n)"
    "  JOIN weedgo_data.stock s ON s.store_id = m.store_id AND s.sku = m.sku AND s.bucket = 0"};

constinit Statement insert_ledger_statement{
    "INSERT INTO weedgo_data.stock_ledger (store_id, entry_id, sku, bucket, change, reason,"
    " actor_id, details, recorded_at) "
    "SELECT m.store_id, m.entry_id, m.sku, 0, m.change, $5, $6, $7, $8"
    "  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int4[])"
    "       AS m (store_id, entry_id, sku, change)"};

using Changes = std::span<const StockChange>;

Param stores_of(Changes changes) {
    return array_of(UUIDOID, changes, [](const StockChange &change, std::size_t) {
        return from_uuid(change.store_id);
    });
}

Param skus_of(Changes changes) {
    return array_of(TEXTOID, changes,
                    [](const StockChange &change, std::size_t) { return from_text(change.sku); });
}

Param quantities_of(Changes changes) {
    return array_of(INT4OID, changes, [](const StockChange &change, std::size_t) {
        return Int32GetDatum(change.change);
    });
}

// The change that a row of a statement is about, by its number there.
StockChange &change_of(std::span<StockChange> changes, Row &row) {
    return changes[static_cast<std::size_t>(row.integer() - 1)];
}

[[noreturn]] void raise_rows(const char *what, std::string_view sku) {
    raise_setup(psprintf("weedgo_data.stock has %s for sku \"%.*s\"", what,
                         static_cast<int>(sku.size()), sku.data()));
}

void make_rows(Changes changes) {
    const std::span<StockChange> missing = allocate<StockChange>(changes.size());
    const auto end = std::copy_if(
        changes.begin(), changes.end(), missing.begin(),
        [](const StockChange &change) { return change.change > 0 && !change.has_row; });
    if (end == missing.begin())
        return;
    check_insertable("stock");
    const Changes made(missing.begin(), end);
    execute(insert_rows_statement, {stores_of(made), skus_of(made)});
}

// What there was for a change: the rows are locked, so this is what it met.
struct Level {
    bool found;
    std::int64_t available;
    std::int64_t reserved;
};

static_assert(Trivial<Level>);

std::span<const Level> read_levels(Changes changes) {
    const std::span<Level> levels = allocate<Level>(changes.size());
    const Rows rows = execute(levels_statement, {stores_of(changes), skus_of(changes)});
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        Level &level = levels[static_cast<std::size_t>(row.integer() - 1)];
        level.found = true;
        level.available = row.bigint();
        level.reserved = row.bigint();
    }
    return levels;
}

// Why not all changes are done; of those that lack stock, all.
[[noreturn]] void refuse(Changes changes, const std::optional<std::int32_t> &expected) {
    const std::span<const Level> levels = read_levels(changes);
    const std::span<UnavailableItem> lacking = allocate<UnavailableItem>(changes.size());
    std::size_t count = 0;
    for (std::size_t i = 0; i < changes.size(); i++) {
        if (changes[i].done)
            continue;
        if (expected && levels[i].available != *expected)
            raise(stock_changed(changes[i].sku, *expected, levels[i].available));
        if (changes[i].change < 0)
            lacking[count++] = {changes[i].sku, ItemReason::insufficient_stock,
                                -std::int64_t{changes[i].change}, levels[i].available};
    }
    if (count > 0)
        raise(stock_insufficient(lacking.first(count)));
    for (std::size_t i = 0; i < changes.size(); i++) {
        if (changes[i].done)
            continue;
        if (!levels[i].found)
            raise_rows("no row", changes[i].sku);
        raise(stock_overflow(changes[i].sku,
                             levels[i].available + levels[i].reserved + changes[i].change));
    }
    elog(ERROR, "a change of stock that is done was refused");
}

pg_uuid_t draw_entry_id(TimestampTz now) {
    std::array<std::uint8_t, 8> random;
    if (!pg_strong_random(random.data(), random.size()))
        elog(ERROR, "could not generate random bits");
    const UuidBytes bytes = make_uuid7(unix_us(now), random);
    pg_uuid_t id;
    std::copy(bytes.begin(), bytes.end(), id.data);
    return id;
}

} // namespace

void check_skus(std::span<StockChange> changes, Known known) {
    const Rows rows = execute(find_statement, {stores_of(changes), skus_of(changes)});
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        StockChange &change = change_of(changes, row);
        change.is_product = row.boolean();
        change.has_row = row.boolean();
    }
    const std::span<std::string_view> unknown = allocate<std::string_view>(changes.size());
    std::size_t count = 0;
    for (const StockChange &change : changes)
        if (!change.is_product && (known == Known::as_product || !change.has_row))
            unknown[count++] = change.sku;
    if (count > 0)
        raise(sku_unknown(changes[0].store_id, unknown.first(count)));
}

void change_stock(std::span<StockChange> changes, const std::optional<std::int32_t> &expected) {
    make_rows(changes);
    const Rows rows = execute(change_statement, {stores_of(changes), skus_of(changes),
                                                 quantities_of(changes), Param::integer(expected)});
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        StockChange &change = change_of(changes, row);
        if (change.done)
            raise_rows("more than one row", change.sku);
        change.done = true;
        change.available = row.integer();
        change.reserved = row.integer();
    }
    if (rows.count != changes.size())
        refuse(changes, expected);
}

void record_changes(std::span<StockChange> changes, const LedgerNote &note, TimestampTz now) {
    for (StockChange &change : changes)
        change.entry_id = draw_entry_id(now);
    const Param ids =
        array_of(UUIDOID, Changes(changes),
                 [](const StockChange &change, std::size_t) { return from_uuid(change.entry_id); });
    execute(insert_ledger_statement,
            {stores_of(changes), ids, skus_of(changes), quantities_of(changes),
             Param::text(note.reason), Param::uuid(note.actor_id), Param::jsonb(note.details),
             Param::timestamp(now)});
}

} // namespace weedgo
