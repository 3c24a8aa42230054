// SQL statements, prepared once per backend, and their rows.
#pragma once

#include "datum.hpp"
#include "pg.hpp"

namespace weedgo {

// A parameter and its type. Optional values become NULL.
struct Param {
    Oid type = InvalidOid;
    Datum value = 0;
    bool is_null = false;

    static Param uuid(const pg_uuid_t &value) { return {UUIDOID, from_uuid(value)}; }
    static Param uuid(const std::optional<pg_uuid_t> &value) {
        return value ? uuid(*value) : null(UUIDOID);
    }
    static Param text(std::string_view value) { return {TEXTOID, from_text(value)}; }
    static Param text(const std::optional<std::string_view> &value) {
        return value ? text(*value) : null(TEXTOID);
    }
    static Param integer(std::int32_t value) { return {INT4OID, Int32GetDatum(value)}; }
    static Param integer(const std::optional<std::int32_t> &value) {
        return value ? integer(*value) : null(INT4OID);
    }
    static Param bigint(std::int64_t value) { return {INT8OID, Int64GetDatum(value)}; }
    static Param money(Cents value) { return {NUMERICOID, from_cents(value)}; }
    static Param timestamp(TimestampTz value) {
        return {TIMESTAMPTZOID, TimestampTzGetDatum(value)};
    }
    static Param date(DateADT value) { return {DATEOID, DateADTGetDatum(value)}; }
    static Param date(const std::optional<DateADT> &value) {
        return value ? date(*value) : null(DATEOID);
    }
    static Param boolean(bool value) { return {BOOLOID, BoolGetDatum(value)}; }
    static Param jsonb(const std::optional<Datum> &value) {
        return value ? Param{JSONBOID, *value} : null(JSONBOID);
    }
    static Param null(Oid type) { return {type, 0, true}; }
};

// An array of these elements; NULL where `nulls` says so.
Param make_array(Oid element_type, std::span<Datum> elements, bool *nulls = nullptr);

// An array with one element for each of `items`.
template <typename Item, typename ToDatum>
Param array_of(Oid element_type, std::span<const Item> items, ToDatum to_datum) {
    static_assert(Trivial<ToDatum>);
    const std::span<Datum> elements = allocate<Datum>(items.size());
    for (std::size_t i = 0; i < items.size(); i++)
        elements[i] = to_datum(items[i], i);
    return make_array(element_type, elements);
}

// Members of rows as datums, for column_of().
inline Datum to_datum(const pg_uuid_t &value) {
    return from_uuid(value);
}
inline Datum to_datum(std::string_view value) {
    return from_text(value);
}
inline Datum to_datum(std::int32_t value) {
    return Int32GetDatum(value);
}
inline Datum to_datum(Datum value) {
    return value;
}

// An array of one member of each row.
template <typename Item, typename Member>
Param column_of(Oid element_type, std::span<const std::type_identity_t<Item>> rows,
                Member Item::*member) {
    const auto element = [member](const Item &row, std::size_t) {
        return to_datum(row.*member);
    };
    return array_of(element_type, rows, element);
}

// The same of a member that can be nothing: NULL there.
template <typename Item, typename Member>
Param column_of(Oid element_type, std::span<const std::type_identity_t<Item>> rows,
                std::optional<Member> Item::*member) {
    const std::span<Datum> elements = allocate<Datum>(rows.size());
    const std::span<bool> nulls = allocate<bool>(rows.size());
    for (std::size_t i = 0; i < rows.size(); i++) {
        const std::optional<Member> &value = rows[i].*member;
        nulls[i] = !value;
        if (value)
            elements[i] = to_datum(*value);
    }
    return make_array(element_type, elements, nulls.data());
}

// How a statement finds its rows: a handful by their keys, or by reading whole tables.
enum class Access { by_key, whole_tables };

// A statement, prepared when it is first run. One per place in the source, `constinit`: the plan
// is generic and kept for the life of the backend, but made anew whenever its runs have doubled.
struct Statement {
    const char *sql;
    Access access = Access::by_key;
    SPIPlanPtr plan = nullptr;
    std::int64_t runs = 0;
    std::int64_t plan_again_at = 10;
};

// The rows of a statement, valid until SPI is left.
struct Rows {
    SPITupleTable *table = nullptr;
    std::uint64_t count = 0; // rows returned, or, without RETURNING, rows changed
};

void connect_spi();
void finish_spi();

// Runs a statement with a snapshot of its own, taken now.
Rows execute(Statement &statement, std::span<const Param> params);
inline Rows execute(Statement &statement, std::initializer_list<Param> params) {
    return execute(statement, std::span<const Param>(params.begin(), params.size()));
}

// Reads one row from left to right, in the order of the statement's SELECT or RETURNING list. Each
// column there is cast to the type it is read as; a mismatch is an internal error, not a crash.
// Texts and jsonb are valid until SPI is left.
class Row {
public:
    Row(const Rows &rows, std::uint64_t number);

    std::optional<Datum> value(Oid type);
    pg_uuid_t uuid();
    std::string_view text();
    bool boolean();
    std::int32_t integer();
    std::int64_t bigint();
    std::int64_t exact(int scale, const char *what);
    Cents money(const char *what) { return exact(2, what); }

    std::optional<pg_uuid_t> optional_uuid();
    std::optional<std::string_view> optional_text();
    std::optional<bool> optional_boolean();
    std::optional<std::int32_t> optional_integer();
    std::optional<std::int64_t> optional_bigint();
    std::optional<double> optional_double();
    std::optional<std::int64_t> optional_exact(int scale, const char *what);
    std::optional<Cents> optional_money(const char *what) { return optional_exact(2, what); }
    std::optional<DateADT> optional_date();
    std::optional<TimestampTz> optional_timestamp();

    // Skips columns that another variant of the row uses.
    void skip(int columns) { next_ += columns; }

    // All columns at once, for a result that is handed on as it is.
    std::span<Datum> values() const { return values_; }
    std::span<bool> nulls() const { return nulls_; }

private:
    Datum required(Oid type);

    TupleDesc description_;
    std::span<Datum> values_;
    std::span<bool> nulls_;
    int next_ = 0;
};

} // namespace weedgo
