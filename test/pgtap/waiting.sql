-- The refusals that it takes two sessions to meet: a lock that does not come in time (55P03), and
-- a snapshot that is too old (40001). The second session is dblink's. Unlike all other files this
-- one commits, and so it removes its roles at the end.
\ir fixture.psql
SELECT no_plan();
CREATE EXTENSION dblink WITH SCHEMA public;
CALL open_shop();
CALL fill_cart(1, 'ON', 'ann', '{"FLOWER": 2}');
CALL fill_cart(2, 'ON', 'ben', '{"FLOWER": 1}', 'TWICE');
CALL fill_cart(3, 'ON', 'ben', '{"GUMMY": 1}');
CALL fill_cart(4, 'ON', 'ben', '{"GUMMY": 2}');
COMMIT;
SET client_min_messages = warning;
SET search_path = fixture, public;
-- A wait that nothing ends is a failure.
SET statement_timeout = '20s';

SELECT dblink_connect('other', format('host=%L port=%L dbname=%L user=%L options=%L',
                                      split_part(current_setting('unix_socket_directories'), ',', 1),
                                      current_setting('port'), current_database(), current_user,
                                      '-c search_path=fixture,public')) \g /dev/null
CREATE FUNCTION other(statement text) RETURNS void LANGUAGE sql AS $$
    SELECT public.dblink_exec('other', format('DO $other$ BEGIN %s; END $other$', statement))
$$;

-- The cart's lock ------------------------------------------------------------------------------

SELECT dblink_exec('other', 'BEGIN'), other($$PERFORM weedgo.lock_cart(store('ON'), cart(1))$$) \g /dev/null
SET weedgo_checkout.lock_timeout = '100ms';

SELECT refused_with('SELECT weedgo.' || call, '55P03', 'the cart is locked by another call',
                    jsonb_build_object('code', 'cart_locked', 'cart_id', cart(1), 'reason', reason),
                    format('55P03: %s, another call has the cart: %s', split_part(call, '(', 1), reason))
FROM (VALUES
    ($$checkout_cart(store('ON'), cart(1), customer('ann'))$$, 'timeout'),
    ($$reserve_inventory(store('ON'), cart(1), customer('ann'))$$, 'timeout'),
    ($$release_inventory(store('ON'), cart(1), customer('ann'))$$, 'timeout'),
    ($$put_cart(store('ON'), cart(1), '[]', customer('ann'))$$, 'timeout'),
    ($$lock_cart(store('ON'), cart(1))$$, 'timeout'),
    ($$lock_cart(store('ON'), cart(1), '{"wait": true}')$$, 'timeout'),
    ($$lock_cart(store('ON'), cart(1), '{"wait": false}')$$, 'busy')
) AS c (call, reason);
SELECT is(detail_of(statement, current_user) ->> 'reason', reason, name)
FROM (VALUES
    ('INSERT of an item waits for the cart''s lock',
     $$INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(1), 'PIPE', 1)$$, 'timeout'),
    ('UPDATE of an item only tries it',
     $$UPDATE weedgo_data.cart_items SET quantity = 9 WHERE cart_id = cart(1)$$, 'busy'),
    ('DELETE of an item only tries it',
     $$DELETE FROM weedgo_data.cart_items WHERE cart_id = cart(1)$$, 'busy')
) AS s (name, statement, reason);
SELECT is((refusal('SELECT weedgo.' || call)).state, '00000', split_part(call, '(', 1) || ' does not wait for the cart')
FROM (VALUES ($$get_cart(store('ON'), cart(1), customer('ann'))$$),
             ($$calc_order_totals(store('ON'), cart(1), customer('ann'))$$),
             ($$checkout_cart(store('ON'), cart(2), customer('ben'))$$)) AS c (call);

SET weedgo_checkout.max_cart_waiters = 0;
SET weedgo_checkout.lock_timeout = '1h';
SELECT is(detail_of($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$),
          jsonb_build_object('code', 'cart_locked', 'cart_id', cart(1), 'reason', 'too_many_waiters'),
          '55P03: nobody more may wait than max_cart_waiters');
RESET weedgo_checkout.max_cart_waiters;

-- The shorter of the two settings counts.
SET lock_timeout = '100ms';
SELECT is(detail_of($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$) ->> 'reason', 'timeout',
          'a session''s own lock_timeout goes first where it is shorter');
SET weedgo_checkout.lock_timeout = 0;
SELECT is(detail_of($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$) ->> 'reason', 'timeout',
          'and where weedgo_checkout.lock_timeout is 0');
SET weedgo_checkout.lock_timeout = '100ms';
SET lock_timeout = '1h';
SELECT is(detail_of($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$) ->> 'reason', 'timeout',
          'weedgo_checkout.lock_timeout goes first where the session''s is longer');
SELECT is(current_setting('lock_timeout'), '1h', 'which is as it was then');
RESET lock_timeout;

-- cart_lock_key() finds the lock.
SELECT is((SELECT count(*)::integer FROM pg_locks l JOIN weedgo.cart_lock_key(store('ON'), cart(1)) k USING (classid, objid, objsubid)
           WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_backend_pid()), 1,
          'cart_lock_key() finds who has the cart in pg_locks');

SELECT dblink_exec('other', 'ROLLBACK') \g /dev/null
SELECT is((refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$)).state, '00000',
          'with the other transaction rolled back, the cart can be had');

-- A savepoint that is rolled back gives the lock back.
BEGIN;
SAVEPOINT before;
SELECT weedgo.lock_cart(store('ON'), cart(1)) \g /dev/null
SELECT throws_ok($$SELECT other('PERFORM weedgo.lock_cart(store(''ON''), cart(1), ''{"wait": false}'')')$$, '55P03', NULL,
                 'what this session has locked, another cannot have');
ROLLBACK TO before;
SELECT lives_ok($$SELECT other('PERFORM weedgo.lock_cart(store(''ON''), cart(1), ''{"wait": false}'')')$$,
                'after ROLLBACK TO SAVEPOINT it can');
COMMIT;

-- Rows -------------------------------------------------------------------------------------------

SELECT refused_with(format('SELECT weedgo.checkout_cart(store(''ON''), cart(%s), customer(%L))', cart_number, customer_name), '55P03',
                    'a row that the call needs is locked by another transaction', '{"code": "row_locked"}',
                    '55P03: ' || name)
FROM (VALUES
    ('a row of stock is locked', 1, 'ann', $$PERFORM FROM weedgo_data.stock WHERE store_id = store('ON') AND sku = 'FLOWER' FOR UPDATE$$),
    ('the row of the cart is locked', 1, 'ann', $$UPDATE weedgo_data.carts SET status = status WHERE cart_id = cart(1)$$),
    ('another checkout uses the same promo code', 2, 'ben',
     $$INSERT INTO weedgo_data.promo_counters (store_id, code, used) VALUES (store('ON'), 'TWICE', 0)$$)
) AS c (name, cart_number, customer_name, blocker),
     LATERAL dblink_exec('other', 'ROLLBACK; BEGIN') AS begun,
     LATERAL (SELECT other(blocker) WHERE begun <> '') AS blocked
WHERE blocked IS NOT NULL;
SELECT dblink_exec('other', 'ROLLBACK') \g /dev/null

-- An application's trigger may wait, and give up, for reasons of its own.
BEGIN;
CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'the printer is busy' USING ERRCODE = '55P03', DETAIL = 'no JSON', HINT = 'Wait for it.'; END$$;
GRANT USAGE ON SCHEMA fixture TO weedgo_owner;
CREATE TRIGGER busy AFTER INSERT ON weedgo_data.orders FOR EACH ROW EXECUTE FUNCTION busy();
SELECT results_eq($$SELECT state, message, hint, detail FROM refusal('SELECT weedgo.checkout_cart(store(''ON''), cart(1), customer(''ann''))')$$,
                  $$VALUES ('55P03', 'the printer is busy', 'Wait for it.', 'no JSON')$$,
                  'a trigger''s own 55P03 passes unchanged');
ROLLBACK;

-- 40001 ------------------------------------------------------------------------------------------

SELECT dblink_exec('other', 'BEGIN ISOLATION LEVEL REPEATABLE READ'), other('PERFORM count(*) FROM weedgo_data.carts') \g /dev/null
SELECT weedgo.adjust_stock(store('ON'), 'GUMMY', -1, 'lost') \g /dev/null
SELECT throws_ok($$SELECT other('PERFORM weedgo.checkout_cart(store(''ON''), cart(3), customer(''ben''))')$$, '40001', NULL,
                 '40001: above READ COMMITTED, stock changed since the snapshot');
SELECT dblink_exec('other', 'ROLLBACK'), dblink_exec('other', 'BEGIN ISOLATION LEVEL REPEATABLE READ'),
       other('PERFORM count(*) FROM weedgo_data.carts') \g /dev/null
UPDATE weedgo_data.cart_items SET quantity = 7 WHERE cart_id = cart(3);
SELECT throws_ok($$SELECT other('PERFORM weedgo.checkout_cart(store(''ON''), cart(3), customer(''ben''))')$$, '40001', NULL,
                 '40001: above READ COMMITTED, an item changed since the snapshot');
SELECT dblink_exec('other', 'ROLLBACK') \g /dev/null
SELECT is((SELECT count(*)::integer FROM weedgo_data.orders), 0, 'none of this made an order');
SELECT lives_ok($$SELECT other('PERFORM weedgo.checkout_cart(store(''ON''), cart(3), customer(''ben''))')$$, 'tried again, it does');
SELECT is((SELECT quantity FROM weedgo_data.order_items), 7, 'of what is in the cart now');
SELECT invariants_hold('and every invariant holds');

SELECT * FROM finish();
SELECT dblink_disconnect('other') \g /dev/null
DROP OWNED BY shop_app, shop_staff, shop_reader, shop_nobody;
DROP ROLE shop_app, shop_staff, shop_reader, shop_nobody;
