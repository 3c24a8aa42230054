// The parts of an order that are JSON.
#pragma once

#include "json.hpp"
#include "quote.hpp"
#include "request.hpp"

namespace weedgo {

// [{"name": "HST", "amount": "5.20", "rates": [{"tax_class", "rate", "taxable"}, ...]}, ...]
JsonWriter taxes_json(const Quote &quote);

// The figures of store and promo code that the delivery fee and the discount were computed from:
// {"delivery": {...} or null, "promo": {...} or null}; and "age_checked": true where a cashier did.
JsonWriter pricing_json(const Quote &quote);

// One object a line, as in order_items.
JsonWriter lines_json(const Quote &quote);

} // namespace weedgo
