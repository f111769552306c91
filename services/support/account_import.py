"""Creates accounts that another system had, line by line.

An existing account stays as it is, because its owner may have changed it since it was imported. So an import that was
interrupted is simply run again.
"""

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from models.account import Account
from models.company import Company
from models.registration import Registration
from models.series import Series
from models.transactions import atomically
from services.accounts.lockout import LoginLockout
from services.accounts.onboarding import Event, Stage, transition
from services.audit.actors import Actor
from services.audit.events import EventKind, record_for_each
from services.common.clock import Clock, utc_now
from services.events.facts import NO_DETAILS, AccountField, Details, EventType
from services.events.publishing import publish_for_each
from services.mail.outbox import MailKind, cancel
from services.support.account_lines import MAX_BYTES, AccountLine, LineProblem, parse_line

_BATCH_SIZE = 500  # lines in a transaction: far below what PostgreSQL's statement timeout allows
_PAUSE_SECONDS = 0.01  # between two transactions, for SQLite's other writers
_ATTEMPTS = 5  # of a batch while somebody confirms one of its e-mails
_TOO_LONG = (LineProblem(None, f"more than {MAX_BYTES:,} bytes"),)


@dataclass(frozen=True, slots=True)
class RefusedLine:
    number: int
    problems: tuple[LineProblem, ...]


@dataclass(frozen=True, slots=True)
class ImportedBatch:
    """What became of some lines, the empty ones included; `there` is how many accounts existed already."""

    lines: int = 0
    imported: int = 0
    there: int = 0
    refused: list[RefusedLine] = field(default_factory=list)


class AccountImport:
    def __init__(self, lockout: LoginLockout, clock: Clock = utc_now) -> None:
        self._lockout = lockout
        self._clock = clock

    async def run(
        self, actor: Actor, lines: Iterable[bytes | None], *, dry_run: bool = False
    ) -> AsyncIterator[ImportedBatch]:
        """Imports batch by batch, each in a transaction, and yields what became of each.

        None stands for a line that is too long. With `dry_run`, it only finds out what would become of them.
        """
        numbered = iter(enumerate(lines, start=1))
        with closing(_EmailsSeen()) as seen:
            while batch := list(islice(numbered, _BATCH_SIZE)):
                refused: list[RefusedLine] = []
                parsed = dict(self._parsed(batch, seen, refused))
                done = await self._import(actor, parsed, dry_run=dry_run)
                refused = sorted([*refused, *done.refused], key=lambda line: line.number)
                yield ImportedBatch(len(batch), done.imported, done.there, refused)
                await asyncio.sleep(0 if dry_run else _PAUSE_SECONDS)

    def _parsed(
        self, batch: list[tuple[int, bytes | None]], seen: "_EmailsSeen", refused: list[RefusedLine]
    ) -> Iterator[tuple[int, AccountLine]]:
        now = self._clock()
        for number, line in batch:
            if line is not None and not line.strip():
                continue
            parsed = _TOO_LONG if line is None else parse_line(line, now)
            if isinstance(parsed, tuple):
                refused.append(RefusedLine(number, parsed))
            elif earlier := seen.before(parsed.email.key, number):
                refused.append(RefusedLine(number, (LineProblem("email", f"the same as in line {earlier}"),)))
            else:
                yield number, parsed

    async def _import(self, actor: Actor, lines: dict[int, AccountLine], *, dry_run: bool) -> ImportedBatch:
        if not lines:
            return ImportedBatch()
        if dry_run:
            return (await _compare(lines))[0]
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await atomically(partial(self._store, actor, lines))
            except IntegrityError:  # somebody confirmed one of the e-mails at the same time
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _store(self, actor: Actor, lines: dict[int, AccountLine]) -> ImportedBatch:
        done, new = await _compare(lines)
        if not new:
            return done
        keys = sorted(line.email.key for line in new)  # in one order, so that two imports cannot deadlock
        await _end_registrations(keys)
        now = self._clock()
        accounts = sorted((_account(line, now) for line in new), key=lambda account: account.email_key)
        ids = {account.email_key: account.id for account in accounts}
        await Account.bulk_create(accounts)
        await Company.bulk_create(
            Company(
                id=uuid4(),
                account_id=ids[line.email.key],
                legal_name=line.company.legal_name,
                tax_regime=line.company.tax_regime,
                postal_code=line.company.postal_code,
                updated_at=now,
            )
            for line in new
            if line.company
        )
        series = [
            Series(
                id=uuid4(),
                account_id=ids[line.email.key],
                last_taken=each.last_taken,
                created_at=now + timedelta(microseconds=place),  # by which they are listed
                **each.checked.columns(),
            )
            for line in new
            for place, each in enumerate(line.series)
        ]
        await Series.bulk_create(series)
        await self._lockout.reset(*keys)  # strangers may have locked it before there was an account
        await record_for_each(actor, EventKind.ACCOUNT_IMPORTED, [account.id for account in accounts])
        with_company = [ids[line.email.key] for line in new if line.company]
        await publish_for_each(_facts(ids.values(), with_company, series), now)
        return done


async def _compare(lines: dict[int, AccountLine]) -> tuple[ImportedBatch, list[AccountLine]]:
    """Returns what becomes of the lines, and those whose accounts are to be created."""
    keys = [line.email.key for line in lines.values()]
    rows = await Account.filter(email_key__in=keys).only("id", "email_key", "rfc")
    accounts = {account.email_key: account for account in rows}
    ids = [line.id for line in lines.values() if line.id]
    taken = {account.id for account in await Account.filter(id__in=ids).only("id")} if ids else set[UUID]()
    new: list[AccountLine] = []
    there = 0
    refused = []
    for number, line in lines.items():
        account = accounts.get(line.email.key)
        if account and account.rfc == line.rfc.text and line.id in {None, account.id}:
            there += 1
        elif account:
            what = LineProblem("email", "has an account with another RFC or id, which stays as it is")
            refused.append(RefusedLine(number, (what,)))
        elif line.id in taken:
            refused.append(RefusedLine(number, (LineProblem("id", "another account has it"),)))
        else:
            new.append(line)
            if line.id:
                taken.add(line.id)
    return ImportedBatch(imported=len(new), there=there, refused=refused), new


async def _end_registrations(email_keys: list[str]) -> None:
    """Ends the unconfirmed registrations and their mails, as confirming an account does."""
    waiting = await Registration.filter(email_key__in=email_keys).values_list("email_key", flat=True)
    for email_key in sorted({str(each) for each in waiting}):
        await cancel((MailKind.CONFIRMATION, MailKind.RECOVERY), email_key)
        await Registration.filter(email_key=email_key).order_by("id").select_for_update()
        await Registration.filter(email_key=email_key).delete()


def _facts(
    ids: Iterable[UUID], with_company: Iterable[UUID], series: Iterable[Series]
) -> Iterator[tuple[UUID, EventType, Details]]:
    """What would have happened if the people had done it here, in the same order."""
    yield from ((account_id, EventType.ACCOUNT_CONFIRMED, NO_DETAILS) for account_id in ids)
    company = Details(changed=(AccountField.COMPANY,))
    yield from ((account_id, EventType.ACCOUNT_UPDATED, company) for account_id in with_company)
    yield from ((each.account_id, EventType.SERIES_CREATED, Details(series_id=each.id)) for each in series)


def _account(line: AccountLine, now: datetime) -> Account:
    stage = transition(Stage.REGISTERED, Event.CONFIRMED)
    return Account(
        id=line.id or uuid4(),
        email_key=line.email.key,
        email=line.email.address,
        rfc=line.rfc.text,
        password_hash=line.password_hash,
        language=line.language.value,
        created_at=line.created_at,
        confirmed_at=line.confirmed_at,
        updated_at=now,
        stage=(transition(stage, Event.CONFIGURED) if line.series else stage).value,
        company_outdated=line.company_outdated,
    )


class _EmailsSeen:
    """The e-mails of a file with their lines, outside of this process's memory: a temporary database of digests."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("CREATE TABLE seen (email BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def before(self, email_key: str, line: int) -> int | None:
        """Returns the earlier line with that e-mail, or None if this is the first."""
        digest = hashlib.sha256(email_key.encode()).digest()[:16]
        added = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, line))
        if added.rowcount:
            return None
        row = self._database.execute("SELECT line FROM seen WHERE email = ?", (digest,)).fetchone()
        return int(row[0])

    def close(self) -> None:
        self._database.close()
