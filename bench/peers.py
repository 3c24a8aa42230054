"""What is compared, as scripts for pgbench: each buys the carts of bench.fill(), a cart a transaction.

A script says what buys cart :cart of customer number :buyer; :serial numbers the carts in the order of time, :count those of a
run. What comes before it, in next_cart(), is no statement. Names of carts and customers are computed by the server, of numbers,
for all alike: that is under a microsecond each.
"""

STORE = "'11111111-1111-4111-8111-111111111111'"
CART = "md5(:cart::text)::uuid"
CUSTOMER = "md5(:buyer::text)::uuid"


def next_cart(lines, products, customers, sku=None, **_):
    """Counts the client's carts in :n and sets what follows from a cart's number: s1, s2, ... are its skus, in the order
    of the text, as in bench.skus()."""
    skus = [f"(:cart * 7919 + {j} * 97) % {products - 3} + 4" for j in range(lines)]
    if sku:
        skus[0] = sku
    return f"""\\set n :n + 1
\\set cart :base + :client_id * 1000000 + :n
\\set count :n * 1000 + :client_id
\\set serial :base + :count
\\set buyer :cart % {customers}
""" + "".join(f"\\set s{j + 1} {sku}\n" for j, sku in enumerate(skus))


def weedgo(promo=None, **_):
    """The extension: one call."""
    code = f", promo_code => '{promo}'" if promo else ""
    return f"SELECT order_id, total FROM weedgo.checkout_cart({STORE}, {CART}, {CUSTOMER}, 'card'{code});\n"


def plpgsql(promo=None, **_):
    """The same rules in PL/pgSQL (plpgsql.sql): one call too."""
    code = f", p_promo => '{promo}'" if promo else ""
    return f"SELECT order_id, total FROM bench.checkout({STORE}, {CART}, {CUSTOMER}, 'card'{code});\n"


# Orders of these two have ids and numbers that come after all that are there, as the extension's do, and before those of the
# next round: nothing is better for an index, and who inserts next is not disturbed.
ORDER = "('{time}' || lpad(:serial::text, 20, '0'))::uuid"
NUMBER = "'ORD-{day}' || lpad(:count::text, 11, '0')"
ORDER_COLUMNS = """store_id, order_id, order_number, cart_id, customer_id, status, payment_status, payment_type,
    payment_method_id, delivery_type, order_source, subtotal, discount, tax, delivery_fee, delivery_tax, tip, total, amount_due,
    currency, taxes, pricing, idempotency_scope, priced_at, created_at"""


def order_values(lines, order, number):
    subtotal, tax = f"{35 * lines}.00", f"{4.55 * lines:.2f}"
    total = f"{39.55 * lines:.2f}"
    return f"""{STORE}, {order}, {number}, {CART}, {CUSTOMER}, 'pending', 'pending', 'credit',
    'card', 'pickup', 'web', {subtotal}, 0.00, {tax}, 0.00, 0.00, 0.00, {total}, {total},
    'CAD', '[{{"name": "HST", "rates": [{{"rate": "0.130000", "taxable": "{subtotal}", "tax_class": "cannabis"}}], "amount": "{tax}"}}]',
    '{{"promo": null, "delivery": null, "province": "ON", "timezone": "America/Toronto"}}', {CUSTOMER}, now(), now()"""


def convert_cart(order):
    return (f"UPDATE weedgo_data.carts SET status = 'converted', order_id = {order}"
            f" WHERE store_id = {STORE} AND cart_id = {CART};\n")


def floor(lines, time, day, **_):
    """The rows of a checkout as a bare batch of prepared statements, sent at once: every value is known beforehand, nothing is
    read, checked or locked first.

    Its rows are as long as the extension's, in all tables, and so are the records of the WAL: pg_waldump --stats=record
    finds 264 bytes less for 3 lines (of about 2,900). 216 are the locks of the cart's and the stock's rows, 54 each, which a
    checkout takes before it judges them; 48 confirm that the order's row, inserted ON CONFLICT DO NOTHING, is the only one."""
    order, number = ORDER.format(time=time), NUMBER.format(day=day)
    items = ",\n    ".join(f"({STORE}, {order}, {n}, :s{n}::text, 'Product 1000', 1, 35.00, 35.00, 0.00, 35.00, 4.55, 'cannabis', 1000)"
                            for n in range(1, lines + 1))
    take = "".join("UPDATE weedgo_data.stock SET available = available - 1, reserved = reserved + 1"
                   f" WHERE store_id = {STORE} AND sku = :s{n}::text AND bucket = 0;\n" for n in range(1, lines + 1))
    return f"""\\startpipeline
BEGIN;
INSERT INTO weedgo_data.orders ({ORDER_COLUMNS})
VALUES ({order_values(lines, order, number)});
INSERT INTO weedgo_data.order_items (store_id, order_id, line_no, sku, name, quantity, unit_price, line_total, discount,
    taxable, tax, tax_class, equivalent_mg)
VALUES {items};
INSERT INTO weedgo_data.order_events (store_id, order_id, seq, event, to_status, recorded_at, hash)
VALUES ({STORE}, {order}, 1, 'created', 'pending', now(),
    '\\x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef');
{convert_cart(order)}{take}COMMIT;
\\endpipeline
"""


def original(lines, time, day, **_):
    """The flow of the system that the extension replaces, statement by statement from a client that has prepared them, with an
    index for each: a price query, a stock query and a committed stock update for each line."""
    each = range(1, lines + 1)
    order, number = ORDER.format(time=time), NUMBER.format(day=day)
    cart = (f"SELECT status, customer_id, (SELECT jsonb_agg(to_jsonb(i)) FROM weedgo_data.cart_items i"
            f" WHERE i.store_id = c.store_id AND i.cart_id = c.cart_id) AS items"
            f" FROM weedgo_data.carts c WHERE store_id = {STORE} AND cart_id = {CART};\n")
    return (
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
        + f"""INSERT INTO weedgo_data.orders ({ORDER_COLUMNS}, metadata)
VALUES ({order_values(lines, order, number)},
    (SELECT jsonb_agg(to_jsonb(i)) FROM weedgo_data.cart_items i WHERE i.store_id = {STORE} AND i.cart_id = {CART}));
{convert_cart(order)}INSERT INTO weedgo_data.order_events (store_id, order_id, seq, event, to_status, recorded_at, hash)
VALUES ({STORE}, {order}, 1, 'created', 'pending', now(), '\\x00');
COMMIT;
SELECT pg_advisory_unlock(:cart);
""")


def storm(**_):
    """Asks again for a cart that is an order already: for cart number :base + 1 all of them, or each client for its own."""
    return "SELECT bench.ask_again(:cart);\n"


PEERS = {"weedgo": weedgo, "plpgsql": plpgsql, "floor": floor, "original": original}


def script(peer, **cart):
    return next_cart(**cart) + PEERS[peer](**cart)


def held_script(peer, after, **cart):
    """The same, but the transaction of the checkout after so many stays open, all its locks in its hands."""
    buy = PEERS[peer](**cart)
    buy_and_hold = buy if "COMMIT;" in buy else f"BEGIN;\n{buy}COMMIT;\n"
    buy_and_hold = buy_and_hold.replace("COMMIT;", "SELECT pg_sleep(60);\nCOMMIT;")
    return f"{next_cart(**cart)}\\if :n > {after}\n{buy_and_hold}\\else\n{buy}\\endif\n"
