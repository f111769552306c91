"""What clients offer and ask for beside plain HTTP/1.1 requests: other protocols, other versions, other targets."""

import pytest

from tests.process.raw import answers

QUERY = b'{"query": "{ __typename }"}'
ANSWER = b'{"data":{"__typename":"Query"}}'
POST = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GET = b"GET /graphql?query={__typename} HTTP/1.1\r\nHost: localhost\r\n"

OFFERS = {
    "the JDK's": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n",
    "a WebSocket's": b"Connection: keep-alive, upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    "TLS": b"UPGRADE: TLS/1.0\r\nCONNECTION: UPGRADE\r\n",
    "a list": b"Upgrade: TLS/1.2, h2c/1, x\r\nConnection: close-not\r\nConnection: upgrade\r\n",
    "two": b"Connection: upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n",
    "an empty one": b"Connection: upgrade\r\nUpgrade:\r\n",
}
FRAMED = {
    "counted": b"Content-Length: %d\r\n\r\n%s" % (len(QUERY), QUERY),
    "chunked": b"Transfer-Encoding: chunked\r\n\r\n%x;a=b\r\n%s\r\n0\r\nx: y\r\n\r\n" % (len(QUERY), QUERY),
}


@pytest.mark.parametrize("framed", FRAMED.values(), ids=FRAMED)
@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
async def test_an_offer_of_another_protocol_is_ignored_and_the_connection_stays(
    url: str, offer: bytes, framed: bytes
) -> None:
    received = await answers(url, (POST + offer + framed) * 2 + POST + b"Connection: close\r\n" + framed)

    assert received.count(b"HTTP/1.1 ") == received.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert received.count(ANSWER) == 3
    assert received.count(b"keep-alive: timeout=") == 2
    assert b"upgrade:" not in received.lower()


@pytest.mark.parametrize("framed", FRAMED.values(), ids=FRAMED)
async def test_an_offer_is_ignored_byte_by_byte(url: str, framed: bytes) -> None:
    request = POST + OFFERS["the JDK's"] + framed + GET + b"Connection: close\r\n\r\n"

    received = await answers(url, *(bytes([byte]) for byte in request), pause=0.001)

    assert received.count(b"HTTP/1.1 ") == received.count(ANSWER) == 2


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
@pytest.mark.parametrize("apart", [True, False])
async def test_a_body_after_an_offer_is_never_read_as_a_request(url: str, offer: bytes, apart: bool) -> None:
    smuggled = GET + b"\r\n"
    head = POST + offer + b"Content-Length: %d\r\nConnection: close, upgrade\r\n\r\n" % len(smuggled)

    received = await answers(url, *([head, smuggled] if apart else [head + smuggled]))

    assert received.count(b"HTTP/1.1 ") == 1
    assert received.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: 5, 6\r\n"]
)
async def test_an_ambiguous_body_is_refused_despite_an_offer(url: str, framing: bytes) -> None:
    received = await answers(url, POST + OFFERS["the JDK's"] + framing + b"\r\n0\r\n\r\n" + GET + b"\r\n")

    assert received.count(b"HTTP/1.1 ") == received.count(b"HTTP/1.1 400 ") == 1


async def test_a_head_is_limited_despite_an_offer(url: str) -> None:
    received = await answers(url, POST + OFFERS["the JDK's"] + b"x: " + b"y" * 20_000 + b"\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", b"505"),
        (b"GET /graphql HTTP/2.0\r\nHost: localhost\r\n\r\n", b"505"),
        (b"GET /graphql HTTP/0.9\r\nHost: localhost\r\n\r\n", b"505"),
        (b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n", b"501"),
        (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", b"404"),
        (b"GET ftp://localhost/graphql HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
        (b"GET http://ana@localhost/graphql HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
        (b"GET localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
    ],
    ids=["HTTP/2", "version 2.0", "version 0.9", "a tunnel", "any target", "ftp", "a user", "no path", "TLS"],
)
async def test_an_unsupported_protocol_gets_an_error(url: str, request_: bytes, status: bytes) -> None:
    received = await answers(url, request_)

    assert received.startswith(b"HTTP/1.1 %s " % status)
    assert b'"extensions":{"code":"BAD_REQUEST"}' in received


@pytest.mark.parametrize(
    "target", [b"http://localhost:1/graphql", b"HTTP://LOCALHOST/graphql", b"https://[::1]/graphql"]
)
async def test_an_absolute_url_is_a_valid_target_and_its_host_counts(url: str, target: bytes) -> None:
    line = b"GET %s?query={__typename} HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n"

    assert ANSWER in await answers(url, line % target)
    assert (await answers(url, line % b"http://elsewhere.example/graphql")).startswith(b"HTTP/1.1 421 ")
    assert (await answers(url, line.replace(b"elsewhere.example", b"localhost") % b"http://b.example")).startswith(
        b"HTTP/1.1 421 "
    )


async def test_a_client_of_http_1_0_is_answered_and_disconnected(url: str) -> None:
    received = await answers(url, GET.replace(b"1.1", b"1.0") + b"Connection: keep-alive\r\n\r\n")

    assert received.endswith(ANSWER)
    assert b"connection: close\r\n" in received
    assert b"keep-alive:" not in received


async def test_a_client_that_expects_100_continue_gets_it(url: str) -> None:
    head = POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(QUERY)

    received = await answers(url, head, QUERY)

    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert received.endswith(ANSWER)


async def test_an_error_before_the_body_arrives_ends_the_connection(url: str) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 300\r\n\r\n"

    received = await answers(url, head, GET + b"\r\n")

    assert received.count(b"HTTP/1.1 ") == received.count(b"HTTP/1.1 404 ") == 1
    assert b"connection: close\r\n" in received
