"""What HTTP/1.1 lets a client send that no client needs, on the wire to the real server."""

import json

import pytest

from app.operations import OPERATIONS
from tests.process.conftest import Server
from tests.process.raw import answers

QUERY = b'{"query": "{ __typename }"}'
ANSWER = b'{"data":{"__typename":"Query"}}'
HEAD = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GET = b"GET /graphql?query={__typename} HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(QUERY), QUERY)


async def test_a_few_pipelined_requests_are_answered_in_their_order(url: str) -> None:
    received = await answers(url, WHOLE * 5)

    assert received.count(ANSWER) == 5


async def test_endless_pipelining_is_cut_off(url: str) -> None:
    received = await answers(url, then=b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 10_000)

    assert received.count(b"HTTP/1.1 404") < 100


@pytest.mark.parametrize("hosts", [b"", b"Host: localhost\r\nHost: evil.example\r\n"], ids=["none", "two"])
async def test_a_request_with_no_host_or_with_two_is_refused(url: str, hosts: bytes) -> None:
    received = await answers(url, GET.replace(b"Host: localhost\r\n", hosts) + b"\r\n")

    assert received.startswith(b"HTTP/1.1 400")
    assert ANSWER not in received


async def test_http_1_0_may_omit_the_host(url: str) -> None:
    received = await answers(url, b"GET /nowhere HTTP/1.0\r\n\r\n")

    assert not received.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("trailers", [b"a: b\r\n" * 1_000, b"a" * 10_000], ids=["many", "one without end"])
async def test_endless_trailers_are_cut_off(url: str, trailers: bytes) -> None:
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nx: " % (len(QUERY), QUERY)

    await answers(url, chunked, then=trailers)


async def test_an_endless_chunk_extension_is_cut_off(url: str) -> None:
    await answers(url, HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", then=b"a" * 10_000)


async def test_a_trailer_is_not_taken_for_a_header(url: str) -> None:
    document = OPERATIONS["CreateCaptcha"]
    body = json.dumps({"query": document}).encode()
    names = []

    for number in range(5):
        forged = b"X-Forwarded-For: 198.51.100.%d\r\n" % number
        chunks = b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, forged)
        real = b"X-Forwarded-For: 203.0.113.9\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        received = await answers(url, HEAD + real + chunks)
        names.append(b"CreateCaptchaSuccess" in received)

    assert names == [True] * 3 + [False] * 2


@pytest.mark.parametrize("sent", ["in one piece", "in pieces", "without an end"])
async def test_a_head_of_more_than_sixteen_kilobytes_is_refused(url: str, sent: str) -> None:
    header = b"x: " + b"y" * 20_000
    pieces = {
        "in one piece": (GET + header + b"\r\n\r\n",),
        "in pieces": (GET, header[:9_000], header[9_000:], b"\r\n\r\n"),
        "without an end": (GET, header),
    }

    received = await answers(url, *pieces[sent])

    assert received.startswith(b"HTTP/1.1 431 ")


async def test_bytes_that_are_not_http_get_an_error_in_json(url: str) -> None:
    received = await answers(url, b"hello\r\n\r\n")

    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_only_the_owner_may_read_the_files_that_the_service_writes(server: Server) -> None:
    files = [path for path in server.data_dir.rglob("*") if path.name != "serve.log"]

    assert {path.stat().st_mode & 0o077 for path in files} == {0}
