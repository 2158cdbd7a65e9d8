"""The command as a whole: help, version, misspelt commands, detect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from galion_core.version import __version__

if TYPE_CHECKING:
    from tests.cli.conftest import Call, Galion


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version(galion: Galion, option: str) -> None:
    ended = galion(option)
    assert (ended.code, ended.out, ended.err) == (0, f"galion {__version__}\n", "")


def test_help_lists_the_commands_in_whole_sentences_and_the_exit_codes(call: Call) -> None:
    ended = call("--help")
    assert ended.code == 0
    for line in (
        "config    Show and change the settings.",
        "detect    Say which platform a link belongs to.",
        "download  Download links, and prove what arrives.",
        "jobs      List, show, cancel and retry downloads.",
        "plugins   List, show, enable and disable plugins.",
    ):
        assert line in ended.out
    assert "130 interrupted" in ended.out


@pytest.mark.parametrize("command", ["download", "detect", "jobs", "plugins", "config"])
def test_every_command_explains_itself(call: Call, command: str) -> None:
    ended = call(command, "-h")
    assert (ended.code, ended.out.startswith(f"Usage: galion {command}")) == (0, True)


def test_a_misspelt_command_is_told_what_it_should_have_been(call: Call) -> None:
    ended = call("donwload", "http://h.test/")
    assert ended.code == 2
    assert "No such command 'donwload'. Did you mean 'download'?" in ended.err


def test_a_link_without_a_command_is_told_which_one(call: Call) -> None:
    ended = call("https://me:secret@h.test/f.bin")
    assert ended.code == 2
    assert "To download a link: galion download https://***@h.test/f.bin" in ended.err


def test_detect_tells_the_platform(call: Call) -> None:
    ended = call("detect", "https://h.test/a/b.bin")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "generic (file)\n  host: h.test\n  path: /a/b.bin\n"


def test_detect_explains_every_bid(call: Call) -> None:
    ended = call("detect", "https://h.test/a", "--explain")
    heading, bid = ended.out.splitlines()
    assert heading.split() == ["PLATFORM", "CONFIDENCE", "KIND", "PLUGIN"]
    assert bid.split() == ["generic", "fallback", "file", "generic"]


def test_detect_as_json(call: Call) -> None:
    assert call("detect", "https://h.test/a", "--json", "--explain").object == {
        "platform": "generic",
        "supported": True,
        "metadata": {"kind": "file", "host": "h.test", "path": "/a"},
        "bids": [
            {"platform": "generic", "confidence": "fallback", "kind": "file", "plugin": "generic"}
        ],
    }
    ended = call("detect", "ftp://h.test/a", "--json")
    assert (ended.code, ended.object["supported"]) == (10, False)
    assert ended.object["error"]["code"] == "PLATFORM_NOT_SUPPORTED"


def test_detect_refuses_what_is_no_url(call: Call) -> None:
    ended = call("detect", "h.test/a", "--json")
    assert (ended.code, ended.object["error"]["code"]) == (2, "INVALID_URL")


def test_without_plugins_there_are_no_platforms(call: Call) -> None:
    ended = call("--no-plugins", "detect", "https://h.test/a")
    assert ended.code == 10
    assert "pip install galion-generic" in ended.err
