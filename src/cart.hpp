// The first read of a checkout: the cart, its store, the customer, how they pay, and the order
// that an idempotency key already stands for.
#pragma once

#include "distance.hpp"
#include "money.hpp"
#include "pg.hpp"
#include "policy.hpp"

namespace weedgo {

struct Store {
    std::optional<pg_uuid_t> tenant_id;
    std::string_view province;
    std::string_view currency;
    std::string_view timezone;
    std::optional<Coordinates> place;
    bool accepts_orders = false;
    Cents delivery_base_fee = 0;
    Cents delivery_fee_per_km = 0;
    std::optional<Cents> free_delivery_threshold;
    std::optional<std::int64_t> max_delivery_m;
    Cents min_order_amount = 0;
    bool tax_delivery = false;
    std::optional<Datum> policies; // jsonb
};

struct PaymentMethod {
    std::string_view type;
    bool is_active = false;
    std::optional<DateADT> expires_on;
};

// An order made earlier with the same idempotency key.
struct KeyedOrder {
    pg_uuid_t order_id;
    std::optional<Datum> fingerprint; // bytea
};

struct Cart {
    std::optional<pg_uuid_t> customer_id;
    std::optional<std::string_view> promo_code;
    std::string_view status;
    std::optional<pg_uuid_t> order_id;
    std::optional<Store> store;
    std::optional<Buyer> buyer; // the customer who was named, where they are known
    std::optional<PaymentMethod> payment_method;
    std::optional<KeyedOrder> keyed_order;
    bool has_holds = false;

    bool is_active() const { return status == "active"; }
};

// Which cart, and what is looked up along with it.
struct CartQuery {
    pg_uuid_t store_id;
    pg_uuid_t cart_id;
    std::optional<pg_uuid_t> customer_id;
    std::optional<std::string_view> payment_method_id;
    std::optional<pg_uuid_t> idempotency_scope;
    std::optional<std::string_view> idempotency_key;
};

enum class CartRow { read, lock };

// Nothing where the store has no such cart. CartRow::lock keeps the cart's row from being changed
// by others until the end of the transaction.
std::optional<Cart> read_cart(const CartQuery &query, CartRow row);

// Whether a cart is the caller's: their own, or nobody's yet.
bool may_use(const Cart &cart, const std::optional<pg_uuid_t> &customer_id);

// The status of a cart and its claim by a customer, at the end of a checkout.
void convert_cart(const CartQuery &query, const pg_uuid_t &order_id);

} // namespace weedgo
