// stock_overview: what a store has on its shelf, and how much of that is promised.
#include "arguments.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "result.hpp"
#include "spi.hpp"

namespace weedgo {

namespace {

// The columns of stock_level.
constinit Statement levels_statement{
    "SELECT sku, p.name,"
    "       coalesce(s.available, 0)::int8 + coalesce(s.reserved, 0)::int8,"
    "       coalesce(s.available, 0)::int8, coalesce(s.reserved, 0)::int8,"
    "       coalesce(h.quantity, 0)::int8,"
    "       CASE WHEN l.lots IS NULL THEN '{}' ELSE jsonb_build_object('lots', l.lots) END"
    "  FROM (SELECT sku::text, name::text FROM weedgo_data.products WHERE store_id = $1) p"
    "  FULL JOIN (SELECT s.sku::text, sum(s.available) AS available, sum(s.reserved) AS reserved"
    "               FROM weedgo_data.stock s WHERE s.store_id = $1 GROUP BY 1) s USING (sku)"
    "  LEFT JOIN (SELECT sku, sum(quantity) AS quantity FROM weedgo_data.holds"
    "              WHERE store_id = $1 GROUP BY sku) h USING (sku)"
    "  LEFT JOIN (SELECT l.sku, jsonb_agg(jsonb_build_object("
    "                    'lot', l.lot_number, 'available', s.available, 'reserved', s.reserved,"
    "                    'packaged_on', l.packaged_on, 'expires_on', l.expires_on,"
    "                    'recalled', l.recalled_at IS NOT NULL)"
    "                    ORDER BY l.expires_on, l.bucket) AS lots"
    "               FROM weedgo_data.lots l"
    "               JOIN weedgo_data.stock s"
    "                 ON s.store_id = l.store_id AND s.sku = l.sku AND s.bucket = l.bucket"
    "              WHERE l.store_id = $1 GROUP BY l.sku) l USING (sku)"
    " ORDER BY sku COLLATE \"C\"",
    Access::whole_tables};

void put_levels(const pg_uuid_t &store_id, const ReturnSetInfo *set) {
    put_rows(execute(levels_statement, {Param::uuid(store_id)}), set);
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_stock_overview);
}

// Every sku of a store, with what is on the shelf; takes no lock and writes nothing.
Datum weedgo_stock_overview(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const pg_uuid_t store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    check_options(argument(fcinfo, 1, "options"));
    return set_as_owner(fcinfo, store_id,
                        [&](const ReturnSetInfo *set) { put_levels(store_id, set); });
}
