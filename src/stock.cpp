// The statements that move stock. Whoever locks several rows of stock locks them in the order
// (store_id, sku, bucket), and nothing is locked after them but holds that nobody else has locked.
#include "stock.hpp"

#include "spi.hpp"

namespace weedgo {

static_assert(Trivial<CartKey> && Trivial<Held> && Trivial<StockMove>);

namespace {

constinit Statement availability_statement{
    "SELECT l.n::int4, coalesce(s.available, 0)::int8 + coalesce(h.quantity, 0)::int8"
    "  FROM unnest($3::text[]) WITH ORDINALITY AS l (sku, n)"
    "  LEFT JOIN LATERAL (SELECT s.available FROM weedgo_data.stock s"
    "                      WHERE s.store_id = $1 AND s.sku = l.sku AND s.bucket = 0 OFFSET 0) s ON "
    "true"
    "  LEFT JOIN LATERAL (SELECT sum(h.quantity) AS quantity FROM weedgo_data.holds h"
    "                      WHERE h.store_id = $1 AND h.sku = l.sku"
    "                        AND (h.cart_id = $2 OR h.expires_at <= $4)) h ON true"};

constinit Statement take_statement{
    "DELETE FROM weedgo_data.holds WHERE store_id = $1 AND cart_id = $2"
    " RETURNING sku, quantity"};

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

constinit Statement lock_statement{
    "SELECT FROM (SELECT sku FROM unnest($2::text[]) AS e (sku) ORDER BY sku COLLATE \"C\") e"
    " CROSS JOIN LATERAL (SELECT FROM weedgo_data.stock s"
    "                      WHERE s.store_id = $1 AND s.sku = e.sku ORDER BY s.bucket"
    "                        FOR NO KEY UPDATE) s"};

// At most $4 expired holds of skus whose stock rows the caller has locked already, so that nobody
// waits for a hold that is locked here; the row of stock is the current one.
constinit Statement release_statement{
    "WITH expired AS MATERIALIZED ("
    "  SELECT h.cart_id, h.sku, h.bucket FROM weedgo_data.holds h"
    "   WHERE h.store_id = $1 AND h.sku = ANY ($2::text[]) AND h.expires_at <= $3"
    "   ORDER BY h.expires_at LIMIT $4 FOR UPDATE SKIP LOCKED),"
    " gone AS ("
    "  DELETE FROM weedgo_data.holds h USING expired e"
    "   WHERE h.store_id = $1 AND h.cart_id = e.cart_id AND h.sku = e.sku AND h.bucket = e.bucket"
    "   RETURNING h.store_id, h.sku, h.quantity),"
    " freed AS (SELECT store_id, sku, sum(quantity)::int4 AS quantity, count(*) AS holds"
    "             FROM gone GROUP BY store_id, sku) "
    "UPDATE weedgo_data.stock s"
    "   SET available = s.available + freed.quantity, reserved = s.reserved - freed.quantity"
    "  FROM freed WHERE s.store_id = freed.store_id AND s.sku = freed.sku AND s.bucket = 0"
    " RETURNING freed.holds"};

constinit Statement expired_statement{
    "SELECT e.store_id, e.sku FROM ("
    "  SELECT store_id, sku FROM weedgo_data.holds"
    "   WHERE expires_at <= $2 AND ($1 IS NULL OR store_id = $1) ORDER BY expires_at LIMIT $3) e"
    " GROUP BY e.store_id, e.sku ORDER BY e.store_id, e.sku COLLATE \"C\""};

constinit Statement insert_holds_statement{
    "INSERT INTO weedgo_data.holds (store_id, cart_id, sku, bucket, quantity, expires_at)"
    " SELECT $1, $2, h.sku, 0, h.quantity, $5"
    "   FROM unnest($3::text[], $4::int4[]) AS h (sku, quantity)"};

Param skus_of(std::span<const StockMove> moves) {
    return array_of(TEXTOID, moves,
                    [](const StockMove &move, std::size_t) { return from_text(move.sku); });
}

Param skus_of(std::span<const Line> lines) {
    return array_of(TEXTOID, lines,
                    [](const Line &line, std::size_t) { return from_text(line.sku); });
}

Param quantities_of(std::span<const Line> lines) {
    return array_of(INT4OID, lines,
                    [](const Line &line, std::size_t) { return Int32GetDatum(line.quantity); });
}

// Tries the moves that are not done yet; says whether all are done now.
bool try_moves(const pg_uuid_t &store_id, std::span<StockMove> moves) {
    const Param quantities =
        array_of(INT4OID, std::span<const StockMove>(moves),
                 [](const StockMove &move, std::size_t) { return Int32GetDatum(move.quantity); });
    const Rows rows = execute(move_statement, {Param::uuid(store_id), skus_of(moves), quantities});
    for (std::uint64_t i = 0; i < rows.count; i++) {
        const std::string_view sku = Row(rows, i).text();
        const auto move = std::find_if(moves.begin(), moves.end(), [&](const StockMove &candidate) {
            return candidate.sku == sku;
        });
        if (move == moves.end() || move->done)
            raise_setup(psprintf("weedgo_data.stock has more than one row for sku \"%.*s\"",
                                 static_cast<int>(sku.size()), sku.data()));
        move->done = true;
    }
    return rows.count == moves.size();
}

Param texts(std::span<const std::string_view> skus) {
    return array_of(TEXTOID, skus,
                    [](std::string_view sku, std::size_t) { return from_text(sku); });
}

// Gives back expired holds of skus whose stock is locked; returns how many.
std::int64_t release_locked(const pg_uuid_t &store_id, const Param &skus, TimestampTz now,
                            const std::optional<std::int32_t> &max_holds) {
    const Rows rows =
        execute(release_statement,
                {Param::uuid(store_id), skus, Param::timestamp(now), Param::integer(max_holds)});
    std::int64_t holds = 0;
    for (std::uint64_t i = 0; i < rows.count; i++)
        holds += Row(rows, i).bigint();
    return holds;
}

const Held *find_held(std::span<const Held> held, std::string_view sku) {
    const auto found =
        std::find_if(held.begin(), held.end(), [&](const Held &hold) { return hold.sku == sku; });
    return found == held.end() ? nullptr : &*found;
}

} // namespace

std::span<std::int64_t> read_availability(const CartKey &cart, std::span<const Line> lines,
                                          TimestampTz now) {
    const std::span<std::int64_t> available = allocate<std::int64_t>(lines.size());
    const Rows rows =
        execute(availability_statement, {Param::uuid(cart.store_id), Param::uuid(cart.cart_id),
                                         skus_of(lines), Param::timestamp(now)});
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
        held[i].quantity = row.integer();
    }
    std::sort(held.begin(), held.end(), [](const Held &a, const Held &b) { return a.sku < b.sku; });
    return held;
}

std::span<StockMove> moves_for(std::span<const Line> lines, std::span<const Held> held,
                               Touch touch) {
    const std::span<StockMove> moves = allocate<StockMove>(lines.size() + held.size());
    std::size_t count = 0;
    for (const Line &line : lines) {
        const Held *hold = find_held(held, line.sku);
        const std::int32_t missing = line.quantity - (hold != nullptr ? hold->quantity : 0);
        if (missing != 0 || touch == Touch::every_line)
            moves[count++] = {line.sku, missing, false};
    }
    for (const Held &hold : held) {
        const bool wanted = std::any_of(lines.begin(), lines.end(),
                                        [&](const Line &line) { return line.sku == hold.sku; });
        if (!wanted)
            moves[count++] = {hold.sku, -hold.quantity, false};
    }
    return moves.first(count);
}

bool reserve(const pg_uuid_t &store_id, std::span<StockMove> moves, TimestampTz now) {
    if (moves.empty() || try_moves(store_id, moves))
        return true;

    const auto first_missing =
        std::partition(moves.begin(), moves.end(), [](const StockMove &move) { return move.done; });
    const std::span<StockMove> missing(first_missing, moves.end());
    for (const StockMove &move : missing)
        if (move.quantity <= 0)
            raise_setup(psprintf("weedgo_data.stock has no row for sku \"%.*s\", which is held",
                                 static_cast<int>(move.sku.size()), move.sku.data()));
    return release_locked(store_id, skus_of(missing), now, std::nullopt) > 0 &&
           try_moves(store_id, missing);
}

Problem shortage(const CartKey &cart, std::span<const Line> lines, std::span<const Held> held,
                 std::span<const StockMove> moves) {
    // No hold counts any more: what could be taken back of the expired ones has been.
    const std::span<const std::int64_t> available = read_availability(cart, lines, DT_NOBEGIN);
    const std::span<UnavailableItem> items = allocate<UnavailableItem>(lines.size());
    std::size_t count = 0;
    for (std::size_t i = 0; i < lines.size(); i++) {
        const bool refused = std::any_of(moves.begin(), moves.end(), [&](const StockMove &move) {
            return !move.done && move.sku == lines[i].sku;
        });
        if (!refused)
            continue;
        const Held *hold = find_held(held, lines[i].sku);
        items[count++] = {lines[i].sku, ItemReason::insufficient_stock, lines[i].quantity,
                          available[i] + (hold != nullptr ? hold->quantity : 0)};
    }
    return items_unavailable(items.first(count));
}

void insert_holds(const CartKey &cart, std::span<const Line> lines, TimestampTz expires_at) {
    execute(insert_holds_statement,
            {Param::uuid(cart.store_id), Param::uuid(cart.cart_id), skus_of(lines),
             quantities_of(lines), Param::timestamp(expires_at)});
}

std::int32_t release_expired(const std::optional<pg_uuid_t> &store_id, std::int32_t max_holds,
                             TimestampTz now) {
    const Rows rows = execute(expired_statement, {Param::uuid(store_id), Param::timestamp(now),
                                                  Param::integer(max_holds)});
    const std::span<std::string_view> skus = allocate<std::string_view>(rows.count);
    std::int32_t released = 0;
    for (std::uint64_t i = 0; i < rows.count;) {
        const pg_uuid_t store = Row(rows, i).uuid();
        std::size_t count = 0;
        for (; i < rows.count; i++) {
            Row row(rows, i);
            if (!same(row.uuid(), store))
                break;
            skus[count++] = row.text();
        }
        const Param of_store = texts(skus.first(count));
        execute(lock_statement, {Param::uuid(store), of_store});
        released +=
            static_cast<std::int32_t>(release_locked(store, of_store, now, max_holds - released));
    }
    return released;
}

} // namespace weedgo
