// get_order, list_orders: orders as they stand now.
#include "arguments.hpp"
#include "order.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "result.hpp"

namespace weedgo {

namespace {

constexpr std::int32_t most_rows = 1000;
constexpr std::int32_t usual_rows = 50;

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_get_order);
PG_FUNCTION_INFO_V1(weedgo_list_orders);
}

// Reads one order of a customer, or a guest's.
Datum weedgo_get_order(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const pg_uuid_t store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    const pg_uuid_t order_id = required_uuid(argument(fcinfo, 1, "order_id"));
    const std::optional<pg_uuid_t> customer_id = optional_uuid(argument(fcinfo, 2, "customer_id"));
    check_options(argument(fcinfo, 3, "options"));
    Datum result = 0;
    as_owner(store_id, [&](OwnerScope &scope) {
        const bool replayed = false;
        const Rows rows = read_order(store_id, order_id, customer_id, replayed);
        result = rows.count == 0 ? null_row(fcinfo, scope.memory)
                                 : ResultRow().row(Row(rows, 0)).to_datum(fcinfo, scope.memory);
    });
    PG_RETURN_DATUM(result);
}

// A page of a customer's orders, the newest first.
Datum weedgo_list_orders(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const pg_uuid_t store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    const pg_uuid_t customer_id = required_uuid(argument(fcinfo, 1, "customer_id"));
    const std::optional<pg_uuid_t> before = optional_uuid(argument(fcinfo, 2, "before_order_id"));
    const std::int32_t max_rows =
        bounded_integer(argument(fcinfo, 3, "max_rows"), 1, most_rows, usual_rows);
    check_options(argument(fcinfo, 4, "options"));
    return set_as_owner(fcinfo, store_id, [&](const ReturnSetInfo *set) {
        put_rows(read_orders(store_id, customer_id, before, max_rows), set);
    });
}
