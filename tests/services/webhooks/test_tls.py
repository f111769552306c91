"""Over TLS, the certificate has to be the host's, although the connection is made to an address."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence

import pytest
import trustme

from services.webhooks.addresses import LOOPBACK, AddressPolicy
from services.webhooks.sender import Answer, Connection

_NAMES: list[str | None] = []


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def port(authority: trustme.CA) -> AsyncIterator[int]:
    """A server of hook.example.com, which notes the names that clients ask for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hook.example.com").configure_cert(context)
    _NAMES.clear()
    context.sni_callback = lambda _, name, __: _NAMES.append(name)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _post(host: str, port: int, authority: trustme.CA | None) -> Answer:
    async def here(_: str, __: int) -> Sequence[str]:
        return ["127.0.0.1"]

    trusting = ssl.create_default_context()
    if authority:
        authority.configure_trust(trusting)
    url = f"https://{host}:{port}/"
    connection = Connection(url, AddressPolicy(LOOPBACK), resolver=here, tls=trusting)
    try:
        return await connection.post(b"{}", {})
    finally:
        await connection.aclose()


async def test_the_hosts_certificate_is_verified_by_its_name(port: int, authority: trustme.CA) -> None:
    assert await _post("hook.example.com", port, authority) == Answer(204, "status 204")
    assert _NAMES == ["hook.example.com"]


async def test_another_hosts_certificate_is_refused(port: int, authority: trustme.CA) -> None:
    assert await _post("other.example.com", port, authority) == Answer(None, "ConnectError")


async def test_an_unknown_authority_is_refused(port: int) -> None:
    assert await _post("hook.example.com", port, None) == Answer(None, "ConnectError")
