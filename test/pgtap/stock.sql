-- Stock that comes, goes, is counted or moves to another store: figures, ledger, refusals.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();

-- Roles that cannot read orders use it, too.
ALTER FUNCTION order_of(integer) SECURITY DEFINER;

-- In Ontario and in Quebec there is a product that was never on the shelf; one only Ontario has; and
-- both have a row of stock for something that is no product any more.
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price)
VALUES (store('ON'), 'NEW', 'New', 5.00), (store('QC'), 'NEW', 'New', 5.00), (store('ON'), 'ONLY', 'Only here', 5.00);
INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (store('ON'), 'ONLY', 10), (store('ON'), 'PAST', 10), (store('QC'), 'PAST', 0);

-- Stock of a sku as available/reserved.
CREATE FUNCTION shelf(what text, store_name text DEFAULT 'ON') RETURNS text LANGUAGE sql AS $$
    SELECT s.available || '/' || s.reserved FROM weedgo_data.stock s WHERE s.store_id = store(store_name) AND s.sku = what
$$;
CREATE FUNCTION items(VARIADIC pairs text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_agg(jsonb_build_object('sku', split_part(p, ' ', 1), 'quantity', split_part(p, ' ', 2)::bigint) ORDER BY n)
    FROM unnest(pairs) WITH ORDINALITY AS u (p, n)
$$;
-- The entries of the ledger since it was last asked, as "store sku change reason".
CREATE TEMP TABLE seen (entry_id uuid);
CREATE FUNCTION new_entries() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    entries text;
BEGIN
    SELECT string_agg(concat_ws(' ', s.name, l.sku, l.change, l.reason), ', ' ORDER BY s.name, l.sku COLLATE "C", l.change) INTO entries
    FROM weedgo_data.stock_ledger l JOIN weedgo_data.stores s USING (store_id) WHERE l.entry_id NOT IN (SELECT entry_id FROM seen);
    INSERT INTO seen SELECT entry_id FROM weedgo_data.stock_ledger;
    RETURN entries;
END
$$;
SELECT is((SELECT count(*)::integer FROM weedgo_data.stock_ledger WHERE reason <> 'opening'), 0, 'the ledger begins with what was on the shelf');
SELECT new_entries() \g /dev/null
-- What a call returned, and the entry that it names.
CREATE FUNCTION entry_of(call text, OUT r weedgo.stock_change, OUT l weedgo_data.stock_ledger) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SELECT c.* FROM weedgo.' || call || ' c' INTO r;
    SELECT e.* INTO l FROM weedgo_data.stock_ledger e WHERE e.store_id = r.store_id AND e.entry_id = r.entry_id;
END
$$;

-- receive_stock --------------------------------------------------------------------------------------------

SELECT results_eq(
    $$SELECT store_id, sku, change, available, reserved FROM weedgo.receive_stock(store('ON'), items('PIPE 5', 'FEW 2', 'NEW 7', 'PIPE 1'))$$,
    $$VALUES (store('ON'), 'FEW', 2, 5, 0), (store('ON'), 'NEW', 7, 7, 0), (store('ON'), 'PIPE', 6, 1006, 0)$$,
    'what came is available: a row for each sku, equal ones summed, in the order of their bytes');
SELECT is(ARRAY[shelf('PIPE'), shelf('FEW'), shelf('NEW')], ARRAY['1006/0', '5/0', '7/0'], 'it is on the shelf, with a new row where there was none');
SELECT is(shelf('PIPE', 'QC'), '1000/0', 'of this store only');
SELECT is(shelf('NEW', 'QC'), NULL, 'and no other');
SELECT is(new_entries(), 'Toronto FEW 2 received, Toronto NEW 7 received, Toronto PIPE 6 received', 'each is in the ledger');
SELECT results_eq(
    $$SELECT (r).change, (l).change, (l).sku, (l).bucket, (l).actor_id, (l).details, (r).details, (l).recorded_at BETWEEN now() AND clock_timestamp(),
             substr((l).entry_id::text, 15, 1)
      FROM entry_of('receive_stock(store(''ON''), items(''NEW 3''), customer(''ben''), E''delivery "7"\n'')')$$,
    $$VALUES (3, 3, 'NEW', 0, customer('ben'), '{"reason": "delivery \"7\"\n"}'::jsonb, '{"reason": "delivery \"7\"\n"}'::jsonb, true, '7')$$,
    'the entry says who and why; the result names it');
SELECT is((SELECT details FROM weedgo.receive_stock(store('ON'), items('NEW 1'))), '{}', 'nothing said, nothing kept');
SELECT is_empty($$SELECT * FROM weedgo.receive_stock(store('ON'), '[]')$$, 'nothing came');
SELECT new_entries() \g /dev/null
SELECT is(new_entries(), NULL, 'and nothing is in the ledger');
SELECT results_eq($$SELECT sku, available FROM weedgo.receive_stock(store('ON'), '[{"sku": "PIPE", "quantity": 1e1, "price": 3}]')$$,
                  $$VALUES ('PIPE', 1016)$$, 'other keys are ignored');

SELECT refused_with($$SELECT weedgo.receive_stock(store('ON'), items('PIPE 1', 'PAST 1', 'pipe 1', 'NEW 1', 'A 1'))$$, '22023',
                    'a sku is no product of the store',
                    jsonb_build_object('code', 'sku_unknown', 'store_id', store('ON'), 'skus', '["A", "PAST", "pipe"]'::jsonb),
                    '22023 sku_unknown: every sku that is no product is named, be there stock of it or not', 'shop_staff');
SELECT refused($$SELECT weedgo.receive_stock(store('QC'), items('ONLY 1'))$$, '22023', 'sku_unknown', 'another store''s product', 'shop_staff');
SELECT refused($$SELECT weedgo.receive_stock(store('nowhere'), items('PIPE 1'))$$, '22023', 'sku_unknown', 'a store that there is not', 'shop_staff');

-- What is reserved must be able to come back: both together fit four bytes.
CALL fill_cart(1, 'ON', 'ann', '{"MATCH": 600}');
CALL fill_cart(2, 'ON', 'ann', '{"MATCH": 100}');
SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann')) \g /dev/null
SELECT weedgo.reserve_inventory(store('ON'), cart(2), customer('ann')) \g /dev/null
SELECT is(shelf('MATCH'), '300/700', 'some is reserved');
SELECT refused_with($$SELECT weedgo.receive_stock(store('ON'), items('PIPE 1', 'MATCH 2147482648'))$$, '22003',
                    'a store cannot have more than 2147483647 units of a sku', '{"code": "value_out_of_range", "value": "2147483648", "sku": "MATCH"}',
                    '22003: one unit too many', 'shop_staff');
SELECT refused($$SELECT weedgo.receive_stock(store('ON'), items('PIPE 2147483647'))$$, '22003', 'value_out_of_range', '22003: the greatest quantity on top', 'shop_staff');
SAVEPOINT nearly_full;
SELECT results_eq($$SELECT available, reserved FROM weedgo.receive_stock(store('ON'), items('MATCH 2147482647'))$$, $$VALUES (2147482947, 700)$$,
                  'just as many as fit');
SELECT accepted($$SELECT weedgo.cancel_order(store('ON'), order_of(1))$$, 'and an order can be called off then', 'shop_staff');
SELECT is((weedgo.release_inventory(store('ON'), cart(2), customer('ann'))).lines, '[{"sku": "MATCH", "quantity": 100}]', 'and a hold released');
SELECT is(shelf('MATCH'), '2147483647/0', 'all of it is available');
SELECT results_eq($$SELECT on_hand, available FROM weedgo.stock_overview(store('ON')) WHERE sku = 'MATCH'$$, $$VALUES (2147483647::bigint, 2147483647::bigint)$$, 'and counted');
SELECT invariants_hold('every invariant holds');
ROLLBACK TO nearly_full;
SELECT new_entries() \g /dev/null

-- adjust_stock ---------------------------------------------------------------------------------------------

SELECT results_eq(
    format($$SELECT (r).store_id, (r).sku, (r).change, (r).available, (r).reserved, (r).details, (l).change, (l).reason, (l).actor_id, (l).details
             FROM entry_of('adjust_stock(store(''ON''), ''FLOWER'', %s, ''%s'', actor_id => customer(''ben''))')$$, change, reason),
    format($$VALUES (store('ON'), 'FLOWER', %1$s, %2$s, 0, '{}'::jsonb, %1$s, %3$L, customer('ben'), '{}'::jsonb)$$, change, after, reason),
    format('%s: %s', reason, change))
FROM (VALUES ('counted', -1, 999), ('counted', 4, 1003), ('damaged', -1, 1002), ('lost', -2, 1000), ('stolen', -3, 997), ('destroyed', -4, 993),
             ('returned', 1, 994)) AS c (reason, change, after);
SELECT is(shelf('FLOWER'), '994/0', 'it is on the shelf');
SELECT is((SELECT sum(change) FROM weedgo_data.stock_ledger WHERE store_id = store('ON') AND sku = 'FLOWER'), 994::bigint, 'the ledger adds up to it');
SELECT new_entries() \g /dev/null
SELECT is((weedgo.adjust_stock(store('ON'), 'FLOWER', -4, 'counted', 994)).available, 990, 'it is what was expected');
SELECT refused_with($$SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', -4, 'counted', 994)$$, 'WG015', 'the stock is not the expected one',
                    '{"code": "stock_changed", "sku": "FLOWER", "expected": 994, "available": 990}', 'WG015: it is no more', 'shop_staff');
SELECT refused_with($$SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', 4, 'counted', 991)$$, 'WG015', 'the stock is not the expected one',
                    '{"code": "stock_changed", "sku": "FLOWER", "expected": 991, "available": 990}', 'WG015: upwards, too', 'shop_staff');
SELECT refused($$SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', -1000, 'counted', 1000)$$, 'WG015', 'stock_changed', 'WG015 goes before WG005', 'shop_staff');
SELECT refused($$SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', 2147483647, 'counted', 1000)$$, 'WG015', 'stock_changed', 'and before 22003', 'shop_staff');
SELECT refused($$SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', -1, 'counted', 989)$$, 'WG015', 'stock_changed', 'WG015: there is more than expected', 'shop_staff');
SELECT refused_with($$SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', -991, 'lost')$$, 'WG005', 'there is not that much stock',
                    '{"code": "items_unavailable", "items": [{"sku": "FLOWER", "reason": "insufficient_stock", "requested": 991, "available": 990}]}',
                    'WG005: not below zero', 'shop_staff');
SELECT refused_with($$SELECT weedgo.adjust_stock(store('ON'), 'MATCH', -301, 'lost')$$, 'WG005', 'there is not that much stock',
                    '{"code": "items_unavailable", "items": [{"sku": "MATCH", "reason": "insufficient_stock", "requested": 301, "available": 300}]}',
                    'WG005: what is reserved is not available', 'shop_staff');
SELECT refused_with($$SELECT weedgo.adjust_stock(store('ON'), 'FLOWER', -2147483648, 'lost')$$, 'WG005', 'there is not that much stock',
                    '{"code": "items_unavailable", "items": [{"sku": "FLOWER", "reason": "insufficient_stock", "requested": 2147483648, "available": 990}]}',
                    'WG005: the smallest number of all', 'shop_staff');
SELECT refused_with($$SELECT weedgo.adjust_stock(store('ON'), 'MATCH', 2147482648, 'counted')$$, '22003', 'a store cannot have more than 2147483647 units of a sku',
                    '{"code": "value_out_of_range", "value": "2147483648", "sku": "MATCH"}', '22003: one unit too many', 'shop_staff');
SELECT is((weedgo.adjust_stock(store('ON'), 'MATCH', -300, 'counted', 300)).available, 0, 'down to nothing');
SELECT is(shelf('MATCH'), '0/700', 'but what is reserved');
SELECT is((weedgo.adjust_stock(store('ON'), 'MATCH', 300, 'counted', 0)).available, 300, 'nothing can be expected, too');
SELECT is((weedgo.adjust_stock(store('ON'), 'PAST', -3, 'destroyed')).available, 7, 'what is no product any more can still leave the shelf');
SELECT is((weedgo.adjust_stock(store('ON'), 'PAST', 1, 'counted')).available, 8, 'and be counted');
SELECT refused_with($$SELECT weedgo.adjust_stock(store('ON'), 'flower', 1, 'counted')$$, '22023', 'a sku is no product of the store',
                    jsonb_build_object('code', 'sku_unknown', 'store_id', store('ON'), 'skus', '["flower"]'::jsonb), 'sku_unknown', 'shop_staff');
-- A product without a row of stock
SELECT refused_with($$SELECT weedgo.adjust_stock(store('QC'), 'NEW', -1, 'lost')$$, 'WG005', 'there is not that much stock',
                    '{"code": "items_unavailable", "items": [{"sku": "NEW", "reason": "insufficient_stock", "requested": 1, "available": 0}]}',
                    'what was never there cannot be lost', 'shop_staff');
SELECT refused($$SELECT weedgo.adjust_stock(store('QC'), 'NEW', 1, 'counted', 1)$$, 'WG015', 'stock_changed', 'there is none of it', 'shop_staff');
SELECT refused($$SELECT weedgo.adjust_stock(store('QC'), 'NEW', -1, 'counted', 1)$$, 'WG015', 'stock_changed', 'either way', 'shop_staff');
SELECT is(shelf('NEW', 'QC'), NULL, 'no row is left of that');
SELECT is((weedgo.adjust_stock(store('QC'), 'NEW', 2, 'counted', 0)).available, 2, 'but it can be found: it gets its row');
SELECT is(shelf('NEW', 'QC'), '2/0', 'on the shelf');
SELECT weedgo.adjust_stock(store('QC'), 'NEW', -2, 'lost') \g /dev/null
SELECT new_entries() \g /dev/null

-- transfer_stock -------------------------------------------------------------------------------------------

DELETE FROM weedgo_data.stock WHERE store_id = store('QC') AND sku = 'NEW';
SELECT results_eq(
    $$SELECT store_id, sku, change, available, reserved, details
      FROM weedgo.transfer_stock(store('ON'), store('QC'), items('NEW 4', 'FLOWER 10', 'NEW 1'), customer('ben'), 'van 3')$$,
    $$VALUES (store('ON'), 'FLOWER', -10, 980, 0, jsonb_build_object('reason', 'van 3', 'to_store_id', store('QC'))),
             (store('ON'), 'NEW', -5, 6, 0, jsonb_build_object('reason', 'van 3', 'to_store_id', store('QC'))),
             (store('QC'), 'FLOWER', 10, 1010, 0, jsonb_build_object('reason', 'van 3', 'from_store_id', store('ON'))),
             (store('QC'), 'NEW', 5, 5, 0, jsonb_build_object('reason', 'van 3', 'from_store_id', store('ON')))$$,
    'what leaves one store comes to the other, with a new row where there was none');
SELECT is(ARRAY[shelf('FLOWER'), shelf('NEW'), shelf('FLOWER', 'QC'), shelf('NEW', 'QC')], ARRAY['980/0', '6/0', '1010/0', '5/0'], 'on both shelves');
SELECT is(new_entries(), 'Québec FLOWER 10 transfer_in, Québec NEW 5 transfer_in, Toronto FLOWER -10 transfer_out, Toronto NEW -5 transfer_out',
          'two entries each');
SELECT is((SELECT count(*)::integer FROM weedgo_data.stock_ledger WHERE actor_id = customer('ben') AND details ->> 'reason' = 'van 3'), 4, 'with actor and reason');
SELECT is_empty($$SELECT * FROM weedgo.transfer_stock(store('ON'), store('QC'), '[]')$$, 'nothing moves');
SELECT refused_with($$SELECT weedgo.transfer_stock(store('ON'), store('QC'), items('NEW 7', 'FLOWER 1', 'GONE 1', 'FEW 6'))$$, 'WG005', 'there is not that much stock',
                    '{"code": "items_unavailable", "items": [{"sku": "FEW", "reason": "insufficient_stock", "requested": 6, "available": 5}, '
                    '{"sku": "GONE", "reason": "insufficient_stock", "requested": 1, "available": 0}, '
                    '{"sku": "NEW", "reason": "insufficient_stock", "requested": 7, "available": 6}]}',
                    'WG005: all of the items or none; each that is short is named', 'shop_staff');
SELECT refused($$SELECT weedgo.transfer_stock(store('ON'), store('QC'), items('MATCH 301'))$$, 'WG005', 'items_unavailable', 'what is reserved stays', 'shop_staff');
SELECT refused_with($$SELECT weedgo.transfer_stock(store('ON'), store('QC'), items('NEW 1', 'ONLY 1', 'PAST 1'))$$, '22023', 'a sku is no product of the store',
                    jsonb_build_object('code', 'sku_unknown', 'store_id', store('QC'), 'skus', '["ONLY", "PAST"]'::jsonb),
                    'sku_unknown: the other store does not sell it, be there a row of stock or not', 'shop_staff');
SELECT refused_with($$SELECT weedgo.transfer_stock(store('QC'), store('ON'), items('NEW 1', 'ONLY 1'))$$, '22023', 'a sku is no product of the store',
                    jsonb_build_object('code', 'sku_unknown', 'store_id', store('QC'), 'skus', '["ONLY"]'::jsonb),
                    'sku_unknown: nor does the store itself', 'shop_staff');
SELECT refused($$SELECT weedgo.transfer_stock(store('ON'), store('nowhere'), items('PIPE 1'))$$, '22023', 'sku_unknown', 'to a store that there is not', 'shop_staff');
SELECT refused($$SELECT weedgo.transfer_stock(store('nowhere'), store('ON'), items('PIPE 1'))$$, '22023', 'sku_unknown', 'or from one', 'shop_staff');
SELECT refused_with($$SELECT weedgo.transfer_stock(store('ON'), store('ON'), items('PIPE 1'))$$, '22023', 'to_store_id is the store itself',
                    '{"code": "invalid_argument", "argument": "to_store_id"}', 'the same store twice', 'shop_staff');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) VALUES (store('QC'), 'PAST', 'Still sold here', 5.00);
SELECT is((SELECT array_agg(available ORDER BY change) FROM weedgo.transfer_stock(store('ON'), store('QC'), items('PAST 8'))), ARRAY[0, 8],
          'what one store no longer sells can go to one that does');
SAVEPOINT nearly_full;
UPDATE weedgo_data.stock SET available = 2147483640, reserved = 5 WHERE store_id = store('QC') AND sku = 'PIPE';
SELECT refused_with($$SELECT weedgo.transfer_stock(store('ON'), store('QC'), items('PIPE 3'))$$, '22003', 'a store cannot have more than 2147483647 units of a sku',
                    '{"code": "value_out_of_range", "value": "2147483648", "sku": "PIPE"}', '22003: it does not fit there', 'shop_staff');
SELECT refused($$SELECT weedgo.transfer_stock(store('ON'), store('QC'), items('PIPE 3', 'FEW 100'))$$, 'WG005', 'items_unavailable', 'WG005 goes before 22003', 'shop_staff');
SELECT accepted($$SELECT weedgo.transfer_stock(store('ON'), store('QC'), items('PIPE 2'))$$, 'one unit less does', 'shop_staff');
ROLLBACK TO nearly_full;
SELECT new_entries() \g /dev/null

-- A thousand skus at once
SAVEPOINT thousand;
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price)
SELECT s, 'S' || i, 'S', 1.00 FROM generate_series(1, 1000) i, unnest(ARRAY[store('ON'), store('QC')]) s;
CREATE TEMP TABLE thousand AS SELECT jsonb_agg(jsonb_build_object('sku', 'S' || i, 'quantity', 2)) AS items FROM generate_series(1000, 1, -1) i;
SELECT is((SELECT count(*) FROM thousand t, weedgo.receive_stock(store('ON'), t.items)), 1000::bigint, 'a thousand skus come');
SELECT is((SELECT count(*) FROM thousand t, weedgo.transfer_stock(store('ON'), store('QC'), t.items)), 2000::bigint, 'and go');
SELECT is((SELECT array_agg(DISTINCT available) FROM weedgo_data.stock WHERE store_id = store('QC') AND sku ~ '^S\d+$'), ARRAY[2], 'all of them');
ROLLBACK TO thousand;

-- stock_overview -------------------------------------------------------------------------------------------

SELECT results_eq(
    $$SELECT sku, name, on_hand, available, reserved, on_hold, details FROM weedgo.stock_overview(store('ON'))$$,
    $$VALUES ('FEW', 'Three are left', 5::bigint, 5::bigint, 0::bigint, 0::bigint, '{}'::jsonb), ('FLOWER', 'Northern Lights 3.5 g', 980, 980, 0, 0, '{}'),
             ('GONE', 'Sold out', 0, 0, 0, 0, '{}'), ('GUMMY', 'Sour gummies', 1000, 1000, 0, 0, '{}'), ('HIDDEN', 'Last year''s crop', 1000, 1000, 0, 0, '{}'),
             ('MATCH', 'Matches', 1000, 300, 700, 100, '{}'), ('NEW', 'New', 6, 6, 0, 0, '{}'), ('ONLY', 'Only here', 10, 10, 0, 0, '{}'),
             ('PAST', NULL, 0, 0, 0, 0, '{}'), ('PIPE', 'Glass pipe', 1016, 1016, 0, 0, '{}'), ('ROLLS', 'Pre-rolls 3 x 0.5 g', 1000, 1000, 0, 0, '{}')$$,
    'every sku that is a product or on the shelf, in the order of their bytes');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) VALUES (store('ON'), 'a', 'Never there', 1.00), (store('ON'), 'é', 'É', 1.00);
UPDATE weedgo_data.holds SET expires_at = now() - interval '1 day';
SELECT results_eq($$SELECT sku, on_hand, on_hold FROM weedgo.stock_overview(store('ON')) WHERE sku IN ('MATCH', 'ROLLS', 'a', 'é')$$,
                  $$VALUES ('MATCH', 1000::bigint, 100::bigint), ('ROLLS', 1000, 0), ('a', 0, 0), ('é', 0, 0)$$,
                  'a hold that has expired counts until it is released; what was never there is 0');
SELECT weedgo.expire_holds() \g /dev/null
SELECT results_eq($$SELECT available, reserved, on_hold FROM weedgo.stock_overview(store('ON')) WHERE sku = 'MATCH'$$, $$VALUES (400::bigint, 600::bigint, 0::bigint)$$, 'then no more');
CALL fill_cart(3, 'QC', NULL, '{"ROLLS": 5}');
SELECT weedgo.reserve_inventory(store('QC'), cart(3)) \g /dev/null
SELECT results_eq($$SELECT s, o.reserved, o.on_hold FROM unnest(ARRAY['ON', 'QC']) s, weedgo.stock_overview(store(s)) o WHERE o.sku = 'ROLLS'$$,
                  $$VALUES ('ON', 0::bigint, 0::bigint), ('QC', 5, 5)$$, 'each store has its own holds');
SELECT is_empty($$SELECT * FROM weedgo.stock_overview(store('nowhere'))$$, 'a store that there is not has nothing');
SELECT is((SELECT count(*)::integer FROM weedgo.stock_overview(store('AB'))), 8, 'each store has its own');
SELECT invariants_hold('every invariant holds');

-- Arguments (NULLs, options and items are in bad_input.sql) ---------------------------------------------------

SELECT refused('SELECT weedgo.' || call, '22023', 'invalid_argument', left(call, 100), 'shop_staff')
FROM (VALUES
    ($$adjust_stock(store('ON'), '', 1, 'counted')$$), ($$adjust_stock(store('ON'), repeat('x', 101), 1, 'counted')$$),
    ($$adjust_stock(store('ON'), repeat('x', 1000000), 1, 'counted')$$),
    ($$adjust_stock(store('ON'), 'FLOWER', 0, 'counted')$$),
    ($$adjust_stock(store('ON'), 'FLOWER', 1, '')$$), ($$adjust_stock(store('ON'), 'FLOWER', 1, 'Counted')$$),
    ($$adjust_stock(store('ON'), 'FLOWER', 1, 'counted ')$$), ($$adjust_stock(store('ON'), 'FLOWER', 1, 'received')$$),
    ($$adjust_stock(store('ON'), 'FLOWER', 1, 'transfer_in')$$), ($$adjust_stock(store('ON'), 'FLOWER', 1, 'transfer_out')$$),
    ($$adjust_stock(store('ON'), 'FLOWER', 1, repeat('x', 1000000))$$),
    ($$adjust_stock(store('ON'), 'FLOWER', 1, 'counted', -1)$$), ($$adjust_stock(store('ON'), 'FLOWER', 1, 'counted', -2147483648)$$),
    ($$receive_stock(store('ON'), items('PIPE 1'), reason => repeat('x', 1025))$$),
    ($$receive_stock(store('ON'), items('PIPE 1'), reason => repeat('é', 513))$$),
    ($$transfer_stock(store('ON'), store('QC'), items('PIPE 1'), reason => repeat('x', 1000000))$$)
) AS c (call);
SELECT refused('SELECT weedgo.' || call, state, NULL, call, 'shop_staff')
FROM (VALUES
    ($$receive_stock('ON', '[]')$$, '22P02'), ($$receive_stock(store('ON'), 'PIPE')$$, '22P02'), ($$receive_stock(store('ON'), '[]', 'ben')$$, '22P02'),
    ($$receive_stock(store('ON'), '[{"sku": "PI\u0000PE", "quantity": 1}]')$$, '22P05'), ($$receive_stock(store('ON'), '[{"sku": "\ud800", "quantity": 1}]')$$, '22P02'),
    ($$adjust_stock(store('ON'), 'FLOWER', 'many', 'counted')$$, '22P02'), ($$adjust_stock(store('ON'), 'FLOWER', 1.5, 'counted')$$, '42883'),
    ($$adjust_stock(store('ON'), 'FLOWER', 2147483648, 'counted')$$, '42883'), ($$adjust_stock(store('ON'), 'FLOWER', '2147483648', 'counted')$$, '22003'),
    ($$adjust_stock(store('ON'), 'FLOWER', 1, 'counted', 1.5)$$, '42883'), ($$stock_overview('ON')$$, '22P02')
) AS c (call, state);
SELECT is((refusal(format('SELECT weedgo.receive_stock(store(''ON''), items(''PIPE 1''), reason => %L)', said), 'shop_staff')).state, '00000', format('a reason of %s bytes', octet_length(said)))
FROM (VALUES (repeat('x', 1024)), (repeat('é', 512)), ('')) AS r (said);

-- Skus that would be something else were they not data
CREATE TEMP TABLE hostile (sku) AS VALUES (''' OR true; --'), ('%'), ('_____'), (E'a\\b"c'), (E'two\nlines'), (' PIPE'), ('PIPE '), ('{PIPE,NULL}'), ('NULL'),
    ('🌿'), (repeat('🌿', 25)), ('$1'), ('PIPE"; DROP TABLE weedgo_data.stock; --'), ('İ'), ('ß'), (E'\t');
GRANT SELECT ON hostile TO PUBLIC;
SELECT refused(format('SELECT weedgo.receive_stock(store(''ON''), %L)', jsonb_build_array(jsonb_build_object('sku', sku, 'quantity', 1))), '22023', 'sku_unknown',
               'no product yet: ' || to_json(sku), 'shop_staff') FROM hostile;
SELECT is(detail_of(format('SELECT weedgo.adjust_stock(store(''ON''), %L, 1, ''counted'')', sku), 'shop_staff') -> 'skus' ->> 0, sku, 'and it is named as it is: ' || to_json(sku)) FROM hostile;
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) SELECT s, sku, sku, 1.00 FROM hostile, unnest(ARRAY[store('ON'), store('QC')]) s;
SELECT results_eq($$SELECT count(*), sum(available) FROM (SELECT jsonb_agg(jsonb_build_object('sku', sku, 'quantity', 3)) AS j FROM hostile) h, weedgo.receive_stock(store('ON'), h.j)$$,
                  $$SELECT count(*), 3 * count(*) FROM hostile$$, 'all of them come');
SELECT is((weedgo.adjust_stock(store('ON'), sku, -1, 'lost', 3)).available, 2, 'one is lost: ' || to_json(sku)) FROM hostile;
SELECT results_eq($$SELECT count(*) FROM (SELECT jsonb_agg(jsonb_build_object('sku', sku, 'quantity', 1)) AS j FROM hostile) h, weedgo.transfer_stock(store('ON'), store('QC'), h.j)$$,
                  $$SELECT 2 * count(*) FROM hostile$$, 'one goes');
SELECT results_eq($$SELECT o.sku, o.name, o.available FROM weedgo.stock_overview(store('ON')) o WHERE o.sku IN (SELECT h.sku FROM hostile h)$$,
                  $$SELECT sku, sku, 1::bigint FROM hostile ORDER BY sku COLLATE "C"$$, 'one is left of each');
SELECT is(shelf('PIPE'), '1016/0', 'no other stock was touched');
SELECT invariants_hold('every invariant holds');

-- Who may, and where ------------------------------------------------------------------------------------------

CREATE TEMP TABLE writes (call) AS VALUES
    ($$receive_stock(store('ON'), items('PIPE 1'))$$), ($$adjust_stock(store('ON'), 'PIPE', -1, 'lost')$$), ($$transfer_stock(store('ON'), store('QC'), items('PIPE 1'))$$);
SELECT refused('SELECT weedgo.' || call, '42501', NULL, format('%s cannot call %s', r, call), r)
FROM writes, unnest(ARRAY['shop_app', 'shop_reader', 'shop_nobody']::name[]) r;
SELECT refused($$SELECT weedgo.stock_overview(store('ON'))$$, '42501', NULL, r || ' cannot call stock_overview', r) FROM unnest(ARRAY['shop_app', 'shop_nobody']::name[]) r;
SELECT accepted($$SELECT weedgo.stock_overview(store('ON'))$$, r || ' can', r) FROM unnest(ARRAY['shop_staff', 'shop_reader']::name[]) r;
SELECT refused_with('SET LOCAL transaction_read_only = on; SELECT weedgo.' || call, '25006',
                    format('cannot execute %s() in a read-only transaction', split_part(call, '(', 1)), '{"code": "read_only"}', '25006: ' || split_part(call, '(', 1), 'shop_staff')
FROM writes;
SELECT is((refusal($$SET LOCAL transaction_read_only = on; SELECT weedgo.stock_overview(store('ON'))$$, 'shop_reader')).state, '00000', 'stock_overview only reads');
SELECT is((refusal($$SET LOCAL transaction_read_only = on; SELECT weedgo.receive_stock(NULL, NULL)$$, 'shop_staff')).state, '25006', '25006 goes before the arguments');

-- stock as a view ---------------------------------------------------------------------------------------------

-- What becomes of a call where another relation stands in for one.
CREATE FUNCTION outcome_with(relation name, query text, call text, kind text DEFAULT 'VIEW') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    problem record;
BEGIN
    BEGIN
        CALL fixture.stand_in(relation, query, kind);
        SELECT * INTO problem FROM refusal('SELECT weedgo.' || call, 'shop_staff');
        RAISE SQLSTATE '00WGO';
    EXCEPTION WHEN SQLSTATE '00WGO' THEN
        RETURN concat_ws(' ', problem.state, substring(problem.detail FROM '^{"code": "(\w+)"'));
    END;
END
$$;
SELECT weedgo.adjust_stock(s.store_id, 'NEW', -s.available, 'counted') FROM weedgo_data.stock s WHERE s.sku = 'NEW' \g /dev/null
DELETE FROM weedgo_data.stock WHERE sku = 'NEW';
CREATE TEMP TABLE on_views (name, query, known, new) AS VALUES
    ('all columns',               'SELECT * FROM weedgo_data.stock_aside',                                                    '00000', '00000'),
    ('a bucket that is no column','SELECT store_id, sku, 0 AS bucket, available, reserved FROM weedgo_data.stock_aside',       '00000', '0A000 not_writable'),
    ('a sku that is no column',   'SELECT store_id, sku || '''' AS sku, bucket, available, reserved FROM weedgo_data.stock_aside', '00000', '0A000 not_writable'),
    ('counts of type bigint',     'SELECT store_id, sku, bucket, available::bigint, reserved FROM weedgo_data.stock_aside',    '0A000', '0A000 not_writable'),
    ('two tables',                'SELECT s.* FROM weedgo_data.stock_aside s JOIN weedgo_data.stores USING (store_id)',        '55000', '0A000 not_writable');
SELECT is(outcome_with('stock', query, call), known, format('%s: %s', name, call))
FROM on_views, (VALUES ($$receive_stock(store('ON'), items('PIPE 1'))$$), ($$adjust_stock(store('ON'), 'PIPE', -1, 'lost')$$),
                       ($$transfer_stock(store('ON'), store('QC'), items('PIPE 1'))$$)) AS c (call);
SELECT is(outcome_with('stock', query, call), new, format('%s: %s', name, call))
FROM on_views, (VALUES ($$receive_stock(store('ON'), items('NEW 1'))$$), ($$adjust_stock(store('ON'), 'NEW', 1, 'counted')$$)) AS c (call);
SAVEPOINT a_view;
CALL stand_in('stock', 'SELECT store_id, sku, 0 AS bucket, available, reserved FROM weedgo_data.stock_aside', 'VIEW');
SELECT refused_with($$SELECT weedgo.receive_stock(store('ON'), items('NEW 1', 'PIPE 1'))$$, '0A000', 'weedgo_data.stock is a view that cannot be written',
                    '{"code": "not_writable", "relation": "stock"}', 'a view that takes no rows', 'shop_staff');
SELECT refused($$SELECT weedgo.adjust_stock(store('ON'), 'NEW', -1, 'lost')$$, 'WG005', 'items_unavailable', 'what is not there needs no row to be lost from', 'shop_staff');
ROLLBACK TO a_view;
SELECT is(outcome_with('stock', 'SELECT store_id, sku, bucket, available::bigint, reserved::bigint FROM weedgo_data.stock_aside', call, 'TABLE'), '00000', 'a table of bigint: ' || call)
FROM writes;
SELECT is(outcome_with('stock', 'SELECT s.* FROM weedgo_data.stock_aside s, generate_series(1, 2)', call, 'TABLE'), '55000 setup', 'two rows for a sku: ' || call)
FROM writes;
SELECT is(outcome_with('stock', 'SELECT s.* FROM weedgo_data.stock_aside s, generate_series(1, 3)', $$receive_stock(store('ON'), items('PAST 1'))$$, 'TABLE'), '22023 sku_unknown',
          'more rows than were asked for');
SELECT is(outcome_with('products', 'SELECT p.* FROM weedgo_data.products_aside p, generate_series(1, 3)', call), '00000', 'two rows for a product: ' || call)
FROM writes;
SELECT is(outcome_with('stock', 'SELECT * FROM weedgo_data.stock_aside', $$receive_stock(store('ON'), items('NEW 1'))$$, 'TABLE'), '00000', 'a table without a key');

-- Triggers of the shop's own
SAVEPOINT triggers;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER nothing BEFORE INSERT ON weedgo_data.stock FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT refused($$SELECT weedgo.receive_stock(store('ON'), items('NEW 1'))$$, '55000', 'setup', 'a trigger that keeps the new row out', 'shop_staff');
DROP TRIGGER nothing ON weedgo_data.stock;
CREATE TRIGGER nothing BEFORE UPDATE ON weedgo_data.stock FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT isnt((refusal('SELECT weedgo.' || call, 'shop_staff')).state, '00000', 'a trigger that keeps the change out: ' || call) FROM writes;
ROLLBACK TO triggers;

-- Holds -----------------------------------------------------------------------------------------------------

SAVEPOINT holds;
CALL fill_cart(91, 'ON', 'ann', '{"PIPE": 2}');
CALL fill_cart(92, 'ON', 'ben', '{"PIPE": 3}');
CALL fill_cart(93, 'ON', 'ben', '{"PIPE": 4}');
CALL fill_cart(94, 'ON', 'ann', '{"PIPE": 5}');
SELECT weedgo.reserve_inventory(store('ON'), cart(n), customer(name)) FROM (VALUES (91, 'ann'), (92, 'ben'), (93, 'ben')) AS h (n, name) \g /dev/null
SELECT weedgo.checkout_cart(store('ON'), cart(91), customer('ann')) \g /dev/null
SELECT is((SELECT sum(quantity) FROM weedgo_data.holds WHERE cart_id IN (cart(92), cart(93))), 7::bigint, 'a checkout takes the holds of its own cart only');
UPDATE weedgo_data.holds SET expires_at = clock_timestamp() WHERE cart_id IN (cart(92), cart(93));
UPDATE weedgo_data.stock SET available = 0 WHERE store_id = store('ON') AND sku = 'PIPE';
SELECT is((weedgo.calc_order_totals(store('ON'), cart(94), customer('ann'))).problems, '[]', 'what expired holds have is there for others');
SELECT is(weedgo.expire_holds(store('ON'), 1), 1, 'one of two holds of a sku ends');
SELECT is(weedgo.expire_holds(store('ON'), 5), 1, 'and then the other');
ROLLBACK TO holds;

SELECT invariants_hold('after all of this, every invariant holds');
SELECT is((weedgo.adjust_stock(store('ON'), 'PIPE', 1, 'counted', 1016)).available, 1017, 'and the session can still be used');
SELECT * FROM finish();
ROLLBACK;
