"""All four steps, end to end, from createAccount to active, with PayPal. The walkthrough pays with a bank deposit."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from tests.forms import COMPANY
from tests.paypal.server import PayPalServer
from tests.process.client import Client, found
from tests.process.conftest import Mailbox
from tests.process.serving import serving_aside

EMAIL, PASSWORD = "ana@example.com", "una frase larga"
ALL = ["CREATE_ACCOUNT", "CONFIRM_ACCOUNT", "CONFIGURE_COMPANY", "SELECT_PAYMENT_METHOD"]


def _first_three_steps(client: Client, mailbox: Mailbox) -> str:
    """The token of whoever has done them."""
    form = {"rfc": "EKU9003173C9", "email": EMAIL, "password": PASSWORD, "passwordConfirmation": PASSWORD}
    client.run("CreateAccount", **form)
    client.run("ConfirmAccount", code=found(r"\b[2-9A-Z]{40}\b", mailbox.next()))
    token = str(client.run("Login", email=EMAIL, password=PASSWORD)["token"])
    assert _steps(client, token) == ALL[:2]
    assert client.run("ConfigureCompany", token, **COMPANY)["__typename"] == "ConfigureCompanySuccess"
    assert client.run("CreateSeries", token, name="A")["__typename"] == "CreateSeriesSuccess"
    assert _steps(client, token) == ALL[:3]
    return token


def _steps(client: Client, token: str) -> Any:
    return client.run("Me", token)["onboarding"]["completedSteps"]


async def test_the_four_steps_work_with_paypal(
    migrated: Path, smtp: dict[str, str], mailbox: Mailbox, paypal: PayPalServer
) -> None:
    settings = {
        "PAYPAL_BASE_URL": paypal.url,
        "PAYPAL_CLIENT_ID": paypal.client_id,
        "PAYPAL_CLIENT_SECRET": paypal.client_secret,
        "PAYPAL_WEBHOOK_ID": paypal.webhook_id,
        "PAYPAL_RETURN_URL": "https://app.example.mx/pago",
    }
    async with serving_aside(migrated, **smtp, **settings) as (url, _):
        with httpx2.Client(base_url=url) as http:
            client = Client(http)
            token = await asyncio.to_thread(_first_three_steps, client, mailbox)
            started = await asyncio.to_thread(client.run, "StartPayPalPayment", token, planId="negocio")
            order_id = await _approve(started["approvalUrl"])

            completed = await asyncio.to_thread(client.run, "CompletePayPalPayment", token, orderId=order_id)

            me = await asyncio.to_thread(client.run, "Me", token)
            assert order_id == started["orderId"]
            assert completed["__typename"] == "CompletePayPalPaymentSuccess"
            assert "Recibimos tu pago" in await asyncio.to_thread(mailbox.next)
            assert (me["activation"]["active"], me["activation"]["method"]) == (True, "PAYPAL")
            assert me["onboarding"] == {"currentStep": None, "completedSteps": ALL}

            (unit,) = paypal.books.orders[order_id]["purchase_units"]
            refund_id = paypal.refund(unit["payments"]["captures"][0]["id"])
            headers, body = paypal.event_about("PAYMENT.CAPTURE.REFUNDED", refund_id)
            posted = await asyncio.to_thread(http.post, "/webhooks/paypal", content=body, headers=headers)

            assert posted.status_code == 204
            assert "devuelto" in await asyncio.to_thread(mailbox.next)
            assert await asyncio.to_thread(_steps, client, token) == ALL[:3]
    log = (migrated / "serve.log").read_text("utf-8")
    assert paypal.client_secret not in log
    assert not any(token in log for token in paypal.tokens)


async def _approve(url: str) -> str:
    """What the payer does on PayPal's page, and the order's id in the address that PayPal leads back to."""
    async with httpx2.AsyncClient() as browser:
        back = urlsplit((await browser.get(url)).headers["location"])
    assert back.hostname == "app.example.mx"
    return parse_qs(back.query)["token"][0]
