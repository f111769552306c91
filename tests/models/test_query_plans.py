"""No statement of a request, of the worker or of the cleanup scans a table, however many rows it has.

The statements are those that the services run, taken from Tortoise's log and explained with their values.
`benchmarks/growth.py` measures what they cost with a million accounts.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from models.account import Account
from models.bank_movement import BankMovement
from models.delivery import Delivery
from models.event import Event
from models.payment import Payment
from models.retained_payment import RetainedPayment
from services.audit.events import EventKind, record
from services.audit.queries import events
from services.cleanup import Cleanup
from services.common.clock import MEXICO, utc_now
from services.common.heartbeat import Heartbeat
from services.common.money import Money
from services.events.facts import EventType
from services.events.feed import Page, read
from services.events.sequencing import assign_positions
from services.invoices import queries
from services.mail import outbox
from services.mail.claims import Claims
from services.mail.outbox import MailKind
from services.payments.bank.deposits import DepositService
from services.payments.bank.movements import SeenMovement
from services.payments.bank.outcomes import DepositConfirmed
from services.payments.ledger import ledger
from services.support.backlog import deletion_backlog
from services.support.personal_data import BATCH_SIZE
from tests.actors import OPERATOR
from tests.api import Api
from tests.companies import take
from tests.conftest import MakeApi
from tests.forms import COMPANY, EMAIL, NEW_PASSWORD, PASSWORD, RFC
from tests.invoices import active_account, paid, series_of
from tests.paypal.payers import PLAN, TOTAL, make_due, pay, payer, payment_of, start, takes_paypal
from tests.paypal.server import PayPalServer
from tests.smtp_servers import claim_one
from tests.statements import Statement, statements_run

CLEANED_TABLES = {
    "api_client_secret",
    "audit_event",
    "confirmation_code",
    "confirmed_code",
    "delivery",
    "event",
    "failure_streak",
    "heartbeat",
    "known_network",
    "limit_counter",
    "mailed_password",
    "payment",
    "registration",
    "retained_payment",
    "session",
    "spent_captcha",
}
OWED = "idx_delivery_owed_kind_due"
# The cleanup reads for whom mails are owed: these indexes hold those, and nothing else.
OF_THE_OWED = {OWED, "idx_delivery_owed_due_at"}

# Scans of exactly what is wanted.
_SHORT_IN_SQLITE = (
    "SCAN CONSTANT ROW",
    "SCAN always",  # login's one row for any e-mail
    *(f"SCAN {count} CONSTANT ROWS" for count in range(2, 6)),  # the windows of limits that a request counts in
    "SCAN counted",
    *(f"SCAN of_series_{place}" for place in range(1, 5)),  # at most fifty folios of each series
    "SCAN json_each VIRTUAL TABLE INDEX 1:",  # a list in the statement's own values
    *(f"SCAN delivery USING INDEX {index}" for index in OF_THE_OWED),
    *("SCAN of_account", "SCAN of_email"),  # a page of events of the trail
    *("SCAN waiting", "SCAN (subquery-4)", "SCAN numbered"),  # a batch of events that get their positions
    *(f"SCAN of_type_{number}" for number in range(len(EventType))),  # a page of events of each type
)


async def _registering(api: Api) -> None:
    await api.register()
    await api.mails()
    await api.act("ResendConfirmationCode", email=EMAIL)
    await api.act("ConfirmAccount", code=await api.mailed_code())
    assert (await api.register())["__typename"] == "UserAlreadyExistsError"


async def _signing_in(api: Api) -> None:
    await api.confirmed()
    await api.act("Login", email=EMAIL, password=NEW_PASSWORD)
    await api.token()
    await api.act("Login", email="nobody@example.com", password=NEW_PASSWORD)


async def _being_signed_in(api: Api) -> None:
    await api.confirmed()
    me, elsewhere = api.signed_in(await api.token()), api.signed_in(await api.token())
    assert len((await me.run("Me"))["sessions"]) == 2
    (other,) = [session for session in (await me.run("Me"))["sessions"] if not session["current"]]
    assert (await me.act("RenameSession", id=other["id"], deviceName="X"))["__typename"] == "RenameSessionSuccess"
    assert (await me.act("UpdateAccount", language="EN"))["__typename"] == "UpdateAccountSuccess"
    assert (await me.act("RevokeSession", id=other["id"]))["__typename"] == "RevokeSessionSuccess"
    assert await elsewhere.run("Me") is None
    await me.run("RevokeOtherSessions")
    await me.run("Logout")


async def _recovering(api: Api) -> None:
    await api.confirmed()
    mailed = await api.recover()
    me = api.signed_in(await api.token(password=mailed))
    form = {"currentPassword": mailed, "newPassword": NEW_PASSWORD, "newPasswordConfirmation": NEW_PASSWORD}
    assert (await me.act("ChangePassword", **form))["__typename"] == "ChangePasswordSuccess"
    again = {"currentPassword": NEW_PASSWORD, "newPassword": PASSWORD, "newPasswordConfirmation": PASSWORD}
    assert (await me.act("ChangePassword", **again))["__typename"] == "ChangePasswordSuccess"
    await api.mails()


async def _configuring(api: Api) -> None:
    await api.confirmed()
    me = api.signed_in(await api.token())
    for _ in range(2):
        assert (await me.act("ConfigureCompany", **COMPANY))["__typename"] == "ConfigureCompanySuccess"
    for name in ("A", "B", "A"):
        await me.act("CreateSeries", name=name)
    account = await me.run("Company")
    first, second = [series["id"] for series in account["company"]["series"]]
    await take(me, first, 2)
    for series, name in ((first, "A"), (second, "C")):
        updated = await me.act("UpdateSeries", id=series, name=name, firstFolio=1, lastFolio=2)
        assert updated["__typename"] == "UpdateSeriesSuccess"
    await take(me, first)
    answers = [await me.act("DeleteSeries", id=series) for series in (first, second)]
    assert [answer["__typename"] for answer in answers] == ["SeriesInUseError", "DeleteSeriesSuccess"]


async def _paying(api: Api) -> None:
    """Everything but PayPal's part, which has its own test below."""
    ana = await payer(api)
    reference = (await ana.act("RequestBankDeposit", planId=PLAN))["deposit"]["reference"]
    await ana.act("RequestBankDeposit", planId="empresa")
    payment, _ = (await ana.run("Payment"))["payments"]
    assert (await ana.act("CancelBankDeposit", id=payment["id"]))["__typename"] == "CancelBankDepositSuccess"
    await ana.act("RequestBankDeposit", planId="empresa")
    deposits = api.composition.services.deposits
    assert await deposits.issued([reference, "1234567897"]) == {reference}
    assert len(await deposits.expected_amounts()) == 1
    confirmed = await deposits.confirm(OPERATOR, reference, Money.parse(TOTAL), late=True)
    assert isinstance(confirmed, DepositConfirmed)
    await _paying_again(api.composition.services.deposits, reference)
    await api.composition.payment_worker.run_once()
    await api.mails()
    today = utc_now().astimezone(MEXICO).date()
    assert [entry.rfc async for entry in ledger(today, today)] == [RFC, RFC]


async def _paying_again(deposits: DepositService, reference: str) -> None:
    """With the same reference, and the operator's mistakes about it."""
    amount = Money.parse(TOTAL)
    for sign in "ab":
        await deposits.receive(OPERATOR, reference, amount, SeenMovement(sign * 64, None))
    for _ in range(2):
        assert isinstance(await deposits.confirm(OPERATOR, reference, amount, late=True), DepositConfirmed)
        assert await deposits.undo(OPERATOR, reference)


async def _invoicing(api: Api) -> None:
    account = await active_account(stamps=4)
    series, client = str(await series_of(account, last=3)), api.signed_in(await api.api_client())
    requests = [str(uuid4()) for _ in range(5)]
    for request in requests * 2:
        await client.act("ReserveInvoice", accountId=str(account.id), seriesId=series, requestId=request)
    await client.act("ReserveInvoice", accountId=str(account.id), seriesId=str(uuid4()), requestId=str(uuid4()))
    for _ in range(2):
        await client.act("ConfirmInvoice", requestId=requests[0], uuid=str(uuid4()))
        await client.act("ReleaseInvoice", requestId=requests[1])
        await client.run("Invoice", {"requestId": requests[2]})
    page = await client.run("OpenReservations", {"first": 1, "olderThanHours": 0})
    await client.run("OpenReservations", {"after": page["edges"][0]["cursor"], "olderThanHours": 0})
    await queries.open_reservations(utc_now(), 10)
    await queries.get(UUID(page["edges"][0]["node"]["id"]))
    await api.mails()


async def _auditing(api: Api) -> None:
    await api.confirmed()
    for choice in ({"email_key": EMAIL}, {"email_key": EMAIL, "since": utc_now()}, {"since": utc_now()}):
        await events(api.composition.actors, 100, **choice)
    me = api.signed_in(await api.token())
    page = (await me.run("SecurityEvents", {"first": 1}))["securityEvents"]
    await me.run("SecurityEvents", {"after": page["pageInfo"]["endCursor"]})


async def _asking_about_accounts(api: Api) -> None:
    await _configuring(api)
    token = await api.token()
    client = api.signed_in(await api.api_client())
    page = await client.run("Accounts", {"first": 1})
    [edge] = page["edges"]
    for arguments in ({"after": edge["cursor"]}, {"updatedSince": edge["node"]["updatedAt"]}):
        assert (await client.run("Accounts", arguments))["__typename"] == "AccountRecordConnection"
    for by in ({"id": edge["node"]["id"]}, {"email": EMAIL}, {"rfc": RFC}):
        assert (await client.run("Account", {"by": by}))["__typename"] == "AccountRecord"
    assert (await client.act("VerifySession", token=token))["__typename"] == "VerifySessionSuccess"


async def _following_events(api: Api) -> None:
    await api.confirmed()
    me = api.signed_in(await api.token())
    await me.act("ConfigureCompany", **COMPANY)
    account = await Account.get(email_key=EMAIL)
    account.lapse_due_at = utc_now()
    await account.save(update_fields=["lapse_due_at"])
    for _ in range(2):
        await api.composition.event_worker.run_once()
    for types in (None, {EventType.ACCOUNT_UPDATED}, set(EventType)):
        page = await read(None, 2, types)
        assert isinstance(page, Page)
        assert page.events
        await read(page.end, 2, types)


async def _exporting(api: Api) -> None:
    await api.confirmed()
    me = api.signed_in(await api.token())
    assert (await me.run("ExportAccount"))["__typename"] == "ExportAccountSuccess"
    code = await me.mailed_code()
    await Event.bulk_create(
        _events((await Account.get(email_key=EMAIL)).id, BATCH_SIZE)
    )  # so that a second batch is read
    assert [(await api.http.post("/exports", data={"token": code})).status_code for _ in range(2)] == [200, 410]


def _events(account_id: UUID, count: int) -> Iterator[Event]:
    for number in range(count):
        yield Event(
            id=10**9 + number,
            event_id=UUID(int=number),
            type=EventType.ACCOUNT_UPDATED.value,
            account_id=account_id,
            occurred_at=utc_now(),
            details={},
        )


async def _deleting_accounts(api: Api) -> None:
    """Asked for, taken back, reminded of, and done, for somebody who has paid and changed the e-mail."""
    now = utc_now()
    me = await payer(api)
    mine = Account.filter(email_key="ana.nueva@example.com")
    await me.act("ChangeEmail", email="ana.nueva@example.com")
    assert (await me.act("ConfirmEmail", code=await me.mailed_code()))["__typename"] == "ConfirmEmailSuccess"
    payment = await paid(await mine.get(), now, reference="0000000004")
    await BankMovement.create(id="m" * 64, payment_id=payment.id, counted_as_id=payment.id, seen_at=now)
    for operation in ("RequestAccountDeletion", "CancelAccountDeletion", "RequestAccountDeletion"):
        assert (await me.run(operation))["__typename"] == f"{operation}Success"
    await mine.update(deletion_turn_at=now)
    await api.composition.services.deletion.run_due()
    await mine.update(deletion_turn_at=now, deletion_due_at=now)
    assert (await deletion_backlog()).waiting == 1
    await api.composition.services.deletion.run_due()
    assert not await mine.exists()
    await api.mails()


async def _cleanup(api: Api) -> None:
    await _signing_in(api)
    await api.recover()
    ivo = await payer(api, "ivo@example.com")
    reference = (await ivo.act("RequestBankDeposit", planId=PLAN))["deposit"]["reference"]
    await Payment.filter(reference=reference).update(due_at=utc_now())
    await api.composition.payment_worker.run_once()
    await api.register(email="eva@example.com")
    await api.mails()
    await api.act("ResendConfirmationCode", email="nobody@example.com")
    await Heartbeat().beat()
    await api.api_client()
    await api.composition.client_registry.rotate(OPERATOR, "stamping", timedelta())
    await Account.filter(email_key="ivo@example.com").update(updated_at=None)
    await assign_positions()
    retained: dict[str, Any] = {"rfc": RFC, "method": "paypal", "status": "paid", "plan_id": PLAN, "currency": "MXN"}
    now = utc_now()
    moments: dict[str, Any] = {"created_at": now, "deleted_at": now, "retained_until": now}
    await RetainedPayment.create(id=uuid4(), **retained, **moments, subtotal=1000, tax=160)
    await Cleanup(clock=lambda: utc_now() + timedelta(days=400)).clean_up()


STORIES: dict[str, Callable[[Api], Awaitable[None]]] = {
    "registering": _registering,
    "signing in": _signing_in,
    "being signed in": _being_signed_in,
    "recovering": _recovering,
    "configuring": _configuring,
    "paying": _paying,
    "invoicing": _invoicing,
    "auditing": _auditing,
    "asking about accounts": _asking_about_accounts,
    "following events": _following_events,
    "exporting": _exporting,
    "deleting accounts": _deleting_accounts,
    "cleanup": _cleanup,
}


@pytest.fixture(autouse=True)
async def never_analyzed(database_url: str) -> None:
    """PostgreSQL plans for tables of ten pages then, and not for empty ones, as after an autovacuum of earlier rows."""
    if not database_url.startswith("postgres"):
        return
    connection = await asyncpg.connect(database_url)
    tables = await connection.fetch(
        "SELECT relname, reltuples >= 0 AS analyzed FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT LIKE 'tortoise%'"
    )
    if any(table["analyzed"] for table in tables):
        await connection.execute(f"TRUNCATE {', '.join(table['relname'] for table in tables)}")
    await connection.close()


@pytest.mark.parametrize("story", STORIES)
async def test_no_statement_scans_a_table(make_api: MakeApi, story: str) -> None:
    api = await make_api()

    with statements_run() as statements:
        await STORIES[story](api)

    assert len(statements) > 10
    assert await _walks_of(statements) == []
    if story == "cleanup":
        _assert_that_every_table_is_cleaned_up(statements)


async def test_no_statement_for_paypal_scans_a_table(make_api: MakeApi, paypal: PayPalServer) -> None:
    api = await make_api(**takes_paypal(paypal))
    ana = await payer(api)

    with statements_run() as starting:
        await start(ana)
    await make_due()
    with statements_run() as afterwards:
        await api.composition.payment_worker.run_once()
        capture_id = (await payment_of(await pay(ana, paypal))).paypal_capture_id
        headers, body = paypal.event_about("PAYMENT.CAPTURE.REVERSED", paypal.reverse(str(capture_id)))
        assert (await api.http.post("/webhooks/paypal", content=body, headers=headers)).status_code == 204

    assert await _walks_of([*starting, *afterwards]) == []


def _assert_that_every_table_is_cleaned_up(statements: list[Statement]) -> None:
    for verb in ("SELECT .* FROM", "DELETE FROM"):
        found = {match[1] for s in statements if (match := re.match(rf'{verb} "(\w+)"', s.text))}
        assert found >= CLEANED_TABLES


async def test_the_worker_searches_only_unsent_mails(database: dict[str, Any]) -> None:
    await Delivery.bulk_create(_finished(2000))
    await outbox.enqueue(MailKind.RECOVERY, EMAIL)
    await _analyze()

    with statements_run() as statements:
        await claim_one(Claims())

    looks = [s for s in statements if "UPDATE delivery" in s.text]
    assert looks
    assert [look.text for look in looks if OWED not in json.dumps(await _plan(look))] == []


async def test_a_page_of_open_reservations_reads_none_that_is_decided(database: dict[str, Any]) -> None:
    """A client has few open ones, and for years all those that it confirmed."""
    with statements_run() as statements:
        await queries.open_reservations(utc_now(), 10, client_id=uuid4(), after=(utc_now(), uuid4()))

    [look] = statements
    assert "idx_invoice_reservation_open" in json.dumps(await _plan(look))


async def test_a_batch_of_the_cleanup_reads_only_its_own_rows(database: dict[str, Any]) -> None:
    """By their keys: with the conditions, too, SQLite would read all that has expired."""
    await record(OPERATOR, EventKind.SIGNED_IN)

    with statements_run() as statements:
        await Cleanup(clock=lambda: utc_now() + timedelta(days=40)).clean_up()

    [deletion] = [each for each in statements if each.text.startswith('DELETE FROM "audit_event"')]
    assert re.findall(r'"(\w+)" ?(?:IN|<=|=)', deletion.text) == ["id"]


def _finished(count: int) -> Iterator[Delivery]:
    then = utc_now() - timedelta(days=1)
    for number in range(count):
        email = f"{number}@example.com"
        yield Delivery(
            id=uuid4(), kind="recovery", email_key=email, requested_at=then, due_at=then, finished_at=then, attempts=1
        )


async def _analyze() -> None:
    """As autovacuum does; in SQLite nobody does."""
    if _on_postgresql():
        await get_connection("default").execute_script("ANALYZE delivery")


async def _walks_of(statements: list[Statement]) -> list[tuple[str, str]]:
    """Explains a statement once for each choice of its values that are null."""
    different = {(each.text, *(value is None for value in each.values)): each for each in statements}
    return [(each.text, walk) for each in different.values() for walk in await _walks(each)]


async def _walks(statement: Statement) -> list[str]:
    """The steps of its plan that read all of a table or of an index."""
    plan = await _plan(statement)
    if not _on_postgresql():
        details = [row["detail"] for row in plan]
        return [detail for detail in details if detail.startswith("SCAN") and detail not in _SHORT_IN_SQLITE]
    return [node["Node Type"] for node in _nodes(json.loads(plan[0]["QUERY PLAN"])[0]["Plan"]) if _walks_all(node)]


async def _plan(statement: Statement) -> list[dict[str, Any]]:
    """PostgreSQL, whose tables are small here, is told to scan only if it cannot do otherwise."""
    async with in_transaction() as connection:
        if _on_postgresql():
            await connection.execute_query("SET LOCAL enable_seqscan = off")
        prefix = "EXPLAIN (FORMAT JSON)" if _on_postgresql() else "EXPLAIN QUERY PLAN"
        return await connection.execute_query_dict(f"{prefix} {statement.text}", list(statement.values))


def _walks_all(node: dict[str, Any]) -> bool:
    if node["Node Type"] in {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}:
        return "Index Cond" not in node and node["Index Name"] not in OF_THE_OWED
    return bool(node["Node Type"] == "Seq Scan")


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _on_postgresql() -> bool:
    return get_connection("default").capabilities.dialect == "postgres"
