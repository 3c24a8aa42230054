-- What is put on the shelf by INSERT or COPY enters the ledger, so that it adds up to what is there.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();
ALTER FUNCTION order_of(integer) SECURITY DEFINER;

-- The entries of a sku in Ontario, oldest first, as "change reason".
CREATE FUNCTION entries(what text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(l.change || ' ' || l.reason, ', ' ORDER BY l.recorded_at, l.entry_id)
    FROM weedgo_data.stock_ledger l WHERE l.store_id = store('ON') AND l.sku = what
$$;
CREATE FUNCTION ledger_rows() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM weedgo_data.stock_ledger';

-- The trigger ------------------------------------------------------------------------------------------------

SELECT is(entries('FLOWER'), '1000 opening', 'a row of stock begins its ledger');
SELECT is(entries('GONE'), NULL, 'an empty one does not');
INSERT INTO weedgo_data.stock (store_id, sku, available, reserved) VALUES (store('ON'), 'A', 5, 2), (store('ON'), 'B', 0, 3), (store('ON'), 'C', 0, 0);
SELECT results_eq(
    $$SELECT sku, bucket, change, reason, actor_id, details, substr(entry_id::text, 15, 1), substr(entry_id::text, 20, 1) BETWEEN '8' AND 'b',
             ('x' || translate(left(entry_id::text, 13), '-', ''))::bit(48)::bigint / 1000 BETWEEN extract(epoch FROM now())::bigint - 1 AND extract(epoch FROM clock_timestamp())::bigint,
             recorded_at BETWEEN now() AND clock_timestamp()
      FROM weedgo_data.stock_ledger WHERE store_id = store('ON') AND sku IN ('A', 'B', 'C') ORDER BY sku$$,
    $$VALUES ('A', 0, 7, 'opening', NULL::uuid, '{}'::jsonb, '7', true, true, true), ('B', 0, 3, 'opening', NULL, '{}', '7', true, true, true)$$,
    'what is reserved is on the shelf, too; the id has its time');
DELETE FROM weedgo_data.stock_ledger WHERE sku IN ('A', 'B');
DELETE FROM weedgo_data.stock WHERE sku IN ('A', 'B', 'C');

COPY weedgo_data.stock (store_id, sku, available) FROM stdin (DELIMITER ' ');
00000000-0000-0000-0000-000000000001 A 4
00000000-0000-0000-0000-000000000001 B 0
00000000-0000-0000-0000-000000000002 A 6
\.
SELECT results_eq($$SELECT right(store_id::text, 1), sku, change, reason FROM weedgo_data.stock_ledger WHERE store_id::text LIKE '0000%' ORDER BY 1$$,
                  $$VALUES ('1', 'A', 4, 'opening'), ('2', 'A', 6, 'opening')$$, 'so does COPY');

-- A row that is there is changed by hand, which is no opening.
SAVEPOINT by_hand;
INSERT INTO weedgo_data.stock AS s (store_id, sku, available) VALUES (store('ON'), 'FEW', 9), (store('ON'), 'MORE', 9)
ON CONFLICT (store_id, sku, bucket) DO UPDATE SET available = excluded.available;
SELECT is(ARRAY[entries('FEW'), entries('MORE')], ARRAY['3 opening', '9 opening'], 'an upsert begins the ledger of the rows it inserts');
SELECT results_eq('SELECT invariant, subject FROM weedgo.verify_invariants()', $$VALUES ('I3', 'sku FEW')$$, 'and not of those it changes');
-- The way back: undo what the hand did, and have it done by adjust_stock().
UPDATE weedgo_data.stock SET available = available - 6 WHERE store_id = store('ON') AND sku = 'FEW';
SELECT is((weedgo.adjust_stock(store('ON'), 'FEW', 6, 'counted')).available, 9, 'taken back by hand and entered by adjust_stock(), it is in order');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO by_hand;

-- The functions insert empty rows, and change them then: that is what they enter.
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) SELECT store(s), n, n, 1.00 FROM unnest(ARRAY['ON', 'QC']) s, unnest(ARRAY['N1', 'N2']) n;
SELECT count(*) FROM weedgo.receive_stock(store('ON'), '[{"sku": "N1", "quantity": 8}, {"sku": "FEW", "quantity": 1}]') \g /dev/null
SELECT weedgo.adjust_stock(store('ON'), 'N2', 3, 'counted') \g /dev/null
SELECT count(*) FROM weedgo.transfer_stock(store('ON'), store('QC'), '[{"sku": "N1", "quantity": 2}]') \g /dev/null
SELECT is(ARRAY[entries('N1'), entries('N2'), entries('FEW')], ARRAY['8 received, -2 transfer_out', '3 counted', '3 opening, 1 received'], 'a new row of theirs is no opening');
CREATE TEMP TABLE before AS SELECT ledger_rows() AS rows;
CALL fill_cart(1, 'ON', 'ann', '{"FLOWER": 2}');
SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), delivery_type => 'in_store') \g /dev/null
SELECT weedgo.fulfil_order(store('ON'), order_of(1)) \g /dev/null
SELECT is(ledger_rows(), rows, 'nor is a sale') FROM before;
SELECT invariants_hold('every invariant holds');

-- Whoever may insert stock needs no right on the ledger, and gets none.
CREATE ROLE shop_clerk;
GRANT USAGE ON SCHEMA weedgo_data TO shop_clerk;
GRANT INSERT ON weedgo_data.stock TO shop_clerk;
SELECT accepted(format('INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (%L, ''CLERK'', 2)', store('ON')), 'a clerk may insert', 'shop_clerk');
SELECT is(entries('CLERK'), '2 opening', 'and the ledger has it');
SELECT is(has_table_privilege('shop_clerk', 'weedgo_data.stock_ledger', 'INSERT'), false, 'which is not theirs to write');

-- create_tables() again ------------------------------------------------------------------------------------------

SELECT is_empty('SELECT * FROM weedgo.create_tables()', 'again: nothing is missing');
SELECT is(ledger_rows(), rows + 1, 'and nothing is entered') FROM before;

-- Books that began without it: units in before and after, some sold, some counted.
CREATE FUNCTION is_counted(name text) RETURNS text LANGUAGE sql AS $$
    SELECT is((SELECT sum(l.change) FROM weedgo_data.stock_ledger l WHERE l.store_id = store('ON') AND l.sku = 'FLOWER'), 1000::bigint, name)
$$;
SAVEPOINT no_books;
DROP TRIGGER enter_opening_stock ON weedgo_data.stock;
DELETE FROM weedgo_data.stock_ledger WHERE reason = 'opening';
INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (store('BC'), 'LATER', 7);
UPDATE weedgo_data.stock SET available = 9 WHERE store_id = store('ON') AND sku = 'N2';
DELETE FROM weedgo_data.stock WHERE store_id = store('ON') AND sku = 'N1';
SELECT isnt_empty('SELECT * FROM weedgo.verify_invariants()', 'without the trigger the ledger does not explain the shelf');
SELECT is_empty('SELECT * FROM weedgo.create_tables()', 'create_tables() makes no table');
SELECT invariants_hold('but the trigger, and enters what the ledger does not explain');
SELECT is_counted('what was sold since is in it');
SELECT is(ARRAY[entries('N2'), entries('N1')], ARRAY['6 opening, 3 counted', '-6 opening, 8 received, -2 transfer_out'], 'what was changed by hand, too, either way');
SELECT is((SELECT count(DISTINCT l.recorded_at)::integer FROM weedgo_data.stock_ledger l WHERE l.store_id = store('ON') AND l.reason = 'opening'), 1,
          'all of a store''s is dated alike');
SELECT is((SELECT max(l.recorded_at) FROM weedgo_data.stock_ledger l WHERE l.store_id = store('ON') AND l.reason = 'opening') + interval '1 microsecond',
          (SELECT min(l.recorded_at) FROM weedgo_data.stock_ledger l WHERE l.store_id = store('ON') AND l.reason <> 'opening'), 'just before its first record');
SELECT results_eq($$SELECT change, details, recorded_at BETWEEN now() AND clock_timestamp() FROM weedgo_data.stock_ledger WHERE sku = 'LATER'$$,
                  $$VALUES (7, '{"reason": "on the shelf before the ledger was kept"}'::jsonb, true)$$, 'where there is none, now');
CREATE TEMP TABLE then_rows AS SELECT ledger_rows() AS rows;
UPDATE weedgo_data.stock SET available = available - 1 WHERE sku = 'LATER';
SELECT is_empty('SELECT * FROM weedgo.create_tables()', 'once');
SELECT is(ledger_rows(), rows, 'what a hand does later is not covered up') FROM then_rows;
SELECT results_eq('SELECT invariant, subject FROM weedgo.verify_invariants()', $$VALUES ('I3', 'sku LATER')$$, 'but found');
ROLLBACK TO no_books;

-- A table of one's own in place of ours begins its books in the same way.
SAVEPOINT own_table;
ALTER TABLE weedgo_data.stock RENAME TO stock_aside;
DROP TRIGGER enter_opening_stock ON weedgo_data.stock_aside;
CREATE TABLE weedgo_data.stock (LIKE weedgo_data.stock_aside INCLUDING ALL) PARTITION BY HASH (store_id);
CREATE TABLE weedgo_data.stock_0 PARTITION OF weedgo_data.stock FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE weedgo_data.stock OWNER TO weedgo_owner;
ALTER TABLE weedgo_data.stock_0 OWNER TO weedgo_owner;
INSERT INTO weedgo_data.stock SELECT * FROM weedgo_data.stock_aside;
SELECT invariants_hold('rows that were moved from the old table are in the ledger already');
SELECT is_empty('SELECT * FROM weedgo.create_tables()', 'create_tables() gives it the trigger');
SELECT is(ledger_rows(), rows + 1, 'and enters nothing') FROM before;
INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (store('ON'), 'PART', 3);
SELECT is(entries('PART'), '3 opening', 'a partitioned table enters what is inserted');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO own_table;

-- Behind a view the application changes counts itself: there are no books to compare.
SAVEPOINT a_view;
CALL stand_in('stock', 'SELECT * FROM weedgo_data.stock_aside', 'VIEW');
UPDATE weedgo_data.stock_aside SET available = available - 1 WHERE sku = 'FLOWER';
SELECT invariants_hold('with a view, what an application does is not judged');
UPDATE weedgo_data.stock_aside SET reserved = reserved + 1 WHERE sku = 'FEW' AND store_id = store('ON');
SELECT results_eq('SELECT problem FROM weedgo.verify_invariants()', $$VALUES ('reserved is 1, but open orders and holds have 0')$$, 'what is reserved still is');
SELECT is_empty('SELECT * FROM weedgo.create_tables()', 'create_tables() leaves it alone');
ROLLBACK TO a_view;

-- Without the extension
SELECT lives_ok('DROP EXTENSION weedgo_checkout', 'the extension goes');
SELECT lives_ok($$INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (store('ON'), 'STAYS', 4)$$, 'stock is entered without it');
SELECT is(entries('STAYS'), '4 opening', 'with its entry');

SELECT * FROM finish();
ROLLBACK;
