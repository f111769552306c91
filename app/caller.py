"""Makes the Caller of a request: its address behind proxies, its credential, its language and its device."""

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from starlette.requests import HTTPConnection

from app import negotiation
from services.common.caller import Address, Caller
from services.common.secrets import API_SECRET_PREFIX

_LOOPBACK = ip_address("127.0.0.1")
_MAX_USER_AGENT_LENGTH = 255
_CACHED = 4_096  # addresses
_HOP = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|([0-9.]+)(?::[0-9]{1,5})?")


def caller_of(request: HTTPConnection, credential: str | None, trusted_proxies: int) -> Caller:
    headers = request.headers
    is_api_secret = credential is not None and credential.startswith(API_SECRET_PREFIX)
    return Caller(
        address=address_of(request, trusted_proxies),
        language=negotiation.language(", ".join(headers.getlist("accept-language"))),
        user_agent=headers.get("user-agent", "")[:_MAX_USER_AGENT_LENGTH] or None,
        credential=None if is_api_secret else credential,
        api_secret=credential if is_api_secret else None,
    )


def hops(request: HTTPConnection) -> list[str]:
    """Returns the hops of X-Forwarded-For, the nearest proxy's last."""
    return [hop.strip() for line in request.headers.getlist("x-forwarded-for") for hop in line.split(",")]


def address_of(request: HTTPConnection, trusted_proxies: int) -> Address:
    """Returns what the outermost of our proxies saw: the n-th hop of X-Forwarded-For from the right, or the peer.

    It is the peer if there are fewer hops than proxies, or if the hop is not an address, since only our proxies may
    name a client.
    """
    if trusted_proxies and trusted_proxies <= len(forwarded_for := hops(request)):
        forwarded = _parsed(_without_port(forwarded_for[-trusted_proxies]))
        if forwarded:
            return forwarded
    return peer(request.client.host if request.client else "")


def peer(text: str) -> Address:
    """Returns the address at the other end of the connection; loopback if it has none, as a Unix socket."""
    return _parsed(text) or _LOOPBACK


def _without_port(hop: str) -> str:
    """Strips the port, brackets and quotes that some proxies add (RFC 7239, 6), as in `203.0.113.9:51234`."""
    match = _HOP.fullmatch(hop.strip('"'))
    return (match[1] or match[2]) if match else hop


@lru_cache(_CACHED)
def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return None if address.scope_id else address.ipv4_mapped or address
    return address
