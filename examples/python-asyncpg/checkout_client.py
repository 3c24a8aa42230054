"""Carts and checkouts of weedgo_checkout, over an asyncpg pool.

    client = CheckoutClient(await connect(lock_timeout="2s"))
    await client.put_cart(store_id, cart_id, [{"sku": "ACC-PAPERS", "quantity": 2}])
    order = await client.checkout(store_id, cart_id, idempotency_key=key)

Every call is one statement and commits by itself. What it can raise is in checkout_types.
"""
import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from checkout_types import Amount, CheckoutError, Order, RetryPolicy, error_for, money

PUT_CART = """
SELECT * FROM weedgo.put_cart(
    store_id => $1, cart_id => $2, items => $3, customer_id => $4, promo_code => $5)
"""

CHECKOUT = """
SELECT * FROM weedgo.checkout_cart(
    store_id => $1, cart_id => $2, customer_id => $3, payment_method_id => $4,
    delivery_type => $5, delivery_address => $6, tip => $7, promo_code => $8,
    expected_total => $9, idempotency_key => $10)
"""


async def connect(dsn: str | None = None, *, lock_timeout: str = "2s", timeout_s: float = 30,
                  settings: Mapping[str, str] | None = None, **pool_options: Any) -> asyncpg.Pool:
    """Opens a pool. Web requests wait for a cart for less than the default of 10 s."""
    return await asyncpg.create_pool(
        dsn, command_timeout=timeout_s, timeout=timeout_s,
        server_settings={"weedgo_checkout.lock_timeout": lock_timeout, **(settings or {})},
        **pool_options)


def explain(error: Exception) -> CheckoutError:
    """asyncpg has no class for WG001 and the like, and calls them fatal: go by the SQLSTATE.

    What is no PostgresError is the connection's: an OSError, a TimeoutError among them.
    """
    if isinstance(error, asyncpg.PostgresError):
        return error_for(str(error), error.sqlstate, error.detail, error.hint)
    return error_for(str(error) or type(error).__name__)


class CheckoutClient:
    """on_retry is told of each failure that is tried again, and of which attempt it was."""

    def __init__(self, pool: asyncpg.Pool, retry: RetryPolicy = RetryPolicy(),
                 on_retry: Callable[[CheckoutError, int], None] = lambda error, attempt: None):
        self._pool = pool
        self._retry = retry
        self.on_retry = on_retry

    async def put_cart(self, store_id: UUID, cart_id: UUID, items: Sequence[Mapping[str, Any]],
                       customer_id: UUID | None = None, promo_code: str | None = None) -> None:
        """Makes the cart hold exactly these items: {"sku", "quantity"}. Prices are not read."""
        await self._call(PUT_CART, store_id, cart_id, json.dumps(items), customer_id, promo_code,
                         repeatable=True)

    async def checkout(self, store_id: UUID, cart_id: UUID, *,
                       customer_id: UUID | None = None, payment_method_id: str | None = None,
                       delivery_type: str = "pickup",
                       delivery_address: Mapping[str, Any] | None = None,
                       tip: Amount = 0, promo_code: str | None = None,
                       expected_total: Amount | None = None,
                       idempotency_key: str | None = None) -> Order:
        """Turns the cart into an order. checkout_cart() has more arguments: add those you use."""
        row = await self._call(
            CHECKOUT, store_id, cart_id, customer_id, payment_method_id, delivery_type,
            None if delivery_address is None else json.dumps(delivery_address),
            money(tip), promo_code, money(expected_total), idempotency_key,
            repeatable=idempotency_key is not None)
        return Order.from_row(row)

    async def _call(self, statement: str, *arguments: Any, repeatable: bool) -> asyncpg.Record:
        """Sends a call, again where that is safe and of use."""
        attempt = 1
        while True:
            try:
                return await self._send(statement, arguments)
            except (asyncpg.PostgresError, asyncpg.InternalClientError, OSError) as cause:
                error = explain(cause)
                if attempt == self._retry.attempts or not error.may_retry(repeatable):
                    raise error from cause
            self.on_retry(error, attempt)
            await asyncio.sleep(self._retry.pause_s(attempt))
            attempt += 1

    async def _send(self, statement: str, arguments: Sequence[Any]) -> asyncpg.Record:
        async with self._pool.acquire() as connection:
            try:
                return await connection.fetchrow(statement, *arguments)
            except asyncpg.InternalClientError:
                # The server said goodbye while the connection was idle: asyncpg 0.27 has read it,
                # has not closed the connection yet, and would put it back into the pool.
                connection.terminate()
                raise
