-- inventory_report(): months computed by hand, and random histories against what the shelf said.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();
ALTER FUNCTION order_of(integer) SECURITY DEFINER;

-- Dates what has been entered since it was last called: everything until then is long past.
CREATE PROCEDURE it_was(at timestamptz) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE weedgo_data.stock_ledger SET recorded_at = at WHERE recorded_at >= now();
    UPDATE weedgo_data.order_events SET recorded_at = at WHERE recorded_at >= now();
END
$$;
CREATE FUNCTION items(VARIADIC pairs text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_agg(jsonb_build_object('sku', split_part(p, ' ', 1), 'quantity', split_part(p, ' ', 2)::bigint)) FROM unnest(pairs) p
$$;
CREATE PROCEDURE buy(number integer, items jsonb, delivery_type text, store_name text DEFAULT 'ON') LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.fill_cart(number, store_name, 'ann', items);
    PERFORM weedgo.checkout_cart(store(store_name), cart(number), customer('ann'), 'ann-card', delivery_type);
END
$$;
-- A sku's month: opening + received, returned, transferred, other - sold, destroyed, lost, returned, transferred, other = closing.
CREATE FUNCTION month_of(what text, month date, store_name text DEFAULT 'ON') RETURNS text LANGUAGE sql AS $$
    SELECT format('%s + %s %s %s %s - %s %s %s %s %s %s = %s', opening, received, returned_in, transferred_in, other_in,
                  sold, destroyed, lost, returned_out, transferred_out, other_out, closing)
    FROM weedgo.inventory_report(store(store_name), month) WHERE sku = what
$$;
-- The rows that do not add up, or are not what the records say.
CREATE FUNCTION not_in_order(store_id uuid, month date) RETURNS SETOF weedgo.inventory_line LANGUAGE sql AS $$
    SELECT * FROM weedgo.inventory_report(store_id, month)
    WHERE closing <> opening + received + returned_in + transferred_in + other_in - sold - destroyed - lost - returned_out - transferred_out - other_out
       OR closing_g <> opening_g + received_g + returned_in_g + transferred_in_g + other_in_g - sold_g - destroyed_g - lost_g - returned_out_g
                       - transferred_out_g - other_out_g
       OR least(received, returned_in, transferred_in, other_in, sold, destroyed, lost, returned_out, transferred_out, other_out) < 0
       OR unexplained <> 0
$$;

-- A shop's months, by hand ------------------------------------------------------------------------------------

-- The clocks of Toronto go forward on March 10 and back on November 3: March begins at 05:00 UTC and
-- ends at 04:00, November begins at 04:00 and ends at 05:00. 1000 FLOWER of 3500 mg were there in January.
CALL it_was('2024-01-15 12:00-05');
SELECT count(*) FROM weedgo.receive_stock(store('ON'), items('FLOWER 10')) \g /dev/null
CALL it_was('2024-02-29 23:59:59.999999-05');
CALL buy(1, '{"FLOWER": 4}', 'pickup');
SELECT weedgo.advance_order(store('ON'), order_of(1), s) FROM unnest(ARRAY['confirmed', 'ready']) s \g /dev/null
CALL it_was('2024-02-10 12:00-05');

SELECT count(*) FROM weedgo.receive_stock(store('ON'), items('FLOWER 20')) \g /dev/null
CALL it_was('2024-03-01 00:00-05');
SELECT weedgo.fulfil_order(store('ON'), order_of(1)) \g /dev/null
CALL it_was('2024-03-02 12:00-05');
CALL buy(2, '{"FLOWER": 3, "ROLLS": 2}', 'in_store');
SELECT weedgo.fulfil_order(store('ON'), order_of(2)) \g /dev/null
SELECT weedgo.record_payment(store('ON'), o.order_id, 'captured', o.amount_due, 'paid 2') FROM weedgo_data.orders o WHERE o.cart_id = cart(2) \g /dev/null
CALL it_was('2024-03-05 12:00-05');
CALL buy(3, '{"FLOWER": 50}', 'pickup');
SELECT weedgo.cancel_order(store('ON'), order_of(3)) \g /dev/null
CALL buy(4, '{"FLOWER": 60}', 'pickup');
SELECT count(*) FROM weedgo.transfer_stock(store('ON'), store('QC'), items('FLOWER 100')) \g /dev/null
SELECT weedgo.refund_order(store('ON'), order_of(2), items('FLOWER 1'), true, provider_reference => 'r-1') \g /dev/null
SELECT weedgo.refund_order(store('ON'), order_of(2), items('FLOWER 1'), false, provider_reference => 'r-2') \g /dev/null
SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', change, reason)
FROM (VALUES (7, 'counted'), (-3, 'counted'), (-2, 'damaged'), (-6, 'returned'), (1, 'destroyed')) c (change, reason) \g /dev/null
CALL it_was('2024-03-12 12:00-04');
SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', -5, 'destroyed'), weedgo.adjust_stock(store('ON'), 'FLOWER', -2, 'lost') \g /dev/null
CALL it_was('2024-03-31 23:59:59.999999-04');

SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', -1, 'stolen') \g /dev/null
CALL it_was('2024-04-01 00:00-04');
SELECT weedgo.refund_order(store('ON'), order_of(2), items('ROLLS 1'), true, provider_reference => 'r-3') \g /dev/null
CALL it_was('2024-04-02 12:00-04');
SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', -1, 'lost') \g /dev/null
CALL it_was('2024-10-31 23:59:59.999999-04');
SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', -20, 'lost') \g /dev/null
CALL it_was('2024-11-01 00:00-04');
SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', -300, 'lost') \g /dev/null
CALL it_was('2024-11-30 23:59:59.999999-05');
SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', -7, 'lost') \g /dev/null
CALL it_was('2024-12-01 00:00-05');

SELECT is(month_of('FLOWER', day), awaited, format('%s: %s', to_char(day, 'YYYY-MM'), name))
FROM (VALUES
    (date '2024-01-01', '0 + 0 0 0 1000 - 0 0 0 0 0 0 = 1000',      'what the books began with is added, for another reason'),
    ('2024-02-01',      '1000 + 10 0 0 0 - 0 0 0 0 0 0 = 1010',     'an order that is open is still there'),
    ('2024-03-01',      '1010 + 20 1 0 8 - 7 5 2 6 100 5 = 914',    'sold when it is handed over; each reason in its column'),
    ('2024-04-01',      '914 + 0 0 0 0 - 0 0 1 0 0 0 = 913',        'from midnight on'),
    ('2024-05-01',      '913 + 0 0 0 0 - 0 0 0 0 0 0 = 913',        'nothing'),
    ('2024-10-01',      '913 + 0 0 0 0 - 0 0 1 0 0 0 = 912',        'to the last microsecond'),
    ('2024-11-01',      '912 + 0 0 0 0 - 0 0 320 0 0 0 = 592',      'with the hour that comes twice'),
    ('2024-12-01',      '592 + 0 0 0 0 - 0 0 7 0 0 0 = 585',        'from midnight on')) AS m (day, awaited, name);
SELECT is(month_of('FLOWER', '2023-12-31'), NULL, 'before, there is nothing to report');
SELECT results_eq($$SELECT month_of('FLOWER', d) FROM unnest(ARRAY['2024-03-01', '2024-03-10', '2024-03-31']::date[]) d$$,
                  $$SELECT month_of('FLOWER', '2024-03-15') FROM generate_series(1, 3)$$, 'any day names its month');
SELECT is(month_of('FLOWER', '2024-03-01', 'QC'), '1000 + 0 0 100 0 - 0 0 0 0 0 0 = 1100', 'the other store received what was transferred');
SELECT is(month_of('ROLLS', '2024-03-01'), '1000 + 0 0 0 0 - 2 0 0 0 0 0 = 998', 'two were sold in March');
SELECT is(month_of('ROLLS', '2024-04-01'), '998 + 0 1 0 0 - 0 0 0 0 0 0 = 999', 'one came back in April');
SELECT is_empty(format('SELECT * FROM not_in_order(%L, %L)', s.store_id, m), format('%s %s: every row adds up', s.name, m::date))
FROM weedgo_data.stores s, generate_series(timestamp '2023-12-01', '2025-01-01', '1 month') m WHERE s.store_id IN (store('ON'), store('QC'));

-- The session's own time zone and settings do not matter.
SET LOCAL TimeZone = 'Pacific/Kiritimati';
SET LOCAL DateStyle = 'SQL, DMY';
SELECT is(month_of('FLOWER', '2024-03-01'), '1010 + 20 1 0 8 - 7 5 2 6 100 5 = 914', 'months are those of the store');
RESET TimeZone;
RESET DateStyle;
SELECT is(month_of('FLOWER', '2024-11-01', 'BC'), '1000 + 0 0 0 0 - 0 0 0 0 0 0 = 1000', 'Victoria''s November');
SELECT weedgo.adjust_stock(store('BC'), 'FLOWER', -1, 'lost'), weedgo.adjust_stock(store('ON'), 'FLOWER', -1, 'lost') \g /dev/null
CALL it_was('2024-12-01 06:00+00');
SELECT is(ARRAY[month_of('FLOWER', '2024-11-01', 'BC'), month_of('FLOWER', '2024-11-01', 'ON')],
          ARRAY['1000 + 0 0 0 0 - 0 0 1 0 0 0 = 999', '912 + 0 0 0 0 - 0 0 320 0 0 0 = 592'], 'is not over when Toronto''s is');

-- Now, and after
SELECT is((SELECT closing FROM weedgo.inventory_report(store('ON'), current_date) WHERE sku = 'FLOWER'),
          (SELECT on_hand FROM weedgo.stock_overview(store('ON')) WHERE sku = 'FLOWER'), 'this month ends, so far, with what is on hand: holds and open orders included');
SELECT is(month_of('FLOWER', '9999-12-31'), '584 + 0 0 0 0 - 0 0 0 0 0 0 = 584', 'and so does any to come');

-- Rows, names, grams --------------------------------------------------------------------------------------------

SELECT results_eq($$SELECT name, equivalent_mg, opening_g, received_g, returned_in_g, transferred_in_g, other_in_g, sold_g, destroyed_g, lost_g, returned_out_g,
                           transferred_out_g, other_out_g, closing_g, unexplained, details
                    FROM weedgo.inventory_report(store('ON'), '2024-03-01') WHERE sku = 'FLOWER'$$,
                  $$VALUES ('Northern Lights 3.5 g', 3500::bigint, 3535.000, 70.000, 3.500, 0.000, 28.000, 24.500, 17.500, 7.000, 21.000, 350.000, 17.500, 3199.000,
                            0::bigint, '{}'::jsonb)$$, 'grams are units times the equivalent of one');
SELECT is((SELECT string_agg(sku, ' ') FROM weedgo.inventory_report(store('ON'), '2024-03-01')), 'FEW FLOWER GUMMY HIDDEN MATCH PIPE ROLLS',
          'a sku that had neither stock nor movement is left out; the others stand in the order of their bytes');
SELECT is((SELECT closing_g FROM weedgo.inventory_report(store('ON'), '2024-03-01') WHERE sku = 'PIPE'), 0.000, 'a pipe weighs nothing');
SELECT results_eq($$SELECT scale(closing_g), scale(sold_g) FROM weedgo.inventory_report(store('ON'), '2024-03-01') WHERE sku = 'GUMMY'$$, 'VALUES (3, 3)', 'three decimals');
UPDATE weedgo_data.products SET equivalent_mg = 1 WHERE sku = 'MATCH';
SELECT is((SELECT closing_g FROM weedgo.inventory_report(store('ON'), '2024-03-01') WHERE sku = 'MATCH'), 1.000, 'a milligram counts');
UPDATE weedgo_data.products SET equivalent_mg = 9223372036854775807 WHERE sku = 'MATCH';
SELECT is((SELECT closing_g FROM weedgo.inventory_report(store('ON'), '2024-03-01') WHERE sku = 'MATCH'), 9223372036854775807.000, 'and nothing wraps');

-- What came and went within a month is reported, also where nothing is left of it.
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price, equivalent_mg) VALUES (store('ON'), 'PAST', 'Past', 5.00, 100), (store('ON'), 'LOST', 'Lost', 5.00, 100);
SELECT count(*) FROM weedgo.receive_stock(store('ON'), items('PAST 2', 'LOST 2')) \g /dev/null
CALL it_was('2024-06-05');
CALL buy(5, '{"PAST": 1}', 'pickup');
UPDATE weedgo_data.products SET name = 'Past, relabelled', equivalent_mg = 200 WHERE sku = 'PAST';
CALL buy(6, '{"PAST": 1}', 'in_store');
SELECT weedgo.cancel_order(store('ON'), order_of(5)) \g /dev/null
SELECT weedgo.fulfil_order(store('ON'), order_of(6)), weedgo.adjust_stock(store('ON'), 'PAST', -1, 'lost'), weedgo.adjust_stock(store('ON'), 'LOST', -2, 'lost') \g /dev/null
CALL it_was('2024-06-06');
DELETE FROM weedgo_data.products WHERE sku IN ('PAST', 'LOST');
DELETE FROM weedgo_data.stock WHERE sku IN ('PAST', 'LOST');
SELECT results_eq($$SELECT sku, name, received, sold, lost, closing, received_g FROM weedgo.inventory_report(store('ON'), '2024-06-01') WHERE sku IN ('PAST', 'LOST')$$,
                  $$VALUES ('LOST', NULL, 2::bigint, 0::bigint, 2::bigint, 0::bigint, NULL), ('PAST', 'Past, relabelled', 2, 1, 1, 0, 0.400)$$,
                  'what is no product any more is called and weighed as it was last ordered, if it was');
SELECT is_empty($$SELECT * FROM weedgo.inventory_report(store('ON'), '2024-07-01') WHERE sku IN ('PAST', 'LOST')$$, 'and then forgotten');
UPDATE weedgo_data.products SET equivalent_mg = 3000 WHERE store_id = store('ON') AND sku = 'FLOWER';
SELECT is_empty($$SELECT * FROM not_in_order(store('ON'), '2024-03-01')$$, 'a corrected equivalent holds for all of a row: grams still add up');
SELECT is((SELECT sold_g FROM weedgo.inventory_report(store('ON'), '2024-03-01') WHERE sku = 'FLOWER'), 21.000, 'sold ones, too');

-- What no record explains stands apart ------------------------------------------------------------------------

SAVEPOINT by_hand;
UPDATE weedgo_data.stock SET available = available - 4 WHERE store_id = store('ON') AND sku = 'FLOWER';
UPDATE weedgo_data.stock SET available = 2 WHERE store_id = store('ON') AND sku = 'GONE';
INSERT INTO weedgo_data.stock_ledger (store_id, entry_id, sku, change, reason) VALUES (store('ON'), cart(1), 'NOWHERE', 3, 'received');
SELECT results_eq($$SELECT sku, opening, closing, unexplained FROM weedgo.inventory_report(store('ON'), '2024-03-01') WHERE unexplained <> 0$$,
                  $$VALUES ('FLOWER', 1010::bigint, 914::bigint, -4::bigint), ('GONE', 0, 0, 2), ('NOWHERE', 0, 0, -3)$$,
                  'a hand on the shelf changes no month, and can be seen in every one');
ROLLBACK TO by_hand;
SAVEPOINT a_view;
DELETE FROM weedgo_data.stock_ledger WHERE store_id = store('ON') AND sku = 'ROLLS' AND reason = 'opening';
CALL stand_in('stock', 'SELECT * FROM weedgo_data.stock_aside', 'VIEW');
SELECT results_eq($$SELECT opening, sold, closing, unexplained FROM weedgo.inventory_report(store('ON'), '2024-03-01') WHERE sku = 'ROLLS'$$,
                  $$VALUES (0::bigint, 2::bigint, -2::bigint, 1000::bigint)$$, 'so is what an application put behind a view');
ROLLBACK TO a_view;

-- Arguments, and who may ask (more is in bad_input.sql and privileges.sql) ------------------------------------

SELECT is_empty($$SELECT * FROM weedgo.inventory_report(store('nowhere'), '2024-03-01')$$, 'a store that there is not has nothing');
SELECT refused(format('SELECT weedgo.inventory_report(store(''ON''), %L)', d), '22023', 'invalid_argument', format('month: %s', coalesce(d, 'NULL')), 'shop_reader')
FROM unnest(ARRAY[NULL, 'infinity', '-infinity', '0001-12-31 BC', '10000-01-01', '5874897-12-31']) d;
SELECT accepted(format('SELECT weedgo.inventory_report(store(''ON''), %L)', d), format('month: %s', d), 'shop_reader')
FROM unnest(ARRAY['0001-01-01', '9999-12-31']) d;
SAVEPOINT no_zone;
UPDATE weedgo_data.stores SET timezone = 'America/Nowhere' WHERE store_id = store('ON');
SELECT refused($$SELECT weedgo.inventory_report(store('ON'), '2024-03-01')$$, '55000', 'setup', 'a time zone that there is not', 'shop_staff');
ROLLBACK TO no_zone;

-- Random histories ------------------------------------------------------------------------------------------------

-- Two stores with other clocks, half a year, whatever can happen. What the shelf says before and after
-- each step is the witness: it knows nothing of ledger and events.
CREATE TABLE witnessed (at timestamptz, store_id uuid, sku text, units integer);
CREATE FUNCTION on_shelf() RETURNS TABLE (store_id uuid, sku text, units integer) LANGUAGE sql AS
    'SELECT s.store_id, s.sku, s.available + s.reserved FROM weedgo_data.stock s';
CREATE FUNCTION pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE
    RETURN choices[1 + floor(random() * array_length(choices, 1))::integer];
CREATE FUNCTION any_order(store_name text, state text) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT quote_nullable((SELECT o.order_id FROM weedgo_data.orders o WHERE o.store_id = store(store_name) AND o.status LIKE state ORDER BY md5(o.cart_id::text || random()) LIMIT 1))
$$;
CREATE FUNCTION random_step(n integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    s    text := pick('ON', 'BC');
    what text := pick('FLOWER', 'ROLLS', 'GUMMY', 'FEW');
    many integer := 1 + floor(random() * 6);
    call text;
BEGIN
    call := CASE floor(random() * 10)::integer
        WHEN 0 THEN format('receive_stock(store(%L), items(%L))', s, what || ' ' || many)
        WHEN 1 THEN format('adjust_stock(store(%L), %L, %s, %L)', s, what, many * pick('-1', '1')::integer,
                           pick('counted', 'damaged', 'lost', 'stolen', 'destroyed', 'returned'))
        WHEN 2 THEN format('transfer_stock(store(%L), store(%L), items(%L))', s, CASE s WHEN 'ON' THEN 'BC' ELSE 'ON' END, what || ' ' || many)
        WHEN 3 THEN format('cancel_order(store(%L), %s)', s, any_order(s, 'pending'))
        WHEN 4 THEN format('refund_order(store(%L), %s, items(%L), %s, 0.01, %L)', s, any_order(s, 'delivered'), what || ' 1', pick('true', 'false'), n)
        WHEN 5 THEN format('expire_holds(store(%L))', s)
        WHEN 6 THEN format('reserve_inventory(store(%L), cart(%s), customer(''ann''), ''1 microsecond'')', s, 1000 + n)
        WHEN 7 THEN format('checkout_cart(store(%L), cart(%s), customer(''ann''), ''ann-card'', ''in_store'')', s, 1000 + n)
        ELSE format('fulfil_order(store(%L), %s)', s, any_order(s, 'pending')) END;
    IF call LIKE '%cart(%' THEN
        CALL fill_cart(1000 + n, s, 'ann', jsonb_build_object(what, many, 'PIPE', 1));
    END IF;
    EXECUTE 'SELECT count(*) FROM weedgo.' || call;
    IF call LIKE 'checkout_cart%' THEN
        PERFORM weedgo.record_payment(store(s), order_of(1000 + n), 'captured', 1, 'paid ' || n);
    END IF;
    RETURN call;
EXCEPTION WHEN OTHERS THEN
    IF SQLSTATE NOT LIKE 'WG0%' AND SQLSTATE <> '22023' THEN
        RAISE;
    END IF;
    RETURN NULL;
END
$$;
CREATE PROCEDURE random_history(steps integer) LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz;
BEGIN
    FOR n IN 1..steps LOOP
        CREATE TEMP TABLE shelf_before AS SELECT * FROM on_shelf();
        PERFORM random_step(n);
        -- Often at the turn of a month, by the clock of one of the stores.
        at := CASE WHEN random() < 0.5 THEN timestamptz '2024-01-01 05:00+00' + random() * interval '182 days'
                   ELSE (date '2024-01-01' + floor(random() * 6)::integer * interval '1 month') AT TIME ZONE pick('America/Toronto', 'America/Vancouver')
                        + pick('-1 microsecond', '0', '1 microsecond')::interval END;
        CALL it_was(at);
        INSERT INTO witnessed SELECT at, store_id, sku, coalesce(a.units, 0) - coalesce(b.units, 0)
        FROM on_shelf() a FULL JOIN shelf_before b USING (store_id, sku) WHERE coalesce(a.units, 0) <> coalesce(b.units, 0);
        DROP TABLE shelf_before;
    END LOOP;
END
$$;
-- Everything until here was before 2023.
UPDATE weedgo_data.stock_ledger SET recorded_at = recorded_at - interval '2 years';
UPDATE weedgo_data.order_events SET recorded_at = recorded_at - interval '2 years';
INSERT INTO witnessed SELECT '2023-06-01', store_id, sku, units FROM on_shelf();
SELECT setseed(0.42) \g /dev/null
CALL random_history(500);
SELECT cmp_ok((SELECT count(*)::integer FROM witnessed), '>', 200, 'much happened');
SELECT cmp_ok((SELECT count(DISTINCT reason)::integer FROM weedgo_data.stock_ledger WHERE recorded_at >= '2024-01-01' AND store_id = store('BC')), '=', 9, 'for every reason');

CREATE TEMP TABLE months AS
    SELECT s.name AS store, s.store_id, s.timezone, m AS month, r.*
    FROM weedgo_data.stores s, generate_series(timestamp '2023-12-01', '2024-08-01', '1 month') m, weedgo.inventory_report(s.store_id, m::date) r
    WHERE s.store_id IN (store('ON'), store('BC'));
SELECT is_empty(format('SELECT * FROM not_in_order(%L, %L)', store_id, month), format('%s %s: every row adds up', store, month::date))
FROM (SELECT DISTINCT store, store_id, month FROM months) m;
SELECT is_empty($$
    SELECT m.store, m.month, sku, m.closing, w.units FROM months m
    CROSS JOIN LATERAL (SELECT coalesce(sum(w.units), 0) AS units FROM witnessed w
                        WHERE w.store_id = m.store_id AND w.sku = m.sku AND w.at < (m.month + interval '1 month') AT TIME ZONE m.timezone) w
    WHERE m.closing <> w.units$$, 'every month ends with what was on the shelf then');
SELECT is_empty($$
    SELECT a.store, a.month, sku, a.closing, b.opening FROM months a JOIN months b USING (store_id, sku)
    WHERE b.month = a.month + interval '1 month' AND a.closing <> b.opening$$, 'and the next begins with it');
SELECT is_empty($$
    SELECT sku, m.closing, o.on_hand FROM months m
    FULL JOIN (SELECT s.store_id, l.* FROM weedgo_data.stores s, weedgo.stock_overview(s.store_id) l
               WHERE s.store_id IN (store('ON'), store('BC')) AND l.on_hand <> 0) o USING (store_id, sku)
    WHERE m.month = '2024-08-01' AND coalesce(m.closing, 0) <> coalesce(o.on_hand, 0)$$, 'the last ends with what is on hand');
SELECT is(sum(m.sold)::bigint, (SELECT sum(i.quantity) FROM weedgo_data.orders o JOIN weedgo_data.order_items i USING (store_id, order_id)
                        WHERE o.cart_id IN (SELECT cart(1000 + n) FROM generate_series(1, 500) n) AND o.status = 'delivered'), 'as many are sold as orders were handed over')
FROM months m;
SELECT invariants_hold('every invariant holds');

SELECT * FROM finish();
ROLLBACK;
