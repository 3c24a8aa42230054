// What a customer has bought in a store on a day, where the store limits it.
#pragma once

#include "pg.hpp"

namespace weedgo {

struct CustomerDay {
    pg_uuid_t store_id;
    pg_uuid_t customer_id;
    DateADT day;
};

// By a plain read: what a quote can say. Only count_purchase makes sure.
std::int64_t read_bought_mg(const CustomerDay &day);

// Adds to what was bought, unless that were more than the limit: then it returns false. Waits for
// others that are counting for the same customer.
bool count_purchase(const CustomerDay &day, std::int64_t equivalent_mg, std::int64_t limit_mg);

} // namespace weedgo
