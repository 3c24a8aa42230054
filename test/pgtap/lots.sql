-- Lots: what comes in them, which are sold first, recalls, and the way back.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();
ALTER FUNCTION order_of(integer) SECURITY DEFINER;
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) VALUES
    (store('ON'), 'NEW', 'New', 5.00), (store('QC'), 'NEW', 'New', 5.00), (store('ON'), 'OIL', 'Oil', 10.00);

CREATE FUNCTION today() RETURNS date SECURITY DEFINER LANGUAGE sql
AS $$SELECT (now() AT TIME ZONE s.timezone)::date FROM weedgo_data.stores s WHERE s.store_id = store('ON')$$;
-- Items as "sku quantity lot days", the days being those until it expires.
CREATE FUNCTION items(VARIADIC parts text[]) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('sku', p[1], 'quantity', p[2]::integer, 'lot', p[3], 'expires_on', today() + p[4]::integer)) ORDER BY n)
    FROM unnest(parts) WITH ORDINALITY AS u (part, n), string_to_array(part, ' ') AS p
$$;
-- The buckets of a sku as "lot available/reserved", units of no lot first.
CREATE FUNCTION shelf(what text, store_name text DEFAULT 'ON') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', l.lot_number, s.available || '/' || s.reserved), ', ' ORDER BY s.bucket)
    FROM weedgo_data.stock s LEFT JOIN weedgo_data.lots l USING (store_id, sku, bucket) WHERE s.store_id = store(store_name) AND s.sku = what
$$;
-- The lots of an order as "line lot quantity".
CREATE FUNCTION lots_of(details jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', l ->> 'line_no', l ->> 'sku', coalesce(l ->> 'lot', '-'), l ->> 'quantity'), ', ' ORDER BY n)
    FROM jsonb_array_elements(details -> 'lots') WITH ORDINALITY AS e (l, n)
$$;
CREATE FUNCTION buy(number integer, items jsonb, options jsonb DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.fill_cart(number, 'ON', 'ann', items);
    RETURN lots_of((weedgo.checkout_cart(store('ON'), cart(number), customer('ann'), idempotency_key => 'key ' || number, options => options)).details);
END
$$;
CREATE FUNCTION asking(number integer, lots jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT weedgo.checkout_cart(store(''ON''), cart(%s), customer(''ann''), options => %L)', number, jsonb_build_object('lots', lots))
$$;
CREATE FUNCTION traced(lot text, store_name text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s of %s: %s sold, %s back, %s', t.sku, (t.details ->> 'delivery_type'), t.quantity, t.returned, t.status), '; ' ORDER BY t.created_at, t.order_id)
    FROM weedgo.trace_lot(store(store_name), lot) t
$$;

-- Goods come in lots ----------------------------------------------------------------------------------------------

SELECT results_eq($$SELECT sku, change, available, details - 'reason' FROM weedgo.receive_stock(store('ON'), items('NEW 5 L1 30', 'NEW 2 L2 10', 'NEW 4 L3'), reason => 'truck')$$,
                  $$VALUES ('NEW', 5, 5, '{"lot": "L1"}'::jsonb), ('NEW', 2, 2, '{"lot": "L2"}'), ('NEW', 4, 4, '{"lot": "L3"}')$$, 'three lots of one sku');
SELECT is(shelf('NEW'), 'L1 5/0, L2 2/0, L3 4/0', 'each is counted by itself');
SELECT results_eq($$SELECT bucket, change, details FROM weedgo_data.stock_ledger WHERE sku = 'NEW' ORDER BY bucket$$,
                  $$VALUES (1, 5, '{"lot": "L1", "reason": "truck"}'::jsonb), (2, 2, '{"lot": "L2", "reason": "truck"}'), (3, 4, '{"lot": "L3", "reason": "truck"}')$$, 'so does the ledger');
SELECT results_eq($$SELECT on_hand, available, details FROM weedgo.stock_overview(store('ON')) WHERE sku = 'NEW'$$,
                  format('VALUES (11::bigint, 11::bigint, %L::jsonb)', jsonb_build_object('lots', jsonb_build_array(
                      jsonb_build_object('lot', 'L2', 'available', 2, 'reserved', 0, 'packaged_on', NULL, 'expires_on', today() + 10, 'recalled', false),
                      jsonb_build_object('lot', 'L1', 'available', 5, 'reserved', 0, 'packaged_on', NULL, 'expires_on', today() + 30, 'recalled', false),
                      jsonb_build_object('lot', 'L3', 'available', 4, 'reserved', 0, 'packaged_on', NULL, 'expires_on', NULL, 'recalled', false)))),
                  'stock_overview shows them, the first to expire first');
SELECT refused(format('SELECT weedgo.receive_stock(store(''ON''), %L)', given), '22023', 'invalid_argument', 'receive_stock: ' || given, 'shop_staff')
FROM (VALUES ('[{"sku": "NEW", "quantity": 1, "lot": ""}]'), ('[{"sku": "NEW", "quantity": 1, "lot": 7}]'), ('[{"sku": "NEW", "quantity": 1, "expires_on": "2030-01-01"}]'),
             ('[{"sku": "NEW", "quantity": 1, "lot": "L9", "expires_on": "2030-02-30"}]'), ('[{"sku": "NEW", "quantity": 1, "lot": "L9", "expires_on": "2030-13-01"}]'),
             ('[{"sku": "NEW", "quantity": 1, "lot": "L9", "packaged_on": "tomorrow"}]'), ('[{"sku": "NEW", "quantity": 1, "lot": "L9", "packaged_on": "01/02/2030"}]'),
             ('[{"sku": "NEW", "quantity": 1, "lot": "L1", "expires_on": "2099-01-01"}]'), (items('NEW 1 L9 1', 'NEW 1 L9 2')::text)) AS g (given);
SELECT weedgo.receive_stock(store('ON'), items('NEW 1 L1', 'NEW 1 L2 10', 'NEW 1 L1')) \g /dev/null
SELECT is(shelf('NEW'), 'L1 7/0, L2 3/0, L3 4/0', 'more of lots that are known');
SELECT invariants_hold('every invariant holds');

-- The first to expire goes first ------------------------------------------------------------------------------------

SAVEPOINT sold;
SELECT is(buy(1, '{"NEW": 4, "PIPE": 1}'), '1 NEW L1 1, 1 NEW L2 3', 'L2 first, then L1; the pipe has no lot');
SELECT is(shelf('NEW'), 'L1 6/1, L2 0/3, L3 4/0', 'that much is reserved of each');
SELECT is(lots_of((weedgo.get_order(store('ON'), order_of(1), customer('ann'))).details), '1 NEW L1 1, 1 NEW L2 3', 'get_order says so, too');
SELECT is(lots_of((weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), idempotency_key => 'key 1')).details), '1 NEW L1 1, 1 NEW L2 3', 'so does a replay');
SELECT is((weedgo.get_order(store('ON'), order_of(1), customer('ann'))).details,
          (weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), idempotency_key => 'key 1')).details, 'all the same');
SELECT is(buy(2, '{"PIPE": 1}'), NULL, 'an order without lots has none');
SELECT is((weedgo.get_order(store('ON'), order_of(2), customer('ann'))).details ? 'lots', false, 'and does not mention them');
SELECT is(buy(3, '{"NEW": 10}'), '1 NEW L1 6, 1 NEW L3 4', 'what never expires comes last');
SELECT invariants_hold('every invariant holds');
CALL fill_cart(4, 'ON', 'ann', '{"NEW": 1}');
SELECT is(detail_of(asking(4, '{}')), '{"code": "items_unavailable", "items": [{"sku": "NEW", "reason": "insufficient_stock", "requested": 1, "available": 0}]}', 'and that was all');
SELECT is(traced('L1'), 'NEW of pickup: 1 sold, 0 back, pending; NEW of pickup: 6 sold, 0 back, pending', 'trace_lot finds both orders');
SELECT is(traced('L2', 'ON'), 'NEW of pickup: 3 sold, 0 back, pending', 'of a store');
SELECT is((SELECT array_agg(order_id) FROM weedgo.trace_lot(NULL, 'L2')), ARRAY[order_of(1)], 'by its id');
SELECT refused($$SELECT weedgo.trace_lot(NULL, 'L9')$$, '22023', 'lot_unknown', 'a lot that nobody has', 'shop_reader');
SELECT refused($$SELECT weedgo.trace_lot(store('QC'), 'L1')$$, '22023', 'lot_unknown', 'or not this store', 'shop_reader');

-- The way back ------------------------------------------------------------------------------------------------------

SELECT weedgo.cancel_order(store('ON'), order_of(3)) \g /dev/null
SELECT is(shelf('NEW'), 'L1 6/1, L2 0/3, L3 4/0', 'a cancelled order goes back to its lots');
SELECT weedgo.advance_order(store('ON'), order_of(1), s) FROM unnest(ARRAY['confirmed', 'ready', 'delivered']) s \g /dev/null
SELECT is(shelf('NEW'), 'L1 6/0, L2 0/0, L3 4/0', 'a delivered one is gone from them');
SELECT weedgo.record_payment(store('ON'), order_of(1), 'captured', (SELECT amount_due FROM weedgo_data.orders WHERE order_id = order_of(1)), 'ref') \g /dev/null
SELECT weedgo.refund_order(store('ON'), order_of(1), items('NEW 2'), true, provider_reference => 'back 1') \g /dev/null
SELECT is(shelf('NEW'), 'L1 7/0, L2 1/0, L3 4/0', 'what comes back is of the last to expire first');
SELECT is(traced('L1') || '; ' || traced('L2'), 'NEW of pickup: 1 sold, 1 back, delivered; NEW of pickup: 6 sold, 0 back, cancelled; NEW of pickup: 3 sold, 1 back, delivered', 'trace_lot knows');
SELECT weedgo.refund_order(store('ON'), order_of(1), items('NEW 1'), false, provider_reference => 'back 2') \g /dev/null
SELECT is(shelf('NEW'), 'L1 7/0, L2 1/0, L3 4/0', 'what is not restocked does not come back');
SELECT is(traced('L2'), 'NEW of pickup: 3 sold, 2 back, delivered', 'but is not with the customer any more');
SELECT weedgo.refund_order(store('ON'), order_of(1), items('NEW 1', 'PIPE 1'), true, provider_reference => 'back 3') \g /dev/null
SELECT is(shelf('NEW'), 'L1 7/0, L2 2/0, L3 4/0', 'the last one');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO sold;

-- Units of no lot, and lots that have expired -----------------------------------------------------------------------

SELECT weedgo.receive_stock(store('ON'), items('FEW 4 F1 5', 'OIL 2 OLD -1', 'OIL 1 LAST 0', 'OIL 1 NEXT 1')) \g /dev/null
SELECT is(buy(1, '{"FEW": 5}'), '1 FEW - 3, 1 FEW F1 2', 'what has no lot goes before all lots');
SELECT is(buy(2, '{"OIL": 2}'), '1 OIL LAST 1, 1 OIL NEXT 1', 'the last day is one to sell on, the day after is not');
CALL fill_cart(3, 'ON', 'ann', '{"OIL": 1}');
SELECT is((weedgo.calc_order_totals(store('ON'), cart(3), customer('ann'))).problems,
          '[{"code": "items_unavailable", "items": [{"sku": "OIL", "reason": "insufficient_stock", "requested": 1, "available": 0}]}]', 'calc_order_totals does not count it');
SELECT refused(asking(3, '{}'), 'WG005', 'items_unavailable', 'nor is it sold');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO sold;

-- A lot that was scanned ----------------------------------------------------------------------------------------------

SELECT is(buy(1, '{"NEW": 2, "PIPE": 1}', '{"lots": {"NEW": "L3"}}'), '1 NEW L3 2', 'the lot at hand');
SELECT is(shelf('NEW'), 'L1 7/0, L2 3/0, L3 2/2', 'and no other');
SELECT refused(asking(1, '{"NEW": "L3"}') , 'WG002', 'cart_not_active', 'a cart that is sold');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), idempotency_key => 'key 1')$$, 'WG008', 'idempotency_mismatch', 'another lot is another request');
CALL fill_cart(2, 'ON', 'ann', '{"NEW": 3}');
SELECT is(detail_of(asking(2, jsonb_build_object('NEW', lot))) #> '{items,0}', format('{"sku": "NEW", "reason": "%s", "requested": 3, "available": %s}', reason, available)::jsonb, format('a scanned lot %s: %s', lot, reason))
FROM (VALUES ('L3', 'insufficient_stock', 2), ('L9', 'lot_not_found', 0)) AS s (lot, reason, available);
SELECT refused(asking(2, lots), '22023', 'invalid_argument', 'lots: ' || lots::text)
FROM (VALUES ('{"PIPE": "L1"}'::jsonb), ('{"NEW": ""}'), ('{"NEW": 1}'), ('{"NEW": null}'), ('[]'), ('"L1"'), ('{"": "L1"}'), (jsonb_build_object('NEW', repeat('x', 101)))) AS l (lots);
SELECT results_eq($$SELECT lots_of(details) FROM weedgo.sell_in_store(store('ON'), cart(2), customer('ben'), customer('ann'), options => '{"lots": {"NEW": "L1"}}')$$, ARRAY['1 NEW L1 3'], 'the till scans, too');
SELECT is(shelf('NEW'), 'L1 4/0, L2 3/0, L3 2/2', 'it is gone');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO sold;

-- Holds -----------------------------------------------------------------------------------------------------------------

CALL fill_cart(1, 'ON', 'ann', '{"NEW": 4}');
SELECT weedgo.reserve_inventory(store('ON'), cart(1), customer('ann')) \g /dev/null
SELECT is(shelf('NEW'), 'L1 6/1, L2 0/3, L3 4/0', 'a hold is of lots');
SELECT results_eq($$SELECT bucket, quantity FROM weedgo_data.holds ORDER BY bucket$$, $$VALUES (1, 1), (2, 3)$$, 'by lot');
SELECT weedgo.reserve_inventory(store('ON'), cart(1), customer('ann')) \g /dev/null
SELECT is(shelf('NEW'), 'L1 6/1, L2 0/3, L3 4/0', 'held again, it is held once');
SELECT is((weedgo.calc_order_totals(store('ON'), cart(1), customer('ann'))).problems, '[]', 'the cart may use it');
SAVEPOINT held;
SELECT is(buy(1, '{"NEW": 4}'), '1 NEW L1 1, 1 NEW L2 3', 'it is what is sold');
SELECT is(shelf('NEW'), 'L1 6/1, L2 0/3, L3 4/0', 'with nothing left over');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO held;
SELECT is(buy(1, '{"NEW": 2}'), '1 NEW L2 2', 'less of it, the first to expire');
SELECT is(shelf('NEW'), 'L1 7/0, L2 1/2, L3 4/0', 'the rest goes back');
ROLLBACK TO held;
SELECT is(buy(1, '{"NEW": 6}'), '1 NEW L1 3, 1 NEW L2 3', 'more of it');
ROLLBACK TO held;
SELECT is(buy(1, '{"NEW": 3}', '{"lots": {"NEW": "L3"}}'), '1 NEW L3 3', 'another lot that is scanned');
SELECT is(shelf('NEW'), 'L1 7/0, L2 3/0, L3 1/3', 'gives back all that was held');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO held;
SELECT is(buy(1, '{"PIPE": 1}'), NULL, 'another cart altogether');
SELECT is(shelf('NEW'), 'L1 7/0, L2 3/0, L3 4/0', 'too');
ROLLBACK TO held;
SELECT weedgo.release_inventory(store('ON'), cart(1), customer('ann')) \g /dev/null
SELECT is(shelf('NEW'), 'L1 7/0, L2 3/0, L3 4/0', 'a release goes back to the lots');
ROLLBACK TO held;
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 hour';
CALL fill_cart(2, 'ON', 'ann', '{"NEW": 15}');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('ann'))$$, 'WG005', 'items_unavailable', 'a hold that has expired, and still too little');
SELECT is(buy(2, '{"NEW": 12}'), '1 NEW L1 7, 1 NEW L2 3, 1 NEW L3 2', 'a hold that has expired gives way');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO held;
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 hour';
SELECT is(weedgo.expire_holds(store('ON')), 2, 'and is given back');
SELECT is(shelf('NEW'), 'L1 7/0, L2 3/0, L3 4/0', 'to its lots');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO held;
CALL fill_cart(9, 'QC', NULL, '{"FLOWER": 1}');
SELECT weedgo.reserve_inventory(store('QC'), cart(9)) \g /dev/null
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 hour';
SELECT is(weedgo.expire_holds(), 3, 'as are those of all stores together');
SELECT is(shelf('NEW') || '; ' || shelf('FLOWER', 'QC'), 'L1 7/0, L2 3/0, L3 4/0; 1000/0', 'each in its store');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO held;
-- Somebody deletes the row of stock of what is held.
DELETE FROM weedgo_data.stock WHERE sku = 'NEW' AND bucket = 2 AND store_id = store('ON');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, '55000', NULL, 'what is held must be somewhere');
ROLLBACK TO sold;

-- Recalls ---------------------------------------------------------------------------------------------------------------

SELECT weedgo.transfer_stock(store('ON'), store('QC'), items('NEW 2 L1')) \g /dev/null
SELECT is(shelf('NEW', 'QC'), 'L1 2/0', 'a lot in another store');
SELECT is((SELECT expires_on FROM weedgo_data.lots WHERE store_id = store('QC')), today() + 30, 'keeps its days');
CALL fill_cart(1, 'ON', 'ann', '{"NEW": 7}');
SELECT weedgo.reserve_inventory(store('ON'), cart(1), customer('ann')) \g /dev/null
SELECT is(shelf('NEW'), 'L1 1/4, L2 0/3, L3 4/0', 'a cart holds of two lots');
SELECT results_eq($$SELECT store_id, sku, lot, available, reserved, holds_released FROM weedgo.recall_lot(NULL, 'L1', customer('ben'), 'mould') ORDER BY available$$,
                  $$VALUES (store('QC'), 'NEW', 'L1', 2, 0, 0), (store('ON'), 'NEW', 'L1', 5, 0, 1)$$, 'a lot is recalled in all stores; the cart loses what it held');
SELECT results_eq($$SELECT DISTINCT recall_reason, recalled_by FROM weedgo_data.lots WHERE recalled_at IS NOT NULL$$, $$VALUES ('mould', customer('ben'))$$, 'by whom and why is remembered');
SELECT is((weedgo.calc_order_totals(store('ON'), cart(1), customer('ann'))).problems, '[]', 'the rest of the cart can be had of another lot');
SELECT is(buy(1, '{"NEW": 7}'), '1 NEW L2 3, 1 NEW L3 4', 'and is');
CALL fill_cart(2, 'ON', 'ann', '{"NEW": 1}');
SELECT is(detail_of(asking(2, '{}')) #> '{items,0}', '{"sku": "NEW", "reason": "insufficient_stock", "requested": 1, "available": 0}', 'a recalled lot is not sold');
SELECT is(detail_of(asking(2, '{"NEW": "L1"}')) #> '{items,0}', '{"sku": "NEW", "reason": "lot_not_available", "requested": 1, "available": 0}', 'not even scanned');
SELECT is((SELECT jsonb_path_query_first(details, '$.lots[*] ? (@.lot == "L1").recalled') FROM weedgo.stock_overview(store('ON')) WHERE sku = 'NEW'), 'true', 'stock_overview says so');
SELECT weedgo.recall_lot(store('ON'), 'L1', NULL, 'again') \g /dev/null
SELECT is((SELECT recall_reason FROM weedgo_data.lots WHERE store_id = store('ON') AND lot_number = 'L1'), 'mould', 'the first recall stays');
SELECT is((SELECT count(DISTINCT (recalled_at, recalled_by)) FROM weedgo_data.lots WHERE lot_number = 'L1'), 1::bigint, 'its time and who it was, too');
SELECT weedgo.transfer_stock(store('QC'), store('AB'), items('NEW 1 L1')) FROM weedgo_data.products WHERE store_id = store('AB') AND sku = 'NEW' \g /dev/null
SELECT invariants_hold('every invariant holds');
SELECT results_eq($$SELECT recalled_at FROM weedgo.recall_lot(store('ON'), 'L1', options => '{"lift": true}')$$, ARRAY[NULL::timestamptz], 'a recall is lifted');
SELECT is(buy(2, '{"NEW": 1}'), '1 NEW L1 1', 'and the lot is sold again');
SELECT refused($$SELECT weedgo.recall_lot(NULL, 'L9')$$, '22023', 'lot_unknown', 'a lot that nobody has', 'shop_staff');
SELECT refused($$SELECT weedgo.recall_lot(NULL, '')$$, '22023', 'invalid_argument', 'no lot at all', 'shop_staff');
SELECT weedgo.cancel_order(store('ON'), order_of(1)) \g /dev/null
SELECT invariants_hold('every invariant holds');
ROLLBACK TO sold;

-- Counting and moving lots ------------------------------------------------------------------------------------------

SELECT is((weedgo.adjust_stock(store('ON'), 'NEW', -2, 'damaged', 7, options => '{"lot": "L1"}')).available, 5, 'a lot is counted by itself');
SELECT is(shelf('NEW'), 'L1 5/0, L2 3/0, L3 4/0', 'the others stay');
SELECT refused($$SELECT weedgo.adjust_stock(store('ON'), 'NEW', -2, 'damaged', 7, options => '{"lot": "L1"}')$$, 'WG015', 'stock_changed', 'compare and set, by lot', 'shop_staff');
SELECT refused($$SELECT weedgo.adjust_stock(store('ON'), 'NEW', -4, 'lost', options => '{"lot": "L2"}')$$, 'WG005', 'items_unavailable', 'no more than there is of it', 'shop_staff');
SELECT refused($$SELECT weedgo.adjust_stock(store('ON'), 'NEW', -1, 'lost', options => '{"lot": "L9"}')$$, '22023', 'lot_unknown', 'a lot that there is not', 'shop_staff');
SELECT refused($$SELECT weedgo.adjust_stock(store('ON'), 'NEW', -1, 'lost')$$, 'WG005', 'items_unavailable', 'none without a lot', 'shop_staff');
SELECT refused($$SELECT weedgo.transfer_stock(store('ON'), store('QC'), items('NEW 1 L9'))$$, '22023', 'lot_unknown', 'a lot to move', 'shop_staff');
SELECT refused($$SELECT weedgo.transfer_stock(store('ON'), store('QC'), items('NEW 4 L2'))$$, 'WG005', 'items_unavailable', 'too much of a lot to move', 'shop_staff');
SELECT weedgo.recall_lot(store('ON'), 'L2') \g /dev/null
SELECT weedgo.transfer_stock(store('ON'), store('QC'), items('NEW 1 L1', 'NEW 1 L2')) \g /dev/null
SELECT results_eq($$SELECT lot_number, recalled_at IS NOT NULL FROM weedgo_data.lots WHERE store_id = store('QC') ORDER BY lot_number$$,
                  $$VALUES ('L1', false), ('L2', true)$$, 'a recalled lot stays recalled wherever it goes');
SELECT weedgo.receive_stock(store('ON'), '[{"sku": "NEW", "quantity": 1, "lot": "L4", "packaged_on": "2026-02-28", "expires_on": "2999-12-31"}]') \g /dev/null
SELECT refused($$SELECT weedgo.receive_stock(store('ON'), '[{"sku": "NEW", "quantity": 1, "lot": "L4", "packaged_on": "2026-02-27"}]')$$, '22023', 'invalid_argument', 'another day of packaging', 'shop_staff');
SELECT weedgo.recall_lot(store('ON'), 'L4', customer('ben'), 'mould') \g /dev/null
SELECT weedgo.transfer_stock(store('ON'), store('QC'), items('NEW 1 L4')) \g /dev/null
SELECT is((SELECT count(DISTINCT to_jsonb(l) - 'store_id' - 'bucket' - 'received_at') FROM weedgo_data.lots l WHERE lot_number = 'L4' AND packaged_on = '2026-02-28' AND recalled_by = customer('ben')),
          1::bigint, 'with all that is known of it');
SELECT invariants_hold('every invariant holds');
SELECT invariants_hold('every invariant holds');

-- verify_invariants() looks at each lot ---------------------------------------------------------------------------------

ROLLBACK TO sold;
SELECT buy(1, '{"NEW": 4}') \g /dev/null
CREATE FUNCTION violated(corruption text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    EXECUTE corruption;
    found := (SELECT string_agg(DISTINCT invariant || ' ' || replace(subject, fixture.order_of(1)::text, '1') || ' ' || problem, '; ') FROM weedgo.verify_invariants(store('ON')));
    RAISE SQLSTATE '00WGO';
EXCEPTION WHEN SQLSTATE '00WGO' THEN
    RETURN found;
END
$$;
SELECT is(violated(corruption), said, said)
FROM (VALUES
    ('UPDATE weedgo_data.allocations SET quantity = 2 WHERE bucket = 2', 'I3 order 1 line 1 is not the sum of its lots; I3 sku NEW, lot L2 reserved is 3, but open orders and holds have 2'),
    ('UPDATE weedgo_data.allocations SET returned = 1 WHERE bucket = 2', 'I3 order 1 line 1 is not the sum of its lots'),
    ('UPDATE weedgo_data.stock SET reserved = reserved + CASE bucket WHEN 1 THEN 1 WHEN 2 THEN -1 ELSE 0 END WHERE sku = ''NEW'' AND store_id = store(''ON'')',
     'I3 sku NEW, lot L1 reserved is 2, but open orders and holds have 1; I3 sku NEW, lot L2 reserved is 2, but open orders and holds have 3'),
    ('DELETE FROM weedgo_data.allocations', 'I3 sku NEW, lot L1 reserved is 1, but open orders and holds have 0; I3 sku NEW, lot L2 reserved is 3, but open orders and holds have 0')
) AS c (corruption, said);

-- What calc_order_totals counts as there
UPDATE weedgo_data.stock SET available = CASE bucket WHEN 0 THEN 0 ELSE 5 END WHERE store_id = store('ON') AND sku = 'NEW';
CALL fill_cart(95, 'ON', 'ann', '{"NEW": 1}');
CREATE FUNCTION counted_with(lots text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('UPDATE weedgo_data.lots SET %s WHERE store_id = store(''ON'')', lots);
    RETURN (weedgo.calc_order_totals(store('ON'), cart(95), customer('ann'))).problems = '[]';
END
$$;
SELECT is(counted_with(lots), counted, format('lots with %s', lots))
FROM (VALUES ('recalled_at = now(), expires_on = NULL', false), ('recalled_at = NULL, expires_on = today()', true),
             ('recalled_at = NULL, expires_on = today() - 1', false)) AS l (lots, counted);

SELECT * FROM finish();
ROLLBACK;
