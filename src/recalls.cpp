// trace_lot, recall_lot: who has bought of a lot, and taking it out of sale.
#include "arguments.hpp"
#include "errors.hpp"
#include "locks.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "result.hpp"
#include "spi.hpp"

namespace weedgo {

namespace {

constexpr std::size_t most_recalled = 100'000; // skus and stores of one lot number

// The columns of lot_sale.
constinit Statement trace_statement{
    "SELECT o.store_id, o.order_id, o.order_number, o.customer_id, o.status, a.sku,"
    "       a.quantity, a.returned, o.created_at,"
    "       jsonb_build_object('delivery_type', o.delivery_type, 'order_source', o.order_source)"
    "  FROM weedgo_data.lots l"
    "  JOIN weedgo_data.allocations a"
    "    ON a.store_id = l.store_id AND a.sku = l.sku AND a.bucket = l.bucket"
    "  JOIN weedgo_data.orders o ON o.store_id = a.store_id AND o.order_id = a.order_id"
    " WHERE l.lot_number = $2 AND ($1 IS NULL OR l.store_id = $1)"
    " ORDER BY o.created_at, o.store_id, o.order_id, a.line_no"};

constinit Statement known_statement{
    "SELECT FROM weedgo_data.lots WHERE lot_number = $2 AND ($1 IS NULL OR store_id = $1) LIMIT 1"};

// Whoever is selling of the lot holds its row of stock, and is waited for.
constinit Statement lock_statement{
    "SELECT l.store_id, l.sku, l.bucket"
    "  FROM weedgo_data.lots l"
    "  JOIN weedgo_data.stock s"
    "    ON s.store_id = l.store_id AND s.sku = l.sku AND s.bucket = l.bucket"
    " WHERE l.lot_number = $2 AND ($1 IS NULL OR l.store_id = $1)"
    " ORDER BY s.store_id, s.sku COLLATE \"C\", s.bucket FOR NO KEY UPDATE OF s"};

// Carts lose what they hold of it, except where they are being checked out: those look at the lot
// again when they have the row of stock, which is written here whatever it holds, so that above
// READ COMMITTED they see that it changed.
constinit Statement release_statement{
    "WITH held AS MATERIALIZED ("
    "  SELECT h.store_id, h.cart_id, h.sku, h.bucket"
    "    FROM unnest($1::uuid[], $2::text[], $3::int4[]) AS m (store_id, sku, bucket)"
    "    JOIN weedgo_data.holds h"
    "      ON h.store_id = m.store_id AND h.sku = m.sku AND h.bucket = m.bucket"
    "   FOR UPDATE OF h SKIP LOCKED),"
    " gone AS ("
    "  DELETE FROM weedgo_data.holds h USING held"
    "   WHERE h.store_id = held.store_id AND h.cart_id = held.cart_id AND h.sku = held.sku"
    "     AND h.bucket = held.bucket"
    "   RETURNING h.store_id, h.sku, h.bucket, h.quantity),"
    " freed AS (SELECT store_id, sku, bucket, sum(quantity)::int4 AS quantity,"
    "                  count(*)::int4 AS holds"
    "             FROM gone GROUP BY store_id, sku, bucket) "
    "UPDATE weedgo_data.stock s"
    "   SET available = s.available + coalesce(freed.quantity, 0),"
    "       reserved = s.reserved - coalesce(freed.quantity, 0)"
    "  FROM unnest($1::uuid[], $2::text[], $3::int4[])"
    "       WITH ORDINALITY AS m (store_id, sku, bucket, n)"
    "  LEFT JOIN freed USING (store_id, sku, bucket)"
    " WHERE s.store_id = m.store_id AND s.sku = m.sku AND s.bucket = m.bucket"
    " RETURNING m.n::int4, coalesce(freed.holds, 0)"};

// The columns of lot_recall. A recall that is repeated keeps its first time and reason.
constinit Statement recall_statement{
    "WITH marked AS ("
    "  UPDATE weedgo_data.lots l"
    "     SET recalled_at = CASE WHEN $5 THEN NULL ELSE coalesce(l.recalled_at, $6) END,"
    "         recall_reason = CASE WHEN l.recalled_at IS NULL OR $5 THEN $7"
    "                              ELSE l.recall_reason END,"
    "         recalled_by = CASE WHEN l.recalled_at IS NULL OR $5 THEN $8 ELSE l.recalled_by END"
    "    FROM unnest($1::uuid[], $2::text[], $3::int4[], $4::int4[])"
    "         AS m (store_id, sku, bucket, holds)"
    "   WHERE l.store_id = m.store_id AND l.sku = m.sku AND l.bucket = m.bucket"
    "   RETURNING l.*, m.holds) "
    "SELECT l.store_id, l.sku, l.lot_number, s.available::int4, s.reserved::int4, l.holds,"
    "       l.recalled_at, '{}'::jsonb"
    "  FROM marked l JOIN weedgo_data.stock s"
    "    ON s.store_id = l.store_id AND s.sku = l.sku AND s.bucket = l.bucket"
    " ORDER BY l.store_id, l.sku COLLATE \"C\""};

struct Recall {
    std::optional<pg_uuid_t> store_id;
    std::string_view lot;
    MoveReason why;
    bool lift;
};

// A lot in a store.
struct Recalled {
    pg_uuid_t store_id;
    std::string_view sku;
    std::int32_t bucket;
    std::int32_t holds;
};

static_assert(Trivial<Recall> && Trivial<Recalled>);

struct Keys {
    Param stores;
    Param skus;
    Param buckets;
};

Keys keys_of(std::span<const Recalled> lots) {
    return {column_of(UUIDOID, lots, &Recalled::store_id), column_of(TEXTOID, lots, &Recalled::sku),
            column_of(INT4OID, lots, &Recalled::bucket)};
}

std::span<Recalled> read_lots(const Rows &rows) {
    const std::span<Recalled> lots = allocate<Recalled>(rows.count);
    for (std::size_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        lots[i].store_id = row.uuid();
        lots[i].sku = row.text();
        lots[i].bucket = row.integer();
    }
    return lots;
}

// Before anything is read: whoever makes the lot in a store has done so by then, or waits.
void recall(const Recall &request, const ReturnSetInfo *set) {
    lock_lot(request.lot, LotLock::to_recall);
    const Rows locked =
        execute(lock_statement, {Param::uuid(request.store_id), Param::text(request.lot)});
    if (locked.count == 0 || locked.count > most_recalled)
        raise(lot_unknown(request.store_id, std::nullopt, request.lot));
    const std::span<Recalled> lots = read_lots(locked);
    const Keys keys = keys_of(lots);
    const Rows released = execute(release_statement, {keys.stores, keys.skus, keys.buckets});
    for (std::size_t i = 0; i < released.count; i++) {
        Row row(released, i);
        Recalled &lot = lots[static_cast<std::size_t>(row.integer() - 1)];
        lot.holds = row.integer();
    }
    put_rows(
        execute(recall_statement,
                {keys.stores, keys.skus, keys.buckets, column_of(INT4OID, lots, &Recalled::holds),
                 Param::boolean(request.lift), Param::timestamp(GetCurrentTimestamp()),
                 Param::text(request.why.reason), Param::uuid(request.why.actor_id)}),
        set);
}

void trace(const std::optional<pg_uuid_t> &store_id, std::string_view lot,
           const ReturnSetInfo *set) {
    const Rows known = execute(known_statement, {Param::uuid(store_id), Param::text(lot)});
    if (known.count == 0)
        raise(lot_unknown(store_id, std::nullopt, lot));
    put_rows(execute(trace_statement, {Param::uuid(store_id), Param::text(lot)}), set);
}

std::string_view read_lot(const Argument &argument) {
    const std::string_view lot = required_text(argument, max_lot_bytes);
    if (lot.empty())
        raise_invalid_argument(argument.name, "must not be empty", "It is that of the maker.");
    return lot;
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_trace_lot);
PG_FUNCTION_INFO_V1(weedgo_recall_lot);
}

// The orders that have units of a lot.
Datum weedgo_trace_lot(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const std::optional<pg_uuid_t> store_id = optional_uuid(argument(fcinfo, 0, "store_id"));
    const std::string_view lot = read_lot(argument(fcinfo, 1, "lot"));
    check_options(argument(fcinfo, 2, "options"));
    return set_as_owner(fcinfo, store_id,
                        [&](const ReturnSetInfo *set) { trace(store_id, lot, set); });
}

// Nothing of the lot is sold from now on; or, lifted, again.
Datum weedgo_recall_lot(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("recall_lot()");
    Recall request{};
    request.store_id = optional_uuid(argument(fcinfo, 0, "store_id"));
    request.lot = read_lot(argument(fcinfo, 1, "lot"));
    request.why.actor_id = optional_uuid(argument(fcinfo, 2, "actor_id"));
    request.why.reason = optional_text(argument(fcinfo, 3, "reason"), max_reason_bytes);
    const Argument options = argument(fcinfo, 4, "options");
    check_options(options, {"lift"});
    request.lift = boolean_option(options, "lift", false);
    return set_as_owner(fcinfo, request.store_id,
                        [&](const ReturnSetInfo *set) { recall(request, set); });
}
