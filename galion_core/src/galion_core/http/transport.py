"""Connects httpx to the addresses that a route permits, and to no others."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable

import httpcore
import httpx

from galion_core.network.addresses import AddressPolicy, Kind
from galion_core.network.proxies import proxy_for
from galion_core.network.route import Route
from galion_core.urls import parse_url

#: Connections to one kind of address; those that are kept idle, and for how many seconds.
_MOST, _KEPT, _KEPT_FOR = 100, 20, 5.0


class RoutedTransport(httpx.AsyncBaseTransport):
    """One chain of requests.

    Connections are kept apart by the kind of their address, so that an open one never leads where a
    new one might not, and by the proxy that they go through.
    """

    def __init__(self, route: Route) -> None:
        self._route = route
        self._tls = httpx.create_ssl_context()
        self._pools: dict[Kind | str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and give the answer; raises PolicyError where no address is permitted."""
        url = parse_url(str(request.url))
        proxy = proxy_for(url)
        if proxy is not None:
            self._route.pass_on(url.host)
            return await self._through(proxy).handle_async_request(request)
        address = ""
        for kind in self._route.kinds:
            try:
                response = await self._at(kind).handle_async_request(request)
            except _NoneOfThisKind as none:
                address = none.address
                continue
            self._route.reached(kind)
            return response
        raise self._route.refusal(url.host, address)

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()

    def _at(self, kind: Kind) -> httpx.AsyncHTTPTransport:
        """The connections to addresses of a kind."""
        if kind not in self._pools:
            self._pools[kind] = _Pool(_Dialler(self._route.policy, kind), self._tls)
        return self._pools[kind]

    def _through(self, proxy: str) -> httpx.AsyncHTTPTransport:
        """The connections that go through a proxy."""
        if proxy not in self._pools:
            try:
                tunnel = httpx.AsyncHTTPTransport(verify=self._tls, proxy=httpx.Proxy(proxy))
            except (ImportError, ValueError) as error:
                raise httpx.ProxyError(f"the proxy {proxy} cannot be used: {error}") from error
            self._pools[proxy] = tunnel
        return self._pools[proxy]


class _Pool(httpx.AsyncHTTPTransport):
    """Connections that a dialler makes; httpx has no argument for one."""

    def __init__(self, dialler: _Dialler, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=_MOST,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=_KEPT_FOR,
            network_backend=dialler,
        )


class _NoneOfThisKind(Exception):
    """A host has no address of the kind that is dialled; ``address`` is one that it has."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class _Dialler(httpcore.AnyIOBackend):
    """Resolves a host, and connects to one of its addresses that are of one kind."""

    def __init__(self, policy: AddressPolicy, kind: Kind) -> None:
        self._policy = policy
        self._kind = kind

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """The connection, to the very address that was judged."""
        found = await _resolve(host, port, timeout)
        right = [each for each in found if self._policy.judge(each) is self._kind]
        if not right:
            raise _NoneOfThisKind(found[0])
        for address in right[:-1]:
            try:
                return await super().connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                pass  # the next one
        return await super().connect_tcp(right[-1], port, timeout, local_address, socket_options)


async def _resolve(host: str, port: int, timeout: float | None) -> list[str]:
    """All addresses of a host, the preferred one first."""
    try:
        async with asyncio.timeout(timeout):
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
    except TimeoutError:
        raise httpcore.ConnectTimeout(f"the host {host} was not looked up in time") from None
    except OSError as error:
        raise httpcore.ConnectError(error.strerror or str(error)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
