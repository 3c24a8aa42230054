"""What is compared, as scripts for pgbench: each buys the carts of bench.fill(), a cart a transaction.

A script counts its client's carts in :n; :base, :client_id and :n name the cart.
"""

STORE = "'11111111-1111-4111-8111-111111111111'"
CUSTOMER = "'22222222-2222-4222-8222-222222222222'"

NEXT_CART = """\\set n :n + 1
\\set cart :base + :client_id * 1000000 + :n
"""
CART_ID = "lpad(:cart::text, 32, '0')::uuid"


def weedgo(lines, promo=None, **_):
    """The extension: one call."""
    code = f", promo_code => '{promo}'" if promo else ""
    return NEXT_CART + (
        f"SELECT order_id, total FROM weedgo.checkout_cart({STORE}, {CART_ID}, {CUSTOMER}, 'card'{code});\n")


def plpgsql(lines, promo=None, **_):
    """The same rules in PL/pgSQL (plpgsql.sql): one call too."""
    code = f", p_promo => '{promo}'" if promo else ""
    return NEXT_CART + f"SELECT order_id, total FROM bench.checkout({STORE}, {CART_ID}, {CUSTOMER}, 'card'{code});\n"


def skus(lines, products, hot):
    """Sets :s1, :s2, ...: the skus of bench.skus(), in the order of the text."""
    first = ["\\set s1 1\n"] if hot else []
    rest = range(len(first), lines)
    return "".join(first + [f"\\set s{j + 1} (:cart * 7919 + {j} * 97) % {products - 1} + 2\n" for j in rest])


def floor(lines, products, hot=False, **_):
    """The rows of a checkout as a bare batch of prepared statements, sent at once: every value is
    known beforehand, nothing is read, checked or locked first."""
    item = ("({store}, {order}, {n}, :s{n}::text, 'Product', 1, 35.00, 35.00, 0, 35.00, 4.55, 'cannabis', 1000)")
    order = "lpad(:cart::text, 32, 'f')::uuid"
    subtotal, tax = 35 * lines, 4.55 * lines
    receipt = ", ".join(
        '{"line_no": %d, "sku": "1234", "name": "Product 1234", "quantity": 1, "unit_price": "35.00"}' % n
        for n in range(1, lines + 1))
    return NEXT_CART + skus(lines, products, hot) + f"""\\startpipeline
BEGIN;
INSERT INTO weedgo_data.orders (store_id, order_id, order_number, cart_id, customer_id, status, payment_status,
    payment_type, payment_method_id, delivery_type, order_source, subtotal, discount, tax, delivery_fee, delivery_tax,
    tip, total, amount_due, currency, taxes, pricing, idempotency_scope, priced_at, created_at)
VALUES ({STORE}, {order}, 'ORD-20261124-' || lpad(:cart::text, 16, '0'), {CART_ID}, {CUSTOMER}, 'pending', 'pending',
    'credit', 'card', 'pickup', 'web', {subtotal:.2f}, 0, {tax:.2f}, 0, 0, 0, {subtotal + tax:.2f}, {subtotal + tax:.2f}, 'CAD',
    '[{{"name": "HST", "rates": [{{"rate": "0.130000", "taxable": "{subtotal:.2f}", "tax_class": "cannabis"}}], "amount": "{tax:.2f}"}}]',
    '{{"promo": null, "delivery": null, "province": "ON", "timezone": "America/Toronto"}}', {CUSTOMER}, now(), now());
INSERT INTO weedgo_data.order_items (store_id, order_id, line_no, sku, name, quantity, unit_price, line_total, discount,
    taxable, tax, tax_class, equivalent_mg)
VALUES {", ".join(item.format(store=STORE, order=order, n=n) for n in range(1, lines + 1))};
INSERT INTO weedgo_data.order_events (store_id, order_id, seq, event, to_status, recorded_at, hash)
VALUES ({STORE}, {order}, 1, 'created', 'pending', now(),
    '\\x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef');
UPDATE weedgo_data.carts SET status = 'converted', order_id = {order} WHERE store_id = {STORE} AND cart_id = {CART_ID};
""" + "".join(
        f"UPDATE weedgo_data.stock SET available = available - 1, reserved = reserved + 1"
        f" WHERE store_id = {STORE} AND sku = :s{n}::text AND bucket = 0;\n" for n in range(1, lines + 1)
    ) + "COMMIT;\n\\endpipeline\n"


def original(lines, products, hot=False, **_):
    """The flow of the system that the extension replaces, statement by statement from a client: a price
    query, a stock query and a committed stock update for each line."""
    each = range(1, lines + 1)
    cart = (f"SELECT status, customer_id, (SELECT jsonb_agg(to_jsonb(i)) FROM weedgo_data.cart_items i"
            f" WHERE i.store_id = c.store_id AND i.cart_id = c.cart_id) AS items"
            f" FROM weedgo_data.carts c WHERE store_id = {STORE} AND cart_id = {CART_ID};\n")
    order = "lpad(:cart::text, 32, 'f')::uuid"
    subtotal, tax = 35 * lines, 4.55 * lines
    return NEXT_CART + skus(lines, products, hot) + (
        "SELECT pg_try_advisory_lock(:cart);\n"
        f"SELECT type FROM weedgo_data.payment_methods WHERE customer_id = {CUSTOMER} AND payment_method_id = 'card'"
        " AND is_active;\n" + cart
        + "".join(f"SELECT unit_price, name FROM weedgo_data.products WHERE store_id = {STORE} AND sku = :s{n}::text"
                  " AND is_available;\n" for n in each)
        + f"SELECT * FROM weedgo_data.promo_codes WHERE store_id = {STORE} AND code = 'NONE' AND is_active;\n"
        + "SELECT rate FROM weedgo_data.tax_rates WHERE province = 'ON' AND tax_class = 'cannabis';\n" + cart
        + "".join(f"SELECT available, reserved FROM weedgo_data.stock WHERE store_id = {STORE} AND sku = :s{n}::text"
                  " AND bucket = 0;\n" for n in each)
        + "".join("UPDATE weedgo_data.stock SET available = available - 1, reserved = reserved + 1"
                  f" WHERE store_id = {STORE} AND sku = :s{n}::text AND bucket = 0 AND available >= 1;\n" for n in each)
        + "BEGIN;\n" + cart
        + f"""INSERT INTO weedgo_data.orders (store_id, order_id, order_number, cart_id, customer_id, status, payment_status,
    payment_type, payment_method_id, delivery_type, order_source, subtotal, discount, tax, delivery_fee, delivery_tax,
    tip, total, amount_due, currency, taxes, pricing, idempotency_scope, priced_at, created_at, metadata)
VALUES ({STORE}, {order}, 'ORD-20261124-' || lpad(:cart::text, 16, '0'), {CART_ID}, {CUSTOMER}, 'pending', 'pending',
    'credit', 'card', 'pickup', 'web', {subtotal:.2f}, 0, {tax:.2f}, 0, 0, 0, {subtotal + tax:.2f}, {subtotal + tax:.2f}, 'CAD',
    '[{{"name": "HST", "amount": "{tax:.2f}"}}]', '{{}}', {CUSTOMER}, now(), now(),
    (SELECT jsonb_agg(to_jsonb(i)) FROM weedgo_data.cart_items i WHERE i.store_id = {STORE} AND i.cart_id = {CART_ID}));
UPDATE weedgo_data.carts SET status = 'converted', order_id = {order} WHERE store_id = {STORE} AND cart_id = {CART_ID};
INSERT INTO weedgo_data.order_events (store_id, order_id, seq, event, to_status, recorded_at, hash)
VALUES ({STORE}, {order}, 1, 'created', 'pending', now(), '\\x00');
COMMIT;
SELECT pg_advisory_unlock(:cart);
""")


PEERS = {"weedgo": weedgo, "plpgsql": plpgsql, "floor": floor, "original": original}
