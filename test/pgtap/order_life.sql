-- After checkout: moves of orders, what they do to stock and promo codes, payments in any order.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();

-- Roles that cannot read orders use it, too.
ALTER FUNCTION order_of(integer) SECURITY DEFINER;

-- Stock of a sku as available/reserved/uses of SAVE10.
CREATE FUNCTION shelf(what text, store_name text DEFAULT 'ON') RETURNS text LANGUAGE sql AS $$
    SELECT s.available || '/' || s.reserved || '/' || coalesce((SELECT used FROM weedgo_data.promo_counters c
                                                                 WHERE c.store_id = s.store_id AND c.code = 'SAVE10'), 0)
    FROM weedgo_data.stock s WHERE s.store_id = store(store_name) AND s.sku = what
$$;
CREATE PROCEDURE sell(number integer, items jsonb, how text DEFAULT 'pickup', promo text DEFAULT NULL, method text DEFAULT NULL)
LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.fill_cart(number, 'ON', 'ann', items, promo);
    PERFORM weedgo.checkout_cart(store('ON'), cart(number), customer('ann'), method, how, '{"street": "1 Main"}');
END
$$;
CREATE FUNCTION advance(number integer, to_status text) RETURNS text LANGUAGE sql AS $$
    SELECT old_status || ' > ' || new_status || CASE WHEN changed THEN '' ELSE ' (already)' END
    FROM weedgo.advance_order(store('ON'), order_of(number), to_status)
$$;
CREATE FUNCTION events(number integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(event || ' ' || coalesce(from_status || '>', '') || coalesce(to_status, ''), ', ' ORDER BY seq)
    FROM weedgo_data.order_events WHERE order_id = order_of(number)
$$;

-- The usual ways of an order ------------------------------------------------------------------------------

SELECT is(shelf('FLOWER'), '1000/0/0', 'before');
CALL sell(1, '{"FLOWER": 2, "GUMMY": 1}', 'pickup', 'SAVE10');
SELECT is(shelf('FLOWER'), '998/2/1', 'an order has its stock and its use of the promo code');
SELECT is(advance(1, 'confirmed'), 'pending > confirmed', 'it is confirmed');
SELECT is(advance(1, 'confirmed'), 'confirmed > confirmed (already)', 'confirming again changes nothing');
SELECT is(advance(1, 'preparing'), 'confirmed > preparing', 'it is prepared');
SELECT is(advance(1, 'ready'), 'preparing > ready', 'and ready');
SELECT is(shelf('FLOWER'), '998/2/1', 'all that while its stock is reserved');
SELECT results_eq($$SELECT old_status, new_status, changed FROM weedgo.fulfil_order(store('ON'), order_of(1), customer('ben'), 'at the counter')$$,
                  $$VALUES ('ready', 'delivered', true)$$, 'it is handed over');
SELECT is(shelf('FLOWER'), '998/0/1', 'what was reserved is gone');
SELECT results_eq($$SELECT old_status, changed FROM weedgo.fulfil_order(store('ON'), order_of(1))$$, $$VALUES ('delivered', false)$$,
                  'handing it over again changes nothing');
SELECT is(shelf('FLOWER'), '998/0/1', 'in stock either');
SELECT is(events(1), 'created pending, moved pending>confirmed, moved confirmed>preparing, moved preparing>ready, moved ready>delivered',
          'every move is in its events, once');
SELECT results_eq($$SELECT seq, actor_id, reason FROM weedgo_data.order_events WHERE order_id = order_of(1) AND to_status = 'delivered'$$,
                  $$VALUES (5, customer('ben'), 'at the counter')$$, 'with actor and reason');
SELECT invariants_hold('every invariant holds');

CALL sell(2, '{"FLOWER": 3, "PIPE": 1}', 'delivery', 'SAVE10');
SELECT is(shelf('FLOWER'), '995/3/2', 'an order to be delivered');
SELECT advance(2, s) FROM unnest(ARRAY['confirmed', 'ready', 'out_for_delivery', 'ready', 'out_for_delivery']) s \g /dev/null
SELECT is(events(2), 'created pending, moved pending>confirmed, moved confirmed>ready, moved ready>out_for_delivery, '
                     'moved out_for_delivery>ready, moved ready>out_for_delivery', 'goes out twice where nobody was there');
SELECT results_eq($$SELECT old_status, new_status, changed FROM weedgo.cancel_order(store('ON'), order_of(2), NULL, 'refused at the door')$$,
                  $$VALUES ('out_for_delivery', 'cancelled', true)$$, 'and can be called off until it is handed over');
SELECT is(shelf('FLOWER'), '998/0/1', 'its stock is available again, its use of the promo code given back');
SELECT is(shelf('PIPE'), '1000/0/1', 'of every line');
SELECT is((SELECT used FROM weedgo_data.promo_customers WHERE code = 'SAVE10' AND customer_id = customer('ann')), 1, 'the customer''s use, too');
SELECT results_eq($$SELECT old_status, changed FROM weedgo.cancel_order(store('ON'), order_of(2))$$, $$VALUES ('cancelled', false)$$,
                  'calling it off again changes nothing');
SELECT is(shelf('FLOWER'), '998/0/1', 'and gives nothing back twice');
SELECT invariants_hold('every invariant holds');

CALL sell(3, '{"FLOWER": 1}', 'in_store');
SELECT results_eq($$SELECT old_status, new_status, changed FROM weedgo.fulfil_order(store('ON'), order_of(3))$$,
                  $$VALUES ('pending', 'delivered', true)$$, 'in the store an order is handed over at once');
SELECT is(shelf('FLOWER'), '997/0/1', 'and its stock is gone');

-- WG013: every move that the table does not have, and nothing happens ---------------------------------------

CREATE FUNCTION tried(number integer, to_status text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    problem record;
BEGIN
    SELECT * INTO problem FROM fixture.refusal(format('SELECT weedgo.advance_order(%L, %L, %L)', store('ON'), order_of(number), to_status), 'shop_staff');
    RETURN concat_ws(' ', problem.state, problem.detail::jsonb ->> 'code');
END
$$;
-- An order of each kind in each state; then every move is tried.
CREATE TEMP TABLE states AS
    SELECT row_number() OVER ()::integer + 100 AS number, how, path
    FROM (VALUES ('pickup', '{}'::text[]), ('pickup', '{confirmed}'), ('pickup', '{confirmed,preparing}'), ('pickup', '{confirmed,ready}'),
                 ('pickup', '{confirmed,ready,delivered}'), ('pickup', '{cancelled}'),
                 ('delivery', '{}'), ('delivery', '{confirmed}'), ('delivery', '{confirmed,preparing}'), ('delivery', '{confirmed,ready}'),
                 ('delivery', '{confirmed,ready,out_for_delivery}'), ('delivery', '{confirmed,ready,out_for_delivery,delivered}'),
                 ('delivery', '{cancelled}'),
                 ('in_store', '{}'), ('in_store', '{confirmed}'), ('in_store', '{confirmed,preparing}'), ('in_store', '{confirmed,ready}'),
                 ('in_store', '{delivered}'), ('in_store', '{cancelled}')) AS s (how, path);
GRANT SELECT ON states TO PUBLIC;
DO $$
DECLARE
    s record;
    step text;
BEGIN
    FOR s IN SELECT * FROM states ORDER BY number LOOP
        CALL fixture.sell(s.number, '{"GUMMY": 1}', s.how);
        FOREACH step IN ARRAY s.path LOOP
            PERFORM fixture.advance(s.number, step);
        END LOOP;
    END LOOP;
END
$$;
CREATE FUNCTION allowed(how text, from_status text) RETURNS text[] LANGUAGE sql AS $$
    SELECT CASE from_status
        WHEN 'pending'          THEN CASE how WHEN 'in_store' THEN '{cancelled,confirmed,delivered}' ELSE '{cancelled,confirmed}' END
        WHEN 'confirmed'        THEN CASE how WHEN 'in_store' THEN '{cancelled,delivered,preparing,ready}' ELSE '{cancelled,preparing,ready}' END
        WHEN 'preparing'        THEN '{cancelled,ready}'
        WHEN 'ready'            THEN CASE how WHEN 'delivery' THEN '{cancelled,out_for_delivery}' ELSE '{cancelled,delivered}' END
        WHEN 'out_for_delivery' THEN '{cancelled,delivered,ready}'
        ELSE '{}' END::text[]
$$;
SELECT is(ARRAY(SELECT t FROM unnest(ARRAY['cancelled', 'confirmed', 'delivered', 'out_for_delivery', 'preparing', 'ready']) t
                WHERE tried(s.number, t) = '00000' AND t <> o.status),
          allowed(s.how, o.status), format('from %s (%s) it goes where the table says', o.status, s.how))
FROM states s JOIN weedgo_data.orders o ON o.order_id = order_of(s.number);
SELECT is(ARRAY(SELECT DISTINCT tried(s.number, t) FROM states s, unnest(ARRAY['cancelled', 'confirmed', 'delivered', 'out_for_delivery', 'preparing', 'ready']) t
                ORDER BY 1),
          ARRAY['00000', 'WG013 order_transition_invalid'], 'and every other move is WG013');
SELECT refused_with($$SELECT weedgo.cancel_order(store('ON'), order_of(1))$$, 'WG013', 'the order cannot go from its state to that one',
                    jsonb_build_object('code', 'order_transition_invalid', 'order_id', order_of(1), 'from', 'delivered', 'to', 'cancelled', 'delivery_type', 'pickup'),
                    'WG013: what is delivered stays so', 'shop_staff');
SELECT refused_with($$SELECT weedgo.advance_order(store('ON'), order_of(102), 'out_for_delivery')$$, 'WG013', 'the order cannot go from its state to that one',
                    jsonb_build_object('code', 'order_transition_invalid', 'order_id', order_of(102), 'from', 'confirmed', 'to', 'out_for_delivery', 'delivery_type', 'pickup'),
                    'WG013: what is picked up never goes out for delivery', 'shop_staff');
SELECT invariants_hold('every invariant holds');

-- Other arguments
SELECT refused(format('SELECT weedgo.%s', call), '22023', code, call, 'shop_staff')
FROM (VALUES
    ($$advance_order(store('ON'), order_of(101), 'shipped')$$, 'invalid_argument'),
    ($$advance_order(store('ON'), order_of(101), 'pending')$$, 'invalid_argument'),
    ($$advance_order(store('ON'), order_of(101), 'expired')$$, 'invalid_argument'),
    ($$advance_order(store('ON'), order_of(101), NULL)$$, 'invalid_argument'),
    ($$advance_order(store('ON'), NULL, 'ready')$$, 'invalid_argument'),
    ($$advance_order(NULL, order_of(101), 'ready')$$, 'invalid_argument'),
    ($$advance_order(store('ON'), order_of(101), 'ready', options => '{"a": 1}')$$, 'invalid_argument'),
    ($$advance_order(store('ON'), order_of(101), 'ready', reason => repeat('x', 1025))$$, 'invalid_argument'),
    ($$advance_order(store('ON'), cart(1), 'ready')$$, 'order_unknown'),
    ($$advance_order(store('QC'), order_of(101), 'ready')$$, 'order_unknown'),
    ($$cancel_order(store('ON'), order_of(101), options => '{"a": 1}')$$, 'invalid_argument'),
    ($$fulfil_order(store('ON'), order_of(101), options => '[]')$$, 'invalid_argument'),
    ($$record_payment(store('ON'), order_of(101), 'captured', 1, 'r', options => '{"a": 1}')$$, 'invalid_argument'),
    ($$cancel_order(store('QC'), order_of(101))$$, 'order_unknown'),
    ($$fulfil_order(store('ON'), cart(1))$$, 'order_unknown'),
    ($$expire_orders(store('ON'), 0)$$, 'invalid_argument'),
    ($$expire_orders(store('ON'), unpaid_for => '0')$$, 'invalid_argument'),
    ($$expire_orders(store('ON'), unpaid_for => '-1 hour')$$, 'invalid_argument'),
    ($$record_payment(store('ON'), order_of(101), 'stolen', 1, 'r')$$, 'invalid_argument'),
    ($$record_payment(store('ON'), order_of(101), NULL, 1, 'r')$$, 'invalid_argument'),
    ($$record_payment(store('ON'), order_of(101), 'captured', NULL, 'r')$$, 'invalid_argument'),
    ($$record_payment(store('ON'), order_of(101), 'captured', 0, 'r')$$, 'invalid_argument'),
    ($$record_payment(store('ON'), order_of(101), 'captured', -1, 'r')$$, 'invalid_argument'),
    ($$record_payment(store('ON'), order_of(101), 'captured', 'NaN', 'r')$$, 'invalid_argument'),
    ($$record_payment(store('ON'), order_of(101), 'captured', 1)$$, 'invalid_argument'),
    ($$record_payment(store('ON'), order_of(101), 'captured', 1, '')$$, 'invalid_argument'),
    ($$record_payment(store('ON'), order_of(101), 'captured', 1, repeat('x', 256))$$, 'invalid_argument'),
    ($$record_payment(store('ON'), cart(1), 'captured', 1, 'r')$$, 'order_unknown')
) AS c (call, code);
SELECT refused(format('SELECT weedgo.%s', call), '42501', NULL, 'a checkout application cannot call ' || call)
FROM (VALUES ($$advance_order(store('ON'), order_of(101), 'ready')$$), ($$cancel_order(store('ON'), order_of(101))$$),
             ($$fulfil_order(store('ON'), order_of(101))$$), ($$expire_orders()$$),
             ($$record_payment(store('ON'), order_of(101), 'captured', 1, 'r')$$)) AS c (call);

-- Orders whose payment never came ----------------------------------------------------------------------------

SELECT is((SELECT count(*)::integer FROM weedgo_data.orders WHERE payment_method_id IS NOT NULL), 0, 'nothing was to be paid in advance yet');
CALL sell(200, '{"FLOWER": 5}', 'pickup', 'SAVE10', 'ann-card');
CALL sell(201, '{"FLOWER": 5, "ROLLS": 1}', 'delivery', 'SAVE10', 'ann-card');
CALL sell(202, '{"FLOWER": 5}', 'pickup', 'SAVE10', 'ann-card');
CALL sell(203, '{"FLOWER": 5}', 'pickup', 'SAVE10', 'ann-cash');
CALL sell(204, '{"FLOWER": 5}', 'pickup', 'SAVE10');
CALL sell(205, '{"FLOWER": 5}', 'pickup', 'SAVE10', 'ann-card');
CALL sell(206, '{"FLOWER": 5}', 'pickup', 'SAVE10', 'ann-card');
SELECT advance(206, 'confirmed') \g /dev/null
SELECT weedgo.record_payment(store('ON'), order_of(205), 'captured', amount_due, 'paid 205') FROM weedgo_data.orders WHERE order_id = order_of(205) \g /dev/null
SELECT weedgo.record_payment(store('ON'), order_of(202), 'failed', NULL, 'failed 202') \g /dev/null
SELECT is(shelf('FLOWER'), '962/35/8', 'seven more orders');
SELECT is(weedgo.expire_orders(store('ON')), 0, 'nothing is overdue');
UPDATE weedgo_data.orders SET created_at = created_at - interval '31 minutes' WHERE payment_method_id IS NOT NULL OR order_id IN (order_of(204), order_of(101));
SELECT is(weedgo.expire_orders(store('QC')), 0, 'nor in another store');
SELECT is(weedgo.expire_orders(store('ON'), unpaid_for => '32 minutes'), 0, 'nor by a longer limit');
SELECT is(weedgo.expire_orders(store('ON'), 1), 1, 'one at a time');
SELECT is(weedgo.expire_orders(), 2, 'and the others of all stores');
SELECT is(weedgo.expire_orders(), 0, 'once');
SELECT results_eq($$SELECT n FROM generate_series(200, 206) n JOIN weedgo_data.orders o ON o.order_id = order_of(n) WHERE o.status = 'expired' ORDER BY n$$,
                  ARRAY[200, 201, 202], 'those that a card was to pay and did not; not in cash, at pickup, paid, or confirmed');
SELECT is(shelf('FLOWER'), '977/20/5', 'their stock and uses of the promo code are given back');
SELECT is(shelf('ROLLS'), '1000/0/5', 'of every line');
SELECT is(events(201), 'created pending, moved pending>expired', 'it is in their events');
SELECT is((tried(200, 'confirmed')), 'WG013 order_transition_invalid', 'what has expired stays so');
SAVEPOINT before_gift;
INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value) VALUES (store('ON'), 'GIFT', 'percentage', 100);
CALL sell(207, '{"FLOWER": 5}', 'pickup', 'GIFT', 'ann-card');
UPDATE weedgo_data.orders SET created_at = created_at - interval '31 minutes' WHERE order_id = order_of(207);
SELECT is(weedgo.expire_orders(), 0, 'what costs nothing waits for no payment');
ROLLBACK TO before_gift;
SELECT invariants_hold('every invariant holds');

-- Payments ----------------------------------------------------------------------------------------------------

CREATE FUNCTION pay(number integer, event text, amount numeric, reference text, type text DEFAULT 'credit') RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', old_payment_status || ' > ' || new_payment_status, CASE WHEN NOT recorded THEN '(known)' END,
                     CASE WHEN change > 0 THEN 'change ' || change END)
    FROM weedgo.record_payment(store('ON'), order_of(number), event, amount, reference, type)
$$;
CREATE FUNCTION payment_status(number integer) RETURNS text LANGUAGE sql AS 'SELECT payment_status FROM weedgo_data.orders WHERE order_id = order_of(number)';

CALL sell(300, '{"FLOWER": 2}');
SELECT is(pay(300, 'authorized', 45.18, 'a-300'), 'pending > authorized', 'a card is authorized');
SELECT is(pay(300, 'authorized', 45.18, 'a-300'), 'authorized > authorized (known)', 'a report that comes again is known');
SELECT is(pay(300, 'captured', 45.18, 'a-300'), 'authorized > captured', 'then captured, under the same reference');
SELECT is(pay(300, 'captured', 45.18, 'a-300'), 'captured > captured (known)', 'once');
SELECT is(pay(300, 'refunded', 10.00, 'r-1'), 'captured > partially_refunded', 'a part is refunded');
SELECT is(pay(300, 'refunded', 35.18, 'r-2'), 'partially_refunded > refunded', 'and the rest');
SELECT is((SELECT count(*)::integer FROM weedgo_data.payments WHERE order_id = order_of(300)), 4, 'four reports are kept');
SELECT is((SELECT jsonb_agg(details ->> 'to_payment_status' ORDER BY seq) FROM weedgo_data.order_events WHERE order_id = order_of(300) AND event = 'payment'),
          '["authorized", "captured", "partially_refunded", "refunded"]', 'and in its events');
SELECT refused(format('SELECT weedgo.record_payment(%L, %L, %L, %s, %L)', store('ON'), order_of(number), 'captured', amount, 'a-300'), '22023', 'invalid_argument',
               'a reference is of one amount of one order', 'shop_staff')
FROM (VALUES (300, 45.19), (101, 45.18)) AS c (number, amount);

-- Whatever the order of arrival, the same comes of it.
CREATE FUNCTION after_all(numbers integer[], base integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    n integer;
BEGIN
    CALL fixture.sell(base, '{"FLOWER": 2}');
    FOREACH n IN ARRAY numbers LOOP
        PERFORM fixture.pay(base, (ARRAY['authorized', 'captured', 'failed', 'refunded'])[n], (ARRAY[45.18, 45.18, 0, 5.00])[n], base || '-' || n);
    END LOOP;
    RETURN fixture.payment_status(base);
END
$$;
SELECT is(after_all(ARRAY[a, b, c, d], 1000 + a * 100 + b * 10 + c), 'partially_refunded', format('reports in the order %s %s %s %s', a, b, c, d))
FROM generate_series(1, 4) a, generate_series(1, 4) b, generate_series(1, 4) c, generate_series(1, 4) d
WHERE a NOT IN (b, c, d) AND b NOT IN (c, d) AND c <> d;

-- Several payments make up one; cash gives change.
CALL sell(301, '{"FLOWER": 2}');
SELECT is(pay(301, 'captured', 20.00, 'c-1'), 'pending > pending', 'a card pays a part');
SELECT is(pay(301, 'captured', 40.00, NULL, 'cash'), 'pending > captured change 14.82', 'cash the rest, and there is change');
SELECT is((SELECT captured::text FROM weedgo.record_payment(store('ON'), order_of(301), 'failed', NULL, 'late')), '45.18', 'no more than what is due was taken');
SELECT results_eq($$SELECT amount, details FROM weedgo_data.payments WHERE order_id = order_of(301) AND payment_type = 'cash'$$,
                  $$VALUES (25.18, '{"tendered": "40.00", "change": "14.82"}'::jsonb)$$, 'what was given and given back is kept');
SELECT refused($$SELECT weedgo.record_payment(store('ON'), order_of(301), 'captured', 5, NULL, 'cash')$$, '22023', 'invalid_argument',
               'cash for an order that is paid is refused', 'shop_staff');
SELECT is(pay(301, 'captured', 5.00, 'c-2'), 'captured > captured', 'what a provider has taken is recorded, be it too much');
CALL sell(302, '{"FLOWER": 2}', 'pickup', NULL, 'ann-cash');
SELECT is(pay(302, 'captured', 45.20, NULL, 'cash'), 'pending > captured', 'cash is due in steps of five cents: 45.18 comes to 45.20');
SELECT invariants_hold('every invariant holds');

SELECT refused_with('SET LOCAL transaction_read_only = on; SELECT weedgo.' || call, '25006',
                    format('cannot execute %s() in a read-only transaction', split_part(call, '(', 1)),
                    '{"code": "read_only"}', '25006: ' || split_part(call, '(', 1), 'shop_staff')
FROM (VALUES ($$advance_order(store('ON'), order_of(101), 'confirmed')$$), ($$cancel_order(store('ON'), order_of(101))$$),
             ($$fulfil_order(store('ON'), order_of(101))$$), ($$expire_orders()$$),
             ($$record_payment(store('ON'), order_of(101), 'captured', 1, 'r')$$)) AS c (call);

SELECT * FROM finish();
ROLLBACK;
