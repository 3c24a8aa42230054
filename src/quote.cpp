// Judging and pricing.
#include "quote.hpp"

#include "promo_use.hpp"
#include "purchases.hpp"
#include "settings.hpp"
#include "spi.hpp"
#include "stock.hpp"

namespace weedgo {

static_assert(Trivial<Quote>);

namespace {

void judge_payment_method(const Request &request, const Cart &cart, DateADT today,
                          Problems *problems) {
    if (!request.payment_method_id)
        return;
    const std::optional<PaymentMethod> &method = cart.payment_method;
    const char *reason = nullptr;
    if (!method)
        reason = "not_found";
    else if (!method->is_active)
        reason = "inactive";
    else if (method->expires_on && *method->expires_on < today)
        reason = "expired";
    if (reason != nullptr)
        problems->add(payment_method_invalid(*request.payment_method_id, reason));
}

void judge_buyer(const Request &request, const Cart &cart, const Policies &policies, DateADT today,
                 Problems *problems) {
    const AgeVerdict verdict = judge_age(policies, cart.buyer, request.age_checked, today);
    if (verdict != AgeVerdict::of_age)
        problems->add(age_not_verified(policies.min_age, verdict));
}

void judge_hours(const Request &request, const Store &store, const Policies &policies,
                 TimestampTz at, const LocalTime &local, Problems *problems) {
    constexpr std::int64_t within_us = 8 * USECS_PER_DAY;
    constexpr std::int32_t ms_of_minute = 60'000;
    if (!keeps_hours(policies, request.delivery_type))
        return;
    const OpeningVerdict verdict = judge_opening(
        *policies.opening, local.date, static_cast<std::int32_t>(local.ms_of_day) / ms_of_minute);
    if (verdict != OpeningVerdict::open)
        problems->add(store_closed(
            verdict, text_of(local),
            next_opening(*policies.opening, zone_spans(at, at + within_us, store.timezone))));
}

// A checkout finds out about the day by counting; it only looks where it refuses anyway.
void judge_purchase(const Request &request, const Policies &policies, For purpose, Quote *quote,
                    Problems *problems) {
    if (!policies.purchase_limit_mg)
        return;
    const std::int64_t limit_mg = *policies.purchase_limit_mg;
    const std::int64_t cart_mg = equivalent_of(quote->cart.lines);
    std::optional<std::int64_t> bought_mg;
    quote->equivalent_mg = cart_mg;
    if (policies.purchase_limit_per_day && request.customer_id && cart_mg > 0) {
        quote->counted_on = quote->local.date;
        if (purpose == For::quote || cart_mg > limit_mg)
            bought_mg = read_bought_mg({request.store_id, *request.customer_id, quote->local.date});
    }
    if (over_limit(limit_mg, cart_mg, bought_mg.value_or(0)) > 0)
        problems->add(purchase_limit_exceeded(limit_mg, cart_mg, bought_mg));
}

void judge_destination(const Request &request, const Store &store, Quote *quote,
                       Problems *problems) {
    if (request.delivery_type != DeliveryType::delivery)
        return;
    if (!request.address_given) {
        problems->add(delivery_address_missing());
        return;
    }
    if (!request.destination || !store.place)
        return;
    quote->distance_m = distance_m(*store.place, *request.destination);
    if (store.max_delivery_m && *quote->distance_m > *store.max_delivery_m)
        problems->add(delivery_out_of_range(*quote->distance_m, *store.max_delivery_m));
}

// The code that was asked for, or the cart's own; nothing where there is none, or where a discount
// by hand takes its place.
std::optional<std::string_view> choose_promo_code(const Request &request, const Cart &cart) {
    if (request.discount)
        return std::nullopt;
    std::optional<std::string_view> code = request.promo_code;
    if (!code && cart.promo_code)
        code = normalize_promo_code(*cart.promo_code,
                                    static_cast<char *>(palloc(cart.promo_code->size() + 1)));
    if (code && code->empty())
        code.reset();
    return code;
}

void judge_promo_code(const Request &request, For purpose, Cents subtotal, Quote *quote,
                      Problems *problems) {
    if (!quote->promo_code)
        return;
    const std::optional<Promo> promo = read_promo(request.store_id, *quote->promo_code);
    PromoReason reason = PromoReason::unknown;
    if (promo)
        reason = judge_promo(*promo, quote->priced_at, subtotal, !request.customer_id);
    if (promo && reason == PromoReason::usable && purpose == For::quote)
        reason = judge_uses({request.store_id, *quote->promo_code, request.customer_id}, *promo);

    if (reason == PromoReason::usable)
        quote->promo = promo;
    else
        problems->add(promo_invalid(*quote->promo_code, reason,
                                    reason == PromoReason::minimum_not_met
                                        ? std::optional(promo->min_order_amount)
                                        : std::nullopt));
}

[[noreturn]] void raise_no_rate(const Request &request, const Store &store, const Quote &quote) {
    const std::string_view tax_class = quote.totals.missing_tax_class;
    const CalendarDay &day = quote.local.day;
    raise_setup(psprintf("no tax rate is known for class \"%.*s\" in province \"%.*s\" %s",
                         static_cast<int>(tax_class.size()), tax_class.data(),
                         static_cast<int>(store.province.size()), store.province.data(),
                         request.as_of ? psprintf("on %04d-%02d-%02d", day.year, day.month, day.day)
                                       : "today"),
                "Add it to weedgo_data.tax_rates; a class that is exempt has a rate of 0.");
}

void price(const Request &request, const Store &store, Quote *quote) {
    PriceInput &input = quote->price_input;
    if (quote->promo)
        input.discount = quote->promo->discount;
    if (quote->discount_by_hand) {
        input.discount.type = Discount::Type::fixed;
        input.discount.value = *quote->discount_by_hand;
    }
    input.delivery = {request.delivery_type == DeliveryType::delivery,
                      store.delivery_base_fee,
                      store.delivery_fee_per_km,
                      store.free_delivery_threshold,
                      quote->distance_m,
                      store.tax_delivery};
    input.tip = request.tip;
    input.cash = quote->payment_type == "cash";

    const CartLines &cart = quote->cart;
    const PriceBuffers buffers{allocate<Share>(cart.lines.size() + 1),
                               allocate<TaxAmount>(cart.rates.size())};
    switch (price_order(cart.lines, cart.rates, input, buffers, &quote->totals)) {
    case PriceStatus::ok:
        break;
    case PriceStatus::overflow:
        raise(amount_overflow());
    case PriceStatus::no_tax_rate:
        raise_no_rate(request, store, *quote);
    }
    quote->taxes = buffers.taxes.first(quote->totals.tax_count);
}

} // namespace

CartQuery query_of(const Request &request) {
    return {request.store_id,          request.cart_id, request.customer_id,
            request.payment_method_id, std::nullopt,    std::nullopt};
}

const Store &store_of(const Cart &cart) {
    if (!cart.store)
        raise_setup("the cart's store is not in weedgo_data.stores");
    return *cart.store;
}

std::span<const std::int64_t> read_stock_of(const Request &request, const CartLines &cart,
                                            For purpose, const Shelf &shelf) {
    if (purpose == For::checkout && cart.unavailable.empty())
        return {};
    return read_availability(shelf, request.cart_id, cart.lines);
}

void judge_items(const CartLines &cart, std::span<const std::int64_t> available,
                 Problems *problems) {
    const std::size_t count = cart.lines.size() + cart.unavailable.size();
    if (count == 0)
        problems->add(cart_empty());
    const std::span<UnavailableItem> items = allocate<UnavailableItem>(count);
    auto end = std::copy(cart.unavailable.begin(), cart.unavailable.end(), items.begin());
    for (std::size_t i = 0; i < available.size(); i++) {
        const Line &line = cart.lines[i];
        if (available[i] < line.quantity)
            *end++ = {line.sku, ItemReason::insufficient_stock, line.quantity, available[i]};
    }
    std::sort(items.begin(), end,
              [](const UnavailableItem &a, const UnavailableItem &b) { return a.sku < b.sku; });
    if (end != items.begin())
        problems->add(items_unavailable({items.begin(), end}));
}

void judge_cart(const Request &request, const Cart &cart, const Policies &policies, TimestampTz now,
                Problems *problems) {
    const Store &store = store_of(cart);
    if (!cart.is_active())
        problems->add(cart_not_active(cart.status, cart.order_id));
    if (request.customer_id && !cart.buyer)
        problems->add(customer_unknown(*request.customer_id));
    if (!settings::enabled)
        problems->add(checkout_paused("weedgo_checkout.enabled"));
    if (!store.accepts_orders)
        problems->add(checkout_paused("accepts_orders"));
    const TimestampTz at = request.judged_at(now);
    const LocalTime local = local_time(at, store.timezone);
    judge_buyer(request, cart, policies, local.date, problems);
    judge_hours(request, store, policies, at, local, problems);
    judge_payment_method(request, cart, local.date, problems);
}

Quote make_quote(const Request &request, const Cart &cart, const Policies &policies,
                 TimestampTz now, For purpose, Problems *problems) {
    const Store &store = store_of(cart);
    Quote quote{};
    quote.priced_at = request.judged_at(now);
    quote.local = local_time(quote.priced_at, store.timezone);
    quote.province = store.province;
    quote.timezone = store.timezone;
    quote.age_checked = request.age_checked;
    quote.discount_by_hand = request.discount;
    if (request.payment_type)
        quote.payment_type = request.payment_type;
    else if (request.payment_method_id && cart.payment_method)
        quote.payment_type = cart.payment_method->type;
    judge_destination(request, store, &quote, problems);

    quote.cart = read_cart_lines(
        {request.store_id, request.cart_id, quote.priced_at, store.province, quote.local.date});
    quote.available =
        read_stock_of(request, quote.cart, purpose, {request.store_id, now, quote.local.date});
    judge_items(quote.cart, quote.available, problems);
    judge_purchase(request, policies, purpose, &quote, problems);

    Cents subtotal = 0;
    if (!total_lines(quote.cart.lines, &subtotal))
        raise(amount_overflow());
    if (request.delivery_type == DeliveryType::delivery && subtotal < store.min_order_amount)
        problems->add(delivery_below_minimum(subtotal, store.min_order_amount));
    if (request.discount && *request.discount > subtotal)
        problems->add(discount_too_large(*request.discount, subtotal));
    quote.promo_code = choose_promo_code(request, cart);
    judge_promo_code(request, purpose, subtotal, &quote, problems);
    price(request, store, &quote);
    return quote;
}

} // namespace weedgo
