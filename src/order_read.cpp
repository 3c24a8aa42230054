// Reading orders back, in the shape in which checkout_cart returned them.
#include "order.hpp"

#include "order_seal.hpp"

namespace weedgo {

namespace {

// The columns of checkout_result; what checkout_cart makes itself is in checkout.cpp and
// order_json.cpp, and a test holds the two against each other.
#define SELECT_ORDER(replayed)                                                                     \
    "SELECT o.order_id, o.order_number, o.store_id, o.cart_id, o.customer_id, o.status,"           \
    "       o.payment_status, o.payment_type, o.delivery_type, o.order_source, o.subtotal,"        \
    "       o.discount, o.tax, o.delivery_fee, o.tip, o.total, o.amount_due, o.currency,"          \
    "       o.promo_code, o.taxes,"                                                                \
    "       " LINES_OF_ORDER ", " replayed ", o.created_at,"                                       \
    "       jsonb_build_object("                                                                   \
    "            'tenant_id', o.tenant_id, 'actor_id', o.actor_id,"                                \
    "            'payment_method_id', o.payment_method_id,"                                        \
    "            'delivery_address', o.delivery_address, 'distance_m', o.distance_m,"              \
    "            'delivery_tax', o.delivery_tax::text, 'pickup_time', o.pickup_time,"              \
    "            'special_instructions', o.special_instructions, 'metadata', o.metadata,"          \
    "            'age_checked', coalesce(o.pricing -> 'age_checked', 'false'),"                    \
    "            'priced_at', o.priced_at)"                                                        \
    "       || coalesce((SELECT jsonb_build_object('lots', jsonb_agg(jsonb_build_object("          \
    "                'line_no', a.line_no, 'sku', a.sku, 'lot', l.lot_number,"                     \
    "                'quantity', a.quantity) ORDER BY a.line_no, a.bucket))"                       \
    "           FROM weedgo_data.allocations a"                                                    \
    "           LEFT JOIN weedgo_data.lots l"                                                      \
    "             ON l.store_id = a.store_id AND l.sku = a.sku AND l.bucket = a.bucket"            \
    "          WHERE a.store_id = o.store_id AND a.order_id = o.order_id"                          \
    "         HAVING count(*) > 0), '{}')"                                                         \
    "  FROM weedgo_data.orders o"

constinit Statement order_statement{SELECT_ORDER("$4::bool") //
                                    " WHERE o.store_id = $1 AND o.order_id = $2"
                                    "   AND o.customer_id IS NOT DISTINCT FROM $3"};

constinit Statement orders_statement{
    SELECT_ORDER("false") //
    " WHERE o.store_id = $1 AND o.customer_id = $2"
    "   AND o.order_id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)"
    " ORDER BY o.order_id DESC LIMIT $4"};

} // namespace

Rows read_order(const pg_uuid_t &store_id, const pg_uuid_t &order_id,
                const std::optional<pg_uuid_t> &customer_id, bool replayed) {
    return execute(order_statement, {Param::uuid(store_id), Param::uuid(order_id),
                                     Param::uuid(customer_id), Param::boolean(replayed)});
}

Rows read_orders(const pg_uuid_t &store_id, const pg_uuid_t &customer_id,
                 const std::optional<pg_uuid_t> &before_order_id, std::int32_t max_rows) {
    return execute(orders_statement, {Param::uuid(store_id), Param::uuid(customer_id),
                                      Param::uuid(before_order_id), Param::integer(max_rows)});
}

} // namespace weedgo
