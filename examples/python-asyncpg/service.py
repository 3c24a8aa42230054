"""The checkout endpoint of a FastAPI service.

    app = create_app(CheckoutClient(pool), current_customer)

current_customer is the application's own dependency: it returns the customer who is logged in, or
None for a guest. Who they are never comes from the request's body.
"""
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from checkout_client import CheckoutClient
from checkout_types import CheckoutError

AMOUNT = r"^\d{1,10}(\.\d{1,2})?$"


class Purchase(BaseModel):
    """What a client may say about a checkout: no price, no total to be charged, no customer."""

    payment_method_id: str | None = None
    delivery_type: str = "pickup"
    delivery_address: dict[str, Any] | None = None
    tip: str = Field("0.00", regex=AMOUNT)  # strings: a JSON number would pass through float
    promo_code: str | None = None
    expected_total: str | None = Field(None, regex=AMOUNT)


def create_app(client: CheckoutClient, current_customer: Callable[..., UUID | None]) -> FastAPI:
    app = FastAPI()

    @app.post("/stores/{store_id}/carts/{cart_id}/checkout", status_code=201)
    async def checkout(store_id: UUID, cart_id: UUID, purchase: Purchase, response: Response,
                       idempotency_key: str = Header(min_length=1, max_length=255),
                       customer_id: UUID | None = Depends(current_customer)) -> dict[str, Any]:
        order = await client.checkout(store_id, cart_id, customer_id=customer_id,
                                      idempotency_key=idempotency_key, **purchase.dict())
        if order.replayed:
            response.status_code = 200
        return {"order_id": order.order_id, "order_number": order.order_number,
                "total": str(order.total), "currency": order.currency, "replayed": order.replayed}

    @app.exception_handler(CheckoutError)
    async def refuse(request: Request, error: CheckoutError) -> JSONResponse:
        body = {"code": error.code, "message": str(error), "detail": error.detail}
        if error.http_status == 500:  # not for the public: it belongs in the log
            body = {"code": "unexpected", "message": "internal error"}
        # Every request here has a key, so it may be sent again where no answer came, too.
        headers = {"Retry-After": "1"} if error.may_retry(repeatable=True) else None
        return JSONResponse(body, status_code=error.http_status, headers=headers)

    return app
