// Reading payments from JSON, and adding them up.
#include "tender.hpp"

#include "errors.hpp"
#include "payment.hpp"

namespace weedgo {

static_assert(Trivial<Tender>);

namespace {

constexpr std::uint32_t max_tenders = 20;
constexpr std::string_view several_types = "split";

[[noreturn]] void refuse(const Argument &argument, const char *message) {
    raise_invalid_argument(argument.name, message,
                           "payments is a JSON array of 1 to 20 objects {\"type\": text, "
                           "\"amount\": \"20.00\", \"reference\": text}; cash is one of them at "
                           "most, and the only one without a reference.");
}

Tender read_tender(const Argument &argument, JsonbContainer *array, std::uint32_t number) {
    JsonbValue *element = getIthJsonbValueFromContainer(array, number);
    if (element->type != jbvBinary || !JsonContainerIsObject(element->val.binary.data))
        refuse(argument, "has a payment that is not an object");
    const Argument object{argument.name, JsonbPGetDatum(JsonbValueToJsonb(element)), false};
    check_options(object, {"type", "amount", "reference"});
    const std::optional<std::string_view> type = text_option(object, "type", max_label_bytes);
    const Cents amount = money_option(object, "amount").value_or(0);
    if (!type || amount == 0)
        refuse(argument, "has a payment without a type or an amount");
    const Tender tender{*type, amount, text_option(object, "reference", max_label_bytes)};
    if (tender.reference.has_value() == (tender.type == cash))
        refuse(argument, "has a payment without a reference, or cash with one");
    return tender;
}

bool comes_before(const Tender &a, const Tender &b) {
    if (!a.reference || !b.reference)
        return a.reference.has_value() && !b.reference;
    return *a.reference < *b.reference;
}

} // namespace

std::optional<std::span<const Tender>> read_tenders(const Argument &argument) {
    if (argument.is_null)
        return std::nullopt;
    Jsonb *json = DatumGetJsonbP(argument.value);
    if (!JB_ROOT_IS_ARRAY(json) || JB_ROOT_IS_SCALAR(json))
        refuse(argument, "must be a JSON array");
    const std::uint32_t count = JB_ROOT_COUNT(json);
    if (count == 0 || count > max_tenders)
        refuse(argument, "has no payment, or too many");

    const std::span<Tender> tenders = allocate<Tender>(count);
    for (std::uint32_t i = 0; i < count; i++)
        tenders[i] = read_tender(argument, &json->root, i);
    std::sort(tenders.begin(), tenders.end(), comes_before);
    for (std::uint32_t i = 1; i < count; i++)
        if (tenders[i - 1].reference == tenders[i].reference)
            refuse(argument, "has a reference twice, or cash");
    return tenders;
}

std::string_view payment_type_of(std::span<const Tender> tenders) {
    const std::string_view first = tenders.front().type;
    const bool all = std::all_of(tenders.begin(), tenders.end(),
                                 [&](const Tender &tender) { return tender.type == first; });
    return all ? first : several_types;
}

void check_tenders(std::span<const Tender> tenders, Cents amount_due) {
    Cents by_reference = 0;
    Cents in_cash = 0;
    for (const Tender &tender : tenders)
        (tender.reference ? by_reference : in_cash) += tender.amount;
    const Cover cover = cover_of(amount_due, by_reference, in_cash);
    if (cover != Cover::exact)
        raise(payments_do_not_match(amount_due, by_reference + in_cash, cover));
}

} // namespace weedgo
