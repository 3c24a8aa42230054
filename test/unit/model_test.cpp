// Random orders against the slow model, and what must hold for every order.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <string>

#include "order.hpp"
#include "random.hpp"
#include "random_orders.hpp"
#include "slow_model.hpp"

namespace weedgo::test {
namespace {

// Prices the random orders of many seeds and hands them to `check`; the first that fails ends it.
template <typename Check>
void for_random_orders(std::int64_t count, const Check &check) {
    const RandomCases cases(count);
    for (std::int64_t i = 0; i < cases.count; i++) {
        Order order = random_order(cases.seed(i));
        const PriceStatus status = order.price();
        check(order, status);
        if (::testing::Test::HasFailure())
            FAIL() << cases.replay(cases.seed(i)) << describe(order);
    }
}

void expect_amount(const Natural &expected, Cents actual, const char *what, std::size_t which = 0) {
    if (actual < 0 || Natural(actual) != expected)
        ADD_FAILURE() << what << " " << which << " is " << actual << ", not " << expected.text();
}

void expect_as_model(const Order &order, const ModelOrder &model) {
    expect_amount(model.subtotal, order.totals.subtotal, "subtotal");
    expect_amount(model.discount, order.totals.discount, "discount");
    expect_amount(model.delivery_fee, order.totals.delivery_fee, "delivery fee");
    expect_amount(model.delivery_tax, order.totals.delivery_tax, "delivery tax");
    expect_amount(model.tax, order.totals.tax, "tax");
    expect_amount(model.total, order.totals.total, "total");
    expect_amount(model.amount_due, order.totals.amount_due, "amount due");
    EXPECT_EQ(order.totals.tip, order.input.tip);
    for (std::size_t i = 0; i < order.lines.size(); i++) {
        const Line &line = order.lines[i];
        expect_amount(model.lines[i].line_total, line.line_total, "total of line", i);
        expect_amount(model.lines[i].discount, line.discount, "discount of line", i);
        expect_amount(model.lines[i].taxable, line.taxable, "taxable of line", i);
        expect_amount(model.lines[i].tax, line.tax, "tax of line", i);
    }
    for (std::size_t r = 0; r < order.rates.size(); r++)
        expect_amount(model.rate_taxable[r], order.rates[r].taxable, "taxable of rate", r);
    ASSERT_EQ(order.taxes.size(), model.taxes.size());
    for (std::size_t t = 0; t < order.taxes.size(); t++) {
        EXPECT_EQ(order.taxes[t].first, model.taxes[t].first);
        expect_amount(model.taxes[t].second, order.taxes[t].second, "tax of name", t);
    }
}

// How often the random orders went where they should go; a generator that misses a case tests
// nothing.
struct Coverage {
    std::map<std::string, std::int64_t> seen;

    void count(const Order &order, PriceStatus status) {
        const Discount &discount = order.input.discount;
        const bool priced = status == PriceStatus::ok;
        seen["priced"] += priced;
        seen["overflow"] += status == PriceStatus::overflow;
        seen["no tax rate"] += status == PriceStatus::no_tax_rate;
        seen["discounted to nothing"] +=
            priced && order.totals.discount > 0 && order.totals.discount == order.totals.subtotal;
        seen["discounted"] += priced && order.totals.discount > 0;
        seen["reimbursable"] += priced && order.totals.discount > 0 && discount.reimbursable;
        seen["at the maximum"] +=
            priced && order.totals.discount > 0 && discount.max_amount == order.totals.discount;
        seen["delivery taxed"] += priced && order.totals.delivery_tax > 0;
        seen["delivery free"] += priced && order.input.delivery.requested &&
                                 order.input.delivery.base_fee > 0 &&
                                 order.totals.delivery_fee == 0;
        seen["threshold met exactly"] +=
            priced && order.input.delivery.free_threshold == order.totals.subtotal;
        seen["several taxes"] += priced && order.taxes.size() > 1;
        seen["cash rounded"] += priced && order.totals.amount_due != order.totals.total;
        seen["hundred lines"] += priced && order.lines.size() >= 100;
        seen["large"] += priced && order.totals.subtotal > max_amount / 4;
    }
};

TEST(Model, AgreesWithEveryRandomOrderToTheCent) {
    Coverage coverage;
    for_random_orders(12'000, [&](const Order &order, PriceStatus status) {
        const ModelOrder model = model_order(order.lines, order.rates, order.input);
        coverage.count(order, status);
        ASSERT_EQ(status, model.status);
        EXPECT_EQ(order.totals.missing_tax_class, model.missing_tax_class);
        if (status == PriceStatus::ok)
            expect_as_model(order, model);
    });
    for (const auto &[what, times] : coverage.seen)
        EXPECT_GE(times, RandomCases::as_usual() ? 30 : 0) << what;
}

Cents sum_of(const std::vector<Cents> &amounts) {
    return std::accumulate(amounts.begin(), amounts.end(), Cents{0});
}

TEST(EveryOrder, AddsUp) {
    for_random_orders(5'000, [](const Order &order, PriceStatus status) {
        if (status != PriceStatus::ok)
            return;
        const Totals &totals = order.totals;
        EXPECT_EQ(totals.total, totals.subtotal - totals.discount + totals.tax +
                                    totals.delivery_fee + totals.tip);
        EXPECT_EQ(sum_of(order.each(&Line::line_total)), totals.subtotal);
        EXPECT_EQ(sum_of(order.each(&Line::discount)), totals.discount);
        EXPECT_EQ(sum_of(order.each(&Line::tax)) + totals.delivery_tax, totals.tax);
        EXPECT_EQ(sum_of(order.each(&Line::taxable)),
                  totals.subtotal - (order.input.discount.reimbursable ? 0 : totals.discount));
        Cents named = 0;
        for (const auto &[name, amount] : order.taxes)
            named += amount;
        EXPECT_EQ(named, totals.tax);
    });
}

TEST(EveryOrder, HasNoAmountBelowZeroOrBeyondItsBounds) {
    for_random_orders(5'000, [](const Order &order, PriceStatus status) {
        if (status != PriceStatus::ok)
            return;
        const Totals &totals = order.totals;
        for (const Line &line : order.lines) {
            EXPECT_EQ(line.line_total, line.unit_price * line.quantity);
            EXPECT_GE(line.discount, 0);
            EXPECT_LE(line.discount, line.line_total);
            EXPECT_GE(line.taxable, 0);
            EXPECT_GE(line.tax, 0);
        }
        for (const Cents amount : {totals.subtotal, totals.discount, totals.delivery_fee,
                                   totals.delivery_tax, totals.tax, totals.total}) {
            EXPECT_GE(amount, 0);
            EXPECT_LE(amount, max_amount);
        }
        EXPECT_LE(totals.discount, totals.subtotal);
        EXPECT_LE(std::abs(totals.amount_due - totals.total), order.input.cash ? 2 : 0);
    });
}

// |share - total x weight / sum| < 1, without dividing.
void expect_within_a_cent(Cents share, const Natural &total, const Natural &weight,
                          const Natural &sum) {
    const Natural given = Natural(share) * sum;
    const Natural exact = total * weight;
    EXPECT_LT(given > exact ? given - exact : exact - given, std::max(sum, Natural(1)));
}

TEST(EveryOrder, SharesItsDiscountWithinACentOfTheExactShare) {
    for_random_orders(5'000, [](const Order &order, PriceStatus status) {
        if (status != PriceStatus::ok)
            return;
        for (const Line &line : order.lines)
            expect_within_a_cent(line.discount, order.totals.discount, line.line_total,
                                 order.totals.subtotal);
    });
}

TEST(EveryOrder, SharesItsTaxWithinACentANameOfTheExactTax) {
    for_random_orders(5'000, [](const Order &order, PriceStatus status) {
        if (status != PriceStatus::ok)
            return;
        for (const Line &line : order.lines) {
            Natural exact; // in millionths of cents
            std::int64_t names = 0;
            for (const TaxRate &rate : order.rates)
                if (rate.tax_class == line.tax_class) {
                    exact += Natural(line.taxable) * Natural(rate.rate);
                    names++;
                }
            // Half a cent of rounding on the invoice can move a share by that much at most.
            const Natural given = Natural(line.tax) * Natural(rate_scale);
            EXPECT_LT(given > exact ? given - exact : exact - given,
                      Natural(std::max<std::int64_t>(names, 1)) * Natural(rate_scale * 3 / 2));
        }
    });
}

// Whose odd cent it is depends on the order of the lines, where they tie; and where tied lines are
// taxed differently, so does the tax. Everything else does not.
TEST(EveryOrder, CostsTheSameWhateverTheOrderOfItsLines) {
    std::int64_t compared = 0;
    const RandomCases cases(5'000);
    for (std::int64_t i = 0; i < cases.count; i++) {
        Order order = random_order(cases.seed(i));
        const PriceStatus status = order.price();
        Order shuffled = order;
        std::vector<std::size_t> from(order.lines.size());
        std::iota(from.begin(), from.end(), std::size_t{0});
        Random random(cases.seed(i) ^ 0x5DEECE66D);
        for (std::size_t k = from.size(); k > 1; k--)
            std::swap(from[k - 1],
                      from[static_cast<std::size_t>(random.between(0, static_cast<int>(k) - 1))]);
        for (std::size_t k = 0; k < from.size(); k++)
            shuffled.lines[k] = order.lines[from[k]];
        ASSERT_EQ(shuffled.price(), status);
        if (status != PriceStatus::ok)
            continue;

        EXPECT_EQ(shuffled.totals.subtotal, order.totals.subtotal);
        EXPECT_EQ(shuffled.totals.discount, order.totals.discount);
        EXPECT_EQ(shuffled.totals.delivery_fee, order.totals.delivery_fee);
        bool tie_moved = false;
        for (std::size_t k = 0; k < from.size(); k++) {
            const Line &before = order.lines[from[k]];
            tie_moved = tie_moved || shuffled.lines[k].taxable != before.taxable;
            EXPECT_LE(std::abs(shuffled.lines[k].discount - before.discount), 1);
        }
        const bool one_class =
            std::all_of(order.lines.begin(), order.lines.end(), [&](const Line &line) {
                return line.tax_class == order.lines[0].tax_class;
            });
        if (!tie_moved || one_class) {
            compared++;
            EXPECT_EQ(shuffled.taxes, order.taxes);
            EXPECT_EQ(shuffled.totals.total, order.totals.total);
            EXPECT_EQ(shuffled.totals.amount_due, order.totals.amount_due);
        }
        if (HasFailure())
            FAIL() << cases.replay(cases.seed(i)) << describe(order);
    }
    EXPECT_GE(compared, RandomCases::as_usual() ? cases.count / 2 : 0);
}

TEST(EveryOrder, CostsTheSameWhenPricedAgain) {
    for_random_orders(2'000, [](const Order &order, PriceStatus status) {
        Order again = order;
        EXPECT_EQ(again.price(), status);
        EXPECT_EQ(again.totals.total, order.totals.total);
        EXPECT_EQ(again.taxes, order.taxes);
        EXPECT_EQ(again.each(&Line::tax), order.each(&Line::tax));
        EXPECT_EQ(again.each(&Line::discount), order.each(&Line::discount));
    });
}

TEST(Model, RoundsByTheDroppedDigit) {
    EXPECT_EQ(drop_digits(1'499'999, 6).text(), "1");
    EXPECT_EQ(drop_digits(1'500'000, 6).text(), "2");
    EXPECT_EQ(drop_digits(499'999, 6).text(), "0");
    EXPECT_EQ(drop_digits(500'000, 6).text(), "1");
    EXPECT_EQ(drop_digits(0, 6).text(), "0");
    EXPECT_EQ(drop_digits(5, 0).text(), "5");
}

TEST(Model, CountsBeyond64Bits) {
    const Natural large = Natural(999'999'999'999'999'999) * Natural(1'000'000'000'000'000'000);
    EXPECT_EQ(large.text(), "999999999999999999000000000000000000");
    EXPECT_EQ((large + 1 - large).text(), "1");
    EXPECT_EQ((large - 1).text(), "999999999999999998999999999999999999");
    EXPECT_GT(large, Natural(std::numeric_limits<std::int64_t>::max()));
}

} // namespace
} // namespace weedgo::test
