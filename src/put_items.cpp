// Reading items, each a sku and how many, from JSON.
#include "put_items.hpp"

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

PutItem read_item(const Argument &argument, JsonbContainer *array, std::uint32_t number) {
    const JsonbValue *element = getIthJsonbValueFromContainer(array, number);
    if (element->type != jbvBinary || !JsonContainerIsObject(element->val.binary.data))
        refuse(argument, "has an item that is not an object");
    JsonbContainer *object = element->val.binary.data;
    return {read_sku(argument, object), static_cast<std::int32_t>(read_quantity(argument, object))};
}

} // namespace

std::span<const PutItem> read_put_items(const Argument &argument) {
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
        items[i] = read_item(argument, &json->root, i);
    std::sort(items.begin(), items.end(),
              [](const PutItem &a, const PutItem &b) { return a.sku < b.sku; });
    std::size_t count = 0;
    for (const PutItem &item : items) {
        if (count == 0 || items[count - 1].sku != item.sku)
            items[count++] = item;
        else if (__builtin_add_overflow(items[count - 1].quantity, item.quantity,
                                        &items[count - 1].quantity))
            refuse(argument, "has a sku whose quantities exceed 2147483647 together");
    }
    return items.first(count);
}

Param skus_of(std::span<const PutItem> items) {
    return array_of(TEXTOID, items,
                    [](const PutItem &item, std::size_t) { return from_text(item.sku); });
}

Param quantities_of(std::span<const PutItem> items) {
    return array_of(INT4OID, items,
                    [](const PutItem &item, std::size_t) { return Int32GetDatum(item.quantity); });
}

} // namespace weedgo
