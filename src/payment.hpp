// Recording what is reported of an order's money: each report once, the status from all of them.
#pragma once

#include "json.hpp"
#include "order_move.hpp"
#include "pg.hpp"

namespace weedgo {

inline constexpr std::string_view cash = "cash";

struct Report {
    OrderKey order;
    PaymentEvent event;
    Cents amount;
    std::optional<std::string_view> provider_reference;
    std::optional<std::string_view> payment_type;
    std::optional<pg_uuid_t> actor_id;
    std::optional<std::string_view> reason;
};

// What came of a report.
struct Recorded {
    pg_uuid_t payment_id;
    bool is_new;
    std::string_view status; // the order's payment status now
    PaymentSums sums;
};

// A report that came first-hand: cash may be more than is left to pay.
struct Received {
    Recorded recorded;
    Cents amount; // without the change
    Cents change;
};

// The arguments provider_reference and payment_type, from `first` on: only cash has no reference.
void read_reference(FunctionCallInfo fcinfo, int first, Report *report);

PaymentSums sums_of(const OrderKey &key);

// An earlier report with this reference and event, if it is of the same order and, where that is
// given, of the same amount; raises where it is of another.
struct KnownPayment {
    pg_uuid_t payment_id;
    Cents amount;
};
std::optional<KnownPayment> find_known(const Report &report, const std::optional<Cents> &amount);

// Records a report of an order that lock_order() returned, and its event. `details` is kept with
// the payment; `lines` (JSON) with the event.
Recorded record_report(const Report &report, const OrderState &order,
                       const std::optional<Datum> &details,
                       const std::optional<std::string_view> &lines);

// Records a report, of cash only what is left to pay; what was given and the change are kept with
// it.
Received receive_payment(Report report, const OrderState &order);

} // namespace weedgo
