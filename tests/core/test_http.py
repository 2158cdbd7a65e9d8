"""The client for platform APIs: which addresses it connects to, and how it says what went wrong."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from galion_core.errors import DownloadFailed, PolicyError
from galion_core.http import Answer, ApiClient
from galion_core.network.addresses import AddressPolicy
from galion_core.network.route import Route
from galion_core.testing import Authority, FaultServer, faults, refusing_port

pytestmark = pytest.mark.usefixtures("galion_home")  # no proxies from outside

ONE_IS_PUBLIC = AddressPolicy(public=["127.0.0.1/32"])


def get(*urls: str, route: Route) -> list[Answer]:
    """The answers of one client, asked one after the other."""

    async def work() -> list[Answer]:
        async with ApiClient(lambda origin: {}, route) as client:
            return [await client.get(url) for url in urls]

    return asyncio.run(work())


# --- where it connects to -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [None, "localhost", "127.1", "2130706433", "0x7f.1", "0", "[::ffff:127.0.0.1]"],
)
def test_a_private_address_is_refused_in_every_spelling(
    host: str | None, public: FaultServer
) -> None:
    public.add("/api", "{}")
    url = public.url("/api", host=host)
    with pytest.raises(PolicyError, match="public addresses only") as caught:
        get(url, route=Route(restricted=True))
    assert "galion config set network.allow" in str(caught.value.hint)
    assert public.requests == []


def test_what_a_person_typed_may_be_private(public: FaultServer) -> None:
    public.add("/api", "{}")
    for host in (None, "localhost", "127.1"):
        assert get(public.url("/api", host=host), route=Route())[0].status == 200


def test_loopback_of_ipv6_is_private() -> None:
    with FaultServer(host="::1") as server:
        url = server.add("/api", "{}")
        with pytest.raises(PolicyError):
            get(url, route=Route(restricted=True))
        assert server.requests == []
        assert get(url, route=Route())[0].status == 200


def test_nobody_knocks_at_an_address_that_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with pytest.raises(PolicyError):
            get(f"http://127.0.0.1:{listener.getsockname()[1]}/", route=Route(restricted=True))
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_network_that_is_allowed_is_open(private: FaultServer) -> None:
    route = Route(AddressPolicy(["127.0.0.0/8"]), restricted=True)
    assert get(private.add("/api", "{}"), route=route)[0].json() == {}


def test_of_several_addresses_the_permitted_one_is_taken(public: FaultServer) -> None:
    public.add("/api", "{}")
    url = public.url("/api", host="localhost")
    with FaultServer(host="::1", port=public.port) as other:
        assert get(url, route=Route(ONE_IS_PUBLIC, restricted=True))[0].status == 200
        assert other.requests == []


@pytest.mark.parametrize("restricted", [False, True])
def test_a_redirect_from_public_to_private_is_refused(
    restricted: bool, public: FaultServer, private: FaultServer
) -> None:
    url = public.add("/api", faults=[faults.Redirect(private.add("/secret", "{}"))])
    with pytest.raises(PolicyError):
        get(url, route=Route(ONE_IS_PUBLIC, restricted=restricted))
    assert private.requests == []


def test_a_redirect_from_private_to_private_is_followed(private: FaultServer) -> None:
    with FaultServer(host="127.0.0.3") as other:
        url = private.add("/api", faults=[faults.Redirect(other.add("/there", "{}"))])
        assert get(url, route=Route(ONE_IS_PUBLIC))[0].status == 200


def test_what_a_public_answer_names_is_not_asked_of_a_private_address(
    public: FaultServer, private: FaultServer
) -> None:
    """Not even over the connection that is still open from before."""
    urls = [private.add("/api", "{}"), public.add("/api", "{}"), private.add("/next", "{}")]
    with pytest.raises(PolicyError, match="led there"):
        get(*urls, route=Route(ONE_IS_PUBLIC))
    assert [request.path for request in private.requests] == ["/api"]
    assert [request.path for request in public.requests] == ["/api"]


def test_requests_to_one_place_share_a_connection(
    public: FaultServer, private: FaultServer
) -> None:
    for server in (public, private):
        get(*[server.add("/api", "{}")] * 3, route=Route(ONE_IS_PUBLIC))
        assert len({request.connection for request in server.requests}) == 1
        assert len(server.requests) == 3


def test_over_tls_the_certificate_is_still_the_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.write(tmp_path / "authority.pem")))
    with FaultServer(tls=authority.server_context("localhost")) as server:
        server.add("/api", "{}")
        route = Route(ONE_IS_PUBLIC, restricted=True)
        assert get(server.url("/api", host="localhost"), route=route)[0].status == 200
        with pytest.raises(DownloadFailed, match=r"127\.0\.0\.1"):
            get(server.url("/api"), route=route)


def test_a_proxy_may_be_private_but_is_not_asked_for_private_hosts(
    private: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", private.origin)
    with pytest.raises(PolicyError):
        get("http://10.0.0.1/api", route=Route(restricted=True))
    assert private.requests == []
    assert get("http://example.test/api", route=Route(restricted=True))[0].status == 404
    assert [request.target for request in private.requests] == ["http://example.test/api"]
    with pytest.raises(PolicyError, match="led there"):
        get("http://example.test/api", "http://10.0.0.1/api", route=Route())


# --- what goes wrong ------------------------------------------------------------------------------


def test_a_host_that_does_not_exist_is_named() -> None:
    with pytest.raises(DownloadFailed, match=r"nowhere\.invalid") as caught:
        get("http://nowhere.invalid/api", route=Route())
    assert caught.value.retryable


def test_a_host_that_does_not_answer_is_named() -> None:
    with refusing_port() as port, pytest.raises(DownloadFailed, match="localhost"):
        get(f"http://localhost:{port}/api", route=Route())


@pytest.mark.parametrize("proxy", ["ftp://proxy.test", "socks4://me:secret@proxy.test:1"])
def test_a_proxy_of_an_unknown_kind_is_named(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", proxy)
    with pytest.raises(DownloadFailed, match=r"the proxy .*proxy\.test.* cannot be used") as caught:
        get("http://example.test/api", route=Route())
    assert "secret" not in caught.value.message
