-- What a session is set to changes neither what a checkout costs, nor what becomes of it, nor how it
-- finds its rows.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();

CREATE PROCEDURE fill(number integer) LANGUAGE sql AS $$CALL fixture.fill_cart(number, 'ON', 'ann', '{"FLOWER": 2}')$$;
CREATE FUNCTION sell(number integer) RETURNS numeric LANGUAGE sql AS $$
    SELECT total FROM weedgo.checkout_cart(fixture.store('ON'), fixture.cart(number), fixture.customer('ann'))
$$;

-- How acknowledged orders get lost ------------------------------------------------------------------------

CREATE FUNCTION synchronous_commit_after(setting text, number integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.fill(number);
    PERFORM set_config('synchronous_commit', setting, true);
    PERFORM fixture.sell(number);
    RETURN current_setting('synchronous_commit');
END
$$;
SELECT is(synchronous_commit_after('off', 1), 'on', 'an order is on disk before it is acknowledged, though the session would not wait');
SELECT is(synchronous_commit_after('local', 2), 'on', 'and on a standby that must have it');
SELECT is(synchronous_commit_after('remote_write', 3), 'remote_write', 'more than that is the administrator''s to choose');
SELECT is(synchronous_commit_after('remote_apply', 4), 'remote_apply', 'in either direction');
CREATE FUNCTION lower_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL synchronous_commit = off;
    PERFORM set_config('synchronous_commit', 'off', false);
    RETURN NULL;
END
$$;
GRANT USAGE ON SCHEMA fixture TO PUBLIC;
CREATE TRIGGER lower_commit AFTER INSERT ON weedgo_data.orders FOR EACH ROW EXECUTE FUNCTION lower_commit();
SELECT is(synchronous_commit_after('off', 5), 'on', 'a trigger of the owner''s does not lower it again');
DROP TRIGGER lower_commit ON weedgo_data.orders;
CREATE FUNCTION sold(number integer) RETURNS uuid LANGUAGE sql AS $$SELECT order_id FROM weedgo_data.orders WHERE cart_id = fixture.cart(number)$$;
SET LOCAL synchronous_commit = off;
SELECT weedgo.record_payment(store('ON'), sold(1), 'captured', 1.00, 'first') \g /dev/null
SELECT is(current_setting('synchronous_commit'), 'on', 'so is a payment');
SET LOCAL synchronous_commit = off;
SELECT weedgo.refund_order(store('ON'), sold(1), amount => 0.50, provider_reference => 'second') \g /dev/null
SELECT is(current_setting('synchronous_commit'), 'on', 'and a refund');
SAVEPOINT before_refusal;
SET LOCAL synchronous_commit = off;
SELECT is((refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(99), customer('ann'))$$)).state, 'WG001', 'a refusal');
SELECT is(current_setting('synchronous_commit'), 'off', 'leaves the session as it was');
ROLLBACK TO before_refusal;
SET LOCAL lock_timeout = '1h';
SELECT weedgo.expire_holds(store('ON')) \g /dev/null
SELECT is(current_setting('lock_timeout'), '1h', 'so does a call, for the rest of its transaction, that waits no longer than it may');
RESET lock_timeout;

-- Formats, zones, planners --------------------------------------------------------------------------------

CREATE FUNCTION total_under(name text, setting text, number integer) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    before text := current_setting(name);
    total  numeric;
BEGIN
    CALL fixture.fill(number);
    PERFORM set_config(name, setting, true);
    total := fixture.sell(number);
    PERFORM set_config(name, before, true);
    RETURN total;
END
$$;
SELECT is(total_under(name, setting, number), 45.18, format('%s = %s changes no price', name, setting))
FROM (VALUES (10, 'TimeZone', 'Pacific/Kiritimati'), (11, 'DateStyle', 'German'), (12, 'IntervalStyle', 'iso_8601'),
             (13, 'extra_float_digits', '-15'), (14, 'quote_all_identifiers', 'on'), (15, 'transform_null_equals', 'on'),
             (16, 'array_nulls', 'off'), (17, 'bytea_output', 'escape'), (18, 'standard_conforming_strings', 'off'),
             (19, 'plan_cache_mode', 'force_custom_plan'), (20, 'enable_indexscan', 'off'), (21, 'enable_nestloop', 'off'),
             (22, 'jit', 'on')) AS s (number, name, setting);

-- A plan that is made anew, for whatever reason, goes by indexes all the same.
CREATE FUNCTION whole_tables_read() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(pg_stat_get_xact_numscans(c.oid)) FROM pg_class c
    WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relkind = 'r'
$$;
CREATE FUNCTION whole_tables_read_by(number integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before bigint;
BEGIN
    CALL fixture.fill(number);
    before := fixture.whole_tables_read();
    PERFORM fixture.sell(number);
    RETURN fixture.whole_tables_read() - before;
END
$$;
SELECT is(whole_tables_read_by(30), 0::bigint, 'no table is read from end to end');
ANALYZE weedgo_data.stock;
SELECT is(whole_tables_read_by(31), 0::bigint, 'nor after ANALYZE');
ALTER TABLE weedgo_data.products ADD COLUMN colour text;
SELECT is(whole_tables_read_by(32), 0::bigint, 'nor after ALTER TABLE');

ALTER TABLE weedgo_data.stock RENAME TO stock_aside;
CREATE TABLE weedgo_data.stock (LIKE weedgo_data.stock_aside INCLUDING ALL) PARTITION BY HASH (store_id);
CREATE TABLE weedgo_data.stock_0 PARTITION OF weedgo_data.stock FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE weedgo_data.stock_1 PARTITION OF weedgo_data.stock FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO weedgo_data.stock SELECT * FROM weedgo_data.stock_aside;
ALTER TABLE weedgo_data.stock OWNER TO weedgo_owner;
ALTER TABLE weedgo_data.stock_0 OWNER TO weedgo_owner;
ALTER TABLE weedgo_data.stock_1 OWNER TO weedgo_owner;
SELECT is(whole_tables_read_by(33), 0::bigint, 'nor where stock is partitioned');
ANALYZE weedgo_data.stock_0, weedgo_data.stock_1;
SELECT is(whole_tables_read_by(34), 0::bigint, 'nor after ANALYZE of a partition');

SELECT weedgo.create_tables(options => '{"row_security": true}') \g /dev/null
SELECT is(whole_tables_read_by(35), 0::bigint, 'nor with row security');
SET LOCAL row_security = off;
SELECT is(whole_tables_read_by(36), 0::bigint, 'nor after the caller has set row_security');
SET LOCAL row_security = on;
SELECT weedgo.create_tables(options => '{"row_security": false}') \g /dev/null

-- A trigger of the shop's own is planned as its session would have it, the first time too.
CREATE TABLE seen (settings text);
GRANT INSERT ON seen TO weedgo_owner;
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fixture.seen VALUES (concat_ws(' ', current_setting('enable_seqscan'), current_setting('enable_hashjoin')));
    RETURN NULL;
END
$$;
CREATE TRIGGER look AFTER INSERT ON weedgo_data.orders FOR EACH ROW EXECUTE FUNCTION look();
CALL fill(40);
SELECT is(sell(40), 45.18, 'a checkout that is planned anew');
CALL fill(41);
SELECT is(sell(41), 45.18, 'and one that is not');
SELECT results_eq('SELECT settings FROM seen', ARRAY['on on', 'on on'], 'leave a trigger the planner of its session');

-- A number that an order has already is drawn only once in a hundred thousand years: by this trigger.
CREATE SEQUENCE draws;
GRANT USAGE ON SEQUENCE draws TO weedgo_owner;
CREATE FUNCTION draw_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('fixture.draws') = 1 THEN
        NEW.order_number := (SELECT min(order_number) FROM weedgo_data.orders);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER draw_again BEFORE INSERT ON weedgo_data.orders FOR EACH ROW EXECUTE FUNCTION draw_again();
CALL fill(42);
SELECT is(sell(42), 45.18, 'where the number of an order is taken');
SELECT is((SELECT last_value FROM draws), 2::bigint, 'another one is drawn');
DROP TRIGGER draw_again ON weedgo_data.orders;

SELECT invariants_hold('and every invariant holds');
SELECT * FROM finish();
ROLLBACK;
