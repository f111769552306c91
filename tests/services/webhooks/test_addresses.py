"""Deliveries go to public addresses only, however they are written or wrapped."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest

from services.webhooks.addresses import LOOPBACK, AddressPolicy, AddressRefusedError, resolve

PUBLIC = ["8.8.8.8", "201.150.1.1", "2001:4860:4860::8888", "2806:2f0::1", "64:ff9b::808:808", "::ffff:8.8.8.8"]
NOT_PUBLIC = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1"),
    *("198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "fc00::1", "fd12:3456::1"),
    *("ff02::1", "2001:db8::1", "2001::1", "2001:10::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1"),
    *("100::1", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:10.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "4000::1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address: str) -> None:
    assert AddressPolicy().permits(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_no_other_address_is_permitted(address: str) -> None:
    assert not AddressPolicy().permits(ip_address(address))


def test_the_operator_permits_networks() -> None:
    policy = AddressPolicy((ip_network("10.20.0.0/16"), ip_network("fd00::/8"), *LOOPBACK))

    for address in ("10.20.1.1", "::ffff:10.20.1.1", "fd00::1", "127.0.0.1", "::1", "8.8.8.8"):
        assert policy.permits(ip_address(address)), address
    for address in ("10.21.0.1", "::ffff:10.21.0.1", "169.254.169.254", "fe80::1"):
        assert not policy.permits(ip_address(address)), address


@pytest.mark.parametrize("found", [["8.8.8.8", "127.0.0.1"], ["::1"], [], ["no address"]])
async def test_a_host_is_refused_if_any_of_its_addresses_is(found: list[str]) -> None:
    async def answer(_: str, __: int) -> Sequence[str]:
        return found

    with pytest.raises(AddressRefusedError):
        await AddressPolicy().addresses(answer, "hook.example.com", 443)


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "localhost", "0177.0.0.1", "[::1]", "::1"])
async def test_other_spellings_of_this_machine_are_refused(host: str) -> None:
    """They become addresses before they are checked; what the system does not know does not resolve."""
    with pytest.raises((AddressRefusedError, OSError)):
        await AddressPolicy().addresses(resolve, host, 443)
