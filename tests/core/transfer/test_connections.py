"""Hosts that do not answer, certificates, redirects, and who gets to see which header."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from galion_core.errors import (
    CredentialsRefused,
    CredentialsRequired,
    DownloadFailed,
    GalionError,
    NotFound,
    PolicyError,
)
from galion_core.testing import (
    Authority,
    FaultServer,
    PatternBody,
    faults,
    refusing_port,
    silent_port,
    unreachable_port,
)
from galion_core.transfer.wanted import Fetched
from galion_core.types import RemoteFile

Fetch = Callable[..., Fetched]
MIB = 1 << 20
FILE = PatternBody(2 * MIB + 1000)
SECRETS = {"Authorization": "Bearer abc", "Cookie": "session=abc", "X-Api-Key": "abc"}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def other() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def trusted(authority: Authority, tmp_path: Path) -> Path:
    return authority.write(tmp_path / "authority.pem")


# --- hosts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("port", "saying"),
    [
        (refusing_port, "No connection to 127.0.0.1"),
        (unreachable_port, "127.0.0.1 did not answer in time"),
        (silent_port, "127.0.0.1 did not answer in time"),
    ],
)
def test_a_host_that_does_not_answer(
    port: Callable[[], contextlib.AbstractContextManager[int]],
    saying: str,
    fetch: Fetch,
    directory: Path,
) -> None:
    with port() as number, pytest.raises(DownloadFailed) as caught:
        fetch(f"http://127.0.0.1:{number}/file.bin", retries=1, connect_timeout=0.2)
    assert caught.value.message.startswith(saying)
    assert caught.value.retryable
    assert caught.value.hint
    assert list(directory.iterdir()) == []


def test_a_host_that_does_not_exist(fetch: Fetch) -> None:
    with pytest.raises(DownloadFailed, match=r"The host nowhere\.invalid is not known"):
        fetch("http://nowhere.invalid/file.bin", retries=0)


def test_what_a_server_left_before_it_went_down_is_gone_on_with_when_it_is_back(
    server: FaultServer, other: FaultServer, fetch: Fetch
) -> None:
    url = server.add("/file.bin", FILE, faults=[faults.CutBody(MIB, times=1)])
    with pytest.raises(DownloadFailed):
        fetch(url, retries=0)
    server.stop()
    with pytest.raises(DownloadFailed, match="No connection"):
        fetch(url, filename="file.bin", retries=1)
    assert fetch(other.add("/file.bin", FILE), filename="file.bin").sha256 == FILE.sha256()
    assert [request.range for request in other.requests] == [f"bytes={MIB}-"]


# --- certificates ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda authority: authority.server_context("elsewhere.test"),
        lambda authority: authority.server_context(expired=True),
        lambda authority: Authority().server_context(),
    ],
    ids=["another host's", "expired", "of another authority"],
)
def test_a_wrong_certificate_is_refused_at_once(
    make: Callable[[Authority], ssl.SSLContext],
    authority: Authority,
    trusted: Path,
    fetch: Fetch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with FaultServer(tls=make(authority)) as server:
        with pytest.raises(DownloadFailed, match="is not to be trusted") as caught:
            fetch(server.add("/file.bin", FILE))
        assert server.requests == []
    assert not caught.value.retryable
    assert "SSL_CERT_FILE" in str(caught.value.hint)


def test_the_authorities_of_ssl_cert_file_are_trusted(
    authority: Authority, trusted: Path, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(tls=authority.server_context()) as server:
        url = server.add("/file.bin", FILE, faults=[faults.CutBody(MIB, times=1)])
        with pytest.raises(DownloadFailed, match="is not to be trusted"):
            fetch(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert fetch(url).sha256 == FILE.sha256()


def test_an_ssl_cert_file_that_is_not_there_is_named(
    authority: Authority, tmp_path: Path, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    with (
        FaultServer(tls=authority.server_context()) as server,
        pytest.raises(DownloadFailed, match="cannot be read") as caught,
    ):
        fetch(server.add("/file.bin", FILE))
    assert not caught.value.retryable


def test_a_body_without_length_that_ends_without_the_tls_farewell_is_not_whole(
    authority: Authority, trusted: Path, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with FaultServer(tls=authority.server_context()) as server:
        cut = [faults.NoContentLength(), faults.CutBody(MIB, times=1)]
        assert fetch(server.add("/file.bin", FILE, faults=cut)).sha256 == FILE.sha256()
        assert len(server.requests) == 2


# --- redirects ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_the_name_is_that_of_the_link(
    code: int, server: FaultServer, other: FaultServer, fetch: Fetch
) -> None:
    there = other.add("/0123456789", FILE)
    server.add("/file.bin", faults=[faults.Redirect(there, code)])
    assert fetch(server.url("/file.bin")).path.name == "file.bin"


def test_twenty_redirects_are_followed_and_thirty_are_not(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    server.add("/end.bin", FILE)
    assert fetch(server.add_redirects("/twenty.bin", 20, to="/end.bin")).sha256 == FILE.sha256()
    with pytest.raises(DownloadFailed, match="more than 20 times") as caught:
        fetch(server.add_redirects("/thirty.bin", 30, to="/end.bin"))
    assert not caught.value.retryable
    assert len(server.requests) == 21 + 21
    assert [path.name for path in directory.iterdir()] == ["twenty.bin"]


def test_a_redirect_from_https_to_http_is_refused(
    authority: Authority,
    trusted: Path,
    other: FaultServer,
    fetch: Fetch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with FaultServer(tls=authority.server_context()) as server:
        server.add("/file.bin", faults=[faults.Redirect(other.add("/file.bin", FILE))])
        with pytest.raises(PolicyError, match="from https to plain http"):
            fetch(server.url("/file.bin"))
    assert other.requests == []


def test_a_location_in_plain_utf8_is_followed(server: FaultServer, fetch: Fetch) -> None:
    server.add("/größe/模型.bin", FILE)
    server.add("/file.bin", faults=[faults.Redirect("/größe/模型.bin")])
    assert fetch(server.url("/file.bin")).sha256 == FILE.sha256()


def test_the_error_names_the_host_that_failed(server: FaultServer, fetch: Fetch) -> None:
    with refusing_port() as port:
        server.add("/file.bin", faults=[faults.Redirect(f"http://localhost:{port}/file.bin")])
        with pytest.raises(DownloadFailed, match="No connection to localhost"):
            fetch(server.url("/file.bin"), retries=0)


# --- headers --------------------------------------------------------------------------------------


def only_for(origin: str) -> Callable[[str], Mapping[str, str]]:
    return lambda asked: SECRETS if asked == origin else {}


@pytest.mark.parametrize("away", ["another port", "another host"])
def test_headers_go_to_their_own_origin_alone(
    away: str, server: FaultServer, other: FaultServer, fetch: Fetch
) -> None:
    """J: there and back again; every hop is asked for anew after the cut."""
    place = other if away == "another port" else server
    host = "127.0.0.1" if away == "another port" else "localhost"
    place.add("/away", faults=[faults.Redirect(server.url("/back"))])
    server.add("/file.bin", faults=[faults.Redirect(place.url("/away", host=host))])
    server.add("/back", FILE, faults=[faults.CutBody(MIB, times=1)])
    fetched = fetch(server.url("/file.bin"), headers_for=only_for(server.origin))
    assert fetched.sha256 == FILE.sha256()
    seen = [*server.requests, *(other.requests if place is other else [])]
    assert len(seen) == 6
    for request in seen:
        sent = {name: request.headers.get(name) for name in SECRETS}
        assert sent == (SECRETS if request.path != "/away" else dict.fromkeys(SECRETS))


def test_userinfo_of_a_redirect_is_not_sent(server: FaultServer, fetch: Fetch) -> None:
    there = server.add("/there.bin", FILE).replace("//", "//me:secret@")
    server.add("/file.bin", faults=[faults.Redirect(there)])
    fetch(server.url("/file.bin"))
    assert all("authorization" not in request.headers for request in server.requests)


def test_only_identity_is_accepted_and_the_program_says_its_name(
    server: FaultServer, fetch: Fetch
) -> None:
    fetch(server.add("/file.bin", FILE))
    (request,) = server.requests
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["user-agent"].startswith("Galion/")


# --- links that expire ----------------------------------------------------------------------------


@pytest.mark.parametrize("code", [401, 403, 410])
def test_an_expired_link_is_renewed_in_mid_file_and_the_bytes_are_kept(
    code: int, server: FaultServer, fetch: Fetch
) -> None:
    expiring = [faults.CutBody(MIB, times=1), faults.ExpireAfter(1, code=code)]
    old = server.add("/file.bin?signature=old", FILE, faults=expiring)
    new = server.add("/file.bin?signature=new", FILE)

    async def refresh() -> RemoteFile:
        return RemoteFile(url=new)

    assert fetch(old, refresh=refresh).sha256 == FILE.sha256()
    asked = [(r.target.rpartition("=")[2], r.range, r.status) for r in server.requests]
    rest = f"bytes={MIB}-"
    assert asked == [("old", None, 200), ("old", rest, code), ("new", rest, 206)]


@pytest.mark.parametrize(
    ("code", "error"), [(401, CredentialsRequired), (403, CredentialsRefused), (410, NotFound)]
)
def test_a_link_that_renewing_does_not_mend_is_renewed_once(
    code: int, error: type[GalionError], server: FaultServer, fetch: Fetch
) -> None:
    url = server.add("/file.bin", FILE, faults=[faults.Status(code)])
    renewed = []

    async def refresh() -> RemoteFile:
        renewed.append(url)
        return RemoteFile(url=url)

    with pytest.raises(error):
        fetch(url, refresh=refresh)
    assert (len(renewed), len(server.requests)) == (1, 2)


# --- proxies --------------------------------------------------------------------------------------


def test_behind_a_proxy_the_answer_is_the_servers_not_the_proxys(
    authority: Authority, trusted: Path, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(tls=authority.server_context()) as server, tunnel(server.port) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        url = server.add("/file.bin", FILE, faults=[faults.Status(404, times=1)])
        with pytest.raises(NotFound):
            fetch(url)
        assert fetch(url).identity.validators.etag == f'"{FILE.tag}"'


@contextlib.contextmanager
def tunnel(target: int) -> Iterator[int]:
    """A proxy that makes tunnels to one port, two of them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=serve_tunnels, args=(listener, target, 2))
        serving.start()
        yield listener.getsockname()[1]
        serving.join()


def serve_tunnels(listener: socket.socket, target: int, count: int) -> None:
    for _ in range(count):
        client, _ = listener.accept()
        with client, socket.create_connection(("127.0.0.1", target)) as server:
            asked = b""
            while not asked.endswith(b"\r\n\r\n"):
                asked += client.recv(1)
            client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: a proxy\r\n\r\n")
            upward = threading.Thread(target=pump, args=(client, server))
            upward.start()
            pump(server, client)
            upward.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
