// Promo codes: what they take off, when they can be used, how they are spelt.
#include "promo.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <ostream>
#include <set>
#include <string>

#include "order.hpp"

namespace weedgo {

void PrintTo(PromoReason reason, std::ostream *out) {
    *out << name_of(reason);
}

namespace test {
namespace {

constexpr std::int64_t from = 1'764'000'000'000'000; // instants in microseconds
constexpr std::int64_t until = from + 3'600'000'000;
constexpr bool guest = true;
constexpr bool known_customer = false;

Promo active() {
    Promo promo{};
    promo.is_active = true;
    return promo;
}

Promo with_window() {
    Promo promo = active();
    promo.valid_from = from;
    promo.valid_until = until;
    return promo;
}

TEST(Discount, OfNoPromoIsNothing) {
    EXPECT_EQ(discount_amount(Discount{}, 39'98), 0);
}

TEST(Discount, OfTenPercentIsRoundedHalfUp) {
    EXPECT_EQ(discount_amount(percentage(10'00), 39'98), 4'00); // 3.998
    EXPECT_EQ(discount_amount(percentage(10'00), 39'94), 3'99); // 3.994
    EXPECT_EQ(discount_amount(percentage(10'00), 39'95), 4'00); // 3.995
    EXPECT_EQ(discount_amount(percentage(10'00), 25), 3);       // 0.025: not to even
    EXPECT_EQ(discount_amount(percentage(10'00), 4), 0);
    EXPECT_EQ(discount_amount(percentage(10'00), 5), 1);
}

TEST(Discount, CanBeAFractionOfAPercent) {
    EXPECT_EQ(discount_amount(percentage(12'50), 80'00), 10'00);
    EXPECT_EQ(discount_amount(percentage(1), 49'99), 0);
    EXPECT_EQ(discount_amount(percentage(1), 50'00), 1);
    EXPECT_EQ(discount_amount(percentage(33'33), 100'00), 33'33);
}

TEST(Discount, OfAHundredPercentIsTheSubtotal) {
    EXPECT_EQ(discount_amount(percentage(100'00), 39'98), 39'98);
    EXPECT_EQ(discount_amount(percentage(100'00), max_amount), max_amount);
    EXPECT_EQ(discount_amount(percentage(100'00), 0), 0);
}

TEST(Discount, IsNeverMoreThanTheSubtotal) {
    EXPECT_EQ(discount_amount(percentage(100'01), 100'00), 100'00);
    EXPECT_EQ(discount_amount(percentage(99'999'99), max_amount), max_amount);
    EXPECT_EQ(discount_amount(percentage(1'200'000'000'00), max_amount), max_amount);
    EXPECT_EQ(discount_amount(fixed(10'00), 9'99), 9'99);
    EXPECT_EQ(discount_amount(fixed(10'00), 10'00), 10'00);
    EXPECT_EQ(discount_amount(fixed(10'00), 0), 0);
    EXPECT_EQ(discount_amount(fixed(max_amount), 1), 1);
}

TEST(Discount, OfAFixedAmountIsThatAmount) {
    EXPECT_EQ(discount_amount(fixed(10'00), 39'98), 10'00);
    EXPECT_EQ(discount_amount(fixed(0), 39'98), 0);
}

TEST(Discount, IsNeverMoreThanItsMaximum) {
    Discount half = percentage(50'00);
    half.max_amount = 20'00;
    EXPECT_EQ(discount_amount(half, 39'98), 19'99);
    EXPECT_EQ(discount_amount(half, 40'00), 20'00);
    EXPECT_EQ(discount_amount(half, 40'02), 20'00);
    EXPECT_EQ(discount_amount(half, max_amount), 20'00);
    half.max_amount = 0;
    EXPECT_EQ(discount_amount(half, 39'98), 0);
    half.max_amount = max_amount;
    EXPECT_EQ(discount_amount(half, 39'98), 19'99);
}

TEST(Discount, WithAMaximumAboveTheSubtotalStillStopsAtTheSubtotal) {
    Discount everything = percentage(100'00);
    everything.max_amount = 50'00;
    EXPECT_EQ(discount_amount(everything, 30'00), 30'00);
    Discount amount = fixed(60'00);
    amount.max_amount = 50'00;
    EXPECT_EQ(discount_amount(amount, 100'00), 50'00);
    EXPECT_EQ(discount_amount(amount, 30'00), 30'00);
}

TEST(Promo, IsUsableWhenActive) {
    EXPECT_EQ(judge_promo(active(), from, 39'98, known_customer), PromoReason::usable);
    EXPECT_EQ(judge_promo(active(), from, 0, guest), PromoReason::usable);
}

TEST(Promo, IsNotUsableWhenInactive) {
    EXPECT_EQ(judge_promo(Promo{}, from, 39'98, known_customer), PromoReason::inactive);
}

TEST(Promo, StartsAtItsVeryFirstInstant) {
    EXPECT_EQ(judge_promo(with_window(), from - 1, 1'00, guest), PromoReason::not_started);
    EXPECT_EQ(judge_promo(with_window(), from, 1'00, guest), PromoReason::usable);
    EXPECT_EQ(judge_promo(with_window(), from + 1, 1'00, guest), PromoReason::usable);
}

TEST(Promo, HasEndedAtTheInstantItIsValidUntil) {
    EXPECT_EQ(judge_promo(with_window(), until - 1, 1'00, guest), PromoReason::usable);
    EXPECT_EQ(judge_promo(with_window(), until, 1'00, guest), PromoReason::expired);
    EXPECT_EQ(judge_promo(with_window(), until + 1, 1'00, guest), PromoReason::expired);
}

TEST(Promo, WithAnOpenWindowHasNoEndThere) {
    constexpr auto earliest = std::numeric_limits<std::int64_t>::min();
    constexpr auto latest = std::numeric_limits<std::int64_t>::max();
    Promo since = active();
    since.valid_from = from;
    EXPECT_EQ(judge_promo(since, latest, 1'00, guest), PromoReason::usable);
    EXPECT_EQ(judge_promo(since, earliest, 1'00, guest), PromoReason::not_started);
    Promo up_to = active();
    up_to.valid_until = until;
    EXPECT_EQ(judge_promo(up_to, earliest, 1'00, guest), PromoReason::usable);
    EXPECT_EQ(judge_promo(up_to, latest, 1'00, guest), PromoReason::expired);
}

TEST(Promo, WithAnEmptyWindowIsNeverUsable) {
    Promo promo = active();
    promo.valid_from = from;
    promo.valid_until = from;
    EXPECT_EQ(judge_promo(promo, from - 1, 1'00, guest), PromoReason::not_started);
    EXPECT_EQ(judge_promo(promo, from, 1'00, guest), PromoReason::expired);
}

TEST(Promo, NeedsTheMinimumToTheCent) {
    Promo promo = active();
    promo.min_order_amount = 50'00;
    EXPECT_EQ(judge_promo(promo, from, 49'99, guest), PromoReason::minimum_not_met);
    EXPECT_EQ(judge_promo(promo, from, 50'00, guest), PromoReason::usable);
    EXPECT_EQ(judge_promo(promo, from, 50'01, guest), PromoReason::usable);
}

TEST(Promo, LimitedPerCustomerIsNotForGuests) {
    Promo promo = active();
    promo.max_uses_per_customer = 1;
    EXPECT_EQ(judge_promo(promo, from, 1'00, guest), PromoReason::customer_limit);
    EXPECT_EQ(judge_promo(promo, from, 1'00, known_customer), PromoReason::usable);
}

TEST(Promo, LimitedInTotalOnlyIsForGuestsToo) {
    Promo promo = active();
    promo.max_uses = 1;
    EXPECT_EQ(judge_promo(promo, from, 1'00, guest), PromoReason::usable);
}

TEST(Promo, SaysWhatWouldNeverChangeBeforeWhatTheShopperCanChange) {
    Promo promo = with_window();
    promo.min_order_amount = 50'00;
    promo.max_uses_per_customer = 1;
    EXPECT_EQ(judge_promo(promo, from, 1'00, guest), PromoReason::minimum_not_met);
    EXPECT_EQ(judge_promo(promo, until, 1'00, guest), PromoReason::expired);
    EXPECT_EQ(judge_promo(promo, from - 1, 1'00, guest), PromoReason::not_started);
    promo.is_active = false;
    EXPECT_EQ(judge_promo(promo, until, 1'00, guest), PromoReason::inactive);
}

TEST(Promo, ReasonsAreNamedAsInTheErrorsDetail) {
    EXPECT_EQ(name_of(PromoReason::usable), "usable");
    EXPECT_EQ(name_of(PromoReason::unknown), "unknown");
    EXPECT_EQ(name_of(PromoReason::inactive), "inactive");
    EXPECT_EQ(name_of(PromoReason::not_started), "not_started");
    EXPECT_EQ(name_of(PromoReason::expired), "expired");
    EXPECT_EQ(name_of(PromoReason::minimum_not_met), "minimum_not_met");
    EXPECT_EQ(name_of(PromoReason::exhausted), "exhausted");
    EXPECT_EQ(name_of(PromoReason::customer_limit), "customer_limit");
}

// The buffer is exactly as long as the code: the sanitizer sees a step beyond.
std::string normalized(const std::string &code) {
    std::vector<char> buffer(code.size());
    return std::string(normalize_promo_code(code, buffer.data()));
}

TEST(PromoCode, IsComparedInCapitals) {
    EXPECT_EQ(normalized("save10"), "SAVE10");
    EXPECT_EQ(normalized("Save10"), "SAVE10");
    EXPECT_EQ(normalized("SAVE10"), "SAVE10");
    EXPECT_EQ(normalized("abcdefghijklmnopqrstuvwxyz"), "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

TEST(PromoCode, LosesTheBlanksAroundIt) {
    EXPECT_EQ(normalized("  save10 "), "SAVE10");
    EXPECT_EQ(normalized(" a"), "A");
    EXPECT_EQ(normalized("a "), "A");
}

TEST(PromoCode, KeepsTheBlanksInIt) {
    EXPECT_EQ(normalized(" save  10 "), "SAVE  10");
}

TEST(PromoCode, OfBlanksOnlyIsEmpty) {
    EXPECT_EQ(normalized(""), "");
    EXPECT_EQ(normalized(" "), "");
    EXPECT_EQ(normalized("      "), "");
}

TEST(PromoCode, KeepsEveryOtherCharacter) {
    EXPECT_EQ(normalized("x'; DROP TABLE orders; --"), "X'; DROP TABLE ORDERS; --");
    EXPECT_EQ(normalized("\"quoted\"\\"), "\"QUOTED\"\\");
    EXPECT_EQ(normalized("\t`{@[/:"), "\t`{@[/:"); // the neighbours of a, z, A, Z, 0 and 9
    EXPECT_EQ(normalized("\xC3\xA9t\xC3\xA9"), "\xC3\xA9T\xC3\xA9"); // été: letters of ASCII only
    EXPECT_EQ(normalized(std::string("a\0b", 3)), std::string("A\0B", 3));
}

TEST(PromoCode, CanBeAMegabyteLong) {
    const std::string code(1 << 20, 'x');
    EXPECT_EQ(normalized(code), std::string(1 << 20, 'X'));
    EXPECT_EQ(normalized(std::string(1 << 20, ' ')), "");
}

TEST(PromoCode, NormalizedTwiceStaysTheSame) {
    for (const std::string code : {"save10", " a b ", "\xC3\xA9", ""})
        EXPECT_EQ(normalized(normalized(code)), normalized(code)) << code;
}

} // namespace
} // namespace test
} // namespace weedgo
