"""galion download: every option."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from galion_core.testing import BytesBody, FaultServer, PatternBody, SparseBody, faults

if TYPE_CHECKING:
    from tests.cli.conftest import Galion

BODY = PatternBody(100_000)


def test_the_file_gets_its_name_and_its_path_is_all_that_stands_on_stdout(
    galion: Galion, server: FaultServer
) -> None:
    ended = galion("download", server.add("/model.bin", BODY))
    path = galion.cwd / "model.bin"
    assert (ended.code, ended.out) == (0, f"{path}\n")
    assert path.read_bytes() == BODY.read(0, BODY.size)
    assert f"model.bin: 97.7 KiB, sha256 {BODY.sha256()} (no published checksum)" in ended.err
    assert galion.files == ["model.bin"]


def test_several_urls_are_fetched_into_a_directory_that_is_made(
    galion: Galion, server: FaultServer
) -> None:
    urls = [server.add(f"/{name}.bin", BODY) for name in "abc"]
    ended = galion("download", *urls, "-d", "new/models", "-j", "1")
    assert ended.code == 0
    assert [line.rpartition("/")[2] for line in ended.out.splitlines()] == [
        "a.bin",
        "b.bin",
        "c.bin",
    ]
    assert sorted(path.name for path in (galion.cwd / "new" / "models").iterdir()) == [
        "a.bin",
        "b.bin",
        "c.bin",
    ]


def test_urls_come_from_a_file_or_from_stdin_without_comments_and_empty_lines(
    galion: Galion, server: FaultServer
) -> None:
    lines = f"# models\n\n  {server.add('/a', BODY)}  \n{server.add('/b', BODY)}\n"
    (galion.cwd / "urls.txt").write_text(lines)
    assert galion("download", "-i", "urls.txt", "-d", "one").code == 0
    assert galion("download", "-i", "-", "-d", "two", text=lines).code == 0
    for folder in ("one", "two"):
        assert sorted(path.name for path in (galion.cwd / folder).iterdir()) == ["a", "b"]


def test_a_file_of_urls_says_below_each_what_its_file_is_called_and_must_be(
    galion: Galion, server: FaultServer
) -> None:
    proven, wrong = server.add("/a", BODY), server.add("/b", BODY)
    lines = (
        f"{proven}\n  out=model.bin\n\tchecksum=sha-256={BODY.sha256()}\n"
        f"{wrong}\n# not these bytes\n checksum=md5={'0' * 32}\n"
    )
    ended = galion("download", "-i", "-", "--json", text=lines)
    first, second = sorted(ended.objects, key=lambda each: str(each["url"]))
    assert [each["verified"] for each in first["files"]] == [True]
    assert second["error"]["code"] == "INTEGRITY_FAILED"
    assert galion.files == ["model.bin"]


def test_an_unknown_word_in_a_file_of_urls_is_refused_before_anything_is_fetched(
    galion: Galion, server: FaultServer
) -> None:
    url = server.add("/a", BODY)
    for lines, where in ((f"{url}\n  split=4\n", f"below {url}"), ("  out=a\n", "above every")):
        ended = galion("download", "-i", "-", text=lines)
        assert ended.code == 2
        assert where in ended.err
    assert not server.requests


def test_a_url_that_is_given_twice_is_one_download(galion: Galion, server: FaultServer) -> None:
    url = server.add("/a.bin", BODY)
    ended = galion("download", url, url, "--json")
    assert (ended.code, len(ended.objects), len(server.requests)) == (0, 1, 1)


def test_o_names_the_file(galion: Galion, server: FaultServer) -> None:
    ended = galion("download", server.add("/a.bin", BODY), "-o", "mine.bin")
    assert (ended.code, galion.files) == (0, ["mine.bin"])


def test_a_checksum_that_is_met_verifies_the_file(galion: Galion, server: FaultServer) -> None:
    url = server.add("/a.bin", BODY)
    ended = galion("download", url, "--checksum", f"SHA-256={BODY.sha256().upper()}", "--json")
    assert ended.code == 0
    assert ended.object["files"][0]["verified"] is True


def test_no_more_downloads_run_at_once_than_j_says(galion: Galion, server: FaultServer) -> None:
    stall = [faults.Stall(after=10)]
    urls = [server.add(f"/{number}", BODY, faults=stall) for number in range(3)]
    galion.start("download", *urls, "-j", "2")
    server.wait_for(lambda seen: len({one.path for one in seen if one.body_bytes_sent}) == 2)
    assert {one.path for one in server.requests} == {"/0", "/1"}


def test_x_takes_a_number_of_connections(galion: Galion, server: FaultServer) -> None:
    assert galion("download", server.add("/a", BODY), "-x", "4").code == 0


def test_r_limits_the_bytes_a_second_and_so_does_its_setting(
    galion: Galion, server: FaultServer
) -> None:
    """Measured by a download without a limit: it is there when they have hardly begun."""
    body = PatternBody(64 << 20)
    galion.start("download", server.add("/a", body), "-r", "100K")
    env = {"GALION_DOWNLOAD__LIMIT_RATE": "100K"}
    galion.start("download", server.add("/b", body), env=env)
    server.wait_for(lambda seen: len([one for one in seen if one.body_bytes_sent]) == 2)
    assert galion("download", server.add("/c", body)).code == 0
    sent = Counter[str]()
    for one in server.requests:
        sent[one.path] += one.body_bytes_sent
    assert sent["/c"] >= body.size  # a rest that two connections share may overlap
    assert max(sent["/a"], sent["/b"]) < body.size / 2


def test_headers_go_to_the_first_origin_and_to_no_other(
    galion: Galion, server: FaultServer
) -> None:
    with FaultServer() as elsewhere:
        target = elsewhere.add("/file.bin", BODY)
        url = server.add("/go", faults=[faults.Redirect(target)])
        ended = galion("download", url, "-H", "Authorization: Bearer abc", "-H", "X-Mine: yes")
        assert ended.code == 0
        (first,), (second,) = server.requests, elsewhere.requests
    assert first.headers["authorization"] == "Bearer abc"
    assert first.headers["x-mine"] == "yes"
    assert "authorization" not in second.headers
    assert "x-mine" not in second.headers


def test_a_header_of_the_user_replaces_the_one_of_the_urls_credentials(
    galion: Galion, server: FaultServer
) -> None:
    url = server.add("/a", BODY).replace("://", "://me:pw@")
    assert galion("download", url, "-H", "authorization: Bearer abc").code == 0
    assert server.requests[0].headers.get_all("authorization") == ["Bearer abc"]


def test_a_file_of_that_name_is_not_touched(galion: Galion, server: FaultServer) -> None:
    mine = galion.cwd / "a.bin"
    mine.write_text("mine")
    ended = galion("download", server.add("/a.bin", BODY), "--json")
    assert (ended.code, ended.object["error"]["code"]) == (8, "FILE_EXISTS")
    assert "--force" in ended.err
    assert (mine.read_text(), galion.files) == ("mine", ["a.bin"])


def test_force_replaces_it(galion: Galion, server: FaultServer) -> None:
    (galion.cwd / "a.bin").write_text("mine")
    assert galion("download", server.add("/a.bin", BODY), "--force").code == 0
    assert (galion.cwd / "a.bin").read_bytes() == BODY.read(0, BODY.size)


def test_a_second_run_knows_the_file_and_fetches_nothing(
    galion: Galion, server: FaultServer
) -> None:
    body = PatternBody(32 << 20)
    url = server.add("/a.bin", body)
    first = galion("download", url)
    server.wait_until_idle()
    asked = len(server.requests)
    again = galion("download", url)
    assert (again.code, again.out) == (0, first.out)
    assert "a.bin: is there already" in again.err
    server.wait_until_idle()
    assert sum(one.body_bytes_sent for one in server.requests[asked:]) < body.size


def test_a_second_run_with_a_checksum_does_not_even_ask(
    galion: Galion, server: FaultServer
) -> None:
    url = server.add("/a.bin", BODY)
    call = ("download", url, "-o", "a.bin", "--checksum", f"sha256={BODY.sha256()}")
    assert galion(*call).code == 0
    server.forget_requests()
    assert galion(*call).code == 0
    assert server.requests == []


def test_a_file_that_changed_since_is_not_taken_for_the_same(
    galion: Galion, server: FaultServer
) -> None:
    url = server.add("/a.bin", BODY)
    assert galion("download", url).code == 0
    (galion.cwd / "a.bin").write_bytes(b"changed by the user")
    assert galion("download", url).code == 8
    assert (galion.cwd / "a.bin").read_bytes() == b"changed by the user"


def test_a_dry_run_says_what_would_be_fetched_and_writes_nothing(
    galion: Galion, server: FaultServer
) -> None:
    url = server.add("/named", BODY, headers={"Content-Disposition": "attachment; filename=x.bin"})
    ended = galion("download", url, "--dry-run", "-d", "new")
    assert (ended.code, ended.out) == (0, f"{galion.cwd / 'new' / 'x.bin'}\n")
    assert "x.bin: 97.7 KiB, would be fetched" in ended.err
    assert galion.files == []
    assert galion("jobs").out == ""
    as_json = galion("download", url, "--dry-run", "--json").object
    assert (as_json["id"], as_json["status"], as_json["files"][0]["size"]) == (
        None,
        "queued",
        BODY.size,
    )


def test_a_dry_run_fails_as_the_download_would(galion: Galion, server: FaultServer) -> None:
    ended = galion("download", server.url("/missing"), server.add("/a", BODY), "--dry-run")
    assert (ended.code, ended.out) == (9, f"{galion.cwd / 'a'}\n")


def test_quiet_leaves_the_paths_and_the_errors(galion: Galion, server: FaultServer) -> None:
    ended = galion("download", server.add("/a", BODY), server.url("/missing"), "-q")
    assert ended.out == f"{galion.cwd / 'a'}\n"
    assert ended.err.splitlines() == [
        f"Error: {server.url('/missing')}: The file is not on 127.0.0.1 (404)",
        "Check the link in a browser.",
    ]


def test_json_is_one_object_a_job_of_exactly_this_form(galion: Galion, server: FaultServer) -> None:
    good, bad = server.add("/a.bin", BODY), server.url("/missing")
    ended = galion("download", good, bad, "ftp://h.test/x", "--json", "-j", "1")
    assert ended.code == 9
    by_url = {each["url"]: each for each in ended.objects}
    assert set(by_url) == {good, bad, "ftp://h.test/x"}
    for each in by_url.values():
        assert list(each) == ["id", "url", "platform", "status", "files", "error"]
    assert by_url[good] == {
        "id": by_url[good]["id"],
        "url": good,
        "platform": "generic",
        "status": "completed",
        "files": [
            {
                "path": str(galion.cwd / "a.bin"),
                "size": BODY.size,
                "sha256": BODY.sha256(),
                "verified": False,
            }
        ],
        "error": None,
    }
    assert by_url[good]["id"].startswith("dl_")
    assert by_url[bad]["status"] == "failed"
    assert list(by_url[bad]["error"]) == ["code", "message", "details", "retryable", "hint"]
    assert by_url[bad]["error"]["code"] == "FILE_NOT_FOUND"
    refused = by_url["ftp://h.test/x"]
    assert (refused["id"], refused["status"], refused["files"]) == (None, "failed", [])
    assert refused["error"]["code"] == "PLATFORM_NOT_SUPPORTED"


def test_names_in_any_script_are_kept_and_shown(galion: Galion, server: FaultServer) -> None:
    name = "модель-日本語-é.bin"
    quoted = "%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D1%8C-%E6%97%A5%E6%9C%AC%E8%AA%9E-%C3%A9.bin"
    ended = galion("download", server.add(f"/{quoted}", BODY), "--json")
    assert ended.object["files"][0]["path"] == str(galion.cwd / name)
    assert name in ended.out
    assert galion.files == [name]


def test_the_extension_of_a_name_that_is_too_long_is_kept(
    galion: Galion, server: FaultServer
) -> None:
    assert galion("download", server.add(f"/{'x' * 300}.safetensors", BODY)).code == 0
    (name,) = galion.files
    assert name.endswith("x.safetensors")
    assert len(name) == 240


def test_a_directory_whose_name_is_no_text_will_do(galion: Galion, server: FaultServer) -> None:
    """File systems take any bytes; Python carries them as lone surrogates."""
    folder = os.fsdecode(b"d\xff")
    url = server.add("/a", BODY)
    first = galion("download", url, "-d", folder, "--json")
    assert (first.code, first.object["status"]) == (0, "completed")
    assert first.object["files"][0]["path"] == str(galion.cwd / folder / "a")
    again = galion("download", url, "-d", folder, "-q")
    assert (again.code, again.err) == (0, "")
    assert galion("jobs", "show", first.object["id"]).code == 0
    assert (galion.cwd / folder / "a").stat().st_size == BODY.size


def test_sizes_beyond_32_bits_are_told(galion: Galion, server: FaultServer) -> None:
    url = server.add("/large.bin", SparseBody(5 << 30))
    ended = galion("download", url, "--dry-run", "--json")
    assert ended.object["files"][0]["size"] == 5 << 30
    assert "5.0 GiB" in galion("download", url, "--dry-run").err


def test_a_file_of_no_bytes_is_a_file(galion: Galion, server: FaultServer) -> None:
    ended = galion("download", server.add("/empty.txt", BytesBody(b""), content_type="text/plain"))
    assert (ended.code, galion.files) == (0, ["empty.txt"])
    assert (galion.cwd / "empty.txt").stat().st_size == 0
