"""What the client does in a live shop (the demo's data): prints TAP. Run by ./check."""
import asyncio
import logging
import os
import sys
import threading
import time
import traceback
import uuid
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

import checkout_types as t
from checkout_client import CheckoutClient, connect
from lossy_relay import lossy_relay

TORONTO = UUID("11111111-1111-1111-1111-111111111111")
ALICE = UUID("c0000000-0000-0000-0000-000000000001")
BLUE_DREAM = {"sku": "FLOWER-BLUE-DREAM-3.5G", "quantity": 2}  # at 19.99
TO_ALICE = {"delivery_type": "delivery", "delivery_address": {"street": "1 King Street West"}}
CUT_IDLE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename = current_user AND pid <> pg_backend_pid() AND state = 'idle'"""
LOCK_CART = "SELECT weedgo.lock_cart(%s, %s)"
CHECKOUT = "SELECT weedgo.checkout_cart(%s, %s, %s)"

results: list[bool] = []


def ok(passed: bool, name: str, *found: object) -> None:
    results.append(bool(passed))
    print(f"{'ok' if passed else 'not ok'} {len(results)} - {name}", flush=True)
    if not passed:
        print("#   found:", *map(repr, found))


def outcome(call, *arguments, **named):
    """What a call gives back: an order, or the error it raises."""
    try:
        return call(*arguments, **named)
    except (t.CheckoutError, TypeError, psycopg.Error) as error:
        return error


class Shop:
    """A client on a pool of its own, and how often it tried again."""

    def __init__(self, pool: ConnectionPool, attempts: int):
        self.retries: list[t.CheckoutError] = []
        self.client = CheckoutClient(pool, t.RetryPolicy(attempts), self._note)
        self.when_retried = threading.Event()
        self._threads = ThreadPoolExecutor()

    def _note(self, error: t.CheckoutError, attempt: int) -> None:
        self.retries.append(error)
        self.when_retried.set()

    def new_cart(self, *items, customer_id=ALICE) -> UUID:
        cart_id = uuid.uuid4()
        self.client.put_cart(TORONTO, cart_id, items or [BLUE_DREAM], customer_id)
        return cart_id

    def checkout(self, cart_id: UUID, **arguments) -> t.Order:
        return self.client.checkout(TORONTO, cart_id, **{"customer_id": ALICE, **arguments})

    def start_checkout(self, cart_id: UUID, **arguments):
        """Checks out in another thread."""
        return self._threads.submit(outcome, self.checkout, cart_id, **arguments)


@contextmanager
def open_shop(conninfo: str = "", attempts: int = 4, **options):
    with connect(conninfo, min_size=1, max_size=4, **options) as pool:
        yield Shop(pool, attempts)


@contextmanager
def other_transaction(statement, *arguments):
    """Another client that has done this, and has not committed yet."""
    connection = psycopg.connect()
    connection.execute(statement, arguments)
    try:
        yield connection
    finally:
        connection.close()


def wait_until_blocked(connection) -> None:
    """Waits until a connection of this role waits for a lock."""
    while not connection.execute(
            "SELECT pg_stat_clear_snapshot(), EXISTS (SELECT FROM pg_stat_activity"
            " WHERE usename = current_user AND wait_event_type = 'Lock')").fetchone()[1]:
        time.sleep(0.01)


@contextmanager
def relay():
    """lossy_relay, in a thread with a loop of its own."""
    directory: Future[str] = Future()
    stop: Future[None] = Future()

    async def serve():
        async with lossy_relay() as path:
            directory.set_result(path)
            await asyncio.wrap_future(stop)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    yield directory.result()
    stop.set_result(None)
    thread.join()


def amounts(shop: Shop) -> None:
    order = shop.checkout(shop.new_cart(), payment_method_id="alice-visa", **TO_ALICE)
    ok((order.subtotal, order.tax, order.delivery_fee, order.total)
       == tuple(map(Decimal, ("39.98", "5.20", "5.00", "50.18"))),
       "a delivery comes to 50.18", order)
    ok(all(isinstance(a, Decimal) for a in (order.total, order.lines[0].unit_price))
       and sum(line.line_total for line in order.lines) == order.subtotal,
       "amounts are Decimal, and the lines add up", order)
    order = shop.checkout(shop.new_cart(), promo_code="SAVE10", **TO_ALICE)
    ok(order.total == Decimal("45.66"), "with a promo code to 45.66", order)

    order = shop.checkout(shop.new_cart({**BLUE_DREAM, "price": "0.01"}))
    ok(order.subtotal == Decimal("39.98"), "a price from the client is not read", order)
    order = shop.checkout(shop.new_cart(), tip=Decimal("39.98") * Decimal("0.15"))
    ok(order.tip == Decimal("6.00"), "a Decimal tip of 5.997 is rounded to 6.00", order)
    error = outcome(shop.checkout, shop.new_cart(), tip=39.98 * 0.15)
    ok(isinstance(error, TypeError), "a float is refused before anything is sent", error)


def refusals(shop: Shop) -> None:
    def refusal(cart_id, **arguments):
        error = outcome(shop.checkout, cart_id, **arguments)
        return error, (type(error), getattr(error, "http_status", None))

    shop.retries.clear()
    cart_id = shop.new_cart({"sku": "EXTRACT-LIVE-ROSIN-1G", "quantity": 1},
                            {"sku": "PREROLL-MIXED-28X0.5G", "quantity": 5}, BLUE_DREAM)
    error, kind = refusal(cart_id)
    ok(kind == (t.OutOfStock, 409) and error.items == (
        t.UnavailableItem("EXTRACT-LIVE-ROSIN-1G", "insufficient_stock", 1, 0),
        t.UnavailableItem("PREROLL-MIXED-28X0.5G", "insufficient_stock", 5, 2)),
       "out of stock names both items", error, error.detail)

    cart_id = shop.new_cart()
    error, kind = refusal(cart_id, payment_method_id="bob-mastercard")
    ok(kind == (t.PaymentDeclined, 402), "another's payment method is declined", error)
    error, kind = refusal(cart_id, promo_code="SUMMER22")
    ok(kind == (t.PromoRefused, 422) and error.detail["reason"] == "expired",
       "an old promo code is refused, with the reason", error)
    error, kind = refusal(cart_id, expected_total="1.00")
    ok(kind == (t.TotalChanged, 409) and error.total == Decimal("45.18"),
       "a changed total is refused, with the new one", error)
    error, kind = refusal(cart_id, tip=-1)
    ok(kind == (t.InvalidArgument, 400), "a negative tip is an invalid argument", error)
    error, kind = refusal(uuid.uuid4())
    ok(kind == (t.CartNotFound, 404), "an unknown cart is not found", error)
    ok(not shop.retries, "a refusal is never tried again", shop.retries)


def repeated(shop: Shop) -> None:
    cart_id, key = shop.new_cart(), str(uuid.uuid4())
    started = [shop.start_checkout(cart_id, idempotency_key=key) for _ in range(2)]
    orders = [each.result() for each in started]
    ok(len({order.order_id for order in orders}) == 1
       and sorted(order.replayed for order in orders) == [False, True],
       "two checkouts at once with one key: one order and its replay", orders)
    error = outcome(shop.checkout, cart_id, idempotency_key=key, tip=1)
    ok(isinstance(error, t.IdempotencyMismatch) and error.http_status == 422,
       "the key with another request is a mismatch", error)

    cart_id = shop.new_cart()
    started = [shop.start_checkout(cart_id) for _ in range(2)]
    found = [each.result() for each in started]
    order, error = sorted(found, key=lambda each: isinstance(each, Exception))
    ok(isinstance(order, t.Order) and isinstance(error, t.CartNotActive)
       and error.order_id == order.order_id,
       "without a key: one order, one refusal naming it", found)


def lost_answers() -> None:
    with relay() as directory, open_shop(f"host={directory}") as shop:
        order = shop.checkout(shop.new_cart(), idempotency_key=str(uuid.uuid4()))
        ok(order.replayed and [type(e) for e in shop.retries] == [t.ConnectionLost],
           "an answer that is lost is asked for again, and replayed", order, shop.retries)
    with relay() as directory, open_shop(f"host={directory}") as shop:
        cart_id = shop.new_cart()
        error = outcome(shop.checkout, cart_id)
        ok(isinstance(error, t.ConnectionLost) and not shop.retries,
           "without a key it is not: nobody knows whether there is an order", error, shop.retries)
        error = outcome(shop.checkout, cart_id)
        ok(isinstance(error, t.CartNotActive) and error.order_id, "there was one", error)
    with open_shop(attempts=2) as shop:
        cart_ids = [shop.new_cart() for _ in range(4)]
        started = [shop.start_checkout(cart_id) for cart_id in cart_ids]  # opens four connections
        wait(started)
        cart_id = shop.new_cart()
        with other_transaction(CUT_IDLE):
            order = outcome(shop.checkout, cart_id, idempotency_key=str(uuid.uuid4()))
        ok(isinstance(order, t.Order), "idle connections that were cut are replaced", order)


def locks() -> None:
    with open_shop(attempts=3, lock_timeout="200ms") as shop:
        cart_id = shop.new_cart()
        with other_transaction(LOCK_CART, TORONTO, cart_id) as other:
            started = shop.start_checkout(cart_id)
            shop.when_retried.wait(5)
            other.commit()
            order = started.result()
        ok(isinstance(order, t.Order) and isinstance(shop.retries[0], t.CartLocked),
           "a locked cart is tried again, and sold when it is free", order, shop.retries)

        cart_id = shop.new_cart()
        shop.retries.clear()
        started_s = time.monotonic()
        with other_transaction(LOCK_CART, TORONTO, cart_id):
            error = outcome(shop.checkout, cart_id)
        ok(isinstance(error, t.CartLocked) and error.http_status == 409
           and error.detail["cart_id"] == str(cart_id) and len(shop.retries) == 2,
           "one that stays locked is given up after three attempts", error, shop.retries)
        ok(time.monotonic() - started_s < 8, "each as short as the client's lock_timeout")

        with other_transaction(CHECKOUT, TORONTO, shop.new_cart(), ALICE):
            error = outcome(shop.checkout, cart_id)
        ok(isinstance(error, t.RowLocked), "locked stock is told apart from a locked cart", error)


def collisions() -> None:
    repeatable = {"default_transaction_isolation": "repeatable read"}
    with open_shop(lock_timeout="9s", settings=repeatable) as shop:
        with other_transaction(CHECKOUT, TORONTO, shop.new_cart(), ALICE) as other:
            started = shop.start_checkout(shop.new_cart())
            wait_until_blocked(other)
            other.commit()
            order = started.result()
        ok(isinstance(order, t.Order)
           and [type(e) for e in shop.retries] == [t.SerializationFailure],
           "a serialization failure is tried again", order, shop.retries)

    with open_shop(lock_timeout="9s") as shop:
        cart_id = shop.new_cart()
        with other_transaction(CHECKOUT, TORONTO, shop.new_cart(), ALICE) as other:
            started = shop.start_checkout(cart_id)
            wait_until_blocked(other)
            other.execute(LOCK_CART, (TORONTO, cart_id))
            other.commit()
            order = started.result()
        ok(isinstance(order, t.Order) and [type(e) for e in shop.retries] == [t.Deadlock],
           "so is a deadlock with a transaction of two calls", order, shop.retries)


def main() -> None:
    with open_shop() as shop:
        amounts(shop)
        refusals(shop)
        repeated(shop)
    lost_answers()
    locks()
    collisions()
    with psycopg.connect() as connection:
        error = outcome(connection.execute, "SELECT FROM weedgo_data.orders")
        ok(getattr(error, "sqlstate", None) == "42501", "the client's role reads no table", error)
    # jit: compiling verify_invariants() takes seconds, running it milliseconds.
    with psycopg.connect(user=os.environ["ADMIN"], options="-c jit=off") as admin:
        violations = admin.execute("SELECT * FROM weedgo.verify_invariants()").fetchall()
        ok(not violations, "verify_invariants() finds nothing", violations)


if __name__ == "__main__":
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it warns of the lost connections
    try:
        main()
    except Exception:  # a scenario that breaks off has failed
        ok(False, "the scenario runs to its end", traceback.format_exc())
    print(f"1..{len(results)}")
    print(f"{sum(results)} passed, {results.count(False)} failed")
    sys.exit(0 if all(results) else 1)
