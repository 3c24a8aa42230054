// Payments: rows that are only ever added.
#include "payment.hpp"

#include "arguments.hpp"
#include "errors.hpp"
#include "spi.hpp"

namespace weedgo {

static_assert(Trivial<Report> && Trivial<Recorded> && Trivial<KnownPayment> && Trivial<Received>);

namespace {

constinit Statement insert_statement{
    "INSERT INTO weedgo_data.payments (store_id, payment_id, order_id, event, amount, payment_type,"
    " provider_reference, actor_id, details, recorded_at) "
    "SELECT $1, gen_random_uuid(), $2, $3, $4, $5, $6, $7, $8, $9 "
    "ON CONFLICT DO NOTHING RETURNING payment_id"};

constinit Statement find_statement{
    "SELECT payment_id, amount, order_id = $4 AND coalesce(amount = $5, true)"
    "  FROM weedgo_data.payments"
    " WHERE store_id = $1 AND provider_reference = $2 AND event = $3"};

constinit Statement sums_statement{
    "SELECT coalesce(sum(amount) FILTER (WHERE event = 'authorized'), 0),"
    "       coalesce(sum(amount) FILTER (WHERE event = 'captured'), 0),"
    "       coalesce(sum(amount) FILTER (WHERE event = 'voided'), 0),"
    "       coalesce(sum(amount) FILTER (WHERE event = 'refunded'), 0),"
    "       coalesce(bool_or(event = 'failed'), false)"
    "  FROM weedgo_data.payments WHERE store_id = $1 AND order_id = $2"};

constinit Statement update_statement{
    "UPDATE weedgo_data.orders SET payment_status = $3 WHERE store_id = $1 AND order_id = $2"};

std::optional<pg_uuid_t> insert(const Report &report, const std::optional<Datum> &details,
                                TimestampTz now) {
    const Rows inserted =
        execute(insert_statement,
                {Param::uuid(report.order.store_id), Param::uuid(report.order.order_id),
                 Param::text(name_of(report.event)), Param::money(report.amount),
                 Param::text(report.payment_type), Param::text(report.provider_reference),
                 Param::uuid(report.actor_id), Param::jsonb(details), Param::timestamp(now)});
    return inserted.count == 1 ? std::optional(Row(inserted, 0).uuid()) : std::nullopt;
}

void write_event(const Report &report, const OrderState &order, const Recorded &recorded,
                 const std::optional<std::string_view> &lines, TimestampTz now) {
    JsonWriter details;
    details.begin_object().key("payment_id").uuid(recorded.payment_id);
    details.key("event").string(name_of(report.event)).key("amount").money(report.amount);
    details.key("payment_type").string(report.payment_type);
    if (lines)
        details.key("lines").raw(*lines);
    details.key("from_payment_status").string(order.payment_status);
    details.key("to_payment_status").string(recorded.status).end_object();
    add_event({&report.order, 1}, {"payment", name_of(order.status), name_of(order.status),
                                   report.actor_id, report.reason, details.to_jsonb(), now});
}

// The change is what is given beyond what is left to pay; only cash is given so.
Cents change_of(const Report &report, const OrderState &order) {
    if (report.event != PaymentEvent::captured || report.payment_type != cash)
        return 0;
    const Cents left = order.amount_due - sums_of(report.order).captured;
    if (left <= 0)
        raise_invalid_argument("amount", "is for an order that is paid already",
                               "Give the cash back.");
    return std::max<Cents>(report.amount - left, 0);
}

} // namespace

void read_reference(FunctionCallInfo fcinfo, int first, Report *report) {
    const Argument reference = argument(fcinfo, first, "provider_reference");
    report->provider_reference = optional_text(reference, max_label_bytes);
    if (report->provider_reference && report->provider_reference->empty())
        raise_invalid_argument(reference.name, "must not be empty", "Leave it out for cash.");
    report->payment_type =
        optional_text(argument(fcinfo, first + 1, "payment_type"), max_label_bytes);
    if (!report->provider_reference && report->payment_type != cash)
        raise_invalid_argument(reference.name, "must not be null",
                               "It is what keeps a report that comes twice from counting twice; "
                               "only cash has none.");
}

PaymentSums sums_of(const OrderKey &key) {
    const Rows rows =
        execute(sums_statement, {Param::uuid(key.store_id), Param::uuid(key.order_id)});
    Row row(rows, 0);
    PaymentSums sums;
    sums.authorized = row.money("amount");
    sums.captured = row.money("amount");
    sums.voided = row.money("amount");
    sums.refunded = row.money("amount");
    sums.failed = row.boolean();
    return sums;
}

std::optional<KnownPayment> find_known(const Report &report, const std::optional<Cents> &amount) {
    if (!report.provider_reference)
        return std::nullopt;
    const Rows found =
        execute(find_statement,
                {Param::uuid(report.order.store_id), Param::text(*report.provider_reference),
                 Param::text(name_of(report.event)), Param::uuid(report.order.order_id),
                 amount ? Param::money(*amount) : Param::null(NUMERICOID)});
    if (found.count == 0)
        return std::nullopt;
    Row row(found, 0);
    KnownPayment known;
    known.payment_id = row.uuid();
    known.amount = row.money("amount");
    if (!row.boolean())
        raise_invalid_argument("provider_reference", "was used for another payment",
                               "A reference and an event belong to one amount of one order.");
    return known;
}

Recorded record_report(const Report &report, const OrderState &order,
                       const std::optional<Datum> &details,
                       const std::optional<std::string_view> &lines) {
    const TimestampTz now = GetCurrentTimestamp();
    Recorded recorded;
    const std::optional<pg_uuid_t> inserted = insert(report, details, now);
    recorded.is_new = inserted.has_value();
    recorded.sums = sums_of(report.order);
    recorded.status = order.payment_status;
    if (!inserted) {
        const std::optional<KnownPayment> known = find_known(report, report.amount);
        if (!known)
            elog(ERROR, "could not find the payment that stands in the way");
        recorded.payment_id = known->payment_id;
        return recorded;
    }
    recorded.payment_id = *inserted;
    recorded.status = name_of(payment_status_of(recorded.sums, order.amount_due));
    if (recorded.status != order.payment_status)
        execute(update_statement,
                {Param::uuid(report.order.store_id), Param::uuid(report.order.order_id),
                 Param::text(recorded.status)});
    write_event(report, order, recorded, lines, now);
    return recorded;
}

Received receive_payment(Report report, const OrderState &order) {
    const Cents change = change_of(report, order);
    std::optional<Datum> details;
    if (change > 0) {
        JsonWriter tendered;
        tendered.begin_object().key("tendered").money(report.amount);
        details = tendered.key("change").money(change).end_object().to_jsonb();
        report.amount -= change;
    }
    return {record_report(report, order, details, std::nullopt), report.amount, change};
}

} // namespace weedgo
