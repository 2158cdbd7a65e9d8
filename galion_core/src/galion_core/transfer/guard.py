"""Keeps an exchange to the addresses that its route permits.

What libcurl offers for that: OPENSOCKETFUNCTION sees every address before anything is sent to it,
but is not asked when an open connection is taken again, which may be one that another transfer was
permitted; PREREQFUNCTION is called before every request, with the address at the other end.
"""

from __future__ import annotations

import socket
from typing import NamedTuple

import pycurl

from galion_core.errors import PolicyError
from galion_core.network.proxies import proxy_for
from galion_core.network.route import Route
from galion_core.urls import ParsedUrl


class Peer(NamedTuple):
    """An address as curl hands it out; what ``addr`` holds depends on the family."""

    family: int
    socktype: int
    protocol: int
    addr: tuple[str, int] | bytes


class _Lent(socket.socket):
    """A socket of which pycurl takes a duplicate at once; then nobody holds this one."""

    def __del__(self) -> None:
        self.close()


class Guard:
    """One exchange's; its callbacks run on the loop's thread and never raise."""

    def __init__(self, route: Route, url: ParsedUrl) -> None:
        self._route = route
        self._url = url
        self._refused: str | None = None
        self._permitted = False

    def attach(self, handle: pycurl.Curl) -> None:
        """Set what watches over the handle; raises PolicyError where the URL says enough."""
        proxy = proxy_for(self._url)
        handle.setopt(pycurl.PROXY, proxy or "")  # curl shall not look for one by itself,
        handle.setopt(pycurl.NOPROXY, "")  # nor find an exception
        if proxy is not None:
            self._route.pass_on(self._url.host)
            return
        handle.setopt(pycurl.PREREQFUNCTION, self._before_request)
        if self._route.restricted:
            handle.setopt(pycurl.OPENSOCKETFUNCTION, self._open)

    @property
    def refusal(self) -> PolicyError | None:
        """Why there was no connection, if it is that no address was permitted."""
        if self._refused is None or self._permitted:
            return None
        return self._route.refusal(self._url.host, self._refused)

    def _open(self, _purpose: int, peer: Peer) -> socket.socket | int:
        address = str(peer.addr[0]) if isinstance(peer.addr, tuple) else ""
        if not self._route.permits(address):
            self._refused = address
            return int(pycurl.SOCKET_BAD)
        self._permitted = True
        try:
            return _Lent(peer.family, peer.socktype, peer.protocol)
        except OSError:  # too many open files
            return int(pycurl.SOCKET_BAD)

    def _before_request(self, address: str, *_others: object) -> int:
        if self._route.enter(address):
            return int(pycurl.PREREQFUNC_OK)
        self._refused, self._permitted = address, False
        return int(pycurl.PREREQFUNC_ABORT)
