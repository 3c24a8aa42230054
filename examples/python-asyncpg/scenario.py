"""What the client does in a live shop (the demo's data): prints TAP. Run by ./check."""
import asyncio
import os
import sys
import time
import traceback
import uuid
from contextlib import asynccontextmanager
from decimal import Decimal
from uuid import UUID

import asyncpg
import httpx

import checkout_types as t
from checkout_client import CHECKOUT, CheckoutClient, connect
from lossy_relay import lossy_relay
from service import create_app

TORONTO = UUID("11111111-1111-1111-1111-111111111111")
ALICE = UUID("c0000000-0000-0000-0000-000000000001")
BLUE_DREAM = {"sku": "FLOWER-BLUE-DREAM-3.5G", "quantity": 2}  # at 19.99
TO_ALICE = {"delivery_type": "delivery", "delivery_address": {"street": "1 King Street West"}}
CUT_IDLE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename = current_user AND pid <> pg_backend_pid() AND state = 'idle'"""
LOCK_CART = "SELECT weedgo.lock_cart($1, $2)"

results: list[bool] = []


def ok(passed: bool, name: str, *found: object) -> None:
    results.append(bool(passed))
    print(f"{'ok' if passed else 'not ok'} {len(results)} - {name}", flush=True)
    if not passed:
        print("#   found:", *map(repr, found))


async def outcome(call):
    """What a call gives back: an order, or the error it raises."""
    try:
        return await call
    except (t.CheckoutError, TypeError, asyncpg.PostgresError) as error:
        return error


class Shop:
    """A client on a pool of its own, and how often it tried again."""

    def __init__(self, pool: asyncpg.Pool, attempts: int = 4):
        self.pool = pool
        self.retries: list[t.CheckoutError] = []
        self.client = CheckoutClient(pool, t.RetryPolicy(attempts), self._note)
        self.when_retried = asyncio.Event()

    def _note(self, error: t.CheckoutError, attempt: int) -> None:
        self.retries.append(error)
        self.when_retried.set()

    async def new_cart(self, *items, customer_id=ALICE) -> UUID:
        cart_id = uuid.uuid4()
        await self.client.put_cart(TORONTO, cart_id, items or [BLUE_DREAM], customer_id)
        return cart_id

    def checkout(self, cart_id: UUID, **arguments):
        return self.client.checkout(TORONTO, cart_id, **{"customer_id": ALICE, **arguments})


@asynccontextmanager
async def open_shop(attempts: int = 4, **options):
    pool = await connect(min_size=1, max_size=4, **options)
    try:
        yield Shop(pool, attempts)
    finally:
        await pool.close()


@asynccontextmanager
async def other_transaction(*statements):
    """Another client that has done this, and has not committed yet."""
    connection = await asyncpg.connect()
    await connection.execute("BEGIN")
    for statement, *arguments in statements:
        await connection.fetch(statement, *arguments)
    try:
        yield connection
    finally:
        await connection.close()


def checkout_of(cart_id: UUID):
    return CHECKOUT, TORONTO, cart_id, ALICE, None, "pickup", None, 0, None, None, None


async def until_blocked(connection) -> None:
    """Waits until a connection of this role waits for a lock."""
    while not (await connection.fetchrow(
            "SELECT pg_stat_clear_snapshot(), EXISTS (SELECT FROM pg_stat_activity"
            " WHERE usename = current_user AND wait_event_type = 'Lock')"))[1]:
        await asyncio.sleep(0.01)


async def amounts(shop: Shop) -> None:
    order = await shop.checkout(await shop.new_cart(), payment_method_id="alice-visa", **TO_ALICE)
    ok((order.subtotal, order.tax, order.delivery_fee, order.total)
       == tuple(map(Decimal, ("39.98", "5.20", "5.00", "50.18"))),
       "a delivery comes to 50.18", order)
    ok(all(isinstance(a, Decimal) for a in (order.total, order.lines[0].unit_price))
       and sum(line.line_total for line in order.lines) == order.subtotal,
       "amounts are Decimal, and the lines add up", order)
    order = await shop.checkout(await shop.new_cart(), promo_code="SAVE10", **TO_ALICE)
    ok(order.total == Decimal("45.66"), "with a promo code to 45.66", order)

    order = await shop.checkout(await shop.new_cart({**BLUE_DREAM, "price": "0.01"}))
    ok(order.subtotal == Decimal("39.98"), "a price from the client is not read", order)
    order = await shop.checkout(await shop.new_cart(), tip=Decimal("39.98") * Decimal("0.15"))
    ok(order.tip == Decimal("6.00"), "a Decimal tip of 5.997 is rounded to 6.00", order)
    error = await outcome(shop.checkout(await shop.new_cart(), tip=39.98 * 0.15))
    ok(isinstance(error, TypeError), "a float is refused before anything is sent", error)


async def refusals(shop: Shop) -> None:
    async def refusal(cart_id, **arguments):
        error = await outcome(shop.checkout(cart_id, **arguments))
        return error, (type(error), getattr(error, "http_status", None))

    shop.retries.clear()
    cart_id = await shop.new_cart({"sku": "EXTRACT-LIVE-ROSIN-1G", "quantity": 1},
                                  {"sku": "PREROLL-MIXED-28X0.5G", "quantity": 5}, BLUE_DREAM)
    error, kind = await refusal(cart_id)
    ok(kind == (t.OutOfStock, 409) and error.items == (
        t.UnavailableItem("EXTRACT-LIVE-ROSIN-1G", "insufficient_stock", 1, 0),
        t.UnavailableItem("PREROLL-MIXED-28X0.5G", "insufficient_stock", 5, 2)),
       "out of stock names both items", error, error.detail)

    cart_id = await shop.new_cart()
    error, kind = await refusal(cart_id, payment_method_id="bob-mastercard")
    ok(kind == (t.PaymentDeclined, 402), "another's payment method is declined", error)
    error, kind = await refusal(cart_id, promo_code="SUMMER22")
    ok(kind == (t.PromoRefused, 422) and error.detail["reason"] == "expired",
       "an old promo code is refused, with the reason", error)
    error, kind = await refusal(cart_id, expected_total="1.00")
    ok(kind == (t.TotalChanged, 409) and error.total == Decimal("45.18"),
       "a changed total is refused, with the new one", error)
    error, kind = await refusal(cart_id, tip=-1)
    ok(kind == (t.InvalidArgument, 400), "a negative tip is an invalid argument", error)
    error, kind = await refusal(uuid.uuid4())
    ok(kind == (t.CartNotFound, 404), "an unknown cart is not found", error)
    error, kind = await refusal(await shop.new_cart(customer_id=None), customer_id=uuid.uuid4())
    ok(kind == (t.InvalidArgument, 400) and error.code == "customer_unknown",
       "an unknown customer is an invalid argument", error)
    ok(not shop.retries, "a refusal is never tried again", shop.retries)


async def repeated(shop: Shop) -> None:
    cart_id, key = await shop.new_cart(), str(uuid.uuid4())
    orders = await asyncio.gather(*(shop.checkout(cart_id, idempotency_key=key) for _ in range(2)))
    ok(len({order.order_id for order in orders}) == 1
       and sorted(order.replayed for order in orders) == [False, True],
       "two checkouts at once with one key: one order and its replay", orders)
    error = await outcome(shop.checkout(cart_id, idempotency_key=key, tip=1))
    ok(isinstance(error, t.IdempotencyMismatch) and error.http_status == 422,
       "the key with another request is a mismatch", error)

    cart_id = await shop.new_cart()
    found = await asyncio.gather(*(outcome(shop.checkout(cart_id)) for _ in range(2)))
    order, error = sorted(found, key=lambda each: isinstance(each, Exception))
    ok(isinstance(order, t.Order) and isinstance(error, t.CartNotActive)
       and error.order_id == order.order_id,
       "without a key: one order, one refusal naming it", found)


async def lost_answers() -> None:
    async with lossy_relay() as directory, open_shop(host=directory) as shop:
        order = await shop.checkout(await shop.new_cart(), idempotency_key=str(uuid.uuid4()))
        ok(order.replayed and [type(e) for e in shop.retries] == [t.ConnectionLost],
           "an answer that is lost is asked for again, and replayed", order, shop.retries)
    async with lossy_relay() as directory, open_shop(host=directory) as shop:
        cart_id = await shop.new_cart()
        error = await outcome(shop.checkout(cart_id))
        ok(isinstance(error, t.ConnectionLost) and not shop.retries,
           "without a key it is not: nobody knows whether there is an order", error, shop.retries)
        error = await outcome(shop.checkout(cart_id))
        ok(isinstance(error, t.CartNotActive) and error.order_id, "there was one", error)
    async with open_shop() as shop:
        cart_id = await shop.new_cart()
        async with other_transaction((CUT_IDLE,)):
            order = await outcome(shop.checkout(cart_id, idempotency_key=str(uuid.uuid4())))
        ok(isinstance(order, t.Order), "idle connections that were cut are replaced", order)


async def locks() -> None:
    async with open_shop(attempts=3, lock_timeout="200ms") as shop:
        cart_id = await shop.new_cart()
        async with other_transaction((LOCK_CART, TORONTO, cart_id)) as other:
            waiting = asyncio.create_task(outcome(shop.checkout(cart_id)))
            retried = asyncio.create_task(shop.when_retried.wait())
            await asyncio.wait({waiting, retried}, return_when=asyncio.FIRST_COMPLETED)
            await other.execute("COMMIT")
            order = await waiting
            ok(isinstance(order, t.Order) and isinstance(shop.retries[0], t.CartLocked),
               "a locked cart is tried again, and sold when it is free", order, shop.retries)

        cart_id = await shop.new_cart()
        shop.retries.clear()
        started_s = time.monotonic()
        async with other_transaction((LOCK_CART, TORONTO, cart_id)):
            error = await outcome(shop.checkout(cart_id))
        ok(isinstance(error, t.CartLocked) and error.http_status == 409
           and error.detail["cart_id"] == str(cart_id) and len(shop.retries) == 2,
           "one that stays locked is given up after three attempts", error, shop.retries)
        ok(time.monotonic() - started_s < 8, "each as short as the client's lock_timeout")

        async with other_transaction(checkout_of(await shop.new_cart())):
            error = await outcome(shop.checkout(cart_id))
        ok(isinstance(error, t.RowLocked), "locked stock is told apart from a locked cart", error)


async def collisions() -> None:
    repeatable = {"default_transaction_isolation": "repeatable read"}
    async with open_shop(lock_timeout="9s", settings=repeatable) as shop:
        async with other_transaction(checkout_of(await shop.new_cart())) as other:
            waiting = asyncio.create_task(outcome(shop.checkout(await shop.new_cart())))
            await until_blocked(other)
            await other.execute("COMMIT")
            order = await waiting
        ok(isinstance(order, t.Order)
           and [type(e) for e in shop.retries] == [t.SerializationFailure],
           "a serialization failure is tried again", order, shop.retries)

    async with open_shop(lock_timeout="9s") as shop:
        cart_id = await shop.new_cart()
        async with other_transaction(checkout_of(await shop.new_cart())) as other:
            waiting = asyncio.create_task(outcome(shop.checkout(cart_id)))
            await until_blocked(other)
            await other.fetch(LOCK_CART, TORONTO, cart_id)
            await other.execute("COMMIT")
            order = await waiting
        ok(isinstance(order, t.Order) and [type(e) for e in shop.retries] == [t.Deadlock],
           "so is a deadlock with a transaction of two calls", order, shop.retries)


async def endpoint(shop: Shop) -> None:
    app = create_app(shop.client, lambda: ALICE)
    async with httpx.AsyncClient(app=app, base_url="http://shop") as browser:
        async def post(cart_id, key, **body):
            url, headers = f"/stores/{TORONTO}/carts/{cart_id}/checkout", {"Idempotency-Key": key}
            return await browser.post(url, json=body, headers=headers)

        cart_id, key = await shop.new_cart(), str(uuid.uuid4())
        answer = await post(cart_id, key, tip="2.50")
        ok(answer.status_code == 201 and answer.json()["total"] == "47.68",
           "POST: 201, the total is a string", answer.text)
        ok((await post(cart_id, key, tip="2.50")).status_code == 200, "POST again: 200, the replay")
        ok((await post(cart_id, key)).status_code == 422, "POST with another tip: 422")
        ok((await post(uuid.uuid4(), "new")).status_code == 404, "POST of an unknown cart: 404")
        answer = await post(await shop.new_cart(), "new", payment_method_id="bob-mastercard")
        ok(answer.status_code == 402 and answer.json()["code"] == "payment_method_invalid",
           "POST with another's payment method: 402 and the code", answer.text)


async def main() -> None:
    # jit: compiling verify_invariants() takes seconds, running it milliseconds.
    admin = await asyncpg.connect(user=os.environ["ADMIN"], server_settings={"jit": "off"})
    async with open_shop() as shop:
        await amounts(shop)
        await refusals(shop)
        await repeated(shop)
        await endpoint(shop)
        error = await outcome(shop.pool.fetch("SELECT FROM weedgo_data.orders"))
        ok(getattr(error, "sqlstate", None) == "42501", "the client's role reads no table", error)
    await lost_answers()
    await locks()
    await collisions()
    violations = await admin.fetch("SELECT * FROM weedgo.verify_invariants()")
    ok(not violations, "verify_invariants() finds nothing", violations)
    await admin.close()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except Exception:  # a scenario that breaks off has failed
        ok(False, "the scenario runs to its end", traceback.format_exc())
    print(f"1..{len(results)}")
    print(f"{sum(results)} passed, {results.count(False)} failed")
    sys.exit(0 if all(results) else 1)
