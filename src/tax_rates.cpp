// Reading tax rates by themselves; a checkout reads them along with its lines (cart_lines.cpp).
#include "tax_rates.hpp"

#include "errors.hpp"

namespace weedgo {

static_assert(Trivial<TaxRate>);

namespace {

constinit Statement rates_statement{"SELECT r.tax_class::text, r.tax_name::text, r.rate::numeric"
                                    "  FROM weedgo_data.tax_rates r"
                                    " WHERE r.province = $1 AND r.valid_from::date <= $2"
                                    "   AND (r.valid_until IS NULL OR $2 < r.valid_until::date)"};

} // namespace

std::int64_t read_rate(Row &row) {
    const std::int64_t rate = row.exact(6, "tax rate");
    if (rate > rate_scale)
        raise_setup("a rate in weedgo_data.tax_rates exceeds 1",
                    "A rate is a fraction: 0.13 is 13 %.");
    return rate;
}

void sort_rates(std::span<TaxRate> rates) {
    std::sort(rates.begin(), rates.end(), [](const TaxRate &a, const TaxRate &b) {
        return a.tax_name != b.tax_name ? a.tax_name < b.tax_name : a.tax_class < b.tax_class;
    });
}

std::span<TaxRate> read_tax_rates(std::string_view province, DateADT day) {
    const Rows rows = execute(rates_statement, {Param::text(province), Param::date(day)});
    const std::span<TaxRate> rates = allocate<TaxRate>(rows.count);
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        rates[i].tax_class = row.text();
        rates[i].tax_name = row.text();
        rates[i].rate = read_rate(row);
    }
    sort_rates(rates);
    return rates;
}

} // namespace weedgo
