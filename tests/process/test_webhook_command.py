"""An operator manages the endpoints of webhooks, and each secret is shown once."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from app.database import connected
from app.operator import current_operator
from app.settings import Settings
from models.audit_event import AuditEvent
from models.webhook_endpoint import WebhookEndpoint
from tests.process.in_process import run_here
from tests.webhook_receivers import Receiver, receiver

URL = "https://api.example.mx/eventos"


class Desk:
    """Runs `webhook` in a folder with a database, and looks into it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        given = {"DATA_DIR": str(self._folder), "LOG_LEVEL": "ERROR", **environment}
        result = run_here(self._folder, "webhook", *arguments, **given)
        return result.returncode, result.stdout, result.stderr

    def json(self, *arguments: str) -> Any:
        status, out, error = self(*arguments, "--json")
        assert (status, error) == (0, "")
        return json.loads(out)

    def within(self, work: Callable[[], Awaitable[Any]]) -> Any:
        async def look() -> Any:
            async with connected(Settings(_env_file=None, data_dir=self._folder).database):
                return await work()

        return asyncio.run(look())


@pytest.fixture
def desk(migrated: Path) -> Desk:
    return Desk(migrated)


def test_an_endpoint_is_added_and_its_secret_is_shown_once(desk: Desk) -> None:
    status, secret, told = desk("add", URL, "--types", "account.updated, account.deleted")
    (endpoint,) = desk.json("list")
    _, line, _ = desk("list")

    assert status == 0
    assert secret.startswith("whsec_")
    assert told == f"{endpoint['id']}: {URL}. This secret is not shown again.\n"
    assert (endpoint["url"], endpoint["types"]) == (URL, ["account.updated", "account.deleted"])
    assert (endpoint["state"], endpoint["waiting"], endpoint["last_result"]) == ("active", 0, None)
    assert line == f"{endpoint['id']}\tactive\t0 waiting\t-\t-\taccount.updated,account.deleted\t{URL}\n"
    assert secret.strip() not in json.dumps(endpoint) + line


def test_an_endpoint_is_paused_resumed_rotated_replayed_and_removed(desk: Desk) -> None:
    added = desk.json("add", URL)
    paused = desk.json("pause", added["id"])
    resumed = desk.json("resume", added["id"])
    rotated = desk.json("rotate", added["id"])
    replayed = desk.json("replay", added["id"], "--since", "7d")
    removed = desk.json("remove", added["id"])

    assert [each["state"] for each in (paused, resumed, replayed, removed)] == [
        "paused (operator)",
        "active",
        "active",
        "active",
    ]
    assert rotated["secret"] != added["secret"]
    assert rotated["also_until"]
    assert desk("list") == (1, "", "")
    kinds = desk.within(lambda: AuditEvent.all().order_by("at").values_list("kind", "actor", "subject", "detail"))
    verbs = ("added", "paused", "resumed", "rotated", "replayed", "removed")
    actor = current_operator().name
    assert kinds == [(f"webhook_{verb}", actor, added["id"], "api.example.mx") for verb in verbs]


def test_an_unknown_endpoint_is_answered(desk: Desk) -> None:
    unknown = str(uuid4())
    for action in ("test", "pause", "resume", "rotate", "remove"):
        assert desk(action, unknown) == (1, "", f"{unknown}: no such endpoint\n"), action
    assert desk("replay", unknown, "--since", "1h")[0] == 1
    status, out, _ = desk("pause", unknown, "--json")
    assert (status, json.loads(out)) == (1, {"error": f"{unknown}: no such endpoint"})
    assert desk("pause", "x")[0] == 2
    assert desk("replay", unknown)[0] == desk("replay", unknown, "--since", "yesterday")[0] == 2


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "must begin with https:// or http:// and a host"),
        ("api.example.mx", "must begin with https:// or http:// and a host"),
        ("ftp://api.example.mx/", "must begin with https:// or http:// and a host"),
        ("file:///etc/passwd", "must begin with https:// or http:// and a host"),
        ("https://", "must begin with https:// or http:// and a host"),
        ("https://[::1", "must begin with https:// or http:// and a host"),
        ("https://a:99999/", "must begin with https:// or http:// and a host"),
        ("https://256.0.0.1/", "must begin with https:// or http:// and a host"),
        ("https://[v1.x]/", "must begin with https:// or http:// and a host"),
        ("https://u:p@api.example.mx/", "must not contain a user or a password: receivers verify the signature"),
        ("https://api.example.mx/#x", "must not have a fragment"),
        ("https://api.example.mx/a b", "must have at most 2,000 printable ASCII characters, without spaces"),
        ("https://api.example.mx\\@evil.mx/", "must have at most 2,000 printable ASCII characters, without spaces"),
        ("https://api.example.mx/\n", "must have at most 2,000 printable ASCII characters, without spaces"),
        ("https://ñ.mx/", "must have at most 2,000 printable ASCII characters, without spaces"),
        (f"https://api.example.mx/{'x' * 2000}", "must have at most 2,000 printable ASCII characters, without spaces"),
    ],
)
def test_a_wrong_url_is_refused_with_a_sentence(desk: Desk, url: str, problem: str) -> None:
    assert desk("add", url) == (2, "", f"The URL {problem}.\n")


def test_production_takes_only_https(desk: Desk) -> None:
    keys = {"SECRET_KEY": "a key of thirty-two bytes or more", "NAMING_KEY": "another key of thirty-two bytes or more"}
    refused = desk("add", "http://api.example.mx/", ENVIRONMENT="production", **keys)

    assert refused == (2, "", "The URL must begin with https:// and a host.\n")
    assert desk("add", URL, ENVIRONMENT="production", **keys)[0] == 0


def test_unknown_types_are_refused(desk: Desk) -> None:
    for types in ("", "account", "account.updated,", "ACCOUNT_UPDATED"):
        assert desk("add", URL, "--types", types)[0] == 2
    assert desk.within(lambda: WebhookEndpoint.all().count()) == 0


def test_a_test_event_is_sent_and_its_answer_shown(desk: Desk) -> None:
    def with_receiver(status: int, use: Callable[[Receiver], Any]) -> tuple[Receiver, Any]:
        async def serve() -> tuple[Receiver, Any]:
            async with receiver(status) as hook:
                return hook, await asyncio.to_thread(use, hook)

        return asyncio.run(serve())

    def add_and_test(hook: Receiver) -> tuple[Any, tuple[int, str, str]]:
        added = desk.json("add", hook.url)
        return added, desk("test", added["id"])

    good, (added, shown) = with_receiver(204, add_and_test)
    _, (_, refused) = with_receiver(500, add_and_test)

    assert shown == (0, "delivered: True\nresult: status 204\n", "")
    (delivery,) = good.got
    content = Webhook(added["secret"]).verify(delivery.body, delivery.headers)
    assert (content["type"], content["data"]) == ("webhook.test", {"endpointId": added["id"]})
    assert refused == (1, "delivered: False\nresult: status 500\n", "")
