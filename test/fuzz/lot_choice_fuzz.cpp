// Lots: what is taken adds up, is there, may be sold, and nothing that expires first is passed by.
#include "fuzz.hpp"
#include "lot_choice.hpp"

#include <limits>
#include <vector>

namespace {

using namespace weedgo;

constexpr std::string_view lots[] = {"A", "B", "C"};

std::vector<Bucket> buckets_of(FuzzedDataProvider *input) {
    std::vector<Bucket> buckets(input->ConsumeIntegralInRange<std::size_t>(0, 8));
    std::int32_t number = input->ConsumeBool() ? 0 : 1;
    for (Bucket &bucket : buckets) {
        bucket.number = number++;
        bucket.free = input->ConsumeIntegralInRange<std::int64_t>(
            0,
            input->PickValueInArray<std::int64_t>({3, std::numeric_limits<std::int32_t>::max()}));
        if (bucket.number > 0)
            bucket.lot = input->PickValueInArray(lots);
        bucket.expires_on = maybe<std::int32_t>(input, 0, 4);
        bucket.is_recalled = input->ConsumeBool();
    }
    return buckets;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    std::vector<Bucket> buckets = buckets_of(&input);
    std::optional<std::string_view> lot;
    if (input.ConsumeBool())
        lot = input.PickValueInArray(lots);
    const auto quantity = input.ConsumeIntegralInRange<std::int32_t>(
        0, input.PickValueInArray<std::int32_t>({9, std::numeric_limits<std::int32_t>::max()}));
    constexpr std::int32_t today = 2;

    const std::int64_t free = free_units(buckets, lot, today);
    const LotReason reason = take_units(buckets, quantity, lot, today);
    std::int64_t taken = 0;
    bool is_passed_by = false;
    for (const Bucket &bucket : buckets) {
        const bool may_be_taken = (!lot || bucket.lot == lot) && may_be_sold(bucket, today);
        MUST_HOLD(bucket.taken >= 0 && bucket.taken <= bucket.free);
        MUST_HOLD(bucket.taken == 0 || (may_be_taken && !is_passed_by));
        is_passed_by = is_passed_by || (may_be_taken && bucket.taken < bucket.free);
        taken += bucket.taken;
    }
    MUST_HOLD(taken == (reason == LotReason::enough ? quantity : 0));
    MUST_HOLD(reason != LotReason::enough || free >= quantity);
    MUST_HOLD(reason != LotReason::too_little || free < quantity);
    return 0;
}
