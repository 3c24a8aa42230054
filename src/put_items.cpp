// Reading items, each a sku and how many, from JSON.
#include "put_items.hpp"

#include "calendar.hpp"
#include "errors.hpp"

namespace weedgo {

namespace {

constexpr std::uint32_t max_items = 1000;
constexpr const char *items_hint =
    "items is a JSON array of at most 1000 objects {\"sku\": text, \"quantity\": number}.";

[[noreturn]] void refuse(const Argument &argument, const char *message) {
    raise_invalid_argument(argument.name, message, items_hint);
}

std::string_view read_sku(const Argument &argument, JsonbContainer *object) {
    JsonbValue found;
    if (getKeyJsonValueFromContainer(object, "sku", 3, &found) == nullptr ||
        found.type != jbvString)
        refuse(argument, "has an item without a sku");
    const std::string_view sku(found.val.string.val,
                               static_cast<std::size_t>(found.val.string.len));
    if (sku.empty() || sku.size() > max_sku_bytes)
        refuse(argument, "has a sku that is empty or too long");
    return sku;
}

std::int64_t read_quantity(const Argument &argument, JsonbContainer *object) {
    JsonbValue found;
    if (getKeyJsonValueFromContainer(object, "quantity", 8, &found) == nullptr ||
        found.type != jbvNumeric)
        refuse(argument, "has an item without a quantity");
    const char *text =
        DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(found.val.numeric)));
    std::int64_t quantity = 0;
    const Decimal status = parse_decimal(text, 0, Excess::is_error, &quantity);
    if (status != Decimal::ok || quantity < 1 || quantity > PG_INT32_MAX)
        refuse(argument, "has a quantity that is not a whole number from 1 to 2147483647");
    return quantity;
}

// A string of an item, where it has one.
std::optional<std::string_view> read_string(const Argument &argument, JsonbContainer *object,
                                            std::string_view key, const char *fault) {
    JsonbValue found;
    if (getKeyJsonValueFromContainer(object, key.data(), static_cast<int>(key.size()), &found) ==
            nullptr ||
        found.type == jbvNull)
        return std::nullopt;
    if (found.type != jbvString)
        refuse(argument, fault);
    return std::string_view(found.val.string.val, static_cast<std::size_t>(found.val.string.len));
}

std::optional<DateADT> read_day(const Argument &argument, JsonbContainer *object,
                                std::string_view key) {
    constexpr const char *fault = "has a day that is not like \"2027-01-31\"";
    const std::optional<std::string_view> text = read_string(argument, object, key, fault);
    if (!text)
        return std::nullopt;
    const std::optional<DateADT> day = parse_date(*text);
    if (!day)
        refuse(argument, fault);
    return day;
}

enum class Lots { ignored, read };

PutItem read_item(const Argument &argument, JsonbContainer *array, std::uint32_t number,
                  Lots lots) {
    const JsonbValue *element = getIthJsonbValueFromContainer(array, number);
    if (element->type != jbvBinary || !JsonContainerIsObject(element->val.binary.data))
        refuse(argument, "has an item that is not an object");
    JsonbContainer *object = element->val.binary.data;
    PutItem item{};
    item.sku = read_sku(argument, object);
    item.quantity = static_cast<std::int32_t>(read_quantity(argument, object));
    if (lots == Lots::ignored)
        return item;
    item.lot = read_string(argument, object, "lot", "has a lot that is no text");
    item.packaged_on = read_day(argument, object, "packaged_on");
    item.expires_on = read_day(argument, object, "expires_on");
    if (item.lot && (item.lot->empty() || item.lot->size() > max_lot_bytes))
        refuse(argument, "has a lot that is empty or too long");
    if (!item.lot && (item.packaged_on || item.expires_on))
        refuse(argument, "has an item with a day, but without a lot");
    return item;
}

bool same_kind(const PutItem &a, const PutItem &b) {
    return a.sku == b.sku && a.lot == b.lot;
}

std::span<const PutItem> read_items(const Argument &argument, Lots lots) {
    if (argument.is_null)
        refuse(argument, "must not be null");
    Jsonb *json = DatumGetJsonbP(argument.value);
    if (!JB_ROOT_IS_ARRAY(json) || JB_ROOT_IS_SCALAR(json))
        refuse(argument, "must be a JSON array");
    const std::uint32_t given = JB_ROOT_COUNT(json);
    if (given > max_items)
        refuse(argument, "has too many items");

    const std::span<PutItem> items = allocate<PutItem>(given);
    for (std::uint32_t i = 0; i < given; i++)
        items[i] = read_item(argument, &json->root, i, lots);
    std::sort(items.begin(), items.end(), [](const PutItem &a, const PutItem &b) {
        return a.sku != b.sku ? a.sku < b.sku : a.lot < b.lot;
    });
    std::size_t count = 0;
    for (const PutItem &item : items) {
        if (count == 0 || !same_kind(items[count - 1], item)) {
            items[count++] = item;
            continue;
        }
        PutItem &sum = items[count - 1];
        if (sum.packaged_on != item.packaged_on || sum.expires_on != item.expires_on)
            refuse(argument, "has a lot with different days");
        if (__builtin_add_overflow(sum.quantity, item.quantity, &sum.quantity))
            refuse(argument, "has a sku whose quantities exceed 2147483647 together");
    }
    return items.first(count);
}

} // namespace

std::span<const PutItem> read_put_items(const Argument &argument) {
    return read_items(argument, Lots::ignored);
}

std::span<const PutItem> read_stock_items(const Argument &argument) {
    return read_items(argument, Lots::read);
}

} // namespace weedgo
