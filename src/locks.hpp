// The cart's lock, those of new rows of stock and of parts of a counter, and how long a call waits.
#pragma once

#include "pg.hpp"

namespace weedgo {

// The objsubid of our locks in pg_locks: "WG". Advisory locks of SQL have 1 or 2 there, Citus 4 and
// up.
constexpr std::uint16_t lock_class = 0x5747;

// The cart's lock is PostgreSQL's own transaction-scoped advisory lock, in a class of its own:
// nothing but this extension takes it, and commit, rollback or the end of the session release it.
LOCKTAG cart_lock_tag(const pg_uuid_t &store_id, const pg_uuid_t &cart_id);

// While it is entered, waits end after the smaller of weedgo_checkout.lock_timeout and the
// session's lock_timeout, and an error because of that says what was waited for. Whatever is set
// inside ends with it, too. PostgreSQL leaves it by itself when an error is raised. Must not move
// while it is entered.
struct WaitScope {
    enum class Awaited { row, cart, nothing };
    Awaited awaited;
    pg_uuid_t cart_id; // with Awaited::cart
    int trigger_depth;
    int guc_level;
    ErrorContextCallback callback;
};

void enter(WaitScope *scope);
void leave(const WaitScope &scope);

enum class Wait { no, in_turn };

// Takes the cart's lock until the end of the transaction; raises 55P03 (cart_locked) where that
// takes too long, or too many wait already.
void lock_cart(WaitScope &scope, const pg_uuid_t &store_id, const pg_uuid_t &cart_id, Wait wait);

// Locks that whoever makes or recalls lots takes before any row, until the end of the transaction.
// One call at a time makes lots in a store; nobody makes a lot while it is being recalled.
void lock_new_lots(const pg_uuid_t &store_id);
enum class LotLock { to_make, to_recall };
void lock_lot(std::string_view lot, LotLock lock);

// Whoever makes rows of stock of no lot, and whoever splits them, takes this before any row, until
// the end of the transaction: nobody makes a row of bucket 0 while the sku is being split.
enum class RowsLock { to_make, to_split };
void lock_new_rows(const pg_uuid_t &store_id, RowsLock lock);

// The lock of a part of a counter (split.hpp), until it is given back or the transaction ends.
enum class PartOf { stock, promo };
struct PartLock {
    PartOf what;
    pg_uuid_t store_id;
    std::string_view name;
    std::int32_t bucket;
};
std::uint64_t part_lock_key(const PartLock &part); // its classid and objid in pg_locks
bool try_lock_part(const PartLock &part);
void lock_part(const PartLock &part);
void unlock_part(const PartLock &part);

// Waits in a queue for a lone row of bucket 0 that many may want, before the row itself is locked:
// who comes first goes first, and wakes nobody but the next. Whoever holds the place in front
// locks the row at once, so others wait no longer than for the row; a transaction that may hold
// rows from an earlier call could hold this one, and goes to the row without the queue. Says
// whether it queued.
bool queue_for_row(const PartLock &row);

// Calls change(), which says whether it changed the row, in its turn; who does not find what it
// wants in the row gives up its place in front.
template <typename Change>
bool change_in_turn(const PartLock &row, Change change) {
    static_assert(Trivial<Change>);
    const bool queued = queue_for_row(row);
    const bool changed = change();
    if (queued && !changed)
        unlock_part(row);
    return changed;
}

} // namespace weedgo
