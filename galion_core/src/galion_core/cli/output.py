"""What the command line says: results on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from galion_core.errors import GalionError
from galion_core.urls import visible


def say(text: str) -> None:
    """A result, for people."""
    click.echo(text)


def say_json(value: object) -> None:
    """A result, for programs: one line."""
    import json

    click.echo(json.dumps(value, ensure_ascii=False))


def warn(text: str) -> None:
    """Something to know, on stderr; control characters from outside never reach the terminal."""
    click.echo(f"{_style('Warning:', 'yellow')} {_lines(text)}", err=True)


def tell(text: str) -> None:
    """What is going on, on stderr."""
    click.echo(_lines(text), err=True)


def complain(error: GalionError, *, as_json: bool = False) -> None:
    """An error: what happened, and what to do next."""
    if as_json:
        say_json({"error": error.as_dict()})
    click.echo(f"{_style('Error:', 'red')} {_lines(error.message)}", err=True)
    if error.hint:
        click.echo(_lines(error.hint), err=True)


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


def _lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.split("\n"))


def _style(text: str, colour: str) -> str:
    return text if os.environ.get("NO_COLOR") else click.style(text, fg=colour, bold=True)
