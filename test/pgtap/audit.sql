-- verify_audit() finds whatever is changed by hand in an order, its lines or its events, and
-- events_after() reads the events of all orders.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();

CREATE PROCEDURE sell(number integer, items jsonb, method text DEFAULT NULL) LANGUAGE plpgsql AS $$
BEGIN
    CALL fixture.fill_cart(number, 'ON', 'ann', items, 'SAVE10');
    PERFORM weedgo.checkout_cart(store('ON'), cart(number), customer('ann'), method, 'delivery', '{"street": "1 Main"}', metadata => '{"a": 1}',
                                 pickup_time => 'noon', special_instructions => 'ring', idempotency_key => 'key ' || number, actor_id => customer('ben'));
END
$$;
CALL sell(1, '{"FLOWER": 2, "GUMMY": 1}', 'ann-card');
CALL sell(2, '{"FLOWER": 1}');
SELECT weedgo.advance_order(store('ON'), order_of(1), 'confirmed', customer('ben'), 'by phone') \g /dev/null
SELECT weedgo.record_payment(store('ON'), order_of(1), 'captured', 50, 'ref') \g /dev/null
SELECT weedgo.advance_order(store('ON'), order_of(1), 'ready') \g /dev/null
SELECT weedgo.cancel_order(store('ON'), order_of(2), NULL, 'changed their mind') \g /dev/null
SELECT is_empty('SELECT * FROM weedgo.verify_audit(store(''ON''))', 'what the functions write is sound');
SELECT is_empty('SELECT * FROM weedgo.verify_audit(store(''ON''), order_of(1))', 'order by order, too');
SELECT is_empty('SELECT * FROM weedgo.verify_audit(store(''QC''))', 'so is a store without orders');
SET LOCAL TimeZone = 'Asia/Kathmandu';
SET LOCAL DateStyle = 'German';
SET LOCAL extra_float_digits = -15;
SET LOCAL bytea_output = 'escape';
SELECT is_empty('SELECT * FROM weedgo.verify_audit(store(''ON''))', 'whatever the session is set to');
RESET TimeZone;
RESET DateStyle;
RESET extra_float_digits;
RESET bytea_output;

-- By a hand that has every right and drops every constraint.
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
             WHERE connamespace = 'weedgo_data'::regnamespace AND contype = 'c'
               AND conrelid IN ('weedgo_data.orders'::regclass, 'weedgo_data.order_items'::regclass, 'weedgo_data.order_events'::regclass) LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.relation, c.conname);
    END LOOP;
END
$$;
ALTER TABLE weedgo_data.order_events ALTER to_status DROP NOT NULL;

-- What is found after a change, which is undone.
CREATE FUNCTION found_after(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    first uuid := order_of(1);
    found text;
BEGIN
    BEGIN
        EXECUTE change;
        found := (SELECT string_agg(concat_ws(' ', CASE f.order_id WHEN first THEN 'order 1' ELSE 'order 2' END, f.seq || ':', f.problem), '; ' ORDER BY f.order_id <> first, f)
                  FROM weedgo.verify_audit(store('ON')) f);
        RAISE SQLSTATE '00WGO';
    EXCEPTION WHEN SQLSTATE '00WGO' THEN
        RETURN found;
    END;
END
$$;
CREATE FUNCTION another(type oid, attribute name) RETURNS text LANGUAGE sql AS $$
    SELECT format(CASE type
        WHEN 'text'::regtype THEN 'coalesce(%1$I, '''') || ''x'''
        WHEN 'uuid'::regtype THEN 'gen_random_uuid()'
        WHEN 'integer'::regtype THEN 'coalesce(%1$I, 0) + 100'
        WHEN 'bigint'::regtype THEN '%1$I + 1'
        WHEN 'numeric'::regtype THEN '%1$I + 0.01'
        WHEN 'jsonb'::regtype THEN 'coalesce(%1$I, ''{}'') || ''{"x": 1}'''
        WHEN 'bytea'::regtype THEN 'coalesce(%1$I, '''') || ''x'''
        WHEN 'date'::regtype THEN 'coalesce(%1$I, current_date) + 1'
        WHEN 'timestamptz'::regtype THEN '%1$I + interval ''1 microsecond'''
        WHEN 'xid8'::regtype THEN '''1''' END, attribute)
$$;
CREATE TEMP TABLE changes AS
    SELECT c.relname AS relation, a.attname AS attribute, another(a.atttypid, a.attname) AS value
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.oid IN ('weedgo_data.orders'::regclass, 'weedgo_data.order_items'::regclass, 'weedgo_data.order_events'::regclass);
SELECT ok(found_after(format('UPDATE weedgo_data.order_events SET %I = %s WHERE order_id = order_of(1) AND seq = %s', attribute, value, seq)) LIKE 'order 1 %',
          format('a change of %s of event %s is found', attribute, seq))
FROM changes, generate_series(1, 4) seq WHERE relation = 'order_events';
SELECT ok(found_after(format('UPDATE weedgo_data.%I SET %I = %s WHERE order_id = order_of(1)', relation, attribute, value)) LIKE 'order 1 %',
          format('a change of %s.%s is found', relation, attribute))
FROM changes WHERE relation <> 'order_events';
SELECT is((SELECT count(*)::integer FROM changes WHERE value IS NULL), 0, 'every column was tried');

SELECT is(found_after(change), found, name)
FROM (VALUES
    ('an event is removed', 'DELETE FROM weedgo_data.order_events WHERE order_id = order_of(1) AND seq = 2', 'order 1 3: an event before it is missing'),
    ('the first event is removed', 'DELETE FROM weedgo_data.order_events WHERE order_id = order_of(1) AND seq = 1', 'order 1 2: an event before it is missing'),
    ('the last event is removed', 'DELETE FROM weedgo_data.order_events WHERE order_id = order_of(1) AND seq = 4', 'order 1 3: its status is not that of its last event'),
    ('all events are removed', 'DELETE FROM weedgo_data.order_events WHERE order_id = order_of(2)', 'order 2 it has no events'),
    ('an event is added', 'INSERT INTO weedgo_data.order_events SELECT store_id, order_id, 5, event, to_status, to_status, actor_id, reason, details, recorded_at, recorded_xid, hash '
                          'FROM weedgo_data.order_events WHERE order_id = order_of(1) AND seq = 4', 'order 1 5: it was changed'),
    ('two events change places', 'UPDATE weedgo_data.order_events SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE order_id = order_of(1) AND seq IN (2, 3); '
                                 'UPDATE weedgo_data.order_events SET seq = -seq WHERE seq < 0', 'order 1 2: it was changed'),
    ('an event is of another order', 'UPDATE weedgo_data.order_events SET order_id = order_of(1), seq = 5 WHERE order_id = order_of(2) AND seq = 2',
     'order 1 5: it was changed; order 1 5: its status is not that of its last event; order 2 1: its status is not that of its last event'),
    ('an order goes on without an event', 'UPDATE weedgo_data.orders SET status = ''delivered'' WHERE order_id = order_of(1)',
     'order 1 4: its status is not that of its last event'),
    ('an order is paid without a payment', 'UPDATE weedgo_data.orders SET payment_status = ''captured'' WHERE order_id = order_of(2)',
     'order 2 2: its payment status is not that of its last payment'),
    ('an item is added', 'INSERT INTO weedgo_data.order_items SELECT store_id, order_id, 3, sku, name, quantity, unit_price, line_total, discount, taxable, tax, tax_class, equivalent_mg '
                         'FROM weedgo_data.order_items WHERE order_id = order_of(1) AND line_no = 1', 'order 1 1: it, the order or its lines were changed'),
    ('an item is removed', 'DELETE FROM weedgo_data.order_items WHERE order_id = order_of(1) AND line_no = 2', 'order 1 1: it, the order or its lines were changed'),
    ('something came back that did not', 'UPDATE weedgo_data.order_items SET returned = 1 WHERE order_id = order_of(1) AND line_no = 2',
     'order 1 what came back of line 2 is not what its events say'),
    ('two orders are changed', 'UPDATE weedgo_data.orders SET total = 0', 'order 1 1: it, the order or its lines were changed; order 2 1: it, the order or its lines were changed')
) AS c (name, change, found);
SELECT is_empty('SELECT * FROM weedgo.verify_audit(store(''ON''))', 'with all of it undone, nothing is found');
SELECT lives_ok($$ALTER TABLE weedgo_data.orders ADD COLUMN loyalty_points integer DEFAULT 7; UPDATE weedgo_data.orders SET loyalty_points = 8$$, 'a column of one''s own');
SELECT is_empty('SELECT * FROM weedgo.verify_audit(store(''ON''))', 'may change');

-- events_after() ------------------------------------------------------------------------------------------------

-- These events are this transaction's own: they are nobody's yet.
SELECT is_empty('SELECT * FROM weedgo.events_after()', 'events that are not committed are not there yet');

-- Wrong arguments
SELECT refused(format('SELECT weedgo.events_after(after_position => %L)', position), '22023', 'invalid_argument', format('position %L', left(position, 60)), 'shop_staff')
FROM (VALUES (''), ('1'), (':'), ('::'), ('1:' || cart(1)), ('1:' || cart(1) || ':'  || '-1'), ('x:' || cart(1) || ':1'), ('-1:' || cart(1) || ':1'),
             ('1:' || upper(cart(1)::text) || ':1'), ('1:' || cart(1) || ':99999999999'), ('1:' || left(cart(1)::text, 35) || 'z:1'),
             ('99999999999999999999:' || cart(1) || ':1'), (repeat('1', 1000000))) AS p (position);
SELECT refused(format('SELECT weedgo.%s', call), '22023', 'invalid_argument', call, 'shop_staff')
FROM (VALUES ('events_after(max_rows => 0)'), ('events_after(max_rows => 10001)'), ('events_after(options => ''{"a": 1}'')'),
             ('verify_audit(NULL)'), ('verify_audit(store(''ON''), options => ''{"a": 1}'')')) AS c (call);
-- No transaction has had this id: what is recorded until one has would be missed.
SELECT refused(format('SELECT weedgo.events_after(store(''ON''), ''%s:%s:1'')', xid, cart(1)), '22023', 'invalid_argument', format('a position of another cluster: %s', xid), 'shop_reader')
FROM (VALUES ('9999999999999999999'), ((pg_current_xact_id()::text::bigint + 1000000)::text)) AS x (xid);
SELECT accepted(format('SELECT weedgo.events_after(store(''ON''), ''%s:%s:1'')', pg_current_xact_id(), cart(1)), 'the greatest position there is', 'shop_reader');

SELECT * FROM finish();
ROLLBACK;
