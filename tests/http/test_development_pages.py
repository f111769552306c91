"""The pages of development: whole, closed to other sites, and absent from production."""

import re
from typing import Any

import httpx2
import pytest

from app.development.pages import FOLDER
from app.development.routes import development_routes
from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi
from tests.paypal.payers import payer

PAGES = ["/", "/development", "/mail", "/paypal", "/bank"]
FORMS = ["/bank", "/paypal/checkoutnow", "/paypal/payments"]
ALL = {"paypal_stand_in": True, "test_mode": True}


async def test_every_page_is_whole_in_itself(make_api: MakeApi) -> None:
    api = await make_api(**ALL)

    for path in PAGES:
        page = await api.http.get(path, headers={"accept": "text/html"})
        policy = page.headers["content-security-policy"]

        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert '<html lang="en">' in page.text
        assert "<main" in page.text
        assert "script-src 'self'; style-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"<script(?![^>]* src=)|<style|\s(style|on\w+)=", page.text)
        assert not re.search(r"(src|href)=\"(https?:)?//", page.text)


async def test_what_the_first_page_links_is_there(api: Api) -> None:
    page = (await api.http.get("/")).text
    links = {link for link in re.findall(r'(?:href|src)="(/[^"]+)"', page) if link != "/schema.graphql"}

    statuses = {link: (await api.http.get(link, headers={"accept": "text/html"})).status_code for link in links}

    assert {"/mail", "/paypal", "/bank", "/graphql", "/development/pages.css", "/development/docs/clients.md"} <= links
    assert {link: status for link, status in statuses.items() if status != 200} == {}


async def test_documents_are_text_and_nothing_else_is_read(api: Api) -> None:
    document = await api.http.get("/development/docs/clients.md")
    others = [
        await api.http.get(f"/development/{path}")
        for path in ("docs/..%2FREADME.md", "docs/%2E%2E", "..%2F__init__.py", "pages.py", "%2E%2E/pages.py")
    ]

    assert document.headers["content-type"] == "text/plain; charset=utf-8"
    assert {other.status_code for other in others} == {404}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:5173", "sec-fetch-site": "same-site"},
        {"origin": "null"},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example", "sec-fetch-site": "none"},
    ],
)
@pytest.mark.parametrize("path", FORMS)
async def test_no_other_page_can_send_a_form(make_api: MakeApi, path: str, headers: dict[str, str]) -> None:
    api = await make_api(**ALL)

    refused = await api.http.post(path, data={"choice": "approve", "action": "refund"}, headers=headers)

    assert refused.status_code == 403


async def test_browsers_that_send_only_the_origin_can_send_our_forms(api: Api) -> None:
    page = await api.http.get("/bank")

    form = {"reference": "1", "action": "undo"}
    sent = await api.http.post("/bank", data=form, headers={"origin": "http://localhost:8000"})

    assert sent.status_code == 409  # not 403: it was read, and no deposit has this reference
    assert page.headers["referrer-policy"] == "same-origin"  # without a referrer, the Origin would be null


@pytest.mark.parametrize(
    "body", [b"", b"\xff=\xff", b"action=" + b"x" * 20_000, b"choice=%00&action=%ff", b"{}", b"action=arrive&amount=x"]
)
@pytest.mark.parametrize("path", FORMS)
async def test_a_malformed_form_is_refused(make_api: MakeApi, path: str, body: bytes) -> None:
    api = await make_api(**ALL)

    refused = await api.http.post(path, content=body, headers={"content-type": "application/x-www-form-urlencoded"})

    assert 400 <= refused.status_code < 500


async def test_production_has_no_development_page(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)
    paths = [*PAGES, "/mail.json", "/mail/1", "/mail/1/html", "/development/pages.css", "/development/docs/clients.md"]
    paths += ["/paypal/checkoutnow", "/paypal/v2/checkout/orders/1", "/test/captcha/1"]

    got = {path: (await api.http.get(path, headers={"accept": "text/html"})).status_code for path in paths}
    posted = {path: (await api.http.post(path)).status_code for path in [*FORMS, "/paypal/v1/oauth2/token"]}

    assert {*got.values(), *posted.values()} == {404}
    with pytest.raises(ValueError, match="production"):
        development_routes(api.settings, api.composition, [])


async def test_the_bank_lets_deposits_arrive_and_takes_them_back(api: Api) -> None:
    ana = await payer(api)
    deposit = (await ana.act("RequestBankDeposit", planId="negocio"))["deposit"]
    reference, amount = deposit["reference"], deposit["amount"]["amount"]

    async def send(action: str) -> Any:
        answer = await api.http.post("/bank", data={"reference": reference, "amount": amount, "action": action})
        page = answer if answer.status_code == 409 else await api.http.get(answer.headers["location"])
        me = await ana.run("Me")
        return answer.status_code, _note(page.text), bool(me["activation"] and me["activation"]["active"])

    listed = (await api.http.get("/bank")).text
    outcomes = [await send(action) for action in ("differ", "arrive", "undo", "undo")]

    assert reference in listed
    assert "ana@example.com" in listed
    assert outcomes == [
        (409, f"{reference}: 1161.00 was paid instead of 1160.00; nothing was done", False),
        (303, f"{reference}: confirmed, 1160.00 MXN", True),
        (303, f"{reference}: taken back", False),
        (409, f"{reference}: not a confirmed deposit; nothing was done", False),
    ]


async def test_what_a_redirect_carries_stays_text(make_api: MakeApi) -> None:
    api = await make_api(**ALL)

    bank = await api.http.get("/bank", params={"reference": "<script>", "outcome": "<b>"})
    paypal = await api.http.get("/paypal", params={"event": "<script>", "status": "<b>"})

    assert "<b>" not in bank.text + paypal.text
    assert "&lt;script&gt;" in bank.text
    assert "&lt;script&gt;" in paypal.text


def _note(page: str) -> str:
    note = re.search(r'<p class="note" role="status">(.*?)</p>', page, re.DOTALL)
    return re.sub("<[^>]+>", "", note[1]) if note else ""


async def test_without_the_stand_in_its_page_says_why(api: Api) -> None:
    page = await api.http.get("/paypal")
    called: list[httpx2.Response] = [
        await api.http.post("/paypal/v1/oauth2/token"),
        await api.http.get("/paypal/checkoutnow"),
    ]

    assert "PAYPAL_STAND_IN is false" in page.text
    assert [response.status_code for response in called] == [404, 404]


def test_our_files_name_no_other_host() -> None:
    for path in (*FOLDER.glob("static/*"), *FOLDER.glob("templates/*")):
        assert not re.search(r"https?://", path.read_text("utf-8")), path
