"""The file of links that ``download -i`` reads."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from galion_core.errors import InvalidInput

_OPTION = re.compile(r"\s+(?P<name>[a-z-]+)=(?P<value>.*)")


@dataclass(frozen=True, slots=True)
class Link:
    """A URL, and what is asked of its file alone."""

    url: str
    filename: str | None = None
    checksum: str | None = None


def read_links(path: str) -> list[Link]:
    """The links of a file (``-``: stdin), one a line; raises InvalidInput.

    Empty lines and comments (``#``) are passed over. Indented lines below a link are of its file,
    as aria2 has it: ``out=NAME`` and ``checksum=ALGO=HEX``.
    """
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}",
            hint="Give a text file with one URL a line to -i.",
        ) from None
    return list(_links(text))


def _links(text: str) -> Iterator[Link]:
    link: Link | None = None
    for line in text.splitlines():
        option, said = _OPTION.fullmatch(line), line.strip()
        if not said or said.startswith("#"):
            continue
        if option is None:
            if link is not None:
                yield link
            link = Link(said)
        else:
            link = _with(link, option["name"], option["value"].strip())
    if link is not None:
        yield link


def _with(link: Link | None, name: str, value: str) -> Link:
    if link is not None and name == "out":
        return replace(link, filename=value)
    if link is not None and name == "checksum":
        return replace(link, checksum=value)
    where = "above every URL" if link is None else f"below {link.url}"
    raise InvalidInput(
        f"The input file has {name}= {where}",
        hint="Below a URL, indented, may stand out=NAME and checksum=ALGO=HEX.",
    )
