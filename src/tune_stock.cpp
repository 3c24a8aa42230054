// tune_stock: splits skus that checkouts wait for, and merges those that are quiet again.
#include "contract.hpp"
#include "errors.hpp"
#include "owner.hpp"
#include "parts.hpp"
#include "pg.hpp"
#include "result.hpp"
#include "stock_split.hpp"
#include "waits.hpp"

namespace weedgo {

namespace {

// Ids of orders are in the order of time. More orders than matter are not counted.
constinit Statement orders_statement{
    "SELECT e.n::int4, (SELECT count(*) FROM (SELECT FROM weedgo_data.order_items i"
    "                    WHERE i.store_id = $1 AND i.order_id >= $2 AND i.sku = e.sku LIMIT $4) o)"
    "  FROM unnest($3::text[]) WITH ORDINALITY AS e (sku, n)"};

struct Bounds {
    Looking looking;
    std::int32_t min_waits;
    std::int32_t max_buckets;
    std::int32_t max_skus; // that are split over more than one row
    std::int32_t quiet_orders;
    std::int32_t quiet_minutes;
};

// What is to become of a sku.
struct Plan {
    std::string_view sku;
    std::int32_t parts; // now
    std::int64_t waits;
    std::int32_t wanted;
    Units row; // of bucket 0
};

static_assert(Trivial<Bounds> && Trivial<Plan>);

bool is_spread(const Plan &plan) {
    return plan.parts > 1;
}

// Those that nobody waited for, and that were in few orders, go back to one row.
void plan_merges(const pg_uuid_t &store_id, const Bounds &bounds, std::span<Plan> plans) {
    const TimestampTz since =
        GetCurrentTimestamp() - bounds.quiet_minutes * std::int64_t{USECS_PER_MINUTE};
    const pg_uuid_t first = make_id(since, {});
    const auto end = std::partition(plans.begin(), plans.end(), [](const Plan &plan) {
        return is_spread(plan) && plan.waits == 0;
    });
    const std::span<Plan> calm(plans.begin(), end);
    if (calm.empty())
        return;
    const Rows rows = execute(orders_statement, {Param::uuid(store_id), Param::uuid(first),
                                                 column_of(TEXTOID, calm, &Plan::sku),
                                                 Param::integer(bounds.quiet_orders)});
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        Plan &plan = calm[static_cast<std::size_t>(row.integer() - 1)];
        if (row.bigint() < bounds.quiet_orders)
            plan.wanted = 1;
    }
}

// The most waited for first, as many as there may be.
void plan_splits(const Bounds &bounds, std::span<Plan> plans) {
    auto spread =
        std::count_if(plans.begin(), plans.end(), [](const Plan &plan) { return plan.wanted > 1; });
    std::sort(plans.begin(), plans.end(),
              [](const Plan &a, const Plan &b) { return a.waits > b.waits; });
    for (Plan &plan : plans) {
        const std::int32_t wanted = std::min(
            parts_wanted(plan.parts, plan.waits, bounds.looking.looks), bounds.max_buckets);
        if (plan.waits < bounds.min_waits || wanted <= plan.parts)
            continue;
        if (!is_spread(plan) && spread >= bounds.max_skus)
            continue;
        spread += is_spread(plan) ? 0 : 1;
        plan.wanted = wanted;
    }
}

std::span<Plan> make_plans(const pg_uuid_t &store_id, const Bounds &bounds) {
    const std::span<const WaitedFor> seen = look_for_waits(store_id, bounds.looking);
    const std::span<Plan> plans = allocate<Plan>(seen.size());
    for (std::size_t i = 0; i < seen.size(); i++)
        plans[i] = {seen[i].sku, seen[i].parts, seen[i].waits, seen[i].parts, {}};
    plan_merges(store_id, bounds, plans);
    plan_splits(bounds, plans);
    const auto end = std::partition(plans.begin(), plans.end(),
                                    [](const Plan &plan) { return plan.wanted != plan.parts; });
    std::sort(plans.begin(), end, [](const Plan &a, const Plan &b) { return a.sku < b.sku; });
    return {plans.begin(), end};
}

void put_result(const SplitKey &key, const Plan &plan, const ReturnSetInfo *set) {
    JsonWriter details;
    details.begin_object().key("buckets_before").integer(std::int64_t{plan.parts});
    details.key("waits").integer(plan.waits).end_object();
    ResultRow row;
    write_counter(key, read_split_stock(key), details, &row);
    row.put(set);
}

// The rows of bucket 0 of all, before the parts of any.
void tune(const pg_uuid_t &store_id, const Bounds &bounds, const ReturnSetInfo *set) {
    check_insertable("stock");
    const std::span<Plan> plans = make_plans(store_id, bounds);
    if (plans.empty())
        return;
    lock_new_rows(store_id, RowsLock::to_split);
    for (Plan &plan : plans)
        plan.row = take_row({store_id, plan.sku});
    for (const Plan &plan : plans)
        split_over({store_id, plan.sku}, plan.wanted, plan.row, plan.parts);
    for (const Plan &plan : plans)
        put_result({store_id, plan.sku}, plan, set);
}

Bounds read_bounds(const Argument &options) {
    check_options(options, {"samples", "interval_ms", "min_waits", "max_buckets", "max_skus",
                            "quiet_orders", "quiet_minutes"});
    Bounds bounds{};
    bounds.looking = read_looking(options);
    bounds.min_waits =
        integer_option(options, "min_waits", 1, 1'000'000, (bounds.looking.looks + 1) / 2);
    bounds.max_buckets = integer_option(options, "max_buckets", 1, most_parts, 16);
    bounds.max_skus = integer_option(options, "max_skus", 0, 1000, 20);
    bounds.quiet_orders = integer_option(options, "quiet_orders", 0, 1'000'000, 60);
    bounds.quiet_minutes = integer_option(options, "quiet_minutes", 1, 7 * MINS_PER_HOUR * 24, 60);
    return bounds;
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_tune_stock);
}

// For a scheduler: hot skus are split and quiet ones merged, within bounds.
Datum weedgo_tune_stock(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("tune_stock()");
    const pg_uuid_t store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    const Bounds bounds = read_bounds(argument(fcinfo, 1, "options"));
    return set_as_owner(fcinfo, store_id,
                        [&](const ReturnSetInfo *set) { tune(store_id, bounds, set); });
}
