// What the fuzz targets share. A target reads its input as arguments of functions of the pure core
// and says what must hold of their results; the sanitizers look for the rest.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

// PostgreSQL's dates, infinity left out: from 4713 BC to the year 5874897.
inline constexpr std::int32_t first_date = -2'451'545;
inline constexpr std::int32_t last_date = 2'145'031'948;

#define MUST_HOLD(condition)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);    \
            std::abort();                                                                          \
        }                                                                                          \
    } while (false)

// The rest of the input goes to texts, which are compared with what they are read as.
inline std::string text_of(FuzzedDataProvider *input, std::size_t most = 100) {
    return input->ConsumeRandomLengthString(most);
}

template <typename Integer>
std::optional<Integer> maybe(FuzzedDataProvider *input, Integer low, Integer high) {
    if (!input->ConsumeBool())
        return std::nullopt;
    return input->ConsumeIntegralInRange<Integer>(low, high);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);
