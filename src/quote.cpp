// Judging and pricing.
#include "quote.hpp"

#include "promo_use.hpp"
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

// The code that was asked for, or the cart's own; nothing where there is none.
std::optional<std::string_view> choose_promo_code(const Request &request, const Cart &cart) {
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

void price(const Request &request, const Store &store, Quote *quote) {
    PriceInput &input = quote->price_input;
    if (quote->promo)
        input.discount = quote->promo->discount;
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
        raise_setup(psprintf("no tax rate is known for class \"%.*s\" in province \"%.*s\" today",
                             static_cast<int>(quote->totals.missing_tax_class.size()),
                             quote->totals.missing_tax_class.data(),
                             static_cast<int>(store.province.size()), store.province.data()),
                    "Add it to weedgo_data.tax_rates; a class that is exempt has a rate of 0.");
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
                                            For purpose, TimestampTz now) {
    if (purpose == For::checkout && cart.unavailable.empty())
        return {};
    return read_availability({request.store_id, request.cart_id}, cart.lines, now);
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

void judge_cart(const Request &request, const Cart &cart, TimestampTz now, Problems *problems) {
    const Store &store = store_of(cart);
    if (!cart.is_active())
        problems->add(cart_not_active(cart.status, cart.order_id));
    if (request.customer_id && !cart.customer_known)
        problems->add(customer_unknown(*request.customer_id));
    if (!settings::enabled)
        problems->add(checkout_paused("weedgo_checkout.enabled"));
    if (!store.accepts_orders)
        problems->add(checkout_paused("accepts_orders"));
    judge_payment_method(request, cart, local_time(now, store.timezone).date, problems);
}

Quote make_quote(const Request &request, const Cart &cart, TimestampTz now, For purpose,
                 Problems *problems) {
    const Store &store = store_of(cart);
    Quote quote{};
    quote.priced_at = now;
    quote.local = local_time(now, store.timezone);
    if (request.payment_method_id && cart.payment_method)
        quote.payment_type = cart.payment_method->type;
    judge_destination(request, store, &quote, problems);

    quote.cart =
        read_cart_lines({request.store_id, request.cart_id, now, store.province, quote.local.date});
    quote.available = read_stock_of(request, quote.cart, purpose, now);
    judge_items(quote.cart, quote.available, problems);

    Cents subtotal = 0;
    if (!total_lines(quote.cart.lines, &subtotal))
        raise(amount_overflow());
    if (request.delivery_type == DeliveryType::delivery && subtotal < store.min_order_amount)
        problems->add(delivery_below_minimum(subtotal, store.min_order_amount));
    quote.promo_code = choose_promo_code(request, cart);
    judge_promo_code(request, purpose, subtotal, &quote, problems);
    price(request, store, &quote);
    return quote;
}

} // namespace weedgo
