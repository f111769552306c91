"""What asks the tests' PayPal."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

from services.common.money import Money
from services.payments.paypal.client import PayPalClient
from services.payments.paypal.values import Order
from tests.paypal.server import PayPalServer

SUBTOTAL, TAX, TOTAL = Money(Decimal(1000)), Money(Decimal(160)), Money(Decimal(1160))


@contextlib.asynccontextmanager
async def api_to(
    server: PayPalServer,
    *,
    secret: str | None = None,
    timeout: float = 10.0,
    monotonic: Callable[[], float] = time.monotonic,
) -> AsyncIterator[PayPalClient]:
    """`timeout`, in seconds, is long where no test waits for it."""
    secret = secret or server.client_secret
    api = PayPalClient(server.url, server.client_id, secret, server.webhook_id, timeout=timeout, monotonic=monotonic)
    try:
        yield api
    finally:
        await api.aclose()


async def make_order(
    api: PayPalClient, custom_id: str = "INV-1", *, request_id: str | None = None, subtotal: Money = SUBTOTAL
) -> Order:
    return await api.create_order(
        request_id=request_id or f"create-{custom_id}",
        custom_id=custom_id,
        subtotal=subtotal,
        tax=TAX,
        description="Timbrado, plan anual",
        locale="es-MX",
        brand="Timbrado",
        return_url="https://app.example.com/paid?plan=1",
        cancel_url="https://app.example.com/plans",
    )


async def make_paid_order(server: PayPalServer, api: PayPalClient, custom_id: str = "INV-1") -> Order:
    order = await make_order(api, custom_id)
    server.approve(order.id)
    return await api.capture_order(order.id, f"capture-{custom_id}")
