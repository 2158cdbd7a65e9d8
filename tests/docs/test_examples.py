"""The examples run, and print what the pages say that they print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docs.conftest import BlocksOf, Terminal

PAGES = ["README.md", "docs/quickstart.md"]


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what follows it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield line, output


def comparable(output: str) -> list[str]:
    """The lines, sorted (downloads end in any order), without what differs from run to run."""
    output = re.sub(r"dl_\w{16}", "dl_ID", output)
    output = re.sub(r"\b\d+ (min|h|d) ago\b", "now", output)
    return sorted(re.sub(r" +", " ", line) for line in output.splitlines())


@pytest.mark.parametrize("page", PAGES)
def test_commands_print_what_the_page_says(page: str, terminal: Terminal, blocks: BlocksOf) -> None:
    ran = 0
    for block in blocks(page, "console"):
        for line, expected in commands(block.text):
            if line.startswith("cat "):
                (terminal.folder / line[4:]).write_text(terminal.real(expected))
                continue
            assert comparable(terminal.run(line)) == comparable(expected), line
            ran += 1
    assert ran


@pytest.mark.parametrize("page", PAGES)
def test_python_runs(page: str, terminal: Terminal, blocks: BlocksOf) -> None:
    scripts = [each.text for each in blocks(page, "python") if "@hookimpl" not in each.text]
    assert scripts
    for script in scripts:
        (terminal.folder / "example.py").write_text(terminal.real(script))
        printed = terminal.run("python -W error example.py")
        assert terminal.exit_code == 0, printed
        assert ("FILE_NOT_FOUND" if "missing" in script else "/home/you/") in printed
