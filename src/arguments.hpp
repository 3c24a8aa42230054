// The arguments of an SQL function, checked: whatever is out of its range is a 22023.
#pragma once

#include "distance.hpp"
#include "pg.hpp"
#include "spi.hpp"

namespace weedgo {

// The longest texts and documents that are stored with an order or a cart, in bytes.
inline constexpr std::size_t max_sku_bytes = 100;
inline constexpr std::size_t max_lot_bytes = 100;
inline constexpr std::size_t max_promo_code_bytes = 64;
inline constexpr std::size_t max_key_characters = 255;
inline constexpr std::size_t max_label_bytes = 255; // pickup_time, payment_method_id
inline constexpr std::size_t max_instructions_bytes = 4'096;
inline constexpr std::size_t max_reason_bytes = 1'024;
inline constexpr std::size_t max_document_bytes = 16'384; // delivery_address, metadata

struct Argument {
    const char *name;
    Datum value;
    bool is_null;
};

inline Argument argument(FunctionCallInfo fcinfo, int number, const char *name) {
    const NullableDatum &given = fcinfo->args[number];
    return {name, given.value, given.isnull};
}

// Who moves an order or stock, and why: kept in the record of it.
struct MoveReason {
    std::optional<pg_uuid_t> actor_id;
    std::optional<std::string_view> reason;
};

pg_uuid_t required_uuid(const Argument &argument);
std::optional<pg_uuid_t> optional_uuid(const Argument &argument);
std::string_view required_text(const Argument &argument, std::size_t max_bytes);
std::optional<std::string_view> optional_text(const Argument &argument, std::size_t max_bytes);

// Rounded half up to cents. NULL is nothing; negative, NaN, Infinity and what exceeds
// numeric(12,2) are refused.
std::optional<Cents> optional_money(const Argument &argument);

std::int32_t required_integer(const Argument &argument);

// A day of the years 1 to 9999.
DateADT required_date(const Argument &argument);

// NULL is `otherwise`.
std::int32_t bounded_integer(const Argument &argument, std::int32_t least, std::int32_t most,
                             std::int32_t otherwise);

// In microseconds: more than nothing, and at most max_us. NULL is `otherwise_us`.
std::int64_t bounded_interval(const Argument &argument, std::int64_t max_us,
                              std::int64_t otherwise_us);

// As promo codes are looked up. NULL is nothing (the cart's own code), '' is none at all.
std::optional<std::string_view> optional_promo_code(const Argument &argument);

// A JSON object of bounded size.
std::optional<Datum> optional_object(const Argument &argument);

// latitude and longitude of an address; nothing where it has neither.
std::optional<Coordinates> coordinates_in(const Argument &address);

// The value of an option that is given.
std::optional<JsonbValue> option_value(const Argument &options, std::string_view name);

// The value of a boolean option, or `otherwise`.
bool boolean_option(const Argument &options, std::string_view name, bool otherwise);

// The value of an option that is a whole number, or `otherwise`.
std::int32_t integer_option(const Argument &options, std::string_view name, std::int32_t least,
                            std::int32_t most, std::int32_t otherwise);

// The value of a text option; nothing where it is not there.
std::optional<std::string_view> text_option(const Argument &options, std::string_view name,
                                            std::size_t max_bytes);

// The value of an option that is an amount, as a string or a number; as optional_money() has it.
std::optional<Cents> money_option(const Argument &options, std::string_view name);

// The value of an option that is an instant, with its offset from UTC; nothing where it is not
// given.
std::optional<TimestampTz> instant_option(const Argument &options, std::string_view name);

// Refuses every option that is not in `known`.
void check_options(const Argument &options, std::initializer_list<std::string_view> known = {});

// The arguments from `first` on that every move ends with: actor_id, reason, options.
MoveReason read_reason(FunctionCallInfo fcinfo, int first);

} // namespace weedgo
