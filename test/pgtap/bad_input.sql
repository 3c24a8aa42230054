-- Bad input, bad data, bad installations: each is refused with its error or read for what it
-- means; a refusal writes nothing and leaves the session usable (refused() looks for both).
\ir fixture.psql
SELECT no_plan();

-- Before create_tables() ---------------------------------------------------------------------------

CREATE EXTENSION weedgo_checkout;
SELECT refused('SELECT weedgo.' || call, '55000', 'setup', '55000 before create_tables(): ' || split_part(call, '(', 1), current_user)
FROM (VALUES
    ($$checkout_cart(store('ON'), cart(1))$$), ($$calc_order_totals(store('ON'), cart(1))$$),
    ($$reserve_inventory(store('ON'), cart(1))$$), ($$release_inventory(store('ON'), cart(1))$$),
    ($$expire_holds()$$), ($$put_cart(store('ON'), cart(1), '[]')$$), ($$get_cart(store('ON'), cart(1))$$),
    ($$get_order(store('ON'), cart(1))$$), ($$list_orders(store('ON'), customer('ann'))$$), ($$verify_invariants()$$),
    ($$receive_stock(store('ON'), '[]')$$), ($$adjust_stock(store('ON'), 'FLOWER', 1, 'counted')$$),
    ($$transfer_stock(store('ON'), store('QC'), '[]')$$), ($$stock_overview(store('ON'))$$),
    ($$sell_in_store(store('ON'), cart(1), customer('ben'))$$),
    ($$inventory_report(store('ON'), current_date)$$),
    ($$recompute_order(store('ON'), cart(1))$$)
) AS c (call);
SELECT matches((refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(1))$$, current_user)).hint, 'weedgo\.create_tables\(\)',
               'the HINT says what to run');
CREATE SCHEMA weedgo_data;
SELECT matches((refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(1))$$, current_user)).hint,
               'weedgo\.(create_tables|check_setup)\(\)', 'where schema weedgo_data is empty, it does, or points to check_setup()');
DROP SCHEMA weedgo_data;
SELECT is((refusal('SELECT ' || call, current_user)).state, '00000', split_part(call, '(', 1) || ' needs no relations')
FROM (VALUES ($$weedgo.lock_cart(store('ON'), cart(1))$$), ($$weedgo.cart_lock_key(store('ON'), cart(1))$$),
             ($$weedgo.check_setup()$$)) AS c (call);
DROP EXTENSION weedgo_checkout;

CALL open_shop();
CALL fill_cart(1, 'ON', 'ann', '{"FLOWER": 2}');
CALL fill_cart(2, 'ON', NULL, '{"FLOWER": 2}');

-- A checkout of cart 1 with more arguments; its result is undone.
CREATE FUNCTION bought(arguments text, result text DEFAULT 'total::text', cart_number integer DEFAULT 1, customer_name text DEFAULT 'ann')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    outcome text;
BEGIN
    BEGIN
        PERFORM set_config('role', 'shop_app', true);
        EXECUTE format('SELECT %s FROM weedgo.checkout_cart(store(''ON''), cart(%s), %L%s)', result, cart_number,
                       customer(customer_name), ', ' || nullif(arguments, '')) INTO outcome;
        RAISE SQLSTATE '00WGO';
    EXCEPTION WHEN SQLSTATE '00WGO' THEN
        RETURN outcome;
    END;
END
$$;

-- NULL -----------------------------------------------------------------------------------------------

SELECT refused('SELECT weedgo.' || call, '22023', 'invalid_argument', 'no NULL: ' || call, as_role)
FROM (VALUES
    ($$checkout_cart(NULL, cart(1))$$, 'shop_app'),            ($$checkout_cart(store('ON'), NULL)$$, 'shop_app'),
    ($$calc_order_totals(NULL, cart(1))$$, 'shop_app'),        ($$calc_order_totals(store('ON'), NULL)$$, 'shop_app'),
    ($$reserve_inventory(NULL, cart(1))$$, 'shop_app'),        ($$reserve_inventory(store('ON'), NULL)$$, 'shop_app'),
    ($$release_inventory(NULL, cart(1))$$, 'shop_app'),        ($$release_inventory(store('ON'), NULL)$$, 'shop_app'),
    ($$put_cart(NULL, cart(1), '[]')$$, 'shop_app'),           ($$put_cart(store('ON'), NULL, '[]')$$, 'shop_app'),
    ($$put_cart(store('ON'), cart(1), NULL)$$, 'shop_app'),
    ($$get_cart(NULL, cart(1))$$, 'shop_app'),                 ($$get_cart(store('ON'), NULL)$$, 'shop_app'),
    ($$get_order(NULL, cart(1))$$, 'shop_app'),                ($$get_order(store('ON'), NULL)$$, 'shop_app'),
    ($$list_orders(NULL, customer('ann'))$$, 'shop_app'),      ($$list_orders(store('ON'), NULL)$$, 'shop_app'),
    ($$lock_cart(NULL, cart(1))$$, 'shop_app'),                ($$lock_cart(store('ON'), NULL)$$, 'shop_app'),
    ($$receive_stock(NULL, '[]')$$, 'shop_staff'),             ($$receive_stock(store('ON'), NULL)$$, 'shop_staff'),
    ($$adjust_stock(NULL, 'FLOWER', 1, 'counted')$$, 'shop_staff'),
    ($$adjust_stock(store('ON'), NULL, 1, 'counted')$$, 'shop_staff'),
    ($$adjust_stock(store('ON'), 'FLOWER', NULL, 'counted')$$, 'shop_staff'),
    ($$adjust_stock(store('ON'), 'FLOWER', 1, NULL)$$, 'shop_staff'),
    ($$transfer_stock(NULL, store('QC'), '[]')$$, 'shop_staff'),
    ($$transfer_stock(store('ON'), NULL, '[]')$$, 'shop_staff'),
    ($$transfer_stock(store('ON'), store('QC'), NULL)$$, 'shop_staff'),
    ($$stock_overview(NULL)$$, 'shop_staff'), ($$trace_lot(store('ON'), NULL)$$, 'shop_staff'),
    ($$recall_lot(store('ON'), NULL)$$, 'shop_staff'),
    ($$split_stock(NULL, 'FLOWER')$$, 'shop_staff'),           ($$split_stock(store('ON'), NULL)$$, 'shop_staff'),
    ($$merge_stock(NULL, 'FLOWER')$$, 'shop_staff'),           ($$merge_stock(store('ON'), NULL)$$, 'shop_staff'),
    ($$split_promo(NULL, 'FIVE')$$, 'shop_staff'),             ($$split_promo(store('ON'), NULL)$$, 'shop_staff'),
    ($$hot_skus(NULL)$$, 'shop_staff'), ($$tune_stock(NULL)$$, 'shop_staff'),
    ($$merge_promo(NULL, 'FIVE')$$, 'shop_staff'),             ($$merge_promo(store('ON'), NULL)$$, 'shop_staff'),
    ($$inventory_report(NULL, current_date)$$, 'shop_staff'),  ($$inventory_report(store('ON'), NULL)$$, 'shop_staff'),
    ($$recompute_order(NULL, cart(1))$$, 'shop_reader'),       ($$recompute_order(store('ON'), NULL)$$, 'shop_reader')
) AS c (call, as_role);
SELECT is(weedgo.cart_lock_key(store('ON'), NULL), NULL, 'cart_lock_key of NULL is NULL');

SELECT is(bought('NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL',
                 'format(''%s %s %s %s %s'', total, delivery_type, order_source, tip, replayed)'),
          '45.18 pickup web 0.00 f', 'checkout_cart: NULL means the default');
SELECT is((weedgo.calc_order_totals(store('ON'), cart(1), customer('ann'), NULL, NULL, NULL, NULL, NULL, NULL)).total, 45.18,
          'calc_order_totals: NULL means the default');
SELECT is((weedgo.expire_holds(NULL, NULL, NULL)), 0, 'expire_holds: NULL means the default');
SELECT is((refusal('SELECT weedgo.' || call, 'shop_staff')).state, '00000', 'NULL means the default: ' || call)
FROM (VALUES ($$receive_stock(store('ON'), '[]', NULL, NULL, NULL)$$), ($$transfer_stock(store('ON'), store('QC'), '[]', NULL, NULL, NULL)$$),
             ($$adjust_stock(store('ON'), 'FLOWER', 1, 'counted', NULL, NULL, NULL)$$), ($$stock_overview(store('ON'), NULL)$$),
             ($$inventory_report(store('ON'), current_date, NULL)$$)) AS c (call);
SELECT lives_ok($$SELECT weedgo.list_orders(store('ON'), customer('ann'), NULL, NULL, NULL)$$, 'list_orders: NULL means the default');
SELECT is((refusal($$SELECT weedgo.reserve_inventory(store('ON'), cart(1), customer('ann'), NULL, NULL)$$)).state, '00000',
          'reserve_inventory: NULL means the default');

-- Amounts ----------------------------------------------------------------------------------------------

SELECT refused(format($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), %s => %s)$$, argument, value),
               '22023', 'invalid_argument', format('%s of %s', argument, value))
FROM (VALUES ('tip'), ('expected_total')) AS a (argument),
     (VALUES ('-0.01'), ('-0.001'), ('-1e-100'), ('-1e100'), ('''NaN'''), ('''Infinity'''), ('''-Infinity'''), ('1e10'), ('1e12'),
             ('1e1000'), ('9999999999.995')) AS v (value);
SELECT refused(format($$SELECT weedgo.calc_order_totals(store('ON'), cart(1), customer('ann'), tip => %s)$$, value),
               '22023', 'invalid_argument', format('calc_order_totals: a tip of %s', value))
FROM (VALUES ('-0.01'), ('''NaN'''), ('''Infinity'''), ('1e10')) AS v (value);
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), tip => 9999999999.99)$$, '22003', 'amount_overflow',
               'the greatest tip of all makes the total overflow');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), expected_total => 9999999999.99)$$, 'WG007', 'total_changed',
               'the greatest expected total is just wrong');
SELECT is(bought('tip => ' || given, 'tip::text'), rounded, format('a tip of %s is %s', given, rounded))
FROM (VALUES ('0.004999999', '0.00'), ('0.005', '0.01'), ('0.015', '0.02'), ('1.005', '1.01'), ('2.675', '2.68'), ('0', '0.00'),
             ('-0.000', '0.00'), ('3', '3.00'), ('1e2', '100.00'), ('39.98 * 0.15', '6.00'),
             ('round(39.98 * 0.15, 48)', '6.00'), ('1.00499999999999999999999999999999999999999999999999', '1.00')) AS t (given, rounded);
SELECT is(bought('expected_total => ' || given), '45.18', format('an expected total of %s is 45.18', given))
FROM (VALUES ('45.184999'), ('45.175'), ('round(45.18, 48)')) AS t (given);

-- Words ------------------------------------------------------------------------------------------------

SELECT refused(format($$SELECT weedgo.%s(store('ON'), cart(1), customer('ann'), delivery_type => %L)$$, f, value), '22023', 'invalid_argument',
               format('%s: delivery type %s', f, left(quote_literal(value), 20)))
FROM (VALUES ('checkout_cart'), ('calc_order_totals')) AS f (f),
     (VALUES (''), ('drone'), ('Pickup'), (' pickup'), ('pickup'' OR true --'), (repeat('x', 1000000))) AS v (value);
SELECT refused(format($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), order_source => %L)$$, value), '22023', 'invalid_argument',
               format('order source %s', left(quote_literal(value), 20)))
FROM (VALUES (''), ('fax'), ('WEB'), ('web '), (repeat('x', 1000000))) AS v (value);
SELECT is(bought(format('order_source => %L', source), 'order_source'), source, 'order source ' || source)
FROM unnest(ARRAY['web', 'pos', 'mobile', 'kiosk', 'phone', 'marketplace']) source;
SELECT is(bought(format('delivery_type => %L, delivery_address => ''{"a": 1}''', type), 'delivery_type'), type, 'delivery type ' || type)
FROM unnest(ARRAY['delivery', 'pickup', 'in_store']) type;

-- Options ------------------------------------------------------------------------------------------------

CREATE TEMP TABLE with_options (f, call, as_role) AS VALUES
    ('checkout_cart',     $$checkout_cart(store('ON'), cart(1), customer('ann'), options => %L)$$, 'shop_app'),
    ('calc_order_totals', $$calc_order_totals(store('ON'), cart(1), customer('ann'), options => %L)$$, 'shop_app'),
    ('sell_in_store',     $$sell_in_store(store('ON'), cart(1), customer('ben'), customer('ann'), options => %L)$$, 'shop_staff'),
    ('reserve_inventory', $$reserve_inventory(store('ON'), cart(1), customer('ann'), options => %L)$$, 'shop_app'),
    ('release_inventory', $$release_inventory(store('ON'), cart(1), customer('ann'), options => %L)$$, 'shop_app'),
    ('expire_holds',      $$expire_holds(options => %L)$$, 'shop_staff'),
    ('expire_orders',     $$expire_orders(options => %L)$$, 'shop_staff'),
    ('events_after',      $$events_after(options => %L)$$, 'shop_staff'),
    ('verify_audit',      $$verify_audit(store('ON'), options => %L)$$, 'shop_staff'),
    ('put_cart',          $$put_cart(store('ON'), cart(1), '[]', customer('ann'), options => %L)$$, 'shop_app'),
    ('get_cart',          $$get_cart(store('ON'), cart(1), customer('ann'), options => %L)$$, 'shop_app'),
    ('get_order',         $$get_order(store('ON'), cart(1), options => %L)$$, 'shop_app'),
    ('list_orders',       $$list_orders(store('ON'), customer('ann'), options => %L)$$, 'shop_app'),
    ('lock_cart',         $$lock_cart(store('ON'), cart(1), options => %L)$$, 'shop_app'),
    ('receive_stock',     $$receive_stock(store('ON'), '[]', options => %L)$$, 'shop_staff'),
    ('adjust_stock',      $$adjust_stock(store('ON'), 'FLOWER', 1, 'counted', options => %L)$$, 'shop_staff'),
    ('transfer_stock',    $$transfer_stock(store('ON'), store('QC'), '[]', options => %L)$$, 'shop_staff'),
    ('trace_lot',         $$trace_lot(store('ON'), 'L', options => %L)$$, 'shop_reader'),
    ('recall_lot',        $$recall_lot(store('ON'), 'L', options => %L)$$, 'shop_staff'),
    ('stock_overview',    $$stock_overview(store('ON'), options => %L)$$, 'shop_reader'),
    ('split_stock',       $$split_stock(store('ON'), 'FLOWER', options => %L)$$, 'shop_staff'),
    ('merge_stock',       $$merge_stock(store('ON'), 'FLOWER', options => %L)$$, 'shop_staff'),
    ('split_promo',       $$split_promo(store('ON'), 'FIVE', options => %L)$$, 'shop_staff'),
    ('hot_skus',          $$hot_skus(store('ON'), %L)$$, 'shop_staff'),
    ('tune_stock',        $$tune_stock(store('ON'), %L)$$, 'shop_staff'),
    ('merge_promo',       $$merge_promo(store('ON'), 'FIVE', options => %L)$$, 'shop_staff'),
    ('inventory_report',  $$inventory_report(store('ON'), '2024-01-01', options => %L)$$, 'shop_reader'),
    ('verify_invariants', $$verify_invariants(options => %L)$$, 'shop_staff');
SELECT refused(format('SELECT weedgo.' || call, value), '22023', 'invalid_argument', format('%s: options %s', f, left(value, 20)), as_role)
FROM with_options, (VALUES ('{"nonsense": 1}'), ('{"": 1}'), ('[]'), ('["wait"]'), ('"wait"'), ('1'), ('null')) AS v (value);
SELECT refused(format('SELECT weedgo.bind_role(''shop_app'', NULL, options => %L)', value), '22023', 'invalid_argument',
               format('bind_role: options %s', value), current_user)
FROM (VALUES ('{"nonsense": 1}'), ('[]'), ('null')) AS v (value);
SELECT refused(format('SELECT weedgo.' || call, value), '22023', 'invalid_argument', format('%s: options %s', split_part(call, '(', 1), value), current_user)
FROM (VALUES ('create_tables(options => %L)'), ('grant_app(''shop_app'', options => %L)')) AS f (call),
     (VALUES ('{"nonsense": 1}'), ('[]'), ('["stores"]'), ('"stores"'), ('1'), ('null')) AS v (value);
SELECT is((refusal(format('SELECT weedgo.' || call, '{}'), as_role)).state, '00000', format('%s: no options at all', f)) FROM with_options WHERE f NOT LIKE '%\_lot';
SELECT refused(format('SELECT weedgo.lock_cart(store(''ON''), cart(1), %L)', value), '22023', 'invalid_argument', 'lock_cart: ' || value)
FROM (VALUES ('{"wait": "yes"}'), ('{"wait": 1}'), ('{"wait": null}'), ('{"wait": {}}'), ('{"wait": true, "nonsense": 1}')) AS v (value);
SELECT refused(format('SELECT weedgo.get_cart(store(''ON''), cart(1), options => %L)', jsonb_build_object(repeat('x', 1000000), 1)), '22023',
               'invalid_argument', 'an option whose name has a million letters');

-- Documents ----------------------------------------------------------------------------------------------

SELECT refused(format($$SELECT weedgo.%s(store('ON'), cart(1), customer('ann'), delivery_type => 'delivery', delivery_address => %L)$$, f, address),
               '22023', 'invalid_argument', format('%s: address %s', f, left(address, 50)))
FROM (VALUES ('checkout_cart'), ('calc_order_totals')) AS f (f),
     (VALUES ('[]'), ('"1 King Street"'), ('1'), ('null'), ('true'),
             ('{"latitude": "43.66", "longitude": "-79.38"}'), ('{"latitude": 43.66}'), ('{"longitude": -79.38}'),
             ('{"latitude": 43.66, "longitude": null}'), ('{"latitude": [43.66], "longitude": -79.38}'),
             ('{"latitude": true, "longitude": -79.38}'),
             ('{"latitude": 91, "longitude": 0}'), ('{"latitude": -90.000001, "longitude": 0}'),
             ('{"latitude": 43.66, "longitude": 181}'), ('{"latitude": 1e400, "longitude": 0}'), ('{"latitude": 0, "longitude": -1e400}'),
             (jsonb_build_object('note', repeat('x', 1000000))::text)) AS a (address);
SELECT is(bought(format('delivery_type => ''delivery'', delivery_address => %L', address), 'format(''%s %s'', total, details ->> ''distance_m'')'),
          result, format('address %s', address))
FROM (VALUES
    ('{"street": "1 King"}', '50.18 '),
    ('{"latitude": null, "longitude": null, "street": "1 King"}', '50.18 '),
    ('{"latitude": 43.65, "longitude": -79.38}', '50.18 0'),
    ('{"latitude": 43.650, "longitude": -7938e-2}', '50.18 0'),
    ('{"latitude": 1e-400, "latitude": 43.65, "longitude": -79.38}', '50.18 0')
) AS a (address, result);
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), delivery_address => '[]')$$, '22023', 'invalid_argument',
               'an address is checked where there is nothing to deliver, too');
SELECT refused(format($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), metadata => %L)$$, value), '22023', 'invalid_argument',
               'metadata ' || left(value, 20))
FROM (VALUES ('[]'), ('1'), ('null'), ('"x"'), (jsonb_build_object('note', repeat('x', 1000000))::text)) AS v (value);
SELECT is(bought('metadata => ''{"a": {"b": [1, null, "\""]}}''', 'details ->> ''metadata'''), '{"a": {"b": [1, null, "\""]}}',
          'metadata is kept as it is');

-- Texts ----------------------------------------------------------------------------------------------

SELECT is(bought(format('promo_code => %L', code), 'format(''%s %s'', promo_code, total)'), 'SAVE10 40.66', format('promo code %L', code))
FROM (VALUES ('SAVE10'), ('save10'), ('Save10'), ('  save10'), ('SAVE10   '), (repeat(' ', 1000000) || 'save10')) AS p (code);
SELECT is(bought(format('promo_code => %L', code), 'format(''%s %s'', promo_code, total)'), ' 45.18',
          format('promo code %L is none', left(code, 5)))
FROM (VALUES (''), ('   '), (repeat(' ', 1000000))) AS p (code);
SELECT refused(format($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), promo_code => %L)$$, code), 'WG006', 'promo_invalid',
               format('promo code %L', left(code, 40)))
FROM (VALUES ('SAVE 10'), ('SAVE10;'), (''' OR ''1'' = ''1'), ('SAVE10''; DROP TABLE weedgo_data.orders; --'), ('%'), ('SAVE1_'), ('"SAVE10"'),
             (E'SAVE10\n'), (E'\t'), ('ÉTÉ'), ('{"code": "x"}'), (repeat('X', 64))) AS p (code);
SELECT refused(format($$SELECT weedgo.%s, promo_code => %L)$$, call, code), '22023', 'invalid_argument',
               format('%s: a promo code of %s letters', split_part(call, '(', 1), length(code)))
FROM (VALUES ('checkout_cart(store(''ON''), cart(1), customer(''ann'')'), ('calc_order_totals(store(''ON''), cart(1), customer(''ann'')'),
             ('put_cart(store(''ON''), cart(1), ''[]'', customer(''ann'')')) AS c (call),
     (VALUES (repeat('X', 65)), (repeat('X', 1000000))) AS p (code);
SAVEPOINT code_of_cart;
UPDATE weedgo_data.carts SET promo_code = ''' OR true; --' WHERE cart_id = cart(1);
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, 'WG006', 'promo_invalid', 'a cart with SQL for a promo code');
UPDATE weedgo_data.carts SET promo_code = repeat('X', 1000000) WHERE cart_id = cart(1);
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, 'WG006', 'promo_invalid', 'a cart with a promo code of a million letters');
ROLLBACK TO code_of_cart;

SELECT is(bought(format('idempotency_key => %L', key), 'replayed::text'), 'false', format('a key of %s characters, %s bytes', length(key), octet_length(key)))
FROM (VALUES ('k'), (repeat('k', 255)), (repeat('é', 255)), (repeat('🌿', 255)), (E' \'"\\\n;'), (' ')) AS k (key);
SELECT refused(format($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), idempotency_key => %L)$$, key), '22023', 'invalid_argument',
               format('a key of %s characters, %s bytes', length(key), octet_length(key)))
FROM (VALUES (''), (repeat('k', 256)), (repeat('é', 256)), (repeat('🌿', 256)), (repeat('k', 1000000))) AS k (key);

SELECT is(bought(format('%s => %L', argument, repeat('x', most)), format('length(details ->> %L)', argument)), most::text,
          format('%s of %s letters', argument, most))
FROM (VALUES ('pickup_time', 255), ('special_instructions', 4096)) AS t (argument, most);
SELECT refused(format($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), %s => %L)$$, argument, repeat('x', length)), '22023',
               'invalid_argument', format('%s of %s letters', argument, length))
FROM (VALUES ('pickup_time', 256), ('pickup_time', 1000000), ('special_instructions', 4097), ('special_instructions', 1000000),
             ('payment_method_id', 256), ('payment_method_id', 1000000)) AS t (argument, length);
SELECT is(bought($$special_instructions => E'"; \' \\ {} é\t\n🌿'$$, 'details ->> ''special_instructions'''), E'"; \' \\ {} é\t\n🌿',
          'instructions are kept as they are');

-- Items ----------------------------------------------------------------------------------------------

SELECT refused(format('SELECT weedgo.' || call, items), '22023', 'invalid_argument', format('%s: items %s', split_part(call, '(', 1), left(items, 50)), as_role)
FROM (VALUES ($$put_cart(store('ON'), cart(1), %L, customer('ann'))$$, 'shop_app'), ($$receive_stock(store('ON'), %L)$$, 'shop_staff'),
             ($$transfer_stock(store('ON'), store('QC'), %L)$$, 'shop_staff')) AS f (call, as_role),
     (VALUES ('{}'), ('1'), ('null'), ('"FLOWER"'), ('[1]'), ('["FLOWER"]'), ('[null]'), ('[[]]'), ('[{}]'), ('[{"sku": "FLOWER"}]'),
             ('[{"quantity": 1}]'), ('[{"sku": "", "quantity": 1}]'), ('[{"sku": null, "quantity": 1}]'), ('[{"sku": 7, "quantity": 1}]'),
             ('[{"sku": "FLOWER", "quantity": 0}]'), ('[{"sku": "FLOWER", "quantity": -1}]'), ('[{"sku": "FLOWER", "quantity": 1.5}]'),
             ('[{"sku": "FLOWER", "quantity": "1"}]'), ('[{"sku": "FLOWER", "quantity": null}]'), ('[{"sku": "FLOWER", "quantity": true}]'),
             ('[{"sku": "FLOWER", "quantity": 2147483648}]'), ('[{"sku": "FLOWER", "quantity": 1e400}]'),
             ('[{"sku": "FLOWER", "quantity": 2147483647}, {"sku": "FLOWER", "quantity": 1}]'),
             ('[{"sku": "FLOWER", "quantity": 1}, {"sku": "PIPE", "quantity": 0}]'),
             (jsonb_build_array(jsonb_build_object('sku', repeat('x', 101), 'quantity', 1))::text),
             (jsonb_build_array(jsonb_build_object('sku', repeat('x', 1000000), 'quantity', 1))::text),
             ((SELECT jsonb_agg(jsonb_build_object('sku', i::text, 'quantity', 1))::text FROM generate_series(1, 1001) i))) AS v (items);
SAVEPOINT items;
SELECT is((weedgo.put_cart(store('ON'), cart(1), items::jsonb, customer('ann'))).lines, lines::jsonb, 'items ' || items)
FROM (VALUES
    ('[]', '[]'),
    ('[{"sku": "FLOWER", "quantity": 2147483647}]', '[{"sku": "FLOWER", "quantity": 2147483647}]'),
    ('[{"sku": "FLOWER", "quantity": 1e3}]', '[{"sku": "FLOWER", "quantity": 1000}]'),
    ('[{"sku": "FLOWER", "quantity": 2.00}]', '[{"sku": "FLOWER", "quantity": 2}]'),
    ('[{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}, {"sku": "A", "quantity": 2}]', '[{"sku": "A", "quantity": 3}, {"sku": "B", "quantity": 1}]'),
    ('[{"sku": "FLOWER", "quantity": 1, "price": 0.01, "unit_price": "0.01"}]', '[{"sku": "FLOWER", "quantity": 1}]'),
    ('[{"sku": "'' OR true; --", "quantity": 1}]', '[{"sku": "'' OR true; --", "quantity": 1}]')
) AS v (items, lines);
ROLLBACK TO items;
SELECT refused($$SELECT weedgo.put_cart(store('nowhere'), cart(50), '[]')$$, '22023', 'invalid_argument', 'a new cart in an unknown store');
SELECT is((refusal(format('SELECT weedgo.put_cart(store(''ON''), cart(51), %L)',
          (SELECT jsonb_agg(jsonb_build_object('sku', i::text, 'quantity', 1)) FROM generate_series(1, 1000) i)))).state, '00000', 'a cart of a thousand items');

-- Positions ------------------------------------------------------------------------------------------

SELECT refused(format('SELECT weedgo.events_after(after_position => %L)', position), '22023', 'invalid_argument', 'position ' || left(position, 60), 'shop_staff')
FROM (VALUES (''), (':'), ('::'), ('1'), ('1:1:1'), (':11111111-1111-1111-1111-111111111111:1'), ('1:11111111-1111-1111-1111-111111111111:'),
             ('1:11111111-1111-1111-1111-111111111111'), ('1:11111111-1111-1111-1111-111111111111:-1'),
             ('1:11111111-1111-1111-1111-111111111111:1234567890'), ('12345678901234567890:11111111-1111-1111-1111-111111111111:1'),
             ('-1:11111111-1111-1111-1111-111111111111:1'), ('1:11111111-1111-1111-1111-11111111111g:1'),
             ('1:1111111-11111-1111-1111-111111111111:1'), ('1:11111111-1111-1111-1111-11111111111-:1'), ('1:------------------------------------:1'),
             ('1:111111111111111111111111111111111111:1'), ('9999999999999999999:ffffffff-ffff-ffff-ffff-ffffffffffff:999999999'), (repeat('1', 1000000))) AS p (position);
SELECT is((refusal(format('SELECT weedgo.events_after(after_position => %L)', position), 'shop_staff')).state, '00000', 'position ' || position)
FROM (VALUES ('0:00000000-0000-0000-0000-000000000000:0'), ('1:ffffffff-ffff-ffff-ffff-ffffffffffff:999999999')) AS p (position);

-- Integers -------------------------------------------------------------------------------------------

SELECT refused(format('SELECT weedgo.expire_holds(max_holds => %s)', n), '22023', 'invalid_argument', format('max_holds %s', n), 'shop_staff')
FROM (VALUES ('0'), ('-1'), ('-2147483648'), ('2147483647')) AS v (n);
SELECT refused(format('SELECT weedgo.list_orders(store(''ON''), customer(''ann''), max_rows => %s)', n), '22023', 'invalid_argument', format('max_rows %s', n))
FROM (VALUES ('0'), ('-1'), ('-2147483648'), ('2147483647')) AS v (n);
SELECT is((refusal('SELECT weedgo.expire_holds(max_holds => 1)', 'shop_staff')).state, '00000', 'max_holds 1');
SELECT is((refusal('SELECT weedgo.list_orders(store(''ON''), customer(''ann''), max_rows => 1)')).state, '00000', 'max_rows 1');

SELECT refused(format($$SELECT weedgo.reserve_inventory(store('ON'), cart(1), customer('ann'), %L)$$, hold_for), '22023', 'invalid_argument',
               'hold_for ' || hold_for)
FROM (VALUES ('0'), ('-1 second'), ('-1 day 1 hour'), ('7 days 2 hours'), ('1 month'), ('1 year'), ('1000000 years'), ('-1000000 years'),
             ('178000000 years'), ('-178000000 years')) AS v (hold_for);
SELECT is((refusal(format($$SELECT weedgo.reserve_inventory(store('ON'), cart(1), customer('ann'), %L)$$, hold_for))).state, '00000',
          'hold_for ' || hold_for)
FROM (VALUES ('1 microsecond'), ('1 second'), ('167 hours'), ('1 month -29 days')) AS v (hold_for);

-- Quantities and prices at their limits -----------------------------------------------------------------

CALL fill_cart(3, 'ON', 'ann', '{"MATCH": 2147483647}');
SELECT is(detail_of($$SELECT weedgo.checkout_cart(store('ON'), cart(3), customer('ann'))$$) -> 'items',
          '[{"sku": "MATCH", "reason": "insufficient_stock", "requested": 2147483647, "available": 1000}]', 'the greatest quantity is just not there');
CALL fill_cart(4, 'ON', 'ann', '{"PIPE": 2147483647}');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('ann'))$$, '22003', 'amount_overflow', '2147483647 x 24.99');
SAVEPOINT all_of_it;
SELECT weedgo.adjust_stock(store('ON'), 'MATCH', 2147483647 - 1000, 'counted') \g /dev/null
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(3), customer('ann'))$$, 'where it is there it can be bought: 2147483647 x 0.05');
SELECT results_eq($$SELECT total FROM weedgo_data.orders WHERE cart_id = cart(3)$$, 'VALUES (121332826.06)', 'for 107374182.35 and tax');
SELECT invariants_hold('at the limits, every invariant holds');
UPDATE weedgo_data.stock SET available = 1 WHERE store_id = store('ON') AND sku = 'MATCH';
CALL fill_cart(5, 'ON', 'ann', '{"MATCH": 1}');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(5), customer('ann'))$$, '22003', NULL, 'stock.reserved does not wrap');
ROLLBACK TO all_of_it;

SAVEPOINT prices;
UPDATE weedgo_data.products SET unit_price = 9999999999.99, tax_class = 'exempt' WHERE store_id = store('ON') AND sku = 'PIPE';
INSERT INTO weedgo_data.tax_rates (province, tax_class, tax_name, rate, valid_from) VALUES ('ON', 'exempt', 'HST', 0, '2020-01-01');
CALL fill_cart(6, 'ON', 'ann', '{"PIPE": 1}');
CALL fill_cart(7, 'ON', 'ann', '{"PIPE": 2}');
CALL fill_cart(8, 'ON', 'ann', '{"PIPE": 1, "MATCH": 1}');
SELECT is(bought('', cart_number => 6), '9999999999.99', 'the greatest price can be paid');
SELECT is(bought('promo_code => ''SAVE10''', cart_number => 6), '8999999999.99', 'and taken 10 % of');
SELECT refused(format('SELECT weedgo.checkout_cart(store(''ON''), %s)', arguments), '22003', 'amount_overflow', 'overflow: ' || name)
FROM (VALUES
    ('twice the greatest price', $$cart(7), customer('ann')$$),
    ('the greatest price and five cents', $$cart(8), customer('ann')$$),
    ('a tip on top of it', $$cart(6), customer('ann'), tip => 0.01$$)
) AS o (name, arguments);
UPDATE weedgo_data.stores SET free_delivery_threshold = NULL WHERE store_id = store('ON');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(6), customer('ann'), delivery_type => 'delivery', delivery_address => '{"a": 1}')$$,
               '22003', 'amount_overflow', 'overflow: a delivery fee on top of it');
UPDATE weedgo_data.products SET tax_class = 'accessory' WHERE store_id = store('ON') AND sku = 'PIPE';
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(6), customer('ann'))$$, '22003', 'amount_overflow', 'overflow: tax on top of it');
UPDATE weedgo_data.stores SET delivery_fee_per_km = 9999999999.99 WHERE store_id = store('ON');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), delivery_type => 'delivery',
                                             delivery_address => '{"latitude": 43.68, "longitude": -79.38}')$$,
               '22003', 'amount_overflow', 'overflow: 3.3 km at the greatest fee');
ROLLBACK TO prices;
SAVEPOINT not_a_number;
UPDATE weedgo_data.products SET unit_price = 'NaN' WHERE store_id = store('ON') AND sku = 'FLOWER';
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, '22003', 'value_out_of_range', 'a price that is NaN');
ROLLBACK TO not_a_number;
UPDATE weedgo_data.promo_codes SET discount_value = 'NaN' WHERE store_id = store('ON') AND code = 'FIVE';
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), promo_code => 'FIVE')$$, '22003', 'value_out_of_range',
               'a discount that is NaN');
ROLLBACK TO not_a_number;

-- Sources of other types ------------------------------------------------------------------------------

CREATE FUNCTION products_with(price text) RETURNS text LANGUAGE sql
RETURN format('SELECT store_id, sku, name, %s AS unit_price, %s AS sale_price, sale_from, sale_until, is_available, tax_class, '
              'equivalent_mg FROM weedgo_data.products_aside', price, regexp_replace(price, '.*(::[a-z0-9 ()]+)$', 'NULL\1'));
CREATE FUNCTION outcome_with(relation name, query text, kind text DEFAULT 'TABLE', statement text DEFAULT
                             'SELECT weedgo.checkout_cart(store(''ON''), cart(1), customer(''ann''))')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    problem record;
BEGIN
    BEGIN
        CALL fixture.stand_in(relation, query, kind);
        SELECT * INTO problem FROM refusal(statement);
        RAISE SQLSTATE '00WGO';
    EXCEPTION WHEN SQLSTATE '00WGO' THEN
        RETURN concat_ws(' ', problem.state, substring(problem.detail FROM '^{"code": "(\w+)"'));
    END;
END
$$;
SELECT is(outcome_with('products', products_with(price)), outcome, 'a price like ' || price)
FROM (VALUES
    ('(unit_price + 0.005)::numeric',        '22003 value_out_of_range'),
    ('19.995::numeric',                      '22003 value_out_of_range'),
    ('19.990000::numeric',                   '00000'),
    ('(-0.01)::numeric',                     '22003 value_out_of_range'),
    ('''NaN''::numeric',                     '22003 value_out_of_range'),
    ('''Infinity''::numeric',                '22003 value_out_of_range'),
    ('10000000000.00::numeric',              '22003 value_out_of_range'),
    ('1e30::numeric',                        '22003 value_out_of_range'),
    ('NULL::numeric',                        '55000 setup'),
    ('19.99::float8',                        '00000'),
    ('19.995::float8',                       '22003 value_out_of_range'),
    ('''NaN''::float8',                      '22003 value_out_of_range'),
    ('20::integer',                          '00000'),
    ('unit_price::text',                     '00000'),
    ('unit_price::varchar',                  '00000'),
    ('''19.995''::text',                     '22003 value_out_of_range'),
    ('''free''::text',                       '22P02'),
    ('''(1,2)''::point',                     '55000 setup'),
    ('now()::date',                          '55000 setup')
) AS p (price, outcome);
SELECT is(outcome_with('cart_items', format('SELECT store_id, cart_id, sku, %s AS quantity FROM weedgo_data.cart_items_aside', quantity)), outcome,
          'a quantity like ' || quantity)
FROM (VALUES
    ('quantity::bigint',            '00000'),
    ('quantity::numeric',           '00000'),
    ('quantity::text',              '00000'),
    ('''2147483648''::bigint',      '22003'),
    ('''two''::text',               '22P02'),
    ('0::integer',                  '55000 setup'),
    ('-1::integer',                 '55000 setup'),
    ('NULL::integer',               '55000 setup'),
    ('''[1,2]''::int4range',        '55000 setup')
) AS q (quantity, outcome);
SELECT is(outcome_with('cart_items', 'SELECT i.* FROM weedgo_data.cart_items_aside i, generate_series(1, 2)'), '00000',
          'the same sku on two lines of a cart is one item');
SELECT is(outcome_with('cart_items', 'SELECT store_id, cart_id, ''MATCH'' AS sku, 2147483647 AS quantity FROM weedgo_data.cart_items_aside, generate_series(1, 3)'),
          '22003 amount_overflow', 'and their quantities do not wrap');
-- A column that is compared with an argument cannot be of just any type.
SELECT matches(outcome_with(relation, query), '^(00000|55000 setup)$', format('%s with %s is used, or refused as set up wrongly', relation, name))
FROM (VALUES
    ('products', 'a store_id of type text', replace(products_with('unit_price::numeric'), 'store_id,', 'store_id::text,')),
    ('products', 'a sku of type varchar', replace(products_with('unit_price::numeric'), 'sku,', 'sku::varchar(100),')),
    ('customers', 'a customer_id of type text', 'SELECT customer_id::text, date_of_birth, age_verified FROM weedgo_data.customers_aside'),
    ('payment_methods', 'a payment_method_id of type uuid', 'SELECT customer_id, md5(payment_method_id)::uuid AS payment_method_id, type, is_active, expires_on FROM weedgo_data.payment_methods_aside'),
    ('tax_rates', 'a province of type varchar', 'SELECT province::varchar(2), tax_class, tax_name, rate, valid_from, valid_until FROM weedgo_data.tax_rates_aside'),
    ('tax_rates', 'dates of type timestamp', 'SELECT province, tax_class, tax_name, rate, valid_from::timestamp, valid_until::timestamp FROM weedgo_data.tax_rates_aside'),
    ('stock', 'counts of type bigint', 'SELECT store_id, sku, bucket, available::bigint, reserved::bigint FROM weedgo_data.stock_aside'),
    ('stock', 'counts of type numeric', 'SELECT store_id, sku, bucket, available::numeric, reserved::numeric FROM weedgo_data.stock_aside'),
    ('stock', 'counts of type text', 'SELECT store_id, sku, bucket, available::text, reserved::text FROM weedgo_data.stock_aside'),
    ('carts', 'a status of type varchar', 'SELECT store_id, cart_id, customer_id, promo_code, status::varchar(50), order_id FROM weedgo_data.carts_aside'),
    ('carts', 'an order_id of type text', 'SELECT store_id, cart_id, customer_id, promo_code, status, order_id::text FROM weedgo_data.carts_aside'),
    ('carts', 'a customer_id of type text', 'SELECT store_id, cart_id, customer_id::text, promo_code, status, order_id FROM weedgo_data.carts_aside'),
    ('carts', 'a cart_id of type text', 'SELECT store_id, cart_id::text, customer_id, promo_code, status, order_id FROM weedgo_data.carts_aside'),
    ('stores', 'a store_id of type text', 'SELECT (to_jsonb(s) ->> ''store_id'') AS store_id, tenant_id, province, currency, timezone, latitude, longitude, accepts_orders, delivery_base_fee, delivery_fee_per_km, free_delivery_threshold, max_delivery_km, min_order_amount, tax_delivery, policies FROM weedgo_data.stores_aside s')
) AS r (relation, name, query);
SELECT is(outcome_with('orders', 'SELECT * FROM weedgo_data.orders_aside', 'VIEW'), '55000 setup', 'a record cannot be a view');
SELECT is(outcome_with('holds', 'SELECT store_id, cart_id, sku, bucket, quantity::bigint, expires_at FROM weedgo_data.holds_aside'), '55000 setup',
          'a record cannot have columns of other types');
SELECT is(outcome_with('products', 'SELECT * FROM weedgo_data.products_aside', 'VIEW'), '00000', 'a source can be a view');
SELECT is(outcome_with('products', 'SELECT * FROM weedgo_data.products_aside', 'MATERIALIZED VIEW'), '55000 setup', 'but not a materialized one');
SELECT matches(outcome_with('stock', 'SELECT store_id, sku, bucket, available + 0 AS available, reserved FROM weedgo_data.stock_aside', 'VIEW'),
               '^(0A000|55000 setup)$', 'a view of stock that cannot be written is refused');
SAVEPOINT two_rows;
INSERT INTO weedgo_data.stock (store_id, sku, available) SELECT store_id, lower(sku), 50 FROM weedgo_data.stock WHERE store_id = store('ON') AND bucket = 0;
CALL fill_cart(71, 'ON', 'ann', '{"FLOWER": 1}');
CALL fill_cart(72, 'ON', 'ann', '{"FLOWER": 1, "PIPE": 1}');
SELECT is(outcome_with('stock', 'SELECT store_id, upper(sku) AS sku, bucket, available, reserved FROM weedgo_data.stock_aside', 'VIEW',
                       format('SELECT weedgo.checkout_cart(store(''ON''), cart(%s), customer(''ann''))', cart)),
          '55000 setup', 'a view of stock in which two rows have one sku is refused, ' || lines)
FROM (VALUES (71, 'in a cart of one line'), (72, 'and of two')) AS carts (cart, lines);
ROLLBACK TO two_rows;
SELECT is(outcome_with('cart_items', 'SELECT i.* FROM weedgo_data.cart_items_aside i GROUP BY 1, 2, 3, 4', 'VIEW',
                       'SELECT weedgo.put_cart(store(''ON''), cart(1), ''[{"sku": "PIPE", "quantity": 1}]'', customer(''ann''))'),
          '0A000 not_writable', 'put_cart says where items cannot be written');
SAVEPOINT instead;
CALL stand_in('cart_items', 'SELECT i.* FROM weedgo_data.cart_items_aside i GROUP BY 1, 2, 3, 4', 'VIEW');
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER nothing INSTEAD OF INSERT OR UPDATE OR DELETE ON weedgo_data.cart_items FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT refused($$SELECT weedgo.put_cart(store('ON'), cart(1), '[{"sku": "PIPE", "quantity": 1}]', customer('ann'))$$, '0A000', 'not_writable',
               'a trigger in place of the INSERT is no way to write them either');
ROLLBACK TO instead;
SELECT matches(outcome_with('carts', 'SELECT c.* FROM weedgo_data.carts_aside c GROUP BY 1, 2, 3, 4, 5, 6, 7', 'VIEW'),
               '^(0A000|55000 setup)$', 'a view of carts that cannot be locked is refused');

-- Installations that break in mid-session, and are mended ------------------------------------------------

-- Breaks something, tries a checkout, mends it, tries again.
CREATE FUNCTION broken_and_mended(break text, mend text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before  record;
    during  record;
    afterwards record;
BEGIN
    SELECT * INTO before FROM refusal('SELECT weedgo.checkout_cart(store(''ON''), cart(1), customer(''ann''))');
    EXECUTE break;
    SELECT * INTO during FROM refusal('SELECT weedgo.checkout_cart(store(''ON''), cart(1), customer(''ann''))');
    EXECUTE mend;
    SELECT * INTO afterwards FROM refusal('SELECT weedgo.checkout_cart(store(''ON''), cart(1), customer(''ann''))');
    RETURN concat_ws(', ', before.state, during.state, substring(during.detail FROM '^{"code": "(\w+)"'),
                     CASE WHEN during.hint <> '' THEN 'HINT' END, afterwards.state);
END
$$;
CREATE ROLE shop_stranger;
SELECT is(broken_and_mended(format('ALTER TABLE weedgo_data.%I RENAME TO elsewhere', c.relname),
                            format('ALTER TABLE weedgo_data.elsewhere RENAME TO %I', c.relname)),
          '00000, 55000, setup, HINT, 00000', format('%s is missing', c.relname))
FROM pg_class c WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relkind = 'r' ORDER BY c.relname;
SELECT is(broken_and_mended(format('ALTER TABLE weedgo_data.%I OWNER TO shop_stranger', c.relname),
                            format('ALTER TABLE weedgo_data.%I OWNER TO weedgo_owner', c.relname)),
          '00000, 55000, setup, HINT, 00000', format('%s belongs to somebody else', c.relname))
FROM pg_class c WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relkind = 'r' ORDER BY c.relname;
SELECT is(broken_and_mended(break, mend), '00000, 55000, setup, HINT, 00000', name)
FROM (VALUES
    ('the schema is renamed', 'ALTER SCHEMA weedgo_data RENAME TO elsewhere', 'ALTER SCHEMA elsewhere RENAME TO weedgo_data'),
    ('the schema is given to somebody else', 'ALTER SCHEMA weedgo_data OWNER TO shop_stranger', 'ALTER SCHEMA weedgo_data OWNER TO weedgo_owner'),
    ('the owner becomes a superuser', 'ALTER ROLE weedgo_owner SUPERUSER', 'ALTER ROLE weedgo_owner NOSUPERUSER'),
    ('a column changes its type', 'ALTER TABLE weedgo_data.holds ALTER quantity TYPE bigint', 'ALTER TABLE weedgo_data.holds ALTER quantity TYPE integer')
) AS b (name, break, mend);

-- Every column that the functions use is missed at once, whatever the call. These are not used:
CREATE FUNCTION is_missed(relation name, attribute name) RETURNS boolean LANGUAGE sql AS $$
    SELECT fixture.broken_and_mended(format('ALTER TABLE weedgo_data.%I RENAME COLUMN %I TO elsewhere', relation, attribute),
                                     format('ALTER TABLE weedgo_data.%I RENAME COLUMN elsewhere TO %I', relation, attribute))
           = '00000, 55000, setup, HINT, 00000'
$$;
SELECT set_eq(
    $$SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
      WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relkind = 'r' AND NOT fixture.is_missed(c.relname, a.attname)$$,
    ARRAY['stores.name', 'tax_rates.source', 'carts.created_at'],
    'a column that is missing is found before anything else is done, but for those that no function reads');

-- Replaced by a view, and back, in the same session.
SAVEPOINT replaced;
CALL stand_in('products', 'SELECT * FROM weedgo_data.products_aside', 'VIEW');
UPDATE weedgo_data.products_aside SET unit_price = 10 WHERE sku = 'FLOWER';
SELECT is(bought(''), '22.60', 'products becomes a view: its prices are charged');
DROP VIEW weedgo_data.products;
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, '55000', 'setup', 'the view is dropped');
ALTER TABLE weedgo_data.products_aside RENAME TO products;
SELECT is(bought(''), '22.60', 'the table comes back');
ROLLBACK TO replaced;
SELECT is(bought(''), '45.18', 'all of it rolled back: as it was');

-- Data without which nothing can be priced ----------------------------------------------------------------

SAVEPOINT data;
DELETE FROM weedgo_data.tax_rates WHERE province = 'ON' AND tax_class = 'cannabis';
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, '55000',
                    'no tax rate is known for class "cannabis" in province "ON" today', '{"code": "setup"}', 'no rate for the class');
ROLLBACK TO data;
UPDATE weedgo_data.stores SET province = 'ZZ' WHERE store_id = store('ON');
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, '55000',
                    'no tax rate is known for class "cannabis" in province "ZZ" today', '{"code": "setup"}', 'no rate for the province');
ROLLBACK TO data;
UPDATE weedgo_data.stores SET tax_delivery = true WHERE store_id = store('ON');
DELETE FROM weedgo_data.tax_rates WHERE province = 'ON' AND tax_class = 'delivery';
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), delivery_type => 'delivery', delivery_address => '{"a": 1}')$$, '55000',
               'setup', 'no rate for the delivery that is taxed');
ROLLBACK TO data;
CREATE PROCEDURE set_zone(zone text) LANGUAGE sql AS $$UPDATE weedgo_data.stores SET timezone = zone WHERE store_id = fixture.store('ON')$$;
CALL set_zone('Toronto');
SELECT refused(format('SELECT weedgo.%s(store(''ON''), cart(1), customer(''ann''))', f), '55000', 'setup', f || ': an unknown time zone')
FROM (VALUES ('checkout_cart'), ('calc_order_totals'), ('reserve_inventory')) AS c (f);
CALL set_zone('');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, '55000', 'setup', 'a time zone without a name');
CALL set_zone(repeat('x', 100000));
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, '55000', 'setup', 'a time zone of 100,000 letters');
CALL set_zone('../../../../etc/passwd');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, '55000', 'setup', 'a time zone that is a path');
CALL set_zone('America/Vancouver');
SELECT is(bought('', 'left(order_number, 12)'), 'ORD-' || to_char(clock_timestamp() AT TIME ZONE 'America/Vancouver', 'YYYYMMDD'),
          'a good one names the order by the store''s date');
ROLLBACK TO data;
CALL stand_in('payment_methods', 'SELECT m.* FROM weedgo_data.payment_methods_aside m, generate_series(1, 2)', 'VIEW');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), 'ann-card')$$, '55000', 'setup', 'a view that has a method twice');
ROLLBACK TO data;
DELETE FROM weedgo_data.stores WHERE store_id = store('ON');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, '55000', 'setup', 'a cart whose store is gone');
ROLLBACK TO data;

-- (f()).* ------------------------------------------------------------------------------------------------

-- PostgreSQL runs the function once for every column of the result.
SELECT refused($$SELECT (weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))).*$$, 'WG002', 'cart_not_active',
               '(checkout_cart()).* is refused, because its second run finds the cart converted');
SAVEPOINT star;
CREATE TEMP TABLE starred AS SELECT (weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), idempotency_key => 'star')).*;
SELECT is((SELECT count(*)::integer FROM weedgo_data.orders), 1, 'with a key it makes one order');
SELECT results_eq('SELECT total, replayed FROM starred', 'VALUES (45.18, true)', 'and the later runs replay it');
SELECT is((SELECT reserved FROM weedgo_data.stock WHERE store_id = store('ON') AND sku = 'FLOWER'), 2, 'its stock is taken once');
SELECT invariants_hold('and every invariant holds');
ROLLBACK TO star;

SELECT is(bought(''), '45.18', 'after all of this, the session can still be used');
SELECT invariants_hold('and every invariant holds');
SELECT * FROM finish();
ROLLBACK;
