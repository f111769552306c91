"""One delivery: what counts as delivered, and receivers that misbehave."""

import asyncio
import time
from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from services.webhooks.addresses import LOOPBACK, AddressPolicy
from services.webhooks.sender import Answer, Connection
from tests.webhook_receivers import (
    Reply,
    answers,
    endless_body,
    hangs_up,
    never,
    nonsense,
    receiver,
    slow_body,
    slow_headers,
)

pytestmark = pytest.mark.usefixtures("no_authorities")

HERE = AddressPolicy(LOOPBACK)
BODY = '{"type":"webhook.test","data":{"ñ":"😀"}}'.encode()


async def _post(url: str, policy: AddressPolicy = HERE, deadline: float = 2.0, **options: object) -> Answer:
    connection = Connection(url, policy, deadline=deadline, **options)  # type: ignore[arg-type]  # a resolver
    try:
        return await connection.post(BODY, {"webhook-id": "1"})
    finally:
        await connection.aclose()


async def test_the_body_arrives_as_it_is_with_the_hosts_name() -> None:
    async with receiver() as hook:
        answer = await _post(hook.url)

    (got,) = hook.got
    assert answer == Answer(204, "status 204")
    assert (got.target, got.body) == ("/hook?a=1", BODY)
    assert got.headers["host"] == f"127.0.0.1:{hook.port}"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == "1"
    assert not {"cookie", "authorization"} & got.headers.keys()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_success_counts_as_delivered(status: int) -> None:
    async with receiver(status) as hook:
        assert (await _post(hook.url)).delivered


@pytest.mark.parametrize("status", [100, 301, 302, 307, 308, 400, 401, 404, 410, 429, 500, 503])
async def test_nothing_else_does(status: int) -> None:
    async with receiver(status) as hook:
        answer = await _post(hook.url)

    assert not answer.delivered
    assert answer.gone == (status == 410)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with receiver() as inside, receiver(200, answers(status, f"Location: {inside.url}")) as hook:
        answer = await _post(hook.url)

    assert answer == Answer(status, f"status {status}")
    assert inside.got == []


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (never, Answer(None, "no answer in time")),
        (slow_headers, Answer(None, "no answer in time")),
        (endless_body, Answer(200, "status 200")),
        (slow_body, Answer(200, "status 200")),
        (nonsense, Answer(None, "RemoteProtocolError")),
        (hangs_up, Answer(None, "RemoteProtocolError")),
        (answers(200, f"X: {'x' * 1_000_000}"), Answer(None, "RemoteProtocolError")),
    ],
)
async def test_a_hostile_receiver_takes_no_longer_than_the_deadline(reply: Reply, expected: Answer) -> None:
    async with receiver(200, reply) as hook:
        begun = time.monotonic()
        answer = await _post(hook.url)

    assert answer == expected
    assert time.monotonic() - begun < 10  # of two seconds, on a busy machine


async def test_a_receiver_that_is_not_there_fails() -> None:
    async with receiver() as hook:
        pass

    assert await _post(hook.url) == Answer(None, "ConnectError")
    assert (await _post("http://no-such-host.invalid/", deadline=3)).status is None


async def test_this_machine_is_refused_unless_the_operator_allows_it() -> None:
    async with receiver() as hook:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1"):
            url = f"http://{host}:{hook.port}/"
            assert await _post(url, AddressPolicy()) == Answer(None, "address not allowed"), host

    assert hook.connections == 0


async def test_a_name_that_resolves_to_something_else_the_next_time_gains_nothing() -> None:
    """The address that was checked is the one that is connected to: the name is not resolved again."""
    asked: list[str] = []
    async with receiver() as inside:

        async def rebinding(host: str, _: int) -> Sequence[str]:
            asked.append(host)
            return ["192.0.2.1"] if len(asked) == 1 else ["127.0.0.1"]

        url = f"http://rebinding.example.com:{inside.port}/"
        connection = Connection(url, AddressPolicy((ip_network("192.0.2.0/24"),)), resolver=rebinding, deadline=0.3)
        first = await connection.post(BODY, {})
        asked_first = len(asked)
        second = await connection.post(BODY, {})
        await connection.aclose()

    assert (first.status, asked_first) == (None, 1)
    assert second == Answer(None, "address not allowed")
    assert inside.connections == 0


async def test_the_next_address_is_tried_if_one_does_not_answer() -> None:
    async with receiver() as hook:

        async def both(_: str, __: int) -> Sequence[str]:
            return ["::1", "127.0.0.1"]

        answer = await _post(f"http://hook.example.com:{hook.port}/", resolver=both)

    assert answer.delivered
    assert hook.got[0].headers["host"] == f"hook.example.com:{hook.port}"


async def test_a_slow_resolver_counts_towards_the_deadline() -> None:
    async def slow(_: str, __: int) -> Sequence[str]:
        await asyncio.sleep(3600)
        return []

    assert await _post("http://hook.example.com/", resolver=slow) == Answer(None, "no answer in time")


async def test_deliveries_share_a_connection() -> None:
    async with receiver() as hook:
        connection = Connection(hook.url, HERE)
        for _ in range(3):
            assert (await connection.post(BODY, {})).delivered
        await connection.aclose()

    assert (len(hook.got), hook.connections) == (3, 1)
