"""A backup is taken under load and restored, as docs/operations.md says. It lacks only what came after it began."""

import asyncio
import contextlib
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from app.database import connected, tortoise_configuration
from audits.fleet import Node, fleet, form, run
from audits.restored_payments import APPROVED, DEPOSITED, EMAILS, LATE, LATE_DEPOSIT, PAID, Payers, settings
from models.delivery import Delivery
from models.registration import Registration
from tests.api import found
from tests.databases import database_of_its_own, empty_database_on
from tests.forms import PASSWORD
from tests.paypal.payers import TOTAL
from tests.paypal.server import paypal_server
from tests.process.serving import run_command
from tests.smtp_servers import SoundServer, make_due, sound_server

CLIENTS = 4
SECONDS = 0.5  # of load before and after the backup
TIMEOUT = 60.0


@dataclass
class Load:
    """Clients that create accounts, with the time at which each one was told so."""

    http: httpx2.AsyncClient
    node: Node
    told: dict[str, float] = field(default_factory=dict)
    stopped: bool = False

    async def run(self, client: int) -> None:
        number = 0
        while not self.stopped:
            email = f"user{client}-{number}@example.com"
            answer = await run(self.http, self.node, "CreateAccount", **form(email))
            assert answer["__typename"] == "CreateAccountSuccess"
            self.told[email] = time.monotonic()
            number += 1


@dataclass
class Outcome:
    told: dict[str, float]
    began: float
    there: set[str]
    pending: set[str]
    mails: Counter[str]
    session_of: str
    confirmed: str
    active: list[set[str]]  # at first, once PayPal was asked, and once the statement was imported
    unknown_invoices: list[str]
    imported: tuple[int, str]
    references: dict[str, str]
    taken: dict[str, str]


@pytest.mark.parametrize("engine", ["SQLite", "PostgreSQL"])
def test_what_was_told_before_the_backup_is_there_after_the_restore(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("postgresql_url") if engine == "PostgreSQL" else None
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(database_of_its_own(server, tmp_path))
        empty = (
            stack.enter_context(empty_database_on(server)) if server else f"sqlite://{tmp_path / 'restored.sqlite3'}"
        )
        outcome = asyncio.run(_drill(url, empty, tmp_path))

    lost = outcome.told.keys() - outcome.there
    kept = outcome.told.keys() & outcome.there
    assert kept
    assert lost, "the load went on after the backup"
    assert [email for email in lost if outcome.told[email] < outcome.began] == []
    # As the page says: a session that has ended since then is alive, and mails that were pending may come twice.
    assert outcome.session_of == "ana@example.com"
    assert outcome.confirmed == "ConfirmAccountSuccess"
    assert {email for email in kept if outcome.mails[email] > 1} <= outcome.pending
    assert {outcome.mails[email] for email in kept} <= {1, 2}
    # PayPal is asked about what was open, and the statement imported again. What was begun since the backup is lost, by
    # name: PayPal's list has the invoice numbers, and the import the references.
    assert outcome.active == [{PAID}, {PAID, APPROVED}, {PAID, APPROVED, DEPOSITED}]
    assert outcome.unknown_invoices == [LATE]
    assert outcome.imported == (1, f"line 3: {outcome.references[LATE_DEPOSIT]}: unknown; nothing was done\n")
    assert outcome.taken == dict.fromkeys((PAID, APPROVED, LATE), TOTAL)


async def _drill(url: str, empty: str, folder: Path) -> Outcome:
    async with (
        sound_server() as smtp,
        paypal_server() as paypal,
        fleet(folder, url, smtp.port, MAIL_SENDERS="4", **settings(paypal)) as nodes,
        fleet(folder, empty, smtp.port, SECRET_KEY=nodes.environment["SECRET_KEY"], **settings(paypal)) as restored,
        httpx2.AsyncClient(verify=False, timeout=30) as http,
    ):
        node = await nodes.join("serve")
        token, *others = await asyncio.gather(
            *(_account(http, node, smtp, email) for email in ("ana@example.com", *EMAILS))
        )
        payers = Payers(http, paypal, dict(zip(EMAILS, others, strict=True)), folder / "statement.csv")
        await payers.before_the_backup(node)
        told, began = await _back_up_under_load(http, node, url, folder / "backup")
        await payers.after_the_backup(node, nodes.environment)
        await run(http, node, "Logout", token=token)
        await node.leave()

        await asyncio.to_thread(_restore, folder / "backup", empty)
        async with connected(tortoise_configuration(empty)):
            there = {registration.email for registration in await Registration.all()}
            pending = {delivery.email_key for delivery in await Delivery.filter(pending_key__isnull=False)}
            await make_due()  # the leases of the node that was backed up
            node = await restored.join("serve", WORKER_IN_SERVE="false")
            active = [await payers.active(node)]
            await payers.make_due()
            await restored.join("worker")
            await payers.until_active(node, APPROVED)
            active.append(await payers.active(node))
            await _until_all_is_sent()
            unknown = await payers.unknown_invoices()
        imported = await payers.import_statement(restored.environment)
        active.append(await payers.active(node))
        me = await run(http, node, "Me", token=token)
        code = _code(smtp, min(told, key=lambda email: told[email]))
        confirmed = await run(http, node, "ConfirmAccount", code=code)
        mails = Counter(mail.recipients[0] for mail in smtp.mails)
        found_again = told, began, there, pending, mails, me["email"], confirmed["__typename"]
        return Outcome(*found_again, active, unknown, imported, payers.references, payers.taken())


async def _back_up_under_load(
    http: httpx2.AsyncClient, node: Node, url: str, backup: Path
) -> tuple[dict[str, float], float]:
    """Returns who was told of an account and when, and when the backup began."""
    load = Load(http, node)
    async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as group:
        for client in range(CLIENTS):
            group.create_task(load.run(client))
        await asyncio.sleep(SECONDS)
        began = time.monotonic()
        await asyncio.to_thread(_back_up, url, backup)
        await asyncio.sleep(SECONDS)
        load.stopped = True
    return load.told, began


def _back_up(url: str, backup: Path) -> None:
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection:
            connection.execute("VACUUM INTO ?", [str(backup)])
    else:
        command = ["pg_dump", "--format=custom", f"--file={backup}", url]
        subprocess.run(command, check=True)


def _restore(backup: Path, url: str) -> None:
    if url.startswith("sqlite"):
        shutil.copy(backup, url.removeprefix("sqlite://"))
    else:
        command = ["pg_restore", f"--dbname={url}", "--no-owner", "--exit-on-error", str(backup)]
        subprocess.run(command, check=True)
    checked = run_command("migrate", "--check", DATABASE_URL=url)
    assert checked.returncode == 0, checked.stderr


async def _account(http: httpx2.AsyncClient, node: Node, smtp: SoundServer, email: str) -> str:
    """Registers and confirms an account, and returns the token of a session."""
    await run(http, node, "CreateAccount", **form(email))
    async with asyncio.timeout(TIMEOUT):
        while not any(mail.recipients[0] == email for mail in smtp.mails):
            await asyncio.sleep(0.05)
    await run(http, node, "ConfirmAccount", code=_code(smtp, email))
    return str((await run(http, node, "Login", email=email, password=PASSWORD))["token"])


def _code(smtp: SoundServer, email: str) -> str:
    mail = next(mail for mail in reversed(smtp.mails) if mail.recipients[0] == email)  # older codes may be unknown
    return found(r"\b[2-9A-Z]{40}\b", mail.message)


async def _until_all_is_sent() -> None:
    async with asyncio.timeout(TIMEOUT):
        while await Delivery.filter(pending_key__isnull=False).exists():
            await asyncio.sleep(0.1)
