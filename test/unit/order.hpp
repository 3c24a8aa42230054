// An order to be priced, with the memory that pricing needs, and the provinces' rates.
#pragma once

#include <cstdint>
#include <ostream>
#include <string_view>
#include <utility>
#include <vector>

#include "pricing.hpp"

namespace weedgo {

inline void PrintTo(PriceStatus status, std::ostream *out) {
    *out << (status == PriceStatus::ok         ? "ok"
             : status == PriceStatus::overflow ? "overflow"
                                               : "no_tax_rate");
}

namespace test {

// Amounts are written with the digit separator for the point: 19'99 is 19.99.
inline constexpr std::string_view cannabis = "cannabis";
inline constexpr std::string_view accessory = "accessory";

inline Line line(Cents unit_price, std::int32_t quantity, std::string_view tax_class = cannabis) {
    Line made{};
    made.unit_price = unit_price;
    made.quantity = quantity;
    made.tax_class = tax_class;
    return made;
}

inline TaxRate rate(std::string_view name, std::int64_t millionths,
                    std::string_view tax_class = cannabis) {
    TaxRate made{};
    made.tax_class = tax_class;
    made.tax_name = name;
    made.rate = millionths;
    return made;
}

inline Discount percentage(std::int64_t hundredths) {
    Discount made{};
    made.type = Discount::Type::percentage;
    made.value = hundredths;
    return made;
}

inline Discount fixed(Cents amount) {
    Discount made{};
    made.type = Discount::Type::fixed;
    made.value = amount;
    return made;
}

// A store's usual delivery: 5.00, 0.50 a kilometre, free from 100.00 on.
inline Delivery usual_delivery() {
    Delivery made{};
    made.requested = true;
    made.base_fee = 5'00;
    made.fee_per_km = 50;
    made.free_threshold = 100'00;
    return made;
}

inline std::vector<TaxRate> ontario() {
    return {rate("HST", 130'000)};
}

inline std::vector<TaxRate> quebec() {
    return {rate("GST", 50'000), rate("QST", 99'750)};
}

inline std::vector<TaxRate> british_columbia() {
    return {rate("GST", 50'000), rate("PST", 70'000)};
}

inline std::vector<TaxRate> tax_free() {
    return {rate("HST", 0)};
}

using NamedAmounts = std::vector<std::pair<std::string_view, Cents>>;

struct Order {
    std::vector<Line> lines{};
    std::vector<TaxRate> rates{};
    PriceInput input{};

    // Results.
    Totals totals{};
    NamedAmounts taxes{};

    PriceStatus price() {
        // The buffers are exactly as long as they must be: the sanitizer sees a step beyond.
        // What was in them before must not matter.
        std::vector<Share> shares(lines.size() + 1, Share{77, 77, 77, 77});
        std::vector<TaxAmount> amounts(rates.size());
        const PriceStatus status =
            price_order(lines, rates, input, PriceBuffers{shares, amounts}, &totals);
        taxes.clear();
        for (std::size_t i = 0; i < totals.tax_count; i++)
            taxes.emplace_back(amounts[i].tax_name, amounts[i].amount);
        return status;
    }

    std::vector<Cents> each(Cents Line::*figure) const {
        std::vector<Cents> figures;
        for (const Line &line : lines)
            figures.push_back(line.*figure);
        return figures;
    }
};

} // namespace test
} // namespace weedgo
