// Order ids sort as they were made; order numbers are of their letters only.
#include "calendar.hpp"
#include "fuzz.hpp"
#include "identifiers.hpp"

#include <algorithm>

namespace {

using namespace weedgo;

UuidBytes uuid_at(std::uint64_t unix_us, FuzzedDataProvider *input) {
    const auto bits = input->ConsumeIntegral<std::uint64_t>();
    std::array<std::uint8_t, 8> random{};
    for (std::size_t i = 0; i < random.size(); i++)
        random[i] = static_cast<std::uint8_t>(bits >> (8 * i));
    const UuidBytes uuid = make_uuid7(unix_us, random);
    MUST_HOLD(uuid[6] >> 4 == 7 && uuid[8] >> 6 == 2);
    return uuid;
}

std::string number_at(const CalendarDay &day, std::uint32_t ms_of_day, std::uint64_t random) {
    const OrderNumber number = make_order_number(day, ms_of_day, random);
    MUST_HOLD(number[order_number_length] == '\0');
    const std::string text(number.data());
    MUST_HOLD(text.size() == order_number_length && text.rfind("ORD-", 0) == 0 && text[12] == '-');
    MUST_HOLD(text.find_first_not_of("0123456789", 4) == 12);
    MUST_HOLD(text.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 13) == std::string::npos);
    return text;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    constexpr std::uint64_t last_us = (std::uint64_t{1} << 48) * 1000 - 2;
    const auto at_us = input.ConsumeIntegralInRange<std::uint64_t>(0, last_us);
    MUST_HOLD(uuid_at(at_us, &input) < uuid_at(at_us + 1, &input));

    const CalendarDay day =
        calendar_day(input.ConsumeIntegralInRange<std::int32_t>(-730'119, 2'921'939));
    constexpr std::uint32_t ms_of_day = 24 * 60 * 60 * 1000;
    const auto ms = input.ConsumeIntegralInRange<std::uint32_t>(0, ms_of_day - 2);
    MUST_HOLD(number_at(day, ms, input.ConsumeIntegral<std::uint64_t>()) <
              number_at(day, ms + 1, input.ConsumeIntegral<std::uint64_t>()));
    return 0;
}
