"""Every exit code by a real cause; each failure has its words and leaves nothing under a name."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from galion_core.digests import ALGORITHMS
from galion_core.testing import (
    Authority,
    BytesBody,
    FaultServer,
    PatternBody,
    SparseBody,
    faults,
    refusing_port,
    silent_port,
    unreachable_port,
)

if TYPE_CHECKING:
    from tests.cli.conftest import Call, Ended, Galion, Publish

BODY = PatternBody(100_000)
ONCE = {"GALION_DOWNLOAD__RETRIES": "0"}
HASTY = {
    **ONCE,
    "GALION_DOWNLOAD__CONNECT_TIMEOUT": "0.5",
    "GALION_DOWNLOAD__STALL_TIMEOUT": "1",
}


def failed(ended: Ended, code: int, word: str) -> dict[str, object]:
    """The error of the only job, told as data on stdout and in words with a hint on stderr."""
    assert ended.code == code, ended.err
    error: dict[str, object] = ended.object["error"]
    assert error["code"] == word
    assert error["hint"]
    assert f"Error: {error['message']}\n{error['hint']}\n" in ended.err
    return error


# --- 2: usage, URLs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("example.com/f.bin", "Did you mean https://example.com/f.bin ?"),
        ("https://", "it has no host"),
        ("https://exa mple.com/", "its host is not a name"),
        ("https://h.test:port/", "Port"),
        ("https://h.test/a\x1b[31mb", "control characters"),
    ],
)
def test_a_text_that_is_no_url(call: Call, url: str, words: str) -> None:
    ended = call("download", url, "--json")
    failed(ended, 2, "INVALID_URL")
    assert words in ended.err
    assert "\x1b" not in ended.err + ended.out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-o", "../x", "http://h.test/"],
        ["-o", "x" * 241, "http://h.test/"],
        ["-o", "x", "http://h.test/1", "http://h.test/2"],
        ["--checksum", "sha256=12", "http://h.test/"],
        ["--checksum", "crc32c=12345678", "http://h.test/"],
        ["--checksums-from", "SHA256SUMS", "http://h.test/"],
        ["-H", "no colon", "http://h.test/"],
        ["-H", "X: a\nY: b", "http://h.test/"],
        ["-r", "fast", "http://h.test/"],
        ["-j", "0", "http://h.test/"],
        ["-x", "65", "http://h.test/"],
        ["-i", "missing.txt"],
        ["--wrong", "http://h.test/"],
    ],
    ids=lambda arguments: " ".join(arguments)[:20] or "nothing",
)
def test_options_that_are_not_usable(call: Call, arguments: list[str]) -> None:
    ended = call("download", *arguments, "--json")
    assert ended.code == 2
    assert ended.object["error"]["code"] == "INVALID_INPUT"
    assert "Error: " in ended.err
    assert "Traceback" not in ended.err


# --- 3 to 6: servers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code", "word"),
    [
        (faults.RequireHeader("Authorization"), 3, "CREDENTIALS_REQUIRED"),
        (faults.XmlAccessDenied(), 3, "CREDENTIALS_REFUSED"),
        (faults.Status(404), 4, "FILE_NOT_FOUND"),
        (faults.Status(410), 4, "FILE_NOT_FOUND"),
        (faults.Status(500), 5, "DOWNLOAD_FAILED"),
        (faults.Status(503, retry_after=9999), 5, "DOWNLOAD_FAILED"),
        (faults.ResetInHeaders(0), 5, "DOWNLOAD_FAILED"),
        (faults.Raw(b"SSH-2.0-OpenSSH_9.6\r\n"), 5, "DOWNLOAD_FAILED"),
        (faults.Redirect("/file.bin"), 5, "DOWNLOAD_FAILED"),
        (faults.Status(429, retry_after=9999), 6, "RATE_LIMITED"),
        (faults.HtmlInstead(), 7, "INTEGRITY_FAILED"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, faults.Fault) else "",
)
def test_a_server_that_says_no_or_nonsense(
    galion: Galion, server: FaultServer, fault: faults.Fault, code: int, word: str
) -> None:
    ended = galion("download", server.add("/file.bin", BODY, faults=[fault]), "--json", env=ONCE)
    failed(ended, code, word)
    assert galion.files == []


def test_a_host_that_refuses_connections(galion: Galion) -> None:
    with refusing_port() as port:
        ended = galion("download", f"http://127.0.0.1:{port}/f", "--json", env=HASTY)
    error = failed(ended, 5, "DOWNLOAD_FAILED")
    assert error["retryable"] is True
    assert galion.files == []


def test_a_host_that_cannot_be_reached(galion: Galion) -> None:
    with unreachable_port() as port:
        ended = galion("download", f"http://127.0.0.1:{port}/f", "--json", env=HASTY)
    assert "did not answer in time" in str(failed(ended, 5, "DOWNLOAD_FAILED")["message"])
    assert galion.files == []


def test_a_host_that_takes_the_connection_and_says_nothing(galion: Galion) -> None:
    with silent_port() as port:
        ended = galion("download", f"http://127.0.0.1:{port}/f", "--json", env=HASTY)
    assert "did not answer in time" in str(failed(ended, 5, "DOWNLOAD_FAILED")["message"])
    assert galion.files == []


@pytest.mark.parametrize("wrong", ["unknown authority", "another name", "expired"])
def test_a_certificate_that_is_wrong(galion: Galion, tmp_path: Path, wrong: str) -> None:
    authority = Authority()
    names = ["elsewhere.test"] if wrong == "another name" else []
    trusted = {} if wrong == "unknown authority" else trust(authority, tmp_path)
    context = authority.server_context(*names, expired=wrong == "expired")
    with FaultServer(tls=context) as server:
        ended = galion("download", server.add("/f", BODY), "--json", env={**ONCE, **trusted})
        assert server.requests == []
    error = failed(ended, 5, "DOWNLOAD_FAILED")
    assert "certificate" in str(error["message"])
    assert error["retryable"] is False
    assert galion.files == []


def test_a_certificate_of_ones_own_is_trusted_when_it_is_named(
    galion: Galion, tmp_path: Path
) -> None:
    authority = Authority()
    with FaultServer(tls=authority.server_context()) as server:
        url = server.add("/f", BODY)
        assert galion("download", url, env=trust(authority, tmp_path)).code == 0


def trust(authority: Authority, folder: Path) -> dict[str, str]:
    return {"SSL_CERT_FILE": str(authority.write(folder / "ca.pem"))}


# --- 7: bytes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_checksum_that_is_not_met(galion: Galion, server: FaultServer, algorithm: str) -> None:
    """What was expected and what came is told; nothing is left, nothing else is touched."""
    digest = ALGORITHMS[algorithm].new()
    wrong = digest.hexdigest()
    digest.update(BODY.content())
    right = digest.hexdigest()
    before = leave_files(galion, "f", "f.bin", "f.bin.bak")
    url = server.add("/f.bin", BODY)
    arguments = ["download", url, "-o", "new.bin", "--checksum"]
    ended = galion(*arguments, f"{algorithm}={wrong}", "--json")
    error = failed(ended, 7, "INTEGRITY_FAILED")
    assert (
        f"new.bin is not what was promised: its {algorithm} is {right}, "
        f"not {wrong} as the request says"
    ) in ended.err
    assert error["details"] == {
        "algorithm": algorithm,
        "expected": wrong,
        "got": right,
        "by": "the request",
    }
    assert contents(galion) == before
    ended = galion(*arguments, f"{algorithm}={right}", "--json")
    assert (ended.code, ended.object["files"][0]["verified"]) == (0, True)


@pytest.mark.parametrize("options", [[], ["--force"]], ids=["", "force"])
def test_wrong_bytes_leave_the_file_that_has_the_name_as_it_was(
    galion: Galion, server: FaultServer, options: list[str]
) -> None:
    before = leave_files(galion, "f.bin", "other")
    headers = {"Repr-Digest": "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"}
    place = server.add("/SHA256SUMS", f"{'0' * 64}  g.bin\n{'0' * 64}  f.bin\n")
    for more, words in (
        (["--checksum", f"blake3={'0' * 64}"], "the request says"),
        (["--checksums-from", "auto"], f"{place} says"),
        ([], "the server's own Repr-Digest says"),
    ):
        url = server.add("/f.bin", BODY, headers={} if more else headers)
        ended = galion("download", url, *more, *options, "--json")
        if options:
            failed(ended, 7, "INTEGRITY_FAILED")
            assert words in ended.err
        else:
            failed(ended, 8, "FILE_EXISTS")
        assert contents(galion) == before


def test_a_list_without_the_file_downloads_nothing(galion: Galion, server: FaultServer) -> None:
    place = server.add("/SUMS", f"{'0' * 64}  g.bin\n")
    for given in (place, "auto"):
        ended = galion("download", server.add("/f.bin", BODY), "--checksums-from", given, "--json")
        failed(ended, 4, "FILE_NOT_FOUND")
        assert galion.files == []


def leave_files(galion: Galion, *names: str) -> dict[str, tuple[bytes, int]]:
    for name in names:
        (galion.cwd / name).write_text(f"mine: {name}")
    return contents(galion)


def contents(galion: Galion) -> dict[str, tuple[bytes, int]]:
    """Everything in the directory, with its time."""
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in galion.cwd.iterdir()
    }


def test_a_body_that_ends_too_soon_every_time(galion: Galion, server: FaultServer) -> None:
    url = server.add("/f.bin", BODY, faults=[faults.CutBody(0)])
    failed(galion("download", url, "--json", env=ONCE), 5, "DOWNLOAD_FAILED")
    assert "f.bin" not in galion.files


def test_an_empty_body_where_nothing_says_that_the_file_is_empty(
    galion: Galion, server: FaultServer
) -> None:
    url = server.add("/f.bin", BytesBody(b""), faults=[faults.NoContentLength()])
    ended = galion("download", url, "--json", env=ONCE)
    assert ended.code in (5, 7)
    assert ended.object["error"]["hint"]
    assert galion.files == []


# --- 8: disk ----------------------------------------------------------------------------------


def test_a_directory_that_is_a_file(galion: Galion, server: FaultServer) -> None:
    (galion.cwd / "taken").write_text("a file")
    for directory in ("taken", "taken/below"):
        ended = galion("download", server.add("/f.bin", BODY), "-d", directory, "--json")
        failed(ended, 8, "DISK_ERROR")
    assert (galion.files, (galion.cwd / "taken").read_text()) == (["taken"], "a file")


def test_a_directory_in_which_one_may_not_write(galion: Galion, server: FaultServer) -> None:
    folder = galion.cwd / "locked"
    folder.mkdir(mode=0o500)
    url = server.add("/f.bin", BODY)
    ended = galion.obeying_permissions("download", url, "-d", "locked", "--json")
    assert "Permission denied" in str(failed(ended, 8, "DISK_ERROR")["message"])
    assert list(folder.iterdir()) == []


def test_a_home_in_which_one_may_not_write(galion: Galion, server: FaultServer) -> None:
    galion.home.mkdir(mode=0o500)
    ended = galion.obeying_permissions("download", server.add("/f.bin", BODY), "--json")
    assert ended.code == 8
    assert ended.object["error"]["code"] == "STORE_FAILED"
    assert "Traceback" not in ended.err
    assert galion.files == []


def test_a_file_that_is_larger_than_the_disk_is_refused_before_its_first_byte(
    galion: Galion, server: FaultServer
) -> None:
    url = server.add("/f.bin", SparseBody(1 << 60))
    ended = galion("download", url, "--json")
    assert "are free" in str(failed(ended, 8, "DISK_ERROR")["message"])
    assert galion.files == []


def test_a_disk_that_is_full_in_the_middle(galion: Galion, server: FaultServer) -> None:
    """A limit on the size of files stops the write as a full disk does."""
    size = 8 << 20

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    url = server.add("/f.bin", PatternBody(size), faults=[faults.Chunked()])
    failed(galion("download", url, "--json", before=limit), 8, "DISK_ERROR")
    assert "f.bin" not in galion.files


# --- 9, 10, 11 --------------------------------------------------------------------------------


def test_some_of_several_failed(galion: Galion, server: FaultServer) -> None:
    ended = galion("download", server.add("/a", BODY), server.url("/missing"))
    assert (ended.code, galion.files) == (9, ["a"])
    assert f"Error: {server.url('/missing')}: " in ended.err


def test_several_that_fail_alike_have_the_code_of_their_failure(
    galion: Galion, server: FaultServer
) -> None:
    assert galion("download", server.url("/1"), server.url("/2")).code == 4


@pytest.mark.parametrize("url", ["ftp://h.test/f", "magnet:?xt=urn:btih:abc", "file:///etc/passwd"])
def test_a_scheme_that_no_platform_knows(call: Call, url: str) -> None:
    error = failed(call("download", url, "--json"), 10, "PLATFORM_NOT_SUPPORTED")
    assert "generic" in str(error["hint"])


LEADS_OUT = """
from galion_core import PlatformMatch, RemoteFile, Resolution, PlatformInfo, hookimpl

@hookimpl
def galion_register_platform():
    return PlatformInfo(name="shelf", title="Shelf")

@hookimpl
def galion_detect_platform(url):
    return PlatformMatch(platform="shelf", kind="folder")

@hookimpl
def galion_resolve_url(context):
    return Resolution(files=(RemoteFile(url=str(context.url), id="1", name="f.bin", folder="sub"),))
"""


def test_a_folder_that_leads_out_of_the_directory_is_refused(
    galion: Galion, server: FaultServer, publish: Publish, tmp_path: Path
) -> None:
    publish("shelf", LEADS_OUT)
    (tmp_path / "outside").mkdir()
    os.symlink(tmp_path / "outside", galion.cwd / "sub")
    ended = galion("download", server.add("/f.bin", BODY), "--json")
    failed(ended, 11, "REFUSED_BY_POLICY")
    assert list((tmp_path / "outside").iterdir()) == []
