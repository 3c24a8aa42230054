// The order of locks within a store: rows of bucket 0 by sku, then rows of lots by sku and bucket.
// So a checkout can try what has no lots in one statement, and come here only where it must.
#include "lots.hpp"

#include "lot_choice.hpp"
#include "spi.hpp"

namespace weedgo {

static_assert(Trivial<Bucket> && Trivial<Taken> && Trivial<Allocation>);

namespace {

// The caller has locked the rows of bucket 0. One that has come since is taken along where nobody
// else has it; waited for, it would be out of its turn.
constinit Statement lock_statement{
    "SELECT e.n::int4, s.bucket::int4"
    "  FROM (SELECT sku, n FROM unnest($2::text[]) WITH ORDINALITY AS e (sku, n)"
    "         ORDER BY sku COLLATE \"C\") e"
    " CROSS JOIN LATERAL (SELECT * FROM (SELECT s.bucket FROM weedgo_data.stock s"
    "                                     WHERE s.store_id = $1 AND s.sku = e.sku AND s.bucket = 0"
    "                                       FOR NO KEY UPDATE SKIP LOCKED) bucket_0"
    "                     UNION ALL"
    "                     SELECT * FROM (SELECT s.bucket FROM weedgo_data.stock s"
    "                                     WHERE s.store_id = $1 AND s.sku = e.sku AND s.bucket > 0"
    "                                     ORDER BY s.bucket FOR NO KEY UPDATE) lots) s"
    " ORDER BY e.n"};

// Nothing is read but what was locked before: nobody else changes it, and the snapshot is younger
// than any recall of a lot that this waited for.
constinit Statement buckets_statement{
    "SELECT e.n::int4, s.available::int4, l.lot_number, l.expires_on, l.recalled_at IS NOT NULL"
    "  FROM unnest($2::text[], $3::int4[]) WITH ORDINALITY AS e (sku, bucket, n)"
    " CROSS JOIN LATERAL (SELECT s.available FROM weedgo_data.stock s"
    "                      WHERE s.store_id = $1 AND s.sku = e.sku AND s.bucket = e.bucket"
    "                     OFFSET 0) s"
    "  LEFT JOIN LATERAL (SELECT l.* FROM weedgo_data.lots l"
    "                      WHERE l.store_id = $1 AND l.sku = e.sku AND l.bucket = e.bucket"
    "                        AND e.bucket > 0 OFFSET 0) l ON true"
    " ORDER BY e.n"};

constinit Statement move_statement{
    "UPDATE weedgo_data.stock s"
    "   SET available = s.available - m.quantity, reserved = s.reserved + m.quantity"
    "  FROM unnest($2::text[], $3::int4[], $4::int4[]) AS m (sku, bucket, quantity)"
    " WHERE s.store_id = $1 AND s.sku = m.sku AND s.bucket = m.bucket"};

constinit Statement insert_allocations_statement{
    "INSERT INTO weedgo_data.allocations (store_id, order_id, line_no, sku, bucket, quantity) "
    "SELECT $1, $2, a.* FROM unnest($3::int4[], $4::text[], $5::int4[], $6::int4[]) AS a"};

// A row of stock that is locked, of the move with this number.
struct LockedRow {
    std::size_t move;
    std::string_view sku;
    std::int32_t bucket;
};

// A change of one bucket.
struct Shift {
    std::string_view sku;
    std::int32_t bucket;
    std::int32_t quantity; // from available to reserved
};

static_assert(Trivial<LockedRow> && Trivial<Shift>);

std::int32_t held_in(std::span<const Held> held, std::string_view sku, std::int32_t bucket) {
    for (const Held &hold : held)
        if (hold.sku == sku && hold.bucket == bucket)
            return hold.quantity;
    return 0;
}

// Every bucket of the skus, by move.
std::span<const LockedRow> lock_rows(const Shelf &shelf, std::span<const StockMove> moves) {
    const Rows rows = execute(
        lock_statement, {Param::uuid(shelf.store_id), column_of(TEXTOID, moves, &StockMove::sku)});
    const std::span<LockedRow> locked = allocate<LockedRow>(rows.count);
    for (std::size_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        locked[i].move = static_cast<std::size_t>(row.integer() - 1);
        locked[i].sku = moves[locked[i].move].sku;
        locked[i].bucket = row.integer();
    }
    return locked;
}

// The buckets of each move, one after the other.
std::span<std::span<Bucket>> read_buckets(const Shelf &shelf, std::span<const StockMove> moves,
                                          std::span<const LockedRow> locked,
                                          std::span<const Held> held) {
    const Rows rows = execute(buckets_statement, {Param::uuid(shelf.store_id),
                                                  column_of(TEXTOID, locked, &LockedRow::sku),
                                                  column_of(INT4OID, locked, &LockedRow::bucket)});
    const std::span<Bucket> all = allocate<Bucket>(rows.count);
    const std::span<std::size_t> counts = allocate<std::size_t>(moves.size());
    for (std::size_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        const LockedRow &of = locked[static_cast<std::size_t>(row.integer() - 1)];
        Bucket &bucket = all[i];
        bucket.number = of.bucket;
        bucket.free = std::int64_t{row.integer()} + held_in(held, of.sku, of.bucket);
        bucket.lot = row.optional_text();
        bucket.expires_on = row.optional_date();
        bucket.is_recalled = row.boolean();
        counts[of.move]++;
    }
    const std::span<std::span<Bucket>> buckets = allocate<std::span<Bucket>>(moves.size());
    std::size_t first = 0;
    for (std::size_t i = 0; i < moves.size(); i++) {
        buckets[i] = all.subspan(first, counts[i]);
        first += counts[i];
    }
    return buckets;
}

ItemReason reason_of(LotReason reason) {
    switch (reason) {
    case LotReason::no_such_lot:
        return ItemReason::lot_not_found;
    case LotReason::not_for_sale:
        return ItemReason::lot_not_available;
    case LotReason::enough:
    case LotReason::too_little:
        break;
    }
    return ItemReason::insufficient_stock;
}

bool choose(const Shelf &shelf, std::span<StockMove> moves,
            std::span<const std::span<Bucket>> buckets) {
    bool all_done = true;
    for (std::size_t i = 0; i < moves.size(); i++) {
        StockMove &move = moves[i];
        const LotReason reason = take_units(buckets[i], move.wanted, move.lot, shelf.today);
        move.done = reason == LotReason::enough;
        move.reason = reason_of(reason);
        move.found = free_units(buckets[i], move.lot, shelf.today);
        all_done = all_done && move.done;
    }
    return all_done;
}

std::size_t add_shifts(const StockMove &move, std::span<const Bucket> buckets,
                       std::span<const Held> held, std::span<Shift> shifts) {
    std::size_t count = 0;
    for (const Bucket &bucket : buckets) {
        const std::int32_t change = bucket.taken - held_in(held, move.sku, bucket.number);
        if (change != 0)
            shifts[count++] = {move.sku, bucket.number, change};
    }
    return count;
}

void shift(const Shelf &shelf, std::span<const StockMove> moves,
           std::span<const std::span<Bucket>> buckets, std::span<const Held> held) {
    std::size_t count = 0;
    for (const std::span<Bucket> of_move : buckets)
        count += of_move.size();
    const std::span<Shift> room = allocate<Shift>(count);
    count = 0;
    for (std::size_t i = 0; i < moves.size(); i++)
        count += add_shifts(moves[i], buckets[i], held, room.subspan(count));
    const std::span<const Shift> shifts = room.first(count);
    if (shifts.empty())
        return;
    execute(move_statement, {Param::uuid(shelf.store_id), column_of(TEXTOID, shifts, &Shift::sku),
                             column_of(INT4OID, shifts, &Shift::bucket),
                             column_of(INT4OID, shifts, &Shift::quantity)});
}

// By bucket; nothing where no lot was taken from.
std::span<const Taken> taken_from(std::span<const Bucket> buckets) {
    const std::span<Taken> taken = allocate<Taken>(buckets.size());
    std::size_t count = 0;
    bool has_lot = false;
    for (const Bucket &bucket : buckets) {
        if (bucket.taken == 0)
            continue;
        taken[count++] = {bucket.number, bucket.taken, bucket.lot};
        has_lot = has_lot || bucket.number > 0;
    }
    std::sort(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(count),
              [](const Taken &a, const Taken &b) { return a.bucket < b.bucket; });
    return has_lot ? taken.first(count) : std::span<const Taken>();
}

// What is held must be in a row of stock, or the books are wrong.
void check_held(std::span<const StockMove> moves, std::span<const std::span<Bucket>> buckets,
                std::span<const Held> held) {
    for (const Held &hold : held)
        for (std::size_t i = 0; i < moves.size(); i++)
            if (moves[i].sku == hold.sku &&
                std::none_of(buckets[i].begin(), buckets[i].end(),
                             [&](const Bucket &bucket) { return bucket.number == hold.bucket; }))
                raise_setup(psprintf("weedgo_data.stock has no row for sku \"%.*s\", which is held",
                                     static_cast<int>(hold.sku.size()), hold.sku.data()));
}

} // namespace

bool move_in_lots(const Shelf &shelf, std::span<StockMove> moves, std::span<const Held> held) {
    const std::span<const LockedRow> locked = lock_rows(shelf, moves);
    std::span<const std::span<Bucket>> buckets = read_buckets(shelf, moves, locked, held);
    check_held(moves, buckets, held);
    if (!choose(shelf, moves, buckets)) {
        if (release_expired_of(shelf.store_id, column_of(TEXTOID, moves, &StockMove::sku),
                               shelf.now, Locked::every_bucket) == 0)
            return false;
        buckets = read_buckets(shelf, moves, locked, held);
        if (!choose(shelf, moves, buckets))
            return false;
    }
    shift(shelf, moves, buckets, held);
    for (std::size_t i = 0; i < moves.size(); i++)
        moves[i].taken = taken_from(buckets[i]);
    return true;
}

std::span<const Allocation> allocations_of(std::span<const Line> lines,
                                           std::span<const StockMove> moves) {
    std::size_t count = 0;
    for (const StockMove &move : moves)
        count += move.taken.size();
    const std::span<Allocation> allocations = allocate<Allocation>(count);
    if (count == 0)
        return allocations;
    count = 0;
    for (std::size_t i = 0; i < lines.size(); i++)
        for (const Taken &taken : taken_of(moves, lines[i].sku))
            allocations[count++] = {static_cast<std::int32_t>(i + 1), lines[i].sku, taken.bucket,
                                    taken.quantity, taken.lot};
    return allocations.first(count);
}

void insert_allocations(const OrderKey &order, std::span<const Allocation> allocations) {
    if (allocations.empty())
        return;
    execute(insert_allocations_statement, {Param::uuid(order.store_id), Param::uuid(order.order_id),
                                           column_of(INT4OID, allocations, &Allocation::line_no),
                                           column_of(TEXTOID, allocations, &Allocation::sku),
                                           column_of(INT4OID, allocations, &Allocation::bucket),
                                           column_of(INT4OID, allocations, &Allocation::quantity)});
}

JsonWriter lots_json(std::span<const Allocation> allocations) {
    JsonWriter json;
    json.begin_array();
    for (const Allocation &part : allocations) {
        json.begin_object().key("line_no").integer(std::int64_t{part.line_no});
        json.key("sku").string(part.sku).key("lot").string(part.lot);
        json.key("quantity").integer(std::int64_t{part.quantity}).end_object();
    }
    json.end_array();
    return json;
}

} // namespace weedgo
