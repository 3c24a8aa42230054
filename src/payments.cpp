// record_payment: what a payment provider or a till reports about an order's money.
#include "arguments.hpp"
#include "errors.hpp"
#include "owner.hpp"
#include "payment.hpp"
#include "pg.hpp"
#include "result.hpp"

namespace weedgo {

namespace {

void record(const Report &report, ResultRow *result) {
    const OrderKey &key = report.order;
    const OrderState order = lock_order(key);
    const Received received = receive_payment(report, order);
    const Recorded &recorded = received.recorded;
    result->uuid(key.store_id).uuid(key.order_id).uuid(recorded.payment_id);
    result->boolean(recorded.is_new).text(name_of(order.status));
    result->text(order.payment_status).text(recorded.status);
    result->money(received.amount).money(recorded.sums.captured).money(recorded.sums.refunded);
    result->money(order.amount_due).money(received.change);
    result->json(empty_object());
}

Report read_report(FunctionCallInfo fcinfo) {
    Report report{};
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
    read_reference(fcinfo, 4, &report);
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
    commit_durably();
    return row_as_owner(fcinfo, report.order.store_id,
                        [&](OwnerScope &, ResultRow *row) { record(report, row); });
}
