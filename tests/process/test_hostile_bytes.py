"""What HTTP/1.1 lets a client send that no client needs, on the wire to the real server."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.process.serving import ROOT, serving

QUERY = b'{"query": "{ __typename }"}'
ANSWER = b'{"data":{"__typename":"Query"}}'
HEAD = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GET = b"GET /graphql?query={__typename} HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(QUERY), QUERY)
MEGABYTE = 2**20


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:  # type: ignore[misc]  # one server for all
    with serving(tmp_path_factory.mktemp("hostile"), TRUSTED_PROXIES="1", LIMIT_CREATE_CAPTCHA="3/hour") as (url, _):
        yield url


async def _answers(url: str, *chunks: bytes, then: bytes = b"") -> bytes:
    """All that comes back until the server closes, or is quiet for a second; `then` is sent without end."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    received = bytearray()

    async def send() -> None:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0.05)
        sent = 0
        while then:
            writer.write(then)
            sent += len(then)
            assert sent < 20 * MEGABYTE, "the server takes whatever comes"
            await writer.drain()

    sending = asyncio.create_task(send())
    try:
        while chunk := await asyncio.wait_for(reader.read(65_536), 10 if then else 1):
            received += chunk
    except (TimeoutError, ConnectionError):
        pass
    sending.cancel()
    outcome = (await asyncio.gather(sending, return_exceptions=True))[0]
    assert outcome is None or isinstance(outcome, asyncio.CancelledError | ConnectionError), outcome
    writer.transport.abort()
    return bytes(received)


async def test_a_few_pipelined_requests_are_answered_in_their_order(url: str) -> None:
    received = await _answers(url, WHOLE * 5)

    assert received.count(ANSWER) == 5


async def test_pipelining_without_end_is_cut_off(url: str) -> None:
    received = await _answers(url, then=b"GET / HTTP/1.1\r\n\r\n" * 10_000)

    assert received.count(b"HTTP/1.1 404") < 100


@pytest.mark.parametrize("trailers", [b"a: b\r\n" * 1_000, b"a" * 10_000], ids=["many", "one without end"])
async def test_trailers_without_end_are_cut_off(url: str, trailers: bytes) -> None:
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nx: " % (len(QUERY), QUERY)

    await _answers(url, chunked, then=trailers)


async def test_a_chunk_extension_without_end_is_cut_off(url: str) -> None:
    await _answers(url, HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", then=b"a" * 10_000)


async def test_a_trailer_does_not_pass_for_a_header(url: str) -> None:
    document = (ROOT / "graphql/operations/CreateCaptcha.graphql").read_text("utf-8")
    body = json.dumps({"query": document}).encode()
    names = []

    for number in range(5):
        forged = b"X-Forwarded-For: 198.51.100.%d\r\n" % number
        chunks = b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, forged)
        real = b"X-Forwarded-For: 203.0.113.9\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        received = await _answers(url, HEAD + real + chunks)
        names.append(b"CreateCaptchaSuccess" in received)

    assert names == [True] * 3 + [False] * 2


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
async def test_a_body_behind_an_upgrade_is_no_request_of_its_own(url: str, protocol: bytes) -> None:
    smuggled = GET + b"\r\n"
    head = HEAD + b"Connection: keep-alive, upgrade\r\nUpgrade: %s\r\nContent-Length: %d\r\n\r\n"

    received = await _answers(url, head % (protocol, len(smuggled)), smuggled)

    assert received.count(b"HTTP/1.1 ") == 1
    assert received.startswith(b"HTTP/1.1 400 ")


async def test_after_an_upgrade_that_is_not_granted_nothing_more_is_read(url: str) -> None:
    received = await _answers(url, GET + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", GET + b"\r\n")

    assert received.count(b"HTTP/1.1 ") == received.count(b"HTTP/1.1 200 ") == 1


@pytest.mark.parametrize("sent", ["in one piece", "in pieces", "without an end"])
async def test_a_head_of_more_than_sixteen_kilobytes_is_refused(url: str, sent: str) -> None:
    header = b"x: " + b"y" * 20_000
    pieces = {
        "in one piece": (GET + header + b"\r\n\r\n",),
        "in pieces": (GET, header[:9_000], header[9_000:], b"\r\n\r\n"),
        "without an end": (GET, header),
    }

    received = await _answers(url, *pieces[sent])

    assert received.startswith(b"HTTP/1.1 431 ")


async def test_what_is_no_http_is_told_so_in_json(url: str) -> None:
    received = await _answers(url, b"hello\r\n\r\n")

    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_what_the_service_writes_is_its_owners_alone(tmp_path: Path) -> None:
    with serving(tmp_path):
        files = [path for path in tmp_path.rglob("*") if path.name != "serve.log"]

        assert {path.stat().st_mode & 0o077 for path in files} == {0}
