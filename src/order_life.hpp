// The states of an order and of its payment, and which may follow which. Pure: no PostgreSQL in it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "money.hpp"

namespace weedgo {

enum class DeliveryType { pickup, delivery, in_store };

enum class OrderStatus {
    pending,
    confirmed,
    preparing,
    ready,
    out_for_delivery,
    delivered,
    cancelled,
    expired
};

std::string_view name_of(DeliveryType type);
std::optional<DeliveryType> delivery_type_of(std::string_view name);

std::string_view name_of(OrderStatus status);
std::optional<OrderStatus> order_status_of(std::string_view name);

// Whether an order in this state still has its stock reserved.
bool is_open(OrderStatus status);

// The one table of moves: an order leaves the shelf once, and what is over stays over.
bool may_move(OrderStatus from, OrderStatus to, DeliveryType delivery_type);

// What a payment provider, or a till, can report about an order's money.
enum class PaymentEvent { authorized, captured, failed, voided, refunded };

std::string_view name_of(PaymentEvent event);
std::optional<PaymentEvent> payment_event_of(std::string_view name);

enum class PaymentStatus {
    pending,
    authorized,
    captured,
    failed,
    voided,
    partially_refunded,
    refunded
};

std::string_view name_of(PaymentStatus status);

// All reports about an order, added up. The status follows from the sums, so it does not matter in
// which order the reports arrive.
struct PaymentSums {
    Cents authorized = 0;
    Cents captured = 0;
    Cents voided = 0;
    Cents refunded = 0;
    bool failed = false; // there was a failed attempt
};

// Whether what a customer hands over makes up an amount: cash may be more than is left to pay, the
// rest may not, and nothing may be handed over in vain.
enum class Cover { exact, too_little, too_much };

std::string_view name_of(Cover cover);
Cover cover_of(Cents amount_due, Cents by_reference, Cents in_cash);

PaymentStatus payment_status_of(const PaymentSums &sums, Cents amount_due);

} // namespace weedgo
