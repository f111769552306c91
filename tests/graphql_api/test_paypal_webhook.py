"""PayPal's webhook, as PayPal, a forger and a broken network use it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from app.development.paypal.api import Call
from app.development.paypal.replies import Json
from models.account import Account
from models.payment import Payment
from services.common.clock import utc_now
from tests.api import Api
from tests.conftest import MakeApi
from tests.paypal.http import Trouble
from tests.paypal.payers import (
    TOTAL,
    YEAR,
    activation,
    complete,
    pay,
    payer,
    payment_of,
    start,
    start_approved,
    start_pending,
    takes_paypal,
)
from tests.paypal.server import PayPalServer
from tests.stores import ON_SQLITE


@pytest.fixture
def shop_settings(paypal: PayPalServer) -> dict[str, Any]:
    return {**takes_paypal(paypal), "limit_paypal_webhook": "3/hour"}


async def _post(api: Api, webhook: tuple[Mapping[str, str], bytes]) -> httpx2.Response:
    headers, body = webhook
    return await api.http.post("/webhooks/paypal", content=body, headers=dict(headers))


def _forged(paypal: PayPalServer, order_id: str) -> tuple[Mapping[str, str], bytes]:
    """An event with the shape of PayPal's, about an order that is one of ours."""
    headers, _ = paypal.event("PAYMENT.CAPTURE.COMPLETED", {})
    return headers, json.dumps({"resource": {"purchase_units": [], "id": order_id}}).encode()


async def _capture_of(order_id: str) -> str:
    capture_id = (await payment_of(order_id)).paypal_capture_id
    assert capture_id
    return capture_id


class TestEvents:
    async def test_an_approved_order_is_paid_even_if_its_payer_never_came_back(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id = await start_approved(ana, paypal)

        response = await _post(ana, paypal.event_about("CHECKOUT.ORDER.APPROVED", order_id))

        assert (response.status_code, response.content) == (204, b"")
        assert (await activation(ana))["active"]
        assert paypal.paid(str((await payment_of(order_id)).id)) == Decimal(TOTAL)

    async def test_a_pending_payment_activates_once_it_is_completed(self, ana: Api, paypal: PayPalServer) -> None:
        _, capture = await start_pending(ana, paypal)
        pending = await _post(ana, paypal.event_about("PAYMENT.CAPTURE.PENDING", capture["id"]))
        unsettled = await activation(ana)

        paypal.settle(capture["id"])
        completed = await _post(ana, paypal.event_about("PAYMENT.CAPTURE.COMPLETED", capture["id"]))

        assert (pending.status_code, completed.status_code) == (204, 204)
        assert unsettled is None
        assert (await activation(ana))["active"]

    async def test_a_denied_payment_ends(self, ana: Api, paypal: PayPalServer) -> None:
        order_id, capture = await start_pending(ana, paypal)
        paypal.deny(capture["id"])

        await _post(ana, paypal.event_about("PAYMENT.CAPTURE.DENIED", capture["id"]))

        assert (await payment_of(order_id)).status == "declined"
        assert await activation(ana) is None

    @pytest.mark.parametrize("how", ["REFUNDED", "REVERSED"])
    async def test_a_refund_deactivates_the_account_and_a_mail_says_so(
        self, ana: Api, paypal: PayPalServer, how: str
    ) -> None:
        order_id = await pay(ana, paypal)
        await ana.mails()
        capture_id = await _capture_of(order_id)
        refund_id = paypal.refund(capture_id) if how == "REFUNDED" else paypal.reverse(capture_id)

        response = await _post(ana, paypal.event_about(f"PAYMENT.CAPTURE.{how}", refund_id))

        me = await ana.run("Me")
        (mail,) = await ana.mails()
        assert response.status_code == 204
        assert not me["activation"]["active"]
        assert me["onboarding"]["currentStep"] == "SELECT_PAYMENT_METHOD"
        assert mail["subject"] == "Devolución de un pago de Timbrado"
        assert await start(ana) != order_id

    async def test_a_partial_refund_leaves_the_account_active(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await pay(ana, paypal)
        refund_id = paypal.refund(await _capture_of(order_id), partial=True)

        await _post(ana, paypal.event_about("PAYMENT.CAPTURE.REFUNDED", refund_id))

        assert (await activation(ana))["active"]

    async def test_refunding_one_of_two_years_leaves_the_other(self, ana: Api, paypal: PayPalServer) -> None:
        await pay(ana, paypal)
        await Account.all().update(active_since=utc_now() - YEAR, active_until=utc_now() + timedelta(days=10))
        second = await pay(ana, paypal)
        both = (await activation(ana))["until"]
        refund_id = paypal.refund(await _capture_of(second))

        await _post(ana, paypal.event_about("PAYMENT.CAPTURE.REFUNDED", refund_id))

        left = await activation(ana)
        assert left["active"]
        assert left["until"] < both


class TestOrderAndRepetition:
    async def test_a_replayed_event_changes_nothing(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await pay(ana, paypal)
        capture_id = await _capture_of(order_id)
        event = paypal.event_about("PAYMENT.CAPTURE.COMPLETED", capture_id)
        before = await _everything()

        responses = [await _post(ana, event) for _ in range(5)]

        assert {response.status_code for response in responses} == {204}
        assert await _everything() == before
        assert len(await ana.mails()) == 1

    async def test_an_old_event_does_not_undo_a_refund(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await pay(ana, paypal)
        capture_id = await _capture_of(order_id)
        completed = paypal.event_about("PAYMENT.CAPTURE.COMPLETED", capture_id)
        approved = paypal.event_about("CHECKOUT.ORDER.APPROVED", order_id)
        refunded = paypal.event_about("PAYMENT.CAPTURE.REFUNDED", paypal.refund(capture_id))
        for event in (refunded, completed, approved, refunded):
            assert (await _post(ana, event)).status_code == 204

        assert not (await activation(ana))["active"]
        assert [mail["subject"] for mail in await ana.mails()] == ["Devolución de un pago de Timbrado"]

    async def test_a_refund_that_arrives_before_the_payment_leaves_the_account_inactive(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id = await start_approved(ana, paypal)
        paypal.fail(Call.CAPTURE, Trouble.LOST, Trouble.LOST)
        await complete(ana, order_id)
        (capture,) = paypal.captures_of(str((await payment_of(order_id)).id))
        completed = paypal.event_about("PAYMENT.CAPTURE.COMPLETED", capture["id"])
        reversed_ = paypal.event_about("PAYMENT.CAPTURE.REVERSED", paypal.reverse(capture["id"]))

        for event in (reversed_, completed):
            assert (await _post(ana, event)).status_code == 204

        assert await activation(ana) is None
        assert await ana.mails() == []

    async def test_an_event_about_nothing_of_ours_is_accepted_and_ignored(self, ana: Api, paypal: PayPalServer) -> None:
        before = await _everything()

        for resource in ({}, {"id": "5O190127TN364715T"}, {"custom_id": "x", "links": [{"rel": "up"}, 1]}):
            event = paypal.event("PAYMENT.CAPTURE.COMPLETED", resource)
            assert (await _post(ana, event)).status_code == 204

        assert await _everything() == before


class TestForgery:
    async def test_an_event_that_paypal_did_not_sign_changes_nothing(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start(ana)
        payment = await payment_of(order_id)
        headers, _ = paypal.event_about("CHECKOUT.ORDER.APPROVED", order_id)
        resource = {"id": "2GG279541U471931P", "status": "COMPLETED", "custom_id": str(payment.id)}
        forged = json.dumps({"event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": resource}).encode()
        before = await _everything()

        response = await _post(ana, (headers, forged))

        assert response.status_code == 400
        assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        assert await _everything() == before
        assert await activation(ana) is None

    async def test_an_altered_event_is_refused(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await pay(ana, paypal)
        headers, body = paypal.event_about("PAYMENT.CAPTURE.COMPLETED", await _capture_of(order_id))

        response = await _post(ana, (headers, body.replace(b"COMPLETED", b"REVERSED")))

        assert response.status_code == 400
        assert (await activation(ana))["active"]

    @ON_SQLITE
    async def test_a_body_that_is_no_event_is_refused(self, ana: Api, paypal: PayPalServer) -> None:
        headers, _ = paypal.event("PAYMENT.CAPTURE.COMPLETED", {})
        bodies = (b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 50_000)

        statuses = {}
        for body in bodies:
            await ana.forget_limits()
            statuses[body] = (await _post(ana, (headers, body))).status_code

        assert statuses == dict.fromkeys(bodies, 400)

    @ON_SQLITE
    async def test_paypal_is_not_asked_about_an_event_without_a_signature(self, ana: Api, paypal: PayPalServer) -> None:
        response = await _post(ana, ({"content-type": "application/json"}, b"{}"))

        assert response.status_code == 400
        assert paypal.asked(Call.VERIFY) == []

    async def test_forged_events_are_limited_and_genuine_ones_are_not(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start(ana)
        true = paypal.event_about("CHECKOUT.ORDER.APPROVED", order_id)
        taken = [(await _post(ana, true)).status_code for _ in range(10)]

        forged = [await _post(ana, _forged(paypal, order_id)) for _ in range(5)]

        assert set(taken) == {204}
        assert [response.status_code for response in forged] == [400, 400, 400, 429, 429]
        assert 0 < int(forged[-1].headers["retry-after"]) <= 3600


class TestFlood:
    """Forged events from everywhere must not use up the questions that PayPal allows us."""

    @pytest.fixture
    async def shop(self, make_api: MakeApi, paypal: PayPalServer) -> Api:
        return await make_api(**takes_paypal(paypal), trusted_proxies=1)

    async def test_paypal_is_not_asked_about_events_about_nothing_of_ours(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start_approved(ana, paypal)
        strange: list[Json] = [
            {},
            {"id": "5O190127TN364715T"},
            {"custom_id": str(uuid4())},
            {"purchase_units": [], "id": "1AB"},
        ]

        for number in range(12):
            headers, body = paypal.event("PAYMENT.CAPTURE.COMPLETED", strange[number % 4])
            await _post(ana, ({**headers, "x-forwarded-for": f"203.0.113.{number}"}, body))
        asked = len(paypal.asked(Call.VERIFY))
        true = await _post(ana, paypal.event_about("CHECKOUT.ORDER.APPROVED", order_id))

        assert (asked, true.status_code) == (0, 204)
        assert (await activation(ana))["active"]

    async def test_paypal_is_asked_ten_times_about_a_payment_whose_events_are_forged(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        paid = await pay(ana, paypal)
        await ana.mails()
        eva = await payer(Api(ana.http, ana.composition, ana.settings), email="eva@example.com")
        order_id = await start(eva)
        paypal.approve(order_id)

        statuses = []
        for number in range(13):
            headers, body = _forged(paypal, paid)
            forged = ({**headers, "x-forwarded-for": f"203.0.113.{number}"}, body)
            statuses.append((await _post(ana, forged)).status_code)
        asked = len(paypal.asked(Call.VERIFY))
        true = await _post(ana, paypal.event_about("CHECKOUT.ORDER.APPROVED", order_id))

        assert statuses == [400] * 10 + [429] * 3
        assert asked == 10
        assert true.status_code == 204
        assert (await activation(eva))["active"]

    @ON_SQLITE
    async def test_paypal_is_not_asked_about_a_foreign_certificate(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start(ana)
        headers, body = paypal.event_about("CHECKOUT.ORDER.APPROVED", order_id)
        elsewhere = [
            "https://paypal.com.example/cert",
            "http://api.paypal.com/cert",
            "https://evilpaypal.com/cert",
            "https://paypal.com@example.com/cert",
            "https://example.com/https://api.paypal.com/cert",
            f"{paypal.url}1/cert",
        ]

        answers = [await _post(ana, ({**headers, "paypal-cert-url": url}, body)) for url in elsewhere]

        assert {answer.status_code for answer in answers} == {400}
        assert paypal.asked(Call.VERIFY) == []

    async def test_a_reversal_of_an_unknown_capture_must_be_sent_again(self, ana: Api, paypal: PayPalServer) -> None:
        event = paypal.event("PAYMENT.CAPTURE.REVERSED", {"id": "5O190127TN364715T"})

        assert (await _post(ana, event)).status_code == 503
        assert paypal.asked(Call.VERIFY) == []


class TestFailures:
    async def test_a_genuine_event_that_fails_makes_no_room_for_forged_ones(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id = await start(ana)
        event = paypal.event_about("CHECKOUT.ORDER.APPROVED", order_id)
        forged = [(await _post(ana, _forged(paypal, order_id))).status_code for _ in range(2)]
        paypal.fail(Call.SHOW, Trouble.DROP, Trouble.DROP)

        away = (await _post(ana, event)).status_code
        forged += [(await _post(ana, _forged(paypal, order_id))).status_code for _ in range(2)]

        assert away == 503
        assert forged == [400, 400, 400, 429]

    async def test_while_paypal_cannot_be_asked_an_event_must_be_sent_again(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id = await start_approved(ana, paypal)
        event = paypal.event_about("CHECKOUT.ORDER.APPROVED", order_id)
        paypal.fail(Call.VERIFY, Trouble.UNAVAILABLE, Trouble.UNAVAILABLE)

        away = await _post(ana, event)
        unsettled = await activation(ana)
        again = await _post(ana, event)

        assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        assert unsettled is None
        assert again.status_code == 204
        assert (await activation(ana))["active"]

    async def test_an_event_must_be_sent_again_if_its_order_cannot_be_read(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id = await start_approved(ana, paypal)
        event = paypal.event_about("CHECKOUT.ORDER.APPROVED", order_id)
        paypal.fail(Call.SHOW, Trouble.DROP, Trouble.DROP)

        assert (await _post(ana, event)).status_code == 503
        assert (await _post(ana, event)).status_code == 204

    @ON_SQLITE
    async def test_there_is_no_webhook_unless_paypal_is_configured(self, make_api: MakeApi) -> None:
        assert (await _post(await make_api(), ({}, b"{}"))).status_code == 404

    @ON_SQLITE
    async def test_the_webhook_takes_only_posts_of_limited_size(self, ana: Api) -> None:
        got = await ana.http.get("/webhooks/paypal")
        large = await _post(ana, ({}, b" " * 100_001))
        packed = await _post(ana, ({"content-encoding": "gzip"}, b"{}"))

        assert (got.status_code, got.headers["allow"]) == (405, "POST")
        assert (large.status_code, packed.status_code) == (413, 415)


async def _everything() -> object:
    return [await model.all().order_by("id").values() for model in (Account, Payment)]
