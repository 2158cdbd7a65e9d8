"""The conformance table: whatever a server or a machine does, and what comes of it.

A row is a test, or several of the same name, marked with ``pytest.mark.row(does, ends=None)``:
``does`` says what happens, ``ends`` is the class of the error that explains it, or None where the
right bytes must be there. ``--table`` prints the rows of a run; ``python docs/generate.py`` writes
them into docs/conformance.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import pytest

from galion_core.errors import GalionError


@dataclass(frozen=True)
class Line:
    """A row as it is shown."""

    theme: str
    """The first line of its module's docstring."""
    does: str
    outcome: str


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance table")
    group.addoption("--table", action="store_true", help="print the conformance table at the end")
    group.addoption("--table-to", metavar="FILE", help="write the table as Markdown")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        # What stands in a report comes home from the processes of xdist too.
        item.user_properties += [("row", astuple(line)) for line in _lines(item)]
    place = config.getoption("--table-to", None)
    if place:
        lines = (line for item in items for line in _lines(item))
        Path(place).write_text("\n".join(as_markdown(lines)), encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not terminalreporter.config.getoption("--table", False):
        return
    results: dict[Line, set[str]] = {}
    for result in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(result, []):
            for name, value in report.user_properties:
                if name == "row":
                    results.setdefault(Line(*value), set()).add(result)
    width = max((len(line.does) for line in results), default=0)
    theme = ""
    for line, ended in sorted(results.items(), key=lambda each: (each[0].theme, each[0].does)):
        if line.theme != theme:
            theme = line.theme
            terminalreporter.section(theme, sep="-")
        said = "" if ended == {"passed"} else f"  [{', '.join(sorted(ended)).upper()}]"
        terminalreporter.write_line(f"{line.does:{width}}  {line.outcome}{said}")


def as_markdown(lines: Iterable[Line]) -> Iterator[str]:
    """A table for each theme, in the order of the tests."""
    themes: dict[str, dict[Line, None]] = {}
    for line in lines:
        themes.setdefault(line.theme, {})[line] = None
    for theme, rows in themes.items():
        yield f"## {theme}\n"
        yield "| What happens | What comes of it |\n| --- | --- |"
        yield from (f"| {line.does} | {line.outcome} |" for line in rows)
        yield ""


def _lines(item: pytest.Item) -> Iterator[Line]:
    for mark in item.iter_markers("row"):
        assert isinstance(item, pytest.Function)
        theme = (item.module.__doc__ or "").partition("\n")[0].rstrip(".")
        yield Line(theme, mark.args[0], _outcome(mark.kwargs.get("ends")))


def _outcome(ends: type[GalionError] | str | None) -> str:
    if ends is None:
        return "the right bytes"
    return ends if isinstance(ends, str) else f"`{ends.code}`, exit {ends.exit_code}"
