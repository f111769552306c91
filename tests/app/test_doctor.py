"""`doctor`: each part is really there, and then broken in the ways that operators meet."""

import asyncio
import contextlib
import json
import re
import secrets
import socket
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2

from app.asgi import create_app
from app.doctor.access_tokens import check_access_tokens
from app.doctor.captchas import check_captcha_provider
from app.doctor.checks import CHECKS, Check
from app.doctor.clock import check_clock, finding_of
from app.doctor.database import check_database, check_deletions, check_mails, check_schema
from app.doctor.examination import examine
from app.doctor.finding import Deployment, Finding, State, ok
from app.doctor.machine import check_argon2, check_disk, check_open_files
from app.doctor.paypal import check_paypal
from app.doctor.proxies import check_proxies
from app.doctor.redis import check_redis
from app.doctor.settings import check_keys, check_settings, estimated_bits
from app.doctor.smtp import check_smtp
from app.probe import HEADER, MAX_AGE, PATH, question
from models.delivery import Delivery
from models.migrator import executor_of
from models.sql import fetch
from services.access.keys import SigningKeys
from services.common.clock import utc_now
from services.common.secrets import Keys, generate_token
from tests.access_tokens import ec_key
from tests.api import PRODUCTION, GivenSettings
from tests.captcha_providers import ProviderServer
from tests.databases import copied
from tests.paypal.server import PayPalServer
from tests.process.in_process import run_here
from tests.smtp_servers import Stage, Trouble, make_authority, scripted_server, sound_server
from tests.stored_accounts import store_account
from tests.stores import ON_SQLITE

_SECRET = "hunter2-of-the-operator"
_KEY = "R2hcqR4P2yKjz7oHn0f1mSb3xVdLt9wQ8uEa5gZpYk6"


def _examined(url: str | None = None, to: str | None = None, **settings: Any) -> Deployment:
    return Deployment(GivenSettings(**settings), to, url)


def _lines(findings: Sequence[Finding]) -> list[str]:
    return [f"{each.state.value}: {each.text}" for each in findings]


async def _said(check: Any, deployment: Deployment) -> str:
    """The only finding."""
    (line,) = _lines(await check(deployment))
    return line


async def test_a_database_that_works_is_named(database_url: str, stores: str, tmp_path: Path) -> None:
    deployment = _examined(database_url=database_url, data_dir=tmp_path)

    said = [await _said(check, deployment) for check in (check_database, check_schema, check_mails, check_clock)]

    name = r"SQLite 3\.[\d.]+, for the processes of this machine only"
    if stores == "postgresql":
        name = r"PostgreSQL \d+.*"
    assert re.fullmatch(f"ok: {name}", said[0])
    assert said[1] == "ok: every migration was applied, and nothing is missing"
    assert said[2] == "ok: 0 wait to be sent"
    assert said[3].startswith("ok: within 0." if stores == "postgresql" else "skipped: no other clock can be read")


async def test_a_schema_that_somebody_changed_is_described(database_url: str, tmp_path: Path) -> None:
    deployment = _examined(database_url=database_url, data_dir=tmp_path)
    changes = [
        ("DROP INDEX idx_session_expires_823c67", "CREATE INDEX idx_session_expires_823c67 ON session (expires_at)"),
        ("ALTER TABLE session RENAME COLUMN digest TO hash", "ALTER TABLE session RENAME COLUMN hash TO digest"),
        ("ALTER TABLE spent_captcha RENAME TO spent", "ALTER TABLE spent RENAME TO spent_captcha"),
    ]
    said = []
    for change, restored in changes:
        await _execute(deployment, change)
        said.append(await _said(check_schema, deployment))
        await _execute(deployment, restored)

    start = "problem: every migration was applied, but there is no "
    assert said == [
        f"{start}index of session (expires_at)",
        f"{start}column session.digest",
        f"{start}table spent_captcha",
    ]
    assert await _said(check_schema, deployment) == "ok: every migration was applied, and nothing is missing"


async def _execute(deployment: Deployment, statement: str) -> None:
    async with executor_of(deployment.settings.database):
        await fetch(statement)


async def test_a_database_that_is_behind_needs_a_migration(tmp_path: Path) -> None:
    (tmp_path / "accounts.sqlite3").touch()
    deployment = _examined(data_dir=tmp_path)

    (finding,) = await check_schema(deployment)

    assert finding.text.startswith("the database lacks 0001_initial, 0002_owed_deliveries, ")
    assert (finding.state, finding.advice) == (State.PROBLEM, "Run python -m app migrate.")


async def test_no_database_is_created(tmp_path: Path) -> None:
    in_production = {**PRODUCTION, "data_dir": tmp_path}

    said = [
        await _said(check, _examined(**settings))
        for settings in ({"data_dir": tmp_path}, in_production)
        for check in (check_database, check_schema, check_mails)
    ]

    assert said[0] == "skipped: there is none yet; serve creates it"
    assert said[3] == "problem: there is none yet"
    assert list(tmp_path.iterdir()) == []


async def test_a_database_that_cannot_be_used_is_explained(postgresql_url: str) -> None:
    parts = urlsplit(postgresql_url)
    nowhere = socket.create_server(("127.0.0.1", 0))
    refused = nowhere.getsockname()[1]
    nowhere.close()
    urls = [
        (
            parts._replace(path="/nowhere").geturl(),
            "InvalidCatalogNameError",
            "Create the database, or correct its name",
        ),
        (f"postgres://ana:{_SECRET}@127.0.0.1:{refused}/x", "ConnectionRefusedError", "Start the database, or correct"),
        (f"postgres://ana:{_SECRET}@nowhere.invalid/x", "gaierror", "Correct the host in DATABASE_URL"),
    ]

    found = [(await check_database(_examined(database_url=url)))[0] for url, _, _ in urls]

    assert [each.state for each in found] == [State.PROBLEM] * len(urls)
    assert [
        each
        for each, (_, cause, advice) in zip(found, urls, strict=True)
        if cause not in each.text or not each.advice.startswith(advice)
    ] == []
    assert await _said(check_schema, _examined(database_url=urls[1][0])) == "skipped: not without the database"


async def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    (tmp_path / "accounts.sqlite3").write_bytes(b"no database " * 500)

    (finding,) = await check_database(_examined(data_dir=tmp_path))

    assert "file is not a database" in finding.text
    assert finding.advice == "The file is something else: correct DATABASE_URL or DATA_DIR."


@ON_SQLITE
async def test_mails_that_nobody_sends_are_a_problem(database_url: str, tmp_path: Path) -> None:
    deployment = _examined(database_url=database_url, data_dir=tmp_path)
    async with executor_of(deployment.settings.database):
        late = utc_now() - timedelta(minutes=10)
        await Delivery.create(
            id=uuid4(), kind="recovery", email_key="ana@example.com", pending_key="x", requested_at=late, due_at=late
        )

    (finding,) = await check_mails(deployment)

    assert _lines([finding]) == ["problem: 1 mails are due for more than 5 minutes, and nobody sends them"]
    assert finding.advice.startswith("Start a worker")


@ON_SQLITE
async def test_an_account_that_outlives_the_day_of_its_deletion_is_a_problem(database_url: str, tmp_path: Path) -> None:
    deployment = _examined(database_url=database_url, data_dir=tmp_path)
    async with executor_of(deployment.settings.database):
        late = utc_now() - timedelta(hours=3)
        account = await store_account(deletion_requested_at=late, deletion_due_at=late, deletion_turn_at=utc_now())
        await store_account("eva@example.com", deletion_due_at=utc_now(), deletion_turn_at=utc_now())

    (finding,) = await check_deletions(deployment)

    said = f"problem: 1 accounts should have been deleted, as their owners asked; the first is {account.id}"
    assert _lines([finding]) == [said]


async def test_redis_that_works_is_named(redis_server: str) -> None:
    deployment = _examined(redis_url=redis_server, redis_key_prefix="test-doctor")

    said, clock = await _said(check_redis, deployment), await _said(check_clock, deployment)

    assert re.match(r"ok: Redis \d+\.[\d.]+; ", said)
    assert re.fullmatch(r"ok: within 0\.\d s of Redis", clock)
    assert (
        await _said(check_redis, _examined()) == "skipped: REDIS_URL is not set: the limits are counted in the database"
    )


async def test_redis_that_cannot_be_used_is_explained(redis_server: str) -> None:
    parts = urlsplit(redis_server)
    silent = socket.create_server(("127.0.0.1", 0))
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    urls = [
        (f"redis://nobody:{_SECRET}@{parts.hostname}:{parts.port}/0", "problem: refuses the user or password: "),
        (f"redis://{parts.hostname}:{parts.port}/9999", "problem: cannot be written: "),
        (f"redis://127.0.0.1:{port}", "problem: cannot be reached: ConnectionError: "),
    ]

    said = [await _said(check_redis, _examined(redis_url=url)) for url, _ in urls]
    hung = await examine(
        _examined(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}"), [Check("redis", check_redis, seconds=0.1)]
    )

    silent.close()
    assert [line for line, (_, start) in zip(said, urls, strict=True) if not line.startswith(start)] == []
    assert _lines([finding for _, finding in hung]) == ["problem: no answer in 0.1 seconds"]


async def test_a_mail_server_that_takes_our_mail_is_not_sent_any(tmp_path: Path, monkeypatch: Any) -> None:
    authority, context = make_authority(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    async with sound_server(start_tls=context, credentials=("ana", "a word:%")) as server:
        url = f"smtp+starttls://ana:a%20word%3A%25@127.0.0.1:{server.port}"

        said = await _said(check_smtp, _examined(smtp_url=url, mail_from="cuentas@example.mx"))
        to = await _said(check_smtp, _examined(smtp_url=url, to="eva@example.mx"))

        assert re.fullmatch(r"ok: takes mail from MAIL_FROM to cuentas@example.mx", said)
        assert to.startswith("ok: takes mail from MAIL_FROM to eva@example.mx")
        assert server.recipients == ["cuentas@example.mx", "eva@example.mx"]
        assert server.mails == []


async def test_a_mail_server_in_a_bad_mood_is_explained_by_the_stage() -> None:
    moods: list[tuple[Stage, str | Trouble, str]] = [
        (Stage.GREETING, "554 5.7.1 go away", "connect: 554 5.7.1 go away"),
        (Stage.EHLO, Trouble.DISCONNECT, "EHLO: SMTPServerDisconnected"),
        (Stage.AUTH, f"535 5.7.8 {_SECRET} is wrong", "AUTH: 535"),
        (Stage.MAIL, "550 5.7.1 not yours", "MAIL FROM: 550 5.7.1 not yours"),
        (Stage.RCPT, "550 5.1.1 nobody", "RCPT TO: 550 5.1.1 nobody"),
    ]
    async with scripted_server() as server:
        deployment = _examined(smtp_url=f"smtp://ana:{_SECRET}@127.0.0.1:{server.port}")
        said = []
        for stage, mood, _ in moods:
            server.script = {stage: mood}
            said.append(await _said(check_smtp, deployment))
        server.script = {}

        well = await _said(check_smtp, deployment)
        starts_tls = await _said(check_smtp, _examined(smtp_url=f"smtp+starttls://127.0.0.1:{server.port}"))

    assert [
        line for line, (_, _, start) in zip(said, moods, strict=True) if not line.startswith(f"problem: {start}")
    ] == []
    assert well.startswith("ok: takes mail")
    assert starts_tls.startswith("problem: STARTTLS: ")


async def test_paypal_is_asked_whether_it_takes_the_credentials(paypal: PayPalServer) -> None:
    known: dict[str, Any] = {
        "paypal_client_id": paypal.client_id,
        "paypal_webhook_id": "1JE4291016473214C",
        "paypal_base_url": paypal.url,
    }

    right = await _said(check_paypal, _examined(**known, paypal_client_secret=paypal.client_secret))
    wrong = await _said(check_paypal, _examined(**known, paypal_client_secret=_SECRET))
    away = await _said(
        check_paypal,
        _examined(**{**known, "paypal_base_url": "http://127.0.0.1:1"}, paypal_client_secret=paypal.client_secret),
    )

    assert right == f"ok: takes the credentials at {paypal.url}"
    assert wrong == "problem: refuses the credentials: invalid_client"
    assert away.startswith("problem: does not answer: ConnectError")


async def test_the_captcha_provider_is_asked_whether_it_knows_the_secret(captcha_provider: ProviderServer) -> None:
    known: dict[str, Any] = {
        "captcha_provider": "turnstile",
        "captcha_site_key": captcha_provider.site_key,
        "captcha_verification_url": captcha_provider.url,
    }

    right = await _said(check_captcha_provider, _examined(**known, captcha_secret=captcha_provider.secret))
    wrong = await _said(check_captcha_provider, _examined(**known, captcha_secret=_SECRET))

    assert right == "ok: turnstile answers, and has nothing against the secret"
    assert wrong == "problem: refuses the secret: invalid-input-secret"


async def test_the_proxies_before_the_service_are_counted(
    database_url: str, tmp_path: Path, no_authorities: None
) -> None:
    """Through a proxy of the test's own, which appends as many hops as it is told."""
    expected = [
        (0, 0, "ok: 0 proxies append to X-Forwarded-For, as TRUSTED_PROXIES says"),
        (1, 1, "ok: 1 proxy appends to X-Forwarded-For, as TRUSTED_PROXIES says"),
        (1, 2, "problem: 1 proxy appends to X-Forwarded-For, but TRUSTED_PROXIES is 2: clients choose the address"),
        (2, 0, "problem: 2 proxies append to X-Forwarded-For, but TRUSTED_PROXIES is 0: limits count a proxy as one"),
    ]
    given: dict[str, Any] = {"data_dir": tmp_path, "database_url": database_url, "secret_key": _KEY}
    said = []
    for hops, trusted, _ in expected:
        async with _proxied(GivenSettings(**given, trusted_proxies=trusted), hops) as url:
            said.append(await _said(check_proxies, _examined(url=f"{url}/graphql", **given)))
    async with _proxied(GivenSettings(**given), 0) as url:
        other_key = await _said(check_proxies, _examined(url=url, **{**given, "secret_key": _KEY[::-1]}))
        strangers = [
            await _status(url, value)
            for value in (
                "",
                "x",
                f"{int(time.time())}.",
                question(Keys(b"another"), int(time.time())),
                question(Keys(_KEY.encode()), int(time.time()) - MAX_AGE - 2),
                f"{'9' * 5_000}.x",
            )
        ]
    async with _answering(b"HTTP/1.1 308 x\r\nlocation: https://127.0.0.1/\r\ncontent-length: 0\r\n\r\n") as url:
        redirected = await _said(check_proxies, _examined(url=url, **given))
    async with _answering(b"HTTP/1.1 200 x\r\nconnection: close\r\n\r\n" + b"<html>" * 100_000) as url:
        other = await _said(check_proxies, _examined(url=url, **given))
    gone = await _said(check_proxies, _examined(url=url, **given))

    assert [line for line, (_, _, start) in zip(said, expected, strict=True) if not line.startswith(start)] == []
    assert other_key == "problem: the service there does not know our question"
    assert strangers == [404] * 6
    assert re.fullmatch(r"problem: http://127\.0\.0\.1:\d+ redirects", redirected)
    assert other == "problem: something else than the service answers there"
    assert "cannot be reached: ConnectError" in gone
    assert await _said(check_proxies, _examined()) == (
        "skipped: give --url https://YOUR-HOST to ask the service through its proxies"
    )


async def _status(url: str, value: str) -> int:
    async with httpx2.AsyncClient() as http:
        return (await http.get(f"{url}{PATH}", headers={HEADER: value})).status_code


@contextlib.asynccontextmanager
async def _answering(response: bytes) -> AsyncIterator[str]:
    """A server that always answers the same."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@contextlib.asynccontextmanager
async def _proxied(settings: GivenSettings, hops: int) -> AsyncIterator[str]:
    """A server on 127.0.0.1 that forwards each GET to the app."""
    app = create_app(settings)

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        asked = dict(re.findall(r"^([\w-]+): (.*)\r$", head, re.MULTILINE))
        if hops:
            asked["x-forwarded-for"] = ", ".join(f"203.0.113.{hop}" for hop in range(hops))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as http:
            response = await http.get(path, headers=asked)
        writer.write(f"HTTP/1.1 {response.status_code} x\r\ncontent-length: {len(response.content)}\r\n\r\n".encode())
        writer.write(response.content)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def test_the_keys_of_access_tokens_are_compared_with_those_that_are_published(tmp_path: Path) -> None:
    mine, other = ec_key(), ec_key()
    audience: dict[str, Any] = {"access_token_audiences": ("https://api.example.mx",)}

    async def said(here: str, published: bytes, head: bytes = b"HTTP/1.1 200 x") -> str:
        async with _answering(head + b"\r\nconnection: close\r\n\r\n" + published) as url:
            deployment = _examined(**audience, access_token_keys=here, access_token_issuer=f"{url}/accounts/")
            return (await _said(check_access_tokens, deployment)).replace(url, "URL")

    def published(keys: str) -> bytes:
        return json.dumps(SigningKeys.parse(keys).published).encode()

    assert await said(mine, published(mine)) == "ok: 1, all of them published"
    assert await said(mine + other, published(other + mine)) == "ok: 2, all of them published"
    assert await said(mine, published(mine + other)) == "warning: 1 here, but 2 are published"
    assert await said(mine + other, published(mine)) == "warning: 2 here, but 1 are published"
    unknown = "problem: the key that signs here is not published, so its tokens are refused"
    assert [await said(other + mine, published(mine)), await said(mine, b'{"keys": []}')] == [unknown] * 2
    for content in (b"<html>" * 100_000, b"null", b'{"keys": 5}', b'{"keys": [1]}', b"[" * 40_000, b"\xff"):
        assert await said(mine, content) == "problem: something else than our keys is published there"
    redirected = await said(mine, b"", b"HTTP/1.1 302 x\r\nlocation: https://127.0.0.1/")
    assert redirected == "problem: URL/accounts/.well-known/jwks.json answers with status 302"
    gone = _examined(**audience, access_token_keys=mine, access_token_issuer="http://127.0.0.1:1")
    assert "http://127.0.0.1:1/.well-known/jwks.json cannot be reached: " in await _said(check_access_tokens, gone)
    assert (
        await _said(check_keys, _examined(access_token_keys=mine)) == "skipped: development generates one in DATA_DIR"
    )


async def test_access_tokens_that_are_not_set_up_are_skipped() -> None:
    audience: dict[str, Any] = {"access_token_audiences": ("https://api.example.mx",)}

    assert [
        await _said(check_access_tokens, _examined(**settings))
        for settings in (
            {"access_token_keys": ec_key()},
            audience,
            {**PRODUCTION, **audience},
            {**PRODUCTION, **audience, "access_token_keys": ec_key()},
        )
    ] == [
        "skipped: ACCESS_TOKEN_AUDIENCES is not set: no access tokens are issued",
        "skipped: development generates a key in DATA_DIR",
        "skipped: not without ACCESS_TOKEN_KEYS",
        "skipped: not without ACCESS_TOKEN_ISSUER",
    ]


async def test_this_machine_is_looked_at(tmp_path: Path) -> None:
    cheap: dict[str, Any] = {"argon2_time_cost": 1, "argon2_memory_kib": 64}

    assert re.fullmatch(r"ok: a hash takes \d+ ms", await _said(check_argon2, _examined(**cheap)))
    assert re.fullmatch(r"\w+: [\d.]+ GiB are free", await _said(check_disk, _examined(data_dir=tmp_path)))
    assert re.match(
        r"\w+: (no limit|a process started as this one may open)", await _said(check_open_files, _examined())
    )
    (tmp_path / "file").touch()
    for data_dir, said in [
        ("new/folder", "skipped: DATA_DIR is not there yet; serve and migrate create it"),
        ("file", "problem: the folder of DATA_DIR is not there, or is a file"),
        ("file/folder", "problem: the folder of DATA_DIR is not there, or is a file"),
    ]:
        assert await _said(check_disk, _examined(data_dir=tmp_path / data_dir)) == said
    elsewhere = _examined(database_url="postgres://db.example.mx/x", smtp_url="smtp://127.0.0.1")
    assert await _said(check_disk, elsewhere) == "skipped: the service writes nothing here"


async def test_a_key_that_somebody_typed_is_recognized() -> None:
    weak = [
        "x" * 64,
        "abc" * 30,
        "0123456789abcdefghijklmnopqrstuvwxyz",
        "secreto",
        "correct horse battery staple, now",
        "hunter2hunter2hunter2hunter2hunter2",
    ]
    generated = [each for _ in range(100) for each in (generate_token(), secrets.token_hex(16))]

    assert [key for key in weak if estimated_bits(key) >= 88] == []
    assert [key for key in generated if estimated_bits(key) < 88] == []
    typed = await _said(check_keys, _examined(secret_key=weak[2]))
    assert typed == "warning: SECRET_KEY looks typed: its characters have some 0 bits"
    (known,) = await check_keys(_examined(secret_key=PRODUCTION["secret_key"]))
    assert known.text == "SECRET_KEY looks like an example that others know"
    assert await _said(check_keys, _examined(secret_key=_KEY)) == "ok: 1, as if generated"


async def test_settings_that_are_not_safe_in_production_are_named() -> None:
    found = await check_settings(_examined(**{**PRODUCTION, "secret_key": "short"}, database_url="postgres://db.mx/x"))

    assert _lines(found) == [
        "problem: SECRET_KEY: the key has 5 bytes; production needs at least 32",
        "warning: Nobody can pay: set PAYPAL_… or BANK_DEPOSIT_… (docs/settings.md).",
        "warning: MAIL_FROM is an example",
        "warning: ALLOWED_HOSTS is not set, so any Host is answered",
        "warning: DATABASE_TLS is prefer, so nobody checks that this is your database",
    ]


async def test_checks_run_at_once_and_one_that_fails_does_not_stop_the_others() -> None:
    both = asyncio.Barrier(2)

    async def meets(_: Deployment) -> list[Finding]:
        await both.wait()
        return [ok("met")]

    async def fails(_: Deployment) -> list[Finding]:
        raise ZeroDivisionError("x")

    report = await examine(_examined(), [Check("a", meets), Check("b", meets), Check("c", fails)])

    assert [(name, finding.text) for name, finding in report] == [
        ("a", "met"),
        ("b", "met"),
        ("c", "ZeroDivisionError: x"),
    ]


async def test_no_secret_is_in_a_report() -> None:
    async def quotes(deployment: Deployment) -> list[Finding]:
        return [ok(f"clave del/servidor clave%20del%2Fservidor {_SECRET}\n\x1b[31m \u202e x")]

    deployment = _examined(smtp_url="smtp://ana:clave%20del%2Fservidor@127.0.0.1", paypal_client_secret=_SECRET)

    ((_, finding),) = await examine(deployment, [Check("a", quotes)])

    assert finding.text == "*** *** *** [31m x"


def test_doctor_prints_a_line_for_each_check_and_fails_if_there_is_a_problem(
    sqlite_template: Path, tmp_path: Path
) -> None:
    copied(sqlite_template, tmp_path)
    well = run_here(tmp_path, "doctor", DATA_DIR=str(tmp_path), ARGON2_MEMORY_KIB="64")
    broken = run_here(tmp_path, "doctor", "--json", DATA_DIR=str(tmp_path), REDIS_URL="redis://127.0.0.1:1/0")

    names = [check.name for check in CHECKS]
    assert (well.returncode, well.stderr) == (0, "")
    assert [line[9:20].rstrip() for line in well.stdout.splitlines()] == names
    report = json.loads(broken.stdout)
    assert (broken.returncode, broken.stderr, report["ok"]) == (1, "", False)
    assert [each["check"] for each in report["findings"]] == names
    (redis,) = [each for each in report["findings"] if each["check"] == "redis"]
    assert redis["state"] == "problem"
    assert redis["advice"].startswith("Start Redis, or correct REDIS_URL")


def test_doctor_reports_every_wrong_setting(tmp_path: Path) -> None:
    wrong = {"PORT": "web", "SMTP_URL": _SECRET, "LIMT_LOGIN": "1/hour"}
    unread = run_here(tmp_path, "doctor", **wrong)
    missing = run_here(tmp_path, "doctor", ENVIRONMENT="production", DATABSE_URL="x")

    assert (unread.returncode, unread.stderr) == (1, "")
    assert [line[:30] for line in unread.stdout.splitlines()] == [
        "problem  settings    PORT: mus",
        "problem  settings    SMTP_URL:",
        "skipped  all others  not witho",
    ]
    assert _SECRET not in unread.stdout
    assert "problem  settings    production needs SECRET_KEY" in missing.stdout
    assert "warning  settings    DATABSE_URL is not a setting. Did you mean DATABASE_URL?" in missing.stdout


def test_doctor_takes_only_an_e_mail_and_a_url(tmp_path: Path) -> None:
    wrong = [
        ("--to", "ana"),
        ("--url", "api.example.mx"),
        ("--url", "https://ana:word@api.example.mx"),
        ("--url", "//x"),
    ]

    assert [run_here(tmp_path, "doctor", *each).returncode for each in wrong] == [2] * len(wrong)


def test_a_clock_that_is_wrong_is_a_problem_once_it_does_harm() -> None:
    offsets = [1.9, 2.5, -45.0]

    said = [finding_of("Redis", offset) for offset in offsets]

    assert [each and f"{each.state.value}: {each.text}" for each in said] == [
        None,
        "warning: Redis is 2.5 s ahead of this machine",
        "problem: Redis is 45.0 s behind this machine",
    ]
