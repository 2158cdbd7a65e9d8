"""Redirects and links that expire, and who gets to see which header."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
)
from galion_core.transfer.wanted import Fetched
from galion_core.types import RemoteFile

Fetch = Callable[..., Fetched]
MIB = 1 << 20
FILE = PatternBody(2 * MIB + 1000)
SECRETS = {"Authorization": "Bearer abc", "Cookie": "session=abc", "X-Api-Key": "abc"}


# --- redirects ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_the_name_is_that_of_the_link(
    code: int, server: FaultServer, other: FaultServer, fetch: Fetch
) -> None:
    there = other.add("/0123456789", FILE)
    server.add("/file.bin", faults=[faults.Redirect(there, code)])
    assert fetch(server.url("/file.bin")).path.name == "file.bin"


@pytest.mark.row("30 redirects", ends=DownloadFailed)
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


@pytest.mark.row("a redirect from https to http", ends=PolicyError)
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


@pytest.mark.row("a redirect to another origin: secrets stay at home")
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


@pytest.mark.row("an expired link (401, 403 or 410), of which there is a fresh one")
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
