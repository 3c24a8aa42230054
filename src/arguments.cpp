// Checking arguments before anything is touched.
#include "arguments.hpp"

#include "calendar.hpp"
#include "errors.hpp"

namespace weedgo {

static_assert(Trivial<Argument> && Trivial<MoveReason>);

namespace {

[[noreturn]] void raise_null(const Argument &argument) {
    raise_invalid_argument(argument.name, "must not be null", "It has no default: pass a value.");
}

std::optional<double> coordinate(const Argument &address, Jsonb *object, std::string_view name) {
    JsonbValue found;
    if (getKeyJsonValueFromContainer(&object->root, name.data(), static_cast<int>(name.size()),
                                     &found) == nullptr ||
        found.type == jbvNull)
        return std::nullopt;
    if (found.type != jbvNumeric)
        raise_invalid_argument(address.name, psprintf("has a %s that is not a number", name.data()),
                               "latitude and longitude are JSON numbers, in degrees.");
    return DatumGetFloat8(
        DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(found.val.numeric)));
}

// Rounded half up to cents. `what` comes before the message, where it is not the argument itself.
Cents to_money(const Argument &argument, const char *what, const char *text) {
    const char *hint = "An amount is a number from 0 to 9999999999.99.";
    const char *fault = "is not an amount";
    Cents amount = 0;
    switch (parse_decimal(text, 2, Excess::round_half_up, &amount)) {
    case Decimal::ok:
        if (amount <= max_amount)
            return amount;
        [[fallthrough]];
    case Decimal::too_large:
        fault = "is too large";
        break;
    case Decimal::negative:
        fault = "must not be negative";
        break;
    case Decimal::not_a_number:
    case Decimal::not_exact:
        break;
    }
    raise_invalid_argument(argument.name, psprintf("%s%s", what, fault), hint);
}

} // namespace

pg_uuid_t required_uuid(const Argument &argument) {
    if (argument.is_null)
        raise_null(argument);
    return *DatumGetUUIDP(argument.value);
}

std::optional<pg_uuid_t> optional_uuid(const Argument &argument) {
    if (argument.is_null)
        return std::nullopt;
    return *DatumGetUUIDP(argument.value);
}

std::string_view required_text(const Argument &argument, std::size_t max_bytes) {
    const std::optional<std::string_view> text = optional_text(argument, max_bytes);
    if (!text)
        raise_null(argument);
    return *text;
}

std::optional<std::string_view> optional_text(const Argument &argument, std::size_t max_bytes) {
    if (argument.is_null)
        return std::nullopt;
    const std::string_view text = to_text(argument.value);
    if (text.size() > max_bytes)
        raise_invalid_argument(argument.name, "is too long",
                               psprintf("It may have %zu bytes at most.", max_bytes));
    return text;
}

std::optional<Cents> optional_money(const Argument &argument) {
    if (argument.is_null)
        return std::nullopt;
    return to_money(argument, "",
                    DatumGetCString(DirectFunctionCall1(numeric_out, argument.value)));
}

std::int32_t required_integer(const Argument &argument) {
    if (argument.is_null)
        raise_null(argument);
    return DatumGetInt32(argument.value);
}

DateADT required_date(const Argument &argument) {
    if (argument.is_null)
        raise_null(argument);
    const DateADT date = DatumGetDateADT(argument.value);
    if (date < date2j(1, 1, 1) - POSTGRES_EPOCH_JDATE ||
        date > date2j(9999, 12, 31) - POSTGRES_EPOCH_JDATE)
        raise_invalid_argument(argument.name, "is out of its range",
                               "It is a day of the years 1 to 9999.");
    return date;
}

std::int32_t bounded_integer(const Argument &argument, std::int32_t least, std::int32_t most,
                             std::int32_t otherwise) {
    if (argument.is_null)
        return otherwise;
    const std::int32_t value = DatumGetInt32(argument.value);
    if (value < least || value > most)
        raise_invalid_argument(argument.name, "is out of its range",
                               psprintf("It is a number from %d to %d.", least, most));
    return value;
}

std::int64_t bounded_interval(const Argument &argument, std::int64_t max_us,
                              std::int64_t otherwise_us) {
    if (argument.is_null)
        return otherwise_us;
    const Interval *interval = DatumGetIntervalP(argument.value);
    const __int128 days = __int128{interval->month} * DAYS_PER_MONTH + interval->day;
    const __int128 length_us = days * USECS_PER_DAY + interval->time;
    if (length_us <= 0 || length_us > max_us)
        raise_invalid_argument(argument.name,
                               psprintf("must be more than nothing and at most %lld days",
                                        static_cast<long long>(max_us / USECS_PER_DAY)),
                               "For example interval '15 minutes'.");
    return static_cast<std::int64_t>(length_us);
}

std::optional<std::string_view> optional_promo_code(const Argument &argument) {
    if (argument.is_null)
        return std::nullopt;
    const std::string_view text = to_text(argument.value);
    const std::string_view code =
        normalize_promo_code(text, static_cast<char *>(palloc(text.size() + 1)));
    if (code.size() > max_promo_code_bytes)
        raise_invalid_argument(argument.name, "is too long",
                               psprintf("It may have %zu bytes at most.", max_promo_code_bytes));
    return code;
}

std::optional<Datum> optional_object(const Argument &argument) {
    if (argument.is_null)
        return std::nullopt;
    Jsonb *document = DatumGetJsonbP(argument.value);
    if (!JB_ROOT_IS_OBJECT(document))
        raise_invalid_argument(argument.name, "must be a JSON object", "Pass {...} or NULL.");
    if (VARSIZE(document) > max_document_bytes)
        raise_invalid_argument(argument.name, "is too large",
                               psprintf("It may have %zu bytes at most.", max_document_bytes));
    return JsonbPGetDatum(document);
}

std::optional<Coordinates> coordinates_in(const Argument &address) {
    if (address.is_null)
        return std::nullopt;
    Jsonb *object = DatumGetJsonbP(address.value);
    const std::optional<double> latitude = coordinate(address, object, "latitude");
    const std::optional<double> longitude = coordinate(address, object, "longitude");
    if (!latitude && !longitude)
        return std::nullopt;
    if (!latitude || !longitude)
        raise_invalid_argument(address.name, "has only one of latitude and longitude",
                               "Pass both, or neither.");
    const Coordinates place{*latitude, *longitude};
    if (!is_valid(place))
        raise_invalid_argument(address.name, "is no place on Earth",
                               "latitude is from -90 to 90, longitude from -180 to 180 degrees.");
    return place;
}

std::optional<JsonbValue> option_value(const Argument &options, std::string_view name) {
    if (options.is_null)
        return std::nullopt;
    JsonbValue found;
    Jsonb *object = DatumGetJsonbP(options.value);
    if (getKeyJsonValueFromContainer(&object->root, name.data(), static_cast<int>(name.size()),
                                     &found) == nullptr)
        return std::nullopt;
    return found;
}

bool boolean_option(const Argument &options, std::string_view name, bool otherwise) {
    const std::optional<JsonbValue> found = option_value(options, name);
    if (!found)
        return otherwise;
    if (found->type != jbvBool)
        raise_invalid_argument(options.name,
                               psprintf("has a %s that is not a boolean", name.data()),
                               "Pass true or false.");
    return found->val.boolean;
}

std::int32_t integer_option(const Argument &options, std::string_view name, std::int32_t least,
                            std::int32_t most, std::int32_t otherwise) {
    const std::optional<JsonbValue> found = option_value(options, name);
    if (!found)
        return otherwise;
    std::optional<std::int64_t> number;
    if (found->type == jbvNumeric && !numeric_is_nan(found->val.numeric)) {
        bool too_large = false;
        const std::int32_t rounded = numeric_int4_opt_error(found->val.numeric, &too_large);
        const Datum same = DirectFunctionCall1(int4_numeric, Int32GetDatum(rounded));
        if (!too_large && DatumGetBool(DirectFunctionCall2(numeric_eq, same,
                                                           NumericGetDatum(found->val.numeric))))
            number = rounded;
    }
    if (!number || *number < least || *number > most)
        raise_invalid_argument(
            options.name,
            psprintf("has a %s that is no whole number from %d to %d", name.data(), least, most),
            "Leave it out for the default.");
    return static_cast<std::int32_t>(*number);
}

std::optional<std::string_view> text_option(const Argument &options, std::string_view name,
                                            std::size_t max_bytes) {
    const std::optional<JsonbValue> found = option_value(options, name);
    if (!found)
        return std::nullopt;
    const auto size =
        static_cast<std::size_t>(found->type == jbvString ? found->val.string.len : 0);
    if (size == 0 || size > max_bytes)
        raise_invalid_argument(
            options.name, psprintf("has a %s that is no string, empty or too long", name.data()),
            psprintf("It may have %zu bytes at most.", max_bytes));
    return std::string_view(found->val.string.val, size);
}

std::optional<Cents> money_option(const Argument &options, std::string_view name) {
    const std::optional<JsonbValue> found = option_value(options, name);
    if (!found)
        return std::nullopt;
    const char *text = "";
    if (found->type == jbvNumeric)
        text =
            DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(found->val.numeric)));
    else if (found->type == jbvString)
        text = pnstrdup(found->val.string.val, static_cast<Size>(found->val.string.len));
    return to_money(options, psprintf("has a %s that ", name.data()), text);
}

std::optional<TimestampTz> instant_option(const Argument &options, std::string_view name) {
    const std::optional<JsonbValue> found = option_value(options, name);
    if (!found)
        return std::nullopt;
    std::optional<std::int64_t> instant;
    if (found->type == jbvString)
        instant =
            parse_instant({found->val.string.val, static_cast<std::size_t>(found->val.string.len)});
    if (!instant)
        raise_invalid_argument(options.name,
                               psprintf("has a value of %s that is no instant", name.data()),
                               "A date, a time and its offset from UTC, in years 1 to 9999: "
                               "\"2026-12-24T20:00:00-05:00\".");
    return *instant;
}

void check_options(const Argument &options, std::initializer_list<std::string_view> known) {
    if (options.is_null)
        return;
    Jsonb *object = DatumGetJsonbP(options.value);
    if (!JB_ROOT_IS_OBJECT(object))
        raise_invalid_argument(options.name, "must be a JSON object", "Pass {...} or NULL.");

    JsonbValue key;
    JsonbIterator *iterator = JsonbIteratorInit(&object->root);
    const bool skip_nested = true;
    JsonbIteratorToken token;
    while ((token = JsonbIteratorNext(&iterator, &key, skip_nested)) != WJB_DONE) {
        if (token != WJB_KEY)
            continue;
        const std::string_view name(key.val.string.val,
                                    static_cast<std::size_t>(key.val.string.len));
        if (std::find(known.begin(), known.end(), name) == known.end())
            raise_invalid_argument(
                options.name,
                psprintf("has an unknown key \"%s\"", pnstrdup(name.data(), name.size())),
                "The reference lists the options of each function.");
    }
}

MoveReason read_reason(FunctionCallInfo fcinfo, int first) {
    const MoveReason reason{optional_uuid(argument(fcinfo, first, "actor_id")),
                            optional_text(argument(fcinfo, first + 1, "reason"), max_reason_bytes)};
    check_options(argument(fcinfo, first + 2, "options"));
    return reason;
}

} // namespace weedgo
