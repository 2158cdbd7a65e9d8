"""Hosts that do not answer, certificates that are wrong, and proxies in between."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from galion_core.errors import (
    DownloadFailed,
    NotFound,
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

Fetch = Callable[..., Fetched]
MIB = 1 << 20
FILE = PatternBody(2 * MIB + 1000)


# --- hosts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("port", "saying"),
    [
        pytest.param(port, saying, marks=pytest.mark.row(does, ends=DownloadFailed))
        for does, port, saying in (
            ("a port that refuses", refusing_port, "No connection to 127.0.0.1"),
            ("a port without an answer", unreachable_port, "127.0.0.1 did not answer in time"),
            ("a port that stays silent", silent_port, "127.0.0.1 did not answer in time"),
        )
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


@pytest.mark.row("a host that does not exist", ends=DownloadFailed)
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
@pytest.mark.row("a certificate that is not to be trusted", ends=DownloadFailed)
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


@pytest.mark.row("a body without length that ends without the TLS farewell")
def test_a_body_without_length_that_ends_without_the_tls_farewell_is_not_whole(
    authority: Authority, trusted: Path, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with FaultServer(tls=authority.server_context()) as server:
        cut = [faults.NoContentLength(), faults.CutBody(MIB, times=1)]
        assert fetch(server.add("/file.bin", FILE, faults=cut)).sha256 == FILE.sha256()
        assert len(server.requests) == 2


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
