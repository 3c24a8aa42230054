// The parts of an order that are JSON.
#pragma once

#include "json.hpp"
#include "quote.hpp"
#include "request.hpp"

namespace weedgo {

// [{"name": "HST", "amount": "5.20", "rates": [{"tax_class", "rate", "taxable"}, ...]}, ...]
JsonWriter taxes_json(const Quote &quote);

// [{"tax_class", "rate", "taxable"}, ...]: the rates of one name, and what each was taken of.
void write_rates(std::span<const TaxRate> rates, std::string_view tax_name, JsonWriter *json);

// What delivery fee, discount and tax were computed from: {"delivery": {...} or null, "promo":
// {...} or null, "province", "timezone"}; and "age_checked": true where a cashier did.
JsonWriter pricing_json(const Quote &quote);

// One object a line, as in order_items.
JsonWriter lines_json(const Quote &quote);

} // namespace weedgo
