// The tax rates of a province on a day.
#pragma once

#include "pg.hpp"
#include "pricing.hpp"
#include "spi.hpp"

namespace weedgo {

// The next column of a row: a rate, in millionths.
std::int64_t read_rate(Row &row);

// By tax name and class: receipts name taxes in the same order, whatever order the rows came in.
void sort_rates(std::span<TaxRate> rates);

std::span<TaxRate> read_tax_rates(std::string_view province, DateADT day);

} // namespace weedgo
