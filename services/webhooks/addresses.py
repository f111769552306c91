"""Which addresses deliveries may go to: public ones, and those that the operator allows.

Whoever may add an endpoint could otherwise make the service send requests into its own network, and learn from the
results what is there. The name is resolved once, every address is checked, and the connection is made to a checked one,
so that a name that resolves to something else the next time gains nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, those to prefer first. Raises OSError."""

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

_GLOBAL_IPV6 = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
# https://www.iana.org/assignments/iana-ipv4-special-registry and …-ipv6-…, where Python's is_global of some versions
# differs: what is not forwarded, what is for examples, and what wraps an IPv4 address of somebody's choice.
_REFUSED = tuple(
    map(
        ip_network,
        (
            *("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
            *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
        ),
    )
)


class AddressRefusedError(Exception):
    """The host has an address that deliveries may not go to."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """`allowed` are networks that may be reached although they are not public."""

    allowed: tuple[IpNetwork, ...] = ()

    def permits(self, address: IpAddress) -> bool:
        plain = _unwrapped(address)
        return any(plain in network for network in self.allowed) or _is_public(plain)

    async def addresses(self, resolve: Resolver, host: str, port: int) -> list[IpAddress]:
        """Resolves a host. Raises OSError, and AddressRefusedError if any of its addresses is not permitted."""
        try:
            found = [ip_address(text) for text in await resolve(host, port)]
        except (ValueError, UnicodeError):
            raise AddressRefusedError from None
        if not found or not all(self.permits(address) for address in found):
            raise AddressRefusedError
        return found


async def resolve(host: str, port: int) -> list[str]:
    """Asks the operating system."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


def _unwrapped(address: IpAddress) -> IpAddress:
    """Returns the IPv4 address that an IPv6 address stands for, if it is one that reaches it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: IpAddress) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_IPV6:
        return False
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in _REFUSED)
