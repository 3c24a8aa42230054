// The words of an order's life, its moves, and what its payments add up to.
#include "fuzz.hpp"
#include "order_life.hpp"

namespace {

using namespace weedgo;

void check_words(const std::string &text) {
    const auto status = order_status_of(text);
    MUST_HOLD(!status || name_of(*status) == text);
    const auto type = delivery_type_of(text);
    MUST_HOLD(!type || name_of(*type) == text);
    const auto event = payment_event_of(text);
    MUST_HOLD(!event || name_of(*event) == text);
}

void check_move(FuzzedDataProvider *input) {
    const auto from =
        static_cast<OrderStatus>(input->ConsumeIntegralInRange(0, int(OrderStatus::expired)));
    const auto to =
        static_cast<OrderStatus>(input->ConsumeIntegralInRange(0, int(OrderStatus::expired)));
    const auto type =
        static_cast<DeliveryType>(input->ConsumeIntegralInRange(0, int(DeliveryType::in_store)));
    if (may_move(from, to, type))
        MUST_HOLD(is_open(from) && from != to);
    MUST_HOLD(order_status_of(name_of(from)) == from);
}

void check_payments(FuzzedDataProvider *input) {
    const auto amount = [&] {
        return input->ConsumeIntegralInRange<Cents>(0, max_amount);
    };
    const Cents due = amount();
    PaymentSums sums;
    sums.authorized = amount();
    sums.captured = amount();
    sums.voided = amount();
    sums.refunded = input->ConsumeBool() ? amount() : 0;
    sums.failed = input->ConsumeBool();
    const PaymentStatus status = payment_status_of(sums, due);
    MUST_HOLD(!name_of(status).empty());
    if (status == PaymentStatus::captured)
        MUST_HOLD(sums.captured >= due && sums.refunded == 0);

    const Cents by_reference = amount();
    const Cents in_cash = amount();
    const Cover cover = cover_of(due, by_reference, in_cash);
    if (cover == Cover::exact)
        MUST_HOLD(by_reference <= due && by_reference + in_cash >= due);
    if (cover == Cover::too_little)
        MUST_HOLD(by_reference + in_cash < due);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    check_move(&input);
    check_payments(&input);
    check_words(input.ConsumeRemainingBytesAsString());
    return 0;
}
