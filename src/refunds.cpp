// refund_order: money back, goods back, or both, never more than was paid or sold.
#include "arguments.hpp"
#include "errors.hpp"
#include "owner.hpp"
#include "payment.hpp"
#include "pg.hpp"
#include "pricing.hpp"
#include "put_items.hpp"
#include "result.hpp"
#include "stock_change.hpp"

namespace weedgo {

namespace {

constinit Statement lines_statement{
    "SELECT i.line_no, i.sku, i.quantity, i.returned, i.line_total - i.discount + i.tax,"
    "       EXISTS (SELECT FROM weedgo_data.allocations a WHERE a.store_id = i.store_id"
    "                  AND a.order_id = i.order_id AND a.line_no = i.line_no)"
    "  FROM weedgo_data.order_items i"
    " WHERE i.store_id = $1 AND i.order_id = $2 AND i.sku = ANY ($3::text[])"
    " ORDER BY i.sku COLLATE \"C\""};

// What the customer still has of the lots, the last to expire first: whoever brings something back
// has not used what would have gone first.
constinit Statement lots_statement{
    "SELECT a.sku, a.bucket, a.quantity - a.returned, l.lot_number"
    "  FROM weedgo_data.allocations a"
    "  LEFT JOIN weedgo_data.lots l"
    "    ON l.store_id = a.store_id AND l.sku = a.sku AND l.bucket = a.bucket"
    " WHERE a.store_id = $1 AND a.order_id = $2 AND a.sku = ANY ($3::text[])"
    "   AND a.quantity > a.returned"
    " ORDER BY a.sku COLLATE \"C\", l.expires_on DESC NULLS FIRST, a.bucket DESC"};

constinit Statement return_to_lots_statement{
    "UPDATE weedgo_data.allocations a SET returned = a.returned + r.quantity"
    "  FROM unnest($3::text[], $4::int4[], $5::int4[]) AS r (sku, bucket, quantity)"
    " WHERE a.store_id = $1 AND a.order_id = $2 AND a.sku = r.sku AND a.bucket = r.bucket"};

constinit Statement return_statement{
    "UPDATE weedgo_data.order_items i SET returned = i.returned + r.quantity"
    "  FROM unnest($3::text[], $4::int4[]) AS r (sku, quantity)"
    " WHERE i.store_id = $1 AND i.order_id = $2 AND i.sku = r.sku"};

struct Refund {
    Report report; // amount 0: what the items come to, or all that is left
    std::span<const PutItem> items;
    bool restock;
    bool preview;
    bool of_lots; // some of it
};

static_assert(Trivial<Refund>);

// What the customer paid for these units: units of one line differ by a cent where its amount
// cannot be divided, and all of them together come to it exactly.
Cents paid_for(Refund *refund, JsonWriter *lines) {
    const OrderKey &key = refund->report.order;
    const std::span<const PutItem> items = refund->items;
    const Param skus = column_of(TEXTOID, items, &PutItem::sku);
    const Rows rows =
        execute(lines_statement, {Param::uuid(key.store_id), Param::uuid(key.order_id), skus});
    if (rows.count != items.size())
        raise_invalid_argument("items", "has a sku that the order does not have",
                               "get_order() shows its lines.");
    Cents amount = 0;
    lines->begin_array();
    for (std::size_t i = 0; i < items.size(); i++) {
        Row row(rows, i);
        const std::int32_t line_no = row.integer();
        const std::string_view sku = row.text();
        const std::int32_t sold = row.integer();
        const std::int32_t returned = row.integer();
        const Cents paid = row.money("line");
        refund->of_lots = row.boolean() || refund->of_lots;
        const std::int32_t back = items[i].quantity;
        if (back > sold - returned)
            raise_invalid_argument("items", "has more units than are still with the customer",
                                   "get_order() shows what was sold; earlier refunds count.");
        amount += part_of(paid, returned + back, sold) - part_of(paid, returned, sold);
        lines->begin_object().key("line_no").integer(std::int64_t{line_no});
        lines->key("sku").string(sku).key("quantity").integer(std::int64_t{back});
        lines->key("restocked").boolean(refund->restock).end_object();
    }
    lines->end_array();
    return amount;
}

StockChange change_of(const Refund &refund, const PutItem &item) {
    StockChange change{};
    change.store_id = refund.report.order.store_id;
    change.sku = item.sku;
    change.change = item.quantity;
    return change;
}

// The items, each part of them in the lot that it came from, where it is of one.
std::span<StockChange> share_among_lots(const Refund &refund) {
    const OrderKey &key = refund.report.order;
    const Rows rows =
        refund.of_lots
            ? execute(lots_statement, {Param::uuid(key.store_id), Param::uuid(key.order_id),
                                       column_of(TEXTOID, refund.items, &PutItem::sku)})
            : Rows{};
    const std::span<StockChange> changes = allocate<StockChange>(refund.items.size() + rows.count);
    std::size_t count = 0;
    for (const PutItem &item : refund.items) {
        StockChange rest = change_of(refund, item);
        for (std::uint64_t i = 0; i < rows.count && rest.change > 0; i++) {
            Row row(rows, i);
            if (row.text() != item.sku)
                continue;
            StockChange part = rest;
            part.bucket = row.integer();
            part.change = std::min(rest.change, row.integer());
            part.lot = row.optional_text();
            rest.change -= part.change;
            changes[count++] = part;
        }
        if (rest.change > 0)
            changes[count++] = rest;
    }
    return changes.first(count);
}

void return_to_lots(const OrderKey &key, std::span<const StockChange> changes) {
    execute(return_to_lots_statement, {Param::uuid(key.store_id), Param::uuid(key.order_id),
                                       column_of(TEXTOID, changes, &StockChange::sku),
                                       column_of(INT4OID, changes, &StockChange::bucket),
                                       column_of(INT4OID, changes, &StockChange::change)});
}

void take_back(const Refund &refund) {
    const OrderKey &key = refund.report.order;
    const Param skus = column_of(TEXTOID, refund.items, &PutItem::sku);
    const Param quantities = column_of(INT4OID, refund.items, &PutItem::quantity);
    execute(return_statement,
            {Param::uuid(key.store_id), Param::uuid(key.order_id), skus, quantities});
    const std::span<StockChange> changes = share_among_lots(refund);
    if (refund.of_lots)
        return_to_lots(key, changes);
    if (!refund.restock)
        return;
    check_skus(changes, Known::as_product_or_stock);
    change_stock(changes, std::nullopt);
    JsonWriter details;
    details.begin_object().key("order_id").uuid(key.order_id).end_object();
    record_changes(changes, {"returned", refund.report.actor_id, details.to_jsonb()},
                   GetCurrentTimestamp());
}

void write_result(const Refund &refund, const OrderState &order,
                  const std::optional<pg_uuid_t> &payment_id, bool is_new, std::string_view status,
                  const PaymentSums &sums, ResultRow *result) {
    result->uuid(refund.report.order.store_id).uuid(refund.report.order.order_id);
    result->uuid(payment_id).boolean(is_new).text(name_of(order.status));
    result->text(order.payment_status).text(status).money(refund.report.amount);
    result->money(sums.captured).money(sums.refunded);
    result->json(empty_object());
}

// A sale in cash was rounded to five cents: the last of its items are worth up to two more than
// was paid.
bool is_rounding(Cents missing) {
    const Cents most_rounded_down = 2;
    return missing > 0 && missing <= most_rounded_down;
}

void give_back(Refund refund, ResultRow *result) {
    const OrderKey &key = refund.report.order;
    const OrderState order = lock_order(key);
    const PaymentSums before = sums_of(key);
    if (const std::optional<KnownPayment> known = find_known(refund.report, std::nullopt)) {
        refund.report.amount = known->amount;
        return write_result(refund, order, known->payment_id, false, order.payment_status, before,
                            result);
    }
    // Goods come back from a customer who has them.
    if (!refund.items.empty() && order.status != OrderStatus::delivered)
        raise(order_transition_invalid(key.order_id, name_of(order.status), "returned",
                                       name_of(order.delivery_type)));

    JsonWriter lines;
    const Cents of_items = refund.items.empty() ? 0 : paid_for(&refund, &lines);
    const Cents left = before.captured - before.refunded;
    if (refund.report.amount == 0)
        refund.report.amount =
            refund.items.empty() || is_rounding(of_items - left) ? left : of_items;
    if (refund.report.amount <= 0 || refund.report.amount > left)
        raise_invalid_argument("amount", "is more than is left of what was captured, or nothing",
                               "record_payment() must have been told of the payment first.");
    if (refund.preview)
        return write_result(refund, order, std::nullopt, false, order.payment_status, before,
                            result);

    if (!refund.items.empty())
        take_back(refund);
    const std::optional<std::string_view> lines_text =
        refund.items.empty() ? std::nullopt : std::optional(lines.text());
    const Recorded recorded = record_report(refund.report, order, std::nullopt, lines_text);
    write_result(refund, order, recorded.payment_id, true, recorded.status, recorded.sums, result);
}

Refund read_refund(FunctionCallInfo fcinfo) {
    Refund refund{};
    refund.report.order = {required_uuid(argument(fcinfo, 0, "store_id")),
                           required_uuid(argument(fcinfo, 1, "order_id"))};
    refund.report.event = PaymentEvent::refunded;
    const Argument items = argument(fcinfo, 2, "items");
    if (!items.is_null)
        refund.items = read_put_items(items);
    if (!items.is_null && refund.items.empty())
        raise_invalid_argument(items.name, "must not be empty",
                               "Leave it out to refund an amount, or all that is left.");
    const Argument restock = argument(fcinfo, 3, "restock");
    refund.restock = !restock.is_null && DatumGetBool(restock.value);
    const Argument amount = argument(fcinfo, 4, "amount");
    refund.report.amount = optional_money(amount).value_or(0);
    if (!amount.is_null && refund.report.amount == 0)
        raise_invalid_argument(amount.name, "must be more than 0",
                               "Leave it out for what the items come to, or all that is left.");
    const Argument options = argument(fcinfo, 9, "options");
    check_options(options, {"preview"});
    refund.preview = boolean_option(options, "preview", false);
    if (!refund.preview)
        read_reference(fcinfo, 5, &refund.report);
    refund.report.actor_id = optional_uuid(argument(fcinfo, 7, "actor_id"));
    refund.report.reason = optional_text(argument(fcinfo, 8, "reason"), max_reason_bytes);
    return refund;
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_refund_order);
}

// Records that money, and perhaps goods, went back.
Datum weedgo_refund_order(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("refund_order()");
    const Refund refund = read_refund(fcinfo);
    commit_durably();
    return row_as_owner(fcinfo, refund.report.order.store_id,
                        [&](OwnerScope &, ResultRow *row) { give_back(refund, row); });
}
