"""The stand-in's API over HTTP: only for its merchant, and never an internal error."""

import json
from typing import Any

import httpx2
import pytest

from app.composition import make_keys
from app.development.paypal.actions import Action, Choice, act, choose
from app.development.paypal.books import Books
from app.development.paypal.merchant import Merchant
from app.development.paypal.storage import Storage
from tests.api import Api
from tests.conftest import MakeApi

UNIT = {"amount": {"currency_code": "MXN", "value": "116.00"}, "custom_id": "1", "invoice_id": "1"}
ORDER = {
    "intent": "CAPTURE",
    "purchase_units": [UNIT],
    "payment_source": {"paypal": {"experience_context": {"return_url": "https://app.example.mx/pago"}}},
}


@pytest.fixture
async def api(make_api: MakeApi) -> Api:
    return await make_api(paypal_stand_in=True)


@pytest.fixture
def merchant(api: Api) -> Merchant:
    return Merchant.of(make_keys(api.settings), api.settings.own_url)


@pytest.fixture
async def http(api: Api, merchant: Merchant) -> httpx2.AsyncClient:
    """A client with the merchant's token."""
    basic = (merchant.client_id, merchant.client_secret)
    issued = await api.http.post(
        "/paypal/v1/oauth2/token", data={"grant_type": "client_credentials"}, auth=basic, follow_redirects=False
    )
    api.http.headers["authorization"] = f"Bearer {issued.json()['access_token']}"
    return api.http


async def create(http: httpx2.AsyncClient, **changes: Any) -> httpx2.Response:
    return await http.post(
        "/paypal/v2/checkout/orders", json={**ORDER, **changes}, headers={"paypal-request-id": json.dumps(changes)}
    )


async def test_an_order_is_created_shown_and_repeated(http: httpx2.AsyncClient) -> None:
    created, again = await create(http), await create(http)
    shown = await http.get(f"/paypal/v2/checkout/orders/{created.json()['id']}")

    assert (created.status_code, again.status_code, shown.status_code) == (201, 200, 200)
    assert again.json()["id"] == shown.json()["id"] == created.json()["id"]
    (approval,) = [link["href"] for link in shown.json()["links"] if link["rel"] == "payer-action"]
    assert approval == f"http://127.0.0.1:8000/paypal/checkoutnow?token={created.json()['id']}"


@pytest.mark.parametrize(
    "changes",
    [
        {"purchase_units": None},
        {"purchase_units": [None]},
        {"purchase_units": [{"amount": 5}]},
        {"purchase_units": [{**UNIT, "custom_id": 5}]},
        {"purchase_units": [{**UNIT, "items": [{}]}]},
        {"purchase_units": [{**UNIT, "amount": {"currency_code": "MXN", "value": "9" * 5000}}], "payment_source": []},
        {"payment_source": {"paypal": 5}},
    ],
)
async def test_a_malformed_order_is_refused_and_leaves_the_list_whole(
    http: httpx2.AsyncClient, changes: dict[str, Any]
) -> None:
    refused = await create(http, **changes)

    assert 400 <= refused.status_code < 500
    assert "No orders yet" in (await http.get("/paypal")).text


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b'{"webhook_event":', b"\xff", b"[" * 20_000])
@pytest.mark.parametrize("path", ["v2/checkout/orders", "v1/notifications/verify-webhook-signature"])
async def test_a_malformed_body_is_refused(http: httpx2.AsyncClient, path: str, body: bytes) -> None:
    refused = await http.post(f"/paypal/{path}", content=body, headers={"content-type": "application/json"})

    assert 400 <= refused.status_code < 500


async def test_the_approval_page_shows_hostile_names_as_text(http: httpx2.AsyncClient) -> None:
    unit = {**UNIT, "description": "<script>alert(1)</script>"}
    order_id = (await create(http, purchase_units=[unit])).json()["id"]

    page = await http.get("/paypal/checkoutnow", params={"token": order_id})

    assert "&lt;script&gt;" in page.text
    assert "form-action 'self' http: https:" in page.headers["content-security-policy"]
    assert (await http.get("/paypal/checkoutnow", params={"token": "x"})).status_code == 404


async def test_with_allowed_hosts_browsers_get_the_first_of_them(make_api: MakeApi) -> None:
    api = await make_api(paypal_stand_in=True, allowed_hosts="10.0.2.2,other.example")

    assert api.settings.browsers_url == "http://10.0.2.2:8000"
    assert api.settings.own_url == "http://127.0.0.1:8000"


def test_credentials_are_not_in_the_merchants_text(api: Api, merchant: Merchant) -> None:
    assert merchant.client_secret not in repr(merchant)


async def test_books_are_stored_with_what_was_done(api: Api, http: httpx2.AsyncClient) -> None:
    order_id = (await create(http)).json()["id"]
    storage = Storage(api.settings.data_dir / "paypal-stand-in.json", "")
    for choice in (Choice.DECLINE, Choice.PENDING):
        with storage.books() as books:
            choose(books, order_id, choice)
        with storage.books() as books:
            books.once("capture", choice.value, lambda: books.capture(order_id))
    with storage.books() as books:
        assert act(books, order_id, Action.SETTLE)
    with storage.books() as books:
        assert act(books, order_id, Action.REFUND_HALF)

    with storage.books() as books:
        kept = books.once("capture", Choice.PENDING.value, lambda: books.capture(order_id))
        (capture,) = books.captures.values()
        (refund,) = books.refunds.values()

    assert (capture["status"], refund["amount"]["value"]) == ("PARTIALLY_REFUNDED", "58.00")
    assert kept.body["purchase_units"][0]["payments"]["captures"] == [capture]


def test_only_the_newest_orders_are_stored(api: Api) -> None:
    storage = Storage(api.settings.data_dir / "paypal-stand-in.json", "")
    with storage.books() as books:
        for number in range(210):
            books.create({**ORDER, "purchase_units": [{**UNIT, "custom_id": str(number)}]}, str(number))
        newest = list(books.orders)[-200:]

    with storage.books() as books:
        assert list(books.orders) == newest


def test_unreadable_books_start_over(api: Api) -> None:
    file = api.settings.data_dir / "paypal-stand-in.json"
    for content in (
        "",
        "[]",
        "{}",
        '{"orders": [',
        '{"orders": {"a": 5}, "contexts": {}, "fates": {}, "answered": []}',
    ):
        file.write_text(content, "utf-8")

        with Storage(file, "").books() as books:
            assert books == Books()
