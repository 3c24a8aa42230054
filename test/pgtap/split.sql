-- Skus that are split: everything goes on as before, exactly.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();
ALTER FUNCTION order_of(integer) SECURITY DEFINER;

-- Units of no lot as "available/reserved in so many rows", all of them together.
CREATE FUNCTION shelf(what text, store_name text DEFAULT 'ON') RETURNS text LANGUAGE sql AS $$
    SELECT format('%s/%s in %s', sum(s.available), sum(s.reserved), string_agg(s.bucket::text, ' ' ORDER BY s.bucket DESC))
    FROM weedgo_data.stock s WHERE s.store_id = store(store_name) AND s.sku = what AND s.bucket <= 0
$$;
-- What is available in each of its rows.
CREATE FUNCTION spread(what text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(s.available::text, ' ' ORDER BY s.bucket DESC) FROM weedgo_data.stock s
    WHERE s.store_id = store('ON') AND s.sku = what AND s.bucket <= 0
$$;
CREATE FUNCTION split(what text, buckets integer) RETURNS text LANGUAGE sql
AS $$SELECT concat_ws(' ', s.name, s.buckets, s.available, s.used, s.details) FROM weedgo.split_stock(store('ON'), what, buckets) s$$;
CREATE FUNCTION buy(number integer, items jsonb, options jsonb DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.fill_cart(number, 'ON', 'ann', items);
    PERFORM weedgo.checkout_cart(store('ON'), cart(number), customer('ann'), options => options);
END
$$;
CREATE FUNCTION found(number integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT detail_of(format('SELECT weedgo.checkout_cart(store(''ON''), %L, customer(''ann''))', cart(number))) #> '{items,0}'
$$;

-- Splitting -------------------------------------------------------------------------------------------

SELECT is(split('FLOWER', 4), 'FLOWER 4 1000 0 {}', 'split_stock says what there is');
SELECT is(shelf('FLOWER'), '1000/0 in -1 -2 -3 -4', 'in four rows, and none of bucket 0');
SELECT is(spread('FLOWER'), '250 250 250 250', 'evenly');
SELECT is(shelf('FLOWER', 'QC'), '1000/0 in 0', 'another store''s is not split');
SELECT is(split('FLOWER', 3), 'FLOWER 3 1000 0 {}', 'fewer');
SELECT is(spread('FLOWER'), '334 333 333', 'as evenly as it can be');
SELECT is(split('FLOWER', 64), 'FLOWER 64 1000 0 {}', 'the most');
SELECT is(split('FLOWER', 1), 'FLOWER 1 1000 0 {}', 'one row is split, too');
SELECT is(split('FLOWER', NULL), 'FLOWER 16 1000 0 {}', 'sixteen, unless one says how many');
SELECT is((weedgo.merge_stock(store('ON'), 'FLOWER')).buckets, 1, 'merge_stock leaves one row');
SELECT is(shelf('FLOWER'), '1000/0 in -1', 'which is not bucket 0');
SELECT is((weedgo.merge_stock(store('ON'), 'GUMMY')).buckets, 0, 'what is not split is not merged');
SELECT is(shelf('GUMMY'), '1000/0 in 0', 'it stays as it is');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) VALUES (store('ON'), 'NEW', 'New', 5.00);
SELECT is(split('NEW', 2), 'NEW 2 0 0 {}', 'what never was on the shelf can be split before it comes');
SELECT is((SELECT sum(change) FROM weedgo.receive_stock(store('ON'), '[{"sku": "NEW", "quantity": 5}]')), 5::bigint, 'and comes');
SELECT is(spread('NEW'), '3 2', 'in parts');
SELECT is((SELECT count(*)::integer FROM weedgo_data.stock_ledger WHERE sku = 'NEW'), 1, 'the ledger knows of what came and not of rows');
SELECT refused(call, '22023', code, call, 'shop_staff')
FROM (VALUES ($$SELECT weedgo.split_stock(store('ON'), 'NOTHING')$$, 'sku_unknown'), ($$SELECT weedgo.split_stock(store('nowhere'), 'FLOWER')$$, 'sku_unknown'),
             ($$SELECT weedgo.split_stock(store('ON'), 'FLOWER', 0)$$, 'invalid_argument'), ($$SELECT weedgo.split_stock(store('ON'), 'FLOWER', 65)$$, 'invalid_argument'),
             ($$SELECT weedgo.split_stock(store('ON'), '')$$, 'invalid_argument'), ($$SELECT weedgo.merge_stock(store('ON'), 'NOTHING')$$, 'sku_unknown')) AS c (call, code);
SELECT refused($$INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (store('ON'), 'GUMMY', 1), (store('ON'), 'NEW', 1)
                 ON CONFLICT (store_id, sku, bucket) DO NOTHING$$, '0A000', 'not_writable', 'nobody puts a row of bucket 0 beside', 'weedgo_owner');
SELECT accepted($$SELECT weedgo.split_stock(store('ON'), 'PIPE', 2), weedgo.merge_stock(store('ON'), 'PIPE')$$, 'staff may', 'shop_staff');
SELECT invariants_hold('every invariant holds');

-- Orders and holds --------------------------------------------------------------------------------------

SELECT split('FLOWER', 3), split('FEW', 3) \g /dev/null
SAVEPOINT open;
SELECT is(spread('FEW'), '1 1 1', 'three units in three rows');
SELECT buy(1, '{"FEW": 1, "FLOWER": 2, "GUMMY": 4}') \g /dev/null
SELECT is(shelf('FEW') || ', ' || shelf('FLOWER') || ', ' || shelf('GUMMY'), '2/1 in -1 -2 -3, 998/2 in -1 -2 -3, 996/4 in 0', 'what is split and what is not, in one cart');
SELECT buy(2, '{"FEW": 2}') \g /dev/null
SELECT is(shelf('FEW'), '0/3 in -1 -2 -3', 'more than any row has is taken of several');
CALL fill_cart(3, 'ON', 'ann', '{"FEW": 1}');
SELECT is(found(3), '{"sku": "FEW", "reason": "insufficient_stock", "requested": 1, "available": 0}', 'and then there is none');
SELECT invariants_hold('every invariant holds');
SELECT weedgo.cancel_order(store('ON'), order_of(2)) \g /dev/null
SELECT is(shelf('FEW'), '2/1 in -1 -2 -3', 'what is cancelled comes back');
CALL fill_cart(3, 'ON', 'ann', '{"FEW": 3}');
SELECT is(found(3), '{"sku": "FEW", "reason": "insufficient_stock", "requested": 3, "available": 2}', 'what is refused could have what all rows have');
SELECT weedgo.advance_order(store('ON'), order_of(1), s) FROM unnest(ARRAY['confirmed', 'ready', 'delivered']) s \g /dev/null
SELECT is(shelf('FEW') || ', ' || shelf('FLOWER'), '2/0 in -1 -2 -3, 998/0 in -1 -2 -3', 'what is handed over is gone');
SELECT weedgo.record_payment(store('ON'), order_of(1), 'captured', (SELECT amount_due FROM weedgo_data.orders WHERE order_id = order_of(1)), 'ref') \g /dev/null
SELECT weedgo.refund_order(store('ON'), order_of(1), '[{"sku": "FEW", "quantity": 1}]', true, provider_reference => 'back') \g /dev/null
SELECT is(shelf('FEW'), '3/0 in -1 -2 -3', 'what is brought back is on the shelf');
SELECT invariants_hold('every invariant holds');
SELECT buy(4, '{"FLOWER": 998}') \g /dev/null
SELECT weedgo.cancel_order(store('ON'), order_of(4)) \g /dev/null
SELECT is(spread('FLOWER'), '333 333 332', 'a change of all rows leaves them even');
ROLLBACK TO open;

CALL fill_cart(1, 'ON', 'ann', '{"FEW": 2}');
SELECT weedgo.reserve_inventory(store('ON'), cart(1), customer('ann')) \g /dev/null
SELECT is(shelf('FEW'), '1/2 in -1 -2 -3', 'a hold');
SELECT is((SELECT array_agg(bucket || ' ' || quantity) FROM weedgo_data.holds), ARRAY['0 2'], 'is of no lot, wherever it was taken from');
SELECT is((weedgo.calc_order_totals(store('ON'), cart(1), customer('ann'))).problems, '[]', 'the cart may use it');
SAVEPOINT held;
CALL fill_cart(2, 'ON', 'ann', '{"FEW": 2}');
SELECT is(found(2), '{"sku": "FEW", "reason": "insufficient_stock", "requested": 2, "available": 1}', 'and others not');
SELECT buy(1, '{"FEW": 3}') \g /dev/null
SELECT is(shelf('FEW'), '0/3 in -1 -2 -3', 'more than was held');
ROLLBACK TO held;
SELECT buy(1, '{"FEW": 1}') \g /dev/null
SELECT is(shelf('FEW'), '2/1 in -1 -2 -3', 'less of it');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO held;
SELECT weedgo.release_inventory(store('ON'), cart(1), customer('ann')) \g /dev/null
SELECT is(shelf('FEW'), '3/0 in -1 -2 -3', 'or none');
ROLLBACK TO held;
SELECT split('FEW', 1) \g /dev/null
SELECT is(shelf('FEW'), '1/2 in -1', 'what is held while the rows change');
SELECT split('FEW', 8) \g /dev/null
SELECT buy(1, '{"FEW": 3}') \g /dev/null
SELECT is(shelf('FEW'), '0/3 in -1 -2 -3 -4 -5 -6 -7 -8', 'stays held');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO held;
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 hour';
SELECT buy(2, '{"FEW": 3}') \g /dev/null
SELECT is(shelf('FEW'), '0/3 in -1 -2 -3', 'a hold that has expired gives way');
SELECT is((SELECT count(*)::integer FROM weedgo_data.holds), 0, 'it is gone');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO held;
CALL fill_cart(5, 'ON', 'ann', '{"FLOWER": 7, "GUMMY": 1}');
SELECT weedgo.reserve_inventory(store('ON'), cart(5), customer('ann')) \g /dev/null
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 hour';
SAVEPOINT expired;
SELECT is(weedgo.expire_holds(), 3, 'expire_holds finds those of what is split and what is not');
SELECT is(shelf('FEW') || ', ' || shelf('FLOWER') || ', ' || shelf('GUMMY'), '3/0 in -1 -2 -3, 1000/0 in -1 -2 -3, 1000/0 in 0', 'all comes back');
SELECT is((SELECT count(*)::integer FROM weedgo_data.holds), 0, 'they are gone');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO expired;
SELECT is(ARRAY[weedgo.expire_holds(NULL, 1), weedgo.expire_holds(NULL, 1), weedgo.expire_holds(NULL, 1), weedgo.expire_holds(NULL, 1)], '{1,1,1,0}', 'one by one, where it may do no more');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO open;

-- Over the counter: what was reserved is handed over in the same call, be it held before or not.
CALL fill_cart(1, 'ON', 'ann', '{"FEW": 2, "FLOWER": 3}');
SELECT weedgo.reserve_inventory(store('ON'), cart(1), customer('ann')) \g /dev/null
CALL fill_cart(1, 'ON', 'ann', '{"FEW": 3, "FLOWER": 3, "GUMMY": 1}');
SELECT weedgo.sell_in_store(store('ON'), cart(1), customer('ben'), customer('ann')) \g /dev/null
SELECT is(shelf('FEW') || ', ' || shelf('FLOWER') || ', ' || shelf('GUMMY'), '0/0 in -1 -2 -3, 997/0 in -1 -2 -3, 999/0 in 0', 'sold in the shop, after a hold');
CALL fill_cart(2, 'ON', 'ann', '{"FLOWER": 2}');
SELECT weedgo.sell_in_store(store('ON'), cart(2), customer('ben'), customer('ann')) \g /dev/null
SELECT is(shelf('FLOWER'), '995/0 in -1 -2 -3', 'and without one');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO open;

-- Stock that comes, goes and is counted ------------------------------------------------------------------

SELECT results_eq($$SELECT sku, change, available, reserved FROM weedgo.receive_stock(store('ON'), '[{"sku": "FEW", "quantity": 10}, {"sku": "GUMMY", "quantity": 1}]')$$,
                  $$VALUES ('FEW', 10, 13, 0), ('GUMMY', 1, 1001, 0)$$, 'what comes');
SELECT is(spread('FEW'), '5 4 4', 'is in every row');
SELECT is((weedgo.adjust_stock(store('ON'), 'FEW', -11, 'lost', 13)).available, 2, 'what is lost is of all of them');
SELECT refused($$SELECT weedgo.adjust_stock(store('ON'), 'FEW', -1, 'lost', 1)$$, 'WG015', 'stock_changed', 'counted against all of them', 'shop_staff');
SELECT is(detail_of($$SELECT weedgo.adjust_stock(store('ON'), 'FEW', -3, 'lost')$$, 'shop_staff') #> '{items,0}',
          '{"sku": "FEW", "reason": "insufficient_stock", "requested": 3, "available": 2}', 'there is no more than in all of them');
SELECT refused($$SELECT weedgo.receive_stock(store('ON'), '[{"sku": "FEW", "quantity": 2147483646}]')$$, '22003', 'value_out_of_range', 'what does not fit one row does not fit several', 'shop_staff');
SELECT results_eq($$SELECT store_id, sku, change, available FROM weedgo.transfer_stock(store('QC'), store('ON'), '[{"sku": "FEW", "quantity": 2}, {"sku": "PIPE", "quantity": 5}]')$$,
                  $$VALUES (store('QC'), 'FEW', -2, 1), (store('QC'), 'PIPE', -5, 995), (store('ON'), 'FEW', 2, 4), (store('ON'), 'PIPE', 5, 1005)$$, 'from another store');
SELECT results_eq($$SELECT store_id, sku, change, available FROM weedgo.transfer_stock(store('ON'), store('QC'), '[{"sku": "FEW", "quantity": 4}]')$$,
                  $$VALUES (store('ON'), 'FEW', -4, 0), (store('QC'), 'FEW', 4, 5)$$, 'and to it');
SELECT results_eq($$SELECT on_hand, available, details FROM weedgo.stock_overview(store('ON')) WHERE sku = 'FLOWER'$$,
                  $$VALUES (1000::bigint, 1000::bigint, '{}'::jsonb)$$, 'stock_overview adds them up');
SELECT is((SELECT sum(unexplained)::integer FROM weedgo.inventory_report(store('ON'), current_date)), 0, 'inventory_report, too');
SELECT is_empty($$SELECT * FROM weedgo_data.stock_ledger WHERE bucket < 0$$, 'the ledger calls them of no lot');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO open;

-- Lots of a sku that is split ----------------------------------------------------------------------------

SELECT weedgo.receive_stock(store('ON'), '[{"sku": "FEW", "quantity": 4, "lot": "L1"}, {"sku": "FEW", "quantity": 1}]') \g /dev/null
SELECT is(shelf('FEW'), '4/0 in -1 -2 -3', 'a lot is in a row of its own');
SELECT buy(1, '{"FEW": 6}') \g /dev/null
SELECT is((SELECT array_agg(bucket || ' ' || quantity ORDER BY bucket) FROM weedgo_data.allocations), ARRAY['0 4', '1 2'], 'what has no lot goes first');
SELECT is(shelf('FEW'), '0/4 in -1 -2 -3', 'out of all rows');
SELECT invariants_hold('every invariant holds');
CALL fill_cart(2, 'ON', 'ann', '{"FEW": 3}');
SELECT is(found(2), '{"sku": "FEW", "reason": "insufficient_stock", "requested": 3, "available": 2}', 'both count');
SELECT weedgo.cancel_order(store('ON'), order_of(1)) \g /dev/null
SELECT is(shelf('FEW'), '4/0 in -1 -2 -3', 'each goes back to where it was');
SELECT buy(2, '{"FEW": 3}', '{"lots": {"FEW": "L1"}}') \g /dev/null
SELECT is(shelf('FEW'), '4/0 in -1 -2 -3', 'a lot that was scanned is sold and nothing else');
SELECT weedgo.recall_lot(store('ON'), 'L1') \g /dev/null
SELECT buy(3, '{"FEW": 4}') \g /dev/null
SELECT is(shelf('FEW'), '0/4 in -1 -2 -3', 'a recall is of the lot');
CALL fill_cart(4, 'ON', 'ann', '{"FEW": 1}');
SELECT is(found(4), '{"sku": "FEW", "reason": "insufficient_stock", "requested": 1, "available": 0}', 'which is not sold');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO open;
CALL fill_cart(1, 'ON', 'ann', '{"FEW": 5}');
SELECT weedgo.receive_stock(store('ON'), '[{"sku": "FEW", "quantity": 4, "lot": "L1"}]') \g /dev/null
SELECT weedgo.reserve_inventory(store('ON'), cart(1), customer('ann')) \g /dev/null
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 hour';
SAVEPOINT held_in_both;
SELECT buy(2, '{"FEW": 7}') \g /dev/null
SELECT is(shelf('FEW'), '0/3 in -1 -2 -3', 'holds of both give way');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO held_in_both;
SELECT is(weedgo.expire_holds(), 2, 'both expire');
SELECT is(shelf('FEW'), '3/0 in -1 -2 -3', 'and come back');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO open;

-- Promo codes ------------------------------------------------------------------------------------------

-- The rows of a code as "used/quota", and what a split of it says.
CREATE FUNCTION uses(what text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s/%s', used, coalesce(quota::text, '-')), ' ' ORDER BY bucket DESC) FROM weedgo_data.promo_counters WHERE store_id = store('ON') AND code = what
$$;
CREATE FUNCTION said(s weedgo.split_counter) RETURNS text LANGUAGE sql AS $$SELECT concat_ws(' ', s.name, s.buckets, coalesce(s.available::text, '-'), s.used, s.details)$$;
CREATE FUNCTION with_code(number integer, code text) RETURNS text LANGUAGE sql AS $$
    SELECT (refusal(format('SELECT weedgo.checkout_cart(store(''ON''), cart(%s), customer(''ann''), promo_code => %L)', number, code))).detail
$$;
CREATE FUNCTION use(number integer, code text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.fill_cart(number, 'ON', 'ann', '{"PIPE": 1}');
    PERFORM weedgo.checkout_cart(store('ON'), cart(number), customer('ann'), promo_code => code);
END
$$;
CALL fill_cart(9, 'ON', 'ann', '{"PIPE": 1}');
SELECT is(said(weedgo.merge_promo(store('ON'), 'TWICE')), 'TWICE 0 2 0 {}', 'a code that is not split');
SELECT is(said(weedgo.split_promo(store('ON'), ' twice ', 4)), 'TWICE 4 2 0 {}', 'a code that was never used');
SELECT is(uses('TWICE'), '0/0 0/1 0/1 0/0 0/0', 'its row has nothing, the others their shares');
SELECT use(1, 'TWICE'), use(2, 'TWICE') \g /dev/null
SELECT is(with_code(9, 'TWICE'), '{"code": "promo_invalid", "promo_code": "TWICE", "reason": "exhausted"}', 'it can be used as often as before, and not more');
SELECT is((SELECT problems #>> '{0,reason}' FROM weedgo.calc_order_totals(store('ON'), cart(9), customer('ann'), promo_code => 'TWICE')), 'exhausted', 'calc_order_totals knows');
SELECT is(said(weedgo.split_promo(store('ON'), 'TWICE', 2)), 'TWICE 2 0 2 {}', 'in fewer rows');
SELECT is(uses('TWICE'), '0/0 1/1 1/1', 'with all uses');
SELECT weedgo.cancel_order(store('ON'), order_of(1)) \g /dev/null
SELECT is((SELECT problems FROM weedgo.calc_order_totals(store('ON'), cart(9), customer('ann'), promo_code => 'TWICE')), '[]', 'a use that comes back');
SELECT use(3, 'TWICE') \g /dev/null
SELECT is(with_code(9, 'TWICE') IS NULL, false, 'can be used again, once');
SELECT invariants_hold('every invariant holds');
UPDATE weedgo_data.promo_codes SET max_uses = 5 WHERE code = 'TWICE';
SELECT use(4, 'TWICE'), use(5, 'TWICE'), use(6, 'TWICE') \g /dev/null
SELECT is(with_code(9, 'TWICE') IS NULL, false, 'a limit that was raised holds');
SELECT is((SELECT sum(quota) FROM weedgo_data.promo_counters WHERE code = 'TWICE'), 5::bigint, 'all of it was dealt');
UPDATE weedgo_data.promo_codes SET max_uses = 3 WHERE code = 'TWICE';
SELECT weedgo.cancel_order(store('ON'), order_of(n)) FROM unnest(ARRAY[3, 4]) n \g /dev/null
SELECT is(with_code(9, 'TWICE') IS NULL, false, 'so does one that was lowered below what is used, when uses come back');
SELECT weedgo.cancel_order(store('ON'), order_of(5)) \g /dev/null
SELECT use(7, 'TWICE') \g /dev/null
SELECT is(with_code(9, 'TWICE') IS NULL, false, 'until there are enough');
UPDATE weedgo_data.promo_codes SET max_uses = NULL WHERE code = 'TWICE';
SELECT use(8, 'TWICE'), use(10, 'TWICE') \g /dev/null
SELECT is(said(weedgo.merge_promo(store('ON'), 'TWICE')), 'TWICE 1 - 5 {}', 'a limit that was lifted does not');
SELECT is(uses('TWICE'), '0/0 5/-', 'no row has a share then');
UPDATE weedgo_data.promo_codes SET max_uses = 5 WHERE code = 'TWICE';
SELECT is(with_code(9, 'TWICE') IS NULL, false, 'and one that is set again holds');
SELECT invariants_hold('every invariant holds');

SELECT use(11, 'FIVE') \g /dev/null
SELECT is(said(weedgo.merge_promo(store('ON'), 'FIVE')), 'FIVE 0 - 1 {}', 'what is not split is not merged');
SELECT is(said(weedgo.split_promo(store('ON'), 'FIVE')), 'FIVE 16 - 1 {}', 'a code without a limit, with what was used of it');
SELECT use(n, 'FIVE') FROM generate_series(12, 20) n \g /dev/null
UPDATE weedgo_data.orders SET payment_method_id = 'ann-card', payment_type = 'credit' WHERE promo_code = 'FIVE';
SELECT is(weedgo.expire_orders(store('ON'), 100, '1 microsecond'), 10, 'orders that are never paid');
SELECT is(said(weedgo.split_promo(store('ON'), 'FIVE', 2)), 'FIVE 2 - 0 {}', 'give back more uses at once than a row has');
SELECT use(21, 'FIVE') \g /dev/null
SELECT is((SELECT sum(used) FROM weedgo_data.promo_counters WHERE code = 'FIVE' AND quota IS NULL), 1::bigint, 'and still there is no limit');
SELECT weedgo.split_promo(store('ON'), 'ONCE') \g /dev/null
SELECT use(22, 'ONCE') \g /dev/null
SELECT is(with_code(9, 'ONCE'), '{"code": "promo_invalid", "promo_code": "ONCE", "reason": "customer_limit"}', 'a limit per customer is none of this');
SELECT refused(call, '22023', 'invalid_argument', call, 'shop_staff')
FROM (VALUES ($$SELECT weedgo.split_promo(store('ON'), 'NOTHING')$$), ($$SELECT weedgo.split_promo(store('nowhere'), 'FIVE')$$), ($$SELECT weedgo.split_promo(store('ON'), ' ')$$),
             ($$SELECT weedgo.split_promo(store('ON'), 'FIVE', 0)$$), ($$SELECT weedgo.split_promo(store('ON'), 'FIVE', 65)$$), ($$SELECT weedgo.merge_promo(store('ON'), 'NOTHING')$$)) AS c (call);
SELECT accepted($$SELECT weedgo.split_promo(store('ON'), 'MAKER', 2), weedgo.merge_promo(store('ON'), 'MAKER')$$, 'staff may', 'shop_staff');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO open;

-- A shop's own stock -------------------------------------------------------------------------------------

CALL stand_in('stock', 'SELECT store_id, sku, 0 AS bucket, available, reserved FROM weedgo_data.stock_aside WHERE bucket = 0', 'VIEW');
SELECT refused($$SELECT weedgo.split_stock(store('ON'), 'GUMMY')$$, '0A000', 'not_writable', 'a view of one row a sku cannot be split', 'shop_staff');
SELECT lives_ok($$SELECT buy(1, '{"GUMMY": 1}')$$, 'and sells as ever');

SELECT * FROM finish();
ROLLBACK;
