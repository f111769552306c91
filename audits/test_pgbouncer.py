"""Runs the whole service through PgBouncer in session mode, its default."""

import asyncio
import email
import email.policy
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.database import Postgresql, connected, tortoise_configuration
from app.operations import OPERATIONS
from audits.pgbouncer import PgBouncer, pgbouncer
from audits.test_database_away import Load
from models.migrator import EMPTY, go_to, pending_migrations, upgrade
from models.sql import fetch
from tests.api import found
from tests.databases import database_on
from tests.forms import EMAIL, PASSWORD
from tests.process.serving import CHEAP_ARGON2, WITHOUT_LIMITS, serving_aside


@pytest.fixture
def database_behind(postgresql_url: str) -> Iterator[str]:
    with database_on(postgresql_url) as url:
        yield url


@pytest.fixture
async def bouncer(pgbouncer_path: str, database_behind: str, tmp_path: Path) -> AsyncIterator[PgBouncer]:
    async with pgbouncer(pgbouncer_path, tmp_path, database_behind) as bouncer:
        yield bouncer


@pytest.fixture
def url(bouncer: PgBouncer, database_behind: str) -> str:
    return bouncer.url_of(database_behind)


async def test_migrations_from_several_nodes_at_once_go_through_it(url: str) -> None:
    configuration = tortoise_configuration(url)
    await go_to(configuration, EMPTY)

    await asyncio.gather(*(upgrade(configuration) for _ in range(4)))

    assert await pending_migrations(configuration) == []


async def test_statements_have_their_time_out_behind_it_also_on_a_connection_that_was_used_before(url: str) -> None:
    shown = []
    for seconds in (2.5, 4.0):
        async with connected(tortoise_configuration(url, Postgresql(statement_seconds=seconds, pool_maximum=1))):
            rows = await fetch("SHOW statement_timeout")
            shown.append(rows[0]["statement_timeout"])

    assert shown == ["2500ms", "4s"]


async def test_accounts_are_created_confirmed_and_signed_in_to_and_mails_are_sent(url: str, tmp_path: Path) -> None:
    form = {"rfc": "EKU9003173C9", "email": EMAIL, "password": PASSWORD, "passwordConfirmation": PASSWORD}
    async with (
        serving_aside(tmp_path, DATABASE_URL=url, **CHEAP_ARGON2) as (served, _),
        httpx2.AsyncClient(base_url=served, verify=False, timeout=30) as http,
    ):
        created = await _run(http, "CreateAccount", **form)
        confirmed = await _run(http, "ConfirmAccount", code=await _mailed_code(tmp_path / "mail"))
        login = await _run(http, "Login", email=EMAIL, password=PASSWORD)

    names = [answer["__typename"] for answer in (created, confirmed, login)]
    assert names == ["CreateAccountSuccess", "ConfirmAccountSuccess", "LoginSuccess"]


async def test_the_service_recovers_after_a_restart_of_pgbouncer_under_load(
    url: str, bouncer: PgBouncer, tmp_path: Path
) -> None:
    async with serving_aside(tmp_path, DATABASE_URL=url, **WITHOUT_LIMITS, **CHEAP_ARGON2) as (served, _):
        load = Load(served)
        clients = [asyncio.create_task(load.run()) for _ in range(5)]
        await asyncio.sleep(3)
        away = time.monotonic()
        await bouncer.end()
        await asyncio.sleep(3)
        await bouncer.start()
        back = time.monotonic()
        await asyncio.sleep(6)
        load.stopped = True
        await asyncio.gather(*clients)

    assert set(load.statuses(0, away - 1)) == {200}
    assert set(load.statuses(0, back)) == {200, 503}
    assert set(load.statuses(back + 2, back + 6)) == {200}
    assert "unexpected error" not in (tmp_path / "serve.log").read_text("utf-8")


async def _run(http: httpx2.AsyncClient, operation: str, **input: str) -> Any:
    query = OPERATIONS[operation]
    response = await http.post("/graphql", json={"query": query, "variables": {"input": input}})
    (answer,) = response.json()["data"].values()
    return answer


async def _mailed_code(mailbox: Path) -> str:
    async with asyncio.timeout(30):
        while not (mails := list(mailbox.glob("*.eml"))):
            await asyncio.sleep(0.1)
    return found(r"\b[2-9A-Z]{40}\b", email.message_from_bytes(mails[0].read_bytes(), policy=email.policy.default))
