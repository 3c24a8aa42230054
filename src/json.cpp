// JSON text.
#include "json.hpp"

#include "datum.hpp"

namespace weedgo {

static_assert(Trivial<JsonWriter>);

// Puts a comma where the text does not end with an opening bracket or a key's colon.
void JsonWriter::separate() {
    if (text_.len == 0)
        return;
    const char last = text_.data[text_.len - 1];
    if (last != '{' && last != '[' && last != ':' && last != ' ')
        appendStringInfoString(&text_, ", ");
}

JsonWriter &JsonWriter::open(char bracket) {
    separate();
    appendStringInfoChar(&text_, bracket);
    return *this;
}

JsonWriter &JsonWriter::close(char bracket) {
    appendStringInfoChar(&text_, bracket);
    return *this;
}

JsonWriter &JsonWriter::key(std::string_view name) {
    string(name);
    appendStringInfoString(&text_, ": ");
    return *this;
}

JsonWriter &JsonWriter::string(std::string_view value) {
    separate();
    escape_json(&text_, pnstrdup(value.data(), value.size()));
    return *this;
}

JsonWriter &JsonWriter::integer(std::int64_t value) {
    separate();
    appendStringInfo(&text_, INT64_FORMAT, value);
    return *this;
}

JsonWriter &JsonWriter::boolean(bool value) {
    separate();
    appendStringInfoString(&text_, value ? "true" : "false");
    return *this;
}

JsonWriter &JsonWriter::null() {
    separate();
    appendStringInfoString(&text_, "null");
    return *this;
}

JsonWriter &JsonWriter::money(Cents value) {
    return decimal(value, 2);
}

JsonWriter &JsonWriter::decimal(std::int64_t value, int scale) {
    std::int64_t unit = 1;
    for (int i = 0; i < scale; i++)
        unit *= 10;
    separate();
    appendStringInfo(&text_, "\"" INT64_FORMAT ".%0*d\"", value / unit, scale,
                     static_cast<int>(value % unit));
    return *this;
}

JsonWriter &JsonWriter::uuid(const pg_uuid_t &value) {
    static constexpr char hex[] = "0123456789abcdef";
    separate();
    appendStringInfoChar(&text_, '"');
    for (int i = 0; i < UUID_LEN; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            appendStringInfoChar(&text_, '-');
        appendStringInfoChar(&text_, hex[value.data[i] >> 4]);
        appendStringInfoChar(&text_, hex[value.data[i] & 15]);
    }
    appendStringInfoChar(&text_, '"');
    return *this;
}

JsonWriter &JsonWriter::timestamp(TimestampTz value) {
    char buffer[MAXDATELEN + 1];
    JsonEncodeDateTime(buffer, TimestampTzGetDatum(value), TIMESTAMPTZOID, nullptr);
    return string(std::string_view(buffer));
}

JsonWriter &JsonWriter::raw(std::string_view json) {
    separate();
    appendBinaryStringInfo(&text_, json.data(), static_cast<int>(json.size()));
    return *this;
}

JsonWriter &JsonWriter::string(const std::optional<std::string_view> &value) {
    return value ? string(*value) : null();
}

JsonWriter &JsonWriter::integer(const std::optional<std::int32_t> &value) {
    return value ? integer(std::int64_t{*value}) : null();
}

JsonWriter &JsonWriter::money(const std::optional<Cents> &value) {
    return value ? money(*value) : null();
}

JsonWriter &JsonWriter::uuid(const std::optional<pg_uuid_t> &value) {
    return value ? uuid(*value) : null();
}

Datum JsonWriter::to_jsonb() const {
    return DirectFunctionCall1(jsonb_in, CStringGetDatum(text_.data));
}

std::string_view jsonb_text(Datum jsonb) {
    Jsonb *value = DatumGetJsonbP(jsonb);
    return JsonbToCString(nullptr, &value->root, VARSIZE(value));
}

} // namespace weedgo
