"""Which addresses the byte mover connects to: on every hop, and for every kept connection.

Everything on loopback is private; where a test needs a public server, the policy says that
127.0.0.1 is one.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from galion_core.errors import DownloadFailed, NotFound, PolicyError
from galion_core.network.addresses import AddressPolicy
from galion_core.network.route import Route
from galion_core.testing import (
    Authority,
    FaultServer,
    PatternBody,
    faults,
    refusing_port,
)
from galion_core.transfer.exchange import Limits
from galion_core.transfer.mover import Mover
from galion_core.transfer.retry import Patience
from galion_core.transfer.wanted import Fetched, Progress, Wanted
from galion_core.types import Checksum, RemoteFile

Fetch = Callable[..., Fetched]
FILE = PatternBody(100_000)
ONE_IS_PUBLIC = AddressPolicy(public=["127.0.0.1/32"])


def trusted() -> Route:
    return Route(ONE_IS_PUBLIC)


def restricted() -> Route:
    return Route(ONE_IS_PUBLIC, restricted=True)


def private_only() -> Route:
    """For a test in which nothing is public."""
    return Route(restricted=True)


@pytest.fixture
def elsewhere() -> Iterator[FaultServer]:
    with FaultServer(host="127.0.0.3") as running:
        yield running


def paths(server: FaultServer) -> list[str]:
    return [request.path for request in server.requests]


# --- the first hop --------------------------------------------------------------------------------

SPELLINGS = [
    "127.0.0.1",
    "127.0.0.1.",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0",
    "0.0.0.0",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
]


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_private_address_is_refused_in_every_spelling(
    host: str, server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    server.add("/file.bin", FILE)
    with pytest.raises(PolicyError) as caught:
        fetch(server.url("/file.bin", host=host), route=private_only)
    error = caught.value
    assert (error.code, error.exit_code, error.retryable) == ("REFUSED_BY_POLICY", 11, False)
    assert error.message.startswith(host)
    assert "may reach public addresses only" in error.message
    assert f"galion config set network.allow {error.details['address']}" in str(error.hint)
    assert server.requests == []
    assert list(directory.iterdir()) == []


def test_nobody_knocks_at_an_address_that_is_refused(fetch: Fetch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with pytest.raises(PolicyError):
            fetch(f"http://localhost:{listener.getsockname()[1]}/", route=private_only)
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("host", SPELLINGS)
def test_what_a_person_typed_may_be_private(host: str, server: FaultServer, fetch: Fetch) -> None:
    server.add("/file.bin", FILE)
    assert fetch(server.url("/file.bin", host=host)).sha256 == FILE.sha256()


@pytest.mark.parametrize("host", ["[::1]", "[0:0:0:0:0:0:0:1]"])
def test_loopback_of_ipv6_is_private(host: str, fetch: Fetch) -> None:
    with FaultServer(host="::1") as server:
        server.add("/file.bin", FILE)
        with pytest.raises(PolicyError):
            fetch(server.url("/file.bin", host=host), route=private_only)
        assert server.requests == []
        assert fetch(server.url("/file.bin", host=host)).sha256 == FILE.sha256()


def test_a_public_address_is_fetched_from(public: FaultServer, fetch: Fetch) -> None:
    assert fetch(public.add("/file.bin", FILE), route=restricted).sha256 == FILE.sha256()


def test_a_network_that_is_allowed_is_open_to_everybody(
    public: FaultServer, private: FaultServer, fetch: Fetch
) -> None:
    def route() -> Route:
        return Route(AddressPolicy(["127.0.0.2"], public=["127.0.0.1/32"]), restricted=True)

    there = private.add("/file.bin", FILE)
    public.add("/file.bin", faults=[faults.Redirect(there)])
    assert fetch(there, route=route, filename="a").sha256 == FILE.sha256()
    assert fetch(public.url("/file.bin"), route=route, filename="b").sha256 == FILE.sha256()


def test_the_hint_keeps_what_is_allowed_already(private: FaultServer, fetch: Fetch) -> None:
    with pytest.raises(PolicyError) as caught:
        fetch(private.url("/"), route=lambda: Route(AddressPolicy(["10.0.0.0/8"]), restricted=True))
    assert str(caught.value.hint).endswith("network.allow 10.0.0.0/8,127.0.0.2")


def test_over_tls_the_certificate_is_still_the_hosts(
    authority: Authority, trusted: Path, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    for names, error in (((), None), (("elsewhere.test",), DownloadFailed)):
        with FaultServer(tls=authority.server_context(*names)) as server:
            url = server.add("/file.bin", FILE)
            if error is None:
                assert fetch(url, route=restricted, filename="a").sha256 == FILE.sha256()
            else:
                with pytest.raises(error, match="is not to be trusted"):
                    fetch(url, route=restricted, filename="b")


def test_of_several_addresses_the_permitted_one_is_taken(public: FaultServer, fetch: Fetch) -> None:
    """Localhost is ::1 and 127.0.0.1 here; curl asks for the first one first."""
    public.add("/file.bin", FILE)
    with FaultServer(host="::1", port=public.port) as other:
        fetched = fetch(public.url("/file.bin", host="localhost"), route=restricted)
        assert fetched.sha256 == FILE.sha256()
        assert other.requests == []


def test_a_permitted_address_that_does_not_answer_is_no_matter_of_policy(fetch: Fetch) -> None:
    with refusing_port() as port, pytest.raises(DownloadFailed, match="No connection"):
        fetch(f"http://localhost:{port}/file.bin", route=restricted, retries=0)


# --- redirects ------------------------------------------------------------------------------------


@pytest.mark.parametrize("degree", [trusted, restricted])
def test_from_public_to_private_is_refused(
    degree: Callable[[], Route], public: FaultServer, private: FaultServer, fetch: Fetch
) -> None:
    public.add("/file.bin", faults=[faults.Redirect(private.add("/secret.bin", FILE))])
    with pytest.raises(PolicyError, match=r"127\.0\.0\.2 is not a public address") as caught:
        fetch(public.url("/file.bin"), route=degree)
    assert ("led there" in caught.value.message) is (degree is trusted)
    assert paths(public) == ["/file.bin"]
    assert private.requests == []


def test_from_private_to_private_and_to_public_is_allowed(
    public: FaultServer, private: FaultServer, elsewhere: FaultServer, fetch: Fetch
) -> None:
    public.add("/file.bin", FILE)
    elsewhere.add("/file.bin", faults=[faults.Redirect(public.url("/file.bin"))])
    private.add("/file.bin", faults=[faults.Redirect(elsewhere.url("/file.bin"))])
    assert fetch(private.url("/file.bin"), route=trusted).sha256 == FILE.sha256()


def test_from_public_there_is_no_way_back_even_over_a_connection_that_is_open(
    public: FaultServer, private: FaultServer, fetch: Fetch
) -> None:
    private.add("/back", FILE)
    public.add("/file.bin", faults=[faults.Redirect(private.url("/back"))])
    private.add("/file.bin", faults=[faults.Redirect(public.url("/file.bin"))])
    with pytest.raises(PolicyError):
        fetch(private.url("/file.bin"), route=trusted)
    assert (paths(private), paths(public)) == (["/file.bin"], ["/file.bin"])


# --- connections, mirrors, previews ---------------------------------------------------------------


def test_a_kept_connection_is_not_taken_by_who_may_not_make_it(
    private: FaultServer, fetch: Fetch, directory: Path
) -> None:
    url = private.add("/file.bin", FILE)

    def wanted(name: str, route: Callable[[], Route]) -> Wanted:
        return Wanted(
            remote=RemoteFile(url=url),
            source="a source",
            directory=directory,
            filename=name,
            route=route,
        )

    async def work() -> None:
        mover = Mover(Limits(), Patience(retries=0))
        try:
            await mover.fetch(wanted("a", trusted), Progress())
            with pytest.raises(PolicyError):
                await mover.fetch(wanted("b", restricted), Progress())
            with pytest.raises(PolicyError):
                await mover.probe(wanted("c", restricted))
            await mover.fetch(wanted("d", trusted), Progress())
        finally:
            mover.close()

    asyncio.run(work())
    assert paths(private) == ["/file.bin"] * 2
    assert sorted(path.name for path in directory.iterdir()) == ["a", "d"]


@pytest.mark.parametrize("private_first", [True, False])
def test_a_source_that_is_not_permitted_is_left_for_one_that_is(
    private_first: bool, public: FaultServer, private: FaultServer, fetch: Fetch
) -> None:
    places = [public.add("/file.bin", FILE), private.add("/file.bin", FILE)]
    first, second = reversed(places) if private_first else places
    fetched = fetch(
        first,
        remote=RemoteFile(url=first, mirrors=(second,)),
        checksums=(Checksum("sha256", FILE.sha256()),),
        connections=4,
        route=restricted,
    )
    assert fetched.sha256 == FILE.sha256()
    assert private.requests == []


# --- proxies --------------------------------------------------------------------------------------


@pytest.fixture
def proxy(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """A proxy, as far as the requests are concerned that it gets."""
    with FaultServer(host="127.0.0.2") as running:
        monkeypatch.setenv("http_proxy", running.origin)
        yield running


@pytest.mark.parametrize("host", [*SPELLINGS, "10.0.0.1", "[fd00::1]", "a.localhost"])
def test_a_private_host_is_not_asked_of_a_proxy(
    host: str, proxy: FaultServer, fetch: Fetch
) -> None:
    with pytest.raises(PolicyError):
        fetch(f"http://{host}/file.bin", route=private_only)
    assert proxy.requests == []


def test_a_proxy_may_be_private_and_looks_names_up_by_itself(
    proxy: FaultServer, fetch: Fetch
) -> None:
    with pytest.raises(NotFound):
        fetch("http://example.test/file.bin", route=private_only)
    assert [request.target for request in proxy.requests] == ["http://example.test/file.bin"]


def test_what_was_fetched_through_a_proxy_by_name_counts_as_public(
    proxy: FaultServer, fetch: Fetch
) -> None:
    there = [faults.Redirect("http://10.0.0.1/secret.bin")]
    proxy.add("/file.bin", faults=there)
    with pytest.raises(PolicyError, match="led there"):
        fetch("http://example.test/file.bin", route=trusted)
    assert len(proxy.requests) == 1


def test_who_needs_no_proxy_is_judged_by_the_address(
    proxy: FaultServer, server: FaultServer, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "localhost")
    server.add("/file.bin", FILE)
    url = server.url("/file.bin", host="localhost")
    with pytest.raises(PolicyError):
        fetch(url, route=private_only)
    assert fetch(url, route=restricted).sha256 == FILE.sha256()
    assert proxy.requests == []
