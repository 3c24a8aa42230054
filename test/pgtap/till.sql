-- Over the counter: one call checks a cart out, takes the money and hands the goods over; a discount by
-- hand is taken there and nowhere else. Or nothing happens at all.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();
ALTER FUNCTION order_of(integer) SECURITY DEFINER;
INSERT INTO weedgo_data.customers (customer_id, date_of_birth) VALUES (customer('kid'), current_date - interval '10 years');

-- A sale by ben, the cashier, as a statement. A guest's, unless more is said.
CREATE FUNCTION till(number integer, more text DEFAULT '', store_name text DEFAULT 'ON') RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT * FROM weedgo.sell_in_store(store(%L), cart(%s), customer(''ben'')%s)', store_name, number, ', ' || nullif(more, ''))
$$;
CREATE FUNCTION sold(number integer, more text DEFAULT '', store_name text DEFAULT 'ON') RETURNS SETOF weedgo.checkout_result
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', 'shop_staff', true);
    RETURN QUERY EXECUTE till(number, more, store_name);
    PERFORM set_config('role', 'none', true);
END
$$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA fixture TO PUBLIC;
CREATE FUNCTION summary(r weedgo.checkout_result) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', r.status, r.payment_status, r.payment_type, r.total, 'due', r.amount_due, 'change', r.details ->> 'change',
                     CASE WHEN r.replayed THEN '(replayed)' END)
$$;
CREATE FUNCTION shelf(what text, store_name text DEFAULT 'ON') RETURNS text LANGUAGE sql AS $$
    SELECT available || '/' || reserved FROM weedgo_data.stock WHERE store_id = store(store_name) AND sku = what
$$;
CREATE FUNCTION events(number integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', event, coalesce(from_status || '>', '') || to_status, details ->> 'amount'), ', ' ORDER BY seq)
    FROM weedgo_data.order_events WHERE order_id = order_of(number)
$$;
CREATE FUNCTION paid(number integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', event, payment_type, amount, provider_reference, details), ', ' ORDER BY amount)
    FROM weedgo_data.payments WHERE order_id = order_of(number)
$$;

-- Paid and handed over ------------------------------------------------------------------------------------

-- 2 x 19.99 = 39.98; HST 5.1974, so 5.20: 45.18, in cash 45.20.
CALL fill_cart(1, 'ON', NULL, '{"FLOWER": 2}');
SELECT is(summary(r), 'delivered captured cash 45.18 due 45.20 change 0.00', 'a guest pays what is due, in cash') FROM sold(1) r;
SELECT is(shelf('FLOWER'), '998/0', 'what was available is gone');
SELECT is(events(1), 'created pending, payment pending>pending 45.20, moved pending>delivered', 'with the events of three calls');
SELECT is((SELECT array_agg(DISTINCT actor_id) FROM weedgo_data.order_events WHERE order_id = order_of(1)), ARRAY[customer('ben')], 'each by the cashier');
SELECT is(paid(1), 'captured cash 45.20', 'and the payment');
SELECT results_eq($$SELECT delivery_type, order_source, actor_id, customer_id, payment_status, status FROM weedgo_data.orders WHERE order_id = order_of(1)$$,
                  $$VALUES ('in_store', 'pos', customer('ben'), NULL::uuid, 'captured', 'delivered')$$, 'the order says how it was sold');
SELECT is((SELECT status FROM weedgo_data.carts WHERE cart_id = cart(1)), 'converted', 'the cart is used up');

CALL fill_cart(2, 'ON', 'ann', '{"FLOWER": 2}', 'SAVE10');
SELECT is(summary(r), 'delivered captured cash 40.66 due 40.65 change 9.35', 'the cart''s promo code counts; cash gives change')
FROM sold(2, $$customer('ann'), payments => '[{"type": "cash", "amount": "50.00"}]'$$) r;
SELECT is(paid(2), 'captured cash 40.65 {"change": "9.35", "tendered": "50.00"}', 'what was given is kept');
SELECT is((SELECT used FROM weedgo_data.promo_counters WHERE code = 'SAVE10'), 1, 'its use is counted');
CALL fill_cart(3, 'ON', 'ann', '{"FLOWER": 2}', 'SAVE10');
SELECT is(summary(r), 'delivered captured debit 47.18 due 47.18 change 0.00', 'by card to the cent; without a code; with a tip')
FROM sold(3, $$customer('ann'), 'ann-card', '[{"type": "debit", "amount": 47.18, "reference": "d-3"}]', promo_code => '', tip => 2$$) r;
SELECT is((SELECT payment_method_id FROM weedgo_data.orders WHERE order_id = order_of(3)), 'ann-card', 'the method is kept');
-- What a receipt says beside the change is what is stored.
CALL fill_cart(4, 'ON', 'ann', '{"FLOWER": 1, "PIPE": 2}');
CREATE TEMP TABLE receipt AS SELECT * FROM sold(4, $$customer('ann'), discount => 3.33, discount_reason => 'the box is dented', metadata => '{"till": 7}',
                                                     options => '{"age_checked": true}'$$);
SELECT is((SELECT to_jsonb(r) #- '{details,change}' FROM receipt r), (SELECT to_jsonb(o) FROM weedgo.get_order(store('ON'), order_of(4), customer('ann')) o),
          'get_order reads what the receipt said');
SELECT invariants_hold('every invariant holds');
SELECT is_empty('SELECT * FROM weedgo.verify_audit(store(''ON''))', 'and the audit');

-- Split tender ----------------------------------------------------------------------------------------------

CALL fill_cart(10, 'ON', NULL, '{"FLOWER": 2}');
SELECT is(summary(r), 'delivered captured split 45.18 due 45.18 change 0.00', 'cash and a card: the card pays the cents')
FROM sold(10, $$payments => '[{"type": "cash", "amount": "20.00"}, {"type": "visa", "amount": "25.18", "reference": "v-10"}]'$$) r;
SELECT is(events(10), 'created pending, payment pending>pending 25.18, payment pending>pending 20.00, moved pending>delivered', 'cash comes last');
SELECT is((SELECT array_agg(details ->> 'to_payment_status' ORDER BY seq) FROM weedgo_data.order_events WHERE order_id = order_of(10) AND event = 'payment'),
          ARRAY['pending', 'captured'], 'the last of them pays the order');
CALL fill_cart(11, 'ON', NULL, '{"FLOWER": 2}');
SELECT is(summary(r), 'delivered captured split 45.18 due 45.18 change 4.82', 'more cash than is left')
FROM sold(11, $$payments => '[{"type": "cash", "amount": 30}, {"type": "visa", "amount": "20.00", "reference": "v-11"}]'$$) r;
SELECT is(paid(11), 'captured visa 20.00 v-11, captured cash 25.18 {"change": "4.82", "tendered": "30.00"}', 'what is captured is what is due');
CALL fill_cart(12, 'ON', NULL, '{"FLOWER": 2}');
SELECT is(summary(r), 'delivered captured gift 45.18 due 45.18 change 0.00', 'three of one kind')
FROM sold(12, $$payments => '[{"type": "gift", "amount": "5.18", "reference": "g-1"}, {"type": "gift", "amount": "10", "reference": "g-3"},
                              {"type": "gift", "amount": "29.995", "reference": "g-2"}]'$$) r;
SELECT is(paid(12), 'captured gift 5.18 g-1, captured gift 10.00 g-3, captured gift 30.00 g-2', 'amounts are rounded to cents');

-- Cash in steps of five cents: 0.05 and a tip that moves the last digit. 0.05 + tax 0.0065, so 0.01: 0.06 + tip.
CREATE FUNCTION in_cash(cart_number integer, tip numeric) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.fill_cart(cart_number, 'ON', NULL, '{"MATCH": 1}');
    RETURN (SELECT concat_ws(' ', r.total, r.amount_due, paid(cart_number)) FROM fixture.sold(cart_number, format('tip => %s', tip)) r);
END
$$;
SELECT is(in_cash(20 + n, 0.94 + n * 0.01), expected, expected)
FROM (VALUES (0, '1.00 1.00 captured cash 1.00'), (1, '1.01 1.00 captured cash 1.00'), (2, '1.02 1.00 captured cash 1.00'), (3, '1.03 1.05 captured cash 1.05'),
             (4, '1.04 1.05 captured cash 1.05'), (5, '1.05 1.05 captured cash 1.05'), (6, '1.06 1.05 captured cash 1.05'),
             (7, '1.07 1.05 captured cash 1.05'), (8, '1.08 1.10 captured cash 1.10')) AS c (n, expected);

-- Too little, too much: 22023, and nothing happens.
CALL fill_cart(30, 'ON', NULL, '{"FLOWER": 2}');
SELECT refused_with(till(30, format('payments => %L', payments)), '22023', 'the payments do not make up the amount due',
                    jsonb_build_object('code', 'payments_do_not_match', 'reason', reason, 'amount_due', due, 'given', given), reason || ': ' || payments, 'shop_staff')
FROM (VALUES
    ('[{"type": "cash", "amount": "45.19"}]', 'too_little', '45.20', '45.19'),
    ('[{"type": "visa", "amount": "45.17", "reference": "v"}]', 'too_little', '45.18', '45.17'),
    ('[{"type": "visa", "amount": "45.19", "reference": "v"}]', 'too_much', '45.18', '45.19'),
    ('[{"type": "visa", "amount": "45.18", "reference": "v"}, {"type": "cash", "amount": "0.05"}]', 'too_much', '45.18', '45.23'),
    ('[{"type": "visa", "amount": "25.17", "reference": "v"}, {"type": "cash", "amount": "20.00"}]', 'too_little', '45.18', '45.17'),
    ('[{"type": "visa", "amount": "9999999999.99", "reference": "v"}, {"type": "visa", "amount": "9999999999.99", "reference": "w"}]',
     'too_much', '45.18', '19999999999.98')
) AS c (payments, reason, due, given);
SELECT refused(till(30, $$payments => '[{"type": "visa", "amount": "45.18", "reference": "v-11"}]'$$), '22023', 'invalid_argument',
               'a reference that another order was paid with', 'shop_staff');
SELECT refused(till(30, $$payments => '[{"type": "visa", "amount": "25.18", "reference": "v-11"}, {"type": "cash", "amount": "20.00"}]'$$), '22023', 'invalid_argument',
               'of the same amount or another', 'shop_staff');
SELECT is(shelf('FLOWER'), '987/0', 'the stock is as it was');

-- A discount by hand -------------------------------------------------------------------------------------------

CREATE PROCEDURE set_policies(policies jsonb) LANGUAGE sql AS $$UPDATE weedgo_data.stores s SET policies = set_policies.policies WHERE s.store_id = store('ON')$$;
-- 39.98 - 5.00 = 34.98; HST 4.5474, so 4.55: 39.53, in cash 39.55.
CALL fill_cart(40, 'ON', 'ann', '{"FLOWER": 2}', 'SAVE10');
SELECT is(summary(r) || ', ' || concat_ws(' ', r.discount, r.tax, r.promo_code), 'delivered captured cash 39.53 due 39.55 change 0.45, 5.00 4.55',
          '5.00 off, in place of the cart''s promo code')
FROM sold(40, $$customer('ann'), payments => '[{"type": "cash", "amount": "40"}]', discount => 5, discount_reason => 'a regular'$$) r;
SELECT is((SELECT used FROM weedgo_data.promo_counters WHERE code = 'SAVE10'), 1, 'whose uses are not counted');
SELECT results_eq($$SELECT pricing -> 'discount_by_hand', pricing -> 'promo', promo_code FROM weedgo_data.orders WHERE order_id = order_of(40)$$,
                  $$VALUES ('{"amount": "5.00"}'::jsonb, 'null'::jsonb, NULL::text)$$, 'it is kept with what the price was made of');
SELECT results_eq($$SELECT actor_id, details FROM weedgo_data.order_events WHERE order_id = order_of(40) AND event = 'created'$$,
                  $$VALUES (customer('ben'), '{"discount_by_hand": {"amount": "5.00", "reason": "a regular"}}'::jsonb)$$,
                  'who gave it, and why, is in the first event');
-- Quebec: 19.99 + 24.99 = 44.98, 7.77 off: shares 3.4531 and 4.3169, the cent goes to the pipe; 16.54 + 20.67 = 37.21 are taxed:
-- GST 1.8605, so 1.86, QST 3.7117, so 3.71; shares of GST 0.8268 and 1.0332, of QST 1.6491 and 2.0609: the cents go to the flower.
CALL fill_cart(41, 'QC', NULL, '{"FLOWER": 1, "PIPE": 1}');
SELECT is(to_jsonb(r) - '{order_id,order_number,store_id,cart_id,created_at,details,lines,taxes}'::text[],
          '{"status": "delivered", "payment_status": "captured", "payment_type": "debit", "delivery_type": "in_store", "order_source": "pos",
            "customer_id": null, "subtotal": 44.98, "discount": 7.77, "tax": 5.57, "delivery_fee": 0.00, "tip": 0.00, "total": 42.78, "amount_due": 42.78,
            "currency": "CAD", "promo_code": null, "replayed": false}', '7.77 off two lines with two taxes')
FROM sold(41, $$payments => '[{"type": "debit", "amount": "42.78", "reference": "d-41"}]', discount => 7.77, discount_reason => 'scratched'$$, 'QC') r;
SELECT results_eq($$SELECT sku, line_total, discount, taxable, tax FROM weedgo_data.order_items WHERE order_id = order_of(41) ORDER BY line_no$$,
                  $$VALUES ('FLOWER', 19.99, 3.45, 16.54, 2.48), ('PIPE', 24.99, 4.32, 20.67, 3.09)$$, 'spread over the lines, before tax');
CALL fill_cart(42, 'ON', NULL, '{"FLOWER": 1}');
SELECT is(summary(r) || ', ' || r.discount, 'delivered pending cash 0.00 due 0.00 change 0.00, 19.99', 'all of it: nothing is due, nothing is paid')
FROM sold(42, $$discount => 19.985, discount_reason => 'a gift'$$) r;
SELECT is(paid(42), NULL, 'and no payment recorded');
CALL fill_cart(43, 'ON', NULL, '{"FLOWER": 1}');
SELECT is(r.discount, 0.01, 'half a cent is one') FROM sold(43, $$discount => 0.005, discount_reason => repeat('é', 512)$$) r;

CALL fill_cart(44, 'ON', NULL, '{"FLOWER": 1}');
SELECT refused_with(till(44, $$discount => 20, discount_reason => 'x'$$), '22023', 'the discount is more than the items cost',
                    '{"code": "discount_too_large", "discount": "20.00", "subtotal": "19.99"}', 'more than the items cost', 'shop_staff');
SELECT refused(till(44, arguments), '22023', 'invalid_argument', arguments, 'shop_staff')
FROM (VALUES
    ($$discount => 1$$), ($$discount => 1, discount_reason => ''$$), ($$discount => 1, discount_reason => '   '$$),
    ($$discount => 1, discount_reason => repeat('x', 1025)$$), ($$discount => 1, discount_reason => repeat('é', 513)$$),
    ($$discount => 0, discount_reason => 'x'$$), ($$discount => 0.004, discount_reason => 'x'$$), ($$discount => -1, discount_reason => 'x'$$),
    ($$discount => 'NaN', discount_reason => 'x'$$), ($$discount => 'Infinity', discount_reason => 'x'$$), ($$discount => 1e10, discount_reason => 'x'$$),
    ($$discount => 1, discount_reason => 'x', promo_code => 'SAVE10'$$), ($$discount_reason => 'x'$$)
) AS c (arguments);
SELECT refused(till(44, $$discount => 30, discount_reason => 'x', payments => '[{"type": "cash", "amount": "1"}]'$$), '22023', 'discount_too_large',
               'is found before the payments', 'shop_staff');
SELECT is(summary(r), 'delivered captured cash 21.46 due 21.45 change 0.00', 'with the promo code '''' it is no contradiction')
FROM sold(44, $$discount => 1, discount_reason => 'x', promo_code => '', expected_total => 21.46$$) r;

-- The preview: calc_order_totals has the same arithmetic, for whoever may check out, and writes nothing.
CALL fill_cart(45, 'ON', 'ann', '{"FLOWER": 2}', 'SAVE10');
CREATE FUNCTION preview(options jsonb, how text DEFAULT 'in_store', code text DEFAULT NULL, number integer DEFAULT 45) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', t.subtotal, t.discount, t.tax, t.total, 'due', t.amount_due, t.promo_code, nullif(t.problems, '[]'))
    FROM weedgo.calc_order_totals(store('ON'), cart(number), customer('ann'), delivery_type => how, promo_code => code, options => preview.options) t
$$;
SELECT is(preview(options::jsonb, code => code), expected, options)
FROM (VALUES
    ('{"discount": "5.00"}', NULL, '39.98 5.00 4.55 39.53 due 39.53'),
    ('{"discount": 4.995}', '', '39.98 5.00 4.55 39.53 due 39.53'),
    ('{"discount": "5.00", "payment_type": "cash"}', NULL, '39.98 5.00 4.55 39.53 due 39.55'),
    ('{"payment_type": "cash"}', NULL, '39.98 4.00 4.68 40.66 due 40.65 SAVE10'),
    ('{"payment_type": "visa"}', NULL, '39.98 4.00 4.68 40.66 due 40.66 SAVE10'),
    ('{"discount": "39.99"}', NULL, '39.98 39.98 0.00 0.00 due 0.00 [{"code": "discount_too_large", "discount": "39.99", "subtotal": "39.98"}]')
) AS p (options, code, expected);
SELECT is((SELECT details #> '{pricing,discount_by_hand}' FROM weedgo.calc_order_totals(store('ON'), cart(45), customer('ann'), delivery_type => 'in_store', options => '{"discount": 1}')),
          '{"amount": "1.00"}', 'it says what it was made of');
SELECT refused(format($$SELECT weedgo.calc_order_totals(store('ON'), cart(45), customer('ann'), delivery_type => %L, promo_code => %L, options => %L)$$, how, code, options),
               '22023', 'invalid_argument', concat_ws(' ', how, code, left(options, 40)))
FROM (VALUES
    ('pickup', NULL, '{"discount": "5.00"}'), ('delivery', NULL, '{"discount": "5.00"}'), ('pickup', NULL, '{"payment_type": "cash"}'),
    ('in_store', 'SAVE10', '{"discount": "5.00"}'),
    ('in_store', NULL, '{"discount": 0}'), ('in_store', NULL, '{"discount": "0.00"}'), ('in_store', NULL, '{"discount": -1}'),
    ('in_store', NULL, '{"discount": "-1"}'), ('in_store', NULL, '{"discount": "five"}'), ('in_store', NULL, '{"discount": ""}'), ('in_store', NULL, '{"discount": "NaN"}'),
    ('in_store', NULL, '{"discount": null}'), ('in_store', NULL, '{"discount": true}'), ('in_store', NULL, '{"discount": [1]}'),
    ('in_store', NULL, '{"discount": 1e10}'), ('in_store', NULL, '{"discount": "1 OR true"}'),
    ('in_store', NULL, '{"payment_type": ""}'), ('in_store', NULL, '{"payment_type": 1}'), ('in_store', NULL, '{"payment_type": null}'),
    ('in_store', NULL, jsonb_build_object('payment_type', repeat('x', 256))::text),
    ('in_store', NULL, '{"discount_reason": "x"}')
) AS p (how, code, options);
-- And no other function takes one, nor can who only may check out get at this one.
SELECT refused(format('SELECT weedgo.checkout_cart(store(''ON''), cart(45), customer(''ann''), delivery_type => ''in_store'', options => %L)', options), '22023',
               'invalid_argument', 'checkout_cart takes no ' || options)
FROM (VALUES ('{"discount": "5.00"}'), ('{"discount_reason": "x"}'), ('{"payment_type": "cash"}')) AS o (options);
SELECT refused(till(45, $$customer('ann'), discount => 5, discount_reason => 'me'$$), '42501', NULL, 'who may check out cannot call it', r)
FROM unnest(ARRAY['shop_app', 'shop_reader', 'shop_nobody']) r;
SELECT invariants_hold('every invariant holds');
SELECT is_empty(format('SELECT * FROM weedgo.verify_audit(store(%L))', s), 'and the audit of ' || s) FROM unnest(ARRAY['ON', 'QC']) s;
-- Changed by hand it is found.
SAVEPOINT tampered;
UPDATE weedgo_data.orders SET pricing = jsonb_set(pricing, '{discount_by_hand,amount}', '"4.99"') WHERE order_id = order_of(40);
SELECT is((SELECT array_agg(problem) FROM weedgo.verify_invariants()), ARRAY['the discount cannot be derived'], 'another discount by hand does not derive');
SELECT is((SELECT count(*)::integer FROM weedgo.verify_audit(store('ON'))), 1, 'and is not what was written');
UPDATE weedgo_data.orders SET pricing = pricing - 'discount_by_hand' WHERE order_id = order_of(40);
SELECT is((SELECT array_agg(problem) FROM weedgo.verify_invariants()), ARRAY['the discount cannot be derived'], 'nor does none');
ROLLBACK TO tampered;

-- Refunds see what was paid.
SELECT is((SELECT concat_ws(' ', amount, new_payment_status) FROM weedgo.refund_order(store('QC'), order_of(41), '[{"sku": "PIPE", "quantity": 1}]', true, NULL, 'r-41')),
          '23.76 partially_refunded', 'what was paid for the pipe comes back: 24.99 - 4.32 + 3.09');
SELECT is(shelf('PIPE', 'QC'), '1000/0', 'and the pipe');

-- Refusals of a checkout: the same, and nothing is left behind ---------------------------------------------------

CALL fill_cart(50, 'ON', 'ann', '{"FLOWER": 2}');
SELECT refused(till(50), 'WG001', 'cart_not_found', 'another customer''s cart', 'shop_staff');
SELECT refused(till(99), 'WG001', 'cart_not_found', 'no such cart', 'shop_staff');
SELECT refused(till(1), 'WG002', 'cart_not_active', 'a cart that was sold', 'shop_staff');
CALL fill_cart(51, 'ON', NULL, '{}');
SELECT refused(till(51), 'WG003', 'cart_empty', 'an empty cart', 'shop_staff');
SELECT refused(till(50, $$customer('ann'), 'ann-lost', '[{"type": "visa", "amount": "45.18", "reference": "v"}]'$$), 'WG004', 'payment_method_invalid',
               'a method that cannot be used', 'shop_staff');
CALL fill_cart(52, 'ON', NULL, '{"FEW": 4}');
SELECT refused_with(till(52), 'WG005', 'items of the cart are not available',
                    '{"code": "items_unavailable", "items": [{"sku": "FEW", "reason": "insufficient_stock", "requested": 4, "available": 3}]}', 'too few are left', 'shop_staff');
SELECT refused(till(50, $$customer('ann'), promo_code => 'OFF'$$), 'WG006', 'promo_invalid', 'a promo code that cannot be used', 'shop_staff');
SELECT refused(till(50, $$customer('ann'), expected_total => 45.17$$), 'WG007', 'total_changed', 'another total was expected', 'shop_staff');
SELECT refused(till(50, $$customer('nobody')$$), 'WG001', 'cart_not_found', 'a customer that is not the cart''s', 'shop_staff');
CALL fill_cart(53, 'CLOSED', NULL, '{"FLOWER": 2}');
SELECT refused(till(53, '', 'CLOSED'), 'WG014', 'checkout_paused', 'a store that takes no orders', 'shop_staff');
CALL set_policies('{"purchase_limit_mg": 6999}');
SELECT refused(till(50, $$customer('ann')$$), 'WG010', 'purchase_limit_exceeded', 'too much for one person', 'shop_staff');
CALL set_policies('{"hours": {}, "closed_on": []}');
SELECT refused(till(50, $$customer('ann')$$), 'WG012', 'store_closed', 'the store is closed', 'shop_staff');
CALL set_policies('{"min_age": 19}');
CALL fill_cart(54, 'ON', NULL, '{"FLOWER": 2}');
SELECT refused(till(54, $$customer('kid'), options => '{"age_checked": true}'$$), 'WG011', 'age_not_verified', 'under age, whoever looked', 'shop_staff');
SELECT refused(till(54), 'WG011', 'age_not_verified', 'a guest nobody has looked at', 'shop_staff');
SELECT is(summary(r) || ' ' || (r.details ->> 'age_checked'), 'delivered captured cash 39.53 due 39.55 change 0.00 true', 'a guest the cashier has looked at')
FROM sold(54, $$options => '{"age_checked": true}', discount => 5, discount_reason => 'x'$$) r;
SELECT is((SELECT details FROM weedgo_data.order_events WHERE order_id = order_of(54) AND event = 'created'),
          '{"age_checked": true, "discount_by_hand": {"amount": "5.00", "reason": "x"}}', 'both are in the first event');
CALL set_policies('{"purchase_limit_mg": 10000, "purchase_limit_per_day": true}');
CALL fill_cart(55, 'ON', 'ann', '{"FLOWER": 2}');
SELECT is(r.status, 'delivered', 'what is sold counts on the customer''s day') FROM sold(55, $$customer('ann')$$) r;
SELECT refused(till(50, $$customer('ann')$$), 'WG010', 'purchase_limit_exceeded', 'of which there is too much then', 'shop_staff');
CALL set_policies('{}');
SELECT invariants_hold('every invariant holds');

-- Holds: what the cart holds is sold, all of it or some.
CALL fill_cart(60, 'ON', NULL, '{"FEW": 3, "ROLLS": 2}');
SELECT weedgo.reserve_inventory(store('ON'), cart(60)) \g /dev/null
SELECT is(shelf('FEW') || ' ' || shelf('ROLLS'), '0/3 998/2', 'a cart that holds the last three');
CALL fill_cart(60, 'ON', NULL, '{"FEW": 3, "PIPE": 1}');
SELECT is(r.status, 'delivered', 'and is changed, is sold') FROM sold(60) r;
SELECT is(shelf('FEW') || ' ' || shelf('ROLLS') || ' ' || shelf('PIPE'), '0/0 1000/0 997/0', 'what it held is gone or given back');
SELECT is_empty('SELECT FROM weedgo_data.holds', 'no hold is left');
SELECT invariants_hold('every invariant holds');

-- Once ------------------------------------------------------------------------------------------------------------

CALL fill_cart(70, 'ON', 'ann', '{"FLOWER": 2}');
SELECT $$customer('ann'), payments => '[{"type": "cash", "amount": "50"}, {"type": "visa", "amount": "9.53", "reference": "v-70"}]', discount => 5, discount_reason => 'a regular', idempotency_key => 'seventy'$$ AS call \gset
CREATE TEMP TABLE first AS SELECT r FROM sold(70, :'call') r;
CREATE TEMP TABLE before AS SELECT books() AS books;
SELECT is(summary(r), 'delivered captured split 39.53 due 39.53 change 20.00', 'a sale with a key') FROM first;
CREATE TEMP TABLE again AS SELECT * FROM sold(70, :'call');
SELECT is(to_jsonb(a), (SELECT to_jsonb(r) || '{"replayed": true}' FROM first), 'again, it is the same receipt, change included') FROM again a;
SELECT is(books(), (SELECT books FROM before), 'and nothing else happens');
SELECT refused(till(70, arguments), 'WG008', 'idempotency_mismatch', 'WG008: ' || name, 'shop_staff')
FROM (VALUES
    ('another discount', replace(:'call', 'discount => 5', 'discount => 6')), ('another reason', replace(:'call', 'regular', 'friend')),
    ('another payment', replace(:'call', '"50"', '"60"')), ('no discount', replace(:'call', 'discount => 5, discount_reason => ''a regular'',', '')),
    ('a payment left out', regexp_replace(:'call', 'payments => ''[^'']*'',', '')), ('a tip', :'call' || ', tip => 1')
) AS c (name, arguments);
SELECT refused(format($$SELECT weedgo.checkout_cart(store('ON'), cart(70), customer('ann'), delivery_type => 'in_store', order_source => 'pos', actor_id => %L,
                        idempotency_key => 'seventy')$$, customer('ben')), 'WG008', 'idempotency_mismatch', 'WG008: a checkout of it is another request');
CALL fill_cart(71, 'ON', 'ann', '{"FLOWER": 2}');
SELECT weedgo.checkout_cart(store('ON'), cart(71), customer('ann'), delivery_type => 'in_store', order_source => 'pos', actor_id => customer('ben'),
                            idempotency_key => 'seventy-one') \g /dev/null
SELECT refused(till(71, $$customer('ann'), idempotency_key => 'seventy-one'$$), 'WG008', 'idempotency_mismatch', 'WG008: and the other way round', 'shop_staff');
SELECT weedgo.refund_order(store('ON'), order_of(70), provider_reference => 'r-70') \g /dev/null
SELECT is(summary(r), 'delivered refunded split 39.53 due 39.53 change 20.00 (replayed)', 'later the statuses are the present ones') FROM sold(70, :'call') r;
DELETE FROM weedgo_data.cart_items WHERE cart_id = cart(70);
DELETE FROM weedgo_data.carts WHERE cart_id = cart(70);
SELECT is(summary(r), 'delivered refunded split 39.53 due 39.53 change 20.00 (replayed)', 'even when the cart was cleaned away') FROM sold(70, :'call') r;
-- A sale that did not come about leaves its key free.
CALL fill_cart(72, 'ON', NULL, '{"FLOWER": 2}');
SELECT refused(till(72, $$payments => '[{"type": "cash", "amount": "1"}]', idempotency_key => 'k'$$), '22023', 'payments_do_not_match', 'too little', 'shop_staff');
SELECT is(r.replayed, false, 'then enough, with the same key') FROM sold(72, $$idempotency_key => 'k'$$) r;
SELECT is(weedgo.cancel_order(store('ON'), order_of(71)) IS NOT NULL, true, '(the other is called off)');
SELECT invariants_hold('every invariant holds');

-- Bad input -------------------------------------------------------------------------------------------------------

CALL fill_cart(80, 'ON', 'ann', '{"FLOWER": 2}');
SELECT refused(format('SELECT weedgo.sell_in_store(%s)', arguments), '22023', 'invalid_argument', 'no NULL: ' || arguments, 'shop_staff')
FROM (VALUES ($$NULL, cart(80), customer('ben')$$), ($$store('ON'), NULL, customer('ben')$$), ($$store('ON'), cart(80), NULL$$)) AS c (arguments);
SELECT is(summary(r), 'delivered captured cash 45.18 due 45.20 change 0.00', 'NULL means the default')
FROM sold(80, $$customer('ann'), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL$$) r;
CALL fill_cart(81, 'ON', 'ann', '{"FLOWER": 2}');
SELECT refused(till(81, $$customer('ann'), payments => $$ || quote_literal(payments)), '22023', 'invalid_argument', 'payments ' || left(payments, 60), 'shop_staff')
FROM (VALUES
    ('{}'), ('1'), ('null'), ('"cash"'), ('[]'), ('[1]'), ('["cash"]'), ('[null]'), ('[[]]'), ('[{}]'),
    ('[{"type": "cash"}]'), ('[{"amount": "50"}]'), ('[{"type": "cash", "amount": null}]'), ('[{"type": null, "amount": "50"}]'),
    ('[{"type": "", "amount": "50"}]'), ('[{"type": 1, "amount": "50"}]'), ('[{"type": "cash", "amount": "0"}]'), ('[{"type": "cash", "amount": 0.004}]'),
    ('[{"type": "cash", "amount": "-50"}]'), ('[{"type": "cash", "amount": "fifty"}]'), ('[{"type": "cash", "amount": "NaN"}]'), ('[{"type": "cash", "amount": ""}]'),
    ('[{"type": "cash", "amount": "1e3"}]'), ('[{"type": "cash", "amount": 1e10}]'), ('[{"type": "cash", "amount": [50]}]'),
    ('[{"type": "cash", "amount": "50", "reference": "r"}]'), ('[{"type": "visa", "amount": "45.18"}]'),
    ('[{"type": "visa", "amount": "45.18", "reference": null}]'), ('[{"type": "visa", "amount": "45.18", "reference": ""}]'),
    ('[{"type": "visa", "amount": "45.18", "reference": 7}]'), ('[{"type": "visa", "amount": "45.18", "refrence": "r"}]'),
    ('[{"type": "cash", "amount": "50", "currency": "CAD"}]'), ('[{"type": "cash", "amount": "20"}, {"type": "cash", "amount": "30"}]'),
    ('[{"type": "visa", "amount": "20", "reference": "r"}, {"type": "visa", "amount": "25.18", "reference": "r"}]'),
    (jsonb_build_array(jsonb_build_object('type', 'visa', 'amount', '45.18', 'reference', repeat('r', 256)))::text),
    (jsonb_build_array(jsonb_build_object('type', repeat('v', 256), 'amount', '45.18', 'reference', 'r'))::text),
    (jsonb_build_array(jsonb_build_object('type', repeat('v', 1000000), 'amount', '45.18', 'reference', 'r'))::text),
    ((SELECT jsonb_agg(jsonb_build_object('type', 'gift', 'amount', '2.15', 'reference', 'g' || n))::text FROM generate_series(1, 21) n))
) AS p (payments);
SELECT refused(till(81, $$customer('ann'), $$ || arguments), '22023', 'invalid_argument', left(arguments, 60), 'shop_staff')
FROM (VALUES
    ('''ann-card'''), ('''ann-cash'''), ('payment_method_id => repeat(''x'', 256)'), ('tip => -1'), ('tip => ''NaN'''), ('tip => 1e10'), ('expected_total => -1'),
    ('idempotency_key => '''''), ('idempotency_key => repeat(''k'', 256)'), ('promo_code => repeat(''X'', 65)'), ('metadata => ''[]'''), ('metadata => ''1'''),
    ('options => ''[]'''), ('options => ''{"discount": 1}'''), ('options => ''{"age_checked": "yes"}'''), ('options => ''{"age_checked": null}''')
) AS c (arguments);
SELECT refused(till(81, $$customer('ann'), tip => 9999999999.99$$), '22003', 'amount_overflow', 'a tip beyond all bounds', 'shop_staff');
SELECT refused_with('SET LOCAL transaction_read_only = on; ' || till(81), '25006', 'cannot execute sell_in_store() in a read-only transaction',
                    '{"code": "read_only"}', '25006', 'shop_staff');
SELECT is(count(*)::integer, 1, 'twenty payments are not too many')
FROM sold(81, format('customer(''ann''), payments => %L', (SELECT jsonb_agg(jsonb_build_object('type', 'gift', 'reference', 'g' || n,
                                                    'amount', CASE n WHEN 1 THEN '7.18' ELSE '2.00' END)) FROM generate_series(1, 20) n)));
SELECT invariants_hold('every invariant holds');
SELECT is_empty(format('SELECT * FROM weedgo.verify_audit(store(%L))', s), 'and the audit of ' || s) FROM unnest(ARRAY['ON', 'QC']) s;

SELECT * FROM finish();
ROLLBACK;
