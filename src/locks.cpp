// Waiting, in turn and not for ever.
#include "locks.hpp"

#include "errors.hpp"
#include "settings.hpp"

namespace weedgo {

static_assert(Trivial<WaitScope> && Trivial<PartLock>);

namespace {

// Any constants; what the locks mean.
constexpr std::uint64_t cart_seed = 0x776565646f;
constexpr std::uint64_t new_lots_seed = cart_seed + 1;
constexpr std::uint64_t lot_seed = cart_seed + 2;
constexpr std::uint64_t new_rows_seed = cart_seed + 3;
constexpr std::uint64_t stock_part_seed = cart_seed + 4;
constexpr std::uint64_t promo_part_seed = cart_seed + 5;

std::uint64_t key_of(std::uint64_t seed, const void *name, std::size_t size) {
    return hash_bytes_extended(static_cast<const unsigned char *>(name), static_cast<int>(size),
                               seed);
}

LOCKTAG tag_of(std::uint64_t key) {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, static_cast<std::uint32_t>(key >> 32),
                         static_cast<std::uint32_t>(key), lock_class);
    return tag;
}

constexpr bool session_lock = false; // but of the transaction

// When the call began: who has locked a row has a transaction id.
constinit bool began_with_nothing = false;

void wait_for(const LOCKTAG &tag, LOCKMODE mode) {
    const bool dont_wait = false;
    (void)LockAcquire(&tag, mode, session_lock, dont_wait);
}

bool try_lock(const LOCKTAG &tag) {
    const bool dont_wait = true;
    return LockAcquire(&tag, ExclusiveLock, session_lock, dont_wait) != LOCKACQUIRE_NOT_AVAIL;
}

int current_trigger_depth() {
    return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, 0));
}

// Called while an error is raised inside a scope. An expired lock_timeout becomes cart_locked or
// row_locked; whatever a user's trigger raised stays as it is.
void explain_timeout(void *argument) {
    const auto *scope = static_cast<const WaitScope *>(argument);
    if (geterrcode() != ERRCODE_LOCK_NOT_AVAILABLE ||
        scope->awaited == WaitScope::Awaited::nothing ||
        current_trigger_depth() != scope->trigger_depth)
        return;
    const Problem problem = scope->awaited == WaitScope::Awaited::cart
                                ? cart_locked(scope->cart_id, "timeout")
                                : row_locked();
    errmsg_internal("%s", problem.message);
    errdetail_internal("%s", problem.detail);
    errhint("%s", problem.hint);
}

} // namespace

LOCKTAG cart_lock_tag(const pg_uuid_t &store_id, const pg_uuid_t &cart_id) {
    std::array<unsigned char, 2 * UUID_LEN> name;
    std::copy_n(store_id.data, UUID_LEN, name.data());
    std::copy_n(cart_id.data, UUID_LEN, name.data() + UUID_LEN);
    return tag_of(key_of(cart_seed, name.data(), name.size()));
}

void lock_cart(WaitScope &scope, const pg_uuid_t &store_id, const pg_uuid_t &cart_id, Wait wait) {
    const LOCKTAG tag = cart_lock_tag(store_id, cart_id);
    if (try_lock(tag))
        return;

    const int holders = 1;
    const char *refusal = nullptr;
    if (wait == Wait::no)
        refusal = "busy";
    else if (LockWaiterCount(&tag) - holders >= settings::max_cart_waiters)
        refusal = "too_many_waiters";
    if (refusal != nullptr) {
        scope.awaited = WaitScope::Awaited::nothing;
        raise(cart_locked(cart_id, refusal));
    }

    scope.awaited = WaitScope::Awaited::cart;
    scope.cart_id = cart_id;
    wait_for(tag, ExclusiveLock);
    scope.awaited = WaitScope::Awaited::row;
}

void lock_new_lots(const pg_uuid_t &store_id) {
    wait_for(tag_of(key_of(new_lots_seed, store_id.data, UUID_LEN)), ExclusiveLock);
}

void lock_lot(std::string_view lot, LotLock lock) {
    wait_for(tag_of(key_of(lot_seed, lot.data(), lot.size())),
             lock == LotLock::to_recall ? ExclusiveLock : ShareLock);
}

void lock_new_rows(const pg_uuid_t &store_id, RowsLock lock) {
    wait_for(tag_of(key_of(new_rows_seed, store_id.data, UUID_LEN)),
             lock == RowsLock::to_split ? ExclusiveLock : ShareLock);
}

std::uint64_t part_lock_key(const PartLock &part) {
    const std::uint64_t seed = part.what == PartOf::stock ? stock_part_seed : promo_part_seed;
    const std::uint64_t name = key_of(seed, part.name.data(), part.name.size());
    std::array<unsigned char, UUID_LEN + sizeof part.bucket> rest;
    std::copy_n(part.store_id.data, UUID_LEN, rest.data());
    memcpy(rest.data() + UUID_LEN, &part.bucket, sizeof part.bucket);
    return key_of(name, rest.data(), rest.size());
}

bool try_lock_part(const PartLock &part) {
    return try_lock(tag_of(part_lock_key(part)));
}

void lock_part(const PartLock &part) {
    wait_for(tag_of(part_lock_key(part)), ExclusiveLock);
}

void unlock_part(const PartLock &part) {
    const LOCKTAG tag = tag_of(part_lock_key(part));
    LockRelease(&tag, ExclusiveLock, session_lock);
}

bool queue_for_row(const PartLock &row) {
    if (began_with_nothing)
        lock_part(row);
    return began_with_nothing;
}

void enter(WaitScope *scope) {
    began_with_nothing = !TransactionIdIsValid(GetTopTransactionIdIfAny());
    scope->awaited = WaitScope::Awaited::row;
    scope->trigger_depth = current_trigger_depth();
    scope->callback.callback = explain_timeout;
    scope->callback.arg = scope;
    scope->callback.previous = error_context_stack;
    error_context_stack = &scope->callback;

    scope->guc_level = NewGUCNestLevel();
    const int ours = settings::lock_timeout_ms;
    if (ours > 0 && (LockTimeout == 0 || LockTimeout > ours)) {
        char value[16];
        snprintf(value, sizeof value, "%d", ours);
        (void)set_config_option("lock_timeout", value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                                true, 0, false);
    }
}

void leave(const WaitScope &scope) {
    const bool keep_settings = false;
    AtEOXact_GUC(keep_settings, scope.guc_level);
    began_with_nothing = false; // also of the call whose trigger made this one
    error_context_stack = scope.callback.previous;
}

} // namespace weedgo
