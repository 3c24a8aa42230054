#include "random_orders.hpp"

#include <algorithm>
#include <limits>
#include <sstream>

#include "random.hpp"
#include "slow_model.hpp"

namespace weedgo::test {
namespace {

constexpr std::string_view tax_classes[] = {cannabis, accessory, "edible", "delivery"};
constexpr std::string_view tax_names[] = {"GST", "PST", "excise", "levy"};
constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();

std::int32_t quantity(Random *random, std::int64_t high) {
    return static_cast<std::int32_t>(random->between(1, high));
}

std::vector<Line> random_lines(Random *random) {
    std::vector<Line> lines;
    const auto add = [&](std::int64_t count, const auto &make) {
        while (count-- > 0)
            lines.push_back(make());
    };
    switch (random->between(1, 20)) {
    case 1: // prices of a few cents, some free
        add(random->between(1, 40), [&] { return line(random->between(0, 3), 1); });
        break;
    case 2: // huge quantities
        add(random->between(1, 5),
            [&] { return line(random->between(0, 2'00), quantity(random, int32_max)); });
        break;
    case 3: // equal lines
        add(random->between(2, 30),
            [&, price = random->between(1, 20'00)] { return line(price, 1); });
        break;
    case 4: // about the largest amount
        add(random->between(1, 3),
            [&] { return line(random->between(max_amount / 4, max_amount / 2), 1); });
        break;
    case 5: // one expensive line among cheap ones
        add(random->between(0, 9), [&] { return line(random->between(1, 9), 1); });
        add(1, [&] { return line(random->between(1, 90'000'000'00), 1); });
        add(random->between(0, 9), [&] { return line(random->between(1, 9), 1); });
        break;
    case 6: // long orders, few of them
        add(random->one_in(10) ? random->between(100, 200) : 20,
            [&] { return line(random->between(0, 50'00), quantity(random, 3)); });
        break;
    default:
        add(random->between(1, 8),
            [&] { return line(random->between(50, 150'00), quantity(random, 5)); });
    }
    if (random->one_in(2))
        for (Line &line : lines)
            line.tax_class = tax_classes[random->between(0, random->one_in(50) ? 3 : 2)];
    return lines;
}

std::int64_t random_rate(Random *random) {
    switch (random->between(1, 8)) {
    case 1:
        return 0;
    case 2:
        return random->between(1, 9);
    case 3:
        return random->one_in(4) ? random->between(1'000'000, 999'999'999) : 1'000'000;
    case 4:
        return random->between(0, 250'000);
    default:
        return random->between(1, 30) * 5'000;
    }
}

std::vector<TaxRate> random_rates(Random *random) {
    std::vector<TaxRate> rates;
    const std::int64_t names = random->between(0, 3);
    for (const std::string_view tax_class : tax_classes) {
        if (random->one_in(40))
            continue; // a hole
        bool any = false;
        for (std::int64_t n = 0; n <= names; n++)
            if ((n == names && !any) || !random->one_in(3)) {
                any = true;
                rates.push_back(rate(tax_names[n], random_rate(random), tax_class));
            }
    }
    if (!rates.empty() && random->one_in(20))
        rates.push_back(rates.front()); // once more: both count
    for (std::size_t i = rates.size(); i > 1; i--)
        std::swap(rates[i - 1],
                  rates[static_cast<std::size_t>(random->between(0, static_cast<int>(i) - 1))]);
    return rates;
}

Cents near(Random *random, Cents amount) {
    return std::max<Cents>(0, amount + random->between(-2, 2));
}

Discount random_discount(Random *random, Cents subtotal) {
    Discount discount{};
    switch (random->between(1, 8)) {
    case 1:
        discount = percentage(100'00);
        break;
    case 2:
        discount = percentage(random->between(0, 120'00));
        break;
    case 3:
    case 4:
        discount = percentage(random->between(1, 10) * 5'00);
        break;
    case 5:
        discount = fixed(random->between(0, 30'00));
        break;
    case 6:
        discount = fixed(near(random, random->one_in(2) ? subtotal : subtotal / 2));
        break;
    default:
        break;
    }
    if (random->one_in(4))
        discount.max_amount =
            random->one_in(2) ? random->between(0, 10'00) : near(random, subtotal / 10);
    discount.reimbursable = random->one_in(4);
    return discount;
}

Delivery random_delivery(Random *random, Cents subtotal) {
    Delivery delivery{};
    delivery.requested = random->one_in(2);
    delivery.base_fee = random->one_in(4) ? random->between(0, 1) : random->between(0, 12'00);
    delivery.fee_per_km = random->between(0, 1'50);
    if (random->one_in(100))
        delivery.fee_per_km = random->between(0, max_amount);
    if (!random->one_in(3))
        delivery.distance_m = static_cast<std::int32_t>(
            random->one_in(20) ? random->between(0, int32_max) : random->between(0, 30'000));
    if (random->one_in(2))
        delivery.free_threshold = random->one_in(2) ? near(random, subtotal) : 100'00;
    delivery.taxed = random->one_in(2);
    return delivery;
}

} // namespace

Order random_order(std::uint64_t seed) {
    Random random(seed);
    Order order;
    order.lines = random_lines(&random);
    order.rates = random_rates(&random);
    Natural sum;
    for (const Line &line : order.lines)
        sum += Natural(line.unit_price) * Natural(line.quantity);
    const Cents subtotal = std::min(sum, Natural(max_amount)).cents();
    order.input.discount = random_discount(&random, subtotal);
    order.input.delivery = random_delivery(&random, subtotal);
    if (random.one_in(3))
        order.input.tip = random.between(0, 20'00);
    if (random.one_in(50)) // about the largest total
        order.input.tip = std::max<Cents>(0, max_amount - subtotal - random.between(-50'00, 50'00));
    order.input.cash = random.one_in(3);
    return order;
}

std::string describe(const Order &order) {
    std::ostringstream out;
    for (const Line &line : order.lines)
        out << line.tax_class << ": " << line.quantity << " x " << line.unit_price << " = "
            << line.line_total << " - " << line.discount << ", taxable " << line.taxable << ", tax "
            << line.tax << "\n";
    for (const TaxRate &rate : order.rates)
        out << rate.tax_name << " on " << rate.tax_class << ": " << rate.rate << " millionths of "
            << rate.taxable << "\n";
    const Discount &discount = order.input.discount;
    out << "discount type " << static_cast<int>(discount.type) << ": " << discount.value << ", max "
        << discount.max_amount.value_or(-1) << ", reimbursable " << discount.reimbursable << "\n";
    const Delivery &delivery = order.input.delivery;
    out << "delivery " << delivery.requested << ": " << delivery.base_fee << " + "
        << delivery.fee_per_km << " x " << delivery.distance_m.value_or(-1) << " m, free from "
        << delivery.free_threshold.value_or(-1) << ", taxed " << delivery.taxed << "\n";
    out << "tip " << order.input.tip << ", cash " << order.input.cash << "\n";
    return out.str();
}

} // namespace weedgo::test
