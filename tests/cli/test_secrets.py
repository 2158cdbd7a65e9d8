"""What is secret is in no output and in no file; what comes from outside obeys no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from galion_core.testing import FaultServer, PatternBody, faults

if TYPE_CHECKING:
    from tests.cli.conftest import Call, Galion

BODY = PatternBody(1000)
PASSWORD, BEARER, QUERY = "pw-Zq1xV", "bearer-Zq2xV", "query-Zq3xV"
ONCE = {"GALION_DOWNLOAD__RETRIES": "0"}


def everything_shown_of_the_jobs(call: Call) -> str:
    shown = call("jobs").out + call("jobs", "--json").out
    for job in call("jobs", "--json").objects:
        shown += call("jobs", "show", job["id"]).out
    return shown


def test_secrets_are_used_and_never_shown_or_kept(
    galion: Galion, call: Call, server: FaultServer
) -> None:
    """The query is needed to go on, so it stays in the store, which only its owner may read."""
    outcomes = {
        "/good": [],
        "/refused": [faults.Status(403, body=f"see http://h.test/?token={QUERY}")],
        "/loop": [faults.Redirect(f"/loop?token={QUERY}")],
        "/page": [faults.HtmlInstead()],
        "/cut": [faults.CutBody(10)],
    }
    urls = [
        server.add(path, BODY, faults=bad).replace("://", f"://me:{PASSWORD}@") + f"?token={QUERY}"
        for path, bad in outcomes.items()
    ]
    shown = ""
    for options in ([], ["--json"], ["--dry-run"]):
        ended = galion("download", *urls, "-H", f"X-Key: {BEARER}", *options, env=ONCE)
        assert ended.code == 9
        shown += ended.out + ended.err
    shown += everything_shown_of_the_jobs(call)

    sent = server.requests_to("/good")[0]
    basic = sent.headers["authorization"].removeprefix("Basic ")
    assert sent.headers["x-key"] == BEARER
    assert QUERY in sent.target
    for secret in (PASSWORD, BEARER, QUERY, basic):
        assert secret not in shown
    written = galion.everything_written()
    for secret in (PASSWORD, BEARER, basic):
        assert secret.encode() not in written
    assert QUERY.encode() in written
    for path in galion.home.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_what_was_meant_as_a_header_is_not_repeated(call: Call) -> None:
    ended = call("download", "http://h.test/", "-H", f"Authorization {BEARER}", "--json")
    assert ended.code == 2
    assert BEARER not in ended.out + ended.err


def test_escape_sequences_of_a_server_never_reach_the_terminal(
    call: Call, server: FaultServer
) -> None:
    evil = "\x1b]0;owned\x07\x1b[31mred\x9b31m\u202egpj.exe"
    named = server.add(
        "/named", BODY, headers={"Content-Disposition": f'attachment; filename="{evil}.bin"'}
    )
    refused = server.add("/refused", faults=[faults.Status(404, body=evil)])
    said = ""
    for options in ([], ["--json"], ["--dry-run"], ["--force"]):
        ended = call("download", named, refused, *options)
        said += ended.out + ended.err
    said += everything_shown_of_the_jobs(call)
    assert "red" in said
    for character in "\x1b\x07\x9b\u202e":
        assert character not in said
