from __future__ import annotations

import hashlib
import http.client
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from galion_core.testing import FaultServer, sample_site
from galion_core.testing.samples import CUT, HOSTILE_DISPOSITION, KNOWN, LARGE


@pytest.fixture
def site() -> Iterator[FaultServer]:
    with sample_site() as server:
        yield server


def fetch(site: FaultServer, path: str) -> tuple[http.client.HTTPResponse, bytes]:
    with urlopen(site.url(path)) as response:
        return response, response.read()


def test_the_landing_page_links_to_files_that_are_there(site: FaultServer) -> None:
    _, page = fetch(site, "/")
    links = re.findall(r'href="([^"]+)"', page.decode())
    assert set(links) == {
        "/large.bin",
        "/named",
        "/cut.bin",
        "/known.bin",
        "/login-page.safetensors",
        "/small.txt",
        "/SHA256SUMS",
    }
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    for link in links:
        connection.request("HEAD", link)
        response = connection.getresponse()
        assert response.read() == b""
        assert response.status == 200, link
    connection.close()


def test_the_large_file_is_large(site: FaultServer) -> None:
    with urlopen(site.url("/large.bin")) as response:
        assert response.headers["Content-Length"] == str(256 * 1024 * 1024)
        assert response.read(1000) == LARGE.content(0, 1000)


def test_the_named_file_has_a_hostile_name(site: FaultServer) -> None:
    response, _ = fetch(site, "/named")
    assert response.headers["Content-Disposition"] == HOSTILE_DISPOSITION


def test_the_cut_file_is_cut_twice_and_can_be_resumed(site: FaultServer) -> None:
    received = b""
    while len(received) < CUT.size:
        connection = http.client.HTTPConnection("127.0.0.1", site.port)
        connection.request("GET", "/cut.bin", headers={"Range": f"bytes={len(received)}-"})
        try:
            received += connection.getresponse().read()
        except http.client.IncompleteRead as cut:
            received += cut.partial
        connection.close()
    assert len(site.requests_to("/cut.bin")) == 3
    assert hashlib.sha256(received).hexdigest() == CUT.sha256()


def test_the_known_file_has_the_digest_that_is_published(site: FaultServer) -> None:
    _, known = fetch(site, "/known.bin")
    _, sums = fetch(site, "/SHA256SUMS")
    _, page = fetch(site, "/")
    assert hashlib.sha256(known).hexdigest() == KNOWN.sha256()
    assert f"{KNOWN.sha256()}  known.bin\n".encode() in sums
    assert KNOWN.sha256().encode() in page


def test_the_model_is_a_login_page(site: FaultServer) -> None:
    response, page = fetch(site, "/login-page.safetensors")
    assert response.headers.get_content_type() == "text/html"
    assert b"password" in page


def test_as_a_program_it_prints_its_address_and_serves_until_ctrl_c() -> None:
    command = [sys.executable, "-W", "error", "-m", "galion_core.testing.samples"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            with urlopen(program.stdout.readline().strip() + "small.txt") as response:
                assert response.status == 200
        finally:
            program.send_signal(signal.SIGINT)
        assert program.wait(timeout=30) == 0


def test_a_taken_port_is_explained(site: FaultServer) -> None:
    command = [sys.executable, "-m", "galion_core.testing.samples", "--port", str(site.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert f"cannot serve on port {site.port}" in done.stderr
