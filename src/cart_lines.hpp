// The second read of a checkout: what is in the cart, what it costs now, and the tax rates.
#pragma once

#include "errors.hpp"
#include "pg.hpp"
#include "pricing.hpp"

namespace weedgo {

// Sorted by sku, one line a sku (equal skus of an adopted cart are summed).
struct CartLines {
    std::span<Line> lines;                  // that can be priced
    std::span<UnavailableItem> unavailable; // that cannot: no product, or not for sale
    std::span<TaxRate> rates;               // of the province, on the day
};

struct LinesQuery {
    pg_uuid_t store_id;
    pg_uuid_t cart_id;
    TimestampTz priced_at;
    std::string_view province;
    DateADT local_date;
};

CartLines read_cart_lines(const LinesQuery &query);

} // namespace weedgo
