-- What the law asks of a store: purchase limits, ages, opening hours; each off until it is switched on.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();
ALTER FUNCTION order_of(integer) SECURITY DEFINER;

CREATE PROCEDURE set_policies(policies jsonb, store_name text DEFAULT 'ON') LANGUAGE sql AS $$
    UPDATE weedgo_data.stores s SET policies = set_policies.policies WHERE s.store_id = store(store_name)
$$;
CREATE PROCEDURE set_zone(zone text) LANGUAGE sql AS $$UPDATE weedgo_data.stores SET timezone = zone WHERE store_id = store('ON')$$;
-- A cart that is checked out, as a statement.
CREATE FUNCTION buy(number integer, who text, more text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT weedgo.checkout_cart(store(''ON''), cart(%s), customer(%L)%s)', number, who, more)
$$;
CREATE FUNCTION problems(number integer, who text, more text DEFAULT '') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    found jsonb;
BEGIN
    EXECUTE format('SELECT problems FROM weedgo.calc_order_totals(store(''ON''), cart(%s), customer(%L)%s)', number, who, more) INTO found;
    RETURN found;
END
$$;

-- Wherever the test runs, it is noon, or some minutes past it, in Ontario.
SELECT 12 - extract(hour FROM now() AT TIME ZONE 'UTC')::integer AS hours_east \gset
SELECT format('Etc/GMT%s%s', CASE WHEN :hours_east < 0 THEN '+' ELSE '-' END, abs(:hours_east)) AS noon \gset
SELECT (now() AT TIME ZONE :'noon')::date AS today \gset
CALL set_zone(:'noon');
CREATE FUNCTION today() RETURNS date LANGUAGE sql
AS $$SELECT (now() AT TIME ZONE s.timezone)::date FROM weedgo_data.stores s WHERE s.store_id = store('ON')$$;
CREATE FUNCTION weekday(day date) RETURNS text LANGUAGE sql
RETURN (ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])[extract(isodow FROM day)];

-- Off -----------------------------------------------------------------------------------------------------

-- A lot for anybody, by a child, at night.
INSERT INTO weedgo_data.customers (customer_id, date_of_birth) VALUES (customer('kid'), :'today');
CALL fill_cart(1, 'ON', NULL, '{"FLOWER": 500}');
DO $$
DECLARE
    p jsonb;
BEGIN
    FOREACH p IN ARRAY ARRAY['{}'::jsonb,
        '{"purchase_limit_mg": null, "purchase_limit_per_day": null, "min_age": null, "require_verified_age": null, "hours": null,
          "closed_on": null, "sell_only_while_open": null, "deliver_only_while_open": null}',
        '{"purchase_limit_per_day": true, "require_verified_age": false, "sell_only_while_open": true, "deliver_only_while_open": true}'] LOOP
        CALL fixture.set_policies(p);
        CREATE TEMP TABLE IF NOT EXISTS asked (policies jsonb, who text, how text, problems jsonb);
        INSERT INTO asked SELECT p, who, how, problems(1, who, format(', delivery_type => %L', how))
        FROM (VALUES (NULL), ('kid')) w (who), (VALUES ('in_store'), ('pickup')) d (how);
    END LOOP;
END
$$;
SELECT is(problems, '[]', format('nothing is asked of %s, %s, with %s', coalesce(who, 'a guest'), how, policies)) FROM asked;
CALL set_policies('{}');
SAVEPOINT off;
SELECT accepted(buy(1, 'kid'), 'and a checkout goes through');
SELECT is_empty('SELECT FROM weedgo_data.customer_days', 'nothing is counted');
SELECT is_empty('SELECT FROM weedgo_data.orders WHERE counted_on IS NOT NULL', 'and the order says so');
ROLLBACK TO off;

-- WG010 purchase_limit_exceeded, for each order -------------------------------------------------------------------

CALL set_policies('{"purchase_limit_mg": 7600}');
CALL fill_cart(2, 'ON', 'ann', '{"FLOWER": 2, "GUMMY": 2, "PIPE": 3}');
SELECT refused_with(buy(2, 'ann'), 'WG010', 'the cart exceeds what may be sold to one person',
                    '{"code": "purchase_limit_exceeded", "limit_mg": 7600, "cart_mg": 8200, "over_mg": 600}', 'WG010: 8200 mg of 7600');
SELECT is(problems(2, 'ann'), '[{"code": "purchase_limit_exceeded", "limit_mg": 7600, "cart_mg": 8200, "over_mg": 600}]', 'calc_order_totals lists it');
CALL fill_cart(3, 'ON', NULL, '{"FLOWER": 3}');
SELECT refused_with(buy(3, NULL), 'WG010', 'the cart exceeds what may be sold to one person',
                    '{"code": "purchase_limit_exceeded", "limit_mg": 7600, "cart_mg": 10500, "over_mg": 2900}', 'WG010: a guest''s cart');
SELECT refused(buy(3, NULL, format(', delivery_type => %L, delivery_address => ''{"a": 1}''', how)), 'WG010', 'purchase_limit_exceeded', 'WG010: ' || how)
FROM (VALUES ('in_store'), ('delivery'), ('pickup')) AS d (how);
CALL fill_cart(2, 'ON', 'ann', '{"FLOWER": 2, "GUMMY": 1, "PIPE": 3}');
SELECT is(problems(2, 'ann'), '[]', '7600 mg are within it');
SAVEPOINT per_order;
SELECT accepted(buy(2, 'ann'), 'and can be bought');
CALL fill_cart(4, 'ON', 'ann', '{"FLOWER": 2, "GUMMY": 1}');
SELECT accepted(buy(4, 'ann'), 'again on the same day: the limit is for each order');
SELECT is_empty('SELECT FROM weedgo_data.customer_days', 'nothing is counted');
ROLLBACK TO per_order;
CALL set_policies('{"purchase_limit_mg": 1}');
CALL fill_cart(4, 'ON', 'ann', '{"PIPE": 500, "MATCH": 1}');
SELECT accepted(buy(4, 'ann'), 'what is no cannabis is not limited');
-- Figures that no int64 holds are over the limit, too.
SAVEPOINT large;
UPDATE weedgo_data.products SET equivalent_mg = 9223372036854775807 WHERE sku IN ('FLOWER', 'GUMMY');
CALL fill_cart(3, 'ON', NULL, '{"FLOWER": 3}');
SELECT is(detail_of(buy(3, NULL)), '{"code": "purchase_limit_exceeded", "limit_mg": 1, "cart_mg": 9223372036854775807, "over_mg": 9223372036854775806}',
          'WG010: a product that overflows');
CALL fill_cart(3, 'ON', NULL, '{"FLOWER": 1, "GUMMY": 1}');
SELECT is(detail_of(buy(3, NULL)), '{"code": "purchase_limit_exceeded", "limit_mg": 1, "cart_mg": 9223372036854775807, "over_mg": 9223372036854775806}',
          'WG010: a sum that overflows');
ALTER TABLE weedgo_data.products DROP CONSTRAINT products_equivalent_mg_check;
UPDATE weedgo_data.products SET equivalent_mg = -1 WHERE sku = 'FLOWER';
SELECT refused_with(buy(3, NULL), '55000', 'an equivalent_mg in weedgo_data.products is negative', '{"code": "setup"}', 'a negative equivalent buys no room');
ROLLBACK TO large;

-- For each day --------------------------------------------------------------------------------------------

CREATE FUNCTION bought(who text DEFAULT 'ann') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s', CASE day - today() WHEN 0 THEN 'today' WHEN -1 THEN 'yesterday' ELSE day::text END, equivalent_mg), ', ' ORDER BY day)
    FROM weedgo_data.customer_days WHERE customer_id = customer(who)
$$;
CALL set_policies('{"purchase_limit_mg": 10000, "purchase_limit_per_day": true}');
CALL fill_cart(10, 'ON', 'ann', '{"FLOWER": 2}', 'SAVE10');
SELECT accepted(buy(10, 'ann'), 'the first order of the day');
SELECT is(bought(), 'today 7000', 'it is counted');
SELECT is((SELECT counted_on FROM weedgo_data.orders WHERE order_id = order_of(10)), :'today', 'and knows on which day');
CALL fill_cart(11, 'ON', 'ann', '{"FLOWER": 1}', 'SAVE10');
\set over_today '{"code": "purchase_limit_exceeded", "limit_mg": 10000, "cart_mg": 3500, "over_mg": 500, "bought_today_mg": 7000}'
SELECT refused_with(buy(11, 'ann'), 'WG010', 'the cart exceeds what may be sold to one person', :'over_today', 'WG010: the second of the day');
SELECT is(problems(11, 'ann'), jsonb_build_array(:'over_today'::jsonb), 'calc_order_totals looks at the day, too');
CALL fill_cart(12, 'ON', 'ann', '{"FLOWER": 3}');
\set over_alone '{"code": "purchase_limit_exceeded", "limit_mg": 10000, "cart_mg": 10500, "over_mg": 7500, "bought_today_mg": 7000}'
SELECT refused_with(buy(12, 'ann'), 'WG010', 'the cart exceeds what may be sold to one person', :'over_alone', 'WG010: too much by itself');
SELECT is(problems(12, 'ann'), jsonb_build_array(:'over_alone'::jsonb), 'calc_order_totals says the same');
CALL fill_cart(13, 'ON', 'ben', '{"FLOWER": 2, "GUMMY": 5}');
SELECT accepted(buy(13, 'ben'), 'another customer has a day of their own: exactly the limit');
CALL fill_cart(14, 'ON', NULL, '{"FLOWER": 2}');
SELECT is(problems(14, NULL), '[]', 'a guest is judged by the order');
SELECT accepted(buy(14, NULL), 'and not counted');
CALL fill_cart(15, 'ON', NULL, '{"FLOWER": 3}');
SELECT is(detail_of(buy(15, NULL)), '{"code": "purchase_limit_exceeded", "limit_mg": 10000, "cart_mg": 10500, "over_mg": 500}', 'but limited');
CALL fill_cart(16, 'ON', 'ben', '{"PIPE": 1}');
SELECT is(problems(16, 'ben'), '[]', 'a pipe can always be had');
SELECT accepted(buy(16, 'ben'), 'whatever was bought before');
SELECT is((SELECT counted_on FROM weedgo_data.orders WHERE order_id = order_of(16)), NULL, 'it counts on no day');
CALL fill_cart(17, 'OTTAWA', 'ann', '{"FLOWER": 2}');
CALL set_policies('{"purchase_limit_mg": 10000, "purchase_limit_per_day": true}', 'OTTAWA');
SELECT accepted($$SELECT weedgo.checkout_cart(store('OTTAWA'), cart(17), customer('ann'))$$, 'another store counts by itself');
SELECT is((SELECT count(*)::integer FROM weedgo_data.customer_days WHERE customer_id = customer('ann')), 2, 'in a row of its own');
DELETE FROM weedgo_data.customer_days WHERE store_id = store('OTTAWA');
UPDATE weedgo_data.orders SET counted_on = NULL WHERE store_id = store('OTTAWA');
CALL fill_cart(18, 'ON', 'ann', '{"GUMMY": 5}');
SELECT accepted(buy(18, 'ann', ', idempotency_key => ''eighteen'''), 'up to the limit');
SELECT is(bought(), 'today 10000', 'which is now reached');
SELECT is((weedgo.checkout_cart(store('ON'), cart(18), customer('ann'), idempotency_key => 'eighteen')).replayed, true, 'a replay is not judged');
SELECT is(bought(), 'today 10000', 'nor counted');
CALL set_policies('{"purchase_limit_mg": 5000, "purchase_limit_per_day": true}');
CALL fill_cart(19, 'ON', 'ann', '{"GUMMY": 1}');
SELECT is(detail_of(buy(19, 'ann')), '{"code": "purchase_limit_exceeded", "limit_mg": 5000, "cart_mg": 600, "over_mg": 5600, "bought_today_mg": 10000}',
          'a limit that was lowered refuses what is over it by now');
CALL set_policies('{"purchase_limit_mg": 10000, "purchase_limit_per_day": true}');
SELECT invariants_hold('every invariant holds');

-- What comes back ---------------------------------------------------------------------------------------------

SELECT results_eq($$SELECT new_status FROM weedgo.cancel_order(store('ON'), order_of(18))$$, ARRAY['cancelled'], 'an order is cancelled');
SELECT is(bought(), 'today 7000', 'its day has its milligrams back');
SELECT weedgo.cancel_order(store('ON'), order_of(18)) \g /dev/null
SELECT is(bought(), 'today 7000', 'once');
SELECT accepted(buy(19, 'ann'), 'and more can be bought');
SELECT is(bought(), 'today 7600', 'of it');
SELECT weedgo.advance_order(store('ON'), order_of(19), s) FROM unnest(ARRAY['confirmed', 'ready', 'delivered']) s \g /dev/null
SELECT is(bought(), 'today 7600', 'what is delivered stays counted');
SELECT invariants_hold('every invariant holds');
-- The day is the order's, whatever the store is now.
SAVEPOINT other_day;
UPDATE weedgo_data.orders SET counted_on = counted_on - 1 WHERE order_id = order_of(10);
UPDATE weedgo_data.customer_days SET equivalent_mg = 600 WHERE customer_id = customer('ann');
INSERT INTO weedgo_data.customer_days VALUES (store('ON'), customer('ann'), today() - 1, 7000);
SELECT is(problems(12, 'ann'), '[{"code": "purchase_limit_exceeded", "limit_mg": 10000, "cart_mg": 10500, "over_mg": 1100, "bought_today_mg": 600}]',
          'what was bought yesterday does not count');
CALL set_policies('{}');
CALL set_zone('Pacific/Kiritimati');
SELECT weedgo.cancel_order(store('ON'), order_of(10)) \g /dev/null
CALL set_zone(:'noon');
SELECT is(bought(), 'yesterday 0, today 600', 'an order of yesterday comes back to yesterday: in another zone, with the limit off');
CALL fill_cart(20, 'ON', 'ann', '{"FLOWER": 1}');
SELECT accepted(buy(20, 'ann'), 'an order while the limit is off');
CALL set_policies('{"purchase_limit_mg": 10000, "purchase_limit_per_day": true}');
SELECT weedgo.cancel_order(store('ON'), order_of(20)) \g /dev/null
SELECT is(bought(), 'yesterday 0, today 600', 'was not counted, and gives nothing back');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO other_day;
-- A batch: three orders of two customers, one of them with a promo code; the last order is not counted, and could not be.
SAVEPOINT batch;
CALL set_policies('{"purchase_limit_mg": 30000, "purchase_limit_per_day": true}');
CALL fill_cart(21, 'ON', 'ann', '{"FLOWER": 1, "GUMMY": 2}', 'SAVE10');
CALL fill_cart(22, 'ON', 'ann', '{"ROLLS": 1}');
CALL fill_cart(23, 'ON', 'ben', '{"ROLLS": 3}');
SELECT accepted(buy(n, who, format(', payment_method_id => %L', who || '-card')), format('cart %s is to be paid by card', n))
FROM (VALUES (21, 'ann'), (22, 'ann'), (23, 'ben')) AS c (n, who);
CALL set_policies('{}');
UPDATE weedgo_data.products SET equivalent_mg = 9223372036854775807 WHERE sku = 'FEW';
CALL fill_cart(24, 'ON', 'ben', '{"FEW": 3}');
SELECT accepted(buy(24, 'ben', ', payment_method_id => ''ben-card'''), 'cart 24, too');
SELECT is(bought() || '; ' || bought('ben'), 'today 13800; today 14500', 'all of it but the last is counted');
UPDATE weedgo_data.orders SET created_at = created_at - interval '1 hour';
SELECT is(weedgo.expire_orders(), 4, 'the payments never come');
SELECT is(bought() || '; ' || bought('ben'), 'today 7600; today 10000', 'and all of it is given back');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO batch;

-- verify_invariants() finds what is miscounted.
CREATE FUNCTION said_of(corruption text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    findings text[];
BEGIN
    EXECUTE corruption;
    findings := ARRAY(SELECT concat_ws(' ', invariant, replace(replace(subject, customer('ann')::text, 'ann'), today()::text, 'today'), problem)
                      FROM weedgo.verify_invariants(store('ON')));
    RAISE SQLSTATE '00WGO';
EXCEPTION WHEN SQLSTATE '00WGO' THEN
    RETURN QUERY SELECT unnest(findings);
END
$$;
SELECT set_eq(format('SELECT said_of(%L)', corruption), ARRAY['I5 customer ann on today is counted to have bought ' || said], name)
FROM (VALUES
    ('UPDATE weedgo_data.customer_days SET equivalent_mg = 7601 WHERE customer_id = customer(''ann'')', '7601 mg, but 7600 mg are in the orders', 'a milligram too many'),
    ('DELETE FROM weedgo_data.customer_days WHERE customer_id = customer(''ann'')', '0 mg, but 7600 mg are in the orders', 'a day that is gone'),
    ('UPDATE weedgo_data.orders SET counted_on = NULL WHERE customer_id = customer(''ann'')', '7600 mg, but 0 mg are in the orders', 'orders that are not counted'),
    ('UPDATE weedgo_data.order_items SET equivalent_mg = 3499 WHERE sku = ''FLOWER'' AND order_id = order_of(10)', '7600 mg, but 7598 mg are in the orders',
     'a line that weighs less')
) AS c (corruption, said, name);

-- WG011 age_not_verified ------------------------------------------------------------------------------------------

CALL set_policies('{"min_age": 19}');
INSERT INTO weedgo_data.customers (customer_id, date_of_birth, age_verified) VALUES
    (customer('grown'), (:'today'::date - interval '19 years')::date, false),
    (customer('young'), (:'today'::date + 1 - interval '19 years')::date, true),
    (customer('blank'), NULL, true),
    (customer('never'), 'infinity', true);
CREATE PROCEDURE cart_of(number integer, who text) LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.fill_cart(number, 'ON', who, '{"GUMMY": 1}');
END
$$;
CALL cart_of(30, NULL);
CALL cart_of(31, 'grown');
CALL cart_of(32, 'young');
CALL cart_of(33, 'blank');
CALL cart_of(34, 'never');
SELECT refused_with(buy(number, who, how), 'WG011', 'the customer is not known to be of age',
                    jsonb_build_object('code', 'age_not_verified', 'min_age', 19, 'reason', reason), format('WG011: %s, %s', name, how))
FROM (VALUES (30, NULL, 'unknown', 'a guest'), (33, 'blank', 'unknown', 'no date of birth'), (34, 'never', 'unknown', 'an endless one'),
             (32, 'young', 'too_young', 'nineteen tomorrow')) AS c (number, who, reason, name),
     (VALUES (''), (', delivery_type => ''in_store'''), (', delivery_type => ''delivery'', delivery_address => ''{"a": 1}''')) AS d (how);
SELECT is(problems(32, 'young'), '[{"code": "age_not_verified", "min_age": 19, "reason": "too_young"}]', 'calc_order_totals lists it');
SELECT is(problems(31, 'grown'), '[]', 'nineteen today');
SAVEPOINT ages;
SELECT accepted(buy(31, 'grown'), 'is old enough');
SELECT accepted($$SELECT weedgo.reserve_inventory(store('ON'), cart(30))$$, 'whoever it is can hold stock');
ROLLBACK TO ages;
CALL set_policies('{"min_age": 19, "require_verified_age": true}');
SELECT refused_with(buy(31, 'grown'), 'WG011', 'the customer is not known to be of age',
                    '{"code": "age_not_verified", "min_age": 19, "reason": "not_verified"}', 'WG011: nineteen, but nobody has seen it');
SELECT refused(buy(32, 'young'), 'WG011', 'age_not_verified', 'WG011: eighteen, and somebody has');
UPDATE weedgo_data.customers SET age_verified = true WHERE customer_id = customer('grown');
SELECT is(problems(31, 'grown'), '[]', 'until somebody has');
CALL set_policies('{"require_verified_age": true}');
SELECT is(problems(33, 'blank'), '[]', 'verified is enough where no age is asked for');
SELECT is(problems(30, NULL), '[{"code": "age_not_verified", "min_age": null, "reason": "unknown"}]', 'but nobody knows a guest');

-- The day is the store's: there are always places where it is two different ones.
CALL set_policies('{"min_age": 19}');
UPDATE weedgo_data.customers SET date_of_birth = ((now() AT TIME ZONE 'Etc/GMT-14')::date - interval '19 years')::date WHERE customer_id = customer('grown');
CALL set_zone('Etc/GMT-14');
SELECT is(problems(31, 'grown'), '[]', 'a birthday, where the day has begun');
CALL set_zone('Etc/GMT+12');
SELECT is(problems(31, 'grown') -> 0 ->> 'reason', 'too_young', 'and none yet, where it has not');
UPDATE weedgo_data.customers SET date_of_birth = (:'today'::date - interval '19 years')::date WHERE customer_id = customer('grown');
CALL set_zone(:'noon');

-- A cashier sees who stands there.
\set in_store ', delivery_type => ''in_store'''
CREATE FUNCTION in_store(checked text) RETURNS text LANGUAGE sql
RETURN format(', delivery_type => ''in_store'', options => ''{"age_checked": %s}''', checked);
SELECT is(problems(30, NULL, in_store('true')), '[]', 'a guest in the store, whose age the cashier has checked');
SELECT is(problems(33, 'blank', in_store('true')), '[]', 'a customer there without a date of birth');
SELECT is(problems(30, NULL, in_store('false')) -> 0 ->> 'reason', 'unknown', 'false is the same as nothing');
SELECT is(problems(32, 'young', in_store('true')) -> 0 ->> 'reason', 'too_young', 'a date of birth that is known counts all the same');
SELECT accepted(buy(30, NULL, in_store('true') || ', idempotency_key => ''thirty'', actor_id => customer(''ben'')'), 'it is sold');
SELECT results_eq($$SELECT o.pricing -> 'age_checked', e.details, e.actor_id, (weedgo.get_order(o.store_id, o.order_id)).details -> 'age_checked'
                    FROM weedgo_data.orders o JOIN weedgo_data.order_events e USING (store_id, order_id) WHERE o.order_id = order_of(30)$$,
                  $$VALUES ('true'::jsonb, '{"age_checked": true}'::jsonb, customer('ben'), 'true'::jsonb)$$, 'and the order says who had checked');
SELECT results_eq($$SELECT replayed, details -> 'age_checked' FROM weedgo.checkout_cart(store('ON'), cart(30), NULL, delivery_type => 'in_store',
                    options => '{"age_checked": true}', idempotency_key => 'thirty', actor_id => customer('ben'))$$,
                  $$VALUES (true, 'true'::jsonb)$$, 'so does a replay');
SELECT refused(buy(30, NULL, :'in_store' || ', idempotency_key => ''thirty'', actor_id => customer(''ben'')'), 'WG008', 'idempotency_mismatch',
               'the same without the check is another request');
CALL cart_of(35, 'ann');
SELECT results_eq('SELECT details -> ''age_checked'' FROM weedgo.checkout_cart(store(''ON''), cart(35), customer(''ann''))', ARRAY['false'::jsonb],
                  'an order without says so');
SELECT results_eq($$SELECT o.pricing ? 'age_checked', e.details FROM weedgo_data.orders o JOIN weedgo_data.order_events e USING (store_id, order_id)
                    WHERE o.order_id = order_of(35)$$, $$VALUES (false, NULL::jsonb)$$, 'and stores nothing of it');
SELECT refused(format('SELECT weedgo.%s', call), '22023', 'invalid_argument', call)
FROM (VALUES
    ($$checkout_cart(store('ON'), cart(31), options => '{"age_checked": true}')$$),
    ($$checkout_cart(store('ON'), cart(31), delivery_type => 'delivery', options => '{"age_checked": true}')$$),
    ($$checkout_cart(store('ON'), cart(31), delivery_type => 'in_store', options => '{"age_checked": "true"}')$$),
    ($$checkout_cart(store('ON'), cart(31), delivery_type => 'in_store', options => '{"age_checked": null}')$$),
    ($$checkout_cart(store('ON'), cart(31), delivery_type => 'in_store', options => '{"age_seen": true}')$$),
    ($$calc_order_totals(store('ON'), cart(31), options => '{"age_checked": true}')$$),
    ($$reserve_inventory(store('ON'), cart(31), options => '{"age_checked": true}')$$)
) AS c (call);
SELECT is(problems(31, 'grown', ', options => ''{"age_checked": false}'''), '[]', 'not checked can be said of any order');

-- WG012 store_closed ----------------------------------------------------------------------------------------------

CALL set_zone(:'noon');
CALL cart_of(40, 'ann');
CREATE FUNCTION closed(policies jsonb, how text DEFAULT 'in_store') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    found jsonb;
BEGIN
    CALL fixture.set_policies(policies);
    found := fixture.problems(40, 'ann', format(', delivery_type => %L, delivery_address => ''{"a": 1}''', how));
    IF jsonb_array_length(found) > 1 OR found -> 0 ->> 'code' <> 'store_closed' THEN
        RETURN found;
    END IF;
    RETURN found -> 0;
END
$$;
-- On some days from the store's today on; each [from, until].
CREATE FUNCTION hours(variadic days text[]) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('hours', jsonb_object_agg(weekday(today() + split_part(d, ' ', 1)::integer),
                                                        jsonb_build_array(jsonb_build_array(split_part(d, ' ', 2), split_part(d, ' ', 3)))))
    FROM unnest(days) d
$$;
CREATE FUNCTION at(day integer, clock time) RETURNS timestamptz LANGUAGE sql AS $$
    SELECT (today() + day + clock) AT TIME ZONE s.timezone FROM weedgo_data.stores s WHERE s.store_id = store('ON')
$$;
\set always '{"mon": [["00:00", "24:00"]], "tue": [["00:00", "24:00"]], "wed": [["00:00", "24:00"]], "thu": [["00:00", "24:00"]], "fri": [["00:00", "24:00"]], "sat": [["00:00", "24:00"]], "sun": [["00:00", "24:00"]]}'
SELECT is(closed(policies), NULL, 'open: ' || name)
FROM (VALUES (hours('0 11:00 14:00'), 'at noon'), (hours('-1 23:00 14:00'), 'since last night'), (hours('0 11:00 02:00'), 'until tonight'),
             (jsonb_build_object('hours', :'always'::jsonb), 'always'),
             (jsonb_build_object('hours', jsonb_build_object(weekday(today()), '[["09:00", "10:00"], ["11:00", "14:00"]]'::jsonb)), 'after a break'),
             (hours('0 11:00 14:00') || '{"closed_on": []}', 'with no closed day'),
             (hours('0 11:00 14:00') || jsonb_build_object('closed_on', jsonb_build_array(to_char(today() - 1, 'MM-DD'), (today() + 1)::text)), 'between closed days'),
             (jsonb_build_object('closed_on', jsonb_build_array((today() + 1)::text)), 'on a day that is not closed, where there are no hours')
     ) AS o (policies, name);
SELECT is(ARRAY[c ->> 'reason', (c ->> 'next_opening')::timestamptz::text], ARRAY[reason, opens::text], 'closed: ' || name)
FROM (VALUES (hours('0 14:30 16:00'), 'outside_hours', at(0, '14:30'), 'until the afternoon'),
             (hours('0 09:00 11:00'), 'outside_hours', at(7, '09:00'), 'until next week'),
             (hours('0 09:00 11:00', '1 10:00 11:00', '2 08:00 12:00'), 'outside_hours', at(1, '10:00'), 'until tomorrow'),
             (hours('-1 23:00 11:00'), 'outside_hours', at(6, '23:00'), 'since this morning'),
             ('{"hours": {}}', 'outside_hours', NULL, 'for ever'),
             ('{"hours": {"mon": null, "tue": []}}', 'outside_hours', NULL, 'for ever, in other words'),
             (jsonb_build_object('hours', :'always'::jsonb, 'closed_on', jsonb_build_array(today()::text)), 'closed_day', at(1, '00:00'), 'today'),
             (jsonb_build_object('hours', :'always'::jsonb, 'closed_on', jsonb_build_array(to_char(today(), 'MM-DD'))), 'closed_day', at(1, '00:00'), 'on this day of every year'),
             (jsonb_build_object('closed_on', jsonb_build_array(today()::text)), 'closed_day', at(1, '00:00'), 'today, where there are no hours'),
             (hours('-1 23:00 14:00', '1 10:00 11:00') || jsonb_build_object('closed_on', jsonb_build_array((today() - 1)::text)), 'outside_hours', at(1, '10:00'),
              'because last night never began'),
             (jsonb_build_object('hours', :'always'::jsonb, 'closed_on', (SELECT jsonb_agg((today() + n)::text) FROM generate_series(0, 6) n)),
              'closed_day', at(7, '00:00'), 'for a week'),
             (jsonb_build_object('hours', :'always'::jsonb, 'closed_on', (SELECT jsonb_agg((today() + n)::text) FROM generate_series(0, 9) n)),
              'closed_day', NULL, 'for longer than is looked ahead')
     ) AS o (policies, reason, opens, name), closed(policies) c;
SELECT is(closed('{"hours": {}}' || policies, how) ->> 'reason', reason, format('%s with %s', how, policies))
FROM (VALUES ('in_store', '{}'::jsonb, 'outside_hours'), ('pickup', '{}', NULL), ('delivery', '{}', NULL),
             ('pickup', '{"sell_only_while_open": true}', 'outside_hours'), ('delivery', '{"sell_only_while_open": true}', NULL),
             ('pickup', '{"deliver_only_while_open": true}', NULL), ('delivery', '{"deliver_only_while_open": true}', 'outside_hours'),
             ('delivery', '{"deliver_only_while_open": false}', NULL)) AS o (how, policies, reason);
CALL set_policies(jsonb_build_object('closed_on', jsonb_build_array(today()::text)));
SELECT refused(buy(40, 'ann', :'in_store'), 'WG012', 'store_closed', 'WG012: a checkout is refused');
SELECT results_eq(format('SELECT r.message, r.detail::jsonb - ''local_time'', r.detail::jsonb ->> ''local_time'' ~ %L FROM refusal(%L) r',
                         '^' || today() || 'T1[23]:\d\d:\d\d$', buy(40, 'ann', :'in_store')),
                  format('VALUES (''the store is closed'', jsonb_build_object(''code'', ''store_closed'', ''reason'', ''closed_day'', ''next_opening'', %L::timestamptz), true)',
                         at(1, '00:00')), 'WG012: message and DETAIL');
SAVEPOINT ordered;
SELECT accepted(buy(40, 'ann'), 'what is picked up another day can be ordered');
ROLLBACK TO ordered;

-- Zones whose clock changes in two days: forward, then back. There is no zone of that name, but PostgreSQL takes the rule.
SELECT (now() AT TIME ZONE 'UTC')::date + CASE to_char((now() AT TIME ZONE 'UTC')::date + 2, 'MM-DD') WHEN '02-29' THEN 3 ELSE 2 END AS change_day \gset
CREATE FUNCTION day_of_year(day date) RETURNS text LANGUAGE sql -- without February 29
RETURN 'J' || extract(doy FROM make_date(2027, extract(month FROM day)::integer, least(extract(day FROM day), 31)::integer));
SELECT day_of_year(:'change_day') AS change, day_of_year(:'change_day'::date + 90 + CASE to_char(:'change_day'::date + 90, 'MM-DD') WHEN '02-29' THEN 1 ELSE 0 END) AS other_change \gset
CREATE FUNCTION on_change_day(interval_text text, day date) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('hours', jsonb_build_object(weekday(day), jsonb_build_array(string_to_array(interval_text, ' '))))
$$;
CALL set_zone(format('XST5XDT,%s/2,%s/2', :'change', :'other_change'));
SELECT is((closed(on_change_day(hours, :'change_day')) ->> 'next_opening')::timestamp::text, (:'change_day'::date + opens)::text, 'the clock goes forward: ' || hours)
FROM (VALUES ('01:30 01:45', interval '6:30'), ('02:30 10:00', '7:00'), ('03:00 10:00', '7:00'), ('03:30 10:00', '7:30'), ('02:15 02:45', NULL)) AS o (hours, opens);
CALL set_zone(format('XST5XDT,%s/2,%s/2', :'other_change', :'change'));
SELECT is((closed(on_change_day(hours, :'change_day')) ->> 'next_opening')::timestamp::text, (:'change_day'::date + opens)::text, 'the clock goes back: ' || hours)
FROM (VALUES ('00:30 00:45', interval '4:30'), ('01:30 01:45', '5:30'), ('02:00 10:00', '7:00'), ('03:30 10:00', '8:30')) AS o (hours, opens);
-- And real ones: wherever the store is, it opens when its clock says so.
CREATE TEMP TABLE zones AS
    SELECT zone, to_char(now() AT TIME ZONE zone + interval '5 hours', 'HH24:MI') AS opens, to_char(now() AT TIME ZONE zone + interval '6 hours', 'HH24:MI') AS shuts
    FROM unnest(ARRAY['America/Toronto', 'America/St_Johns', 'America/Regina', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Africa/Casablanca', 'UTC']) zone;
CREATE FUNCTION next_in(zone text, opens text, shuts text) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.set_zone(zone);
    RETURN closed(hours('-1 ' || opens || ' ' || shuts, '0 ' || opens || ' ' || shuts, '1 ' || opens || ' ' || shuts)) ->> 'next_opening';
END
$$;
SELECT ok(to_char(n AT TIME ZONE zone, 'HH24:MI') = opens AND n - now() BETWEEN interval '3 hours' AND interval '7 hours', zone || ' opens at ' || opens)
FROM zones, next_in(zone, opens, shuts) n;
CALL set_zone(:'noon');

-- Policies that say nothing --------------------------------------------------------------------------------------------

CREATE TEMP TABLE bad (policies, problem) AS VALUES
    ('[]'::jsonb, 'they must be a JSON object'), ('"30 g"', 'they must be a JSON object'), ('null', 'they must be a JSON object'), ('30000', 'they must be a JSON object'),
    ('{"purchase_limit": 30000}', '"purchase_limit" is unknown'), ('{"Min_age": null}', '"Min_age" is unknown'), ('{"": 1}', '"" is unknown'),
    ('{"min_age": 19, "max_age": 99}', '"max_age" is unknown');
INSERT INTO bad
SELECT jsonb_build_object(k, v), format('"%s" %s', k, must)
FROM (VALUES ('purchase_limit_mg', 'must be a whole number of milligrams, from 1 to 1000000000000',
              '["30000", 0, -1, 0.5, 30000.01, 1000000000001, 1e30, true, [], {}, [30000]]'::jsonb),
             ('min_age', 'must be a whole number of years, from 1 to 150', '["19", 0, -1, 18.5, 151, 1e30, false, [19], {}]'),
             ('purchase_limit_per_day', 'must be true or false', '["true", 1, 0, [], {}]'),
             ('require_verified_age', 'must be true or false', '["true", 1, 0, [], {}]'),
             ('sell_only_while_open', 'must be true or false', '["true", 1, 0, [], {}]'),
             ('deliver_only_while_open', 'must be true or false', '["true", 1, 0, [], {}]'),
             ('hours', 'must be an object of mon to sun, each with a list like [["09:00", "23:00"]]',
              '[[], "always", true, 9, {"monday": []}, {"Mon": []}, {"mon": {}}, {"mon": "09:00"}, {"mon": ["09:00", "23:00"]}, {"mon": [["09:00"]]},
                {"mon": [["09:00", "12:00", "13:00"]]}, {"mon": [[9, 23]]}, {"mon": [["9:00", "23:00"]]}, {"mon": [["09:00", "25:00"]]},
                {"mon": [["24:00", "02:00"]]}, {"mon": [["09:00", null]]}, {"mon": [null]}, {"mon": [{"from": "09:00"}]}]'),
             ('closed_on', 'must be a list of dates like "2026-12-25", or "12-25" for every year',
              '["12-25", {}, true, [1225], [null], [["12-25"]], ["25-12"], ["2027-02-29"], ["2026/12/25"], ["12-25", "tomorrow"]]')
     ) AS p (k, must, list), jsonb_array_elements(list) AS v;
CREATE FUNCTION with_policies(policies jsonb, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    CALL fixture.set_policies(policies);
    SELECT * INTO r FROM fixture.refusal(call);
    RETURN concat_ws(' ', r.state, r.detail::jsonb ->> 'code', r.message);
END
$$;
SELECT is(with_policies(policies, buy(40, 'ann')), '55000 setup the policies of the store cannot be used: ' || problem, format('55000: %s', policies)) FROM bad;
SELECT is(with_policies('{"hours": []}', call), awaited, call)
FROM (VALUES ($$SELECT weedgo.calc_order_totals(store('ON'), cart(40), customer('ann'))$$,
              '55000 setup the policies of the store cannot be used: "hours" must be an object of mon to sun, each with a list like [["09:00", "23:00"]]'),
             ($$SELECT weedgo.reserve_inventory(store('ON'), cart(40), customer('ann'))$$, '00000'),
             ($$SELECT weedgo.put_cart(store('ON'), cart(40), '[{"sku": "GUMMY", "quantity": 1}]', customer('ann'))$$, '00000'),
             ($$SELECT weedgo.get_cart(store('ON'), cart(40), customer('ann'))$$, '00000')) AS c (call, awaited);
CREATE FUNCTION found_in_setup(policies jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.set_policies(policies);
    RETURN (SELECT string_agg(concat_ws(': ', severity, object, problem), '; ') FROM weedgo.check_setup() WHERE object = 'store ' || store('ON') AND hint <> '');
END
$$;
CALL set_zone('America/Toronto');
SELECT is(found_in_setup(policies), format('error: store %s: its policies cannot be used: %s', store('ON'), problem), format('check_setup: %s', policies)) FROM bad;
SELECT is(found_in_setup(policies), format('warning: store %s: its policy "%s" does nothing by itself', store('ON'), idle), format('check_setup: %s', policies))
FROM (VALUES ('{"purchase_limit_per_day": true}'::jsonb, 'purchase_limit_per_day'), ('{"sell_only_while_open": true}', 'sell_only_while_open'),
             ('{"deliver_only_while_open": true, "hours": null}', 'deliver_only_while_open')) AS p (policies, idle);
SELECT is(found_in_setup(policies), NULL, format('check_setup has nothing to say of %s', policies))
FROM (VALUES ('{}'::jsonb), ('{"purchase_limit_per_day": null, "hours": null}'), ('{"purchase_limit_mg": 30000.0, "purchase_limit_per_day": true}'),
             ('{"min_age": 150, "require_verified_age": true, "purchase_limit_mg": 1000000000000}'),
             ('{"hours": {"mon": [["09:00", "23:00"]], "sat": [["10:00", "02:00"], ["04:00", "04:00"]], "sun": null}, "closed_on": ["12-25", "2027-07-01", "02-29"],
                "sell_only_while_open": true, "deliver_only_while_open": true}')) AS p (policies);

-- A view without any.
CALL set_policies('{}');
ALTER TABLE weedgo_data.stores ALTER policies DROP NOT NULL;
UPDATE weedgo_data.stores SET policies = NULL;
SELECT is(problems(40, 'ann'), '[]', 'NULL is no policy');
SELECT accepted(buy(40, 'ann'), 'and a checkout goes through');

SELECT invariants_hold('every invariant holds');
SELECT * FROM finish();
ROLLBACK;
