"""galion jobs: what is being downloaded, and what was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from galion_core.testing import FaultServer, PatternBody, faults

if TYPE_CHECKING:
    from tests.cli.conftest import Call

BODY = PatternBody(3000)


@pytest.fixture
def ids(call: Call, server: FaultServer) -> tuple[str, str]:
    """A completed job, and then one that failed."""
    server.add("/late.bin", BODY, faults=[faults.Status(404, times=1)])
    good = call("download", server.add("/good.bin", BODY), "--json").object["id"]
    bad = call("download", server.url("/late.bin"), "--json").object["id"]
    return good, bad


def test_without_a_download_there_is_nothing_to_list(call: Call) -> None:
    ended = call("jobs")
    assert (ended.code, ended.out, ended.err) == (0, "", "No downloads yet.\n")
    assert call("jobs", "--json").out == ""


def test_jobs_are_listed_newest_first(
    call: Call, server: FaultServer, ids: tuple[str, str]
) -> None:
    good, bad = ids
    listed = call("jobs")
    assert (listed.code, listed.out) == (0, call("jobs", "list").out)
    heading, first, second = listed.out.splitlines()
    assert heading.split() == ["ID", "STATUS", "SIZE", "WHEN", "WHAT"]
    assert first.split() == [bad, "failed", "?", "now", server.url("/late.bin")]
    assert second.split() == [good, "completed", "2.9", "KiB", "now", "good.bin"]


def test_a_list_can_be_narrowed(call: Call, ids: tuple[str, str]) -> None:
    good, bad = ids
    shown = call("jobs", "list", "--status", "completed", "--json").objects
    assert [each["id"] for each in shown] == [good]
    shown = call("jobs", "list", "--limit", "1", "--json").objects
    assert [each["id"] for each in shown] == [bad]


def test_json_is_the_form_of_a_download(call: Call, ids: tuple[str, str]) -> None:
    for each in call("jobs", "--json").objects:
        assert list(each) == ["id", "url", "platform", "status", "files", "error"]
        assert each == call("jobs", "show", each["id"], "--json").object


def test_show_tells_files_and_digests_or_why_it_failed(call: Call, ids: tuple[str, str]) -> None:
    good, bad = ids
    shown = call("jobs", "show", good).out
    assert f"{good}  completed  generic  now" in shown
    assert f"sha256 {BODY.sha256()}" in shown
    shown = call("jobs", "show", bad).out
    assert "FILE_NOT_FOUND: The file is not on 127.0.0.1 (404)\nCheck the link" in shown


def test_retry_downloads_what_failed(call: Call, ids: tuple[str, str]) -> None:
    ended = call("jobs", "retry", ids[1], "--json")
    assert (ended.code, ended.object["id"], ended.object["status"]) == (0, ids[1], "completed")


def test_retry_all_is_all_that_failed(call: Call, ids: tuple[str, str]) -> None:
    ended = call("jobs", "retry", "--all", "--json")
    assert [each["id"] for each in ended.objects] == [ids[1]]


@pytest.mark.parametrize("what", ["pause", "resume", "cancel"])
def test_all_of_nothing_is_done_at_once(call: Call, ids: tuple[str, str], what: str) -> None:
    ended = call("jobs", what, "--all")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


@pytest.mark.parametrize("what", ["pause", "resume", "cancel", "retry"])
@pytest.mark.parametrize("arguments", [(), ("dl_any", "--all")])
def test_ids_or_all_must_be_said(call: Call, what: str, arguments: tuple[str, ...]) -> None:
    ended = call("jobs", what, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Give the IDs of downloads, or --all." in ended.err


@pytest.mark.parametrize("what", ["pause", "resume", "retry", "cancel"])
def test_what_is_completed_stays_so(call: Call, ids: tuple[str, str], what: str) -> None:
    ended = call("jobs", what, ids[0])
    assert ended.code == 1
    assert f"Error: Job {ids[0]} is completed" in ended.err


@pytest.mark.parametrize("what", ["pause", "resume", "retry", "cancel", "show"])
def test_a_job_that_does_not_exist(call: Call, what: str) -> None:
    ended = call("jobs", what, "dl_missing")
    assert (ended.code, ended.out) == (4, "")
    assert "Error: There is no job dl_missing\n" in ended.err


def test_one_wrong_id_does_not_cost_the_others(call: Call, ids: tuple[str, str]) -> None:
    ended = call("jobs", "retry", "dl_missing", ids[1])
    assert ended.code == 9
    assert call("jobs", "show", ids[1], "--json").object["status"] == "completed"
