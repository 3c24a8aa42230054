// Which states may follow which.
#include "order_life.hpp"

#include <algorithm>
#include <iterator>
#include <span>

namespace weedgo {

namespace {

template <typename Value>
struct Named {
    Value value;
    std::string_view name;
};

template <typename Value>
std::string_view name_in(std::span<const Named<Value>> table, Value value) {
    for (const Named<Value> &entry : table)
        if (entry.value == value)
            return entry.name;
    return {};
}

template <typename Value>
std::optional<Value> value_in(std::span<const Named<Value>> table, std::string_view name) {
    for (const Named<Value> &entry : table)
        if (entry.name == name)
            return entry.value;
    return std::nullopt;
}

constexpr Named<DeliveryType> delivery_types[] = {
    {DeliveryType::pickup, "pickup"},
    {DeliveryType::delivery, "delivery"},
    {DeliveryType::in_store, "in_store"},
};

constexpr Named<OrderStatus> order_statuses[] = {
    {OrderStatus::pending, "pending"},
    {OrderStatus::confirmed, "confirmed"},
    {OrderStatus::preparing, "preparing"},
    {OrderStatus::ready, "ready"},
    {OrderStatus::out_for_delivery, "out_for_delivery"},
    {OrderStatus::delivered, "delivered"},
    {OrderStatus::cancelled, "cancelled"},
    {OrderStatus::expired, "expired"},
};

constexpr Named<PaymentEvent> payment_events[] = {
    {PaymentEvent::authorized, "authorized"}, {PaymentEvent::captured, "captured"},
    {PaymentEvent::failed, "failed"},         {PaymentEvent::voided, "voided"},
    {PaymentEvent::refunded, "refunded"},
};

constexpr Named<PaymentStatus> payment_statuses[] = {
    {PaymentStatus::pending, "pending"},
    {PaymentStatus::authorized, "authorized"},
    {PaymentStatus::captured, "captured"},
    {PaymentStatus::failed, "failed"},
    {PaymentStatus::voided, "voided"},
    {PaymentStatus::partially_refunded, "partially_refunded"},
    {PaymentStatus::refunded, "refunded"},
};

struct Move {
    OrderStatus from;
    OrderStatus to;
    bool pickup;
    bool delivery;
    bool in_store;
};

using enum OrderStatus;

constexpr Move moves[] = {
    //                                 pickup delivery in store
    {pending, confirmed, true, true, true},
    {pending, delivered, false, false, true}, // handed over at the till
    {pending, cancelled, true, true, true},
    {pending, expired, true, true, true},
    {confirmed, preparing, true, true, true},
    {confirmed, ready, true, true, true},
    {confirmed, delivered, false, false, true},
    {confirmed, cancelled, true, true, true},
    {preparing, ready, true, true, true},
    {preparing, cancelled, true, true, true},
    {ready, out_for_delivery, false, true, false},
    {ready, delivered, true, false, true},
    {ready, cancelled, true, true, true},
    {out_for_delivery, delivered, false, true, false},
    {out_for_delivery, ready, false, true, false}, // nobody was there
    {out_for_delivery, cancelled, false, true, false},
};

bool applies(const Move &move, DeliveryType type) {
    switch (type) {
    case DeliveryType::pickup:
        return move.pickup;
    case DeliveryType::delivery:
        return move.delivery;
    case DeliveryType::in_store:
        return move.in_store;
    }
    return false;
}

} // namespace

std::string_view name_of(DeliveryType type) {
    return name_in<DeliveryType>(delivery_types, type);
}

std::optional<DeliveryType> delivery_type_of(std::string_view name) {
    return value_in<DeliveryType>(delivery_types, name);
}

std::string_view name_of(OrderStatus status) {
    return name_in<OrderStatus>(order_statuses, status);
}

std::optional<OrderStatus> order_status_of(std::string_view name) {
    return value_in<OrderStatus>(order_statuses, name);
}

bool is_open(OrderStatus status) {
    return status != delivered && status != cancelled && status != expired;
}

bool may_move(OrderStatus from, OrderStatus to, DeliveryType delivery_type) {
    return std::any_of(std::begin(moves), std::end(moves), [&](const Move &move) {
        return move.from == from && move.to == to && applies(move, delivery_type);
    });
}

std::string_view name_of(PaymentEvent event) {
    return name_in<PaymentEvent>(payment_events, event);
}

std::optional<PaymentEvent> payment_event_of(std::string_view name) {
    return value_in<PaymentEvent>(payment_events, name);
}

std::string_view name_of(PaymentStatus status) {
    return name_in<PaymentStatus>(payment_statuses, status);
}

std::string_view name_of(Cover cover) {
    switch (cover) {
    case Cover::exact:
        return "exact";
    case Cover::too_little:
        return "too_little";
    case Cover::too_much:
        return "too_much";
    }
    return {};
}

Cover cover_of(Cents amount_due, Cents by_reference, Cents in_cash) {
    const Cents left = amount_due - by_reference;
    if (left < 0 || (left == 0 && in_cash > 0))
        return Cover::too_much;
    return in_cash < left ? Cover::too_little : Cover::exact;
}

PaymentStatus payment_status_of(const PaymentSums &sums, Cents amount_due) {
    if (sums.refunded > 0)
        return sums.refunded >= sums.captured ? PaymentStatus::refunded
                                              : PaymentStatus::partially_refunded;
    if (sums.captured > 0 && sums.captured >= amount_due)
        return PaymentStatus::captured;
    const Cents secured = sums.captured + std::max<Cents>(sums.authorized - sums.voided, 0);
    if (sums.authorized > sums.voided && secured >= amount_due)
        return PaymentStatus::authorized;
    if (sums.captured > 0 || sums.authorized > sums.voided)
        return PaymentStatus::pending; // a part of it: the rest is still to come
    if (sums.voided > 0)
        return PaymentStatus::voided;
    return sums.failed ? PaymentStatus::failed : PaymentStatus::pending;
}

} // namespace weedgo
