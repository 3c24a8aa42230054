-- Every way in which a call is refused: SQLSTATE, message, HINT and DETAIL; which goes first where
-- several apply; and that nothing is written. What needs a second session is in waiting.sql.
\ir fixture.psql
SELECT no_plan();
CALL open_shop();

-- WG001 cart_not_found --------------------------------------------------------------------------

CALL fill_cart(1, 'ON', 'ann', '{"FLOWER": 2}');
CALL fill_cart(2, 'ON', NULL, '{"FLOWER": 2}');

SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(99))$$, 'WG001', 'cart not found',
                    jsonb_build_object('code', 'cart_not_found', 'cart_id', cart(99)), 'WG001: an unknown cart');
SELECT refused($$SELECT weedgo.checkout_cart(store('nowhere'), cart(1), customer('ann'))$$, 'WG001', 'cart_not_found',
               'WG001: an unknown store');

-- The same cart, which four callers must not know of: not a word tells them why.
CREATE TEMP TABLE strangers (name, arguments) AS VALUES
    ('another store',     $$store('OTTAWA'), cart(1), customer('ann')$$),
    ('another customer',  $$store('ON'), cart(1), customer('ben')$$),
    ('a guest',           $$store('ON'), cart(1), NULL$$),
    ('an unknown person', $$store('ON'), cart(1), customer('nobody')$$);
CREATE FUNCTION gone_cart(call text) RETURNS record LANGUAGE plpgsql AS $$
DECLARE
    answer record;
BEGIN
    BEGIN
        DELETE FROM weedgo_data.cart_items WHERE cart_id = cart(1);
        DELETE FROM weedgo_data.carts WHERE cart_id = cart(1);
        SELECT r.* INTO answer FROM refusal(call) r;
        RAISE SQLSTATE '00WGO';
    EXCEPTION WHEN SQLSTATE '00WGO' THEN
        RETURN answer;
    END;
END
$$;
SELECT is(r, gone_cart(call), format('%s: %s hears the same as where there is no such cart', f.name, s.name))
FROM (VALUES ('checkout_cart'), ('reserve_inventory'), ('release_inventory'), ('get_cart')) AS f (name),
     strangers s,
     format('SELECT weedgo.%s(%s)', f.name, s.arguments) AS call,
     refusal(call) r;
SELECT refused(format('SELECT weedgo.%s(%s)', f.name, s.arguments), 'WG001', 'cart_not_found',
               format('WG001: %s by %s', f.name, s.name))
FROM (VALUES ('checkout_cart'), ('reserve_inventory'), ('release_inventory'), ('get_cart')) AS f (name), strangers s;
SELECT refused(format($$SELECT weedgo.put_cart(store('ON'), cart(1), '[]', %s)$$, customer_argument), 'WG001', 'cart_not_found',
               'WG001: put_cart by ' || name)
FROM (VALUES ('another customer', 'customer(''ben'')'), ('a guest', 'NULL')) AS s (name, customer_argument);
SELECT is((weedgo.calc_order_totals(store('ON'), cart(1), customer('ben'))).problems,
          jsonb_build_array(jsonb_build_object('code', 'cart_not_found', 'cart_id', cart(1))),
          'calc_order_totals lists it as a problem');
SELECT is_empty(
    $$SELECT FROM weedgo.calc_order_totals(store('ON'), cart(1), customer('ben')) t
      WHERE (t.subtotal, t.discount, t.tax, t.delivery_fee, t.tip, t.total, t.amount_due, t.currency, t.promo_code) IS NOT NULL
         OR t.lines <> '[]' OR t.taxes <> '[]'$$,
    'and says nothing of the cart');
SELECT is((weedgo.get_order(store('ON'), cart(1), customer('ann'))).order_id, NULL, 'an order that there is not is all NULL');

-- WG002 cart_not_active -------------------------------------------------------------------------

CALL fill_cart(3, 'ON', 'ann', '{"FLOWER": 1}');
SELECT order_id AS third_order FROM weedgo.checkout_cart(store('ON'), cart(3), customer('ann')) \gset
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(3), customer('ann'))$$, 'WG002', 'the cart is not active',
                    jsonb_build_object('code', 'cart_not_active', 'status', 'converted', 'order_id', :'third_order'),
                    'WG002: a converted cart names its order');
UPDATE weedgo_data.carts SET status = 'active', order_id = NULL WHERE cart_id = cart(3);
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(3), customer('ann'))$$, 'WG002', 'the cart is not active',
                    jsonb_build_object('code', 'cart_not_active', 'status', 'converted', 'order_id', :'third_order'),
                    'WG002: a cart that has an order, whatever its status says');
UPDATE weedgo_data.carts SET status = 'converted', order_id = :'third_order' WHERE cart_id = cart(3);
SELECT refused(format('SELECT weedgo.%s', call), 'WG001', 'cart_not_found', 'WG001: another customer''s converted cart: ' || split_part(call, '(', 1))
FROM (VALUES
    ($$checkout_cart(store('ON'), cart(3), customer('ben'))$$), ($$reserve_inventory(store('ON'), cart(3), customer('ben'))$$),
    ($$put_cart(store('ON'), cart(3), '[]', customer('ben'))$$)
) AS c (call);
CALL fill_cart(4, 'ON', 'ann', '{"FLOWER": 1}');
UPDATE weedgo_data.carts SET status = 'abandoned' WHERE cart_id = cart(4);
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(4), customer('ann'))$$, 'WG002', 'the cart is not active',
                    '{"code": "cart_not_active", "status": "abandoned", "order_id": null}', 'WG002: an abandoned cart');
SELECT refused(format('SELECT weedgo.%s', call), 'WG002', 'cart_not_active', 'WG002: ' || name)
FROM (VALUES
    ('put_cart on a converted cart',          $$put_cart(store('ON'), cart(3), '[{"sku": "FLOWER", "quantity": 1}]', customer('ann'))$$),
    ('put_cart of nothing on one',            $$put_cart(store('ON'), cart(3), '[]', customer('ann'))$$),
    ('put_cart on an abandoned cart',         $$put_cart(store('ON'), cart(4), '[]', customer('ann'))$$),
    ('reserve_inventory of a converted cart', $$reserve_inventory(store('ON'), cart(3), customer('ann'))$$)
) AS c (name, call);
SELECT refused(statement, 'WG002', 'cart_not_active', 'WG002: ' || name, current_user)
FROM (VALUES
    ('an item put into a converted cart by INSERT', $$INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(3), 'GUMMY', 1)$$),
    ('an item of one changed by UPDATE',            $$UPDATE weedgo_data.cart_items SET quantity = 9 WHERE cart_id = cart(3)$$),
    ('an item put into a cart that there is not',   $$INSERT INTO weedgo_data.cart_items VALUES (store('ON'), cart(98), 'GUMMY', 1)$$)
) AS s (name, statement);

-- An application cleans up: the row of a cart is gone, its order stays.
SAVEPOINT cleaned_up;
DELETE FROM weedgo_data.cart_items WHERE cart_id = cart(3);
DELETE FROM weedgo_data.carts WHERE cart_id = cart(3);
SELECT refused_with(format($$SELECT weedgo.put_cart(store('ON'), cart(3), '[{"sku": "FLOWER", "quantity": 1}]', %s)$$, customer), 'WG002',
                    'the cart is not active', '{"code": "cart_not_active", "status": "converted", "order_id": null}',
                    'WG002: the id of a cart that was sold makes no new cart, ' || name)
FROM (VALUES ($$customer('ben')$$, 'whoever asks'), ($$customer('ann')$$, 'also for its customer'), ('NULL', 'also for a guest')) AS c (customer, name);
CALL fill_cart(3, 'ON', 'ben', '{"FLOWER": 1}');
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(3), customer('ben'))$$, 'WG002', 'the cart is not active',
                    '{"code": "cart_not_active", "status": "converted", "order_id": null}',
                    'WG002: another customer''s order is not named');
CALL fill_cart(3, 'ON', 'ann', '{"FLOWER": 1}');
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(3), customer('ann'))$$, 'WG002', 'the cart is not active',
                    jsonb_build_object('code', 'cart_not_active', 'status', 'converted', 'order_id', :'third_order'),
                    'WG002: one''s own is');
ROLLBACK TO cleaned_up;

-- WG003 cart_empty ------------------------------------------------------------------------------

CALL fill_cart(5, 'ON', 'ann', '{}');
SELECT refused_with(format('SELECT weedgo.%s(store(''ON''), cart(5), customer(''ann''))', f), 'WG003', 'the cart is empty',
                    '{"code": "cart_empty"}', 'WG003: ' || f || ' of an empty cart')
FROM (VALUES ('checkout_cart'), ('reserve_inventory')) AS c (f);

-- WG004 payment_method_invalid ------------------------------------------------------------------

SELECT refused_with(format('SELECT weedgo.checkout_cart(store(''ON''), cart(1), customer(''ann''), %L)', method), 'WG004',
                    'the payment method cannot be used',
                    jsonb_build_object('code', 'payment_method_invalid', 'payment_method_id', method, 'reason', reason),
                    'WG004: ' || name)
FROM (VALUES
    ('a method that nobody has',    'no-card',  'not_found'),
    ('another customer''s method',  'ben-card', 'not_found'),
    ('a method in other letters',   'Ann-Card', 'not_found'),
    ('no name at all',              '',         'not_found'),
    ('a method that is not active', 'ann-lost', 'inactive'),
    ('a method that has expired',   'ann-old',  'expired')
) AS m (name, method, reason);
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(2), NULL, 'ann-card')$$, 'WG004',
                    'the payment method cannot be used',
                    '{"code": "payment_method_invalid", "payment_method_id": "ann-card", "reason": "not_found"}',
                    'WG004: a guest has no methods');
SELECT is((SELECT jsonb_agg(p ->> 'reason') FROM jsonb_array_elements(
              (weedgo.calc_order_totals(store('ON'), cart(1), customer('ann'), 'ann-old')).problems) p),
          '["expired"]', 'calc_order_totals lists it');

-- It can be used until the end of its last day, by the calendar of the store.
SAVEPOINT last_day;
UPDATE weedgo_data.payment_methods SET expires_on = (now() AT TIME ZONE 'America/Toronto')::date - 1 WHERE payment_method_id = 'ann-card';
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), 'ann-card')$$, 'WG004', 'payment_method_invalid',
               'WG004: a method that expired yesterday');
UPDATE weedgo_data.payment_methods SET expires_on = (now() AT TIME ZONE 'America/Toronto')::date WHERE payment_method_id = 'ann-card';
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), 'ann-card')$$,
                'a method can be used on its last day');
ROLLBACK TO last_day;
-- Where it is latest and where it is earliest on Earth, the dates always differ.
UPDATE weedgo_data.payment_methods SET expires_on = (now() AT TIME ZONE 'Etc/GMT+12')::date WHERE payment_method_id = 'ann-card';
UPDATE weedgo_data.stores SET timezone = 'Pacific/Kiritimati';
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), 'ann-card')$$, 'WG004', 'payment_method_invalid',
               'WG004: where it is tomorrow already, the method has expired');
UPDATE weedgo_data.stores SET timezone = 'Etc/GMT+12';
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), 'ann-card')$$, 'where it is still today, it can be used');
ROLLBACK TO last_day;

-- WG005 items_unavailable -----------------------------------------------------------------------

-- Three reasons at once, and one item that is fine. MISSING is no product, ODD a product of
-- another store, BARE has no row of stock.
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price) VALUES (store('OTTAWA'), 'ODD', 'Odd', 1), (store('ON'), 'BARE', 'Bare', 1);
INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (store('ON'), 'ODD', 5);
CALL fill_cart(6, 'ON', 'ann', '{"MISSING": 1, "FLOWER": 2, "HIDDEN": 7, "FEW": 4, "GONE": 1, "ODD": 2, "BARE": 3}');
SELECT refused_with(format('SELECT weedgo.%s(store(''ON''), cart(6), customer(''ann''))', f), 'WG005',
    'items of the cart are not available',
    '{"code": "items_unavailable", "items": [
        {"sku": "BARE",    "reason": "insufficient_stock", "requested": 3, "available": 0},
        {"sku": "FEW",     "reason": "insufficient_stock", "requested": 4, "available": 3},
        {"sku": "GONE",    "reason": "insufficient_stock", "requested": 1, "available": 0},
        {"sku": "HIDDEN",  "reason": "not_available",      "requested": 7, "available": 0},
        {"sku": "MISSING", "reason": "not_found",          "requested": 1, "available": 0},
        {"sku": "ODD",     "reason": "not_found",          "requested": 2, "available": 0}]}',
    format('WG005: %s names every unavailable item at once', f))
FROM (VALUES ('checkout_cart'), ('reserve_inventory')) AS c (f);
SELECT is((SELECT jsonb_agg(i ->> 'sku') FROM jsonb_array_elements((weedgo.calc_order_totals(
              store('ON'), cart(6), customer('ann'))).problems -> 0 -> 'items') i),
          '["BARE", "FEW", "GONE", "HIDDEN", "MISSING", "ODD"]', 'calc_order_totals lists the same items');
CALL fill_cart(7, 'ON', 'ann', '{"FLOWER": 2, "FEW": 4, "GONE": 1, "BARE": 1}');
SELECT refused_with(format('SELECT weedgo.%s(store(''ON''), cart(7), customer(''ann''))', f), 'WG005',
    'items of the cart are not available',
    '{"code": "items_unavailable", "items": [
        {"sku": "BARE", "reason": "insufficient_stock", "requested": 1, "available": 0},
        {"sku": "FEW",  "reason": "insufficient_stock", "requested": 4, "available": 3},
        {"sku": "GONE", "reason": "insufficient_stock", "requested": 1, "available": 0}]}',
    format('WG005: %s names every item where only stock is short', f))
FROM (VALUES ('checkout_cart'), ('reserve_inventory')) AS c (f);

-- What another cart holds is not there to be had; what a cart holds itself is.
SAVEPOINT held;
CALL fill_cart(8, 'ON', NULL, '{"FEW": 2}');
SELECT weedgo.reserve_inventory(store('ON'), cart(8)) \g /dev/null
CALL fill_cart(9, 'ON', 'ann', '{"FEW": 2}');
SELECT is(detail_of($$SELECT weedgo.checkout_cart(store('ON'), cart(9), customer('ann'))$$) -> 'items',
          '[{"sku": "FEW", "reason": "insufficient_stock", "requested": 2, "available": 1}]', 'WG005: two of three are held by another cart');
CALL fill_cart(8, 'ON', NULL, '{"FEW": 4}');
SELECT is(detail_of($$SELECT weedgo.checkout_cart(store('ON'), cart(8))$$) -> 'items',
          '[{"sku": "FEW", "reason": "insufficient_stock", "requested": 4, "available": 3}]',
          'WG005: what the cart holds itself counts as available to it');
SELECT refused($$SELECT weedgo.reserve_inventory(store('ON'), cart(8))$$, 'WG005', 'items_unavailable',
               'WG005: a hold that cannot grow stays as it was');
CALL fill_cart(8, 'ON', NULL, '{"FEW": 3, "HIDDEN": 1}');
SELECT is(detail_of($$SELECT weedgo.checkout_cart(store('ON'), cart(8))$$) -> 'items',
          '[{"sku": "HIDDEN", "reason": "not_available", "requested": 1, "available": 0}]',
          'WG005: an item that its cart holds is not named beside one that is not available');
SELECT results_eq(
    $$SELECT l ->> 'sku', l ->> 'available', l ->> 'in_stock' FROM weedgo.calc_order_totals(store('ON'), cart(8)) t,
             jsonb_array_elements(t.lines) l WHERE l ->> 'sku' = 'FEW'$$,
    $$VALUES ('FEW', '3', 'true')$$, 'calc_order_totals counts what the cart holds itself as available');
SELECT results_eq(
    $$SELECT l ->> 'sku', l ->> 'available', l ->> 'in_stock' FROM weedgo.calc_order_totals(store('ON'), cart(9), customer('ann')) t,
             jsonb_array_elements(t.lines) l$$,
    $$VALUES ('FEW', '1', 'false')$$, 'but not what another cart holds');
UPDATE weedgo_data.holds SET expires_at = clock_timestamp();
SELECT results_eq(
    $$SELECT l ->> 'sku', l ->> 'available', l ->> 'in_stock' FROM weedgo.calc_order_totals(store('ON'), cart(9), customer('ann')) t,
             jsonb_array_elements(t.lines) l$$,
    $$VALUES ('FEW', '3', 'true')$$, 'until that has expired');
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(9), customer('ann'))$$, 'then it can be bought, too');
SELECT invariants_hold('and every invariant holds');
ROLLBACK TO held;

-- WG006 promo_invalid -----------------------------------------------------------------------------

SELECT refused_with(format('SELECT weedgo.checkout_cart(store(''ON''), cart(1), customer(''ann''), promo_code => %L)', code), 'WG006',
                    'the promo code cannot be used',
                    jsonb_build_object('code', 'promo_invalid', 'promo_code', upper(code), 'reason', reason) || more,
                    'WG006: ' || reason)
FROM (VALUES
    ('NOPE',  'unknown',         '{}'::jsonb),
    ('off',   'inactive',        '{}'),
    ('SOON',  'not_started',     '{}'),
    ('OVER',  'expired',         '{}'),
    ('BIG',   'minimum_not_met', '{"min_order_amount": "50.00"}'),
    ('NEVER', 'exhausted',       '{}')
) AS p (code, reason, more);
SELECT is((SELECT jsonb_agg(p ->> 'reason') FROM jsonb_array_elements(
              (weedgo.calc_order_totals(store('ON'), cart(1), customer('ann'), promo_code => code)).problems) p),
          jsonb_build_array(reason), format('calc_order_totals says %s, too', reason))
FROM (VALUES ('NOPE', 'unknown'), ('OFF', 'inactive'), ('SOON', 'not_started'), ('OVER', 'expired'),
             ('BIG', 'minimum_not_met'), ('NEVER', 'exhausted')) AS p (code, reason);
SAVEPOINT other_store;
INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value) VALUES (store('QC'), 'QUEBEC', 'fixed', 1.00);
SELECT is(detail_of($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), promo_code => 'QUEBEC')$$) ->> 'reason', 'unknown',
          'WG006: a code of another store is unknown');
ROLLBACK TO other_store;
SAVEPOINT quota;
INSERT INTO weedgo_data.promo_counters (store_id, code, bucket, used, quota) VALUES (store('ON'), 'SAVE10', 0, 3, 3);
SELECT is((SELECT t.problems FROM weedgo.calc_order_totals(store('ON'), cart(1), customer('ann'), promo_code => 'SAVE10') t),
          '[{"code": "promo_invalid", "promo_code": "SAVE10", "reason": "exhausted"}]',
          'calc_order_totals sees that a quota is used up');
SELECT is(detail_of($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), promo_code => 'SAVE10')$$) ->> 'reason', 'exhausted',
          'WG006: and so does the checkout');
ROLLBACK TO quota;
SAVEPOINT used_up;
CALL fill_cart(11, 'ON', 'ann', '{"GUMMY": 1}');
CALL fill_cart(12, 'ON', NULL, '{"GUMMY": 1}');
CALL fill_cart(13, 'ON', 'ben', '{"GUMMY": 1}');
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(11), customer('ann'), promo_code => 'TWICE')$$, 'the first use of two');
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(12), promo_code => 'TWICE')$$, 'the second, by a guest');
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(13), customer('ben'), promo_code => 'TWICE')$$, 'WG006',
                    'the promo code cannot be used', '{"code": "promo_invalid", "promo_code": "TWICE", "reason": "exhausted"}',
                    'WG006: exhausted by the uses before');
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(13), customer('ben'), promo_code => 'ONCE')$$, 'the only use of a customer');
CALL fill_cart(14, 'ON', 'ben', '{"GUMMY": 1}');
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(14), customer('ben'), promo_code => 'ONCE')$$, 'WG006',
                    'the promo code cannot be used', '{"code": "promo_invalid", "promo_code": "ONCE", "reason": "customer_limit"}',
                    'WG006: customer_limit');
SELECT is((SELECT jsonb_agg(p ->> 'reason') FROM jsonb_array_elements(
              (weedgo.calc_order_totals(store('ON'), cart(14), customer('ben'), promo_code => code)).problems) p),
          jsonb_build_array(reason), format('calc_order_totals says %s, too', reason))
FROM (VALUES ('TWICE', 'exhausted'), ('ONCE', 'customer_limit')) AS p (code, reason);
SELECT invariants_hold('after these uses and refusals every invariant holds');
ROLLBACK TO used_up;
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(2), promo_code => 'ONCE')$$, 'WG006',
                    'the promo code cannot be used', '{"code": "promo_invalid", "promo_code": "ONCE", "reason": "customer_limit"}',
                    'WG006: a guest cannot use a code with a limit per customer');

-- WG007 total_changed -----------------------------------------------------------------------------

-- 2 x 19.99 + 4.33 = 44.31; 10 % = 4.431, so 4.43, of which 4.43 x 39.98 / 44.31 = 3.997 and 0.433:
-- 4.00 + 0.43; tax 13 % of 39.88 = 5.1844, so 5.18, of which 5.18 x 35.98 / 39.88 = 4.6734 and 0.5066:
-- 4.67 + 0.51; delivery 5.00; tip 1.00: 39.88 + 5.18 + 5.00 + 1.00 = 51.06
CALL fill_cart(15, 'ON', 'ann', '{"FLOWER": 2, "GUMMY": 1}', 'SAVE10');
SELECT refused_with(
    $$SELECT weedgo.checkout_cart(store('ON'), cart(15), customer('ann'), delivery_type => 'delivery',
                                  delivery_address => '{"street": "1 King"}', tip => 1, expected_total => 51.05)$$,
    'WG007', 'the total is not the expected one',
    '{"code": "total_changed", "expected_total": "51.05", "total": "51.06", "subtotal": "44.31", "discount": "4.43",
      "tax": "5.18", "delivery_fee": "5.00", "tip": "1.00", "lines": [
        {"sku": "FLOWER", "quantity": 2, "unit_price": "19.99", "line_total": "39.98", "discount": "4.00", "tax": "4.67"},
        {"sku": "GUMMY", "quantity": 1, "unit_price": "4.33", "line_total": "4.33", "discount": "0.43", "tax": "0.51"}]}',
    'WG007: the new figures, per line');
SAVEPOINT expected;
SELECT accepted(
    $$SELECT weedgo.checkout_cart(store('ON'), cart(15), customer('ann'), delivery_type => 'delivery',
                                  delivery_address => '{"street": "1 King"}', tip => 1, expected_total => 51.06)$$,
    'the total of DETAIL is accepted');
ROLLBACK TO expected;
SELECT accepted(
    $$SELECT weedgo.checkout_cart(store('ON'), cart(15), customer('ann'), 'ann-cash', 'delivery', '{"street": "1 King"}', tip => 1,
                                  expected_total => 51.06)$$,
    'in cash, too, where 51.05 is due');
ROLLBACK TO expected;

-- WG008 idempotency_mismatch ------------------------------------------------------------------------

SAVEPOINT keys;
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), tip => 1, idempotency_key => 'key 1')$$,
                'an order with a key');
SELECT refused_with(format($$SELECT weedgo.checkout_cart(store('ON'), %s, idempotency_key => 'key 1')$$, changed), 'WG008',
                    'the idempotency key was used for another request',
                    '{"code": "idempotency_mismatch", "idempotency_key": "key 1"}',
                    'WG008: the same key with ' || name)
FROM (VALUES
    ('another tip',            $$cart(1), customer('ann'), tip => 2$$),
    ('another cart',           $$cart(15), customer('ann'), tip => 1$$),
    ('another way to pay',     $$cart(1), customer('ann'), 'ann-card', tip => 1$$),
    ('another delivery type',  $$cart(1), customer('ann'), delivery_type => 'in_store', tip => 1$$),
    ('an address',             $$cart(1), customer('ann'), delivery_address => '{"a": 1}', tip => 1$$),
    ('a pickup time',          $$cart(1), customer('ann'), pickup_time => 'noon', tip => 1$$),
    ('a promo code',           $$cart(1), customer('ann'), promo_code => 'SAVE10', tip => 1$$),
    ('no promo code at all',   $$cart(1), customer('ann'), promo_code => '', tip => 1$$),
    ('an expected total',      $$cart(1), customer('ann'), expected_total => 46.18, tip => 1$$),
    ('instructions',           $$cart(1), customer('ann'), special_instructions => 'ring', tip => 1$$),
    ('another source',         $$cart(1), customer('ann'), order_source => 'pos', tip => 1$$),
    ('an actor',               $$cart(1), customer('ann'), actor_id => customer('ben'), tip => 1$$),
    ('metadata',               $$cart(1), customer('ann'), metadata => '{}', tip => 1$$)
) AS c (name, changed);
SELECT is((weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), tip => 1.004, idempotency_key => 'key 1')).replayed, true,
          'the same request, its tip rounded to the same cents, is replayed');
-- The key is the customer's: others may have the same one.
CALL fill_cart(16, 'ON', 'ben', '{"GUMMY": 1}');
CALL fill_cart(17, 'ON', NULL, '{"GUMMY": 1}');
CALL fill_cart(18, 'OTTAWA', 'ann', '{"GUMMY": 1}');
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(16), customer('ben'), idempotency_key => 'key 1')$$, 'another customer may use the key');
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(17), idempotency_key => 'key 1')$$, 'so may a guest');
SELECT accepted($$SELECT weedgo.checkout_cart(store('OTTAWA'), cart(18), customer('ann'), idempotency_key => 'key 1')$$, 'and the customer in another store');
-- A guest's cart may have any id, a customer's too: the keys are no more the customer's for that.
INSERT INTO weedgo_data.carts (store_id, cart_id) VALUES (store('ON'), customer('ben'));
INSERT INTO weedgo_data.cart_items (store_id, cart_id, sku, quantity) VALUES (store('ON'), customer('ben'), 'GUMMY', 1);
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), customer('ben'), idempotency_key => 'key 2')$$, 'a guest has a cart called like a customer');
CALL fill_cart(60, 'ON', 'ben', '{"FLOWER": 1}');
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(60), customer('ben'), idempotency_key => 'key 2')$$,
                'and that customer''s keys are still unused');
-- A cart can be gone before its order.
SAVEPOINT gone;
DELETE FROM weedgo_data.cart_items WHERE cart_id = cart(1);
DELETE FROM weedgo_data.carts WHERE cart_id = cart(1);
SELECT is((weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), tip => 1, idempotency_key => 'key 1')).replayed, true,
          'a request is replayed though its cart is gone');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), tip => 2, idempotency_key => 'key 1')$$,
               'WG008', 'idempotency_mismatch', 'WG008: another request of a cart that is gone');
ROLLBACK TO gone;
-- The same bytes are another request where they are another argument, or end elsewhere.
CALL fill_cart(19, 'ON', 'ann', '{"GUMMY": 1}');
CALL fill_cart(20, 'ON', 'ann', '{"GUMMY": 1}');
SELECT weedgo.checkout_cart(store('ON'), cart(19), customer('ann'), special_instructions => 'FIVE', idempotency_key => 'key 3'),
       weedgo.checkout_cart(store('ON'), cart(20), customer('ann'), 'ann-card', delivery_address => '{"a": 1}',
                            pickup_time => E'now pickup\x01{}\x01then', idempotency_key => 'key 4') \g /dev/null
SELECT refused(format('SELECT weedgo.checkout_cart(store(''ON''), %s)', arguments), 'WG008', 'idempotency_mismatch', 'WG008: ' || name)
FROM (VALUES
    ('what was instructions is a promo code', $$cart(19), customer('ann'), promo_code => 'FIVE', idempotency_key => 'key 3'$$),
    ('what was an end is a beginning', $$cart(20), customer('ann'), E'ann-cardpickup\x01{"a": 1}\x01now ', delivery_address => '{}',
                                         pickup_time => 'then', idempotency_key => 'key 4'$$)
) AS c (name, arguments);
UPDATE weedgo_data.orders SET request_fingerprint = NULL WHERE cart_id = cart(19);
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(19), customer('ann'), special_instructions => 'FIVE', idempotency_key => 'key 3')$$,
               'WG008', 'idempotency_mismatch', 'WG008: nobody knows what the request was');
ROLLBACK TO keys;
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(7), customer('ann'), idempotency_key => 'key 2')$$, 'WG005', 'items_unavailable',
               'a refusal is not kept under its key: the first time ...');
CALL fill_cart(7, 'ON', 'ann', '{"FLOWER": 2}');
SAVEPOINT judged_afresh;
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(7), customer('ann'), idempotency_key => 'key 2')$$, '... the same request is judged afresh');
ROLLBACK TO judged_afresh;

-- WG009 delivery_unavailable ----------------------------------------------------------------------

SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), delivery_type => 'delivery')$$, 'WG009',
                    'a delivery needs an address', '{"code": "delivery_unavailable", "reason": "address_missing"}', 'WG009: no address');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), delivery_type => 'delivery', delivery_address => '{}')$$,
               'WG009', 'delivery_unavailable', 'WG009: an empty address is none');
-- A quarter of a degree of latitude is 27.8 km; the range is 25 km.
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), delivery_type => 'delivery',
                                                  delivery_address => '{"latitude": 43.9, "longitude": -79.38}')$$,
                    'WG009', 'the address is beyond the store''s delivery range',
                    '{"code": "delivery_unavailable", "reason": "out_of_range", "distance_km": "27.799", "max_delivery_km": "25.000"}',
                    'WG009: out of range');
CALL fill_cart(19, 'OTTAWA', 'ann', '{"ROLLS": 2}');
SELECT refused_with($$SELECT weedgo.checkout_cart(store('OTTAWA'), cart(19), customer('ann'), delivery_type => 'delivery',
                                                  delivery_address => '{"street": "1 Bank"}')$$,
                    'WG009', 'the order is too small to be delivered',
                    '{"code": "delivery_unavailable", "reason": "below_minimum", "subtotal": "29.00", "min_order_amount": "30.00"}',
                    'WG009: below the minimum of the store');
SAVEPOINT picked_up;
SELECT accepted($$SELECT weedgo.checkout_cart(store('OTTAWA'), cart(19), customer('ann'))$$, 'picked up, there is no minimum');
ROLLBACK TO picked_up;
SELECT accepted($$SELECT weedgo.checkout_cart(store('OTTAWA'), cart(19), customer('ann'), delivery_type => 'in_store')$$, 'nor in the store');
ROLLBACK TO picked_up;
UPDATE weedgo_data.stores SET min_order_amount = 29.00, max_delivery_km = 27.799;
SELECT accepted($$SELECT weedgo.checkout_cart(store('OTTAWA'), cart(19), customer('ann'), delivery_type => 'delivery',
                                              delivery_address => '{"street": "1 Bank"}')$$, 'the smallest order is delivered');
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), delivery_type => 'delivery',
                                              delivery_address => '{"latitude": 43.9, "longitude": -79.38}')$$, 'so is the farthest');
ROLLBACK TO picked_up;

-- WG014 checkout_paused ---------------------------------------------------------------------------

CALL fill_cart(20, 'CLOSED', 'ann', '{"FLOWER": 1}');
SELECT refused_with(format('SELECT weedgo.%s(store(''CLOSED''), cart(20), customer(''ann''))', f), 'WG014', 'checkout is paused',
                    '{"code": "checkout_paused", "by": "accepts_orders"}', format('WG014: %s in a store that takes no orders', f))
FROM (VALUES ('checkout_cart')) AS c (f);
SAVEPOINT disabled;
SELECT total AS replayed_total FROM weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), idempotency_key => 'key 3') \gset
SET LOCAL weedgo_checkout.enabled = off;
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(2))$$, 'WG014', 'checkout is paused',
                    '{"code": "checkout_paused", "by": "weedgo_checkout.enabled"}', 'WG014: checkouts are switched off');
SELECT results_eq(
    $$SELECT replayed, total FROM weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), idempotency_key => 'key 3')$$,
    format('VALUES (true, %s)', :'replayed_total'), 'a stored result is replayed all the same');
SELECT accepted($$SELECT weedgo.get_order(store('ON'), order_of(1), customer('ann'))$$, 'and orders can be read', current_user);
ROLLBACK TO disabled;

-- 22023 -------------------------------------------------------------------------------------------

SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(2), customer('nobody'))$$, '22023', 'the customer is unknown',
                    jsonb_build_object('code', 'customer_unknown', 'customer_id', customer('nobody')),
                    '22023: a customer that there is not');
SELECT refused($$SELECT weedgo.put_cart(store('ON'), cart(21), '[]', customer('nobody'))$$, '22023', 'customer_unknown',
               '22023: a cart of a customer that there is not');
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'), order_source => 'fax')$$, '22023',
                    'order_source is unknown', '{"code": "invalid_argument", "argument": "order_source"}',
                    '22023: names the argument');

-- 22003 -------------------------------------------------------------------------------------------

UPDATE weedgo_data.products SET unit_price = 9999999999.99 WHERE store_id = store('ON') AND sku = 'MATCH';
CALL fill_cart(22, 'ON', 'ann', '{"MATCH": 2}');
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(22), customer('ann'))$$, '22003',
                    'an amount of the order exceeds 9999999999.99', '{"code": "amount_overflow"}', '22003: an amount overflows');

-- 25006 -------------------------------------------------------------------------------------------

SELECT refused_with('SET LOCAL transaction_read_only = on; SELECT weedgo.' || call, '25006',
                    format('cannot execute %s() in a read-only transaction', split_part(call, '(', 1)),
                    '{"code": "read_only"}', '25006: ' || split_part(call, '(', 1), as_role)
FROM (VALUES
    ('checkout_cart(store(''ON''), cart(1), customer(''ann''))', 'shop_app'),
    ('reserve_inventory(store(''ON''), cart(1), customer(''ann''))', 'shop_app'),
    ('release_inventory(store(''ON''), cart(1), customer(''ann''))', 'shop_app'),
    ('put_cart(store(''ON''), cart(1), ''[]'', customer(''ann''))', 'shop_app'),
    ('expire_holds()', 'shop_staff')
) AS c (call, as_role);
SELECT is((refusal('SET LOCAL transaction_read_only = on; SELECT weedgo.' || call, as_role)).state, '00000',
          format('%s works in a read-only transaction', split_part(call, '(', 1)))
FROM (VALUES
    ('calc_order_totals(store(''ON''), cart(1), customer(''ann''))', 'shop_app'),
    ('get_cart(store(''ON''), cart(1), customer(''ann''))', 'shop_app'),
    ('get_order(store(''ON''), cart(1))', 'shop_app'),
    ('list_orders(store(''ON''), customer(''ann''))', 'shop_app'),
    ('verify_invariants()', 'shop_reader')
) AS c (call, as_role);

-- 55000 -------------------------------------------------------------------------------------------

SAVEPOINT missing;
ALTER TABLE weedgo_data.stock RENAME TO stock_elsewhere;
SELECT refused_with($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$, '55000',
                    'relation weedgo_data.stock cannot be used: it is missing', '{"code": "setup"}', '55000: a relation is missing');
SELECT matches((refusal($$SELECT weedgo.checkout_cart(store('ON'), cart(1), customer('ann'))$$)).hint, 'check_setup\(\)',
               'the HINT of 55000 names check_setup()');
ROLLBACK TO missing;
-- A count of changed rows must not hide that one sku changed twice and another not at all.
ALTER TABLE weedgo_data.stock DROP CONSTRAINT stock_pkey;
INSERT INTO weedgo_data.stock SELECT * FROM weedgo_data.stock WHERE store_id = store('ON') AND sku = 'FLOWER';
CALL fill_cart(61, 'ON', 'ann', '{"FLOWER": 1, "GONE": 5}');
SELECT refused($$SELECT weedgo.checkout_cart(store('ON'), cart(61), customer('ann'))$$, '55000', 'setup', '55000: stock of one sku in two rows');
ROLLBACK TO missing;

-- Which goes first ----------------------------------------------------------------------------------

-- One request with everything wrong that can be. Each step mends what was refused, and meets the next.
CREATE FUNCTION step(awaited text, name text, request text DEFAULT
    $$customer('cid'), 'no-card', 'delivery', '{"latitude": 43.9, "longitude": -79.38}', NULL, 0, 'NOPE', 1, 'steps'$$)
RETURNS text LANGUAGE sql AS $$
    SELECT is(r.state || coalesce(' ' || (nullif(r.detail, '')::jsonb ->> 'code'), ''), awaited, name)
    FROM fixture.refusal(format('SELECT weedgo.checkout_cart(store(''ON''), cart(30), %s)', request)) r
$$;

SELECT step('22023 invalid_argument', 'first the arguments, before a cart is looked for',
            $$customer('cid'), 'no-card', 'drone', '{"latitude": 43.9, "longitude": -79.38}', NULL, 0, 'NOPE', 1, 'steps'$$);
SELECT step('WG001 cart_not_found', 'then the cart: not found');
CALL fill_cart(30, 'ON', 'ann', '{"MISSING": 1, "GONE": 1}');
UPDATE weedgo_data.carts SET status = 'abandoned' WHERE cart_id = cart(30);
UPDATE weedgo_data.stores SET accepts_orders = false, min_order_amount = 45.00 WHERE store_id = store('ON');
SELECT step('WG001 cart_not_found', 'somebody else''s, whatever its status');
UPDATE weedgo_data.carts SET customer_id = NULL WHERE cart_id = cart(30);
INSERT INTO weedgo_data.customers (customer_id) VALUES (customer('cid'));
-- An order of the same customer with the same key, but of another request.
UPDATE weedgo_data.stores SET accepts_orders = true WHERE store_id = store('ON');
CALL fill_cart(31, 'ON', 'cid', '{"FLOWER": 1}');
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(31), customer('cid'), idempotency_key => 'steps')$$, '(an order with the key)');
CREATE PROCEDURE set_policies(more jsonb) LANGUAGE sql AS $$
    UPDATE weedgo_data.stores s SET policies = s.policies || more WHERE s.store_id = store('ON')
$$;
CALL set_policies('{"purchase_limit_mg": 7999, "purchase_limit_per_day": true, "min_age": 19, "hours": {}, "deliver_only_while_open": true}');
UPDATE weedgo_data.stores SET accepts_orders = false WHERE store_id = store('ON');
SELECT step('WG008 idempotency_mismatch', 'then the key, before the status of the cart');
DELETE FROM weedgo_data.customers WHERE customer_id = customer('cid');

CREATE FUNCTION step_without_key(awaited text, name text, payment text, place text, promo text, expected text)
RETURNS text LANGUAGE sql AS $$
    SELECT step(awaited, name, format('customer(''cid''), %s, ''delivery'', %L, NULL, 0, %L, %s', payment, place, promo, expected))
$$;
\set far '''{"latitude": 43.9, "longitude": -79.38}'''
\set near '''{"latitude": 43.66, "longitude": -79.38}'''
SELECT step_without_key('WG002 cart_not_active', 'then its status', '''no-card''', :far, 'NOPE', '1');
UPDATE weedgo_data.carts SET status = 'active' WHERE cart_id = cart(30);
SELECT step_without_key('22023 customer_unknown', 'then the customer', '''no-card''', :far, 'NOPE', '1');
INSERT INTO weedgo_data.customers (customer_id) VALUES (customer('cid'));
SELECT step_without_key('WG014 checkout_paused', 'then the store', '''no-card''', :far, 'NOPE', '1');
UPDATE weedgo_data.stores SET accepts_orders = true WHERE store_id = store('ON');
SELECT step_without_key('WG011 age_not_verified', 'then the age', '''no-card''', :far, 'NOPE', '1');
SELECT is((SELECT jsonb_agg(p ->> 'code') FROM jsonb_array_elements((weedgo.calc_order_totals(
              store('ON'), cart(30), customer('cid'), 'no-card', 'delivery', :far, 0, 'NOPE')).problems) p),
          '["age_not_verified", "store_closed", "payment_method_invalid", "delivery_unavailable", "items_unavailable", "delivery_unavailable",
            "promo_invalid"]', 'calc_order_totals lists all of them in this order');
UPDATE weedgo_data.customers SET date_of_birth = '1990-01-01' WHERE customer_id = customer('cid');
SELECT step_without_key('WG012 store_closed', 'then the hours', '''no-card''', :far, 'NOPE', '1');
CALL set_policies('{"deliver_only_while_open": false}');
SELECT step_without_key('WG004 payment_method_invalid', 'then the payment method', '''no-card''', :far, 'NOPE', '1');
SELECT step_without_key('WG009 delivery_unavailable', 'then the distance', 'NULL', :far, 'NOPE', '1');
SELECT step_without_key('WG005 items_unavailable', 'then the items', 'NULL', :near, 'NOPE', '1');
CALL fill_cart(30, 'ON', 'cid', '{"FLOWER": 2, "FEW": 1}');
UPDATE weedgo_data.stores SET min_order_amount = 60.00 WHERE store_id = store('ON');
SELECT step_without_key('WG010 purchase_limit_exceeded', 'then the purchase limit', 'NULL', :near, 'NOPE', '1');
SELECT is((SELECT jsonb_agg(p ->> 'code') FROM jsonb_array_elements((weedgo.calc_order_totals(
              store('ON'), cart(30), customer('cid'), NULL, 'delivery', :near, 0, 'NOPE')).problems) p),
          '["purchase_limit_exceeded", "delivery_unavailable", "promo_invalid"]', 'calc_order_totals lists what is left');
CALL set_policies('{"purchase_limit_mg": 8000}');
SELECT step_without_key('WG009 delivery_unavailable', 'then the smallest order', 'NULL', :near, 'NOPE', '1');
UPDATE weedgo_data.stores SET min_order_amount = 0 WHERE store_id = store('ON');
SELECT step_without_key('WG006 promo_invalid', 'then the promo code', 'NULL', :near, 'NOPE', '1');
SELECT step_without_key('WG007 total_changed', 'then the total', 'NULL', :near, '', '1');
-- What is counted is found out last, and in the order of the locks.
CALL fill_cart(32, 'ON', 'cid', '{"GUMMY": 1}');
SELECT accepted($$SELECT weedgo.checkout_cart(store('ON'), cart(32), customer('cid'))$$, '(an order that counts)');
SELECT weedgo.adjust_stock(store('ON'), 'FEW', -3, 'counted') \g /dev/null
SELECT step_without_key('WG007 total_changed', 'what was bought that day is looked at after the total', 'NULL', :near, 'NEVER', '1');
SELECT step_without_key('WG010 purchase_limit_exceeded', 'then counted', 'NULL', :near, 'NEVER', 'NULL');
CALL set_policies('{"purchase_limit_mg": 8600}');
SELECT step_without_key('WG006 promo_invalid', 'then the uses of the promo code', 'NULL', :near, 'NEVER', 'NULL');
SELECT step_without_key('WG005 items_unavailable', 'then stock', 'NULL', :near, '', 'NULL');
SELECT weedgo.adjust_stock(store('ON'), 'FEW', 3, 'counted') \g /dev/null
SELECT step_without_key('00000', 'and then there is an order', 'NULL', :near, '', 'NULL');

SELECT invariants_hold('after all refusals every invariant holds');
SELECT * FROM finish();
ROLLBACK;
