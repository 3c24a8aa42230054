-- calc_order_totals as of an instant, and policies that change at one: everything that has a date is
-- judged as of then, and only that.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();

CREATE PROCEDURE set_policies(policies jsonb) LANGUAGE sql AS $$UPDATE weedgo_data.stores s SET policies = set_policies.policies WHERE s.store_id = store('ON')$$;
CREATE FUNCTION totals(as_of text, number integer DEFAULT 1, store_name text DEFAULT 'ON', more text DEFAULT '') RETURNS weedgo.checkout_totals LANGUAGE plpgsql AS $$
DECLARE
    found weedgo.checkout_totals;
BEGIN
    EXECUTE format('SELECT * FROM weedgo.calc_order_totals(store(%L), cart(%s), customer(''ann''), options => %L%s)', store_name, number,
                   jsonb_build_object('as_of', as_of), more) INTO found;
    RETURN found;
END
$$;
-- What stands against a sale then, "code reason", and nothing else.
CREATE FUNCTION against(as_of text, number integer DEFAULT 1, more text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', p ->> 'code', p ->> 'reason'), ', ') FROM jsonb_array_elements((totals(as_of, number, 'ON', more)).problems) p
$$;
CALL fill_cart(1, 'ON', 'ann', '{"FLOWER": 2}');

-- Which instant ----------------------------------------------------------------------------------------------------

CREATE FUNCTION instant(as_of text) RETURNS text LANGUAGE sql AS $$
    SELECT to_char((totals(as_of)).priced_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
$$;
SET LOCAL TimeZone = 'Asia/Kathmandu';
SELECT is(instant(written), awaited, written)
FROM (VALUES
    ('2026-12-24T20:00:00-05:00', '2026-12-25 01:00:00.000000'), ('2026-12-24T20:00-05:00', '2026-12-25 01:00:00.000000'),
    ('2026-12-24 20:00:00-05', '2026-12-25 01:00:00.000000'), ('2026-12-24T20:00:00-0500', '2026-12-25 01:00:00.000000'),
    ('2026-12-25T01:00:00Z', '2026-12-25 01:00:00.000000'), ('2026-12-25T01:00:00.000001+00:00', '2026-12-25 01:00:00.000001'),
    ('2026-12-25T06:45:00.5+05:45', '2026-12-25 01:00:00.500000'), ('2024-02-29T00:00:00Z', '2024-02-29 00:00:00.000000'),
    ('2011-01-01T00:00:00+15:59', '2010-12-31 08:01:00.000000'), ('9999-12-31T23:59:59.999999Z', '9999-12-31 23:59:59.999999')
) AS w (written, awaited);
SELECT is((totals(to_jsonb(t) #>> '{}')).priced_at, t, 'as to_jsonb() writes it') FROM (VALUES ('2026-12-24 20:00:00.25-05'::timestamptz)) AS x (t);
SELECT is((totals(t::text)).priced_at, t, 'as PostgreSQL does') FROM (VALUES ('2026-12-24 20:00:00.25-05'::timestamptz)) AS x (t);
RESET TimeZone;
SELECT refused(format('SELECT weedgo.calc_order_totals(store(''ON''), cart(1), customer(''ann''), options => %L)', jsonb_build_object('as_of', given)), '22023',
               'invalid_argument', 'as_of: ' || left(given::text, 40))
FROM (
    SELECT to_jsonb(t) FROM unnest(ARRAY['', 'now', 'today', 'infinity', '-infinity', 'epoch', 'yesterday noon', '2026-12-24', '20:00:00-05:00', '2026-12-24T20:00:00',
        '2026-12-24 20:00:00', '2026-12-24T20-05:00', '2026-12-24T20:00:00 -05:00', '2026-12-24T20:00:00-05:00 ', ' 2026-12-24T20:00:00-05:00', '2026-12-24t20:00:00z',
        '2026-12-24T20:00:00 EST', '2026-12-24T20:00:00 America/Toronto', '2026-12-24T20:00:00[America/Toronto]', '2026-12-24T20:00:00-5', '2026-12-24T20:00:00-05:',
        '2026-12-24T20:00:00-05:60', '2026-12-24T20:00:00+16:00', '2026-12-24T24:00:00Z', '2026-12-24T20:60:00Z', '2026-12-24T20:00:60Z', '2026-12-24T20:00:00.Z',
        '2026-12-24T20:00:00.1234567Z', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-00-01T00:00:00Z', '2026-01-00T00:00:00Z', '2026-04-31T00:00:00Z',
        '0000-01-01T00:00:00Z', '-2026-01-01T00:00:00Z', '10000-01-01T00:00:00Z', '294277-01-01T00:00:00Z', '99999999-01-01T00:00:00Z', '4714-01-01T00:00:00Z BC',
        '24/12/2026 20:00:00-05:00', '20261224T200000Z', '2026-358T00:00:00Z', '1798160400', '2026-12-24T20:00:00-05:00; DROP TABLE weedgo_data.orders', repeat('2', 1000000)]) t
    UNION ALL SELECT * FROM jsonb_array_elements('[null, true, 0, 1798160400, -1e400, [], ["2026-12-24T20:00:00-05:00"], {}, {"at": "2026-12-24T20:00:00-05:00"}]')
) AS g (given);
SELECT is((refusal(format('SELECT weedgo.calc_order_totals(store(''ON''), cart(1), customer(''ann''), options => %L)', '{"as_of": "2026-12-24T20:00:00"}'))).message,
          'options has a value of as_of that is no instant', 'it says what is wrong');
SELECT refused('SELECT weedgo.' || call || ', options => ''{"as_of": "2026-12-24T20:00:00-05:00"}'')', '22023', 'invalid_argument', split_part(call, '(', 1) || ' knows now only', as_role)
FROM (VALUES ('checkout_cart(store(''ON''), cart(1), customer(''ann'')', 'shop_app'), ('reserve_inventory(store(''ON''), cart(1), customer(''ann'')', 'shop_app'),
             ('get_order(store(''ON''), cart(1)', 'shop_app')) AS c (call, as_role);
SELECT is((totals('2026-12-24T20:00:00-05:00', 99)).priced_at, '2026-12-24 20:00:00-05', 'a cart that is not there has the instant, too');
SELECT results_eq($$SELECT total, problems FROM totals('2026-12-24T20:00:00-05:00')$$, $$VALUES (45.18, '[]'::jsonb)$$, 'what has no date is as it is now');
SELECT is((refusal($$SET LOCAL transaction_read_only = on; SELECT weedgo.calc_order_totals(store('ON'), cart(1), customer('ann'), options => '{"as_of": "2026-12-24T20:00:00-05:00"}')$$)).state,
          '00000', 'nothing is written');

-- Tax rates --------------------------------------------------------------------------------------------------------

INSERT INTO weedgo_data.stores (store_id, province, timezone) VALUES (store('NS'), 'NS', 'America/Halifax');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) VALUES (store('NS'), 'HUNDRED', 'Costs a hundred', 100.00);
CALL fill_cart(2, 'NS', 'ann', '{"HUNDRED": 1}');
SELECT results_eq(format('SELECT tax, total, taxes #>> ''{0,rates,0,rate}'' FROM totals(%L, 2, ''NS'')', as_of), format('VALUES (%s::numeric, %s::numeric, ''%s'')', tax, 100 + tax, (tax / 100)::numeric(9,6)),
                  format('Nova Scotia, %s: %s %%', as_of, tax))
FROM (VALUES ('2010-07-01T00:00:00-03:00', 15.00), ('2025-03-31T23:59:59.999999-03:00', 15.00), ('2025-04-01T02:59:59.999999Z', 15.00), ('2025-04-01T00:00:00-03:00', 14.00),
             ('2025-04-01T03:00:00Z', 14.00), ('2025-03-31T22:00:00-05:00', 14.00), ('2100-01-01T00:00:00Z', 14.00)) AS t (as_of, tax);
SELECT refused_with('SELECT weedgo.calc_order_totals(store(''NS''), cart(2), customer(''ann''), options => ''{"as_of": "2010-06-30T23:59:59-03:00"}'')', '55000',
                    'no tax rate is known for class "cannabis" in province "NS" on 2010-06-30', '{"code": "setup"}', 'before that none is known');
SELECT is((refusal('SELECT weedgo.calc_order_totals(store(''NS''), cart(2), customer(''ann''), options => ''{"as_of": "0001-01-01T00:00:00+15:59"}'')')).state, '55000', 'not even in the year before 1');

-- Sales, promo codes, payment methods ------------------------------------------------------------------------------------

UPDATE weedgo_data.products SET sale_price = 10.00, sale_from = '2027-07-01 00:00-04', sale_until = '2027-07-08 00:00-04' WHERE store_id = store('ON') AND sku = 'FLOWER';
SELECT is((totals(as_of)).subtotal, subtotal, 'a sale in July: ' || as_of)
FROM (VALUES ('2027-06-30T23:59:59.999999-04:00', 39.98), ('2027-07-01T00:00:00-04:00', 20.00), ('2027-07-01T04:00:00Z', 20.00), ('2027-07-07T23:59:59.999999-04:00', 20.00),
             ('2027-07-08T00:00:00-04:00', 39.98)) AS s (as_of, subtotal);
UPDATE weedgo_data.products SET sale_price = NULL WHERE store_id = store('ON') AND sku = 'FLOWER';
UPDATE weedgo_data.promo_codes SET valid_from = '2027-07-01 00:00-04', valid_until = '2027-07-08 00:00-04' WHERE store_id = store('ON') AND code = 'SAVE10';
SELECT results_eq(format('SELECT against(%L, 1, %L), (totals(%1$L, 1, ''ON'', %2$L)).discount', as_of, ', promo_code => ''SAVE10'''), format('VALUES (%L, %s::numeric)', problem, discount),
                  'a promo code of July: ' || as_of)
FROM (VALUES ('2027-06-30T23:59:59.999999-04:00', 'promo_invalid not_started', 0.00), ('2027-07-01T00:00:00-04:00', NULL, 4.00), ('2027-07-07T23:59:59.999999-04:00', NULL, 4.00),
             ('2027-07-08T00:00:00-04:00', 'promo_invalid expired', 0.00)) AS p (as_of, problem, discount);
SELECT is(against(as_of, 1, format(', payment_method_id => %L', method)), problem, format('%s: %s', method, as_of))
FROM (VALUES ('ann-old', '2020-12-31T23:59:59-05:00', NULL), ('ann-old', '2021-01-01T04:59:59Z', NULL), ('ann-old', '2021-01-01T00:00:00-05:00', 'payment_method_invalid expired'),
             ('ann-card', '2100-01-31T23:59:59-05:00', NULL), ('ann-card', '2100-02-01T00:00:00-05:00', 'payment_method_invalid expired'),
             ('ann-lost', '2020-01-01T00:00:00Z', 'payment_method_invalid inactive')) AS m (method, as_of, problem);

-- What is as it is now ---------------------------------------------------------------------------------------------------

SAVEPOINT now;
INSERT INTO weedgo_data.holds (store_id, cart_id, sku, bucket, quantity, expires_at) VALUES (store('ON'), cart(7), 'FEW', 0, 2, now() + interval '1 hour');
UPDATE weedgo_data.stock SET available = 1, reserved = 2 WHERE store_id = store('ON') AND sku = 'FEW';
CALL fill_cart(3, 'ON', 'ann', '{"FEW": 2}');
SELECT results_eq(format('SELECT (l ->> ''available'')::integer FROM totals(%L, 3), jsonb_array_elements(lines) l', as_of), ARRAY[1], 'stock: what is held now is not to be had: ' || as_of)
FROM (VALUES ('2020-01-01T00:00:00Z'), ('2100-01-01T00:00:00Z')) AS t (as_of);
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 hour';
SELECT results_eq(format('SELECT (l ->> ''available'')::integer FROM totals(%L, 3), jsonb_array_elements(lines) l', as_of), ARRAY[3], 'and what is not held any more is: ' || as_of)
FROM (VALUES ('2020-01-01T00:00:00Z'), ('2100-01-01T00:00:00Z')) AS t (as_of);
SELECT is(against('2027-07-01T00:00:00Z', 1, ', promo_code => ''NEVER'''), 'promo_invalid exhausted', 'uses of a promo code');
INSERT INTO weedgo_data.promo_customers VALUES (store('ON'), 'ONCE', customer('ann'), 1);
SELECT is(against('2020-07-01T00:00:00Z', 1, ', promo_code => ''ONCE'''), 'promo_invalid customer_limit', 'and of a customer');
UPDATE weedgo_data.stores SET accepts_orders = false WHERE store_id = store('ON');
SELECT is(against('2020-07-01T00:00:00Z'), 'checkout_paused', 'and the switch of the store');
ROLLBACK TO now;
-- A customer's day is that of the instant; what counts on it is known now.
CALL set_policies('{"purchase_limit_mg": 8000, "purchase_limit_per_day": true}');
INSERT INTO weedgo_data.customer_days VALUES (store('ON'), customer('ann'), '2026-05-05', 2000);
SELECT is(against(as_of), problem, 'bought on May 5: ' || as_of)
FROM (VALUES ('2026-05-04T23:59:59-04:00', NULL), ('2026-05-05T00:00:00-04:00', 'purchase_limit_exceeded'), ('2026-05-06T03:59:59Z', 'purchase_limit_exceeded'),
             ('2026-05-06T00:00:00-04:00', NULL)) AS d (as_of, problem);
ROLLBACK TO now;

-- Ages and hours ---------------------------------------------------------------------------------------------------------

UPDATE weedgo_data.customers SET date_of_birth = '2008-02-29' WHERE customer_id = customer('ann');
CALL set_policies('{"min_age": 19}');
SELECT is(against(as_of), problem, 'nineteen, born on February 29: ' || as_of)
FROM (VALUES ('2027-02-28T12:00:00-05:00', 'age_not_verified too_young'), ('2027-03-01T04:59:59.999999Z', 'age_not_verified too_young'), ('2027-03-01T00:00:00-05:00', NULL),
             ('2028-02-29T00:00:00-05:00', NULL), ('2011-01-01T00:00:00Z', 'age_not_verified too_young')) AS a (as_of, problem);
CREATE FUNCTION open(as_of text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(concat_ws(' ', p ->> 'reason', p ->> 'local_time', to_char((p ->> 'next_opening')::timestamptz AT TIME ZONE 'UTC', 'MM-DD HH24:MI:SS')), ', '), 'open')
    FROM jsonb_array_elements((totals(as_of, 1, 'ON', ', delivery_type => ''in_store''')).problems) p
$$;
CALL set_policies('{"hours": {"sat": [["09:00", "23:00"]], "sun": [["09:00", "23:00"]], "mon": [["09:00", "23:00"]]}, "closed_on": ["2026-11-02", "12-25"]}');
-- In 2026 Toronto's clock goes forward on March 8, and back on November 1, both Sundays.
SELECT is(open(as_of), awaited, 'nine to eleven: ' || as_of)
FROM (VALUES
    ('2026-03-07T08:59:59.999999-05:00', 'outside_hours 2026-03-07T08:59:59 03-07 14:00:00'), ('2026-03-07T14:00:00Z', 'open'),
    ('2026-03-07T22:59:59-05:00', 'open'), ('2026-03-07T23:00:00-05:00', 'outside_hours 2026-03-07T23:00:00 03-08 13:00:00'),
    ('2026-03-08T12:59:59Z', 'outside_hours 2026-03-08T08:59:59 03-08 13:00:00'), ('2026-03-08T13:00:00Z', 'open'), ('2026-03-08T09:00:00-04:00', 'open'),
    ('2026-10-31T13:00:00Z', 'open'), ('2026-11-01T13:00:00Z', 'outside_hours 2026-11-01T08:00:00 11-01 14:00:00'), ('2026-11-01T14:00:00Z', 'open'),
    ('2026-11-02T12:00:00-05:00', 'closed_day 2026-11-02T12:00:00 11-07 14:00:00'), ('2021-12-25T12:00:00-05:00', 'closed_day 2021-12-25T12:00:00 12-26 14:00:00')
) AS h (as_of, awaited);
CALL set_policies('{"hours": {"sun": [["01:15", "03:30"]]}}');
SELECT is(open(as_of), awaited, 'a quarter past one to half past three: ' || as_of)
FROM (VALUES
    ('2026-03-08T06:59:59Z', 'open'), ('2026-03-08T07:00:00Z', 'open'), ('2026-03-08T07:29:59Z', 'open'), ('2026-03-08T07:30:00Z', 'outside_hours 2026-03-08T03:30:00 03-15 05:15:00'),
    ('2026-11-01T05:14:59Z', 'outside_hours 2026-11-01T01:14:59 11-01 05:15:00'), ('2026-11-01T05:15:00Z', 'open'), ('2026-11-01T05:59:59Z', 'open'),
    ('2026-11-01T06:00:00Z', 'outside_hours 2026-11-01T01:00:00 11-01 06:15:00'), ('2026-11-01T06:15:00Z', 'open'), ('2026-11-01T08:29:59Z', 'open'),
    ('2026-11-01T08:30:00Z', 'outside_hours 2026-11-01T03:30:00 11-08 06:15:00'),
    ('9999-12-31T23:59:59Z', 'outside_hours 9999-12-31T18:59:59 01-02 06:15:00')
) AS h (as_of, awaited);

-- Changes that are entered ahead -------------------------------------------------------------------------------------------

CALL fill_cart(4, 'ON', 'ann', '{"FLOWER": 1}'); -- 3500 mg
CALL set_policies('{"purchase_limit_mg": 3000, "min_age": 18, "changes": [
    {"from": "2030-01-01T00:00:00-05:00", "purchase_limit_mg": null, "min_age": 20},
    {"from": "2028-01-01T00:00:00-05:00", "purchase_limit_mg": 3500},
    {"from": "2029-01-01T05:00:00Z", "purchase_limit_mg": 3499}]}');
SELECT is(against(as_of, 4), problem, 'the limit: ' || as_of)
FROM (VALUES ('2027-12-31T23:59:59.999999-05:00', 'purchase_limit_exceeded'), ('2028-01-01T00:00:00-05:00', NULL), ('2028-12-31T23:59:59.999999-05:00', NULL),
             ('2029-01-01T00:00:00-05:00', 'purchase_limit_exceeded'), ('2029-12-31T23:59:59.999999-05:00', 'purchase_limit_exceeded'), ('2030-01-01T00:00:00-05:00', NULL)) AS c (as_of, problem);
SELECT is((totals('2029-06-01T00:00:00Z', 4)).problems, '[{"code": "purchase_limit_exceeded", "limit_mg": 3499, "cart_mg": 3500, "over_mg": 1}]', 'it is the one of the day');
UPDATE weedgo_data.customers SET date_of_birth = '2010-06-01' WHERE customer_id = customer('ann');
SELECT is(against(as_of, 4), problem, 'the age: ' || as_of)
FROM (VALUES ('2028-05-31T12:00:00Z', 'age_not_verified too_young'), ('2028-06-01T12:00:00Z', NULL), ('2030-01-01T04:59:59Z', 'purchase_limit_exceeded'),
             ('2030-01-01T05:00:00Z', 'age_not_verified too_young'), ('2030-06-01T12:00:00Z', NULL)) AS c (as_of, problem);
UPDATE weedgo_data.customers SET date_of_birth = '1970-01-01' WHERE customer_id = customer('ann');
CALL set_policies('{"hours": {"sat": [["09:00", "23:00"]]}, "closed_on": ["01-08"], "changes": [
    {"from": "2028-01-15T12:00:00-05:00", "hours": {"sun": [["10:00", "12:00"]]}},
    {"from": "2028-02-01T00:00:00-05:00", "hours": null}, {"from": "2028-03-01T00:00:00-05:00", "closed_on": null},
    {"from": "2028-04-01T00:00:00-05:00", "hours": {"mon": [["00:00", "24:00"]]}}]}');
SELECT is(split_part(open(as_of), ' ', 1), awaited, 'hours: ' || as_of)
FROM (VALUES ('2028-01-01T12:00:00-05:00', 'open'), ('2028-01-08T12:00:00-05:00', 'closed_day'), ('2028-01-09T11:00:00-05:00', 'outside_hours'), ('2028-01-15T11:59:59-05:00', 'open'),
             ('2028-01-15T12:00:00-05:00', 'outside_hours'), ('2028-01-16T11:00:00-05:00', 'open'), ('2028-01-31T23:59:59-05:00', 'outside_hours'), ('2028-02-01T00:00:00-05:00', 'open'),
             ('2029-01-08T00:00:00-05:00', 'open')) AS h (as_of, awaited);
CALL set_policies('{"min_age": 19, "require_verified_age": true, "hours": {}, "sell_only_while_open": true, "changes": [{"from": "2028-01-01T00:00:00Z", "require_verified_age": false,
    "sell_only_while_open": false}, {"from": "2029-01-01T00:00:00Z", "require_verified_age": null, "sell_only_while_open": true}, {"from": "2030-01-01T00:00:00Z", "sell_only_while_open": null}]}');
UPDATE weedgo_data.customers SET age_verified = false WHERE customer_id = customer('ann');
SELECT is(against(as_of, 4), problem, 'switches: ' || as_of)
FROM (VALUES ('2027-12-31T23:59:59Z', 'age_not_verified not_verified, store_closed outside_hours'), ('2028-01-01T00:00:00Z', NULL), ('2029-01-01T00:00:00Z', 'store_closed outside_hours'),
             ('2030-01-01T00:00:00Z', NULL)) AS s (as_of, problem);

-- A checkout is judged by what has changed already.
CREATE FUNCTION bought(policies jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.set_policies(policies);
    RETURN (fixture.refusal('SELECT weedgo.checkout_cart(store(''ON''), cart(4), customer(''ann''))')).state;
END
$$;
SELECT is(bought(policies), state, format('checkout_cart with %s', policies))
FROM (VALUES ('{"purchase_limit_mg": 1, "changes": [{"from": "2020-01-01T00:00:00Z", "purchase_limit_mg": 3500}]}'::jsonb, '00000'),
             ('{"purchase_limit_mg": 3500, "changes": [{"from": "2020-01-01T00:00:00Z", "purchase_limit_mg": 1}]}', 'WG010'),
             ('{"changes": [{"from": "2020-01-01T00:00:00Z", "purchase_limit_mg": 1}]}', 'WG010'),
             ('{"purchase_limit_mg": 1, "changes": [{"from": "2020-01-01T00:00:00Z", "purchase_limit_mg": null}]}', '00000'),
             ('{"purchase_limit_mg": 1, "changes": [{"from": "9999-01-01T00:00:00Z", "purchase_limit_mg": 3500}]}', 'WG010'),
             ('{"purchase_limit_mg": 3500, "changes": [{"from": "9999-01-01T00:00:00Z", "purchase_limit_mg": 1}]}', '00000'),
             ('{"changes": []}', '00000'), ('{"changes": null}', '00000'), ('{"changes": [{"from": "2020-01-01T00:00:00Z"}]}', '00000')) AS p (policies, state);
SELECT is(bought(jsonb_build_object('purchase_limit_mg', 1, 'changes', jsonb_build_array(jsonb_build_object('from', now() + d, 'purchase_limit_mg', 3500)))), state, 'from ' || d || ' on')
FROM (VALUES (interval '-1 second', '00000'), (interval '1 hour', 'WG010')) AS t (d, state);

-- Changes that cannot be read: also those that are past, or to come.
\set form '"changes" must be a list of objects, each with another "from" like "2027-01-01T00:00:00-05:00"'
CREATE TEMP TABLE bad (policies, problem) AS
    SELECT jsonb_build_object('changes', c), :'form'
    FROM jsonb_array_elements('["soon", 1, true, {}, {"from": "2027-01-01T00:00:00-05:00", "min_age": 19}, ["2027-01-01T00:00:00-05:00"], [null], [[]], [{}], [{"min_age": 19}],
        [{"from": null, "min_age": 19}], [{"from": 2027}], [{"from": "2027-01-01"}], [{"from": "2027-01-01T00:00:00"}], [{"from": "2027-02-29T00:00:00Z"}], [{"from": "infinity"}],
        [{"from": ["2027-01-01T00:00:00Z"]}], [{"from": "2027-01-01T00:00:00Z"}, {"min_age": 19}], [{"From": "2027-01-01T00:00:00Z"}],
        [{"from": "2027-01-01T00:00:00Z", "min_age": 19}, {"from": "2027-01-02T00:00:00Z"}, {"from": "2026-12-31T19:00:00-05:00", "min_age": 20}]]') c
    UNION ALL SELECT jsonb_build_object('changes', jsonb_build_array('{"from": "2020-01-01T00:00:00Z"}'::jsonb, jsonb_build_object('from', at) || change)), 'in change 2 of "changes" ' || problem
    FROM (VALUES ('2021-01-01T00:00:00Z'), ('9998-01-01T00:00:00Z')) AS t (at),
         (VALUES ('{"min_age": "19"}'::jsonb, '"min_age" must be a whole number of years, from 1 to 150'), ('{"max_age": 19}', '"max_age" is unknown'),
                 ('{"changes": []}', '"changes" is unknown'), ('{"hours": {"monday": []}}', '"hours" must be an object of mon to sun, each with a list like [["09:00", "23:00"]]'),
                 ('{"closed_on": "12-25"}', '"closed_on" must be a list of dates like "2026-12-25", or "12-25" for every year')) AS c (change, problem)
    UNION ALL VALUES ('{"from": "2020-01-01T00:00:00Z"}'::jsonb, '"from" is unknown'), ('{"changes": [], "min_age": 0}', '"min_age" must be a whole number of years, from 1 to 150');
CREATE FUNCTION outcome(policies jsonb, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    CALL fixture.set_policies(policies);
    SELECT * INTO r FROM fixture.refusal(call);
    RETURN concat_ws(' ', r.state, r.detail::jsonb ->> 'code', r.message);
END
$$;
SELECT is(outcome(policies, format('SELECT weedgo.%s(store(''ON''), cart(4), customer(''ann''))', f)), '55000 setup the policies of the store cannot be used: ' || problem,
          format('55000: %s, %s', f, policies))
FROM bad, unnest(ARRAY['checkout_cart', 'calc_order_totals']) f;
SELECT is(left(outcome('{"changes": 1}', format('SELECT weedgo.reserve_inventory(store(''ON''), cart(4), customer(''ann''))')), 5), '00000', 'holds are not judged');
CREATE FUNCTION found_in_setup(policies jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.set_policies(policies);
    RETURN (SELECT string_agg(concat_ws(': ', severity, problem), '; ') FROM weedgo.check_setup() WHERE object = 'store ' || store('ON') AND hint <> '');
END
$$;
SELECT is(found_in_setup(policies), 'error: its policies cannot be used: ' || problem, format('check_setup: %s', policies)) FROM bad;
SELECT is(found_in_setup(policies), problem, format('check_setup: %s', policies))
FROM (VALUES ('{"hours": {}, "changes": [{"from": "9998-01-01T00:00:00Z", "sell_only_while_open": true, "min_age": 19}]}'::jsonb, NULL),
             ('{"changes": [{"from": "9998-01-01T00:00:00Z", "sell_only_while_open": true}]}', 'warning: its policy "sell_only_while_open" does nothing by itself'),
             ('{"purchase_limit_mg": 1, "purchase_limit_per_day": true, "changes": [{"from": "9998-01-01T00:00:00Z", "purchase_limit_mg": null}, {"from": "9999-01-01T00:00:00Z", "purchase_limit_mg": 1}]}',
              'warning: its policy "purchase_limit_per_day" does nothing by itself'),
             ('{"purchase_limit_per_day": true, "changes": [{"from": "2020-01-01T00:00:00Z", "purchase_limit_mg": 1}]}', NULL)) AS p (policies, problem);

SELECT invariants_hold('every invariant holds');
SELECT * FROM finish();
ROLLBACK;
