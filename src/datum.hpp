// Between PostgreSQL's datums and C++ values.
#pragma once

#include "identifiers.hpp"
#include "money.hpp"
#include "pg.hpp"

namespace weedgo {

// Valid as long as the datum is (or, for a compressed one, the current memory context).
inline std::string_view to_text(Datum datum) {
    const struct varlena *text =
        pg_detoast_datum_packed(reinterpret_cast<struct varlena *>(DatumGetPointer(datum)));
    return {VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text)};
}

inline Datum from_text(std::string_view text) {
    return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

// Points to `uuid`, which must live as long as the datum.
inline Datum from_uuid(const pg_uuid_t &uuid) {
    return UUIDPGetDatum(&uuid);
}

inline Datum from_cents(Cents amount) {
    return NumericGetDatum(int64_div_fast_to_numeric(amount, 2));
}

// Below, at or above 0 as `a` comes before `b`, is `b`, or comes after it.
inline int compare(const pg_uuid_t &a, const pg_uuid_t &b) {
    return memcmp(a.data, b.data, UUID_LEN);
}

inline bool same(const pg_uuid_t &a, const pg_uuid_t &b) {
    return compare(a, b) == 0;
}

inline bool same(const std::optional<pg_uuid_t> &a, const std::optional<pg_uuid_t> &b) {
    return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

// An id of ours (identifiers.hpp), as if made at `at`.
inline pg_uuid_t make_id(TimestampTz at, const std::array<std::uint8_t, 8> &random) {
    constexpr std::int64_t epoch_us = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
    const UuidBytes bytes = make_uuid7(static_cast<std::uint64_t>(at + epoch_us), random);
    pg_uuid_t id;
    std::copy(bytes.begin(), bytes.end(), id.data);
    return id;
}

// A stored number, exactly, as a count of 10^-scale; raises 22003 for any other ("what" names it).
std::int64_t to_exact(Datum numeric, int scale, const char *what);

// An array of zeros in the current memory context.
template <Trivial T>
std::span<T> allocate(std::size_t count) {
    static_assert(alignof(T) <= MAXIMUM_ALIGNOF);
    return {static_cast<T *>(palloc0(std::max<std::size_t>(count, 1) * sizeof(T))), count};
}

// Runs `body` with `context` as the current memory context.
template <typename Body>
auto in_context(MemoryContext context, Body body) {
    static_assert(Trivial<Body>);
    const MemoryContext before = MemoryContextSwitchTo(context);
    auto result = body();
    MemoryContextSwitchTo(before);
    return result;
}

} // namespace weedgo
