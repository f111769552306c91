"""What load balancers and containers are told."""

import asyncio
import time
from typing import Any

from app.composition import make_health
from models.heartbeat import Heartbeat
from models.sql import fetch
from services.common import heartbeat
from services.common.clock import utc_now
from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi

READY = {"database": "ok", "migrations": "ok", "limits": "ok", "draining": "no"}


async def _parts(api: Api, status: int) -> Any:
    """The parts of the first answer with that status, which must come within five seconds."""
    give_up_at = time.monotonic() + 5
    while (response := await api.http.get("/health/ready")).status_code != status:
        assert time.monotonic() < give_up_at, response.text
        await asyncio.sleep(0.1)
    assert time.monotonic() < give_up_at
    return response.json()["parts"]


async def test_health_is_answered_at_any_host_without_a_cookie(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION, allowed_hosts=("api.example.mx",))
    headers = {"host": "10.0.0.7:8000", "origin": "https://evil.example", "cookie": "session=x"}

    assert (await api.http.get("/graphql", headers=headers)).status_code == 421
    for path, status in (("/health/live", "live"), ("/health/ready", "ready")):
        got = await api.http.get(path, headers=headers)
        head = await api.http.head(path, headers=headers)
        posted = await api.http.post(path, headers=headers)

        assert (got.status_code, got.json()["status"]) == (200, status)
        assert (head.status_code, head.headers["content-length"]) == (200, got.headers["content-length"])
        assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
        for response in (got, head, posted):
            assert response.headers["cache-control"] == "no-store"
            assert "set-cookie" not in response.headers


async def test_ready_names_each_part_and_what_is_worth_knowing(api: Api) -> None:
    body = (await api.http.get("/health/ready")).json()

    outbox, worker = {"oldest_due": 0.0}, {"state": "absent"}
    assert body == {"status": "ready", "parts": READY, "worker": worker, "outbox": outbox}


async def test_a_worker_that_hangs_or_is_silent_and_a_late_mail_are_shown_and_do_no_harm(api: Api) -> None:
    await api.register()
    beat = heartbeat.Heartbeat()
    await beat.beat()
    await Heartbeat.all().update(mail_at=utc_now() - heartbeat.MAX_TURNS["mail"] * 2)

    first = (await api.http.get("/health/ready")).json()
    await asyncio.sleep(1.1)
    await Heartbeat.all().update(beaten_at=utc_now() - heartbeat.ALIVE * 2)
    second = (await api.http.get("/health/ready")).json()

    assert first["status"] == second["status"] == "ready"
    assert (first["worker"]["state"], second["worker"]["state"]) == ("hanging", "silent")
    assert 200 < first["worker"]["turns"]["mail"] < 300
    assert 50 < second["worker"]["heartbeat"] < 100
    assert 1 <= second["outbox"]["oldest_due"] < 60


async def test_a_database_that_is_behind_is_not_ready_until_it_is_migrated(api: Api) -> None:
    await fetch("UPDATE tortoise_migrations SET app = 'away' WHERE name = '0001_initial'")

    behind = await _parts(api, 503)
    await fetch("UPDATE tortoise_migrations SET app = 'accounts' WHERE name = '0001_initial'")

    assert behind == {**READY, "migrations": "behind"}
    assert await _parts(api, 200) == READY


async def test_those_who_ask_at_once_share_a_check(api: Api) -> None:
    health = make_health(api.settings)

    reports = await asyncio.gather(*(health.report() for _ in range(50)))
    again = await health.report()
    await health.aclose()

    assert {id(report) for report in reports} == {id(again)}
