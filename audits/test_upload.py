"""examples/upload beside the real service, from createAccount to the invoice that finds no stamps left."""

import asyncio
import base64
import contextlib
import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import httpx2
import pytest
from standardwebhooks import Webhook

from audits.conftest import environment
from audits.upload import Example, Page, draft, running, until
from examples.upload.journal import Journal, State
from examples.upload.tokens import InvalidTokenError, Tokens
from services.access.keys import SigningKeys
from tests.access_tokens import ec_key, forgeries, verify
from tests.process.serving import ROOT

INVOICES = 60
CONDITIONS = ("", "RECHAZAR", "SIN RESPUESTA", "")
TFD = "{http://www.sat.gob.mx/TimbreFiscalDigital}TimbreFiscalDigital"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    python = environment(tmp_path_factory.mktemp("venv"), ROOT / "examples/upload/requirements.lock")
    with running(tmp_path_factory.mktemp("upload"), python) as example:
        yield example


@pytest.fixture(scope="module")
def shared(example: Example) -> Page:
    """The page of somebody for whom nothing is ever reserved."""
    return Page.of(example, "shared")


def test_the_first_invoice_is_stamped_a_refused_one_gives_back_and_the_last_finds_no_stamps(example: Example) -> None:
    page, first_id = Page.of(example, "ana"), str(uuid4())
    before = page.list()

    first = page.upload(draft(), first_id)
    repeated = page.upload(draft(), first_id)
    refused = page.upload(draft("RECHAZAR"))
    between = page.list()["account"]
    others = [page.upload(draft()) for _ in range(2)]
    last = page.upload(draft())

    assert (before["account"]["stamps_left"], before["invoices"]) == (3, [])
    assert (first["state"], first["series"], first["folio"]) == ("confirmed", "A", "1")
    assert repeated == first
    assert page.put(draft(total="1.00"), first_id).status_code == 409
    assert (refused["state"], refused["folio"]) == ("released", "2")
    assert "rechazó" in refused["reason"]
    assert (between["stamps_left"], between["company"]["series"][0]["next_folio"]) == (2, "2")
    assert [(each["state"], each["folio"]) for each in others] == [("confirmed", "2"), ("confirmed", "3")]
    assert (last["state"], last["folio"]) == ("failed", None)
    assert "Ya no te quedan timbres" in last["reason"]
    assert len(page.list()["invoices"]) == 5
    _check_document(page.get(f"/invoices/{first_id}.xml").content, first)
    assert page.person.run("Me")["activation"]["stamps"]["left"] == 0


def test_webhooks_tell_the_page_what_happened(example: Example) -> None:
    page = Page.of(example, "bea")
    for _ in range(3):
        page.upload(draft())

    def told() -> Any:
        notices = {each["type"]: each["content"] for each in page.list()["notices"]}
        return notices if {"invoice.confirmed", "stamps.low"} <= set(notices) else None

    assert until(told, "webhooks")["stamps.low"] == {"stampsLeft": 0}
    version = page.list()["version"]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(page.list, after=version)
        page.person.run("CreateSeries", name="B")
        changed = waiting.result(20)
    assert changed["version"] != version
    assert [each["name"] for each in changed["account"]["company"]["series"]] == ["A", "B"]
    assert changed["notices"][0]["type"] == "series.created"


def test_an_invoice_whose_answer_never_came_is_asked_about_again_after_a_kill(example: Example) -> None:
    page, request, before = Page.of(example, "carmen"), str(uuid4()), example.stamped()
    with ThreadPoolExecutor() as pool:
        lost = pool.submit(page.put, draft("SIN RESPUESTA"), request)
        until(lambda: [each["state"] for each in page.list()["invoices"]] == ["reserved"], "the reservation")
        example.kill()
        assert isinstance(lost.exception(), httpx2.TransportError)
    stamped = example.stamped() - before

    example.start()
    [invoice] = until(lambda: _all_ended(page), "the end")

    assert (invoice["state"], invoice["folio"]) == ("confirmed", "1")
    assert page.upload(draft("SIN RESPUESTA"), request) == invoice
    assert example.stamped() - before == stamped == {invoice["uuid"]}
    assert page.list()["account"]["stamps_left"] == 2


def test_a_silent_provider_is_asked_again_and_stamps_once(example: Example) -> None:
    """Whether its answer was lost or the request. The folios that wait are not given to others."""
    page, before = Page.of(example, "diana"), example.stamped()
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(page.put, [draft("SIN RESPUESTA"), draft("SIN LLEGAR"), draft("RECHAZAR")]))

    invoices = until(lambda: _all_ended(page), "the ends")

    assert {answer.status_code for answer in answers} <= {200, 202}
    assert sorted(each["state"] for each in invoices) == ["confirmed", "confirmed", "released"]
    assert example.stamped() - before == {each["uuid"] for each in invoices if each["uuid"]}
    assert page.list()["account"]["stamps_left"] == 1
    assert _folios(page, invoices) == set(range(1, int(page.series["next_folio"])))


def test_a_stamped_invoice_whose_reservation_was_ended_elsewhere_is_left_to_a_person(example: Example) -> None:
    page, request = Page.of(example, "dora"), str(uuid4())
    headers = {"authorization": f"Bearer {example.secrets.client_secret}"}
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(page.put, draft("SIN RESPUESTA"), request)
        until(lambda: [each["state"] for each in page.list()["invoices"]] == ["reserved"], "the reservation")
        query = "mutation Release($input: ReleaseInvoiceInput!) { releaseInvoice(input: $input) { __typename } }"
        body = {"query": query, "variables": {"input": {"requestId": request}}}
        released = example.service.post("/graphql", json=body, headers=headers).json()
        invoice = waiting.result().json()

    assert released["data"]["releaseInvoice"]["__typename"] == "ReleaseInvoiceSuccess"
    assert invoice["state"] == "disputed"
    _check_document(page.get(f"/invoices/{request}.xml").content, invoice, "SIN RESPUESTA")
    assert page.upload(draft("SIN RESPUESTA"), request) == invoice
    assert f"{request} cannot become confirmed" in example.log


def test_kills_at_any_moment_neither_lose_nor_double_an_invoice(example: Example) -> None:
    chance, before = random.Random(1), example.stamped()
    page = Page.of(example, "elena", "many")
    page.given, series = page.token, page.series["id"]
    answered = threading.Event()

    def crash() -> int:
        kills = 0
        while not answered.is_set():
            time.sleep(chance.uniform(0.05, 0.5))
            example.kill()
            example.start()
            kills += 1
        return kills

    def persist(number: int) -> Any:
        """Repeats an upload until it is answered, as a person would."""
        body, request = draft(CONDITIONS[number % len(CONDITIONS)], total=f"{number}.00"), str(uuid4())
        while (answer := _put(page, body, request, series)) is None or answer.status_code != 200:
            assert answer is None or answer.status_code in {202, 429, 503}, answer.text
            time.sleep(0.05)
        return answer.json()

    with ThreadPoolExecutor() as pool:
        crashing = pool.submit(crash)
        invoices = list(pool.map(persist, range(INVOICES)))
        answered.set()
        assert crashing.result() > 3

    confirmed = [each for each in invoices if each["state"] == "confirmed"]
    assert {each["state"] for each in invoices} == {"confirmed", "released"}
    assert {each["reason"] is None for each in confirmed} == {True}
    assert len(confirmed) == sum(CONDITIONS[number % len(CONDITIONS)] != "RECHAZAR" for number in range(INVOICES))
    assert len({each["folio"] for each in confirmed}) == len(confirmed)
    assert _folios(page, invoices) == set(range(1, int(page.series["next_folio"])))
    assert example.stamped() - before == {each["uuid"] for each in confirmed}
    assert page.list()["account"]["stamps_left"] == 1000 - len(confirmed)


_LEVELS = b"".join(b"<!ENTITY b%d '%s'>" % (level, b"&b%d;" % (level - 1) * 10) for level in range(1, 10))
BILLION = b"<!DOCTYPE a [<!ENTITY b0 'a'>" + _LEVELS + b"]>"
EXTERNAL = b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
HOSTILE = {
    "nothing": b"",
    "no XML": b"hola",
    "entities that grow": draft().replace(b"?>\n", b"?>\n" + BILLION).replace(b"Soporte", b"&b9;"),
    "an external entity": draft().replace(b"?>\n", b"?>\n" + EXTERNAL).replace(b"Soporte", b"&x;"),
    "an external subset": draft().replace(b"?>\n", b"?>\n<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'>"),
    "an instruction": draft().replace(b"?>\n", b"?>\n<?xml-stylesheet href='a.xsl'?>"),
    "too deep": draft().replace(b"<cfdi:Conceptos>", b"<a>" * 9_000 + b"</a>" * 9_000 + b"<cfdi:Conceptos>"),
    "UTF-16": draft().decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "Latin-1": draft().decode().encode("latin-1"),
    "a null character": draft().replace(b"Soporte", b"a\0b"),
    "a surrogate": draft().replace(b"Soporte", b"\xed\xa0\x80"),
    "an unknown encoding": draft().replace(b"UTF-8", b"UTF-7"),
    "an unclosed element": draft().replace(b"</cfdi:Comprobante>", b""),
    "two roots": draft() + b"<a/>",
    "an attribute twice": draft().replace(b"<cfdi:Comprobante ", b"<cfdi:Comprobante Moneda='USD' "),
    "an unknown prefix": draft().replace(b"<cfdi:Conceptos>", b"<x:y/><cfdi:Conceptos>"),
    "CFDI 3.3": draft(version="3.3"),
    "another namespace": draft().replace(b"/cfd/4", b"/cfd/3"),
    "a seal": draft().replace(b"<cfdi:Comprobante ", b"<cfdi:Comprobante Sello='a' "),
    "no issuer": draft().replace(b"cfdi:Emisor", b"cfdi:Otro"),
    "an amount that is none": draft(total="1e9"),
    "an amount in other digits": draft(total="١١٦.٠٠"),
    "an issuer's other RFC": draft(rfc="URE180429TM6"),
    "an issuer's other name": draft(name="ESCUELA KEMPER URGATE SA DE CV"),
    "an issuer's other regime": draft(regime="612"),
    "an issuer's other postal code": draft(place="06000"),
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_draft_that_is_not_ours_to_stamp_is_refused_and_nothing_is_reserved(shared: Page, hostile: str) -> None:
    answer = shared.put(HOSTILE[hostile])

    assert answer.status_code == 422, answer.text
    [problem] = answer.json()["problems"]
    assert len(problem["message"]) > 20
    assert "root:" not in answer.text
    assert (shared.list()["invoices"], shared.series["next_folio"]) == ([], "1")


def test_a_file_of_ten_megabytes_is_refused_before_it_is_read(shared: Page) -> None:
    assert shared.put(b"<a>" + b" " * 10_000_000 + b"</a>").status_code == 413
    assert shared.put(b"<" + b"a" * 99_000 + b"/>").status_code == 422


def test_another_series_than_the_accounts_is_refused(shared: Page) -> None:
    bea = Page.of(shared.example, "hilda")

    assert [shared.put(draft(), series=series).status_code for series in (bea.series["id"], "", "'")] == [422] * 3


def test_tokens_that_do_not_count_open_nothing(shared: Page) -> None:
    example, token = shared.example, shared.token
    published = httpx2.get(f"{example.accounts}/.well-known/jwks.json").json()
    claims = verify(token, published, audience=example.url, issuer=example.accounts)
    key = (example.folder.parent / "access-token.pem").read_text()
    other = str(shared.person.run("CreateAccessToken", audience="reports")["accessToken"])
    bad = {
        **forgeries(key, claims),
        "for another audience": other,
        "the session's": shared.person.token,
        "the client's secret": example.secrets.client_secret,
        "nothing": "x",
        "megabytes": "a" * 60_000,
        "three dots": "...",
    }

    accepted = [
        name for name, text in bad.items() if Page(example, shared.person, text).get("/invoices").status_code != 401
    ]

    assert accepted == []
    assert Page(example, shared.person, token).get("/invoices").status_code == 200
    without = [example.http.get(f"{example.url}/invoices", headers=headers) for headers in ({}, {"authorization": "x"})]
    assert [answer.status_code for answer in without] == [401, 401]


def test_nobody_sees_or_repeats_anothers_invoice(example: Example) -> None:
    ana, bea, request = Page.of(example, "fatima"), Page.of(example, "gloria"), str(uuid4())
    ana.upload(draft(), request)

    assert bea.list()["invoices"] == []
    assert bea.get(f"/invoices/{request}.xml").status_code == 404
    assert bea.put(draft(), request).status_code == 409
    assert bea.put(draft(), request, ana.series["id"]).status_code == 409


def test_a_webhook_counts_once_and_only_with_its_signature(shared: Page) -> None:
    example, account = shared.example, shared.person.run("Me")["id"]
    now = datetime.now(UTC)
    body = json.dumps(
        {"type": "stamps.low", "timestamp": now.isoformat(), "data": {"accountId": account, "stampsLeft": 9}}
    )

    def deliver(
        secret: str, at: datetime, id: str, sent: bytes = body.encode(), changed: dict[str, str] | None = None
    ) -> int:
        signature = Webhook(secret).sign(id, at, body)
        headers = {"webhook-id": id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
        url = f"{example.url}/webhooks/accounts"
        return example.http.post(url, content=sent, headers=headers | (changed or {})).status_code

    ours, other = example.secrets.webhook_secret, "whsec_" + base64.b64encode(b"x" * 32).decode()
    refused = [
        deliver(other, now, "1"),
        deliver(ours, now - timedelta(minutes=6), "1"),
        deliver(ours, now, "1", sent=body.replace("9", "8").encode()),
        deliver(ours, now, "1", changed={"webhook-id": "2"}),
        deliver(ours, now, "1", sent=b"\xff"),
        *(
            deliver(ours, now, "1", changed={"webhook-signature": text})
            for text in ("", "v1", "v1,x", "v1,,", "v2,eA==")
        ),
        deliver(ours, now, "1", changed={"webhook-timestamp": "soon"}),
        deliver(ours, now, "1", sent=b" " * 30_000),
    ]
    accepted = [deliver(ours, now, "1"), deliver(ours, now, "1")]

    assert refused == [401] * 11 + [413]
    assert accepted == [204, 204]
    assert [each["content"] for each in shared.list()["notices"] if each["type"] == "stamps.low"] == [{"stampsLeft": 9}]


async def test_an_unknown_key_makes_one_request_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """And keys that are known count while the accounts service is away."""
    key, now, asked = ec_key(), 1000.0, 0
    published = SigningKeys.parse(key).published

    def answer(_: httpx2.Request) -> httpx2.Response:
        nonlocal asked
        asked += 1
        return httpx2.Response(200 if asked == 1 else 503, json=published)

    claims = dict.fromkeys(("jti", "sid", "sub"), "a") | {"iss": "http://a", "aud": "b", "iat": 1, "exp": 10**10}
    good, unknown = (SigningKeys.parse(each).sign("at+jwt", claims) for each in (key, ec_key()))
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        tokens = Tokens(http, "http://a", "b", clock=lambda: now)
        assert await asyncio.gather(*(tokens.verify(good) for _ in range(3))) == ["a"] * 3
        for _ in range(3):
            with pytest.raises(InvalidTokenError):
                await tokens.verify(unknown)
        at_once = asked
        now += 3600
        for _ in range(3):
            assert await tokens.verify(good) == "a"

    assert (at_once, asked) == (1, 2)


def test_the_journal_moves_an_invoice_once_from_each_state(tmp_path: Path) -> None:
    with contextlib.closing(Journal(tmp_path / "journal.sqlite3")) as journal:
        new: Any = {"account_id": "a", "series_id": "s", "draft": b"x", "receiver": "r", "total": "1"}
        received = journal.add(request_id="1", **new)
        assert received
        assert journal.add(request_id="1", **new) is None
        reserved = journal.move(received, State.RESERVED, series="A", folio="1")

        with pytest.raises(RuntimeError):
            journal.move(received, State.FAILED, reason="late")

        assert journal.open() == [reserved]
        journal.move(reserved, State.CONFIRMED)
        assert journal.open() == []
        assert [journal.note("w", "a", "series.created", {}, datetime.now(UTC).isoformat()) for _ in "ab"] == [
            True,
            False,
        ]
        assert len(journal.notices("a")) == 1


def _put(page: Page, body: bytes, request: str, series: str) -> httpx2.Response | None:
    try:
        return page.put(body, request, series)
    except httpx2.TransportError:
        return None


def _folios(page: Page, invoices: Any) -> set[int]:
    """Returns those that an invoice bears, or that are skipped. Fails if an invoice bears a skipped one."""
    borne = {int(each["folio"]) for each in invoices if each["state"] == "confirmed"}
    skipped = set(map(int, page.series["skipped_folios"]))
    assert not borne & skipped
    return borne | skipped


def _check_document(document: bytes, invoice: dict[str, str], conditions: str = "") -> None:
    """The stamped CFDI is the draft with its number and its stamp, and nothing else."""
    root = ElementTree.fromstring(document)  # noqa: S314  # ours
    sent = ElementTree.fromstring(draft(conditions))  # noqa: S314
    assert root.attrib == {**sent.attrib, "Serie": "A", "Folio": "1"}
    stamp = root.find(f".//{TFD}")
    assert stamp is not None
    assert stamp.get("UUID") == invoice["uuid"]
    assert [child.tag for child in root][:3] == [child.tag for child in sent]
    assert "UNIVERSIDAD ROBOTICA ESPAÑOLA".encode() in document


def _all_ended(page: Page) -> Any:
    invoices = page.list()["invoices"]
    return invoices if all(each["state"] in {"confirmed", "released", "failed"} for each in invoices) else None
