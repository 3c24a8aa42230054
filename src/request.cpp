// Reading a checkout's arguments, and telling one request from another.
#include "request.hpp"

#include "errors.hpp"

namespace weedgo {

static_assert(Trivial<CheckoutRequest>);

namespace {

constexpr std::string_view order_sources[] = {"web",   "pos",   "mobile",
                                              "kiosk", "phone", "marketplace"};

std::string_view read_order_source(const Argument &argument) {
    if (argument.is_null)
        return "web";
    const std::string_view source = to_text(argument.value);
    if (std::find(std::begin(order_sources), std::end(order_sources), source) ==
        std::end(order_sources))
        raise_invalid_argument(argument.name, "is unknown",
                               "One of web, pos, mobile, kiosk, phone, marketplace.");
    return source;
}

std::optional<std::string_view> read_idempotency_key(const Argument &argument) {
    if (argument.is_null)
        return std::nullopt;
    const std::string_view key = to_text(argument.value);
    const auto characters =
        static_cast<std::size_t>(pg_mbstrlen_with_len(key.data(), static_cast<int>(key.size())));
    if (characters == 0 || characters > max_key_characters)
        raise_invalid_argument(argument.name, "must have 1 to 255 characters",
                               "A UUID made by the client for each attempt to buy is a good key.");
    return key;
}

bool has_keys(Datum jsonb) {
    return JB_ROOT_COUNT(DatumGetJsonbP(jsonb)) > 0;
}

// A hash over fields, each with its presence and length before it, so that no two lists of fields
// have the same bytes.
class Fingerprint {
public:
    Fingerprint() : context_(pg_cryptohash_create(PG_SHA256)) {
        check(context_ != nullptr && pg_cryptohash_init(context_) == 0);
    }

    void add(const void *data, std::size_t size) {
        const std::uint64_t length = size;
        update(&length, sizeof length);
        update(data, size);
    }
    void add(std::string_view text) { add(text.data(), text.size()); }
    void add(const pg_uuid_t &uuid) { add(uuid.data, UUID_LEN); }
    void add(Cents amount) { add(&amount, sizeof amount); }
    void add_jsonb(const std::optional<Datum> &jsonb) {
        if (present(jsonb.has_value()))
            add(jsonb_text(*jsonb));
    }
    template <typename T>
    void add(const std::optional<T> &value) {
        if (present(value.has_value()))
            add(*value);
    }

    Datum finish() {
        auto *result = static_cast<bytea *>(palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH));
        SET_VARSIZE(result, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
        check(pg_cryptohash_final(context_, reinterpret_cast<uint8 *>(VARDATA(result)),
                                  PG_SHA256_DIGEST_LENGTH) == 0);
        pg_cryptohash_free(context_);
        return PointerGetDatum(result);
    }

private:
    bool present(bool value) {
        update(&value, sizeof value);
        return value;
    }
    void update(const void *data, std::size_t size) {
        check(pg_cryptohash_update(context_, static_cast<const uint8 *>(data), size) == 0);
    }
    void check(bool done) {
        if (!done)
            elog(ERROR, "could not compute a SHA-256 hash");
    }

    pg_cryptohash_ctx *context_;
};

static_assert(Trivial<Fingerprint>);

// A guest chooses the id of the cart, and could choose a customer's id: so the scope of a guest's
// keys is made from it by a hash, which nobody can aim.
pg_uuid_t guest_scope(const pg_uuid_t &cart_id) {
    Fingerprint hash;
    hash.add("guest");
    hash.add(cart_id);
    pg_uuid_t scope;
    std::copy_n(to_text(hash.finish()).data(), UUID_LEN, scope.data);
    return scope;
}

DeliveryType read_delivery_type(const Argument &argument) {
    if (argument.is_null)
        return DeliveryType::pickup;
    const std::optional<DeliveryType> type = delivery_type_of(to_text(argument.value));
    if (type)
        return *type;
    raise_invalid_argument(argument.name, "is unknown", "One of delivery, pickup, in_store.");
}

// {"sku": "lot", ...}; jsonb has its keys in one order.
std::span<const ScannedLot> read_lots(const Argument &options) {
    constexpr const char *form = "lots is an object of skus of the cart and their lots.";
    const std::optional<JsonbValue> found = option_value(options, "lots");
    if (!found)
        return {};
    if (found->type != jbvBinary || !JsonContainerIsObject(found->val.binary.data))
        raise_invalid_argument(options.name, "has lots that are no object", form);
    JsonbContainer *object = found->val.binary.data;
    const std::span<ScannedLot> lots = allocate<ScannedLot>(JsonContainerSize(object));
    std::size_t count = 0;
    JsonbValue value;
    JsonbIterator *iterator = JsonbIteratorInit(object);
    const bool skip_nested = true;
    JsonbIteratorToken token;
    while ((token = JsonbIteratorNext(&iterator, &value, skip_nested)) != WJB_DONE) {
        if (token != WJB_KEY && token != WJB_VALUE)
            continue;
        const auto size =
            static_cast<std::size_t>(value.type == jbvString ? value.val.string.len : 0);
        if (size == 0 || size > max_lot_bytes)
            raise_invalid_argument(options.name, "has a lot that is no text, empty or too long",
                                   form);
        const std::string_view text(value.val.string.val, size);
        if (token == WJB_KEY)
            lots[count].sku = text;
        else
            lots[count++].lot = text;
    }
    return lots.first(count);
}

void read_age_checked(const Argument &options, Request *request) {
    request->age_checked = boolean_option(options, "age_checked", false);
    if (request->age_checked && request->delivery_type != DeliveryType::in_store)
        raise_invalid_argument(options.name, "has age_checked for an order that is not in_store",
                               "Only a cashier who sees the customer can check the age.");
}

} // namespace

Request read_request(FunctionCallInfo fcinfo) {
    Request request;
    request.store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    request.cart_id = required_uuid(argument(fcinfo, 1, "cart_id"));
    request.customer_id = optional_uuid(argument(fcinfo, 2, "customer_id"));
    request.payment_method_id =
        optional_text(argument(fcinfo, 3, "payment_method_id"), max_label_bytes);
    request.delivery_type = read_delivery_type(argument(fcinfo, 4, "delivery_type"));
    const Argument address = argument(fcinfo, 5, "delivery_address");
    request.delivery_address = optional_object(address);
    request.address_given = request.delivery_address && has_keys(*request.delivery_address);
    request.destination = coordinates_in(address);
    return request;
}

void read_options(const Argument &options, CheckoutRequest *request) {
    check_options(options, {"age_checked", "lots"});
    read_age_checked(options, request);
    request->lots = read_lots(options);
}

void read_quote_options(const Argument &options, Request *request) {
    check_options(options, {"age_checked", "discount", "payment_type", "as_of"});
    read_age_checked(options, request);
    request->as_of = instant_option(options, "as_of");
    request->discount = money_option(options, "discount");
    request->payment_type = text_option(options, "payment_type", max_label_bytes);
    if ((request->discount || request->payment_type) &&
        request->delivery_type != DeliveryType::in_store)
        raise_invalid_argument(options.name,
                               "has discount or payment_type for an order that is not in_store",
                               "Only sell_in_store() takes them.");
    check_discount(*request, options.name);
}

void check_discount(const Request &request, const char *argument) {
    if (!request.discount)
        return;
    if (*request.discount == 0)
        raise_invalid_argument(argument, "has a discount of nothing", "Leave it out.");
    if (request.promo_code && !request.promo_code->empty())
        raise_invalid_argument(argument, "has a discount beside a promo code",
                               "An order has one or the other.");
}

void read_key(const Argument &key, CheckoutRequest *request) {
    request->idempotency_scope =
        request->customer_id ? *request->customer_id : guest_scope(request->cart_id);
    request->idempotency_key = read_idempotency_key(key);
}

CheckoutRequest read_checkout_request(FunctionCallInfo fcinfo) {
    CheckoutRequest request;
    static_cast<Request &>(request) = read_request(fcinfo);
    request.pickup_time = optional_text(argument(fcinfo, 6, "pickup_time"), max_label_bytes);
    request.tip = optional_money(argument(fcinfo, 7, "tip")).value_or(0);
    request.promo_code = optional_promo_code(argument(fcinfo, 8, "promo_code"));
    request.expected_total = optional_money(argument(fcinfo, 9, "expected_total"));
    read_key(argument(fcinfo, 10, "idempotency_key"), &request);
    request.special_instructions =
        optional_text(argument(fcinfo, 11, "special_instructions"), max_instructions_bytes);
    request.order_source = read_order_source(argument(fcinfo, 12, "order_source"));
    request.actor_id = optional_uuid(argument(fcinfo, 13, "actor_id"));
    request.metadata = optional_object(argument(fcinfo, 14, "metadata"));
    read_options(argument(fcinfo, 15, "options"), &request);
    return request;
}

Datum fingerprint_of(const CheckoutRequest &request) {
    Fingerprint hash;
    hash.add(request.store_id);
    hash.add(request.cart_id);
    hash.add(request.customer_id);
    hash.add(request.payment_method_id);
    hash.add(name_of(request.delivery_type));
    hash.add_jsonb(request.delivery_address);
    hash.add(request.pickup_time);
    hash.add(request.tip);
    hash.add(request.promo_code);
    hash.add(request.expected_total);
    hash.add(request.special_instructions);
    hash.add(request.order_source);
    hash.add(request.actor_id);
    hash.add_jsonb(request.metadata);
    if (request.age_checked) // only then, so that keys outlive the version without it
        hash.add("age_checked");
    for (const ScannedLot &scanned : request.lots) {
        hash.add("lot");
        hash.add(scanned.sku);
        hash.add(scanned.lot);
    }
    if (request.at_till) {
        hash.add("sell_in_store");
        hash.add(request.discount);
        hash.add(request.discount_reason);
        hash.add_jsonb(request.payments);
    }
    return hash.finish();
}

} // namespace weedgo
