"""What a checkout gives back and what it can be refused for: values and exceptions, no driver.

The class of an exception says what happened, its base class what to do about it:

    Refused         an answer. Nothing was written, and the same call gets the same answer.
    TryAgain        two transactions met. Nothing was written; the same call may succeed.
    ConnectionLost  no answer. The order may exist: only an idempotency key makes a retry safe.

Any other error of the database is a plain CheckoutError: a mistake to be looked into.
"""
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Self
from uuid import UUID


class CheckoutError(Exception):
    """An error of the database; detail is its DETAIL, a JSON object, or empty."""

    http_status = 500
    by_sqlstate: dict[str, type["CheckoutError"]] = {}

    def __init_subclass__(cls, http_status: int | None = None, sqlstates: tuple[str, ...] = ()):
        if http_status is not None:
            cls.http_status = http_status
        for sqlstate in sqlstates:
            cls.by_sqlstate[sqlstate] = cls

    def __init__(self, message: str, sqlstate: str | None = None,
                 detail: Mapping[str, Any] | None = None, hint: str | None = None):
        super().__init__(message)
        self.sqlstate = sqlstate
        self.detail = dict(detail or {})
        self.hint = hint

    @property
    def code(self) -> str:
        return self.detail.get("code", "unexpected")

    def may_retry(self, repeatable: bool) -> bool:
        """Whether to send the call again; repeatable: twice does no more than once."""
        return False


class Refused(CheckoutError):
    """The call was understood and refused."""


class TryAgain(CheckoutError, http_status=503):
    """The transaction was rolled back because of another one."""

    def may_retry(self, repeatable: bool) -> bool:
        return True


class ConnectionLost(CheckoutError, http_status=503):
    """The connection broke, or never was: whether the call was committed is unknown."""

    def may_retry(self, repeatable: bool) -> bool:
        return repeatable


class CartNotFound(Refused, http_status=404, sqlstates=("WG001",)):
    """The store has no such cart of this customer."""


class CartNotActive(Refused, http_status=409, sqlstates=("WG002",)):
    """The cart is an order already, or was abandoned."""

    @property
    def order_id(self) -> UUID | None:
        order_id = self.detail.get("order_id")
        return UUID(order_id) if order_id else None


class CartEmpty(Refused, http_status=422, sqlstates=("WG003",)):
    """There is nothing to buy."""


class PaymentDeclined(Refused, http_status=402, sqlstates=("WG004",)):
    """The payment method is not the customer's, inactive or expired: detail["reason"]."""


@dataclass(frozen=True)
class UnavailableItem:
    sku: str
    reason: str  # not_found, not_available or insufficient_stock
    requested: int
    available: int


class OutOfStock(Refused, http_status=409, sqlstates=("WG005",)):
    """Some of the cart cannot be sold; items names all of it."""

    @property
    def items(self) -> tuple[UnavailableItem, ...]:
        return tuple(UnavailableItem(**item) for item in self.detail["items"])


class PromoRefused(Refused, http_status=422, sqlstates=("WG006",)):
    """The promo code cannot be used: detail["reason"]."""


class TotalChanged(Refused, http_status=409, sqlstates=("WG007",)):
    """The total is not the one the customer saw; detail has the new figures."""

    @property
    def total(self) -> Decimal:
        return Decimal(self.detail["total"])


class IdempotencyMismatch(Refused, http_status=422, sqlstates=("WG008",)):
    """The key was used for another request."""


class DeliveryUnavailable(Refused, http_status=422, sqlstates=("WG009",)):
    """No delivery there, or not for so little: detail["reason"]."""


class PurchaseLimitExceeded(Refused, http_status=422, sqlstates=("WG010",)):
    """More than the customer may buy."""


class AgeNotVerified(Refused, http_status=403, sqlstates=("WG011",)):
    """The customer has to show their age first."""


class StoreClosed(Refused, http_status=409, sqlstates=("WG012",)):
    """The store sells nothing now."""


class CheckoutPaused(Refused, http_status=503, sqlstates=("WG014",)):
    """Somebody switched checkout off."""


class InvalidArgument(Refused, http_status=400, sqlstates=("22023", "22003")):
    """A value out of its range, an unknown customer, an amount that overflows."""


class ReadOnly(Refused, http_status=503, sqlstates=("25006",)):
    """This is a standby, or becomes one: connect to the primary."""


class Locked(TryAgain, http_status=409, sqlstates=("55P03",)):
    """Something stayed locked for longer than the call may wait."""


class CartLocked(Locked):
    """Another call uses this cart."""


class RowLocked(Locked):
    """Another transaction holds stock, a promo code or an order that this one needs."""


class SerializationFailure(TryAgain, sqlstates=("40001",)):
    """Only above READ COMMITTED."""


class Deadlock(TryAgain, sqlstates=("40P01",)):
    """Only where a transaction does more than one call."""


# A server that shuts down or crashes says so, if it can.
SERVER_GONE = ("57P01", "57P02", "57P03")

# What has one SQLSTATE but more than one meaning.
BY_CODE = {"cart_locked": CartLocked, "row_locked": RowLocked}


def error_for(message: str, sqlstate: str | None = None, detail: str | None = None,
              hint: str | None = None) -> CheckoutError:
    """The exception for what the server said; no SQLSTATE: it said nothing."""
    details = parse_detail(detail)
    if sqlstate is None or sqlstate.startswith("08") or sqlstate in SERVER_GONE:
        kind = ConnectionLost
    else:
        kind = (BY_CODE.get(details.get("code"))
                or CheckoutError.by_sqlstate.get(sqlstate, CheckoutError))
    return kind(message, sqlstate, details, hint)


def parse_detail(detail: str | None) -> dict[str, Any]:
    """DETAIL is a JSON object where the extension raised the error, prose where PostgreSQL did."""
    try:
        parsed = json.loads(detail or "{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


Amount = Decimal | int | str


def money(amount: Amount | None) -> Decimal | None:
    """An amount as the database has it. A float is refused: 0.1 + 0.2 is not 0.3 in it."""
    if isinstance(amount, float):
        raise TypeError("money is Decimal, int or str, never float")
    return None if amount is None else Decimal(amount)


@dataclass(frozen=True)
class Line:
    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    discount: Decimal
    tax: Decimal
    line_total: Decimal

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Self:
        """Amounts are strings in JSON, so that no parser makes floats of them."""
        amounts = (Decimal(line[name]) for name in ("unit_price", "discount", "tax", "line_total"))
        return cls(line["sku"], line["name"], line["quantity"], *amounts)


@dataclass(frozen=True)
class Order:
    order_id: UUID
    order_number: str
    cart_id: UUID
    customer_id: UUID | None
    status: str
    payment_status: str
    payment_type: str | None
    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    delivery_fee: Decimal
    tip: Decimal
    total: Decimal
    amount_due: Decimal
    currency: str
    promo_code: str | None
    lines: tuple[Line, ...]
    replayed: bool  # true: an earlier call with this idempotency key had made it
    created_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        values = {field.name: row[field.name] for field in fields(cls)}
        lines = values["lines"]
        if isinstance(lines, str):  # asyncpg leaves jsonb as it comes
            lines = json.loads(lines)
        values["lines"] = tuple(map(Line.from_json, lines))
        return cls(**values)


@dataclass(frozen=True)
class RetryPolicy:
    """How often a call is sent, and how long to pause in between, at most."""

    attempts: int = 4
    first_pause_s: float = 0.05
    longest_pause_s: float = 1.0

    def pause_s(self, attempt: int) -> float:
        """Anything up to a limit that doubles each time: clients that met once part."""
        limit = min(self.longest_pause_s, self.first_pause_s * 2 ** (attempt - 1))
        return random.uniform(0, limit)
