"""What the command line says: results on stdout, everything else on stderr."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import TextIO

import click

from galion_core.errors import GalionError
from galion_core.urls import visible

#: What json leaves as it is, and a terminal may obey or an encoder refuse.
_UNSAFE_IN_JSON = re.compile(r"[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_COLOURS = {"red": "31", "yellow": "33"}


def say(text: str) -> None:
    """A result, for people: control characters from outside never reach the terminal."""
    _write(sys.stdout, _lines(text))


def say_path(path: str) -> None:
    """The path of a file: as it is, for programs; fit to be seen, on a terminal."""
    if sys.stdout.isatty():
        _write(sys.stdout, visible(path))
    else:
        sys.stdout.buffer.write(os.fsencode(path) + b"\n")
        sys.stdout.flush()


def say_json(value: object) -> None:
    """A result, for programs: one line."""
    import json

    text = json.dumps(value, ensure_ascii=False)
    _write(sys.stdout, _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def warn(text: str) -> None:
    """Something to know, on stderr; control characters from outside never reach the terminal."""
    _write(sys.stderr, f"{_style('Warning:', 'yellow')} {_lines(text)}")


def tell(text: str) -> None:
    """What is going on, on stderr."""
    _write(sys.stderr, _lines(text))


def complain(error: GalionError, *, about: str = "", as_json: bool = False) -> None:
    """An error: what happened, to which of several things, and what to do next."""
    if as_json:
        say_json({"error": error.as_dict()})
    message = f"{about}: {error.message}" if about else error.message
    _write(sys.stderr, f"{_style('Error:', 'red')} {_lines(message)}")
    if error.hint:
        _write(sys.stderr, _lines(error.hint))


def complain_usage(error: click.ClickException, *, as_json: bool) -> None:
    """A wrong call, told click's way on stderr, and as an error object on stdout."""
    if as_json:
        details = {"code": "INVALID_INPUT", "message": error.format_message(), "details": {}}
        say_json({"error": {**details, "retryable": False, "hint": "See --help."}})
    error.show(file=sys.stderr)


def human_bytes(count: float | None) -> str:
    """A size for people, in binary units.

    >>> human_bytes(1536), human_bytes(None)
    ('1.5 KiB', '?')
    """
    if count is None:
        return "?"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def table(rows: Sequence[Sequence[str]], heading: tuple[str, ...]) -> str:
    """Rows in aligned columns below a heading.

    >>> print(table([("a", "bc")], ("ID", "X")))
    ID  X
    a   bc
    """
    shown = [heading, *(tuple(visible(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in shown) for column in range(len(heading))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in shown]
    return "\n".join(line.rstrip() for line in lines)


def _write(stream: TextIO, text: str) -> None:
    # Not click.echo: while bars are drawn, rich stands in for these streams, and click would find
    # its way past it, into the middle of the bars.
    stream.write(f"{text}\n")
    stream.flush()


def _lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.split("\n"))


def _style(text: str, colour: str) -> str:
    if os.environ.get("NO_COLOR") or not sys.stderr.isatty():
        return text
    return f"\x1b[1;{_COLOURS[colour]}m{text}\x1b[0m"
