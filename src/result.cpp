// Forming results.
#include "result.hpp"

namespace weedgo {

static_assert(Trivial<ResultRow>);

namespace {

TupleDesc result_type(FunctionCallInfo fcinfo) {
    TupleDesc description = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &description) != TYPEFUNC_COMPOSITE)
        elog(ERROR, "the function must return a composite type");
    return BlessTupleDesc(description);
}

} // namespace

ResultRow &ResultRow::value(const std::optional<Datum> &datum) {
    Assert(count_ < capacity);
    values_[count_] = datum.value_or(0);
    nulls_[count_++] = !datum;
    return *this;
}

// A uuid's datum is a pointer: copied, so that the row does not depend on where it came from.
ResultRow &ResultRow::uuid(const pg_uuid_t &uuid) {
    auto *copied = static_cast<pg_uuid_t *>(palloc(sizeof(pg_uuid_t)));
    *copied = uuid;
    return value(UUIDPGetDatum(copied));
}

ResultRow &ResultRow::uuid(const std::optional<pg_uuid_t> &value) {
    return value ? uuid(*value) : null();
}

ResultRow &ResultRow::text(const std::optional<std::string_view> &value) {
    return value ? text(*value) : null();
}

ResultRow &ResultRow::row(const Row &row) {
    const std::span<Datum> values = row.values();
    const std::span<bool> nulls = row.nulls();
    for (std::size_t i = 0; i < values.size(); i++)
        value(nulls[i] ? std::nullopt : std::optional(values[i]));
    return *this;
}

std::optional<Datum> ResultRow::last() const {
    return nulls_[count_ - 1] ? std::nullopt : std::optional(values_[count_ - 1]);
}

void ResultRow::replace_last(const std::optional<Datum> &datum) {
    count_--;
    value(datum);
}

Datum ResultRow::to_datum(FunctionCallInfo fcinfo, MemoryContext memory) const {
    return in_context(memory, [&] {
        TupleDesc description = result_type(fcinfo);
        if (static_cast<std::size_t>(description->natts) != count_)
            elog(ERROR, "the result has %d columns, not %zu", description->natts, count_);
        HeapTuple tuple = heap_form_tuple(description, const_cast<Datum *>(values_.data()),
                                          const_cast<bool *>(nulls_.data()));
        return HeapTupleGetDatum(tuple);
    });
}

void ResultRow::put(const ReturnSetInfo *set) const {
    if (static_cast<std::size_t>(set->setDesc->natts) != count_)
        elog(ERROR, "the result has %d columns, not %zu", set->setDesc->natts, count_);
    tuplestore_putvalues(set->setResult, set->setDesc, const_cast<Datum *>(values_.data()),
                         const_cast<bool *>(nulls_.data()));
}

Datum null_row(FunctionCallInfo fcinfo, MemoryContext memory) {
    const int columns = result_type(fcinfo)->natts;
    ResultRow row;
    for (int i = 0; i < columns; i++)
        row.null();
    return row.to_datum(fcinfo, memory);
}

const ReturnSetInfo *begin_set(FunctionCallInfo fcinfo) {
    InitMaterializedSRF(fcinfo, 0);
    return reinterpret_cast<const ReturnSetInfo *>(fcinfo->resultinfo);
}

void put_rows(const Rows &rows, const ReturnSetInfo *set) {
    for (std::uint64_t i = 0; i < rows.count; i++)
        ResultRow().row(Row(rows, i)).put(set);
}

} // namespace weedgo
