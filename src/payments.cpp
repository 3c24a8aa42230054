// record_payment: what a payment provider or a till reports about an order's money.
#include "arguments.hpp"
#include "errors.hpp"
#include "order_move.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "result.hpp"

namespace weedgo {

namespace {

constexpr std::string_view cash = "cash";

constinit Statement insert_statement{
    "INSERT INTO weedgo_data.payments (store_id, payment_id, order_id, event, amount, payment_type,"
    " provider_reference, actor_id, details, recorded_at) "
    "SELECT $1, gen_random_uuid(), $2, $3, $4, $5, $6, $7, $8, $9 "
    "ON CONFLICT DO NOTHING RETURNING payment_id"};

constinit Statement find_statement{
    "SELECT payment_id, order_id = $4 AND amount = $5 FROM weedgo_data.payments"
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

struct Report {
    OrderKey order;
    PaymentEvent event;
    Cents amount;
    std::optional<std::string_view> provider_reference;
    std::optional<std::string_view> payment_type;
    std::optional<pg_uuid_t> actor_id;
};

static_assert(Trivial<Report>);

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

// The change is what is given beyond what is left to pay; only cash is given so.
Cents change_of(const Report &report, const OrderState &order, const PaymentSums &before) {
    if (report.event != PaymentEvent::captured || report.payment_type != cash)
        return 0;
    const Cents left = order.amount_due - before.captured;
    if (left <= 0)
        raise_invalid_argument("amount", "is for an order that is paid already",
                               "Give the cash back.");
    return std::max<Cents>(report.amount - left, 0);
}

// The payment's id; `recorded` says whether it is new.
pg_uuid_t insert_once(const Report &report, Cents amount, const std::optional<Datum> &details,
                      TimestampTz now, bool *recorded) {
    const Rows inserted =
        execute(insert_statement,
                {Param::uuid(report.order.store_id), Param::uuid(report.order.order_id),
                 Param::text(name_of(report.event)), Param::money(amount),
                 Param::text(report.payment_type), Param::text(report.provider_reference),
                 Param::uuid(report.actor_id), Param::jsonb(details), Param::timestamp(now)});
    *recorded = inserted.count == 1;
    if (*recorded)
        return Row(inserted, 0).uuid();

    const Rows found = execute(
        find_statement, {Param::uuid(report.order.store_id), Param::text(report.provider_reference),
                         Param::text(name_of(report.event)), Param::uuid(report.order.order_id),
                         Param::money(amount)});
    if (found.count == 0)
        elog(ERROR, "could not find the payment that stands in the way");
    Row row(found, 0);
    const pg_uuid_t payment_id = row.uuid();
    if (!row.boolean())
        raise_invalid_argument("provider_reference", "was used for another payment",
                               "A reference and an event belong to one amount of one order.");
    return payment_id;
}

void write_event(const Report &report, const OrderState &order, const pg_uuid_t &payment_id,
                 Cents amount, std::string_view status, TimestampTz now) {
    JsonWriter details;
    details.begin_object().key("payment_id").uuid(payment_id);
    details.key("event").string(name_of(report.event)).key("amount").money(amount);
    details.key("payment_type").string(report.payment_type);
    details.key("from_payment_status").string(order.payment_status);
    details.key("to_payment_status").string(status).end_object();
    add_event({&report.order, 1}, {"payment", name_of(order.status), name_of(order.status),
                                   report.actor_id, std::nullopt, details.to_jsonb(), now});
}

void record(const Report &report, ResultRow *result) {
    const OrderKey &key = report.order;
    const OrderState order = lock_order(key);
    const TimestampTz now = GetCurrentTimestamp();
    PaymentSums sums = sums_of(key);
    const Cents change = change_of(report, order, sums);
    const Cents amount = report.amount - change;
    std::optional<Datum> details;
    if (change > 0) {
        JsonWriter tendered;
        tendered.begin_object().key("tendered").money(report.amount);
        details = tendered.key("change").money(change).end_object().to_jsonb();
    }

    bool recorded = false;
    const pg_uuid_t payment_id = insert_once(report, amount, details, now, &recorded);
    if (recorded)
        sums = sums_of(key);
    const std::string_view status = name_of(payment_status_of(sums, order.amount_due));
    if (recorded && status != order.payment_status)
        execute(update_statement,
                {Param::uuid(key.store_id), Param::uuid(key.order_id), Param::text(status)});
    if (recorded)
        write_event(report, order, payment_id, amount, status, now);

    result->uuid(key.store_id).uuid(key.order_id).uuid(payment_id).boolean(recorded);
    result->text(name_of(order.status));
    result->text(order.payment_status).text(recorded ? status : order.payment_status);
    result->money(amount).money(sums.captured).money(sums.refunded).money(order.amount_due);
    result->money(change).json(JsonWriter().begin_object().end_object());
}

Report read_report(FunctionCallInfo fcinfo) {
    Report report;
    report.order = {required_uuid(argument(fcinfo, 0, "store_id")),
                    required_uuid(argument(fcinfo, 1, "order_id"))};
    const std::optional<PaymentEvent> event =
        payment_event_of(required_text(argument(fcinfo, 2, "event"), max_label_bytes));
    if (!event)
        raise_invalid_argument("event", "is unknown",
                               "One of authorized, captured, failed, voided, refunded.");
    report.event = *event;
    report.amount = optional_money(argument(fcinfo, 3, "amount")).value_or(0);
    if (report.amount == 0 && *event != PaymentEvent::failed)
        raise_invalid_argument("amount", "must be more than 0",
                               "Only a failed attempt may have none.");
    report.provider_reference =
        optional_text(argument(fcinfo, 4, "provider_reference"), max_label_bytes);
    if (report.provider_reference && report.provider_reference->empty())
        raise_invalid_argument("provider_reference", "must not be empty", "Leave it out for cash.");
    report.payment_type = optional_text(argument(fcinfo, 5, "payment_type"), max_label_bytes);
    if (!report.provider_reference && report.payment_type != cash)
        raise_invalid_argument("provider_reference", "must not be null",
                               "It is what keeps a report that comes twice from counting twice; "
                               "only cash has none.");
    report.actor_id = optional_uuid(argument(fcinfo, 6, "actor_id"));
    check_options(argument(fcinfo, 7, "options"));
    return report;
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_record_payment);
}

// Records what was reported, once, and derives the order's payment status from all reports.
Datum weedgo_record_payment(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("record_payment()");
    const Report report = read_report(fcinfo);
    Datum result = 0;
    as_owner([&](OwnerScope &scope) {
        ResultRow row;
        record(report, &row);
        result = row.to_datum(fcinfo, scope.memory);
    });
    PG_RETURN_DATUM(result);
}
