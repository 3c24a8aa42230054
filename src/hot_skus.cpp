// hot_skus: which skus would gain by being split.
#include "errors.hpp"
#include "owner.hpp"
#include "parts.hpp"
#include "pg.hpp"
#include "result.hpp"
#include "waits.hpp"

namespace weedgo {

namespace {

void put_hot_skus(const pg_uuid_t &store_id, const Looking &looking, const ReturnSetInfo *set) {
    for (const WaitedFor &sku : look_for_waits(store_id, looking)) {
        if (sku.waits == 0)
            continue;
        ResultRow row;
        row.uuid(store_id).text(sku.sku).integer(sku.parts);
        row.value(Int64GetDatum(sku.waits)).integer(looking.looks);
        row.integer(parts_wanted(sku.parts, sku.waits, looking.looks));
        row.json(empty_object()).put(set);
    }
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_hot_skus);
}

// The skus that checkouts wait for, the most waited for first; takes no lock and writes nothing.
Datum weedgo_hot_skus(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const pg_uuid_t store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    const Argument options = argument(fcinfo, 1, "options");
    check_options(options, {"samples", "interval_ms"});
    const Looking looking = read_looking(options);
    return set_as_owner(fcinfo, store_id,
                        [&](const ReturnSetInfo *set) { put_hot_skus(store_id, looking, set); });
}
