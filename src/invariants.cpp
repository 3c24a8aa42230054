// verify_invariants: what must hold whatever happens, checked against what is stored. One
// statement an invariant; each returns (invariant, store_id, subject, problem), a row a violation.
#include "arguments.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "result.hpp"
#include "spi.hpp"

namespace weedgo {

namespace {

constinit Statement one_order_a_cart{R"sql(
SELECT 'I1', o.store_id, 'cart ' || o.cart_id, 'has ' || count(*) || ' orders'
  FROM weedgo_data.orders o
 WHERE $1 IS NULL OR o.store_id = $1
 GROUP BY o.store_id, o.cart_id HAVING count(*) > 1
UNION ALL
SELECT 'I1', c.store_id::uuid, 'cart ' || c.cart_id, 'is converted, but has no such order'
  FROM weedgo_data.carts c
  LEFT JOIN weedgo_data.orders o ON o.store_id = c.store_id AND o.order_id = c.order_id
       AND o.cart_id = c.cart_id
 WHERE ($1 IS NULL OR c.store_id = $1) AND c.status = 'converted' AND o.order_id IS NULL
UNION ALL
SELECT 'I1', o.store_id, 'order ' || o.order_id, 'its cart is not converted to it'
  FROM weedgo_data.orders o
  JOIN weedgo_data.carts c ON c.store_id = o.store_id AND c.cart_id = o.cart_id
 WHERE ($1 IS NULL OR o.store_id = $1)
   AND (c.status <> 'converted' OR c.order_id IS DISTINCT FROM o.order_id)
)sql",
                                     Access::whole_tables};

constinit Statement stock_not_below_zero{R"sql(
SELECT 'I2', s.store_id::uuid, 'sku ' || s.sku,
       'stock is below zero: available ' || s.available || ', reserved ' || s.reserved
  FROM weedgo_data.stock s
 WHERE ($1 IS NULL OR s.store_id = $1) AND (s.available < 0 OR s.reserved < 0)
)sql",
                                         Access::whole_tables};

// Reserved is what open orders and holds account for, no more and no less.
constinit Statement reserved_is_accounted_for{R"sql(
WITH promised AS (
    SELECT store_id, sku, sum(quantity) AS quantity
      FROM (SELECT o.store_id, i.sku, i.quantity
              FROM weedgo_data.orders o
              JOIN weedgo_data.order_items i USING (store_id, order_id)
             WHERE o.status NOT IN ('delivered', 'cancelled', 'expired')
               AND ($1 IS NULL OR o.store_id = $1)
            UNION ALL
            SELECT h.store_id, h.sku, h.quantity FROM weedgo_data.holds h
             WHERE $1 IS NULL OR h.store_id = $1) p
     GROUP BY store_id, sku),
shelf AS (
    SELECT s.store_id::uuid, s.sku::text, sum(s.reserved) AS reserved
      FROM weedgo_data.stock s
     WHERE $1 IS NULL OR s.store_id = $1
     GROUP BY 1, 2)
SELECT 'I3', store_id, 'sku ' || sku,
       'reserved is ' || coalesce(shelf.reserved, 0) || ', but open orders and holds have '
       || coalesce(promised.quantity, 0)
  FROM promised FULL JOIN shelf USING (store_id, sku)
 WHERE coalesce(shelf.reserved, 0) <> coalesce(promised.quantity, 0)
)sql",
                                              Access::whole_tables};

// What is on the shelf is what the ledger brought there, less what was handed over. Behind a view
// the application changes counts itself, and the ledger does not know.
constinit Statement shelf_is_accounted_for{R"sql(
WITH entered AS (
    SELECT l.store_id, l.sku, sum(l.change) AS units FROM weedgo_data.stock_ledger l
     WHERE $1 IS NULL OR l.store_id = $1
     GROUP BY 1, 2),
sold AS (
    SELECT o.store_id, i.sku, sum(i.quantity) AS units
      FROM weedgo_data.orders o JOIN weedgo_data.order_items i USING (store_id, order_id)
     WHERE o.status = 'delivered' AND ($1 IS NULL OR o.store_id = $1)
     GROUP BY 1, 2),
shelf AS (
    SELECT s.store_id::uuid, s.sku::text, sum(s.available) AS available,
           sum(s.reserved) AS reserved
      FROM weedgo_data.stock s
     WHERE $1 IS NULL OR s.store_id = $1
     GROUP BY 1, 2),
books AS (
    SELECT store_id, sku, coalesce(shelf.available, 0) AS available,
           coalesce(shelf.reserved, 0) AS reserved, coalesce(entered.units, 0) AS entered,
           coalesce(sold.units, 0) AS sold
      FROM entered FULL JOIN sold USING (store_id, sku) FULL JOIN shelf USING (store_id, sku))
SELECT 'I3', store_id, 'sku ' || sku,
       'on the shelf are ' || available + reserved || ' (available ' || available || ', reserved '
       || reserved || '), but the ledger has ' || entered || ', of which ' || sold
       || ' were handed over'
  FROM books
 WHERE available + reserved <> entered - sold
   AND (SELECT c.relkind IN ('r', 'p') FROM pg_class c
         WHERE c.oid = to_regclass('weedgo_data.stock'))
)sql",
                                           Access::whole_tables};

constinit Statement records_are_whole{R"sql(
SELECT 'I5', o.store_id, 'order ' || o.order_id, 'has no lines'
  FROM weedgo_data.orders o
 WHERE ($1 IS NULL OR o.store_id = $1)
   AND NOT EXISTS (SELECT FROM weedgo_data.order_items i
                    WHERE i.store_id = o.store_id AND i.order_id = o.order_id)
UNION ALL
SELECT 'I5', o.store_id, 'order ' || o.order_id, 'has no event of its creation'
  FROM weedgo_data.orders o
 WHERE ($1 IS NULL OR o.store_id = $1)
   AND NOT EXISTS (SELECT FROM weedgo_data.order_events e
                    WHERE e.store_id = o.store_id AND e.order_id = o.order_id AND e.seq = 1)
UNION ALL
SELECT 'I5', r.store_id, 'order ' || r.order_id, r.what || ' without an order'
  FROM (SELECT DISTINCT store_id, order_id, 'lines' AS what FROM weedgo_data.order_items
        UNION ALL
        SELECT DISTINCT store_id, order_id, 'events' FROM weedgo_data.order_events) r
 WHERE ($1 IS NULL OR r.store_id = $1)
   AND NOT EXISTS (SELECT FROM weedgo_data.orders o
                    WHERE o.store_id = r.store_id AND o.order_id = r.order_id)
UNION ALL
SELECT 'I5', h.store_id, 'cart ' || h.cart_id, 'holds stock, but is an order already'
  FROM weedgo_data.holds h
  JOIN weedgo_data.orders o ON o.store_id = h.store_id AND o.cart_id = h.cart_id
 WHERE $1 IS NULL OR h.store_id = $1
)sql",
                                      Access::whole_tables};

// A use of a promo code is an order that has it, and the other way round.
constinit Statement promo_uses_are_orders{R"sql(
WITH used AS (
    SELECT store_id, promo_code AS code, customer_id FROM weedgo_data.orders
     WHERE promo_code IS NOT NULL AND status NOT IN ('cancelled', 'expired')
       AND ($1 IS NULL OR store_id = $1)),
by_code AS (SELECT store_id, code, count(*) AS uses FROM used GROUP BY 1, 2),
counters AS (SELECT store_id, code, sum(used) AS uses FROM weedgo_data.promo_counters
              WHERE $1 IS NULL OR store_id = $1 GROUP BY 1, 2),
by_customer AS (SELECT store_id, code, customer_id, count(*) AS uses FROM used
                 WHERE customer_id IS NOT NULL GROUP BY 1, 2, 3),
customers AS (SELECT store_id, code, customer_id, used AS uses FROM weedgo_data.promo_customers
               WHERE $1 IS NULL OR store_id = $1)
SELECT 'I5', store_id, 'promo code ' || code,
       'is counted ' || coalesce(c.uses, 0) || ' times, but ' || coalesce(b.uses, 0)
       || ' orders have it'
  FROM counters c FULL JOIN by_code b USING (store_id, code)
 WHERE coalesce(c.uses, 0) <> coalesce(b.uses, 0)
UNION ALL
SELECT 'I5', store_id, 'promo code ' || code || ' of customer ' || customer_id,
       'is counted ' || coalesce(c.uses, 0) || ' times, but ' || coalesce(b.uses, 0)
       || ' orders have it'
  FROM customers c FULL JOIN by_customer b USING (store_id, code, customer_id)
 WHERE coalesce(c.uses, 0) <> coalesce(b.uses, 0)
)sql",
                                          Access::whole_tables};

// A customer's day is the orders that were counted on it, and have not come back.
constinit Statement purchases_are_orders{R"sql(
WITH bought AS (
    SELECT o.store_id, o.customer_id, o.counted_on AS day,
           sum(i.quantity::numeric * i.equivalent_mg) AS mg
      FROM weedgo_data.orders o JOIN weedgo_data.order_items i USING (store_id, order_id)
     WHERE o.counted_on IS NOT NULL AND o.status NOT IN ('cancelled', 'expired')
       AND ($1 IS NULL OR o.store_id = $1)
     GROUP BY 1, 2, 3),
days AS (SELECT store_id, customer_id, day, equivalent_mg AS mg FROM weedgo_data.customer_days
          WHERE $1 IS NULL OR store_id = $1)
SELECT 'I5', store_id, 'customer ' || customer_id || ' on ' || to_char(day, 'YYYY-MM-DD'),
       'is counted to have bought ' || coalesce(d.mg, 0) || ' mg, but ' || coalesce(b.mg, 0)
       || ' mg are in the orders'
  FROM days d FULL JOIN bought b USING (store_id, customer_id, day)
 WHERE coalesce(d.mg, 0) <> coalesce(b.mg, 0)
)sql",
                                         Access::whole_tables};

// The lines add up to the order.
constinit Statement amounts_add_up{R"sql(
WITH sums AS (
    SELECT o.store_id, o.order_id, o.subtotal, o.discount, o.tax, o.delivery_tax, o.total,
           o.delivery_fee, o.tip, o.amount_due, o.payment_type,
           i.line_total AS lines_subtotal, i.discount AS lines_discount, i.tax AS lines_tax,
           i.wrong_lines
      FROM weedgo_data.orders o
      CROSS JOIN LATERAL (
           SELECT sum(line_total) AS line_total, sum(discount) AS discount, sum(tax) AS tax,
                  count(*) FILTER (WHERE line_total <> unit_price * quantity
                                      OR discount NOT BETWEEN 0 AND line_total) AS wrong_lines
             FROM weedgo_data.order_items i
            WHERE i.store_id = o.store_id AND i.order_id = o.order_id) i
     WHERE $1 IS NULL OR o.store_id = $1)
SELECT 'I6', store_id, 'order ' || order_id,
       CASE WHEN wrong_lines > 0 THEN 'a line is not unit price times quantity'
            WHEN subtotal <> lines_subtotal THEN 'the subtotal is not the sum of the lines'
            WHEN discount <> lines_discount THEN 'the discount is not the sum of the lines'''
            WHEN tax <> lines_tax + delivery_tax THEN 'the tax is not the sum of the lines'''
            WHEN total <> subtotal - discount + tax + delivery_fee + tip
                THEN 'the total is not the sum of its parts'
            ELSE 'the amount due does not follow from the total' END
  FROM sums
 WHERE wrong_lines > 0 OR subtotal <> lines_subtotal OR discount <> lines_discount
    OR tax <> lines_tax + delivery_tax
    OR total <> subtotal - discount + tax + delivery_fee + tip
    OR amount_due <> CASE WHEN payment_type = 'cash' THEN round(total * 20) / 20 ELSE total END
)sql",
                                   Access::whole_tables};

// Discount, delivery fee and tax follow from the figures that were stored with the order.
constinit Statement amounts_can_be_derived{R"sql(
WITH derived AS (
    SELECT o.store_id, o.order_id, o.discount, o.delivery_fee, o.tax, o.taxes,
           CASE WHEN p.by_hand IS NOT NULL THEN p.by_hand
                WHEN p.promo IS NULL OR jsonb_typeof(p.promo) = 'null' THEN 0
                ELSE least(o.subtotal, (p.promo ->> 'max_discount_amount')::numeric,
                     CASE p.promo ->> 'discount_type'
                     WHEN 'percentage'
                     THEN round(o.subtotal * (p.promo ->> 'discount_value')::numeric / 100, 2)
                     ELSE (p.promo ->> 'discount_value')::numeric END) END AS derived_discount,
           CASE WHEN p.delivery IS NULL OR jsonb_typeof(p.delivery) = 'null'
                     OR o.subtotal >= (p.delivery ->> 'free_threshold')::numeric THEN 0
                ELSE (p.delivery ->> 'base_fee')::numeric
                     + round((p.delivery ->> 'fee_per_km')::numeric
                             * coalesce(o.distance_m, 0) / 1000, 2) END AS derived_fee,
           (SELECT coalesce(sum((t ->> 'amount')::numeric), 0)
              FROM jsonb_array_elements(o.taxes) t) AS derived_tax,
           (SELECT count(*)
              FROM jsonb_array_elements(o.taxes) t
             WHERE (t ->> 'amount')::numeric <>
                   (SELECT coalesce(round(sum((r ->> 'rate')::numeric
                                              * (r ->> 'taxable')::numeric), 2), 0)
                      FROM jsonb_array_elements(t -> 'rates') r)) AS wrong_taxes,
           (SELECT count(*)
              FROM jsonb_array_elements(o.taxes) t, jsonb_array_elements(t -> 'rates') r
             WHERE (r ->> 'taxable')::numeric <>
                   (SELECT coalesce(sum(i.taxable), 0) FROM weedgo_data.order_items i
                     WHERE i.store_id = o.store_id AND i.order_id = o.order_id
                       AND i.tax_class = r ->> 'tax_class')
                   + CASE WHEN r ->> 'tax_class' = 'delivery'
                               AND (p.delivery ->> 'taxed')::boolean
                          THEN o.delivery_fee ELSE 0 END) AS wrong_bases,
           (SELECT count(*) FROM weedgo_data.order_items i
             WHERE i.store_id = o.store_id AND i.order_id = o.order_id
               AND i.taxable <> i.line_total
                   - CASE WHEN (p.promo ->> 'reimbursable')::boolean THEN 0
                          ELSE i.discount END) AS wrong_taxables
      FROM weedgo_data.orders o
      CROSS JOIN LATERAL (SELECT o.pricing -> 'promo' AS promo,
                                 (o.pricing #>> '{discount_by_hand,amount}')::numeric AS by_hand,
                                 o.pricing -> 'delivery' AS delivery) p
     WHERE $1 IS NULL OR o.store_id = $1)
SELECT 'I6', store_id, 'order ' || order_id,
       CASE WHEN discount <> derived_discount THEN 'the discount cannot be derived'
            WHEN delivery_fee <> derived_fee THEN 'the delivery fee cannot be derived'
            WHEN wrong_taxables > 0 THEN 'the taxable amount of a line cannot be derived'
            WHEN wrong_bases > 0 THEN 'what a tax was taken of cannot be derived'
            ELSE 'the tax cannot be derived' END
  FROM derived
 WHERE discount <> derived_discount OR delivery_fee <> derived_fee OR wrong_taxables > 0
    OR wrong_bases > 0 OR wrong_taxes > 0 OR tax <> derived_tax
)sql",
                                           Access::whole_tables};

// Each line bears its share of the discount and of every tax, to the cent: rounded down, and the
// cents that are left go to the largest remainders, among equals to the first line. The delivery
// fee shares in the taxes as the last.
constinit Statement shares_can_be_derived{R"sql(
WITH part AS (
    SELECT store_id, order_id, line_no, tax_class, line_total, taxable, discount, tax
      FROM weedgo_data.order_items
     WHERE $1 IS NULL OR store_id = $1
    UNION ALL
    SELECT store_id, order_id, NULL, 'delivery', 0,
           CASE WHEN (pricing -> 'delivery' ->> 'taxed')::boolean THEN delivery_fee ELSE 0 END,
           0, delivery_tax
      FROM weedgo_data.orders
     WHERE $1 IS NULL OR store_id = $1),
spread AS (
    SELECT store_id, order_id, 'discount' AS name, o.discount * 100 AS cents,
           p.line_no, p.line_total AS weight
      FROM weedgo_data.orders o JOIN part p USING (store_id, order_id)
    UNION ALL
    SELECT store_id, order_id, 'tax ' || t.number, (t.tax ->> 'amount')::numeric * 100,
           p.line_no,
           (SELECT coalesce(sum((r ->> 'rate')::numeric), 0) * p.taxable
              FROM jsonb_array_elements(t.tax -> 'rates') r
             WHERE r ->> 'tax_class' = p.tax_class)
      FROM weedgo_data.orders o
     CROSS JOIN LATERAL jsonb_array_elements(o.taxes) WITH ORDINALITY t (tax, number)
      JOIN part p USING (store_id, order_id)),
whole AS (
    SELECT *, sum(weight) OVER (PARTITION BY store_id, order_id, name) AS total_weight
      FROM spread),
floor AS (
    SELECT *, div(cents * weight, nullif(total_weight, 0)) AS share,
           mod(cents * weight, nullif(total_weight, 0)) AS remainder
      FROM whole),
ranked AS (
    SELECT *, cents - sum(share) OVER (PARTITION BY store_id, order_id, name) AS cents_left,
           row_number() OVER (PARTITION BY store_id, order_id, name
                              ORDER BY remainder DESC, line_no) AS rank
      FROM floor),
derived AS (
    SELECT store_id, order_id, line_no,
           coalesce(sum(share + (rank <= cents_left)::integer)
                    FILTER (WHERE name = 'discount'), 0) / 100 AS discount,
           coalesce(sum(share + (rank <= cents_left)::integer)
                    FILTER (WHERE name <> 'discount'), 0) / 100 AS tax
      FROM ranked
     GROUP BY store_id, order_id, line_no)
SELECT 'I6', p.store_id, 'order ' || p.order_id,
       CASE WHEN p.discount <> d.discount THEN 'the discount' ELSE 'the tax' END || ' of '
       || coalesce('line ' || p.line_no, 'the delivery') || ' is not its share'
  FROM part p
  JOIN derived d ON d.store_id = p.store_id AND d.order_id = p.order_id
       AND coalesce(d.line_no, 0) = coalesce(p.line_no, 0)
 WHERE p.discount <> d.discount OR p.tax <> d.tax
)sql",
                                          Access::whole_tables};

// What foreign keys would say. Customers and stores may be views, which cannot be referenced.
constinit Statement references_lead_somewhere{R"sql(
SELECT 'I5', o.store_id, 'order ' || o.order_id, 'its store is not there'
  FROM weedgo_data.orders o
 WHERE ($1 IS NULL OR o.store_id = $1)
   AND NOT EXISTS (SELECT FROM weedgo_data.stores s WHERE s.store_id = o.store_id)
UNION ALL
SELECT 'I5', o.store_id, 'order ' || o.order_id, 'its customer is not there'
  FROM weedgo_data.orders o
 WHERE ($1 IS NULL OR o.store_id = $1) AND o.customer_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM weedgo_data.customers c WHERE c.customer_id = o.customer_id)
UNION ALL
SELECT DISTINCT 'I5', h.store_id, 'cart ' || h.cart_id, 'holds stock, but is not there'
  FROM weedgo_data.holds h
 WHERE ($1 IS NULL OR h.store_id = $1)
   AND NOT EXISTS (SELECT FROM weedgo_data.carts c
                    WHERE c.store_id = h.store_id AND c.cart_id = h.cart_id)
)sql",
                                              Access::whole_tables};

// The parts of a line are the line, and each lot's reserved units are what is open of it.
constinit Statement lots_are_accounted_for{R"sql(
SELECT 'I3', i.store_id, 'order ' || i.order_id,
       'line ' || i.line_no || ' is not the sum of its lots'
  FROM weedgo_data.allocations a JOIN weedgo_data.order_items i USING (store_id, order_id, line_no)
 WHERE $1 IS NULL OR a.store_id = $1
 GROUP BY i.store_id, i.order_id, i.line_no, i.sku, i.quantity, i.returned
HAVING sum(a.quantity) <> i.quantity OR sum(a.returned) <> i.returned OR min(a.sku) <> i.sku
    OR max(a.sku) <> i.sku
UNION ALL
SELECT 'I3', s.store_id::uuid, 'sku ' || s.sku || ', lot ' || l.lot_number,
       'reserved is ' || s.reserved || ', but open orders and holds have ' || p.units
  FROM weedgo_data.lots l
  JOIN weedgo_data.stock s ON s.store_id = l.store_id AND s.sku = l.sku AND s.bucket = l.bucket
 CROSS JOIN LATERAL (
       SELECT (SELECT coalesce(sum(a.quantity), 0)
                 FROM weedgo_data.allocations a JOIN weedgo_data.orders o USING (store_id, order_id)
                WHERE a.store_id = l.store_id AND a.sku = l.sku AND a.bucket = l.bucket
                  AND o.status NOT IN ('delivered', 'cancelled', 'expired'))
              + (SELECT coalesce(sum(h.quantity), 0) FROM weedgo_data.holds h
                  WHERE h.store_id = l.store_id AND h.sku = l.sku AND h.bucket = l.bucket)
              AS units) p
 WHERE ($1 IS NULL OR l.store_id = $1) AND s.reserved <> p.units
)sql",
                                           Access::whole_tables};

Statement *const checks[] = {
    &one_order_a_cart,       &stock_not_below_zero,   &reserved_is_accounted_for,
    &lots_are_accounted_for, &shelf_is_accounted_for, &records_are_whole,
    &promo_uses_are_orders,  &purchases_are_orders,   &amounts_add_up,
    &amounts_can_be_derived, &shares_can_be_derived,  &references_lead_somewhere,
};

void verify(const std::optional<pg_uuid_t> &store_id, const ReturnSetInfo *set) {
    for (Statement *check : checks) {
        put_rows(execute(*check, {Param::uuid(store_id)}), set);
    }
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_verify_invariants);
}

// A row for every broken promise; none when all is well.
Datum weedgo_verify_invariants(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const std::optional<pg_uuid_t> store_id = optional_uuid(argument(fcinfo, 0, "store_id"));
    check_options(argument(fcinfo, 1, "options"));
    return set_as_owner(fcinfo, store_id, [&](const ReturnSetInfo *set) { verify(store_id, set); });
}
