// recompute_order: an old order's amounts, worked out again. Everything that stands for a price is
// what the order stored; the tax rates are looked up again, as of the order's instant.
#include "arguments.hpp"
#include "errors.hpp"
#include "local_time.hpp"
#include "order_json.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "result.hpp"
#include "spi.hpp"
#include "tax_rates.hpp"

namespace weedgo {

namespace {

constinit Statement order_statement{
    "SELECT o.subtotal, o.discount, o.tax, o.delivery_fee, o.delivery_tax, o.tip, o.total,"
    "       o.amount_due, o.tip, o.payment_type, o.distance_m, o.priced_at,"
    "       o.pricing ->> 'province', o.pricing ->> 'timezone',"
    "       (o.pricing #>> '{delivery,base_fee}')::numeric,"
    "       (o.pricing #>> '{delivery,fee_per_km}')::numeric,"
    "       (o.pricing #>> '{delivery,free_threshold}')::numeric,"
    "       (o.pricing #>> '{delivery,taxed}')::bool,"
    "       (o.pricing #>> '{discount_by_hand,amount}')::numeric,"
    "       o.pricing #>> '{promo,discount_type}',"
    "       (o.pricing #>> '{promo,discount_value}')::numeric,"
    "       (o.pricing #>> '{promo,max_discount_amount}')::numeric,"
    "       (o.pricing #>> '{promo,reimbursable}')::bool"
    "  FROM weedgo_data.orders o WHERE o.store_id = $1 AND o.order_id = $2"};

constinit Statement taxes_statement{
    "SELECT coalesce(t.tax ->> 'name', ''), sum((t.tax ->> 'amount')::numeric)"
    "  FROM weedgo_data.orders o"
    " CROSS JOIN LATERAL jsonb_array_elements(o.taxes) WITH ORDINALITY t (tax, number)"
    " WHERE o.store_id = $1 AND o.order_id = $2"
    " GROUP BY 1 ORDER BY min(t.number)"};

constinit Statement lines_statement{
    "SELECT i.line_no, i.sku, i.tax_class, i.quantity, i.unit_price, i.line_total, i.discount,"
    "       i.taxable, i.tax"
    "  FROM weedgo_data.order_items i"
    " WHERE i.store_id = $1 AND i.order_id = $2 ORDER BY i.line_no"};

// Stored amounts are only compared, and may be anything.
using Stored = std::optional<Datum>;

struct StoredOrder {
    Stored subtotal;
    Stored discount;
    Stored tax;
    Stored delivery_fee;
    Stored delivery_tax;
    Stored tip;
    Stored total;
    Stored amount_due;
    PriceInput input;
    TimestampTz priced_at = 0;
    std::optional<std::string_view> province;
    std::optional<std::string_view> timezone;
};

struct StoredLine {
    std::int32_t line_no;
    Stored line_total;
    Stored discount;
    Stored taxable;
    Stored tax;
};

struct StoredLines {
    std::span<StoredLine> stored;
    std::span<Line> lines; // the same, to be priced
};

struct Recomputed {
    PriceStatus status;
    Totals totals;
    std::span<const TaxRate> rates;
    std::span<const TaxAmount> taxes;
};

static_assert(Trivial<StoredOrder> && Trivial<StoredLines> && Trivial<Recomputed>);

Delivery read_delivery(Row &row, const std::optional<std::int32_t> &distance_m) {
    const std::optional<Cents> base_fee = row.optional_money("base_fee");
    Delivery delivery;
    delivery.requested = base_fee.has_value();
    delivery.base_fee = base_fee.value_or(0);
    delivery.fee_per_km = row.optional_money("fee_per_km").value_or(0);
    delivery.free_threshold = row.optional_money("free_threshold");
    delivery.distance_m = distance_m;
    delivery.taxed = row.optional_boolean().value_or(false);
    return delivery;
}

// By hand, or by a promo code.
Discount read_discount(Row &row) {
    const std::optional<Cents> by_hand = row.optional_money("discount");
    const std::optional<std::string_view> type = row.optional_text();
    Discount discount;
    if (by_hand) {
        discount.type = Discount::Type::fixed;
        discount.value = *by_hand;
        return discount;
    }
    if (type)
        discount.type = type == "percentage" ? Discount::Type::percentage : Discount::Type::fixed;
    discount.value = row.optional_exact(2, "discount_value").value_or(0);
    discount.max_amount = row.optional_money("max_discount_amount");
    discount.reimbursable = row.optional_boolean().value_or(false);
    return discount;
}

StoredOrder read_stored_order(const pg_uuid_t &store_id, const pg_uuid_t &order_id) {
    const Rows rows = execute(order_statement, {Param::uuid(store_id), Param::uuid(order_id)});
    if (rows.count == 0)
        raise(order_unknown(order_id));
    Row row(rows, 0);
    StoredOrder order;
    for (Stored *amount : {&order.subtotal, &order.discount, &order.tax, &order.delivery_fee,
                           &order.delivery_tax, &order.tip, &order.total, &order.amount_due})
        *amount = row.value(NUMERICOID);
    order.input.tip = row.money("tip");
    order.input.cash = row.optional_text() == "cash";
    const std::optional<std::int32_t> distance_m = row.optional_integer();
    order.priced_at = row.optional_timestamp().value_or(0);
    order.province = row.optional_text();
    order.timezone = row.optional_text();
    order.input.delivery = read_delivery(row, distance_m);
    order.input.discount = read_discount(row);
    return order;
}

StoredLines read_stored_lines(const pg_uuid_t &store_id, const pg_uuid_t &order_id) {
    const Rows rows = execute(lines_statement, {Param::uuid(store_id), Param::uuid(order_id)});
    const StoredLines read{allocate<StoredLine>(rows.count), allocate<Line>(rows.count)};
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        StoredLine &stored = read.stored[i];
        Line &line = read.lines[i];
        stored.line_no = row.integer();
        line.sku = row.text();
        line.tax_class = row.text();
        line.quantity = row.integer();
        line.unit_price = row.money("unit price");
        for (Stored *amount : {&stored.line_total, &stored.discount, &stored.taxable, &stored.tax})
            *amount = row.value(NUMERICOID);
    }
    return read;
}

// An order that does not say where and when it was priced has no rates, and so no taxes.
std::span<TaxRate> read_rates_of(const StoredOrder &order) {
    if (!order.province || !order.timezone)
        return {};
    return read_tax_rates(*order.province, local_time(order.priced_at, *order.timezone).date);
}

Recomputed recompute(const StoredOrder &order, std::span<Line> lines) {
    const std::span<TaxRate> rates = read_rates_of(order);
    const PriceBuffers buffers{allocate<Share>(lines.size() + 1),
                               allocate<TaxAmount>(rates.size())};
    Recomputed again{};
    again.status = price_order(lines, rates, order.input, buffers, &again.totals);
    again.rates = rates;
    again.taxes = buffers.taxes.first(again.totals.tax_count);
    return again;
}

// One row of the result. What could not be worked out, or was not stored, does not agree.
struct Comparison {
    std::optional<std::int32_t> line_no;
    std::string_view amount;
    std::optional<std::string_view> tax_name;
    Stored stored;
    std::optional<Cents> recomputed;
};

static_assert(Trivial<Comparison>);

bool agrees(const Comparison &compared) {
    return compared.stored && compared.recomputed &&
           DatumGetBool(
               DirectFunctionCall2(numeric_eq, *compared.stored, from_cents(*compared.recomputed)));
}

void put(const ReturnSetInfo *set, const Comparison &compared, const JsonWriter &details) {
    ResultRow row;
    if (compared.line_no)
        row.integer(*compared.line_no);
    else
        row.null();
    row.text(compared.amount).text(compared.tax_name).value(compared.stored);
    if (compared.recomputed)
        row.money(*compared.recomputed);
    else
        row.null();
    row.boolean(agrees(compared)).json(details).put(set);
}

std::optional<Cents> only_if(bool is_known, Cents amount) {
    return is_known ? std::optional(amount) : std::nullopt;
}

void put_tax(const ReturnSetInfo *set, const Recomputed &again, std::string_view name,
             const Stored &stored) {
    Comparison compared{std::nullopt, "tax", name, stored, std::nullopt};
    for (const TaxAmount &tax : again.taxes)
        if (tax.tax_name == name)
            compared.recomputed = only_if(again.status == PriceStatus::ok, tax.amount);
    JsonWriter details;
    details.begin_object().key("rates");
    write_rates(again.rates, name, &details);
    put(set, compared, details.end_object());
}

// The taxes that the order has, then those that it should have.
void put_taxes(const pg_uuid_t &store_id, const pg_uuid_t &order_id, const Recomputed &again,
               const ReturnSetInfo *set) {
    const Rows rows = execute(taxes_statement, {Param::uuid(store_id), Param::uuid(order_id)});
    const std::span<std::string_view> stored = allocate<std::string_view>(rows.count);
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        stored[i] = row.text();
        put_tax(set, again, stored[i], row.value(NUMERICOID));
    }
    for (const TaxAmount &tax : again.taxes)
        if (std::find(stored.begin(), stored.end(), tax.tax_name) == stored.end())
            put_tax(set, again, tax.tax_name, std::nullopt);
}

void put_order(const pg_uuid_t &store_id, const pg_uuid_t &order_id, const StoredOrder &order,
               const Recomputed &again, const ReturnSetInfo *set) {
    const bool is_priced = again.status != PriceStatus::overflow;
    const bool is_taxed = again.status == PriceStatus::ok;
    const Totals &totals = again.totals;
    const auto put_amount = [&](std::string_view amount, const Stored &stored, bool is_known,
                                Cents recomputed) {
        put(set, {std::nullopt, amount, std::nullopt, stored, only_if(is_known, recomputed)},
            empty_object());
    };
    put_amount("subtotal", order.subtotal, is_priced, totals.subtotal);
    put_amount("discount", order.discount, is_priced, totals.discount);
    put_amount("tax", order.tax, is_taxed, totals.tax);
    put_taxes(store_id, order_id, again, set);
    put_amount("delivery_fee", order.delivery_fee, is_priced, totals.delivery_fee);
    put_amount("delivery_tax", order.delivery_tax, is_taxed, totals.delivery_tax);
    put_amount("tip", order.tip, true, order.input.tip);
    put_amount("total", order.total, is_taxed, totals.total);
    put_amount("amount_due", order.amount_due, is_taxed, totals.amount_due);
}

void put_lines(const StoredLines &read, PriceStatus status, const ReturnSetInfo *set) {
    const bool is_priced = status != PriceStatus::overflow;
    for (std::size_t i = 0; i < read.lines.size(); i++) {
        const StoredLine &stored = read.stored[i];
        const Line &line = read.lines[i];
        JsonWriter details;
        details.begin_object().key("sku").string(line.sku).end_object();
        const auto put_amount = [&](std::string_view amount, const Stored &was, bool is_known,
                                    Cents recomputed) {
            put(set, {stored.line_no, amount, std::nullopt, was, only_if(is_known, recomputed)},
                details);
        };
        put_amount("line_total", stored.line_total, is_priced, line.line_total);
        put_amount("discount", stored.discount, is_priced, line.discount);
        put_amount("taxable", stored.taxable, is_priced, line.taxable);
        put_amount("tax", stored.tax, status == PriceStatus::ok, line.tax);
    }
}

void put_recomputed(const pg_uuid_t &store_id, const pg_uuid_t &order_id,
                    const ReturnSetInfo *set) {
    const StoredOrder order = read_stored_order(store_id, order_id);
    const StoredLines read = read_stored_lines(store_id, order_id);
    const Recomputed again = recompute(order, read.lines);
    put_order(store_id, order_id, order, again, set);
    put_lines(read, again.status, set);
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_recompute_order);
}

// What an order's amounts are, and what they should be; takes no lock and writes nothing.
Datum weedgo_recompute_order(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const pg_uuid_t store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    const pg_uuid_t order_id = required_uuid(argument(fcinfo, 1, "order_id"));
    check_options(argument(fcinfo, 2, "options"));
    return set_as_owner(fcinfo, store_id,
                        [&](const ReturnSetInfo *set) { put_recomputed(store_id, order_id, set); });
}
