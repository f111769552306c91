"""What the server refuses before the application sees a request is counted, and a stalled head has a line."""

import asyncio
import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from audits.ports import free_port
from tests.process.raw import answers
from tests.process.serving import serving_aside

STALLED = 20
SECONDS = 15.0
HEAD = b"GET /hunter2 HTTP/1.1\r\nx: hunter2"


async def test_refused_bytes_are_counted_and_stalled_heads_have_a_line(migrated: Path) -> None:
    port = free_port()
    async with serving_aside(migrated, METRICS_PORT=str(port)) as (url, _):
        for sent in (b"hunter2\r\n\r\n", HEAD + b"y" * 20_000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            await answers(url, sent)
        closed = await asyncio.gather(*(_stall(url, HEAD if number % 2 else b"") for number in range(STALLED)))
        log = (migrated / "serve.log").read_text("utf-8")
        async with httpx2.AsyncClient() as http:
            text = (await http.get(f"http://127.0.0.1:{port}/metrics")).text

    counted = dict(re.findall(r'^accounts_refused_requests_total\{reason="([\w ]+)"\} ([\d.]+)$', text, re.MULTILINE))
    assert closed == [b""] * STALLED
    assert counted == {"malformed": "1.0", "too large": "1.0", "version": "1.0", "slow": f"{STALLED / 2}"}
    assert log.count("status=408") == log.count("refused=slow") == STALLED / 2
    assert "hunter2" not in log


async def _stall(url: str, head: bytes) -> bytes:
    """Sends the beginning of a request and returns what comes back until the server closes."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(head)
    try:
        return await asyncio.wait_for(reader.read(), SECONDS)
    except ConnectionResetError:
        return b""
    finally:
        writer.transport.abort()
