// receive_stock, adjust_stock, transfer_stock: stock that comes, goes, is counted or moves.
#include "errors.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "put_items.hpp"
#include "result.hpp"
#include "stock_change.hpp"

namespace weedgo {

namespace {

constexpr std::string_view adjust_reasons[] = {"counted", "damaged",   "lost",
                                               "stolen",  "destroyed", "returned"};

// Details of a ledger's entry, to be ended by the caller: what was said of it.
JsonWriter begin_details(const MoveReason &reason) {
    JsonWriter details;
    details.begin_object();
    if (reason.reason)
        details.key("reason").string(*reason.reason);
    return details;
}

void fill(std::span<StockChange> changes, std::span<const PutItem> items, const pg_uuid_t &store_id,
          std::int32_t sign) {
    for (std::size_t i = 0; i < items.size(); i++) {
        changes[i].store_id = store_id;
        changes[i].sku = items[i].sku;
        changes[i].change = sign * items[i].quantity;
        changes[i].lot = items[i].lot;
        changes[i].packaged_on = items[i].packaged_on;
        changes[i].expires_on = items[i].expires_on;
    }
}

ResultRow result_of(const StockChange &change) {
    ResultRow row;
    row.uuid(change.store_id).text(change.sku).integer(change.change);
    row.integer(change.available)
        .integer(change.reserved)
        .uuid(change.entry_id)
        .value(change.details);
    return row;
}

void put_results(std::span<const StockChange> changes, const ReturnSetInfo *set) {
    for (const StockChange &change : changes)
        result_of(change).put(set);
}

void receive(const pg_uuid_t &store_id, std::span<const PutItem> items, const MoveReason &reason,
             const ReturnSetInfo *set) {
    const std::span<StockChange> changes = allocate<StockChange>(items.size());
    fill(changes, items, store_id, 1);
    const TimestampTz now = GetCurrentTimestamp();
    check_skus(changes, Known::as_product);
    find_or_make_lots(changes, now);
    change_stock(changes, std::nullopt);
    const Datum details = begin_details(reason).end_object().to_jsonb();
    record_changes(changes, {"received", reason.actor_id, details}, now);
    put_results(changes, set);
}

struct Transfer {
    pg_uuid_t from;
    pg_uuid_t to;
    std::span<const PutItem> items;
    MoveReason reason;
};

struct Adjustment {
    StockChange change;
    std::string_view reason;
    std::optional<std::int32_t> expected_available;
    std::optional<pg_uuid_t> actor_id;
};

static_assert(Trivial<Transfer> && Trivial<Adjustment>);

// All changes in one statement: it locks the rows of both stores in the one order of all.
void transfer(const Transfer &request, const ReturnSetInfo *set) {
    const std::size_t count = request.items.size();
    const std::span<StockChange> changes = allocate<StockChange>(2 * count);
    const std::span<StockChange> out = changes.first(count);
    const std::span<StockChange> in = changes.last(count);
    fill(out, request.items, request.from, -1);
    fill(in, request.items, request.to, 1);
    const TimestampTz now = GetCurrentTimestamp();
    for (StockChange &change : in)
        change.from_store = request.from;
    check_skus(out, Known::as_product_or_stock);
    check_skus(in, Known::as_product);
    find_lots(out);
    find_or_make_lots(in, now);
    change_stock(changes, std::nullopt);

    const Datum out_details =
        begin_details(request.reason).key("to_store_id").uuid(request.to).end_object().to_jsonb();
    const Datum in_details = begin_details(request.reason)
                                 .key("from_store_id")
                                 .uuid(request.from)
                                 .end_object()
                                 .to_jsonb();
    record_changes(out, {"transfer_out", request.reason.actor_id, out_details}, now);
    record_changes(in, {"transfer_in", request.reason.actor_id, in_details}, now);
    put_results(out, set);
    put_results(in, set);
}

Adjustment read_adjustment(FunctionCallInfo fcinfo) {
    Adjustment request{};
    request.change.store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    request.change.sku = required_text(argument(fcinfo, 1, "sku"), max_sku_bytes);
    if (request.change.sku.empty())
        raise_invalid_argument("sku", "must not be empty", "It is that of a product.");
    request.change.change = required_integer(argument(fcinfo, 2, "change"));
    if (request.change.change == 0)
        raise_invalid_argument("change", "must not be 0",
                               "It is how many units more (or, negative, fewer) are available.");
    request.reason = required_text(argument(fcinfo, 3, "reason"), max_reason_bytes);
    if (std::find(std::begin(adjust_reasons), std::end(adjust_reasons), request.reason) ==
        std::end(adjust_reasons))
        raise_invalid_argument("reason", "is unknown",
                               "One of counted, damaged, lost, stolen, destroyed, returned.");
    const Argument expected = argument(fcinfo, 4, "expected_available");
    if (!expected.is_null)
        request.expected_available = bounded_integer(expected, 0, PG_INT32_MAX, 0);
    request.actor_id = optional_uuid(argument(fcinfo, 5, "actor_id"));
    const Argument options = argument(fcinfo, 6, "options");
    check_options(options, {"lot"});
    request.change.lot = text_option(options, "lot", max_lot_bytes);
    return request;
}

ResultRow adjust(Adjustment request) {
    const std::span<StockChange> changes(&request.change, 1);
    check_skus(changes, Known::as_product_or_stock);
    find_lots(changes);
    change_stock(changes, request.expected_available);
    const Datum details = empty_object().to_jsonb();
    record_changes(changes, {request.reason, request.actor_id, details}, GetCurrentTimestamp());
    return result_of(request.change);
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_receive_stock);
PG_FUNCTION_INFO_V1(weedgo_adjust_stock);
PG_FUNCTION_INFO_V1(weedgo_transfer_stock);
}

// Goods came: they are available.
Datum weedgo_receive_stock(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("receive_stock()");
    const pg_uuid_t store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    const std::span<const PutItem> items = read_stock_items(argument(fcinfo, 1, "items"));
    const MoveReason reason = read_reason(fcinfo, 2);
    return set_as_owner(fcinfo, store_id,
                        [&](const ReturnSetInfo *set) { receive(store_id, items, reason, set); });
}

// The shelf is not as the books say, or something left it that was not sold.
Datum weedgo_adjust_stock(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("adjust_stock()");
    const Adjustment request = read_adjustment(fcinfo);
    Datum result = 0;
    as_owner(request.change.store_id,
             [&](OwnerScope &scope) { result = adjust(request).to_datum(fcinfo, scope.memory); });
    PG_RETURN_DATUM(result);
}

// Goods go from one store to another.
Datum weedgo_transfer_stock(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("transfer_stock()");
    const Transfer request{required_uuid(argument(fcinfo, 0, "store_id")),
                           required_uuid(argument(fcinfo, 1, "to_store_id")),
                           read_stock_items(argument(fcinfo, 2, "items")), read_reason(fcinfo, 3)};
    if (same(request.from, request.to))
        raise_invalid_argument("to_store_id", "is the store itself", "Name another store.");
    return set_as_owner(fcinfo, {request.from, request.to},
                        [&](const ReturnSetInfo *set) { transfer(request, set); });
}
