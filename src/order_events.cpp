// Adding events.
#include "order_events.hpp"

#include "order_seal.hpp"
#include "spi.hpp"

namespace weedgo {

static_assert(Trivial<OrderKey> && Trivial<Event>);

namespace {

// Whoever adds an event has the order's row locked, but need not have changed it. So above READ
// COMMITTED the last event can be older than one that is there: ON CONFLICT makes that 40001.
// clang-format off
constinit Statement add_statement{
    "INSERT INTO weedgo_data.order_events (store_id, order_id, seq, event, from_status, to_status,"
    " actor_id, reason, details, recorded_at, recorded_xid, hash) "
    "SELECT e.store_id, e.order_id, e.seq, e.event, e.from_status, e.to_status, e.actor_id,"
    "       e.reason, e.details, e.recorded_at, e.recorded_xid, " SEAL_OF_EVENT("e.last_hash")
    "  FROM (SELECT m.store_id, m.order_id, l.seq + 1 AS seq, $3 AS event, $4 AS from_status,"
    "               $5 AS to_status, $6 AS actor_id, $7 AS reason, $8 AS details,"
    "               $9 AS recorded_at, pg_current_xact_id() AS recorded_xid, l.hash AS last_hash"
    "          FROM unnest($1::uuid[], $2::uuid[]) AS m (store_id, order_id)"
    "         CROSS JOIN LATERAL (SELECT seq, hash FROM weedgo_data.order_events l"
    "                              WHERE l.store_id = m.store_id AND l.order_id = m.order_id"
    "                              ORDER BY seq DESC LIMIT 1) l) e "
    "ON CONFLICT DO NOTHING"};
// clang-format on

} // namespace

void add_event(std::span<const OrderKey> orders, const Event &event) {
    const Rows rows = execute(
        add_statement, {column_of(UUIDOID, orders, &OrderKey::store_id),
                        column_of(UUIDOID, orders, &OrderKey::order_id), Param::text(event.name),
                        Param::text(event.from_status), Param::text(event.to_status),
                        Param::uuid(event.actor_id), Param::text(event.reason),
                        Param::jsonb(event.details), Param::timestamp(event.recorded_at)});
    if (rows.count != orders.size())
        elog(ERROR, "an order has no event, or gets one from somebody who has not locked it");
}

} // namespace weedgo
