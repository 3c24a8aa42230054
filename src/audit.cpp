// verify_audit: whether events and orders are as they were written. events_after: reading the
// events of all orders in an order that misses none.
#include "arguments.hpp"
#include "errors.hpp"
#include "order_seal.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "result.hpp"

namespace weedgo {

namespace {

constexpr std::int32_t most_events = 10'000;
constexpr std::int32_t usual_events = 100;

// Per order: the first event that is broken; whether its states, and what came back of its lines,
// are those of its events. `of_order` is a further condition on e.
// clang-format off
#define SEAL_BEFORE_EVENT                                                                          \
    "coalesce(e.last_hash, (SELECT " SEAL_OF_ORDER(LINES_OF_ORDER)                                 \
    "  FROM weedgo_data.orders o"                                                                  \
    "  WHERE o.store_id = e.store_id AND o.order_id = e.order_id))"
#define FIND_BROKEN(of_order) \
    "WITH chain AS ( " \
    "  SELECT e.*, lag(e.hash) OVER chain AS last_hash, lag(e.seq, 1, 0) OVER chain AS last_seq " \
    "    FROM weedgo_data.order_events e WHERE e.store_id = $1" of_order \
    "  WINDOW chain AS (PARTITION BY e.store_id, e.order_id ORDER BY e.seq)), " \
    " broken AS ( " \
    "  SELECT DISTINCT ON (e.order_id) e.store_id, e.order_id, e.seq, " \
    "         CASE WHEN e.seq <> e.last_seq + 1 THEN 'an event before it is missing' " \
    "              WHEN e.seq = 1 THEN 'it, the order or its lines were changed' " \
    "              ELSE 'it was changed' END AS problem " \
    "    FROM chain e " \
    "   WHERE e.seq <> e.last_seq + 1"  \
    "      OR e.hash IS DISTINCT FROM " SEAL_OF_EVENT(SEAL_BEFORE_EVENT) \
    "   ORDER BY e.order_id, e.seq), " \
    " last AS ( " \
    "  SELECT e.store_id, e.order_id, max(e.seq) AS seq, " \
    "         (array_agg(e.to_status ORDER BY e.seq DESC))[1] AS status, " \
    "         coalesce((array_agg(e.details ->> 'to_payment_status' ORDER BY e.seq DESC) " \
    "                   FILTER (WHERE e.event = 'payment'))[1], 'pending') AS payment " \
    "    FROM chain e GROUP BY e.store_id, e.order_id), " \
    " back AS ( " \
    "  SELECT e.order_id, (l ->> 'line_no')::int4 AS line_no, " \
    "         sum((l ->> 'quantity')::int4) AS units " \
    "    FROM chain e CROSS JOIN LATERAL jsonb_array_elements(e.details -> 'lines') l " \
    "   GROUP BY 1, 2) " \
    "SELECT store_id, order_id, seq, problem FROM broken " \
    "UNION ALL " \
    "SELECT e.store_id, e.order_id, l.seq, " \
    "       CASE WHEN l.seq IS NULL THEN 'it has no events' " \
    "            WHEN e.status <> l.status THEN 'its status is not that of its last event' " \
    "            ELSE 'its payment status is not that of its last payment' END " \
    "  FROM weedgo_data.orders e LEFT JOIN last l USING (store_id, order_id) " \
    " WHERE e.store_id = $1" of_order \
    "   AND (l.seq IS NULL OR e.status <> l.status OR e.payment_status <> l.payment) " \
    "UNION ALL " \
    "SELECT e.store_id, e.order_id, NULL, " \
    "       'what came back of line ' || e.line_no || ' is not what its events say' " \
    "  FROM weedgo_data.order_items e LEFT JOIN back b USING (order_id, line_no) " \
    " WHERE e.store_id = $1" of_order " AND e.returned <> coalesce(b.units, 0)"
// clang-format on

constinit Statement find_broken_of_order{FIND_BROKEN(" AND e.order_id = $2")};
constinit Statement find_broken_of_store{FIND_BROKEN(""), Access::whole_tables};

// What transactions that still run will add comes after all that is returned here.
constinit Statement events_statement{
    "SELECT e.recorded_xid::text || ':' || e.order_id || ':' || e.seq, e.store_id, e.order_id,"
    "       e.seq, e.event, e.from_status, e.to_status, o.order_number, o.customer_id,"
    "       o.order_source, o.delivery_type, o.total, o.amount_due, o.payment_status, e.actor_id,"
    "       e.reason, e.details, e.recorded_at"
    "  FROM weedgo_data.order_events e JOIN weedgo_data.orders o USING (store_id, order_id)"
    " WHERE (e.recorded_xid, e.order_id, e.seq) > ($2::text::xid8, $3, $4)"
    "   AND e.recorded_xid < pg_snapshot_xmin(pg_current_snapshot())"
    "   AND ($1 IS NULL OR e.store_id = $1)"
    " ORDER BY e.recorded_xid, e.order_id, e.seq LIMIT $5"};

struct Position {
    std::string_view xid = "0";
    pg_uuid_t order_id{};
    std::int32_t seq = 0;
};

static_assert(Trivial<Position>);

[[noreturn]] void refuse_position(const Argument &position) {
    raise_invalid_argument(position.name, "is no position",
                           "NULL for the beginning, or the position of the last event seen.");
}

// As PostgreSQL writes one: what uuid_in refuses must not come to it.
bool is_uuid(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); i++) {
        const char c = text[i];
        const bool is_hyphen_here = i == 8 || i == 13 || i == 18 || i == 23;
        const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (is_hyphen_here ? c != '-' : !is_hex)
            return false;
    }
    return true;
}

// An id that no transaction has had yet comes from another cluster; what is recorded here until
// then would be missed without a word. A standby may be behind the primary, where the position is
// from.
bool is_ahead_of_cluster(std::string_view xid) {
    std::uint64_t number = 0;
    for (const char digit : xid)
        number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    return !RecoveryInProgress() && number >= U64FromFullTransactionId(ReadNextFullTransactionId());
}

// Reads "xid:order_id:seq".
Position read_position(const Argument &argument) {
    if (argument.is_null)
        return {};
    const std::string_view text = to_text(argument.value);
    constexpr std::size_t uuid_length = 36;
    const std::size_t xid_length = text.find(':');
    if (xid_length == std::string_view::npos || xid_length == 0 || xid_length > 19 ||
        text.size() < xid_length + uuid_length + 3 || text[xid_length + 1 + uuid_length] != ':')
        refuse_position(argument);
    const std::string_view xid(text.data(), xid_length);
    const char *uuid_begin = text.data() + xid_length + 1;
    const char *seq_begin = uuid_begin + uuid_length + 1;
    const std::string_view seq(seq_begin,
                               static_cast<std::size_t>(text.data() + text.size() - seq_begin));

    const auto is_digit = [](char c) {
        return c >= '0' && c <= '9';
    };
    if (!std::all_of(xid.begin(), xid.end(), is_digit) || seq.size() > 9 ||
        !std::all_of(seq.begin(), seq.end(), is_digit) ||
        !is_uuid(std::string_view(uuid_begin, uuid_length)))
        refuse_position(argument);
    if (is_ahead_of_cluster(xid))
        raise_invalid_argument(argument.name, "is a position of another cluster",
                               "After a restore, or a failover that lost events, begin with NULL.");

    Position position;
    position.xid = xid;
    position.order_id = *DatumGetUUIDP(
        DirectFunctionCall1(uuid_in, CStringGetDatum(pnstrdup(uuid_begin, uuid_length))));
    for (const char digit : seq)
        position.seq = position.seq * 10 + (digit - '0');
    return position;
}

Rows find_broken(const pg_uuid_t &store_id, const std::optional<pg_uuid_t> &order_id) {
    if (order_id)
        return execute(find_broken_of_order, {Param::uuid(store_id), Param::uuid(*order_id)});
    return execute(find_broken_of_store, {Param::uuid(store_id)});
}

Rows read_events(const std::optional<pg_uuid_t> &store_id, const Position &after,
                 std::int32_t max_rows) {
    return execute(events_statement,
                   {Param::uuid(store_id), Param::text(after.xid), Param::uuid(after.order_id),
                    Param::integer(after.seq), Param::integer(max_rows)});
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_verify_audit);
PG_FUNCTION_INFO_V1(weedgo_events_after);
}

// A row for each order whose records are not as they were written.
Datum weedgo_verify_audit(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const pg_uuid_t store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    const std::optional<pg_uuid_t> order_id = optional_uuid(argument(fcinfo, 1, "order_id"));
    check_options(argument(fcinfo, 2, "options"));
    return set_as_owner(fcinfo, store_id, [&](const ReturnSetInfo *set) {
        put_rows(find_broken(store_id, order_id), set);
    });
}

// The next events, all orders together.
Datum weedgo_events_after(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const std::optional<pg_uuid_t> store_id = optional_uuid(argument(fcinfo, 0, "store_id"));
    const Position after = read_position(argument(fcinfo, 1, "after_position"));
    const std::int32_t max_rows =
        bounded_integer(argument(fcinfo, 2, "max_rows"), 1, most_events, usual_events);
    check_options(argument(fcinfo, 3, "options"));
    return set_as_owner(fcinfo, store_id, [&](const ReturnSetInfo *set) {
        put_rows(read_events(store_id, after, max_rows), set);
    });
}
