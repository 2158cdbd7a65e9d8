"""Plugins as a user meets them: listed, shown, disabled, adding commands, working, failing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from galion_core.testing import FaultServer, PatternBody

if TYPE_CHECKING:
    from tests.cli.conftest import Call, Galion, Publish

BODY = PatternBody(3000)
BROKEN = "raise ImportError('needs torch')"


def test_plugins_are_listed_with_their_state(galion: Galion, publish: Publish) -> None:
    publish("broken", BROKEN)
    ended = galion("plugins")
    assert ended.code == 0
    heading, *rows = [line.split() for line in ended.out.splitlines()]
    assert heading == ["NAME", "VERSION", "STATE", "DISTRIBUTION"]
    assert ["broken", "1.0", "found", "galion-broken"] in rows
    assert {"generic"} <= {row[0] for row in rows}
    (as_json,) = galion("plugins", "--json").objects
    assert as_json[0] == {
        "name": "broken",
        "version": "1.0",
        "distribution": "galion-broken",
        "state": "found",
        "reason": None,
    }


def test_show_tells_what_a_plugin_does(call: Call) -> None:
    ended = call("plugins", "show", "generic")
    assert ended.code == 0
    assert ": loaded\n" in ended.out
    assert "galion_resolve_url: owner" in ended.out
    assert "galion_resolve_url" in call("plugins", "show", "generic", "--json").object["hooks"]


def test_show_tells_why_a_plugin_does_not_work(galion: Galion, publish: Publish) -> None:
    publish("broken", BROKEN)
    ended = galion("plugins", "show", "broken")
    assert "broken 1.0 of galion-broken: failed" in ended.out
    assert "ImportError: needs torch" in ended.out


def test_a_plugin_that_fails_costs_a_line_and_nothing_else(
    galion: Galion, server: FaultServer, publish: Publish
) -> None:
    publish("broken", BROKEN)
    ended = galion("download", server.add("/a", BODY))
    assert (ended.code, galion.files) == (0, ["a"])
    (line,) = [line for line in ended.err.splitlines() if "broken" in line]
    assert line.startswith("Warning: Plugin broken of galion-broken 1.0 is not used (failed)")
    assert "`pip uninstall galion-broken` or `galion plugins disable broken`" in line
    assert "broken" not in galion("--no-plugins", "download", "http://h.test/").err


def test_strict_plugins_stop_the_command(galion: Galion, publish: Publish) -> None:
    publish("broken", BROKEN)
    ended = galion("detect", "http://h.test/", env={"GALION_STRICT_PLUGINS": "1"})
    assert ended.code == 1
    assert "needs torch" in ended.err


def test_a_disabled_plugin_is_neither_imported_nor_complained_about(
    galion: Galion, publish: Publish
) -> None:
    publish("broken", "raise SystemExit(open('imported', 'w').write('x'))")
    disabled = galion("plugins", "disable", "broken")
    assert (disabled.code, disabled.out) == (0, "")
    assert "broken is disabled" in disabled.err
    ended = galion("detect", "http://h.test/")
    assert (ended.code, ended.err, galion.files) == (0, "", [])
    listed = galion("plugins")
    assert "disabled" in listed.out
    assert listed.err == ""
    assert galion("plugins", "enable", "broken").code == 0
    assert "broken" in galion("detect", "http://h.test/").err


def test_disabling_all_platforms_leaves_a_hint(call: Call) -> None:
    call("plugins", "disable", "generic")
    ended = call("download", "http://h.test/")
    assert ended.code == 10
    assert "generic (disabled)" in ended.err
    call("plugins", "enable", "generic")
    assert call("detect", "http://h.test/").code == 0


def test_a_plugin_that_is_not_installed(call: Call) -> None:
    for command in ("show", "enable", "disable"):
        ended = call("plugins", command, "generik")
        assert ended.code == 4
        assert "Did you mean generic?" in ended.err


COMMANDS = """
import click
from galion_core import InvalidInput, hookimpl

@click.command("hello", help="Say hello.")
@click.option("--fail", is_flag=True)
def hello(fail):
    if fail:
        raise InvalidInput("Nobody there", hint="Come back later.")
    click.echo("hello from a plugin")

@click.command("download")
def download():
    click.echo("stolen")

@hookimpl
def galion_register_commands(cli):
    cli.add_command(hello)
    cli.add_command(download)
"""


def test_a_plugin_adds_commands_and_cannot_replace_the_built_in_ones(
    galion: Galion, publish: Publish
) -> None:
    publish("greeter", COMMANDS)
    ended = galion("hello")
    assert (ended.code, ended.out) == (0, "hello from a plugin\n")
    failed = galion("hello", "--fail")
    assert (failed.code, failed.err) == (2, "Error: Nobody there\nCome back later.\n")
    assert "hello     Say hello." in galion("--help").out
    ended = galion("download")
    assert (ended.code, "stolen" in ended.out) == (2, False)


def test_a_plugin_whose_commands_raise_loses_only_them(galion: Galion, publish: Publish) -> None:
    publish("bad", BAD_COMMANDS)
    publish("greeter", COMMANDS)
    ended = galion("hello")
    assert (ended.code, ended.out) == (0, "hello from a plugin\n")
    assert "galion-bad" in ended.err


BAD_COMMANDS = """
from galion_core import hookimpl

@hookimpl
def galion_register_commands(cli):
    raise RuntimeError("no commands today")
"""

WORKING = """
import json, pathlib
from galion_core import IndexDocument, PostProcessor, ProcessResult, hookimpl

def note(text):
    with open("notes", "a") as file:
        file.write(text + "\\n")

def fails(artifact):
    raise RuntimeError("the scanner is out of order")

async def second(artifact):
    note(f"second sees {artifact.metadata['found']} in {artifact.path.name}")

@hookimpl
def galion_register_post_processors():
    return [
        PostProcessor(name="second", run=second, order=20),
        PostProcessor(name="fails", run=fails, order=15),
        PostProcessor(name="never", run=fails, order=1, applies=lambda artifact: False),
        PostProcessor(
            name="first", order=10, run=lambda artifact: ProcessResult(metadata={"found": "gold"})
        ),
    ]

@hookimpl
def galion_index_document(artifact, metadata):
    note(f"indexed with {metadata['found']}")
    return IndexDocument(text="words")

@hookimpl
def galion_event(event):
    note(f"{event.type} {event.data['status']}")
"""


def test_plugins_process_index_and_observe_in_order_and_one_that_raises_fails_no_job(
    galion: Galion, server: FaultServer, publish: Publish
) -> None:
    publish("worker", WORKING)
    ended = galion("download", server.add("/a.bin", BODY), "--json")
    assert (ended.code, ended.object["status"], ended.object["error"]) == (0, "completed", None)
    assert "Warning: fails (worker) failed: the scanner is out of order\n" in ended.err
    notes = (galion.cwd / "notes").read_text().splitlines()
    assert [line for line in notes if line.startswith("job.")] == [
        "job.queued queued",
        "job.resolving resolving",
        "job.downloading downloading",
        "job.verifying verifying",
        "job.processing processing",
        "job.completed completed",
    ]
    assert [line for line in notes if not line.startswith("job.")] == [
        "second sees gold in a.bin",
        "indexed with gold",
    ]
    shown = galion("jobs", "show", ended.object["id"]).out
    assert "Warning: fails (worker) failed" in shown


HOSTILE_ERROR = """
from galion_core import NotFound, PlatformInfo, PlatformMatch, hookimpl

@hookimpl
def galion_register_platform():
    return PlatformInfo(name="evil", title="Evil")

@hookimpl
def galion_detect_platform(url):
    return PlatformMatch(platform="evil", kind="file", ids={"id": "\\x1b[31mred\\x9b"})

@hookimpl
def galion_resolve_url(context):
    raise NotFound("\\x1b]0;owned\\x07 gone \\x9b31m", hint="\\x1b[2J")
"""


def test_what_a_plugin_passes_on_from_outside_obeys_no_terminal(
    galion: Galion, publish: Publish
) -> None:
    publish("evil", HOSTILE_ERROR)
    said = ""
    for arguments in (
        ["detect", "http://h.test/"],
        ["detect", "http://h.test/", "--json"],
        ["download", "http://h.test/"],
        ["download", "http://h.test/", "--json"],
        ["jobs", "--json"],
    ):
        ended = galion(*arguments)
        said += ended.out + ended.err
    job_id = galion("jobs", "--json").objects[0]["id"]
    said += galion("jobs", "show", job_id).out
    assert "gone" in said
    for character in "\x1b\x07\x9b":
        assert character not in said
