// The statements that move stock. Whoever locks several rows of stock locks them by store, within
// it those of bucket 0 by sku, then those of lots by sku and bucket; then, again by store, the
// parts of skus that are split. Nothing is locked after them but holds that nobody else has locked.
#include "stock.hpp"

#include "lots.hpp"
#include "stock_split.hpp"

namespace weedgo {

static_assert(Trivial<CartKey> && Trivial<Held> && Trivial<StockMove> && Trivial<Shelf>);

namespace {

// Lots that are recalled or have expired by $5 are not for sale. What has no lots does not ask.
#define FOR_SALE(row)                                                                              \
    "(" row ".bucket <= 0 OR NOT EXISTS (SELECT FROM weedgo_data.lots l"                           \
    "   WHERE l.store_id = $1 AND l.sku = " row ".sku AND l.bucket = " row ".bucket"               \
    "     AND (l.recalled_at IS NOT NULL OR l.expires_on < $5)))"

constinit Statement availability_statement{
    "SELECT l.n::int4, coalesce(s.available, 0)::int8 + coalesce(h.quantity, 0)::int8"
    "  FROM unnest($3::text[]) WITH ORDINALITY AS l (sku, n)"
    "  LEFT JOIN LATERAL (SELECT sum(s.available) AS available FROM weedgo_data.stock s"
    "                      WHERE s.store_id = $1 AND s.sku = l.sku AND " FOR_SALE(
        "s") ") s ON true"
             "  LEFT JOIN LATERAL (SELECT sum(h.quantity) AS quantity FROM weedgo_data.holds h"
             "                      WHERE h.store_id = $1 AND h.sku = l.sku"
             "                        AND (h.cart_id = $2 OR h.expires_at <= $4)"
             "                        AND " FOR_SALE("h") ") h ON true"};

constinit Statement take_statement{
    "DELETE FROM weedgo_data.holds WHERE store_id = $1 AND cart_id = $2"
    " RETURNING sku, bucket, quantity"};

// The rows are locked in order first, then changed where there is enough. Condition and new values
// come from what was locked: the row as it is now, after any wait, which nobody else can change.
// The row under UPDATE is first taken as the statement's snapshot has it: a condition on it would
// refuse a sale although stock came back during the wait, and a value computed from it could break
// a CHECK that the current row does not.
//
// LATERAL, and keys that come from what was locked, leave no plan but one: by key, row by row, in
// the order of the skus. Joined plainly and without statistics, all of a store's stock was read.
constinit Statement move_statement{
    "WITH locked AS MATERIALIZED ("
    "  SELECT s.*, m.quantity"
    "    FROM (SELECT sku, quantity FROM unnest($2::text[], $3::int4[]) AS m (sku, quantity)"
    "           ORDER BY sku COLLATE \"C\") m"
    "   CROSS JOIN LATERAL (SELECT s.store_id, s.sku, s.bucket, s.available, s.reserved"
    "                         FROM weedgo_data.stock s"
    "                        WHERE s.store_id = $1 AND s.sku = m.sku AND s.bucket = 0"
    "                          FOR NO KEY UPDATE) s) "
    "UPDATE weedgo_data.stock s"
    "   SET available = locked.available - locked.quantity,"
    "       reserved = locked.reserved + locked.quantity"
    "  FROM locked"
    " WHERE s.store_id = locked.store_id AND s.sku = locked.sku AND s.bucket = locked.bucket"
    "   AND locked.available >= locked.quantity"
    " RETURNING s.sku::text"};

// The same of one row, which is not locked first: that is half the work, and a record less in the
// log, while others wait for it. Where the statement's snapshot has too little it does not wait,
// and does not see what comes back: who changes nothing locks the row, for move_in_lots().
constinit Statement move_one_statement{
    "UPDATE weedgo_data.stock SET available = available - $3, reserved = reserved + $3"
    " WHERE store_id = $1 AND sku = $2 AND bucket = 0 AND available >= $3"};

constinit Statement lock_one_statement{
    "SELECT FROM weedgo_data.stock WHERE store_id = $1 AND sku = $2 AND bucket = 0"
    " FOR NO KEY UPDATE"};

// The rows of bucket 0, or those of lots, which come after all of bucket 0.
constinit Statement lock_statement{
    "SELECT e.sku, s.bucket::int4"
    "  FROM (SELECT sku FROM unnest($2::text[]) AS e (sku) ORDER BY sku COLLATE \"C\") e"
    " CROSS JOIN LATERAL (SELECT s.bucket FROM weedgo_data.stock s"
    "                      WHERE s.store_id = $1 AND s.sku = e.sku"
    "                        AND CASE WHEN $3 THEN s.bucket > 0 ELSE s.bucket = 0 END"
    "                      ORDER BY s.bucket FOR NO KEY UPDATE) s"};

// At most $5 expired holds in rows of stock that the caller has locked already, so that nobody
// waits for a hold that is locked here; the row of stock is the current one.
constinit Statement release_statement{
    "WITH expired AS MATERIALIZED ("
    "  SELECT h.cart_id, h.sku, h.bucket"
    "    FROM unnest($2::text[], $3::int4[]) AS r (sku, bucket)"
    "    JOIN weedgo_data.holds h"
    "      ON h.store_id = $1 AND h.sku = r.sku AND h.bucket = r.bucket AND h.expires_at <= $4"
    "   ORDER BY h.expires_at LIMIT $5 FOR UPDATE OF h SKIP LOCKED),"
    " gone AS ("
    "  DELETE FROM weedgo_data.holds h USING expired e"
    "   WHERE h.store_id = $1 AND h.cart_id = e.cart_id AND h.sku = e.sku AND h.bucket = e.bucket"
    "   RETURNING h.store_id, h.sku, h.bucket, h.quantity),"
    " freed AS (SELECT store_id, sku, bucket, sum(quantity)::int4 AS quantity, count(*) AS holds"
    "             FROM gone GROUP BY store_id, sku, bucket) "
    "UPDATE weedgo_data.stock s"
    "   SET available = s.available + freed.quantity, reserved = s.reserved - freed.quantity"
    "  FROM freed WHERE s.store_id = freed.store_id AND s.sku = freed.sku"
    "   AND s.bucket = freed.bucket"
    " RETURNING freed.holds"};

constinit Statement expired_statement{
    "SELECT e.store_id, e.sku, bool_or(e.bucket = 0), bool_or(e.bucket > 0) FROM ("
    "  SELECT store_id, sku, bucket FROM weedgo_data.holds"
    "   WHERE expires_at <= $2 AND ($1 IS NULL OR store_id = $1) ORDER BY expires_at LIMIT $3) e"
    " GROUP BY e.store_id, e.sku ORDER BY e.store_id, e.sku COLLATE \"C\""};

constinit Statement insert_holds_statement{
    "INSERT INTO weedgo_data.holds (store_id, cart_id, sku, bucket, quantity, expires_at)"
    " SELECT $1, $2, h.sku, h.bucket, h.quantity, $6"
    "   FROM unnest($3::text[], $4::int4[], $5::int4[]) AS h (sku, bucket, quantity)"};

[[noreturn]] void raise_several_rows(std::string_view sku) {
    raise_setup(psprintf("weedgo_data.stock has more than one row for sku \"%.*s\"",
                         static_cast<int>(sku.size()), sku.data()));
}

bool move_one(const pg_uuid_t &store_id, const StockMove &move) {
    const Param store = Param::uuid(store_id);
    const Param sku = Param::text(move.sku);
    const bool is_moved = change_in_turn({PartOf::stock, store_id, move.sku, 0}, [&] {
        const Rows moved = execute(move_one_statement, {store, sku, Param::integer(move.quantity)});
        if (moved.count > 1)
            raise_several_rows(move.sku);
        return moved.count > 0;
    });
    if (!is_moved)
        execute(lock_one_statement, {store, sku});
    return is_moved;
}

void move_together(const pg_uuid_t &store_id, std::span<StockMove> moves) {
    const Rows rows =
        execute(move_statement, {Param::uuid(store_id), column_of(TEXTOID, moves, &StockMove::sku),
                                 column_of(INT4OID, moves, &StockMove::quantity)});
    for (std::uint64_t i = 0; i < rows.count; i++) {
        const std::string_view sku = Row(rows, i).text();
        const auto move = std::find_if(moves.begin(), moves.end(), [&](const StockMove &candidate) {
            return candidate.sku == sku;
        });
        if (move == moves.end() || move->done)
            raise_several_rows(sku);
        move->done = true;
    }
}

// Tries a lone sku that is known to be split; says whether that is all there is to do.
bool move_in_part(const pg_uuid_t &store_id, std::span<StockMove> moves) {
    StockMove &move = moves[0];
    if (moves.size() > 1 || move.in_lots || move.comes_back)
        return false;
    move.done =
        change_remembered({store_id, move.sku}, {-std::int64_t{move.quantity}, move.quantity});
    return move.done;
}

// Tries the moves in bucket 0; says whether that is all there is to do.
bool try_moves(const pg_uuid_t &store_id, std::span<StockMove> moves) {
    if (moves.size() == 1)
        moves[0].done = move_one(store_id, moves[0]);
    else
        move_together(store_id, moves);
    return std::all_of(moves.begin(), moves.end(),
                       [](const StockMove &move) { return move.done && !move.in_lots; });
}

std::optional<std::string_view> scanned_lot(std::span<const ScannedLot> scanned,
                                            std::string_view sku) {
    for (const ScannedLot &of_sku : scanned)
        if (of_sku.sku == sku)
            return of_sku.lot;
    return std::nullopt;
}

// What the cart holds of a sku, of all lots together.
struct Holding {
    std::int32_t loose; // of no lot
    bool in_lots;
};

static_assert(Trivial<Holding>);

Holding holding_of(std::span<const Held> held, std::string_view sku) {
    Holding holding{};
    for (const Held &hold : held) {
        if (hold.sku != sku)
            continue;
        if (hold.bucket == 0)
            holding.loose = hold.quantity;
        else
            holding.in_lots = true;
    }
    return holding;
}

// In lots, bucket 0 is only locked at first, in its turn.
StockMove move_of(std::string_view sku, std::int32_t wanted, std::span<const Held> held,
                  const std::optional<std::string_view> &lot, Touch touch) {
    const Holding holding = holding_of(held, sku);
    StockMove move{};
    move.sku = sku;
    move.wanted = wanted;
    move.in_lots = holding.in_lots || lot;
    move.quantity = move.in_lots ? 0 : wanted - holding.loose;
    move.comes_back = touch == Touch::every_line && holding.loose > 0;
    move.lot = lot;
    return move;
}

// Whose expired holds are looked for.
struct ExpiredSku {
    pg_uuid_t store_id;
    std::string_view sku;
    bool is_loose; // some of them, of no lot
    bool in_lots;
};

struct LockedRow {
    std::string_view sku;
    std::int32_t bucket;
};

static_assert(Trivial<ExpiredSku> && Trivial<LockedRow>);

std::span<ExpiredSku> find_expired(const std::optional<pg_uuid_t> &store_id, std::int32_t max_holds,
                                   TimestampTz now) {
    const Rows rows = execute(expired_statement, {Param::uuid(store_id), Param::timestamp(now),
                                                  Param::integer(max_holds)});
    const std::span<ExpiredSku> skus = allocate<ExpiredSku>(rows.count);
    for (std::size_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        skus[i].store_id = row.uuid();
        skus[i].sku = row.text();
        skus[i].is_loose = row.boolean();
        skus[i].in_lots = row.boolean();
    }
    return skus;
}

// The rows of these skus of a store, in their order. Whoever is loose without a row of bucket 0 is
// split, if anything.
std::span<const LockedRow> lock_rows(std::span<ExpiredSku> skus) {
    const Param store = Param::uuid(skus[0].store_id);
    const Param of_store = column_of(TEXTOID, skus, &ExpiredSku::sku);
    const bool in_lots =
        std::any_of(skus.begin(), skus.end(), [](const ExpiredSku &sku) { return sku.in_lots; });
    const Rows loose = execute(lock_statement, {store, of_store, Param::boolean(false)});
    const Rows of_lots =
        in_lots ? execute(lock_statement, {store, of_store, Param::boolean(true)}) : Rows{};
    const std::span<LockedRow> locked = allocate<LockedRow>(loose.count + of_lots.count);
    for (std::size_t i = 0; i < locked.size(); i++) {
        Row row = i < loose.count ? Row(loose, i) : Row(of_lots, i - loose.count);
        locked[i].sku = row.text();
        locked[i].bucket = row.integer();
    }
    for (ExpiredSku &sku : skus)
        sku.is_loose =
            sku.is_loose && std::none_of(locked.begin(), locked.end(), [&](const LockedRow &row) {
                return row.bucket == 0 && row.sku == sku.sku;
            });
    return locked;
}

LockedKeys keys_of(const pg_uuid_t &store_id, std::span<const LockedRow> locked) {
    return {store_id, column_of(TEXTOID, locked, &LockedRow::sku),
            column_of(INT4OID, locked, &LockedRow::bucket)};
}

} // namespace

std::int64_t release_expired_of(const LockedKeys &locked, TimestampTz now,
                                const std::optional<std::int32_t> &max_holds) {
    const Rows rows =
        execute(release_statement, {Param::uuid(locked.store_id), locked.skus, locked.buckets,
                                    Param::timestamp(now), Param::integer(max_holds)});
    std::int64_t holds = 0;
    for (std::uint64_t i = 0; i < rows.count; i++)
        holds += Row(rows, i).bigint();
    return holds;
}

std::span<std::int64_t> read_availability(const Shelf &shelf, const pg_uuid_t &cart_id,
                                          std::span<const Line> lines) {
    const std::span<std::int64_t> available = allocate<std::int64_t>(lines.size());
    const Rows rows =
        execute(availability_statement, {Param::uuid(shelf.store_id), Param::uuid(cart_id),
                                         column_of(TEXTOID, lines, &Line::sku),
                                         Param::timestamp(shelf.now), Param::date(shelf.today)});
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        const auto line = static_cast<std::size_t>(row.integer() - 1);
        available[line] = row.bigint();
    }
    return available;
}

std::span<const Held> take_holds(const CartKey &cart) {
    const Rows rows =
        execute(take_statement, {Param::uuid(cart.store_id), Param::uuid(cart.cart_id)});
    const std::span<Held> held = allocate<Held>(rows.count);
    for (std::size_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        held[i].sku = row.text();
        held[i].bucket = row.integer();
        held[i].quantity = row.integer();
    }
    std::sort(held.begin(), held.end(), [](const Held &a, const Held &b) { return a.sku < b.sku; });
    return held;
}

std::span<StockMove> moves_for(std::span<const Line> lines, std::span<const Held> held, Touch touch,
                               std::span<const ScannedLot> scanned) {
    const std::span<StockMove> moves = allocate<StockMove>(lines.size() + held.size());
    std::size_t count = 0;
    for (const Line &line : lines) {
        const StockMove move =
            move_of(line.sku, line.quantity, held, scanned_lot(scanned, line.sku), touch);
        if (move.quantity != 0 || move.in_lots || touch == Touch::every_line)
            moves[count++] = move;
    }
    for (std::size_t i = 0; i < held.size(); i++) {
        const std::string_view sku = held[i].sku;
        const bool wanted = std::any_of(lines.begin(), lines.end(),
                                        [&](const Line &line) { return line.sku == sku; });
        if (!wanted && (i == 0 || held[i - 1].sku != sku))
            moves[count++] = move_of(sku, 0, held, std::nullopt, Touch::what_moves);
    }
    return moves.first(count);
}

bool reserve(const Shelf &shelf, std::span<StockMove> moves, std::span<const Held> held) {
    if (moves.empty() || move_in_part(shelf.store_id, moves) || try_moves(shelf.store_id, moves))
        return true;
    const auto first_missing =
        std::partition(moves.begin(), moves.end(),
                       [](const StockMove &move) { return move.done && !move.in_lots; });
    std::sort(first_missing, moves.end(),
              [](const StockMove &a, const StockMove &b) { return a.sku < b.sku; });
    return move_in_lots(shelf, {first_missing, moves.end()}, held);
}

Problem shortage(std::span<const StockMove> moves) {
    const std::span<UnavailableItem> items = allocate<UnavailableItem>(moves.size());
    std::size_t count = 0;
    for (const StockMove &move : moves)
        if (!move.done)
            items[count++] = {move.sku, move.reason, move.wanted, move.found};
    std::sort(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(count),
              [](const UnavailableItem &a, const UnavailableItem &b) { return a.sku < b.sku; });
    return items_unavailable(items.first(count));
}

std::span<const Taken> taken_of(std::span<const StockMove> moves, std::string_view sku) {
    for (const StockMove &move : moves)
        if (move.sku == sku)
            return move.taken;
    return {};
}

void insert_holds(const CartKey &cart, std::span<const Line> lines,
                  std::span<const StockMove> moves, TimestampTz expires_at) {
    std::size_t room = lines.size();
    for (const StockMove &move : moves)
        room += move.taken.size();
    const std::span<Held> rows = allocate<Held>(room);
    std::size_t count = 0;
    for (const Line &line : lines) {
        const std::span<const Taken> lots = taken_of(moves, line.sku);
        if (lots.empty())
            rows[count++] = {line.sku, 0, line.quantity};
        for (const Taken &taken : lots)
            rows[count++] = {line.sku, taken.bucket, taken.quantity};
    }
    const std::span<const Held> holds = rows.first(count);
    execute(insert_holds_statement,
            {Param::uuid(cart.store_id), Param::uuid(cart.cart_id),
             column_of(TEXTOID, holds, &Held::sku), column_of(INT4OID, holds, &Held::bucket),
             column_of(INT4OID, holds, &Held::quantity), Param::timestamp(expires_at)});
}

// What is split comes after all rows of all stores.
std::int32_t release_expired(const std::optional<pg_uuid_t> &store_id, std::int32_t max_holds,
                             TimestampTz now) {
    const std::span<ExpiredSku> skus = find_expired(store_id, max_holds, now);
    std::int64_t left = max_holds;
    for (std::size_t first = 0, end = 0; first < skus.size(); first = end) {
        while (end < skus.size() && same(skus[end].store_id, skus[first].store_id))
            end++;
        const std::span<const LockedRow> locked = lock_rows(skus.subspan(first, end - first));
        left -= release_expired_of(keys_of(skus[first].store_id, locked), now,
                                   static_cast<std::int32_t>(left));
    }
    for (const ExpiredSku &sku : skus)
        if (sku.is_loose && left > 0)
            left -= release_expired_parts({sku.store_id, sku.sku}, now,
                                          static_cast<std::int32_t>(left));
    return max_holds - static_cast<std::int32_t>(left);
}

} // namespace weedgo
