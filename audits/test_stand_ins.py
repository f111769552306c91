"""Both payments with nothing configured: the service plays PayPal and the bank, over HTTP to its own port."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from audits.person import Person
from tests.process.serving import CHEAP_ARGON2, serving


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    folder = tmp_path_factory.mktemp("stand-ins")
    settings = {
        **CHEAP_ARGON2,
        "TEST_MODE": "true",
        "PAYPAL_RETURN_URL": "http://localhost:5173/pago?plan=1#x",
        "HTTP_PROXY": "http://127.0.0.1:9",  # nothing listens there
    }
    with serving(folder, **settings) as (url, _), httpx2.Client(base_url=url) as client:
        yield client


def test_an_approved_payment_activates_and_a_refund_of_all_of_it_ends_that(http: httpx2.Client) -> None:
    ana = Person(http, "ana")
    started = ana.start()
    page = http.get(started["approvalUrl"])
    back = urlsplit(ana.choose(started["orderId"], "approve"))

    completed = ana.complete(parse_qs(back.query)["token"][0])
    active = ana.is_active()
    half = ana.act(started["orderId"], "refund-half"), ana.is_active()
    rest = ana.act(started["orderId"], "refund"), ana.is_active()

    assert "1160.00 MXN" in page.text
    assert (back.netloc, back.path, back.fragment) == ("localhost:5173", "/pago", "x")
    assert parse_qs(back.query).keys() == {"plan", "token", "PayerID"}
    assert (completed, active) == ("CompletePayPalPaymentSuccess", True)
    assert half == ("/paypal?event=PAYMENT.CAPTURE.REFUNDED&status=204", True)
    assert rest == ("/paypal?event=PAYMENT.CAPTURE.REFUNDED&status=204", False)
    assert ana.mail("Devolución")


def test_a_reversal_reaches_the_service(http: httpx2.Client) -> None:
    eva = Person(http, "eva")
    order_id = eva.start()["orderId"]
    eva.choose(order_id, "approve")
    assert eva.complete(order_id) == "CompletePayPalPaymentSuccess"

    reported = eva.act(order_id, "reverse")

    assert reported == "/paypal?event=PAYMENT.CAPTURE.REVERSED&status=204"
    assert not eva.is_active()
    assert eva.act(order_id, "reverse") == "/paypal"


def test_a_declined_payment_can_be_approved_again_and_reviewed(http: httpx2.Client) -> None:
    bea = Person(http, "bea")
    order_id = bea.start()["orderId"]

    outcomes = []
    for choice in ("cancel", "decline", "pending"):
        bea.choose(order_id, choice)
        outcomes.append(bea.complete(order_id))
    settled = bea.act(order_id, "settle")

    assert outcomes == ["PaymentNotApprovedError", "PaymentDeclinedError", "PaymentPendingError"]
    assert settled == "/paypal?event=PAYMENT.CAPTURE.COMPLETED&status=204"
    assert bea.is_active()


def test_a_review_may_end_with_a_denial(http: httpx2.Client) -> None:
    gil = Person(http, "gil")
    order_id = gil.start()["orderId"]
    gil.choose(order_id, "pending")
    assert gil.complete(order_id) == "PaymentPendingError"

    denied = gil.act(order_id, "deny")

    assert denied == "/paypal?event=PAYMENT.CAPTURE.DENIED&status=204"
    assert not gil.is_active()


def test_a_payer_who_does_not_come_back_is_heard_of_by_webhook(http: httpx2.Client) -> None:
    leo = Person(http, "leo")

    reported = leo.choose(leo.start()["orderId"], "leave")

    assert reported == "/paypal?event=CHECKOUT.ORDER.APPROVED&status=204"
    assert leo.is_active()


def test_a_deposit_arrives_at_the_bank(http: httpx2.Client) -> None:
    sol = Person(http, "sol")
    deposit = sol.run("RequestBankDeposit", planId="negocio")["deposit"]
    form = {"reference": deposit["reference"], "amount": deposit["amount"]["amount"], "action": "arrive"}

    assert http.post("/bank", data=form).status_code == 303
    assert sol.is_active()


def test_the_stand_in_answers_only_its_merchant_and_no_forged_event_counts(http: httpx2.Client) -> None:
    without = [
        http.post("/paypal/v1/oauth2/token", data={"grant_type": "client_credentials"}),
        http.post("/paypal/v1/oauth2/token", headers={"authorization": "Basic x"}),
        http.get("/paypal/v2/checkout/orders/ABC"),
        http.post("/paypal/v2/checkout/orders", json={}, headers={"authorization": "Bearer x"}),
        http.get("/paypal/nothing"),
    ]
    kim = Person(http, "kim")
    order_id = kim.start()["orderId"]
    headers = {
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": f"{str(http.base_url).rstrip('/')}/paypal/v1/notifications/certs/CERT",
        "paypal-transmission-id": "1",
        "paypal-transmission-sig": "forged",
        "paypal-transmission-time": "2026-03-02T15:04:05Z",
    }
    event = {"event_type": "CHECKOUT.ORDER.APPROVED", "resource": {"id": order_id, "purchase_units": []}}

    forged = http.post("/webhooks/paypal", content=json.dumps(event), headers=headers)

    assert [response.status_code for response in without] == [401, 401, 401, 401, 404]
    assert forged.status_code == 400
