// Reading and converting carts.
#include "cart.hpp"

#include "errors.hpp"
#include "spi.hpp"

namespace weedgo {

static_assert(Trivial<Cart> && Trivial<CartQuery>);

namespace {

// The widest relation comes last: each join hands on the columns of all before it.
#define READ_CART                                                                                  \
    "SELECT c.customer_id::uuid, c.promo_code::text, c.status::text, c.order_id::uuid,"            \
    "       s.store_id IS NOT NULL, s.tenant_id::uuid, s.province::text, s.currency::text,"        \
    "       s.timezone::text, s.latitude::float8, s.longitude::float8, s.accepts_orders::bool,"    \
    "       s.delivery_base_fee::numeric, s.delivery_fee_per_km::numeric,"                         \
    "       s.free_delivery_threshold::numeric, s.max_delivery_km::numeric,"                       \
    "       s.min_order_amount::numeric, s.tax_delivery::bool, s.policies::jsonb,"                 \
    "       u.customer_id IS NOT NULL, u.date_of_birth::date, u.age_verified::bool,"               \
    "       m.type::text, m.is_active::bool, m.expires_on::date,"                                  \
    "       o.order_id, o.request_fingerprint,"                                                    \
    "       EXISTS (SELECT FROM weedgo_data.holds h"                                               \
    "               WHERE h.store_id = $1 AND h.cart_id = $2)"                                     \
    "  FROM weedgo_data.carts c"                                                                   \
    "  LEFT JOIN weedgo_data.customers u ON u.customer_id = $3"                                    \
    "  LEFT JOIN weedgo_data.payment_methods m"                                                    \
    "    ON m.customer_id = $3 AND m.payment_method_id = $4"                                       \
    "  LEFT JOIN weedgo_data.orders o"                                                             \
    "    ON o.store_id = $1 AND o.idempotency_scope = $6"                                          \
    "   AND o.idempotency_key = $5"                                                                \
    "  LEFT JOIN weedgo_data.stores s ON s.store_id = $1"                                          \
    " WHERE c.store_id = $1 AND c.cart_id = $2"

constinit Statement read_statement{READ_CART};
constinit Statement lock_statement{READ_CART " FOR NO KEY UPDATE OF c"};

constinit Statement convert_statement{
    "UPDATE weedgo_data.carts"
    "   SET status = 'converted', order_id = $3, customer_id = coalesce($4, customer_id)"
    " WHERE store_id = $1 AND cart_id = $2 AND status = 'active'"};

std::optional<Coordinates> read_place(Row &row) {
    const std::optional<double> latitude = row.optional_double();
    const std::optional<double> longitude = row.optional_double();
    if (!latitude || !longitude)
        return std::nullopt;
    const Coordinates place{*latitude, *longitude};
    if (!is_valid(place))
        raise_setup("a store's latitude and longitude are no place on Earth");
    return place;
}

std::optional<Store> read_store(Row &row) {
    constexpr int columns = 14;
    if (!row.boolean()) {
        row.skip(columns);
        return std::nullopt;
    }
    Store store;
    store.tenant_id = row.optional_uuid();
    store.province = row.text();
    store.currency = row.text();
    store.timezone = row.text();
    store.place = read_place(row);
    store.accepts_orders = row.boolean();
    store.delivery_base_fee = row.money("delivery_base_fee");
    store.delivery_fee_per_km = row.money("delivery_fee_per_km");
    store.free_delivery_threshold = row.optional_money("free_delivery_threshold");
    store.max_delivery_m = row.optional_exact(3, "max_delivery_km");
    store.min_order_amount = row.money("min_order_amount");
    store.tax_delivery = row.boolean();
    store.policies = row.value(JSONBOID);
    return store;
}

std::optional<Buyer> read_buyer(Row &row) {
    const bool is_known = row.boolean();
    Buyer buyer;
    buyer.date_of_birth = row.optional_date();
    if (buyer.date_of_birth && DATE_NOT_FINITE(*buyer.date_of_birth))
        buyer.date_of_birth.reset();
    buyer.age_verified = row.optional_boolean().value_or(false);
    return is_known ? std::optional(buyer) : std::nullopt;
}

std::optional<PaymentMethod> read_payment_method(Row &row) {
    const std::optional<std::string_view> type = row.optional_text();
    const std::optional<bool> is_active = row.optional_boolean();
    const std::optional<DateADT> expires_on = row.optional_date();
    if (!type)
        return std::nullopt;
    return PaymentMethod{*type, is_active.value_or(false), expires_on};
}

std::optional<KeyedOrder> read_keyed_order(Row &row) {
    const std::optional<pg_uuid_t> order_id = row.optional_uuid();
    const std::optional<Datum> fingerprint = row.value(BYTEAOID);
    if (!order_id)
        return std::nullopt;
    return KeyedOrder{*order_id, fingerprint};
}

} // namespace

std::optional<Cart> read_cart(const CartQuery &query, CartRow row_use) {
    const Rows rows =
        execute(row_use == CartRow::lock ? lock_statement : read_statement,
                {Param::uuid(query.store_id), Param::uuid(query.cart_id),
                 Param::uuid(query.customer_id), Param::text(query.payment_method_id),
                 Param::text(query.idempotency_key), Param::uuid(query.idempotency_scope)});
    if (rows.count == 0)
        return std::nullopt;
    if (rows.count > 1)
        raise_setup("there is more than one row for a cart, its store, customer or payment method");

    Row row(rows, 0);
    Cart cart;
    cart.customer_id = row.optional_uuid();
    cart.promo_code = row.optional_text();
    cart.status = row.text();
    cart.order_id = row.optional_uuid();
    cart.store = read_store(row);
    cart.buyer = read_buyer(row);
    cart.payment_method = read_payment_method(row);
    cart.keyed_order = read_keyed_order(row);
    cart.has_holds = row.boolean();
    return cart;
}

bool may_use(const Cart &cart, const std::optional<pg_uuid_t> &customer_id) {
    return !cart.customer_id || same(cart.customer_id, customer_id);
}

void convert_cart(const CartQuery &query, const pg_uuid_t &order_id) {
    const Rows rows =
        execute(convert_statement, {Param::uuid(query.store_id), Param::uuid(query.cart_id),
                                    Param::uuid(order_id), Param::uuid(query.customer_id)});
    if (rows.count != 1)
        raise_setup("the cart's row could not be changed");
}

} // namespace weedgo
