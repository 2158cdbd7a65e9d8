"""Which addresses are public, in every spelling."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galion_core.network.addresses import AddressPolicy, Kind, written_address

PUBLIC = [
    "1.1.1.1",
    "93.184.216.34",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
]
PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "233.252.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::1.1.1.1",
    "::ffff:0.0.0.0",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::1.1.1.1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:101:101::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address(address: str) -> None:
    assert AddressPolicy().judge(address) is Kind.PUBLIC


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address(address: str) -> None:
    assert AddressPolicy().judge(address) is Kind.PRIVATE


@pytest.mark.parametrize("text", ["", "localhost", "010.0.0.1", "1.1", "1.1.1.1:80", "[::1]", "%"])
def test_what_is_no_address_is_not_permitted(text: str) -> None:
    assert AddressPolicy(["0.0.0.0/0", "::/0"]).judge(text) is Kind.PRIVATE


@given(st.ip_addresses())
def test_nothing_that_pythons_tables_know_as_special_is_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    special = (
        address.is_private
        or address.is_reserved
        or address.is_multicast
        or address.is_link_local
        or address.is_loopback
        or address.is_unspecified
    )
    if special and AddressPolicy().judge(str(address)) is Kind.PUBLIC:
        assert address in ipaddress.ip_network("64:ff9b::/96") or address.ipv4_mapped  # type: ignore[union-attr]


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_the_same_in_ipv6s_clothes(address: ipaddress.IPv4Address) -> None:
    policy = AddressPolicy(["10.0.0.0/8"])
    kind = policy.judge(str(address))
    assert policy.judge(f"::ffff:{address}") is kind
    assert policy.judge(f"64:ff9b::{address}") is kind


def test_a_network_can_be_opened() -> None:
    policy = AddressPolicy(["10.0.0.0/8", "fd00::/8", "192.168.1.5"])
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::1", "192.168.1.5"):
        assert policy.judge(address) is Kind.ALLOWED
    for address in ("11.0.0.1", "fe80::1"):
        assert policy.judge(address) is not Kind.ALLOWED
    assert policy.judge("192.168.1.6") is Kind.PRIVATE


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0x7f.0.0.1", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("[::1]", "::1"),
        ("[::ffff:10.0.0.1]", "::ffff:10.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("LocalHost.", "127.0.0.1"),
        ("a.localhost", "127.0.0.1"),
        ("example.com", None),
        ("1.1.1.1.example", None),
        ("notlocalhost", None),
        ("beef", None),
    ],
)
def test_the_address_that_a_host_spells(host: str, address: str | None) -> None:
    assert written_address(host) == address
