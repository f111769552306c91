"""Sends one delivery: a POST to a checked address, with a deadline, and without any interest in the body."""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from services.webhooks.addresses import AddressPolicy, AddressRefusedError, IpAddress, Resolver, resolve

DEADLINE_SECONDS = 15.0
_MAX_BODY_BYTES = 16_384  # read so that the connection can be used again
_MAX_ADDRESSES = 4
_AGENT = "timbrado-accounts-webhooks"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a delivery: a status, or a reason in a few words of ours."""

    status: int | None
    reason: str

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == 410


class Connection:
    """Connections to one endpoint, kept until `aclose`; uses the environment's proxies, and follows no redirects.

    Endpoints share none: of two hosts at one address, the certificate of the first would stand for both.
    """

    def __init__(
        self,
        url: str,
        policy: AddressPolicy,
        *,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        self._url = httpx2.URL(url)
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._policy = policy
        self._resolver = resolver
        self._tls = tls
        self._deadline = deadline
        self._http: httpx2.AsyncClient | None = None

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Returns within the deadline, whatever the other side does."""
        status: list[int] = []
        try:
            async with asyncio.timeout(self._deadline):
                addresses = await self._policy.addresses(self._resolver, self._host, self._port)
                await self._send(addresses, body, headers, status)
        except AddressRefusedError:
            return Answer(None, "address not allowed")
        except TimeoutError:
            if not status:
                return Answer(None, "no answer in time")
        except (httpx2.HTTPError, OSError) as error:
            if not status:
                return Answer(None, type(error).__name__)
        return Answer(status[0], f"status {status[0]}")

    async def aclose(self) -> None:
        if self._http:
            await self._http.aclose()

    async def _send(
        self, addresses: list[IpAddress], body: bytes, headers: Mapping[str, str], status: list[int]
    ) -> None:
        """Tries the addresses until one accepts the connection, and notes the status as soon as it is known."""
        *others, last = addresses[:_MAX_ADDRESSES]
        for address in others:
            with contextlib.suppress(httpx2.ConnectError):
                await self._send_to(address, body, headers, status)
                return
        await self._send_to(last, body, headers, status)

    async def _send_to(self, address: IpAddress, body: bytes, headers: Mapping[str, str], status: list[int]) -> None:
        url = self._url.copy_with(host=str(address))
        all_headers = {
            "Host": self._url.netloc.decode("ascii"),
            "Content-Type": "application/json",
            "User-Agent": _AGENT,
            "Accept-Encoding": "identity",  # so that the limit applies to what is received
            **headers,
        }
        names = {"sni_hostname": self._host}  # the certificate has to be the host's, not the address's
        request = self._client().stream("POST", url, headers=all_headers, content=body, extensions=names)
        async with request as response:
            status.append(response.status_code)
            async with contextlib.aclosing(response.aiter_raw()) as parts:
                received = 0
                async for part in parts:
                    received += len(part)
                    if received > _MAX_BODY_BYTES:
                        return

    def _client(self) -> httpx2.AsyncClient:
        if self._http is None:
            # No timeout: the deadline covers the whole request. No proxy reaches this machine's own addresses.
            direct = {"all://127.0.0.1": None, "all://[::1]": None}
            verify = True if self._tls is None else self._tls
            self._http = httpx2.AsyncClient(timeout=None, follow_redirects=False, mounts=direct, verify=verify)
        return self._http
