"""What kind of address it is: public, opened by a setting, or private."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from enum import Enum, auto
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from galion_core.text import visible

Address = IPv4Address | IPv6Address

#: What IANA gives to the public of IPv6 (RFC 4291 2.4); all else is local or reserved.
_UNICAST = ip_network("2000::/3")
#: IPv4 behind a translator (RFC 6052), as DNS64 answers in networks that have IPv6 alone.
_NAT64 = ip_network("64:ff9b::/96")
#: Not public, whatever ``is_global`` of this or that version of Python says (IANA's registries).
_RESERVED = tuple(
    ip_network(each)
    for each in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # relays of 6to4
        "2001::/32",  # Teredo: a tunnel to any IPv4 address
        "2002::/16",  # 6to4: another
        "3fff::/20",  # documentation
    )
)


class Kind(Enum):
    """How an address is reached."""

    PUBLIC = auto()
    """From anywhere in the world."""
    ALLOWED = auto()
    """Not public, but the setting network.allow opens it to everybody."""
    PRIVATE = auto()
    """Everything else: this machine, its networks, and what no packet should go to."""


class AddressPolicy:
    """Judges addresses; the same for every connection of a program."""

    def __init__(self, allow: Iterable[str] = (), *, public: Iterable[str] = ()) -> None:
        """``allow``: the setting network.allow. ``public``: networks that count as public."""
        self.allow = tuple(allow)
        self._allowed = tuple(ip_network(each) for each in self.allow)
        self._public = tuple(ip_network(each) for each in public)

    def judge(self, text: str) -> Kind:
        """The kind of an address in its usual text form; what is none is private."""
        address = _parse(text)
        if address is None:
            return Kind.PRIVATE
        if _is_public(address) or any(address in each for each in self._public):
            return Kind.PUBLIC
        allowed = any(address in each for each in self._allowed)
        return Kind.ALLOWED if allowed else Kind.PRIVATE


def written_address(host: str) -> str | None:
    """The address that a URL's host spells, in any spelling that a resolver takes; else None.

    >>> written_address("[::1]"), written_address("0x7f.1"), written_address("example.com")
    ('::1', '127.0.0.1', None)
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761 6.3
        return "127.0.0.1"
    if _parse(name) is not None:
        return name
    try:
        return str(IPv4Address(socket.inet_aton(name)))
    except OSError:
        return None


def shown(text: str) -> str:
    """The address that is meant, for people: without what it is wrapped in."""
    return str(_parse(text) or visible(text))


def _parse(text: str) -> Address | None:
    """The address, unwrapped where it is an IPv4 one in IPv6's clothes."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    reserved = any(address in each for each in _RESERVED)
    return address.is_global and not address.is_multicast and not reserved
