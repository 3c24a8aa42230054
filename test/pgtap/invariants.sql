-- verify_invariants() says nothing after a busy day, and finds each thing that can be wrong: every
-- row it can return is caused once, by a hand that has every right and drops every constraint.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();

SELECT invariants_hold('an empty shop is in order');

-- A busy day -------------------------------------------------------------------------------------------

-- Orders in four provinces, with and without promo codes, delivered and picked up, in cash, by
-- customers and by guests; carts that hold stock, that gave it back, whose holds expired.
DO $$
DECLARE
    shop text;
    n    integer := 0;
    code text;
    who  text;
BEGIN
    FOREACH shop IN ARRAY ARRAY['ON', 'QC', 'BC', 'AB'] LOOP
        FOREACH code IN ARRAY ARRAY['', 'SAVE10', 'FIVE', 'MAKER', 'CAPPED', 'TWICE', 'ONCE'] LOOP
            FOREACH who IN ARRAY ARRAY['ann', 'ben', NULL] LOOP
                CONTINUE WHEN who IS NULL AND code = 'ONCE' OR who = 'ben' AND code = 'TWICE';
                n := n + 1;
                CALL fill_cart(n, shop, who, jsonb_build_object('FLOWER', 1 + n % 3, 'PIPE', 1, 'GUMMY', 1 + n % 5));
                IF n % 4 = 0 THEN
                    PERFORM weedgo.reserve_inventory(store(shop), cart(n), customer(who));
                END IF;
                PERFORM weedgo.checkout_cart(store(shop), cart(n), customer(who),
                                             CASE WHEN who = 'ann' AND n % 2 = 0 THEN 'ann-cash' END,
                                             CASE WHEN n % 3 = 0 THEN 'delivery' ELSE 'pickup' END,
                                             CASE WHEN n % 3 = 0 THEN '{"latitude": 43.66, "longitude": -79.40}'::jsonb END,
                                             tip => n % 4, promo_code => code, idempotency_key => n::text);
            END LOOP;
        END LOOP;
    END LOOP;
    FOR i IN 101..110 LOOP
        CALL fill_cart(i, 'ON', NULL, jsonb_build_object('FLOWER', 2, 'ROLLS', i - 100));
        PERFORM weedgo.reserve_inventory(store('ON'), cart(i), NULL,
                                         CASE WHEN i > 105 THEN '1 microsecond' ELSE '10 minutes' END::interval);
    END LOOP;
    PERFORM weedgo.release_inventory(store('ON'), cart(101));
END
$$;
SELECT cmp_ok((SELECT count(*)::integer FROM weedgo_data.orders), '>=', 70, 'a busy day: seventy orders and more');
SELECT cmp_ok((SELECT count(*)::integer FROM weedgo_data.holds), '=', 18, 'and holds, some of them expired');
SELECT invariants_hold('every invariant holds');
SELECT cmp_ok(weedgo.expire_holds(max_holds => 3), '=', 3, 'three holds expire');
SELECT invariants_hold('every invariant holds');
SELECT cmp_ok(weedgo.expire_holds(), '=', 7, 'so do the others');
SELECT invariants_hold('every invariant holds');
SELECT is(sum(s.available + s.reserved)::integer, 1000 * 5 + 3, 'nothing of the stock was lost')
FROM weedgo_data.stock s WHERE s.store_id = store('ON') AND s.sku <> 'HIDDEN';

-- Corruption -------------------------------------------------------------------------------------------

-- Nothing stands in the way of a corrupt row: not a check, not a unique index, not a trigger.
DO $$
DECLARE
    obstacle record;
BEGIN
    FOR obstacle IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
                    WHERE connamespace = 'weedgo_data'::regnamespace AND contype = 'c' LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', obstacle.relation, obstacle.conname);
    END LOOP;
END
$$;
DROP INDEX weedgo_data.orders_cart, weedgo_data.orders_idempotency;

-- What verify_invariants() says of a change, which is undone then.
CREATE FUNCTION said_of(corruption text, about uuid DEFAULT NULL) RETURNS SETOF weedgo.invariant_violation LANGUAGE plpgsql AS $$
DECLARE
    findings weedgo.invariant_violation[];
BEGIN
    BEGIN
        EXECUTE corruption;
        findings := ARRAY(SELECT v FROM weedgo.verify_invariants(about) v);
        RAISE SQLSTATE '00WGO';
    EXCEPTION WHEN SQLSTATE '00WGO' THEN
        RETURN QUERY SELECT * FROM unnest(findings);
    END;
END
$$;
CREATE FUNCTION order_no(number integer) RETURNS text LANGUAGE sql
AS 'SELECT ''order '' || fixture.order_of(number)';

-- Cart 6 is ann's in Ontario: SAVE10 is cart 4 to 6, FIVE 7 to 9, MAKER 10 to 12. All that is
-- expected of a change: which invariant is named, of what, and how.
CREATE TEMP TABLE corruptions (name, corruption, invariant, subject, problem) AS VALUES
    ('two orders of one cart',
     format('UPDATE weedgo_data.orders SET cart_id = %L WHERE cart_id = %L', cart(4), cart(5)),
     'I1', format('cart %s', cart(4)), 'has 2 orders'),
    ('a cart is converted to an order that there is not',
     format('UPDATE weedgo_data.carts SET status = ''converted'', order_id = cart_id WHERE cart_id = %L', cart(101)),
     'I1', format('cart %s', cart(101)), 'is converted, but has no such order'),
    ('a cart is converted to no order',
     format('UPDATE weedgo_data.carts SET order_id = NULL WHERE cart_id = %L', cart(4)),
     'I1', format('cart %s', cart(4)), 'is converted, but has no such order'),
    ('a cart is active though it has an order',
     format('UPDATE weedgo_data.carts SET status = ''active'', order_id = NULL WHERE cart_id = %L', cart(4)),
     'I1', order_no(4), 'its cart is not converted to it'),
    ('a cart is converted to another cart''s order',
     format('UPDATE weedgo_data.carts SET order_id = %L WHERE cart_id = %L', order_of(5), cart(4)),
     'I1', order_no(4), 'its cart is not converted to it'),
    ('stock below zero',
     format('UPDATE weedgo_data.stock SET available = -1 WHERE store_id = %L AND sku = ''FEW''', store('ON')),
     'I2', 'sku FEW', 'stock is below zero: available -1, reserved 0'),
    ('reserved stock below zero',
     format('UPDATE weedgo_data.stock SET reserved = -2 WHERE store_id = %L AND sku = ''FEW''', store('ON')),
     'I2', 'sku FEW', 'stock is below zero: available 3, reserved -2'),
    ('stock is reserved for nobody',
     format('UPDATE weedgo_data.stock SET reserved = 1 WHERE store_id = %L AND sku = ''FEW''', store('ON')),
     'I3', 'sku FEW', 'reserved is 1, but open orders and holds have 0'),
    ('an order''s stock is given back',
     format('UPDATE weedgo_data.stock SET reserved = reserved - 1 WHERE store_id = %L AND sku = ''PIPE''', store('QC')),
     'I3', 'sku PIPE', 'reserved is 18, but open orders and holds have 19'),
    ('the row of stock is gone',
     format('DELETE FROM weedgo_data.stock WHERE store_id = %L AND sku = ''PIPE''', store('QC')),
     'I3', 'sku PIPE', 'reserved is 0, but open orders and holds have 19'),
    ('a hold is gone, its stock is not',
     format('DELETE FROM weedgo_data.holds WHERE cart_id = %L AND sku = ''ROLLS''', cart(105)),
     'I3', 'sku ROLLS', 'reserved is 14, but open orders and holds have 9'),
    ('units are lost by hand',
     format('UPDATE weedgo_data.stock SET available = available - 1 WHERE store_id = %L AND sku = ''FEW''', store('ON')),
     'I3', 'sku FEW', 'on the shelf are 2 (available 2, reserved 0), but the ledger has 3, of which 0 were handed over'),
    ('units are put beside others by hand',
     format('INSERT INTO weedgo_data.stock AS s (store_id, sku, available) VALUES (%L, ''FEW'', 5) '
            'ON CONFLICT (store_id, sku, bucket) DO UPDATE SET available = s.available + excluded.available', store('ON')),
     'I3', 'sku FEW', 'on the shelf are 8 (available 8, reserved 0), but the ledger has 3, of which 0 were handed over'),
    ('the row of stock is gone, with what was on it',
     format('DELETE FROM weedgo_data.stock WHERE store_id = %L AND sku = ''FEW''', store('ON')),
     'I3', 'sku FEW', 'on the shelf are 0 (available 0, reserved 0), but the ledger has 3, of which 0 were handed over'),
    ('an entry of the ledger is gone',
     format('DELETE FROM weedgo_data.stock_ledger WHERE store_id = %L AND sku = ''FEW''', store('ON')),
     'I3', 'sku FEW', 'on the shelf are 3 (available 3, reserved 0), but the ledger has 0, of which 0 were handed over'),
    ('goods came that are in the ledger only',
     format('INSERT INTO weedgo_data.stock_ledger (store_id, entry_id, sku, change, reason) VALUES (%L, %L, ''NEW'', 4, ''received'')', store('ON'), cart(1)),
     'I3', 'sku NEW', 'on the shelf are 0 (available 0, reserved 0), but the ledger has 4, of which 0 were handed over'),
    ('an order is delivered, but its stock is still there',
     format('UPDATE weedgo_data.orders SET status = ''delivered'' WHERE order_id = %L', order_of(4)),
     'I3', 'sku PIPE', 'on the shelf are 1000 (available 981, reserved 19), but the ledger has 1000, of which 1 were handed over'),
    ('an order has no lines',
     format('DELETE FROM weedgo_data.order_items WHERE order_id = %L', order_of(4)),
     'I5', order_no(4), 'has no lines'),
    ('an order has no event',
     format('DELETE FROM weedgo_data.order_events WHERE order_id = %L', order_of(4)),
     'I5', order_no(4), 'has no event of its creation'),
    ('lines have no order',
     format('DELETE FROM weedgo_data.orders WHERE order_id = %L', order_of(4)),
     'I5', order_no(4), 'lines without an order'),
    ('events have no order',
     format('DELETE FROM weedgo_data.orders WHERE order_id = %L', order_of(4)),
     'I5', order_no(4), 'events without an order'),
    ('a cart holds stock though it is an order',
     format('INSERT INTO weedgo_data.holds (store_id, cart_id, sku, quantity, expires_at) VALUES (%L, %L, ''FEW'', 1, now())', store('ON'), cart(4)),
     'I5', format('cart %s', cart(4)), 'holds stock, but is an order already'),
    ('a use of a promo code is not counted',
     format('UPDATE weedgo_data.promo_counters SET used = used - 1 WHERE store_id = %L AND code = ''SAVE10''', store('ON')),
     'I5', 'promo code SAVE10', 'is counted 2 times, but 3 orders have it'),
    ('a promo code''s counter is gone',
     format('DELETE FROM weedgo_data.promo_counters WHERE store_id = %L AND code = ''SAVE10''', store('ON')),
     'I5', 'promo code SAVE10', 'is counted 0 times, but 3 orders have it'),
    ('a promo code is counted that nobody used',
     format('INSERT INTO weedgo_data.promo_counters (store_id, code, used) VALUES (%L, ''BIG'', 1)', store('ON')),
     'I5', 'promo code BIG', 'is counted 1 times, but 0 orders have it'),
    ('a customer''s use is not counted',
     format('DELETE FROM weedgo_data.promo_customers WHERE store_id = %L AND code = ''SAVE10'' AND customer_id = %L', store('ON'), customer('ann')),
     'I5', format('promo code SAVE10 of customer %s', customer('ann')), 'is counted 0 times, but 1 orders have it'),
    ('a line is not price times quantity',
     format('UPDATE weedgo_data.order_items SET unit_price = unit_price + 1 WHERE order_id = %L AND line_no = 1', order_of(4)),
     'I6', order_no(4), 'a line is not unit price times quantity'),
    ('a line has more discount than it costs',
     format('UPDATE weedgo_data.order_items SET discount = line_total + 1 WHERE order_id = %L AND line_no = 1', order_of(4)),
     'I6', order_no(4), 'a line is not unit price times quantity'),
    ('the subtotal is a cent too high',
     format('UPDATE weedgo_data.orders SET subtotal = subtotal + 0.01 WHERE order_id = %L', order_of(4)),
     'I6', order_no(4), 'the subtotal is not the sum of the lines'),
    ('the discount is a cent too high',
     format('UPDATE weedgo_data.orders SET discount = discount + 0.01 WHERE order_id = %L', order_of(4)),
     'I6', order_no(4), 'the discount is not the sum of the lines'''),
    ('the tax is a cent too high',
     format('UPDATE weedgo_data.orders SET tax = tax + 0.01 WHERE order_id = %L', order_of(4)),
     'I6', order_no(4), 'the tax is not the sum of the lines'''),
    ('the total is a cent too high',
     format('UPDATE weedgo_data.orders SET total = total + 0.01, amount_due = amount_due + 0.01 WHERE order_id = %L', order_of(5)),
     'I6', order_no(5), 'the total is not the sum of its parts'),
    ('the amount due is not the total',
     format('UPDATE weedgo_data.orders SET amount_due = amount_due + 0.01 WHERE order_id = %L', order_of(5)),
     'I6', order_no(5), 'the amount due does not follow from the total'),
    ('the amount due in cash is not rounded',
     format('UPDATE weedgo_data.orders SET amount_due = amount_due + 0.01 WHERE order_id = %L', order_of(4)),
     'I6', order_no(4), 'the amount due does not follow from the total'),
    ('the discount is of another promo code',
     format('UPDATE weedgo_data.orders SET pricing = jsonb_set(pricing, ''{promo,discount_value}'', ''"20.00"'') WHERE order_id = %L', order_of(4)),
     'I6', order_no(4), 'the discount cannot be derived'),
    ('a discount for nothing',
     format('UPDATE weedgo_data.orders SET pricing = jsonb_set(pricing, ''{promo}'', ''null'') WHERE order_id = %L', order_of(4)),
     'I6', order_no(4), 'the discount cannot be derived'),
    ('the fee is of another distance',
     format('UPDATE weedgo_data.orders SET distance_m = distance_m + 1000 WHERE order_id = %L', order_of(6)),
     'I6', order_no(6), 'the delivery fee cannot be derived'),
    ('the fee is of another store',
     format('UPDATE weedgo_data.orders SET pricing = jsonb_set(pricing, ''{delivery,base_fee}'', ''"6.00"'') WHERE order_id = %L', order_of(6)),
     'I6', order_no(6), 'the delivery fee cannot be derived'),
    ('tax is taken of the full price, the discount notwithstanding',
     format('UPDATE weedgo_data.order_items SET taxable = line_total WHERE order_id = %L', order_of(4)),
     'I6', order_no(4), 'the taxable amount of a line cannot be derived'),
    ('tax is taken of something else than the lines',
     format('UPDATE weedgo_data.orders SET taxes = jsonb_set(taxes, ''{0,rates,0,taxable}'', ''"1.00"'') WHERE order_id = %L', order_of(4)),
     'I6', order_no(4), 'what a tax was taken of cannot be derived'),
    ('the tax is of another rate',
     format('UPDATE weedgo_data.orders SET taxes = jsonb_set(taxes, ''{0,rates,0,rate}'', ''"0.150000"'') WHERE order_id = %L', order_of(4)),
     'I6', order_no(4), 'the tax cannot be derived'),
    ('a tax is not listed',
     format('UPDATE weedgo_data.orders SET taxes = taxes - 0 WHERE order_id = %L', order_of(23)),
     'I6', order_no(23), 'the tax cannot be derived');

SELECT is((payment_type, promo_code, delivery_type)::text, awaited, format('cart %s is what the list below takes it for', number))
FROM (VALUES (4, '(cash,SAVE10,pickup)'), (5, '(,SAVE10,pickup)'), (6, '(,SAVE10,delivery)')) AS c (number, awaited)
JOIN weedgo_data.orders o ON o.cart_id = cart(number);

SELECT results_eq(
    format('SELECT * FROM said_of(%L) WHERE (invariant, subject, problem) = (%L, %L, %L)', corruption, invariant, subject, problem),
    format('VALUES (%L, store(%L), %L, %L)', invariant,
           CASE WHEN subject = order_no(23) OR problem LIKE '%have 19' THEN 'QC' ELSE 'ON' END, subject, problem),
    format('%s: %s', invariant, name))
FROM corruptions;

-- A cent that moves from one line to another changes no sum; but a line's own figures can be
-- derived, too (largest remainder).
SELECT isnt_empty(
    format('SELECT * FROM said_of(%L)',
           format('UPDATE weedgo_data.order_items SET tax = tax + CASE line_no WHEN 1 THEN 0.01 ELSE -0.01 END WHERE order_id = %L AND line_no < 3', order_of(4))),
    'I6: a cent of tax moves between two lines');
SELECT isnt_empty(
    format('SELECT * FROM said_of(%L)',
           format('UPDATE weedgo_data.order_items SET discount = discount + CASE line_no WHEN 1 THEN 0.01 ELSE -0.01 END '
                  'WHERE order_id = %L AND line_no < 3', order_of(11))),
    'I6: a cent of a reimbursed discount moves between two lines');

-- A store of its own: others' violations are not its business.
SELECT is_empty(format('SELECT * FROM said_of(%L, store(''QC''))', corruption), 'asked for another store, it does not say: ' || name)
FROM corruptions WHERE subject <> order_no(23) AND problem NOT LIKE '%have 19';
SELECT results_eq(format('SELECT invariant, subject, problem FROM said_of(%L, store(''ON''))', corruption),
                  format('VALUES (%L, %L, %L)', invariant, subject, problem), 'asked for the store, it does: ' || name)
FROM corruptions WHERE name IN ('a hold is gone, its stock is not', 'units are lost by hand', 'an order has no event', 'the amount due is not the total');
SELECT is_empty('SELECT * FROM weedgo.verify_invariants(store(''nowhere''))', 'of a store that there is not, nothing is said');

-- An order that is over has no claim on stock; whoever ends it gives its stock and promo uses back.
SELECT set_eq(
    format('SELECT invariant || '' '' || subject FROM said_of(%L)',
           format('UPDATE weedgo_data.orders SET status = ''cancelled'' WHERE order_id = %L', order_of(4))),
    ARRAY['I3 sku FLOWER', 'I3 sku PIPE', 'I3 sku GUMMY', 'I5 promo code SAVE10',
          'I5 promo code SAVE10 of customer ' || customer('ann')],
    'an order is cancelled, but its stock and its promo code are not given back');

SELECT invariants_hold('with every change undone, every invariant holds');
SELECT * FROM finish();
ROLLBACK;
