// The order of locks: that of a store's new lots, those of the lots; then lots, then rows of stock
// are made before rows of stock are locked, all by store, sku and lot. Nobody else sees a new row,
// so only who makes the same one waits for it, and has no row of stock locked then: no circle can
// close.
#include "stock_change.hpp"

#include "contract.hpp"
#include "errors.hpp"
#include "json.hpp"
#include "locks.hpp"
#include "stock_split.hpp"

namespace weedgo {

static_assert(Trivial<StockChange> && Trivial<LedgerNote>);

namespace {

// The units of no lot of a sku that is split are in rows of buckets below 0.
#define IS_OF_CHANGE "(s.bucket = m.bucket OR m.bucket = 0 AND s.bucket < 0)"

constinit Statement find_statement{
    "SELECT m.n::int4, p.sku IS NOT NULL, coalesce(s.is_stocked, false),"
    "       coalesce(s.has_row, false)"
    "  FROM unnest($1::uuid[], $2::text[], $3::int4[])"
    "       WITH ORDINALITY AS m (store_id, sku, bucket, n)"
    "  LEFT JOIN weedgo_data.products p ON p.store_id = m.store_id AND p.sku = m.sku"
    " CROSS JOIN LATERAL (SELECT count(*) > 0 AS is_stocked, bool_or(" IS_OF_CHANGE ")"
    "                            AS has_row"
    "                       FROM weedgo_data.stock s"
    "                      WHERE s.store_id = m.store_id AND s.sku = m.sku) s"};

constinit Statement find_lots_statement{
    "SELECT m.n::int4, l.bucket, l.packaged_on, l.expires_on, s.sku IS NOT NULL"
    "  FROM unnest($1::uuid[], $2::text[], $3::text[])"
    "       WITH ORDINALITY AS m (store_id, sku, lot, n)"
    "  JOIN weedgo_data.lots l"
    "    ON l.store_id = m.store_id AND l.sku = m.sku AND l.lot_number = m.lot"
    "  LEFT JOIN weedgo_data.stock s"
    "    ON s.store_id = l.store_id AND s.sku = l.sku AND s.bucket = l.bucket"};

// A lot that another store sends keeps what is known of it. One that somebody made since it was
// looked up is left alone; above READ COMMITTED that is 40001.
constinit Statement make_lots_statement{
    "INSERT INTO weedgo_data.lots (store_id, sku, bucket, lot_number, received_at, packaged_on,"
    "       expires_on, recalled_at, recall_reason, recalled_by) "
    "SELECT m.store_id, m.sku,"
    "       coalesce((SELECT max(l.bucket) FROM weedgo_data.lots l"
    "                  WHERE l.store_id = m.store_id AND l.sku = m.sku), 0)"
    "       + row_number() OVER (PARTITION BY m.store_id, m.sku ORDER BY m.lot)::int4,"
    "       m.lot, $7, coalesce(f.packaged_on, m.packaged_on),"
    "       coalesce(f.expires_on, m.expires_on), f.recalled_at, f.recall_reason, f.recalled_by"
    "  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::date[], $6::uuid[],"
    "              $8::int4[])"
    "       AS m (store_id, sku, lot, packaged_on, expires_on, from_store, bucket)"
    "  LEFT JOIN weedgo_data.lots f"
    "    ON f.store_id = m.from_store AND f.sku = m.sku AND f.lot_number = m.lot"
    " WHERE m.lot IS NOT NULL AND m.bucket = 0"
    " ORDER BY m.store_id, m.sku COLLATE \"C\", m.lot COLLATE \"C\" "
    "ON CONFLICT DO NOTHING"};

// Somebody else may be making the same row: this waits for them, and then it is there. What is
// split by now needs none.
constinit Statement insert_rows_statement{
    "INSERT INTO weedgo_data.stock (store_id, sku, bucket, available, reserved) "
    "SELECT m.store_id, m.sku, m.bucket, 0, 0"
    "  FROM unnest($1::uuid[], $2::text[], $3::int4[]) AS m (store_id, sku, bucket)"
    " WHERE m.bucket > 0"
    "    OR NOT EXISTS (SELECT FROM weedgo_data.stock s WHERE s.store_id = m.store_id"
    "                      AND s.sku = m.sku AND s.bucket < 0)"
    " ORDER BY m.store_id, m.bucket > 0, m.sku COLLATE \"C\", m.bucket "
    "ON CONFLICT DO NOTHING"};

// Condition and new values come from the locked rows, as in stock.cpp. What is reserved must be
// able to become available again, so both together have to fit the column.
constinit Statement change_statement{
    "WITH locked AS MATERIALIZED ("
    "  SELECT m.n, m.change, s.store_id, s.sku, s.bucket, s.available::int8 AS available,"
    "         s.reserved::int8 AS reserved"
    "    FROM unnest($1::uuid[], $2::text[], $3::int4[], $5::int4[])"
    "         WITH ORDINALITY AS m (store_id, sku, change, bucket, n)"
    "    JOIN weedgo_data.stock s"
    "      ON s.store_id = m.store_id AND s.sku = m.sku AND s.bucket = m.bucket"
    "   ORDER BY s.store_id, s.bucket > 0, s.sku COLLATE \"C\", s.bucket"
    "     FOR NO KEY UPDATE OF s) "
    "UPDATE weedgo_data.stock s SET available = locked.available + locked.change"
    "  FROM locked"
    " WHERE s.store_id = locked.store_id AND s.sku = locked.sku AND s.bucket = locked.bucket"
    "   AND ($4 IS NULL OR locked.available = $4)"
    "   AND CASE WHEN locked.change < 0 THEN locked.available + locked.change >= 0"
    "            ELSE locked.available + locked.reserved + locked.change <= 2147483647 END"
    " RETURNING locked.n::int4, s.available::int4, s.reserved::int4"};

constinit Statement levels_statement{
    "SELECT m.n::int4, sum(s.available)::int8, sum(s.reserved)::int8"
    "  FROM unnest($1::uuid[], $2::text[], $3::int4[])"
    "       WITH ORDINALITY AS m (store_id, sku, bucket, n)"
    "  JOIN weedgo_data.stock s"
    "    ON s.store_id = m.store_id AND s.sku = m.sku AND " IS_OF_CHANGE " GROUP BY m.n"};

constinit Statement insert_ledger_statement{
    "INSERT INTO weedgo_data.stock_ledger (store_id, entry_id, sku, bucket, change, reason,"
    " actor_id, details, recorded_at) "
    "SELECT m.store_id, m.entry_id, m.sku, m.bucket, m.change, $5, $6, m.details, $8"
    "  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int4[], $7::jsonb[], $9::int4[])"
    "       AS m (store_id, entry_id, sku, change, details, bucket)"};

using Changes = std::span<const StockChange>;

// The change that a row of a statement is about, by its number there.
StockChange &change_of(std::span<StockChange> changes, Row &row) {
    return changes[static_cast<std::size_t>(row.integer() - 1)];
}

[[noreturn]] void raise_rows(const char *what, std::string_view sku) {
    raise_setup(psprintf("weedgo_data.stock has %s for sku \"%.*s\"", what,
                         static_cast<int>(sku.size()), sku.data()));
}

// By store: of a transfer there are two, one after the other.
void lock_new_rows_of(Changes made) {
    const auto by_id = [](const pg_uuid_t &a, const pg_uuid_t &b) {
        return compare(a, b) < 0;
    };
    pg_uuid_t first = made[0].store_id;
    pg_uuid_t last = first;
    for (const StockChange &change : made) {
        first = std::min(first, change.store_id, by_id);
        last = std::max(last, change.store_id, by_id);
    }
    lock_new_rows(first, RowsLock::to_make);
    if (!same(first, last))
        lock_new_rows(last, RowsLock::to_make);
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
    lock_new_rows_of(made);
    execute(insert_rows_statement, {column_of(UUIDOID, made, &StockChange::store_id),
                                    column_of(TEXTOID, made, &StockChange::sku),
                                    column_of(INT4OID, made, &StockChange::bucket)});
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
    const Rows rows =
        execute(levels_statement, {column_of(UUIDOID, changes, &StockChange::store_id),
                                   column_of(TEXTOID, changes, &StockChange::sku),
                                   column_of(INT4OID, changes, &StockChange::bucket)});
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

// In all parts, which are locked, and spread anew: what comes is to be sold from each.
bool change_parts(StockChange &change, const std::optional<std::int32_t> &expected) {
    const SplitKey key{change.store_id, change.sku};
    const std::span<Part> parts = gather(stock_counter, key);
    const Units sums = sum_of(parts);
    const Units after{sums.left + change.change, sums.taken};
    if (parts.empty() || (expected && sums.left != *expected) ||
        (change.change < 0 ? after.left < 0 : after.left + after.taken > PG_INT32_MAX))
        return false;
    spread_anew(stock_counter, key, parts, after);
    change.available = static_cast<std::int32_t>(after.left);
    change.reserved = static_cast<std::int32_t>(after.taken);
    return true;
}

bool comes_before(const StockChange &a, const StockChange &b) {
    const int stores = compare(a.store_id, b.store_id);
    return stores != 0 ? stores < 0 : a.sku < b.sku;
}

// What has no row of bucket 0, by store and sku.
bool change_rest(std::span<StockChange> changes, const std::optional<std::int32_t> &expected) {
    const std::span<std::size_t> rest = allocate<std::size_t>(changes.size());
    std::size_t count = 0;
    for (std::size_t i = 0; i < changes.size(); i++)
        if (!changes[i].done && changes[i].bucket == 0)
            rest[count++] = i;
    std::sort(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count),
              [&](std::size_t a, std::size_t b) { return comes_before(changes[a], changes[b]); });
    for (const std::size_t i : rest.first(count))
        changes[i].done = change_parts(changes[i], expected);
    return std::all_of(changes.begin(), changes.end(),
                       [](const StockChange &change) { return change.done; });
}

// Whether it names a lot that is not found yet.
bool is_missing(const StockChange &change) {
    return change.lot && change.bucket == 0;
}

const StockChange *missing_lot(Changes changes) {
    const auto found = std::find_if(changes.begin(), changes.end(), is_missing);
    return found == changes.end() ? nullptr : &*found;
}

// Looks up the lots that the changes name; returns the first change whose lot is not there.
const StockChange *look_up_lots(std::span<StockChange> changes) {
    if (missing_lot(changes) == nullptr)
        return nullptr;
    const Rows rows =
        execute(find_lots_statement, {column_of(UUIDOID, changes, &StockChange::store_id),
                                      column_of(TEXTOID, changes, &StockChange::sku),
                                      column_of(TEXTOID, changes, &StockChange::lot)});
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        StockChange &change = change_of(changes, row);
        change.bucket = row.integer();
        const std::optional<DateADT> packaged_on = row.optional_date();
        const std::optional<DateADT> expires_on = row.optional_date();
        change.has_row = row.boolean();
        if ((change.packaged_on && change.packaged_on != packaged_on) ||
            (change.expires_on && change.expires_on != expires_on))
            raise_invalid_argument("items", "has other days for a lot that is known",
                                   "Leave the days out, or give the lot another number.");
    }
    return missing_lot(changes);
}

// The changes are of one store.
void lock_missing_lots(Changes changes) {
    const std::span<std::string_view> lots = allocate<std::string_view>(changes.size());
    std::size_t count = 0;
    for (const StockChange &change : changes)
        if (is_missing(change))
            lots[count++] = *change.lot;
    const std::span<std::string_view> missing = lots.first(count);
    std::sort(missing.begin(), missing.end());
    lock_new_lots(changes[0].store_id);
    for (const std::string_view lot : missing)
        lock_lot(lot, LotLock::to_make);
}

void make_lots(Changes changes, TimestampTz now) {
    execute(make_lots_statement,
            {column_of(UUIDOID, changes, &StockChange::store_id),
             column_of(TEXTOID, changes, &StockChange::sku),
             column_of(TEXTOID, changes, &StockChange::lot),
             column_of(DATEOID, changes, &StockChange::packaged_on),
             column_of(DATEOID, changes, &StockChange::expires_on),
             column_of(UUIDOID, changes, &StockChange::from_store), Param::timestamp(now),
             column_of(INT4OID, changes, &StockChange::bucket)});
}

Datum with_lot(Datum details, std::string_view lot) {
    JsonWriter json;
    json.begin_object().key("lot").string(lot).end_object();
    return DirectFunctionCall2(jsonb_concat, details, json.to_jsonb());
}

pg_uuid_t draw_entry_id(TimestampTz now) {
    std::array<std::uint8_t, 8> random;
    if (!pg_strong_random(random.data(), random.size()))
        elog(ERROR, "could not generate random bits");
    return make_id(now, random);
}

} // namespace

void check_skus(std::span<StockChange> changes, Known known) {
    const Rows rows = execute(find_statement, {column_of(UUIDOID, changes, &StockChange::store_id),
                                               column_of(TEXTOID, changes, &StockChange::sku),
                                               column_of(INT4OID, changes, &StockChange::bucket)});
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        StockChange &change = change_of(changes, row);
        change.is_product = row.boolean();
        change.is_stocked = row.boolean();
        change.has_row = row.boolean();
    }
    const std::span<std::string_view> unknown = allocate<std::string_view>(changes.size());
    std::size_t count = 0;
    for (const StockChange &change : changes)
        if (!change.is_product && (known == Known::as_product || !change.is_stocked))
            unknown[count++] = change.sku;
    if (count > 0)
        raise(sku_unknown(changes[0].store_id, unknown.first(count)));
}

void find_lots(std::span<StockChange> changes) {
    const StockChange *missing = look_up_lots(changes);
    if (missing != nullptr)
        raise(lot_unknown(missing->store_id, missing->sku, *missing->lot));
}

void find_or_make_lots(std::span<StockChange> changes, TimestampTz now) {
    if (look_up_lots(changes) == nullptr)
        return;
    lock_missing_lots(changes);
    make_lots(changes, now);
    if (look_up_lots(changes) != nullptr)
        elog(ERROR, "could not find a free bucket for a lot");
}

void change_stock(std::span<StockChange> changes, const std::optional<std::int32_t> &expected) {
    make_rows(changes);
    const Rows rows =
        execute(change_statement,
                {column_of(UUIDOID, changes, &StockChange::store_id),
                 column_of(TEXTOID, changes, &StockChange::sku),
                 column_of(INT4OID, changes, &StockChange::change), Param::integer(expected),
                 column_of(INT4OID, changes, &StockChange::bucket)});
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        StockChange &change = change_of(changes, row);
        if (change.done)
            raise_rows("more than one row", change.sku);
        change.done = true;
        change.available = row.integer();
        change.reserved = row.integer();
    }
    if (rows.count != changes.size() && !change_rest(changes, expected))
        refuse(changes, expected);
}

void record_changes(std::span<StockChange> changes, const LedgerNote &note, TimestampTz now) {
    for (StockChange &change : changes) {
        change.entry_id = draw_entry_id(now);
        change.details = change.lot ? with_lot(note.details, *change.lot) : note.details;
    }
    const Param details = column_of(JSONBOID, changes, &StockChange::details);
    const Param ids = column_of(UUIDOID, changes, &StockChange::entry_id);
    execute(insert_ledger_statement,
            {column_of(UUIDOID, changes, &StockChange::store_id), ids,
             column_of(TEXTOID, changes, &StockChange::sku),
             column_of(INT4OID, changes, &StockChange::change), Param::text(note.reason),
             Param::uuid(note.actor_id), details, Param::timestamp(now),
             column_of(INT4OID, changes, &StockChange::bucket)});
}

} // namespace weedgo
