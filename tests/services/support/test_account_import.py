"""Accounts of another system become ours, on either database, and go on to another one."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import Any
from uuid import UUID, uuid4

from models.account import Account
from models.audit_event import AuditEvent
from models.company import Company
from models.delivery import Delivery
from models.failure_streak import FailureStreak
from models.registration import Registration
from models.series import Series
from services.accounts.lockout import LoginLockout
from services.common.clock import utc_now
from services.common.secrets import Keys
from services.mail.outbox import MailKind, enqueue, enqueue_for_registration
from services.support import account_import
from services.support.account_export import exported_accounts
from services.support.account_import import AccountImport, ImportedBatch
from tests.account_lines import HASH, account_line
from tests.actors import OPERATOR
from tests.forms import COMPANY, EMAIL, RFC
from tests.stored_accounts import store_account

LOCKOUT = LoginLockout(Keys(b"a key of thirty-two bytes or more"))


async def _import(*lines: bytes | None, dry_run: bool = False) -> tuple[int, int, list[str]]:
    """How many were imported and were there, and what was refused."""
    return await _totals(lines, dry_run=dry_run)


async def _totals(lines: Iterable[bytes | None], *, dry_run: bool = False) -> tuple[int, int, list[str]]:
    batches: list[ImportedBatch] = [
        batch async for batch in AccountImport(LOCKOUT).run(OPERATOR, lines, dry_run=dry_run)
    ]
    refused = [f"{line.number} {line.problems[0]}" for batch in batches for line in batch.refused]
    return sum(batch.imported for batch in batches), sum(batch.there for batch in batches), refused


async def _export() -> list[bytes]:
    return [line async for line in exported_accounts(OPERATOR)]


async def test_a_line_becomes_an_account_with_company_and_series(database: dict[str, Any]) -> None:
    account_id = uuid4()

    assert await _import(account_line(id=str(account_id))) == (1, 0, [])

    account, company, series = await Account.get(), await Company.get(), await Series.get()
    assert (account.id, account.email_key, account.rfc) == (account_id, EMAIL, RFC)
    assert (account.password_hash, account.language, account.stage) == (HASH, "en", "configured")
    assert (account.created_at.isoformat(), account.confirmed_at.isoformat()) == (
        "2020-05-17T16:00:00+00:00",
        "2020-05-18T10:00:00+00:00",
    )
    assert account.updated_at == company.updated_at  # when it was imported
    assert (company.account_id, company.legal_name) == (account_id, COMPANY["legalName"])
    assert (series.account_id, series.name, series.first_folio, series.last_taken) == (account_id, "A", 10, 41)
    event = await AuditEvent.get()
    assert (event.kind, event.actor, event.account_id) == ("account_imported", OPERATOR.name, account_id)


async def test_without_series_step_three_is_to_be_done(database: dict[str, Any]) -> None:
    await _import(account_line(series=...), account_line(email="eva@example.com", series=..., company=...))

    assert {account.stage for account in await Account.all()} == {"confirmed"}


async def test_a_second_run_changes_nothing(database: dict[str, Any]) -> None:
    lines = [account_line(email=f"{number}@example.com") for number in range(3)]
    await _import(*lines)
    await Account.filter(email="1@example.com").update(password_hash="made anew", language="es")
    before = await Account.all().order_by("id").values()

    assert await _import(*lines) == (0, 3, [])

    assert await Account.all().order_by("id").values() == before
    assert (await Company.all().count(), await Series.all().count()) == (3, 3)
    assert await AuditEvent.filter(kind="account_imported").count() == 3


async def test_an_account_with_another_rfc_or_id_is_refused_and_stays(database: dict[str, Any]) -> None:
    mine = await store_account()

    refused = await _import(
        account_line(email=EMAIL.upper(), rfc="H&E951128469", company=..., series=...),
        account_line(email="eva@example.com", id=str(mine.id)),
        b"\n",
        account_line(id=str(uuid4()), email="ivo@example.com"),
    )
    other_id = await _import(account_line(id=str(uuid4())))

    stays = "email: has an account with another RFC or id, which stays as it is"
    assert refused == (1, 0, [f"1 {stays}", "2 id: another account has it"])
    assert other_id == (0, 0, [f"1 {stays}"])
    assert (await Account.get(id=mine.id)).rfc == RFC


async def test_an_email_or_an_id_twice_in_a_file_is_refused_even_far_apart(
    database: dict[str, Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(account_import, "_BATCH_SIZE", 3)
    people = [account_line(email=f"{number}@example.com", company=..., series=...) for number in range(7)]
    lines = [*people, people[0], people[6].replace(b"6@e", b"6@E"), None, b"\n", b"{"]
    problems = [
        "8 email: the same as in line 1",
        "9 email: the same as in line 7",
        "10 more than 65,536 bytes",
        "12 not JSON in UTF-8",
    ]

    tried = await _import(*lines, dry_run=True)
    assert await Account.all().count() == await AuditEvent.all().count() == 0
    done = await _import(*lines)

    assert tried == done == (7, 0, problems)
    assert await Account.all().count() == 7
    same_id = str(uuid4())
    twice = [account_line(email=f"{name}@example.com", id=same_id) for name in ("eva", "ivo")]
    assert await _import(*twice) == (1, 0, ["2 id: another account has it"])


async def test_registrations_that_wait_end_as_if_one_had_been_confirmed(database: dict[str, Any]) -> None:
    registration = await Registration.create(
        id=uuid4(), email_key=EMAIL, email=EMAIL, rfc=RFC, password_hash="x", language="es", created_at=utc_now()
    )
    await enqueue_for_registration(MailKind.CONFIRMATION, EMAIL, registration.id)
    await enqueue(MailKind.CONFIRMATION, "eva@example.com")
    await FailureStreak.create(key=LOCKOUT._bucket(EMAIL, known=False), count=50, touched_at=0.0)

    await _import(account_line())

    assert await Registration.all().count() == await FailureStreak.all().count() == 0
    assert [mail.email_key for mail in await Delivery.all()] == ["eva@example.com"]


async def test_two_imports_at_once_and_somebody_who_confirms_make_one_account_of_each_email(
    database: dict[str, Any],
) -> None:
    lines = [account_line(email=f"{number}@example.com") for number in range(20)]

    async def confirm() -> None:
        for number in range(0, 20, 5):
            if not await Account.exists(email_key=f"{number}@example.com"):
                await store_account(f"{number}@example.com")

    first, second, _ = await asyncio.gather(
        _import(*lines), _import(*reversed(lines)), confirm(), return_exceptions=True
    )

    assert not isinstance(first, BaseException)
    assert not isinstance(second, BaseException)
    assert first[2] == second[2] == []
    assert first[0] + first[1] == second[0] + second[1] == 20
    assert await Account.all().count() == 20


async def test_an_import_that_is_interrupted_goes_on_when_it_is_run_again(
    database: dict[str, Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(account_import, "_BATCH_SIZE", 4)
    lines = [account_line(email=f"{number}@example.com") for number in range(10)]
    running = AccountImport(LOCKOUT).run(OPERATOR, lines)
    assert isinstance(running, AsyncGenerator)
    await anext(running)
    await running.aclose()

    assert await Account.all().count() == 4
    assert await _import(*lines) == (6, 4, [])
    assert await Company.all().count() == await Series.all().count() == 10


async def test_an_export_imports_to_the_same(database: dict[str, Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(account_import, "_BATCH_SIZE", 2)
    outdated = {**COMPANY, "outdated": True}
    series = [{"name": "B", "firstFolio": 1}, {"name": "A", "approvalNumber": 7, "approvalYear": 2010}]
    await _import(
        account_line(),
        account_line(email="Eva@example.com", rfc="CACX7605101P8", company=outdated),
        account_line(email="ivo@example.com", passwordHash=..., company=..., series=...),
        account_line(email="luz@example.com", series=[*series, {"name": "", "nextFolio": 2**63}]),
        account_line(email="max@example.com", series=...),
    )
    exported = await _export()
    ids = [UUID(hex=line[7:43].decode()) for line in exported]
    await Account.all().delete()

    assert await _totals(exported) == (5, 0, [])

    assert ids == sorted(ids)
    assert await _export() == exported
    assert [event.kind for event in await AuditEvent.filter(kind="accounts_exported")] == ["accounts_exported"] * 2
