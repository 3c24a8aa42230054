// The order of locks within a store: rows of bucket 0 by sku, then rows of lots by sku and bucket,
// then parts of skus that are split. So a checkout can try what has one row in one statement, and
// come here only where it must; and what many wait for is locked last.
#include "lots.hpp"

#include "lot_choice.hpp"
#include "stock_split.hpp"

namespace weedgo {

static_assert(Trivial<Bucket> && Trivial<Taken> && Trivial<Allocation>);

namespace {

// The caller has locked the rows of bucket 0. One that has come since is taken along where nobody
// else has it; waited for, it would be out of its turn. Parts are only read.
constinit Statement lock_statement{
    "SELECT e.n::int4, s.bucket::int4, s.available::int4, s.reserved::int4"
    "  FROM (SELECT sku, n FROM unnest($2::text[]) WITH ORDINALITY AS e (sku, n)"
    "         ORDER BY sku COLLATE \"C\") e"
    " CROSS JOIN LATERAL (SELECT * FROM (SELECT s.bucket, s.available, s.reserved"
    "                                      FROM weedgo_data.stock s"
    "                                     WHERE s.store_id = $1 AND s.sku = e.sku AND s.bucket = 0"
    "                                       FOR NO KEY UPDATE SKIP LOCKED) bucket_0"
    "                     UNION ALL"
    "                     SELECT * FROM (SELECT s.bucket, s.available, s.reserved"
    "                                      FROM weedgo_data.stock s"
    "                                     WHERE s.store_id = $1 AND s.sku = e.sku AND s.bucket > 0"
    "                                     ORDER BY s.bucket FOR NO KEY UPDATE) lots"
    "                     UNION ALL"
    "                     SELECT s.bucket, s.available, s.reserved FROM weedgo_data.stock s"
    "                      WHERE s.store_id = $1 AND s.sku = e.sku AND s.bucket < 0) s"
    " ORDER BY e.n, s.bucket DESC"};

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

// Where the units of a move's sku are.
struct Place {
    std::span<Part> parts; // of a sku that is split: seen, then locked
    Units in_parts;        // what is to be in all of them
    bool is_done;          // in one part
    std::span<Bucket> buckets;
};

static_assert(Trivial<LockedRow> && Trivial<Shift> && Trivial<Place>);

std::int32_t held_in(std::span<const Held> held, std::string_view sku, std::int32_t bucket) {
    for (const Held &hold : held)
        if (hold.sku == sku && hold.bucket == bucket)
            return hold.quantity;
    return 0;
}

// Every bucket of the skus, by move, and the parts of those that are split. A row of bucket 0
// beside parts is nobody's: split_stock() takes it in.
std::span<const LockedRow> lock_rows(const Shelf &shelf, std::span<const StockMove> moves,
                                     std::span<Place> places) {
    const Rows rows = execute(
        lock_statement, {Param::uuid(shelf.store_id), column_of(TEXTOID, moves, &StockMove::sku)});
    const std::span<LockedRow> locked = allocate<LockedRow>(rows.count);
    const std::span<Part> parts = allocate<Part>(rows.count);
    std::size_t count = 0;
    for (std::size_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        const auto move = static_cast<std::size_t>(row.integer() - 1);
        Place &place = places[move];
        const std::int32_t bucket = row.integer();
        if (bucket < 0) {
            parts[i] = {bucket, row.integer(), row.integer()};
            place.parts = parts.subspan(i - place.parts.size(), place.parts.size() + 1);
            continue;
        }
        locked[count++] = {move, moves[move].sku, bucket};
    }
    return locked.first(count);
}

// The units of skus that are split, in the order of the skus. One part is enough where it has them:
// what is of no lot goes first. Whoever comes back for more must have all, not to wait then.
void lock_parts(const Shelf &shelf, std::span<StockMove> moves, std::span<Place> places) {
    for (std::size_t i = 0; i < moves.size(); i++) {
        StockMove &move = moves[i];
        Place &place = places[i];
        if (place.parts.empty())
            continue;
        const SplitKey key{shelf.store_id, move.sku};
        const Units change{-std::int64_t{move.quantity}, move.quantity};
        remember_parts(key, place.parts.size());
        place.is_done = !move.in_lots && !move.comes_back &&
                        change_in_one(stock_counter, key, place.parts, change);
        move.done = place.is_done;
        if (place.is_done)
            continue;
        place.parts = gather(stock_counter, key);
        place.in_parts = sum_of(place.parts);
    }
}

// What is in the parts of a sku counts as its bucket 0.
Bucket bucket_of(const Place &place, std::string_view sku, std::span<const Held> held) {
    Bucket bucket;
    bucket.free = place.in_parts.left + held_in(held, sku, 0);
    return bucket;
}

// The buckets of each move, one after the other.
void read_buckets(const Shelf &shelf, std::span<const StockMove> moves,
                  std::span<const LockedRow> locked, std::span<const Held> held,
                  std::span<Place> places) {
    const Rows rows =
        locked.empty()
            ? Rows{}
            : execute(buckets_statement,
                      {Param::uuid(shelf.store_id), column_of(TEXTOID, locked, &LockedRow::sku),
                       column_of(INT4OID, locked, &LockedRow::bucket)});
    const std::span<Bucket> all = allocate<Bucket>(rows.count + moves.size());
    std::size_t count = 0;
    std::size_t i = 0;
    for (std::size_t move = 0; move < moves.size(); move++) {
        Place &place = places[move];
        const std::size_t first = count;
        if (!place.parts.empty() && !place.is_done)
            all[count++] = bucket_of(place, moves[move].sku, held);
        for (; i < rows.count; i++) {
            Row row(rows, i);
            const LockedRow &of = locked[static_cast<std::size_t>(row.integer() - 1)];
            if (of.move != move)
                break;
            if (of.bucket == 0 && !place.parts.empty())
                continue;
            Bucket &bucket = all[count++];
            bucket.number = of.bucket;
            bucket.free = std::int64_t{row.integer()} + held_in(held, of.sku, of.bucket);
            bucket.lot = row.optional_text();
            bucket.expires_on = row.optional_date();
            bucket.is_recalled = row.boolean();
        }
        place.buckets = all.subspan(first, count - first);
    }
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

bool choose(const Shelf &shelf, std::span<StockMove> moves, std::span<const Place> places) {
    bool all_done = true;
    for (std::size_t i = 0; i < moves.size(); i++) {
        if (places[i].is_done)
            continue;
        StockMove &move = moves[i];
        const std::span<Bucket> buckets = places[i].buckets;
        const LotReason reason = take_units(buckets, move.wanted, move.lot, shelf.today);
        move.done = reason == LotReason::enough;
        move.reason = reason_of(reason);
        move.found = free_units(buckets, move.lot, shelf.today);
        all_done = all_done && move.done;
    }
    return all_done;
}

std::size_t add_shifts(const StockMove &move, Place &place, std::span<const Held> held,
                       std::span<Shift> shifts) {
    std::size_t count = 0;
    for (const Bucket &bucket : place.buckets) {
        const std::int32_t change = bucket.taken - held_in(held, move.sku, bucket.number);
        if (bucket.number == 0 && !place.parts.empty())
            place.in_parts = {place.in_parts.left - change, place.in_parts.taken + change};
        else if (change != 0)
            shifts[count++] = {move.sku, bucket.number, change};
    }
    return count;
}

void shift(const Shelf &shelf, std::span<const StockMove> moves, std::span<Place> places,
           std::span<const Held> held) {
    std::size_t count = 0;
    for (const Place &place : places)
        count += place.buckets.size();
    const std::span<Shift> room = allocate<Shift>(count);
    count = 0;
    for (std::size_t i = 0; i < moves.size(); i++)
        count += add_shifts(moves[i], places[i], held, room.subspan(count));
    const std::span<const Shift> shifts = room.first(count);
    if (!shifts.empty())
        execute(move_statement,
                {Param::uuid(shelf.store_id), column_of(TEXTOID, shifts, &Shift::sku),
                 column_of(INT4OID, shifts, &Shift::bucket),
                 column_of(INT4OID, shifts, &Shift::quantity)});
    for (std::size_t i = 0; i < moves.size(); i++)
        if (!places[i].parts.empty() && !places[i].is_done)
            spread_anew(stock_counter, {shelf.store_id, moves[i].sku}, places[i].parts,
                        places[i].in_parts);
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
void check_held(std::span<const StockMove> moves, std::span<const Place> places,
                std::span<const Held> held) {
    const auto has = [&](const Place &place, std::int32_t number) {
        return place.is_done ||
               std::any_of(place.buckets.begin(), place.buckets.end(),
                           [&](const Bucket &bucket) { return bucket.number == number; });
    };
    for (const Held &hold : held)
        for (std::size_t i = 0; i < moves.size(); i++)
            if (moves[i].sku == hold.sku && !has(places[i], hold.bucket))
                raise_setup(psprintf("weedgo_data.stock has no row for sku \"%.*s\", which is held",
                                     static_cast<int>(hold.sku.size()), hold.sku.data()));
}

// Gives back the expired holds of all that is locked; says whether there were any.
bool release_any(const Shelf &shelf, std::span<const StockMove> moves,
                 std::span<const LockedRow> locked, std::span<Place> places) {
    std::int64_t holds =
        release_expired_of({shelf.store_id, column_of(TEXTOID, locked, &LockedRow::sku),
                            column_of(INT4OID, locked, &LockedRow::bucket)},
                           shelf.now);
    for (std::size_t i = 0; i < moves.size(); i++) {
        Place &place = places[i];
        if (place.parts.empty() || place.is_done)
            continue;
        const Released released = take_expired({shelf.store_id, moves[i].sku}, shelf.now);
        place.in_parts = {place.in_parts.left + released.units,
                          place.in_parts.taken - released.units};
        holds += released.holds;
    }
    return holds > 0;
}

} // namespace

bool move_in_lots(const Shelf &shelf, std::span<StockMove> moves, std::span<const Held> held) {
    const std::span<Place> places = allocate<Place>(moves.size());
    const std::span<const LockedRow> locked = lock_rows(shelf, moves, places);
    lock_parts(shelf, moves, places);
    read_buckets(shelf, moves, locked, held, places);
    check_held(moves, places, held);
    if (!choose(shelf, moves, places)) {
        if (!release_any(shelf, moves, locked, places))
            return false;
        read_buckets(shelf, moves, locked, held, places);
        if (!choose(shelf, moves, places))
            return false;
    }
    shift(shelf, moves, places, held);
    for (std::size_t i = 0; i < moves.size(); i++)
        moves[i].taken = taken_from(places[i].buckets);
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
