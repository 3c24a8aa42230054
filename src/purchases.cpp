// The limit is a conditional upsert of a counter row: whoever comes second sees what the first has
// counted. order_move.cpp takes off what comes back.
#include "purchases.hpp"

#include "spi.hpp"

namespace weedgo {

static_assert(Trivial<CustomerDay>);

namespace {

constinit Statement read_statement{"SELECT equivalent_mg FROM weedgo_data.customer_days"
                                   " WHERE store_id = $1 AND customer_id = $2 AND day = $3"};

constinit Statement count_statement{
    "INSERT INTO weedgo_data.customer_days AS c (store_id, customer_id, day, equivalent_mg) "
    "SELECT $1, $2, $3, $4 WHERE $4 <= $5 "
    "ON CONFLICT (store_id, customer_id, day)"
    " DO UPDATE SET equivalent_mg = c.equivalent_mg + $4 WHERE c.equivalent_mg + $4 <= $5"};

} // namespace

std::int64_t read_bought_mg(const CustomerDay &day) {
    const Rows rows = execute(read_statement, {Param::uuid(day.store_id),
                                               Param::uuid(day.customer_id), Param::date(day.day)});
    return rows.count == 0 ? 0 : Row(rows, 0).bigint();
}

bool count_purchase(const CustomerDay &day, std::int64_t equivalent_mg, std::int64_t limit_mg) {
    const Rows rows =
        execute(count_statement,
                {Param::uuid(day.store_id), Param::uuid(day.customer_id), Param::date(day.day),
                 Param::bigint(equivalent_mg), Param::bigint(limit_mg)});
    return rows.count == 1;
}

} // namespace weedgo
