"""Who asks: what of an address counts, and whose word about it is taken."""

from ipaddress import ip_address

import pytest
from starlette.requests import HTTPConnection

from app.caller import caller_of
from services.common.caller import Caller
from services.common.translations import Language

_PEER = "203.0.113.9"


@pytest.mark.parametrize(
    ("address", "client", "site", "network"),
    [
        ("203.0.113.77", "203.0.113.77/32", None, "203.0.113.0/24"),
        ("127.0.0.1", "127.0.0.1/32", None, "127.0.0.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48", "2001:db8:1::/48"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64", "2001:db8:1::/48", "2001:db8:1::/48"),
        ("::1", "::/64", "::/48", "::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48", "fe80::/48"),
    ],
)
def test_a_client_is_an_ipv4_address_or_an_ipv6_64(address: str, client: str, site: str | None, network: str) -> None:
    caller = Caller(ip_address(address))

    assert (caller.client, caller.site, caller.network) == (client, site, network)


def test_neighbours_of_one_64_are_one_client_and_those_of_one_48_one_site() -> None:
    first, second, third = (Caller(ip_address(f"2001:db8:1:{host}")) for host in ("1::1", "1::2", "2::1"))

    assert first.client == second.client != third.client
    assert first.site == second.site == third.site


def test_a_credential_is_in_no_repr() -> None:
    caller = Caller(ip_address(_PEER), credential="a-token-of-mine")

    assert "a-token-of-mine" not in f"{caller!r} {caller}"


def test_an_ipv4_client_on_an_ipv6_socket_is_an_ipv4_client() -> None:
    caller = _caller(peer="::ffff:203.0.113.9")

    assert caller == Caller(ip_address(_PEER))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        pytest.param(0, [], _PEER, id="no proxy"),
        pytest.param(0, ["198.51.100.1"], _PEER, id="no proxy, and a spoofed header"),
        pytest.param(1, ["198.51.100.1"], "198.51.100.1", id="one proxy"),
        pytest.param(1, ["192.0.2.66, 198.51.100.1"], "198.51.100.1", id="one proxy, a spoofed hop before it"),
        pytest.param(1, ["192.0.2.66", "198.51.100.1"], "198.51.100.1", id="one proxy that adds a line"),
        pytest.param(1, ["198.51.100.1,,"], _PEER, id="one proxy, and an empty hop"),
        pytest.param(1, [], _PEER, id="one proxy that said nothing"),
        pytest.param(1, [""], _PEER, id="one proxy and an empty header"),
        pytest.param(2, ["198.51.100.1, 192.0.2.1"], "198.51.100.1", id="two proxies"),
        pytest.param(2, ["192.0.2.66, 198.51.100.1, 192.0.2.1"], "198.51.100.1", id="two proxies, a spoofed hop"),
        pytest.param(2, ["192.0.2.66,198.51.100.1", "192.0.2.1"], "198.51.100.1", id="two proxies on two lines"),
        pytest.param(2, ["198.51.100.1"], _PEER, id="two proxies, of which one was gone around"),
        pytest.param(1, ["2001:db8::7"], "2001:db8::7", id="an IPv6 client"),
        pytest.param(1, ["::ffff:198.51.100.1"], "198.51.100.1", id="a mapped IPv4 client"),
        pytest.param(1, ["unknown"], _PEER, id="a word"),
        pytest.param(1, ["198.51.100.1:4711"], "198.51.100.1", id="an address with a port"),
        pytest.param(1, ["[2001:db8::7]:4711"], "2001:db8::7", id="an IPv6 address with a port"),
        pytest.param(1, ["[2001:db8::7]"], "2001:db8::7", id="an IPv6 address in brackets"),
        pytest.param(1, ['"[2001:db8::7]:4711"'], "2001:db8::7", id="an IPv6 address in quotes"),
        pytest.param(1, ["198.51.100.1:4711:1"], _PEER, id="two ports"),
        pytest.param(1, ["198.51.100.999"], _PEER, id="no address"),
        pytest.param(1, ["198.51.100.1/24"], _PEER, id="a network"),
        pytest.param(1, ["3325256705"], _PEER, id="a number"),
        pytest.param(1, ["' OR 1=1 --"], _PEER, id="an attack"),
        pytest.param(1, ["x" * 100_000], _PEER, id="a long one"),
        pytest.param(1, ["192.0.2.66," * 10_000 + "198.51.100.1"], "198.51.100.1", id="many spoofed hops"),
    ],
)
def test_only_our_own_proxies_name_a_client(proxies: int, forwarded: list[str], address: str) -> None:
    headers = [("x-forwarded-for", line) for line in forwarded]

    assert _caller(headers, trusted_proxies=proxies).address == ip_address(address)


@pytest.mark.parametrize("header", ["forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip"])
def test_other_headers_name_nobody(header: str) -> None:
    caller = _caller([(header, "198.51.100.1")], trusted_proxies=1)

    assert caller.address == ip_address(_PEER)


@pytest.mark.parametrize("peer", [None, "", "/run/app.sock", "testclient"])
def test_a_peer_without_an_address_is_this_machine(peer: str | None) -> None:
    assert _caller(peer=peer).address == ip_address("127.0.0.1")


@pytest.mark.parametrize(
    ("headers", "caller"),
    [
        ([], Caller(ip_address(_PEER), credential="token")),
        ([("user-agent", "")], Caller(ip_address(_PEER), credential="token")),
        (
            [("user-agent", "App/1.0"), ("accept-language", "en-GB")],
            Caller(ip_address(_PEER), Language.EN, "App/1.0", "token"),
        ),
        ([("user-agent", "x" * 100_000)], Caller(ip_address(_PEER), user_agent="x" * 255, credential="token")),
    ],
)
def test_language_and_device_are_taken_from_their_headers(headers: list[tuple[str, str]], caller: Caller) -> None:
    assert _caller(headers, credential="token") == caller


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
