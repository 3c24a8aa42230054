// Reading a cart's lines.
#include "cart_lines.hpp"

#include "spi.hpp"
#include "tax_rates.hpp"

namespace weedgo {

static_assert(Trivial<CartLines> && Trivial<Line>);

namespace {

// One statement for two kinds of rows, told apart by the first column: the lines with their
// products, and the tax rates. OFFSET 0 keeps each product being looked up by its key, also where
// there are no statistics.
constinit Statement lines_statement{
    "SELECT true, i.sku::text, p.name::text, i.quantity::int4,"
    "       CASE WHEN p.sale_price IS NOT NULL"
    "             AND (p.sale_from IS NULL OR p.sale_from::timestamptz <= $3)"
    "             AND (p.sale_until IS NULL OR $3 < p.sale_until::timestamptz)"
    "            THEN p.sale_price::numeric ELSE p.unit_price::numeric END,"
    "       p.is_available::bool, p.tax_class::text, p.equivalent_mg::int8, p.sku IS NOT NULL"
    "  FROM weedgo_data.cart_items i"
    "  LEFT JOIN LATERAL (SELECT p.* FROM weedgo_data.products p"
    "                      WHERE p.store_id = $1 AND p.sku = i.sku OFFSET 0) p ON true"
    " WHERE i.store_id = $1 AND i.cart_id = $2 "
    "UNION ALL "
    "SELECT false, r.tax_class::text, r.tax_name::text, NULL, r.rate::numeric, NULL, NULL, NULL,"
    "       NULL"
    "  FROM weedgo_data.tax_rates r"
    " WHERE r.province = $4 AND r.valid_from::date <= $5"
    "   AND (r.valid_until IS NULL OR $5 < r.valid_until::date)"};

struct Item {
    Line line;
    std::int64_t requested; // int64: the sum of equal skus must not wrap
    bool found;
    bool is_available;
};

Item read_item(Row &row) {
    Item item;
    item.line.sku = row.text();
    const std::optional<std::string_view> name = row.optional_text();
    item.requested = row.integer();
    const std::optional<Datum> price = row.value(NUMERICOID);
    item.is_available = row.optional_boolean().value_or(false);
    const std::optional<std::string_view> tax_class = row.optional_text();
    const std::optional<std::int64_t> equivalent_mg = row.optional_bigint();
    item.found = row.boolean();
    if (item.requested <= 0)
        raise_setup("a quantity in weedgo_data.cart_items is not positive");
    if (!item.found)
        return item;
    if (!price)
        raise_setup("a price in weedgo_data.products is null");
    item.line.name = name.value_or(item.line.sku);
    item.line.unit_price = to_exact(*price, 2, "unit price");
    item.line.tax_class = tax_class.value_or("cannabis");
    item.line.equivalent_mg = equivalent_mg.value_or(0);
    if (item.line.equivalent_mg < 0)
        raise_setup("an equivalent_mg in weedgo_data.products is negative");
    return item;
}

TaxRate read_tax_rate(Row &row) {
    TaxRate rate;
    rate.tax_class = row.text();
    rate.tax_name = row.text();
    row.skip(1);
    rate.rate = read_rate(row);
    return rate;
}

// By sku, and sums equal skus; returns how many are left.
std::size_t merge_items(std::span<Item> items) {
    std::sort(items.begin(), items.end(),
              [](const Item &a, const Item &b) { return a.line.sku < b.line.sku; });
    std::size_t count = 0;
    for (const Item &item : items) {
        if (count > 0 && items[count - 1].line.sku == item.line.sku)
            items[count - 1].requested += item.requested;
        else
            items[count++] = item;
    }
    return count;
}

} // namespace

CartLines read_cart_lines(const LinesQuery &query) {
    const Rows rows =
        execute(lines_statement, {Param::uuid(query.store_id), Param::uuid(query.cart_id),
                                  Param::timestamp(query.priced_at), Param::text(query.province),
                                  Param::date(query.local_date)});
    const std::span<Item> items = allocate<Item>(rows.count);
    const std::span<TaxRate> rates = allocate<TaxRate>(rows.count);
    std::size_t item_count = 0;
    std::size_t rate_count = 0;
    for (std::uint64_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        if (row.boolean())
            items[item_count++] = read_item(row);
        else
            rates[rate_count++] = read_tax_rate(row);
    }

    sort_rates(rates.first(rate_count));
    item_count = merge_items(items.first(item_count));
    const std::span<Line> lines = allocate<Line>(item_count);
    const std::span<UnavailableItem> unavailable = allocate<UnavailableItem>(item_count);
    std::size_t line_count = 0;
    std::size_t unavailable_count = 0;
    for (Item &item : items.first(item_count)) {
        if (!item.found || !item.is_available) {
            const ItemReason reason =
                item.found ? ItemReason::not_available : ItemReason::not_found;
            unavailable[unavailable_count++] = {item.line.sku, reason, item.requested, 0};
            continue;
        }
        if (item.requested > PG_INT32_MAX)
            raise(amount_overflow());
        item.line.quantity = static_cast<std::int32_t>(item.requested);
        lines[line_count++] = item.line;
    }
    return {lines.first(line_count), unavailable.first(unavailable_count), rates.first(rate_count)};
}

} // namespace weedgo
