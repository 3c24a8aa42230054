// What a caller asks for: the arguments of checkout_cart and calc_order_totals.
#pragma once

#include "arguments.hpp"
#include "order_life.hpp"
#include "pg.hpp"
#include "stock.hpp"

namespace weedgo {

// A request for totals; a checkout is one with more to it.
struct Request {
    pg_uuid_t store_id;
    pg_uuid_t cart_id;
    std::optional<pg_uuid_t> customer_id;
    std::optional<std::string_view> payment_method_id;
    DeliveryType delivery_type = DeliveryType::pickup;
    std::optional<Datum> delivery_address; // jsonb
    bool address_given = false;            // an address that is not empty
    std::optional<Coordinates> destination;
    Cents tip = 0;
    std::optional<std::string_view> promo_code;   // nothing: the cart's; empty: none
    bool age_checked = false;                     // by the cashier, in the store
    std::optional<Cents> discount;                // by hand, in place of any promo code
    std::optional<std::string_view> payment_type; // as the till has it; else the method's
    std::optional<TimestampTz> as_of; // of a quote: instead of now, for all that has a date

    TimestampTz judged_at(TimestampTz now) const { return as_of.value_or(now); }
};

struct CheckoutRequest : Request {
    std::optional<std::string_view> pickup_time;
    std::optional<Cents> expected_total;
    pg_uuid_t idempotency_scope; // whose keys these are: the customer's, or a guest's cart's
    std::optional<std::string_view> idempotency_key;
    std::optional<std::string_view> special_instructions;
    std::string_view order_source;
    std::optional<pg_uuid_t> actor_id;
    std::optional<Datum> metadata;    // jsonb
    std::span<const ScannedLot> lots; // by sku
    bool at_till = false;             // paid and handed over in the same transaction
    std::optional<std::string_view> discount_reason;
    std::optional<Datum> payments; // jsonb, as the till gave them
};

// The six arguments that checkout_cart and calc_order_totals both begin with.
Request read_request(FunctionCallInfo fcinfo);

// The options of a checkout, and those of a quote, which can be one for the till.
void read_options(const Argument &options, CheckoutRequest *request);
void read_quote_options(const Argument &options, Request *request);

// Refuses a discount by hand that is nothing, or comes with a promo code.
void check_discount(const Request &request, const char *argument);

// The request's idempotency key, and whose it is.
void read_key(const Argument &key, CheckoutRequest *request);

CheckoutRequest read_checkout_request(FunctionCallInfo fcinfo);

// SHA-256 of every argument but the key, as a bytea: two calls with the same are the same request.
Datum fingerprint_of(const CheckoutRequest &request);

} // namespace weedgo
