-- Money back, goods back, or both: never more than was paid or sold, never twice.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();
ALTER FUNCTION order_of(integer) SECURITY DEFINER;

CREATE FUNCTION shelf(what text) RETURNS text LANGUAGE sql AS $$
    SELECT available || '/' || reserved FROM weedgo_data.stock WHERE store_id = store('ON') AND sku = what
$$;
-- A delivered order, paid by card: 3 x 14.50 + 2 x 4.33 less 10 %, HST 6.10: 53.04; three units of which do not divide evenly.
CREATE PROCEDURE sell(number integer, items jsonb DEFAULT '{"ROLLS": 3, "GUMMY": 2}') LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.fill_cart(number, 'ON', 'ann', items, 'SAVE10');
    PERFORM weedgo.checkout_cart(store('ON'), cart(number), customer('ann'), 'ann-card', 'in_store');
    PERFORM weedgo.record_payment(store('ON'), o.order_id, 'captured', o.amount_due, 'paid ' || number) FROM weedgo_data.orders o WHERE o.cart_id = cart(number);
    PERFORM weedgo.fulfil_order(store('ON'), order_of(number));
END
$$;
CREATE FUNCTION refund(number integer, arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    EXECUTE format('SELECT * FROM weedgo.refund_order(store(''ON''), order_of(%s), %s)', number, arguments) INTO r;
    RETURN concat_ws(' ', r.amount, r.new_payment_status, CASE WHEN NOT r.recorded THEN '(not recorded)' END);
END
$$;

CALL sell(1);
SELECT results_eq($$SELECT sku, quantity, line_total - discount + tax FROM weedgo_data.order_items WHERE order_id = order_of(1) ORDER BY sku$$,
                  $$VALUES ('GUMMY', 2, 8.80), ('ROLLS', 3, 44.24)$$, 'what was paid for each line');
SELECT is(shelf('ROLLS'), '997/0', 'three are gone');

-- Unit by unit: the cents add up to the line.
SELECT is(refund(1, $$'[{"sku": "ROLLS", "quantity": 1}]', options => '{"preview": true}'$$), '14.75 captured (not recorded)', 'what one would come to');
SELECT is((SELECT count(*)::integer FROM weedgo_data.payments WHERE order_id = order_of(1)), 1, 'asking writes nothing');
SELECT is(refund(1, $$'[{"sku": "ROLLS", "quantity": 1}]', true, provider_reference => 'r-1'$$), '14.75 partially_refunded', 'the first comes back');
SELECT is(shelf('ROLLS'), '998/0', 'and is sold again');
SELECT is(refund(1, $$'[{"sku": "ROLLS", "quantity": 1}]', true, provider_reference => 'r-1'$$), '14.75 partially_refunded (not recorded)', 'once for its reference');
SELECT is(shelf('ROLLS'), '998/0', 'on the shelf, too');
SELECT is(refund(1, $$'[{"sku": "ROLLS", "quantity": 1}]', provider_reference => 'r-2', reason => 'opened'$$), '14.74 partially_refunded', 'the second, a cent less');
SELECT is(shelf('ROLLS'), '998/0', 'it is not sold again');
SELECT refused($$SELECT weedgo.refund_order(store('ON'), order_of(1), '[{"sku": "ROLLS", "quantity": 2}]', amount => 1, provider_reference => 'r-x')$$,
               '22023', 'invalid_argument', 'two of the one that is left are refused', 'shop_staff');
SELECT is(refund(1, $$'[{"sku": "GUMMY", "quantity": 2}, {"sku": "ROLLS", "quantity": 1}]', true, provider_reference => 'r-3'$$), '23.55 refunded', 'and the rest');
SELECT is((SELECT sum(amount) FROM weedgo_data.payments WHERE order_id = order_of(1) AND event = 'refunded'),
          (SELECT total FROM weedgo_data.orders WHERE order_id = order_of(1)), 'together all that was paid');
SELECT results_eq($$SELECT sku, change, details ->> 'order_id' = order_of(1)::text FROM weedgo_data.stock_ledger WHERE reason = 'returned' ORDER BY sku, change$$,
                  $$VALUES ('GUMMY', 2, true), ('ROLLS', 1, true), ('ROLLS', 1, true)$$, 'what is sold again is in the ledger');
SELECT is((SELECT details -> 'lines' FROM weedgo_data.order_events WHERE order_id = order_of(1) AND reason = 'opened'),
          '[{"sku": "ROLLS", "line_no": 2, "quantity": 1, "restocked": false}]', 'and in the events of the order, with the reason');
SELECT invariants_hold('every invariant holds');
SELECT is_empty('SELECT * FROM weedgo.verify_audit(store(''ON''))', 'and the audit');

-- Amounts
CALL sell(2);
SELECT is(refund(2, $$amount => 5, provider_reference => 'a-1'$$), '5.00 partially_refunded', 'an amount');
SELECT is(refund(2, $$'[{"sku": "GUMMY", "quantity": 1}]', amount => 3, provider_reference => 'a-2'$$), '3.00 partially_refunded', 'less than an item cost');
SELECT is(refund(2, $$amount => 0.005, provider_reference => 'a-3'$$), '0.01 partially_refunded', 'rounded to cents');
SELECT is(refund(2, $$payment_type => 'cash'$$), '45.03 refunded', 'all that is left, in cash');
CALL sell(3);
SELECT is(refund(3, $$provider_reference => 'b-1'$$), '53.04 refunded', 'all of it at once');
SELECT weedgo.record_payment(store('ON'), order_of(3), 'refunded', 53.04, 'b-1') \g /dev/null
SELECT is((SELECT count(*)::integer FROM weedgo_data.payments WHERE order_id = order_of(3) AND event = 'refunded'), 1, 'the provider''s own report of it is known');

-- A cancelled order that was paid
CALL fill_cart(4, 'ON', 'ann', '{"ROLLS": 1}');
SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('ann'), 'ann-card') \g /dev/null
SELECT weedgo.record_payment(store('ON'), order_of(4), 'captured', 16.39, 'paid 4') \g /dev/null
SELECT weedgo.cancel_order(store('ON'), order_of(4)) \g /dev/null
SELECT is(refund(4, $$provider_reference => 'c-1'$$), '16.39 refunded', 'an order that was called off is paid back');

-- Partly back, then called off: nothing is put back twice (PrestaShop#35460).
CALL sell(7);
SELECT is(shelf('ROLLS'), '990/0', 'before');
SELECT is(refund(7, $$'[{"sku": "ROLLS", "quantity": 2}]', true, provider_reference => 'f-1'$$), '29.49 partially_refunded', 'two of three are back');
SELECT refused($$SELECT weedgo.cancel_order(store('ON'), order_of(7))$$, 'WG013', 'order_transition_invalid', 'what was delivered cannot be called off any more', 'shop_staff');
SELECT is(shelf('ROLLS'), '992/0', 'two are on the shelf again, and no more');

-- In cash: 32.77, of which 32.75 were paid.
CALL fill_cart(8, 'ON', 'ann', '{"ROLLS": 2}');
SELECT weedgo.sell_in_store(store('ON'), cart(8), customer('ann'), customer('ann')) \g /dev/null
SELECT is(refund(8, $$'[{"sku": "ROLLS", "quantity": 1}]', payment_type => 'cash'$$), '16.39 partially_refunded', 'one of two sold in cash');
SELECT is(refund(8, $$'[{"sku": "ROLLS", "quantity": 1}]', payment_type => 'cash'$$), '16.36 refunded', 'the last costs what was paid, though it was rounded down');

-- Refusals
CALL sell(5);
SELECT is(refund(5, $$'[{"sku": "ROLLS", "quantity": 2}]', provider_reference => 'd-1'$$), '29.49 partially_refunded', '(two of three are back)');
CALL fill_cart(6, 'ON', 'ann', '{"ROLLS": 1}');
SELECT weedgo.checkout_cart(store('ON'), cart(6), customer('ann'), 'ann-card') \g /dev/null
SELECT weedgo.record_payment(store('ON'), order_of(6), 'captured', 16.39, 'paid 6') \g /dev/null
SELECT refused(format('SELECT weedgo.refund_order(store(''ON''), order_of(%s), %s)', number, arguments), state, code, arguments, 'shop_staff')
FROM (VALUES
    (5, $$'[{"sku": "ROLLS", "quantity": 2}]', provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (5, $$'[{"sku": "ROLLS", "quantity": 1}, {"sku": "ROLLS", "quantity": 1}]', provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (5, $$'[{"sku": "ROLLS", "quantity": 2147483647}]', provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (5, $$'[{"sku": "PIPE", "quantity": 1}]', provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (5, $$'[]', provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (5, $$'{}', provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (5, $$amount => 23.56, provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (5, $$amount => 0, provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (5, $$amount => -1, provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (5, $$amount => 'NaN', provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (5, $$amount => 1$$, '22023', 'invalid_argument'),
    (5, $$amount => 1, provider_reference => ''$$, '22023', 'invalid_argument'),
    (5, $$amount => 1, provider_reference => 'e', options => '{"dry": true}'$$, '22023', 'invalid_argument'),
    (5, $$amount => 1, provider_reference => 'e', options => '{"preview": 1}'$$, '22023', 'invalid_argument'),
    (5, $$amount => 1, provider_reference => 'e', reason => repeat('x', 1025)$$, '22023', 'invalid_argument'),
    (4, $$amount => 1, provider_reference => 'd-1'$$, '22023', 'invalid_argument'),
    (1, $$amount => 0.01, provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (1, $$provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (99, $$provider_reference => 'e'$$, '22023', 'invalid_argument'),
    (6, $$'[{"sku": "ROLLS", "quantity": 1}]', provider_reference => 'e'$$, 'WG013', 'order_transition_invalid'),
    (4, $$'[{"sku": "ROLLS", "quantity": 1}]', provider_reference => 'e'$$, 'WG013', 'order_transition_invalid')
) AS c (number, arguments, state, code);
SELECT refused($$SELECT weedgo.refund_order(store('QC'), order_of(5), provider_reference => 'e')$$, '22023', 'order_unknown', 'another store''s order', 'shop_staff');
SELECT refused($$SELECT weedgo.refund_order(store('ON'), order_of(5), provider_reference => 'e')$$, '42501', NULL, 'a checkout application cannot');
SELECT refused_with($$SET LOCAL transaction_read_only = on; SELECT weedgo.refund_order(store('ON'), order_of(5), provider_reference => 'e')$$, '25006',
                    'cannot execute refund_order() in a read-only transaction', '{"code": "read_only"}', '25006', 'shop_staff');
SELECT invariants_hold('every invariant holds');

SELECT * FROM finish();
ROLLBACK;
