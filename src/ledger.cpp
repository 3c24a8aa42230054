// begin_ledger: the books of a shop that had stock before it had a ledger.
#include "arguments.hpp"
#include "errors.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "spi.hpp"

namespace weedgo {

namespace {

// What neither the ledger nor delivered orders explain, dated before the first record of its store.
constinit Statement opening_statement{R"sql(
INSERT INTO weedgo_data.stock_ledger (store_id, entry_id, sku, change, reason, details, recorded_at)
SELECT b.store_id, weedgo_data.new_entry_id(), b.sku, b.units, 'opening',
       '{"reason": "on the shelf before the ledger was kept"}',
       least(r.first_at, clock_timestamp()) - interval '1 microsecond'
  FROM (SELECT store_id, sku, sum(units)::int4 AS units
          FROM (SELECT s.store_id, s.sku, s.available::int8 + s.reserved AS units
                  FROM weedgo_data.stock s
                UNION ALL
                SELECT l.store_id, l.sku, -l.change FROM weedgo_data.stock_ledger l
                UNION ALL
                SELECT i.store_id, i.sku, i.quantity
                  FROM weedgo_data.orders o
                  JOIN weedgo_data.order_items i USING (store_id, order_id)
                 WHERE o.status = 'delivered') u
         GROUP BY store_id, sku) b
  LEFT JOIN (SELECT store_id, min(at) AS first_at
               FROM (SELECT l.store_id, l.recorded_at AS at FROM weedgo_data.stock_ledger l
                     UNION ALL
                     SELECT o.store_id, o.created_at FROM weedgo_data.orders o) f
              GROUP BY store_id) r USING (store_id)
 WHERE b.units <> 0
)sql",
                                      Access::whole_tables};

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_begin_ledger);
}

// Enters what is on the shelf, where nothing in the ledger explains it.
Datum weedgo_begin_ledger(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("begin_ledger()");
    check_options(argument(fcinfo, 0, "options"));
    as_owner(Stores::all(), [](OwnerScope &) { execute(opening_statement, {}); });
    PG_RETURN_VOID();
}
