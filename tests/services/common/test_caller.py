"""Callers: which part of an address counts, and which headers are believed."""

from ipaddress import ip_address

from starlette.requests import HTTPConnection

from app.caller import caller_of
from services.common.caller import Caller
from services.common.translations import Language

_PEER = "203.0.113.9"


def test_a_client_is_an_ipv4_address_or_an_ipv6_64() -> None:
    networks = {
        "203.0.113.77": ("203.0.113.77/32", None, "203.0.113.0/24"),
        "127.0.0.1": ("127.0.0.1/32", None, "127.0.0.0/24"),
        "2001:db8:1:2:3:4:5:6": ("2001:db8:1:2::/64", "2001:db8:1::/48", "2001:db8:1::/48"),
        "2001:db8:1:2:ffff::": ("2001:db8:1:2::/64", "2001:db8:1::/48", "2001:db8:1::/48"),
        "::1": ("::/64", "::/48", "::/48"),
        "fe80::1%eth0": ("fe80::/64", "fe80::/48", "fe80::/48"),
    }

    callers = {address: Caller(ip_address(address)) for address in networks}

    assert {address: (caller.client, caller.site, caller.network) for address, caller in callers.items()} == networks


def test_neighbors_of_one_64_are_one_client_and_those_of_one_48_one_site() -> None:
    first, second, third = (Caller(ip_address(f"2001:db8:1:{host}")) for host in ("1::1", "1::2", "2::1"))

    assert first.client == second.client != third.client
    assert first.site == second.site == third.site


def test_a_credential_is_in_no_repr() -> None:
    caller = Caller(ip_address(_PEER), credential="a-token-of-mine")

    assert "a-token-of-mine" not in f"{caller!r} {caller}"


def test_an_ipv4_client_on_an_ipv6_socket_is_an_ipv4_client() -> None:
    caller = _caller(peer="::ffff:203.0.113.9")

    assert caller == Caller(ip_address(_PEER))


def test_only_our_own_proxies_name_a_client() -> None:
    hops: list[tuple[int, list[str], str]] = [
        (0, [], _PEER),  # no proxy
        (0, ["198.51.100.1"], _PEER),  # no proxy, and a spoofed header
        (1, ["198.51.100.1"], "198.51.100.1"),  # one proxy
        (1, ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),  # one proxy, a spoofed hop before it
        (1, ["192.0.2.66", "198.51.100.1"], "198.51.100.1"),  # one proxy that adds a line
        (1, ["198.51.100.1,,"], _PEER),  # one proxy, and an empty hop
        (1, [], _PEER),  # one proxy that said nothing
        (1, [""], _PEER),  # one proxy and an empty header
        (2, ["198.51.100.1, 192.0.2.1"], "198.51.100.1"),  # two proxies
        (2, ["192.0.2.66, 198.51.100.1, 192.0.2.1"], "198.51.100.1"),  # two proxies, a spoofed hop
        (2, ["192.0.2.66,198.51.100.1", "192.0.2.1"], "198.51.100.1"),  # two proxies on two lines
        (2, ["198.51.100.1"], _PEER),  # two proxies, of which one was gone around
        (1, ["2001:db8::7"], "2001:db8::7"),  # an IPv6 client
        (1, ["::ffff:198.51.100.1"], "198.51.100.1"),  # a mapped IPv4 client
        (1, ["unknown"], _PEER),  # a word
        (1, ["198.51.100.1:4711"], "198.51.100.1"),  # an address with a port
        (1, ["[2001:db8::7]:4711"], "2001:db8::7"),  # an IPv6 address with a port
        (1, ["[2001:db8::7]"], "2001:db8::7"),  # an IPv6 address in brackets
        (1, ['"[2001:db8::7]:4711"'], "2001:db8::7"),  # an IPv6 address in quotes
        (1, ["198.51.100.1:4711:1"], _PEER),  # two ports
        (1, ["198.51.100.999"], _PEER),  # no address
        (1, ["198.51.100.1/24"], _PEER),  # a network
        (1, ["3325256705"], _PEER),  # a number
        (1, ["' OR 1=1 --"], _PEER),  # an attack
        (1, ["x" * 100_000], _PEER),  # a long one
        (1, ["192.0.2.66," * 10_000 + "198.51.100.1"], "198.51.100.1"),  # many spoofed hops
    ]

    wrong = [
        (proxies, [line[:60] for line in lines], str(caller.address))
        for proxies, lines, address in hops
        if (caller := _caller([("x-forwarded-for", line) for line in lines], trusted_proxies=proxies)).address
        != ip_address(address)
    ]
    assert wrong == []


def test_no_other_header_names_a_client() -> None:
    headers = ["forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip"]

    callers = [_caller([(header, "198.51.100.1")], trusted_proxies=1) for header in headers]

    assert [caller.address for caller in callers] == [ip_address(_PEER)] * len(headers)


def test_a_peer_without_an_address_is_this_machine() -> None:
    peers = [None, "", "/run/app.sock", "testclient"]

    assert [peer for peer in peers if _caller(peer=peer).address != ip_address("127.0.0.1")] == []


def test_language_and_device_are_taken_from_their_headers() -> None:
    anonymous = Caller(ip_address(_PEER), credential="token")
    long, english = [("user-agent", "x" * 100_000)], [("user-agent", "App/1.0"), ("accept-language", "en-GB")]

    callers = [_caller(headers, credential="token") for headers in ([], [("user-agent", "")], english, long)]

    assert callers == [
        anonymous,
        anonymous,
        Caller(ip_address(_PEER), Language.EN, "App/1.0", credential="token"),
        Caller(ip_address(_PEER), user_agent="x" * 255, credential="token"),
    ]


def _caller(
    headers: list[tuple[str, str]] | None = None,
    *,
    peer: str | None = _PEER,
    trusted_proxies: int = 0,
    credential: str | None = None,
) -> Caller:
    connection = HTTPConnection(
        {
            "type": "http",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers or []],
            "client": None if peer is None else (peer, 4711),
        }
    )
    return caller_of(connection, credential, trusted_proxies)
