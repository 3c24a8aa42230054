"""Carts and checkouts of weedgo_checkout, over a psycopg 3 pool.

    client = CheckoutClient(connect(lock_timeout="2s"))
    client.put_cart(store_id, cart_id, [{"sku": "ACC-PAPERS", "quantity": 2}])
    order = client.checkout(store_id, cart_id, idempotency_key=key)

Every call is one statement and commits by itself. What it can raise is in checkout_types. A client
may be used by many threads.
"""
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from checkout_types import (Amount, CheckoutError, ConnectionLost, Order, RetryPolicy, error_for,
                            money)

PUT_CART = """
SELECT * FROM weedgo.put_cart(
    store_id => %(store_id)s, cart_id => %(cart_id)s, items => %(items)s,
    customer_id => %(customer_id)s, promo_code => %(promo_code)s)
"""

CHECKOUT = """
SELECT * FROM weedgo.checkout_cart(
    store_id => %(store_id)s, cart_id => %(cart_id)s, customer_id => %(customer_id)s,
    payment_method_id => %(payment_method_id)s, delivery_type => %(delivery_type)s,
    delivery_address => %(delivery_address)s, tip => %(tip)s, promo_code => %(promo_code)s,
    expected_total => %(expected_total)s, idempotency_key => %(idempotency_key)s)
"""


def connect(conninfo: str = "", *, lock_timeout: str = "2s",
            settings: Mapping[str, str] | None = None, **pool_options: Any) -> ConnectionPool:
    """Opens a pool. Web requests wait for a cart for less than the default of 10 s."""
    settings = {"weedgo_checkout.lock_timeout": lock_timeout, **(settings or {})}
    options = " ".join("-c {}={}".format(name, value.replace("\\", r"\\").replace(" ", r"\ "))
                       for name, value in settings.items())
    # autocommit: else psycopg opens a transaction, and commits in a round trip of its own.
    arguments = {"autocommit": True, "row_factory": dict_row, "options": options}
    return ConnectionPool(conninfo, kwargs=arguments, **pool_options)


def explain(error: psycopg.Error) -> CheckoutError:
    """psycopg has no class for WG001 and the like: go by the SQLSTATE."""
    return error_for(error.diag.message_primary or str(error), error.sqlstate,
                     error.diag.message_detail, error.diag.message_hint)


def as_jsonb(value: Any) -> Jsonb | None:
    return None if value is None else Jsonb(value)


class CheckoutClient:
    """on_retry is told of each failure that is tried again, and of which attempt it was."""

    def __init__(self, pool: ConnectionPool, retry: RetryPolicy = RetryPolicy(),
                 on_retry: Callable[[CheckoutError, int], None] = lambda error, attempt: None):
        self._pool = pool
        self._retry = retry
        self.on_retry = on_retry

    def put_cart(self, store_id: UUID, cart_id: UUID, items: Sequence[Mapping[str, Any]],
                 customer_id: UUID | None = None, promo_code: str | None = None) -> None:
        """Makes the cart hold exactly these items: {"sku", "quantity"}. Prices are not read."""
        self._call(PUT_CART, {
            "store_id": store_id, "cart_id": cart_id, "items": as_jsonb(items),
            "customer_id": customer_id, "promo_code": promo_code}, repeatable=True)

    def checkout(self, store_id: UUID, cart_id: UUID, *,
                 customer_id: UUID | None = None, payment_method_id: str | None = None,
                 delivery_type: str = "pickup", delivery_address: Mapping[str, Any] | None = None,
                 tip: Amount = 0, promo_code: str | None = None,
                 expected_total: Amount | None = None,
                 idempotency_key: str | None = None) -> Order:
        """Turns the cart into an order. checkout_cart() has more arguments: add those you use."""
        row = self._call(CHECKOUT, {
            "store_id": store_id, "cart_id": cart_id, "customer_id": customer_id,
            "payment_method_id": payment_method_id, "delivery_type": delivery_type,
            "delivery_address": as_jsonb(delivery_address), "tip": money(tip),
            "promo_code": promo_code, "expected_total": money(expected_total),
            "idempotency_key": idempotency_key}, repeatable=idempotency_key is not None)
        return Order.from_row(row)

    def _call(self, statement: str, arguments: Mapping[str, Any], *,
              repeatable: bool) -> Mapping[str, Any]:
        """Sends a call, again where that is safe and of use."""
        attempt = 1
        while True:
            try:
                with self._pool.connection() as connection:
                    return connection.execute(statement, arguments).fetchone()
            except psycopg.Error as cause:  # PoolTimeout is an OperationalError
                if cause.sqlstate is None and not isinstance(cause, psycopg.OperationalError):
                    raise  # a mistake on this side: nothing was sent
                error = explain(cause)
                if attempt == self._retry.attempts or not error.may_retry(repeatable):
                    raise error from cause
            self.on_retry(error, attempt)
            if isinstance(error, ConnectionLost):
                self._pool.check()  # a server that went away took the idle connections too
            time.sleep(self._retry.pause_s(attempt))
            attempt += 1
