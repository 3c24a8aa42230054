// The arithmetic of an order, in the order a receipt shows it.
#include "pricing.hpp"

#include <algorithm>

namespace weedgo {

namespace {

void spread_discount(std::span<Line> lines, const Discount &discount, Cents amount,
                     std::span<Share> shares) {
    shares = shares.first(lines.size());
    for (std::size_t i = 0; i < lines.size(); i++)
        shares[i].weight = static_cast<Wide>(lines[i].line_total);
    spread(amount, shares);
    for (std::size_t i = 0; i < lines.size(); i++) {
        Line &line = lines[i];
        line.discount = shares[i].amount;
        line.taxable = line.line_total - (discount.reimbursable ? 0 : line.discount);
    }
}

bool has_rate(std::span<const TaxRate> rates, std::string_view tax_class) {
    return std::any_of(rates.begin(), rates.end(),
                       [&](const TaxRate &rate) { return rate.tax_class == tax_class; });
}

// The first tax class on the order that no rate is known for. A class that is exempt has a rate
// of 0; one without any rate is a hole in the data, and must not be sold untaxed.
std::optional<std::string_view> class_without_rate(std::span<const Line> lines,
                                                   std::span<const TaxRate> rates,
                                                   bool delivery_taxed) {
    for (const Line &line : lines)
        if (!has_rate(rates, line.tax_class))
            return line.tax_class;
    if (delivery_taxed && !has_rate(rates, delivery_tax_class))
        return delivery_tax_class;
    return std::nullopt;
}

// One tax (all rates of one name): rounded once on the invoice, then spread over the lines and
// the delivery fee. The weights are exact: millionths of cents.
struct TaxRun {
    std::span<Line> lines;
    std::span<TaxRate> rates;
    std::span<Share> shares; // one a line, then the delivery fee
    Cents taxed_delivery_fee;
};

// Adds what one rate takes of each line and of the fee to the shares' weights; says whether it
// applies to anything.
bool weigh_rate(const TaxRun &run, TaxRate *rate) {
    const std::size_t count = run.lines.size();
    bool applies = false;
    rate->taxable = 0;
    for (std::size_t i = 0; i < count; i++) {
        if (run.lines[i].tax_class != rate->tax_class)
            continue;
        applies = true;
        rate->taxable += run.lines[i].taxable;
        run.shares[i].weight +=
            static_cast<Wide>(run.lines[i].taxable) * static_cast<Wide>(rate->rate);
    }
    if (run.taxed_delivery_fee > 0 && rate->tax_class == delivery_tax_class) {
        applies = true;
        rate->taxable += run.taxed_delivery_fee;
        run.shares[count].weight +=
            static_cast<Wide>(run.taxed_delivery_fee) * static_cast<Wide>(rate->rate);
    }
    return applies;
}

bool add_tax(const TaxRun &run, std::string_view tax_name, TaxAmount *tax, Totals *totals) {
    for (Share &share : run.shares)
        share.weight = 0;
    bool applies = false;
    for (TaxRate &rate : run.rates)
        if (rate.tax_name == tax_name)
            applies = weigh_rate(run, &rate) || applies;
    if (!applies)
        return false;

    Wide exact = 0;
    for (const Share &share : run.shares)
        exact += share.weight;
    // What is no amount any more is cut to one cent too many: the total overflows all the same, and
    // the products of the spread stay in range.
    constexpr Wide too_much = static_cast<Wide>(max_amount) + 1;
    const Wide amount = divide_half_up(exact, rate_scale);
    *tax = {tax_name, static_cast<Cents>(amount < too_much ? amount : too_much)};
    spread(tax->amount, run.shares);
    for (std::size_t i = 0; i < run.lines.size(); i++)
        run.lines[i].tax += run.shares[i].amount;
    totals->delivery_tax += run.shares[run.lines.size()].amount;
    totals->tax += tax->amount;
    return true;
}

void add_taxes(const TaxRun &run, std::span<TaxAmount> taxes, Totals *totals) {
    for (Line &line : run.lines)
        line.tax = 0;
    for (std::size_t r = 0; r < run.rates.size(); r++) {
        const std::string_view name = run.rates[r].tax_name;
        const auto earlier = run.rates.first(r);
        const bool seen = std::any_of(earlier.begin(), earlier.end(),
                                      [&](const TaxRate &rate) { return rate.tax_name == name; });
        if (!seen && add_tax(run, name, &taxes[totals->tax_count], totals))
            totals->tax_count++;
    }
}

} // namespace

bool total_lines(std::span<Line> lines, Cents *subtotal) {
    *subtotal = 0;
    for (Line &line : lines) {
        const std::optional<Cents> line_total = multiply_amount(line.unit_price, line.quantity);
        if (!line_total)
            return false;
        const std::optional<Cents> sum = add_amounts(*subtotal, *line_total);
        if (!sum)
            return false;
        line.line_total = *line_total;
        *subtotal = *sum;
    }
    return true;
}

void spread(Cents total, std::span<Share> shares) {
    Wide sum = 0;
    for (const Share &share : shares)
        sum += share.weight;
    Cents left = sum == 0 ? 0 : total;
    for (std::size_t i = 0; i < shares.size(); i++) {
        Share &share = shares[i];
        const Wide exact = sum == 0 ? 0 : static_cast<Wide>(total) * share.weight;
        share.index = static_cast<std::uint32_t>(i);
        share.amount = sum == 0 ? 0 : static_cast<Cents>(exact / sum);
        share.remainder = sum == 0 ? 0 : exact % sum;
        left -= share.amount;
    }
    if (left == 0)
        return;

    const auto by_index = [](const Share &a, const Share &b) {
        return a.index < b.index;
    };
    const auto by_remainder = [](const Share &a, const Share &b) {
        return a.remainder != b.remainder ? a.remainder > b.remainder : a.index < b.index;
    };
    std::sort(shares.begin(), shares.end(), by_remainder);
    for (Share &share : shares.first(static_cast<std::size_t>(left)))
        share.amount++;
    std::sort(shares.begin(), shares.end(), by_index);
}

Cents part_of(Cents amount, std::int32_t units, std::int32_t all) {
    return static_cast<Cents>(divide_half_up(static_cast<Wide>(amount) * static_cast<Wide>(units),
                                             static_cast<Wide>(all)));
}

Cents discount_amount(const Discount &discount, Cents subtotal) {
    Cents amount = 0;
    if (discount.type == Discount::Type::percentage) {
        // Beyond 100 %, which a view can bring, the product would not fit.
        const std::int64_t percent = std::min(discount.value, percent_scale);
        amount = static_cast<Cents>(divide_half_up(
            static_cast<Wide>(subtotal) * static_cast<Wide>(percent), percent_scale));
    } else if (discount.type == Discount::Type::fixed)
        amount = discount.value;
    if (discount.max_amount)
        amount = std::min(amount, *discount.max_amount);
    return std::min(amount, subtotal);
}

std::optional<Cents> delivery_fee(const Delivery &delivery, Cents subtotal) {
    if (!delivery.requested)
        return 0;
    if (delivery.free_threshold && subtotal >= *delivery.free_threshold)
        return 0;
    const auto distance_m = static_cast<Wide>(delivery.distance_m.value_or(0));
    const Wide by_distance =
        divide_half_up(static_cast<Wide>(delivery.fee_per_km) * distance_m, 1000);
    if (by_distance > static_cast<Wide>(max_amount))
        return std::nullopt;
    return add_amounts(delivery.base_fee, static_cast<Cents>(by_distance));
}

PriceStatus price_order(std::span<Line> lines, std::span<TaxRate> rates, const PriceInput &input,
                        const PriceBuffers &buffers, Totals *totals) {
    *totals = Totals{};
    if (!total_lines(lines, &totals->subtotal))
        return PriceStatus::overflow;

    totals->discount = discount_amount(input.discount, totals->subtotal);
    spread_discount(lines, input.discount, totals->discount, buffers.shares);

    const std::optional<Cents> fee = delivery_fee(input.delivery, totals->subtotal);
    if (!fee)
        return PriceStatus::overflow;
    totals->delivery_fee = *fee;

    const bool delivery_taxed = input.delivery.taxed && totals->delivery_fee > 0;
    if (const auto missing = class_without_rate(lines, rates, delivery_taxed)) {
        totals->missing_tax_class = *missing;
        return PriceStatus::no_tax_rate;
    }
    add_taxes({lines, rates, buffers.shares.first(lines.size() + 1),
               delivery_taxed ? totals->delivery_fee : 0},
              buffers.taxes, totals);

    totals->tip = input.tip;
    totals->total = totals->subtotal - totals->discount;
    for (const Cents part : {totals->tax, totals->delivery_fee, totals->tip}) {
        const std::optional<Cents> sum = add_amounts(totals->total, part);
        if (!sum)
            return PriceStatus::overflow;
        totals->total = *sum;
    }
    totals->amount_due = input.cash ? round_to_five_cents(totals->total) : totals->total;
    return totals->amount_due > max_amount ? PriceStatus::overflow : PriceStatus::ok;
}

} // namespace weedgo
