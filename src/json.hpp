// Writes JSON text piece by piece: for the DETAIL of errors and for jsonb results.
#pragma once

#include "money.hpp"
#include "pg.hpp"

namespace weedgo {

class JsonWriter {
public:
    // In the current memory context.
    JsonWriter() { initStringInfo(&text_); }

    JsonWriter &begin_object() { return open('{'); }
    JsonWriter &end_object() { return close('}'); }
    JsonWriter &begin_array() { return open('['); }
    JsonWriter &end_array() { return close(']'); }
    JsonWriter &key(std::string_view name);

    JsonWriter &string(std::string_view value);
    JsonWriter &string(const char *value) { return string(std::string_view(value)); }
    JsonWriter &integer(std::int64_t value);
    JsonWriter &boolean(bool value);
    JsonWriter &null();
    JsonWriter &money(Cents value);                     // "19.99"
    JsonWriter &decimal(std::int64_t value, int scale); // "0.099750"
    JsonWriter &uuid(const pg_uuid_t &value);
    JsonWriter &timestamp(TimestampTz value); // as to_jsonb() writes it
    JsonWriter &raw(std::string_view json);   // what is JSON already

    // An optional value, or null.
    JsonWriter &string(const std::optional<std::string_view> &value);
    JsonWriter &integer(const std::optional<std::int32_t> &value);
    JsonWriter &money(const std::optional<Cents> &value);
    JsonWriter &uuid(const std::optional<pg_uuid_t> &value);

    std::string_view text() const { return {text_.data, static_cast<std::size_t>(text_.len)}; }
    const char *c_str() const { return text_.data; }
    Datum to_jsonb() const;

private:
    JsonWriter &open(char bracket);
    JsonWriter &close(char bracket);
    void separate();

    StringInfoData text_;
};

// {}: details that have nothing in them yet.
inline JsonWriter empty_object() {
    JsonWriter json;
    json.begin_object().end_object();
    return json;
}

// The text of a jsonb datum.
std::string_view jsonb_text(Datum jsonb);

} // namespace weedgo
