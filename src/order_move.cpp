// The order of locks: orders, then customers' days, then promo codes, then customers' uses of them,
// then stock by store, sku and lot, then the parts of skus that are split. Parts of a promo code
// come after all codes that are not split. Each statement here handles one order or a batch alike,
// so that a batch keeps that order too.
#include "order_move.hpp"

#include "errors.hpp"
#include "promo_use.hpp"
#include "stock_split.hpp"

namespace weedgo {

static_assert(Trivial<OrderState>);

namespace {

constinit Statement lock_statement{
    "SELECT order_number, status, payment_status, delivery_type, payment_type, amount_due,"
    "       promo_code IS NOT NULL, counted_on IS NOT NULL"
    "  FROM weedgo_data.orders WHERE store_id = $1 AND order_id = $2 FOR NO KEY UPDATE"};

// The partial index on pending orders finds them. Whoever pays at pickup or in cash pays later.
constinit Statement lock_unpaid_statement{
    "SELECT store_id, order_id, promo_code IS NOT NULL, counted_on IS NOT NULL"
    "  FROM weedgo_data.orders"
    " WHERE status = 'pending' AND payment_status IN ('pending', 'failed', 'voided')"
    "   AND payment_method_id IS NOT NULL AND payment_type IS DISTINCT FROM 'cash'"
    "   AND amount_due > 0 AND created_at <= $2 AND ($1 IS NULL OR store_id = $1)"
    " ORDER BY created_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED"};

#define THESE "unnest($1::uuid[], $2::uuid[]) AS m (store_id, order_id)"

constinit Statement update_statement{"UPDATE weedgo_data.orders o SET status = $3 FROM " THESE
                                     " WHERE o.store_id = m.store_id AND o.order_id = m.order_id"};

// From the day that the order was counted on, whatever the store's time zone and policies are now.
constinit Statement give_purchases_back_statement{
    "WITH bought AS ("
    "  SELECT o.store_id, o.customer_id, o.counted_on AS day,"
    "         sum(i.quantity * i.equivalent_mg)::int8 AS equivalent_mg"
    "    FROM " THESE " JOIN weedgo_data.orders o USING (store_id, order_id)"
    "    JOIN weedgo_data.order_items i USING (store_id, order_id)"
    "   WHERE o.counted_on IS NOT NULL GROUP BY o.store_id, o.customer_id, o.counted_on),"
    " locked AS MATERIALIZED ("
    "  SELECT c.store_id, c.customer_id, c.day,"
    "         c.equivalent_mg - b.equivalent_mg AS equivalent_mg"
    "    FROM bought b JOIN weedgo_data.customer_days c USING (store_id, customer_id, day)"
    "   ORDER BY c.store_id, c.customer_id, c.day FOR NO KEY UPDATE OF c) "
    "UPDATE weedgo_data.customer_days c SET equivalent_mg = locked.equivalent_mg FROM locked"
    " WHERE c.store_id = locked.store_id AND c.customer_id = locked.customer_id"
    "   AND c.day = locked.day"};

// Returns those whose bucket 0 has not that many uses: they are split.
constinit Statement give_promos_back_statement{
    "WITH used AS ("
    "  SELECT o.store_id, o.promo_code AS code, count(*)::int4 AS uses"
    "    FROM " THESE " JOIN weedgo_data.orders o USING (store_id, order_id)"
    "   WHERE o.promo_code IS NOT NULL GROUP BY o.store_id, o.promo_code),"
    " locked AS MATERIALIZED ("
    "  SELECT c.store_id, c.code, c.bucket, c.used - u.uses AS used, u.uses"
    "    FROM used u JOIN weedgo_data.promo_counters c USING (store_id, code)"
    "   WHERE c.bucket = 0 AND c.used >= u.uses"
    "   ORDER BY c.store_id, c.code COLLATE \"C\" FOR NO KEY UPDATE OF c),"
    " given_back AS ("
    "  UPDATE weedgo_data.promo_counters c SET used = locked.used FROM locked"
    "   WHERE c.store_id = locked.store_id AND c.code = locked.code AND c.bucket = locked.bucket) "
    "SELECT * FROM (SELECT store_id, code, uses FROM used"
    "               EXCEPT SELECT store_id, code, uses FROM locked) split"
    " ORDER BY store_id, code COLLATE \"C\""};

constinit Statement give_customers_uses_back_statement{
    "WITH used AS ("
    "  SELECT o.store_id, o.promo_code AS code, o.customer_id, count(*)::int4 AS uses"
    "    FROM " THESE " JOIN weedgo_data.orders o USING (store_id, order_id)"
    "   WHERE o.promo_code IS NOT NULL AND o.customer_id IS NOT NULL"
    "   GROUP BY o.store_id, o.promo_code, o.customer_id),"
    " locked AS MATERIALIZED ("
    "  SELECT c.store_id, c.code, c.customer_id, c.used - u.uses AS used"
    "    FROM used u JOIN weedgo_data.promo_customers c USING (store_id, code, customer_id)"
    "   ORDER BY c.store_id, c.code COLLATE \"C\", c.customer_id FOR NO KEY UPDATE OF c) "
    "UPDATE weedgo_data.promo_customers c SET used = locked.used FROM locked"
    " WHERE c.store_id = locked.store_id AND c.code = locked.code"
    "   AND c.customer_id = locked.customer_id"};

// Reserved units are gone, or, where $3, back on the shelf, in their lots. Values come from the
// locked rows. Returns what has no row of bucket 0.
constinit Statement settle_stock_statement{
    "WITH sold AS ("
    "  SELECT i.store_id, i.sku, coalesce(a.bucket, 0) AS bucket,"
    "         sum(coalesce(a.quantity, i.quantity))::int4 AS quantity"
    "    FROM " THESE " JOIN weedgo_data.order_items i USING (store_id, order_id)"
    "    LEFT JOIN weedgo_data.allocations a USING (store_id, order_id, line_no)"
    "   GROUP BY i.store_id, i.sku, coalesce(a.bucket, 0)),"
    " locked AS MATERIALIZED ("
    "  SELECT s.store_id, s.sku, s.bucket, s.available, s.reserved, q.quantity"
    "    FROM sold q JOIN weedgo_data.stock s"
    "      ON s.store_id = q.store_id AND s.sku = q.sku AND s.bucket = q.bucket"
    "   ORDER BY s.store_id, s.bucket > 0, s.sku COLLATE \"C\", s.bucket"
    "     FOR NO KEY UPDATE OF s),"
    " settled AS ("
    "  UPDATE weedgo_data.stock s"
    "     SET available = locked.available + CASE WHEN $3 THEN locked.quantity ELSE 0 END,"
    "         reserved = locked.reserved - locked.quantity"
    "    FROM locked"
    "   WHERE s.store_id = locked.store_id AND s.sku = locked.sku AND s.bucket = locked.bucket) "
    "SELECT * FROM (SELECT store_id, sku, quantity FROM sold WHERE bucket = 0"
    "               EXCEPT SELECT store_id, sku, quantity FROM locked WHERE bucket = 0) loose"
    " ORDER BY store_id, sku COLLATE \"C\""};

struct Batch {
    Param stores;
    Param orders;
};

Batch batch_of(std::span<const OrderKey> keys) {
    return {column_of(UUIDOID, keys, &OrderKey::store_id),
            column_of(UUIDOID, keys, &OrderKey::order_id)};
}

// What there is to give back, beside stock, where some of the orders have it.
struct Counted {
    bool purchases;
    bool promo_uses;
};

// What such a statement has left over, by store and name.
std::span<SplitChange> changes_of(const Rows &rows, bool comes_back) {
    const std::span<SplitChange> changes = allocate<SplitChange>(rows.count);
    for (std::size_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        changes[i].key = {row.uuid(), row.text()};
        const std::int64_t units = row.integer();
        changes[i].change = {comes_back ? units : 0, -units};
    }
    return changes;
}

void make_split_changes(Counter &counter, const Rows &rows, bool comes_back) {
    const SplitChange *failed = change_split(counter, changes_of(rows, comes_back));
    if (failed != nullptr)
        raise_setup(psprintf("an order has more of \"%.*s\" than is counted",
                             static_cast<int>(failed->key.name.size()), failed->key.name.data()));
}

// What has been judged already; all are in state `from`.
void move(std::span<const OrderKey> keys, OrderStatus from, OrderStatus to,
          const MoveReason &reason, const Counted &counted) {
    const Batch these = batch_of(keys);
    execute(update_statement, {these.stores, these.orders, Param::text(name_of(to))});
    add_event(keys, {"moved", name_of(from), name_of(to), reason.actor_id, reason.reason,
                     std::nullopt, GetCurrentTimestamp()});
    if (is_open(to))
        return;
    const bool comes_back = to != OrderStatus::delivered;
    if (comes_back && counted.purchases)
        execute(give_purchases_back_statement, {these.stores, these.orders});
    if (comes_back && counted.promo_uses) {
        make_split_changes(promo_counter,
                           execute(give_promos_back_statement, {these.stores, these.orders}), true);
        execute(give_customers_uses_back_statement, {these.stores, these.orders});
    }
    make_split_changes(
        stock_counter,
        execute(settle_stock_statement, {these.stores, these.orders, Param::boolean(comes_back)}),
        comes_back);
}

} // namespace

OrderState lock_order(const OrderKey &key) {
    const Rows rows =
        execute(lock_statement, {Param::uuid(key.store_id), Param::uuid(key.order_id)});
    if (rows.count == 0)
        raise(order_unknown(key.order_id));
    Row row(rows, 0);
    OrderState order;
    order.order_number = row.text();
    const std::optional<OrderStatus> status = order_status_of(row.text());
    order.payment_status = row.text();
    const std::optional<DeliveryType> delivery_type = delivery_type_of(row.text());
    if (!status || !delivery_type)
        raise_setup("an order has an unknown status or delivery type");
    order.status = *status;
    order.delivery_type = *delivery_type;
    order.payment_type = row.optional_text();
    order.amount_due = row.money("amount_due");
    order.has_promo_code = row.boolean();
    order.is_counted = row.boolean();
    return order;
}

bool move_order(const OrderKey &key, const OrderState &order, OrderStatus to,
                const MoveReason &reason) {
    if (order.status == to)
        return false;
    if (!may_move(order.status, to, order.delivery_type))
        raise(order_transition_invalid(key.order_id, name_of(order.status), name_of(to),
                                       name_of(order.delivery_type)));
    move({&key, 1}, order.status, to, reason, {order.is_counted, order.has_promo_code});
    return true;
}

std::int32_t expire_unpaid(const std::optional<pg_uuid_t> &store_id, std::int32_t max_orders,
                           TimestampTz created_before) {
    const Rows rows =
        execute(lock_unpaid_statement, {Param::uuid(store_id), Param::timestamp(created_before),
                                        Param::integer(max_orders)});
    if (rows.count == 0)
        return 0;
    const std::span<OrderKey> keys = allocate<OrderKey>(rows.count);
    Counted counted{};
    for (std::size_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        keys[i].store_id = row.uuid();
        keys[i].order_id = row.uuid();
        counted.promo_uses = row.boolean() || counted.promo_uses;
        counted.purchases = row.boolean() || counted.purchases;
    }
    move(keys, OrderStatus::pending, OrderStatus::expired, {std::nullopt, "the payment never came"},
         counted);
    return static_cast<std::int32_t>(rows.count);
}

} // namespace weedgo
