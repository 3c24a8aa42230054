// inventory_report: a month of a store's stock, as the Cannabis Tracking System Order has it.
#include "arguments.hpp"
#include "local_time.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "result.hpp"
#include "spi.hpp"

namespace weedgo {

namespace {

constinit Statement zone_statement{
    "SELECT timezone::text FROM weedgo_data.stores WHERE store_id = $1"};

// The columns of inventory_line, in their order. What was on the shelf at an instant is what the
// ledger has up to it, less what was handed over by then: records that are only added to, so that
// a month that is over does not change. All of them are read, to be compared with the shelf.
//
// A sale is the event that made an order delivered; later events of it repeat its status. Reason
// and direction name the column. What is no product any more is called and weighed as when it was
// last ordered.
constinit Statement report_statement{R"sql(
WITH month AS (
    SELECT m.first AT TIME ZONE $3 AS since, (m.first + interval '1 month') AT TIME ZONE $3 AS until
      FROM (SELECT date_trunc('month', $2::timestamp) AS first) m),
moved AS (
    SELECT l.sku, l.reason AS kind, l.change AS units, l.recorded_at
      FROM weedgo_data.stock_ledger l WHERE l.store_id = $1
    UNION ALL
    SELECT i.sku, 'sold', -i.quantity, e.recorded_at
      FROM weedgo_data.order_events e JOIN weedgo_data.order_items i USING (store_id, order_id)
     WHERE e.store_id = $1 AND e.to_status = 'delivered'
       AND e.from_status IS DISTINCT FROM e.to_status),
summed AS (
    SELECT sku, kind, units > 0 AS comes, recorded_at >= since AS begun,
           recorded_at < until AS done, sum(units) AS units
      FROM moved CROSS JOIN month
     GROUP BY 1, 2, 3, 4, 5),
entered AS (
    SELECT sku, units, begun, done,
           CASE WHEN NOT begun OR NOT done THEN NULL
                WHEN comes THEN CASE kind WHEN 'received' THEN 'received'
                                          WHEN 'returned' THEN 'returned in'
                                          WHEN 'transfer_in' THEN 'transferred in'
                                          ELSE 'other in' END
                ELSE CASE kind WHEN 'sold' THEN 'sold'
                               WHEN 'destroyed' THEN 'destroyed'
                               WHEN 'lost' THEN 'lost'
                               WHEN 'stolen' THEN 'lost'
                               WHEN 'returned' THEN 'returned out'
                               WHEN 'transfer_out' THEN 'transferred out'
                               ELSE 'other out' END END AS place
      FROM summed),
books AS (
    SELECT sku, sum(units) AS units, sum(units) FILTER (WHERE NOT begun) AS opening,
           sum(units) FILTER (WHERE done) AS closing, bool_or(place IS NOT NULL) AS moves,
           sum(units) FILTER (WHERE place = 'received') AS received,
           sum(units) FILTER (WHERE place = 'returned in') AS returned_in,
           sum(units) FILTER (WHERE place = 'transferred in') AS transferred_in,
           sum(units) FILTER (WHERE place = 'other in') AS other_in,
           -sum(units) FILTER (WHERE place = 'sold') AS sold,
           -sum(units) FILTER (WHERE place = 'destroyed') AS destroyed,
           -sum(units) FILTER (WHERE place = 'lost') AS lost,
           -sum(units) FILTER (WHERE place = 'returned out') AS returned_out,
           -sum(units) FILTER (WHERE place = 'transferred out') AS transferred_out,
           -sum(units) FILTER (WHERE place = 'other out') AS other_out
      FROM entered GROUP BY sku),
shelf AS (
    SELECT s.sku::text, sum(s.available::int8 + s.reserved::int8) AS units
      FROM weedgo_data.stock s WHERE s.store_id = $1 GROUP BY 1),
line AS (
    SELECT sku, coalesce(b.opening, 0) AS opening, coalesce(b.received, 0) AS received,
           coalesce(b.returned_in, 0) AS returned_in,
           coalesce(b.transferred_in, 0) AS transferred_in, coalesce(b.other_in, 0) AS other_in,
           coalesce(b.sold, 0) AS sold, coalesce(b.destroyed, 0) AS destroyed,
           coalesce(b.lost, 0) AS lost, coalesce(b.returned_out, 0) AS returned_out,
           coalesce(b.transferred_out, 0) AS transferred_out, coalesce(b.other_out, 0) AS other_out,
           coalesce(b.closing, 0) AS closing,
           coalesce(s.units, 0) - coalesce(b.units, 0) AS unexplained,
           coalesce(b.moves, false) AS moves
      FROM books b FULL JOIN shelf s USING (sku)),
product AS (
    SELECT p.sku::text, p.name::text, p.equivalent_mg::int8
      FROM weedgo_data.products p WHERE p.store_id = $1),
gone AS (
    SELECT DISTINCT ON (i.sku) i.sku, i.name, i.equivalent_mg
      FROM weedgo_data.order_items i
      JOIN (SELECT sku FROM line EXCEPT SELECT sku FROM product) g USING (sku)
     WHERE i.store_id = $1
     ORDER BY i.sku, i.order_id DESC),
named AS (
    SELECT line.*, coalesce(p.name, g.name) AS name,
           coalesce(p.equivalent_mg, g.equivalent_mg) AS mg
      FROM line LEFT JOIN product p USING (sku) LEFT JOIN gone g USING (sku))
SELECT sku, name, opening::int8, received::int8, returned_in::int8, transferred_in::int8,
       other_in::int8, sold::int8, destroyed::int8, lost::int8, returned_out::int8,
       transferred_out::int8, other_out::int8, closing::int8, unexplained::int8, mg,
       round(opening * mg * 0.001, 3), round(received * mg * 0.001, 3),
       round(returned_in * mg * 0.001, 3), round(transferred_in * mg * 0.001, 3),
       round(other_in * mg * 0.001, 3), round(sold * mg * 0.001, 3),
       round(destroyed * mg * 0.001, 3), round(lost * mg * 0.001, 3),
       round(returned_out * mg * 0.001, 3), round(transferred_out * mg * 0.001, 3),
       round(other_out * mg * 0.001, 3), round(closing * mg * 0.001, 3), '{}'::jsonb
  FROM named
 WHERE opening <> 0 OR closing <> 0 OR unexplained <> 0 OR moves
 ORDER BY sku COLLATE "C"
)sql",
                                     Access::whole_tables};

void put_report(const pg_uuid_t &store_id, DateADT day, const ReturnSetInfo *set) {
    const Rows stores = execute(zone_statement, {Param::uuid(store_id)});
    if (stores.count == 0)
        return;
    const std::string_view timezone = Row(stores, 0).text();
    local_time(GetCurrentTimestamp(), timezone); // it is known
    put_rows(
        execute(report_statement, {Param::uuid(store_id), Param::date(day), Param::text(timezone)}),
        set);
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_inventory_report);
}

// What came, went and is left of each sku of a store in a month; takes no lock and writes nothing.
Datum weedgo_inventory_report(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const pg_uuid_t store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    const DateADT day = required_date(argument(fcinfo, 1, "month"));
    check_options(argument(fcinfo, 2, "options"));
    return set_as_owner(fcinfo, store_id,
                        [&](const ReturnSetInfo *set) { put_report(store_id, day, set); });
}
