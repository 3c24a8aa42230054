// The events of orders: only ever added to, each with a hash over itself and the one before.
#pragma once

#include "pg.hpp"

namespace weedgo {

struct OrderKey {
    pg_uuid_t store_id;
    pg_uuid_t order_id;
};

struct Event {
    std::string_view name;
    std::string_view from_status;
    std::string_view to_status;
    std::optional<pg_uuid_t> actor_id;
    std::optional<std::string_view> reason;
    std::optional<Datum> details; // jsonb
    TimestampTz recorded_at;
};

// Adds the same event to each of these orders, which the caller has locked, in one statement. (The
// first one, `created`, is written with the order.)
void add_event(std::span<const OrderKey> orders, const Event &event);

} // namespace weedgo
