// Order ids and order numbers.
#include "identifiers.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "random.hpp"

namespace weedgo {
namespace {

constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr CalendarDay day{2026, 11, 24};
constexpr std::uint32_t last_ms = 86'399'999;
constexpr std::uint64_t random_mask = (std::uint64_t{1} << 53) - 1;

using RandomBytes = std::array<std::uint8_t, 8>;

constexpr RandomBytes all(std::uint8_t byte) {
    RandomBytes bytes{};
    bytes.fill(byte);
    return bytes;
}

std::string hex(const UuidBytes &uuid) {
    std::string text;
    for (std::size_t i = 0; i < uuid.size(); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text += '-';
        text += "0123456789abcdef"[uuid[i] >> 4];
        text += "0123456789abcdef"[uuid[i] & 15];
    }
    return text;
}

std::string number(std::uint32_t ms_of_day, std::uint64_t random, const CalendarDay &date = day) {
    return make_order_number(date, ms_of_day, random).data();
}

struct Decoded {
    std::uint64_t ms_of_day;
    std::uint64_t random;
};

// Reads the 80 bits back, one at a time.
Decoded decode(const std::string &number) {
    Decoded decoded{};
    for (int bit = 0; bit < 80; bit++) {
        const char c = number[13 + static_cast<std::size_t>(bit / 5)];
        const std::size_t value = crockford.find(c);
        EXPECT_NE(value, std::string_view::npos) << number;
        std::uint64_t &field = bit < 27 ? decoded.ms_of_day : decoded.random;
        field = field << 1 | (value >> (4 - bit % 5) & 1);
    }
    return decoded;
}

// RFC 9562, appendix A.6, but for the twelve bits that are the fraction of a millisecond here.
TEST(OrderId, IsTheExampleOfTheRfc) {
    const RandomBytes random{0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F};
    EXPECT_EQ(hex(make_uuid7(0x017F22E279B0 * 1000ULL, random)),
              "017f22e2-79b0-7000-98c4-dc0c0c07398f");
    EXPECT_EQ(hex(make_uuid7(0x017F22E279B0 * 1000ULL + 798, random)),
              "017f22e2-79b0-7cc4-98c4-dc0c0c07398f");
}

TEST(OrderId, HasVersionSevenAndTheRfcsVariantWhateverTheOtherBits) {
    EXPECT_EQ(hex(make_uuid7(0, all(0x00))), "00000000-0000-7000-8000-000000000000");
    EXPECT_EQ(hex(make_uuid7(999, all(0xFF))), "00000000-0000-7ffb-bfff-ffffffffffff");
}

TEST(OrderId, HoldsTheMillisecondsInItsFirst48Bits) {
    EXPECT_EQ(hex(make_uuid7(1'000, all(0))), "00000000-0001-7000-8000-000000000000");
    EXPECT_EQ(hex(make_uuid7(0x123456789ABC * 1000ULL, all(0))),
              "12345678-9abc-7000-8000-000000000000");
    EXPECT_EQ(hex(make_uuid7(0xFFFFFFFFFFFF * 1000ULL, all(0))),
              "ffffffff-ffff-7000-8000-000000000000");
}

TEST(OrderId, UsesEachOfIts62RandomBits) {
    int used = 0;
    for (std::size_t bit = 0; bit < 64; bit++) {
        RandomBytes random = all(0);
        random[bit / 8] = static_cast<std::uint8_t>(0x80 >> bit % 8);
        const UuidBytes plain = make_uuid7(0, all(0));
        const UuidBytes changed = make_uuid7(0, random);
        int differing_bits = 0;
        for (std::size_t i = 0; i < plain.size(); i++)
            differing_bits += __builtin_popcount(plain[i] ^ changed[i]);
        EXPECT_LE(differing_bits, 1);
        used += differing_bits;
    }
    EXPECT_EQ(used, 62);
}

TEST(OrderId, OfALaterMicrosecondIsGreater) {
    const std::uint64_t now = 1'795'478'400'000'000;
    for (std::uint64_t us = now; us < now + 5'000; us++)
        ASSERT_LT(make_uuid7(us, all(0xFF)), make_uuid7(us + 1, all(0)));
    ASSERT_LT(make_uuid7(0x0000FFFFFFFF * 1000ULL + 999, all(0xFF)),
              make_uuid7(0x000100000000 * 1000ULL, all(0)));
}

TEST(OrderNumber, BeginsWithTheDayAndHasSixteenCharacters) {
    EXPECT_EQ(number(0, 0), "ORD-20261124-0000000000000000");
    EXPECT_EQ(number(0, random_mask).size(), order_number_length);
    EXPECT_EQ(number(0, 0, {2027, 1, 2}), "ORD-20270102-0000000000000000");
    EXPECT_EQ(number(0, 0, {999, 12, 31}), "ORD-09991231-0000000000000000");
    EXPECT_EQ(number(0, 0, {9999, 10, 20}), "ORD-99991020-0000000000000000");
    EXPECT_EQ(make_order_number(day, last_ms, random_mask).back(), '\0');
}

TEST(OrderNumber, IsWrittenInCrockfordsAlphabet) {
    // Every character once, in every place.
    for (std::uint64_t value = 0; value < 32; value++) {
        std::uint64_t random = 0;
        for (int i = 0; i < 10; i++)
            random = random << 5 | value;
        EXPECT_EQ(number(0, random).substr(19), std::string(10, crockford[value]));
    }
    test::Random random(20'261'124);
    for (int i = 0; i < 1'000; i++) {
        const std::string text =
            number(static_cast<std::uint32_t>(random.between(0, last_ms)), random.bits());
        ASSERT_EQ(text.substr(13).find_first_not_of(crockford), std::string::npos) << text;
    }
}

TEST(OrderNumber, HoldsEveryMillisecondOfADay) {
    for (const std::uint32_t ms : {0U, 1U, 999U, 43'200'000U, 67'108'863U, 67'108'864U, last_ms}) {
        for (const std::uint64_t random : {std::uint64_t{0}, random_mask}) {
            const Decoded decoded = decode(number(ms, random));
            EXPECT_EQ(decoded.ms_of_day, ms);
            EXPECT_EQ(decoded.random, random);
        }
    }
    for (std::uint32_t ms = 0; ms <= last_ms; ms += 86'399)
        ASSERT_EQ(decode(number(ms, 0)).ms_of_day, ms);
}

TEST(OrderNumber, UsesEachOfIts53RandomBits) {
    std::set<std::string> numbers{number(last_ms, 0)};
    for (int bit = 0; bit < 53; bit++) {
        const std::uint64_t random = std::uint64_t{1} << bit;
        const std::string text = number(last_ms, random);
        EXPECT_EQ(decode(text).random, random);
        EXPECT_EQ(decode(text).ms_of_day, last_ms);
        numbers.insert(text);
    }
    EXPECT_EQ(numbers.size(), 54U);
}

TEST(OrderNumber, LeavesTheOtherRandomBitsOutOfTheTime) {
    for (int bit = 53; bit < 64; bit++)
        EXPECT_EQ(number(1, std::uint64_t{1} << bit), number(1, 0));
    EXPECT_EQ(number(1, ~std::uint64_t{0}), number(1, random_mask));
}

TEST(OrderNumber, OfALaterMillisecondSortsLater) {
    for (std::uint32_t ms = 0; ms < last_ms; ms += 8'641)
        ASSERT_LT(number(ms, random_mask), number(ms + 1, 0)) << ms;
    ASSERT_LT(number(last_ms - 1, random_mask), number(last_ms, 0));
}

TEST(OrderNumber, OfALaterDaySortsLater) {
    EXPECT_LT(number(last_ms, random_mask), number(0, 0, {2026, 11, 25}));
    EXPECT_LT(number(last_ms, random_mask), number(0, 0, {2026, 12, 1}));
    EXPECT_LT(number(last_ms, random_mask, {2026, 12, 31}), number(0, 0, {2027, 1, 1}));
}

} // namespace
} // namespace weedgo
