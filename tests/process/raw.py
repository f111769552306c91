"""Bytes to the real server, and all that comes back."""

import asyncio
from urllib.parse import urlsplit

_MEGABYTE = 2**20


async def answers(url: str, *chunks: bytes, then: bytes = b"", pause: float = 0.05) -> bytes:
    """All that comes back until the server closes, or is quiet for a second; `then` is sent without end."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    received = bytearray()

    async def send() -> None:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause)
        sent = 0
        while then:
            writer.write(then)
            sent += len(then)
            assert sent < 20 * _MEGABYTE, "the server takes whatever comes"
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
