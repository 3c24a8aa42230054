// The price of an order, once more and differently: numbers of any length in decimal, rounding by
// looking at the digit that is dropped, spreading by handing out money to whoever lacks most. Slow,
// and sharing nothing with the core but the types of the question.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pricing.hpp"

namespace weedgo::test {

// A natural number below 10^54: nine decimal digits a limb, the least significant limb first.
class Natural {
public:
    Natural() = default;
    Natural(std::int64_t value); // NOLINT: amounts are numbers

    std::strong_ordering operator<=>(const Natural &other) const;
    bool operator==(const Natural &other) const = default;
    Natural &operator+=(const Natural &other);
    Natural &operator-=(const Natural &other); // other must not be greater
    friend Natural operator+(Natural a, const Natural &b) { return a += b; }
    friend Natural operator-(Natural a, const Natural &b) { return a -= b; }
    friend Natural operator*(const Natural &a, const Natural &b);

    std::string text() const;
    Cents cents() const; // must fit

private:
    std::array<std::uint32_t, 6> limbs_{};
};

// exact / 10^digits, half up.
Natural drop_digits(const Natural &exact, std::size_t digits);

// Shares of `total` in proportion to the weights, which must not all be 0 unless total is.
std::vector<Natural> apportion(const Natural &total, const std::vector<Natural> &weights);

struct ModelLine {
    Natural line_total, discount, taxable, tax;
};

struct ModelOrder {
    PriceStatus status = PriceStatus::ok;
    std::string_view missing_tax_class;
    std::vector<ModelLine> lines;
    std::vector<Natural> rate_taxable; // per rate
    std::vector<std::pair<std::string_view, Natural>> taxes;
    Natural subtotal, discount, delivery_fee, delivery_tax, tax, total, amount_due;
};

// What price_order must say.
ModelOrder model_order(const std::vector<Line> &lines, const std::vector<TaxRate> &rates,
                       const PriceInput &input);

} // namespace weedgo::test
