// Results of composite types, built column by column in the order of the type.
#pragma once

#include "json.hpp"
#include "pg.hpp"
#include "spi.hpp"

namespace weedgo {

class ResultRow {
public:
    ResultRow &value(const std::optional<Datum> &datum);
    ResultRow &uuid(const pg_uuid_t &value);
    ResultRow &uuid(const std::optional<pg_uuid_t> &value);
    ResultRow &text(const char *value) { return text(std::string_view(value)); }
    ResultRow &text(std::string_view value) { return this->value(from_text(value)); }
    ResultRow &text(const std::optional<std::string_view> &value);
    ResultRow &integer(std::int32_t value) { return this->value(Int32GetDatum(value)); }
    ResultRow &money(Cents value) { return this->value(from_cents(value)); }
    ResultRow &boolean(bool value) { return this->value(BoolGetDatum(value)); }
    ResultRow &timestamp(TimestampTz at) { return value(TimestampTzGetDatum(at)); }
    ResultRow &json(const JsonWriter &json) { return value(json.to_jsonb()); }
    ResultRow &null() { return value(std::nullopt); }

    // All columns of a row that a statement returned.
    ResultRow &row(const Row &row);

    // The last column so far, and another value for it.
    std::optional<Datum> last() const;
    void replace_last(const std::optional<Datum> &datum);

    // The row as a datum of the function's result type, in `memory`.
    Datum to_datum(FunctionCallInfo fcinfo, MemoryContext memory) const;

    // Adds the row to the set that the function returns.
    void put(const ReturnSetInfo *set) const;

private:
    static constexpr std::size_t capacity = 32;
    std::array<Datum, capacity> values_{};
    std::array<bool, capacity> nulls_{};
    std::size_t count_ = 0;
};

// A result of nothing but NULLs.
Datum null_row(FunctionCallInfo fcinfo, MemoryContext memory);

// Begins a function that returns a set; rows are put into what it returns.
const ReturnSetInfo *begin_set(FunctionCallInfo fcinfo);

// Adds all rows of a statement, as they are.
void put_rows(const Rows &rows, const ReturnSetInfo *set);

} // namespace weedgo
