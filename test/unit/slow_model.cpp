#include "slow_model.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

namespace weedgo::test {

namespace {

constexpr std::uint32_t limb_base = 1'000'000'000;
constexpr std::int64_t largest_amount = 999'999'999'999; // numeric(12,2), in cents

[[noreturn]] void stop(const char *why) {
    std::fprintf(stderr, "the model itself is wrong: %s\n", why);
    std::abort();
}

Natural sum_of(const std::vector<Natural> &numbers) {
    Natural sum;
    for (const Natural &number : numbers)
        sum += number;
    return sum;
}

} // namespace

Natural::Natural(std::int64_t value) {
    if (value < 0)
        stop("negative");
    for (std::uint32_t &limb : limbs_) {
        limb = static_cast<std::uint32_t>(value % limb_base);
        value /= limb_base;
    }
}

std::strong_ordering Natural::operator<=>(const Natural &other) const {
    for (std::size_t i = limbs_.size(); i-- > 0;)
        if (limbs_[i] != other.limbs_[i])
            return limbs_[i] <=> other.limbs_[i];
    return std::strong_ordering::equal;
}

Natural &Natural::operator+=(const Natural &other) {
    std::uint32_t carry = 0;
    for (std::size_t i = 0; i < limbs_.size(); i++) {
        const std::uint32_t sum = limbs_[i] + other.limbs_[i] + carry;
        limbs_[i] = sum % limb_base;
        carry = sum / limb_base;
    }
    if (carry != 0)
        stop("sum too long");
    return *this;
}

Natural &Natural::operator-=(const Natural &other) {
    std::uint32_t borrow = 0;
    for (std::size_t i = 0; i < limbs_.size(); i++) {
        const std::uint32_t taken = other.limbs_[i] + borrow;
        borrow = limbs_[i] < taken ? 1 : 0;
        limbs_[i] = limbs_[i] + (borrow ? limb_base : 0) - taken;
    }
    if (borrow != 0)
        stop("difference below zero");
    return *this;
}

Natural operator*(const Natural &a, const Natural &b) {
    Natural product;
    const std::size_t size = product.limbs_.size();
    for (std::size_t i = 0; i < size; i++) {
        std::uint64_t carry = 0;
        for (std::size_t j = 0; a.limbs_[i] != 0 && j < size; j++) {
            if (i + j >= size) {
                if (b.limbs_[j] != 0 || carry != 0)
                    stop("product too long");
                continue;
            }
            carry += product.limbs_[i + j] + std::uint64_t{a.limbs_[i]} * b.limbs_[j];
            product.limbs_[i + j] = static_cast<std::uint32_t>(carry % limb_base);
            carry /= limb_base;
        }
        if (carry != 0)
            stop("product too long");
    }
    return product;
}

std::string Natural::text() const {
    std::string digits;
    for (auto limb = limbs_.rbegin(); limb != limbs_.rend(); ++limb) {
        const std::string nine = std::to_string(*limb);
        digits += std::string(9 - nine.size(), '0') + nine;
    }
    const std::size_t first = digits.find_first_not_of('0');
    return first == std::string::npos ? "0" : digits.substr(first);
}

Cents Natural::cents() const {
    const std::string digits = text();
    if (digits.size() > 18)
        stop("does not fit");
    return std::stoll(digits);
}

Natural drop_digits(const Natural &exact, std::size_t digits) {
    std::string text = exact.text();
    text = std::string(digits + 1 - std::min(digits + 1, text.size()), '0') + text;
    const std::size_t cut = text.size() - digits;
    Natural rounded;
    for (const char digit : text.substr(0, cut))
        rounded = rounded * 10 + (digit - '0');
    if (digits > 0 && text[cut] >= '5')
        rounded += 1;
    return rounded;
}

// Everybody is owed total x weight; paying somebody a cent takes the sum of the weights off that.
// Pay in notes of 10^k cents first, as long as somebody is owed one in full, then in cents, one by
// one, to whoever is owed most, the first of equals.
std::vector<Natural> apportion(const Natural &total, const std::vector<Natural> &weights) {
    const Natural cent = sum_of(weights);
    std::vector<Natural> shares(weights.size());
    if (cent == 0) {
        if (total != 0)
            stop("nobody to give it to");
        return shares;
    }

    std::vector<Natural> owed;
    for (const Natural &weight : weights)
        owed.push_back(total * weight);

    std::vector<std::pair<Natural, Natural>> notes; // face value, what it takes off
    for (Natural face = 1; face <= total; face = face * 10)
        notes.emplace_back(face, face * cent);
    std::reverse(notes.begin(), notes.end());
    Natural left = total;
    for (const auto &[face, worth] : notes)
        for (std::size_t i = 0; i < owed.size(); i++)
            while (owed[i] >= worth) {
                owed[i] -= worth;
                shares[i] += face;
                left -= face;
            }

    while (left > 0) {
        const auto neediest = std::max_element(owed.begin(), owed.end());
        if (*neediest == 0)
            stop("a cent that nobody is owed");
        *neediest = 0; // less than a cent was owed, so after it nothing more is
        shares[static_cast<std::size_t>(neediest - owed.begin())] += 1;
        left -= 1;
    }
    return shares;
}

namespace {

Natural model_discount(const Discount &discount, const Natural &subtotal) {
    Natural amount;
    if (discount.type == Discount::Type::percentage)
        amount = drop_digits(subtotal * discount.value, 4);
    if (discount.type == Discount::Type::fixed)
        amount = discount.value;
    if (discount.max_amount && amount > *discount.max_amount)
        amount = *discount.max_amount;
    return std::min(amount, subtotal);
}

Natural model_fee(const Delivery &delivery, const Natural &subtotal) {
    const bool free = delivery.free_threshold && subtotal >= *delivery.free_threshold;
    if (!delivery.requested || free)
        return 0;
    const Natural metres = delivery.distance_m ? *delivery.distance_m : 0;
    return delivery.base_fee + drop_digits(delivery.fee_per_km * metres, 3);
}

// What is taxed, as (class, amount) in the order of the lines, the delivery fee at the end.
using Taxed = std::vector<std::pair<std::string_view, Natural>>;

std::string_view first_class_without_rate(const Taxed &taxed, const std::vector<TaxRate> &rates) {
    std::set<std::string_view> known;
    for (const TaxRate &rate : rates)
        known.insert(rate.tax_class);
    for (const auto &[tax_class, amount] : taxed)
        if (!known.contains(tax_class))
            return tax_class;
    return {};
}

void model_tax(std::string_view name, const Taxed &taxed, const std::vector<TaxRate> &rates,
               ModelOrder *order) {
    bool applies = false;
    std::vector<Natural> exact(order->lines.size() + 1); // millionths of a cent
    for (std::size_t i = 0; i < taxed.size(); i++)
        for (const TaxRate &rate : rates)
            if (rate.tax_name == name && rate.tax_class == taxed[i].first) {
                applies = true;
                exact[i] += taxed[i].second * rate.rate;
            }
    if (!applies)
        return;
    const Natural amount = drop_digits(sum_of(exact), 6);
    const std::vector<Natural> shares = apportion(amount, exact);
    for (std::size_t i = 0; i < order->lines.size(); i++)
        order->lines[i].tax += shares[i];
    order->delivery_tax += shares.back();
    order->tax += amount;
    order->taxes.emplace_back(name, amount);
}

Natural nearest_five(const Natural &amount) {
    const std::string text = amount.text();
    const int last = text.back() - '0';
    const Natural tens = amount - Natural(last);
    return tens + Natural(last <= 2 ? 0 : last <= 7 ? 5 : 10);
}

} // namespace

ModelOrder model_order(const std::vector<Line> &lines, const std::vector<TaxRate> &rates,
                       const PriceInput &input) {
    ModelOrder order;
    order.lines.resize(lines.size());
    order.rate_taxable.resize(rates.size());

    std::vector<Natural> line_totals;
    for (const Line &line : lines)
        line_totals.push_back(Natural(line.unit_price) * Natural(line.quantity));
    order.subtotal = sum_of(line_totals);
    order.delivery_fee = model_fee(input.delivery, order.subtotal);
    if (order.subtotal > largest_amount || order.delivery_fee > largest_amount) {
        order.status = PriceStatus::overflow;
        return order;
    }

    order.discount = model_discount(input.discount, order.subtotal);
    const std::vector<Natural> discounts = apportion(order.discount, line_totals);
    Taxed taxed;
    for (std::size_t i = 0; i < lines.size(); i++) {
        const Natural paid = line_totals[i] - discounts[i];
        order.lines[i] = {line_totals[i], discounts[i],
                          input.discount.reimbursable ? line_totals[i] : paid, 0};
        taxed.emplace_back(lines[i].tax_class, order.lines[i].taxable);
    }
    if (input.delivery.taxed && order.delivery_fee > 0)
        taxed.emplace_back("delivery", order.delivery_fee);

    order.missing_tax_class = first_class_without_rate(taxed, rates);
    if (!order.missing_tax_class.empty()) {
        order.status = PriceStatus::no_tax_rate;
        return order;
    }

    std::set<std::string_view> done;
    for (const TaxRate &rate : rates)
        if (done.insert(rate.tax_name).second)
            model_tax(rate.tax_name, taxed, rates, &order);
    for (std::size_t r = 0; r < rates.size(); r++)
        for (const auto &[tax_class, amount] : taxed)
            if (tax_class == rates[r].tax_class)
                order.rate_taxable[r] += amount;

    order.total =
        order.subtotal - order.discount + order.tax + order.delivery_fee + Natural(input.tip);
    order.amount_due = input.cash ? nearest_five(order.total) : order.total;
    if (order.total > largest_amount || order.amount_due > largest_amount)
        order.status = PriceStatus::overflow;
    return order;
}

} // namespace weedgo::test
