"""The caller: what belongs to one request and nothing else."""

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network

from services.common.translations import Language

Address = IPv4Address | IPv6Address

_CACHED = 4_096


@dataclass(frozen=True, slots=True)
class Caller:
    """`device_name` is what the client calls itself at login, and `device_token` that of a remembered device.

    `credential` is a session's token, and `api_secret` an API client's secret; a request has at most one of them.
    """

    address: Address
    language: Language = Language.ES
    user_agent: str | None = None
    credential: str | None = field(default=None, repr=False)
    api_secret: str | None = field(default=None, repr=False)
    device_name: str | None = None
    device_token: str | None = field(default=None, repr=False)

    @property
    def client(self) -> str:
        """What limits count as one client: an IPv4 address or an IPv6 /64, the smallest prefix that a customer gets."""
        return _prefix(self.address, 32 if self.address.version == 4 else 64)

    @property
    def site(self) -> str | None:
        """The IPv6 /48 around the client, the largest prefix that a customer gets. None for IPv4."""
        return _prefix(self.address, 48) if self.address.version == 6 else None

    @property
    def network(self) -> str:
        """The network by which logins are remembered: a /24 or /48."""
        return _prefix(self.address, 24 if self.address.version == 4 else 48)


@lru_cache(_CACHED)  # several times for each request
def _prefix(address: Address, length: int) -> str:
    return str(ip_network((address, length), strict=False))
