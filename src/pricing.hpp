// The price of an order: line totals, discount, delivery fee, tax, total. Pure: the caller
// owns all memory, and whatever can go wrong is in the status that comes back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "money.hpp"

namespace weedgo {

inline constexpr std::int64_t rate_scale = 1'000'000;    // tax rates: millionths
inline constexpr std::int64_t percent_scale = 100 * 100; // percentages: hundredths of a percent
inline constexpr std::string_view delivery_tax_class = "delivery";

struct Line {
    std::string_view sku;
    std::string_view name;
    std::string_view tax_class;
    std::int64_t equivalent_mg = 0; // dried cannabis equivalent of one unit
    Cents unit_price = 0;
    std::int32_t quantity = 0;

    // Results.
    Cents line_total = 0; // unit_price x quantity, before discount and tax
    Cents discount = 0;
    Cents taxable = 0;
    Cents tax = 0;
};

struct Discount {
    enum class Type { none, percentage, fixed };
    Type type = Type::none;
    std::int64_t value = 0; // percentage: hundredths of a percent; fixed: cents
    std::optional<Cents> max_amount;
    bool reimbursable = false; // a third party pays it: tax is due on the full price
};

struct Delivery {
    bool requested = false;
    Cents base_fee = 0;
    Cents fee_per_km = 0;
    std::optional<Cents> free_threshold; // free from this subtotal, before discount, on
    std::optional<std::int32_t> distance_m;
    bool taxed = false;
};

struct TaxRate {
    std::string_view tax_class;
    std::string_view tax_name;
    std::int64_t rate = 0; // millionths

    Cents taxable = 0; // result: what this rate was taken of
};

struct TaxAmount {
    std::string_view tax_name;
    Cents amount = 0;
};

struct Totals {
    Cents subtotal = 0;
    Cents discount = 0;
    Cents delivery_fee = 0;
    Cents delivery_tax = 0; // part of tax
    Cents tax = 0;
    Cents tip = 0;
    Cents total = 0;
    Cents amount_due = 0;
    std::size_t tax_count = 0;          // how many of the taxes were filled in
    std::string_view missing_tax_class; // with PriceStatus::no_tax_rate
};

enum class PriceStatus { ok, overflow, no_tax_rate };

// One part of an amount that is spread over several, in proportion to their weights.
struct Share {
    Wide weight = 0;
    Wide remainder = 0;
    Cents amount = 0; // result
    std::uint32_t index = 0;
};

struct PriceInput {
    Discount discount;
    Delivery delivery;
    Cents tip = 0;
    bool cash = false;
};

// Working memory that price_order needs for a given number of lines and rates.
struct PriceBuffers {
    std::span<Share> shares;    // lines + 1
    std::span<TaxAmount> taxes; // as many as rates; the first tax_count are the result
};

// Spreads `total` by largest remainder: the shares add up to it exactly, each within a cent of its
// exact part; among equal remainders the earlier share gets the cent. `total` must not exceed the
// sum of the weights, unless that is 0 (then all shares are 0).
void spread(Cents total, std::span<Share> shares);

// The part of an amount that `units` of `all` units make up, rounded half up: the parts between
// two counts of units add up to the amount.
Cents part_of(Cents amount, std::int32_t units, std::int32_t all);

// Sets each line's total, and their sum; says whether all are within the range of an amount.
bool total_lines(std::span<Line> lines, Cents *subtotal);

// What a discount takes off a subtotal; never more than the subtotal.
Cents discount_amount(const Discount &discount, Cents subtotal);

// The delivery fee for a subtotal before discount; nothing where it overflows.
std::optional<Cents> delivery_fee(const Delivery &delivery, Cents subtotal);

// Prices an order. Fills the results in lines, rates and buffers.taxes, and *totals.
PriceStatus price_order(std::span<Line> lines, std::span<TaxRate> rates, const PriceInput &input,
                        const PriceBuffers &buffers, Totals *totals);

} // namespace weedgo
