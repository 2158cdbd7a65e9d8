"""Lists of checksums as ``sha256sum`` and its kin write them, read as hostile text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from galion_core.digests import ALGORITHMS
from galion_core.errors import InvalidInput
from galion_core.types import Checksum

#: ``HEX  NAME`` or ``HEX *NAME``; a backslash before it tells of escapes in the name (coreutils).
_GNU = re.compile(r"(?P<escaped>\\?)(?P<hex>[0-9A-Fa-f]{8,128})(?: [ *]|[ \t]+)(?P<name>.+)")
#: ``ALGORITHM (NAME) = HEX``, as BSD, ``sha256sum --tag`` and OpenSSL (without spaces) write it.
_BSD = re.compile(
    r"(?P<escaped>\\?)(?P<tag>[A-Za-z0-9-]{3,12}) ?\((?P<name>.+)\) ?= ?(?P<hex>[0-9A-Fa-f]{8,128})"
)
_BARE = re.compile(r"(?P<hex>[0-9A-Fa-f]{8,128})[ \t]{0,2}")  # with more, a name of spaces
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
#: What a digest is that comes without its algorithm; blake3's is as long as sha256's, but rarer.
_BY_LENGTH = {ALGORITHMS[name].hex_digits: name for name in ALGORITHMS if name != "blake3"}

_SHORTEST = min(_BY_LENGTH)


@dataclass(frozen=True, slots=True)
class SumLine:
    """One file's digest."""

    checksum: Checksum
    name: str
    """Relative to the list, with ``/`` between parts; empty for a digest that stands alone."""


def parse_sums(text: str) -> list[SumLine]:
    r"""The lines that are understood; comments, signatures, other digests and noise are not.

    >>> [line.name for line in parse_sums("# all\n" + "ab" * 32 + " *./a b.bin\r\n\x00\n")]
    ['a b.bin']
    """
    return list(_lines(text))


def find_checksums(lines: Sequence[SumLine], path: str, names: Collection[str]) -> list[Checksum]:
    """What the list says of the file at a URL's ``path``, or under one of its other ``names``.

    A line's name may be a path, whose end is then compared as a whole; the longest match wins. A
    list of one digest without a name is about whatever file it was looked up for.
    """
    if len(lines) == 1 and not lines[0].name:
        return [lines[0].checksum]
    whole = f"/{path}"
    found = [line for line in lines if line.name and whole.endswith(f"/{line.name}")]
    longest = max((len(line.name) for line in found), default=0)
    if longest:
        return [line.checksum for line in found if len(line.name) == longest]
    return [line.checksum for line in lines if line.name in names]


def _lines(text: str) -> Iterator[SumLine]:
    for line in text.removeprefix("\ufeff").split("\n"):
        if len(line) < _SHORTEST:  # before all else: there may be millions
            continue
        line = line.removesuffix("\r")
        said = _BARE.fullmatch(line) or _BSD.fullmatch(line) or _GNU.fullmatch(line)
        if said is None:
            continue
        parts = said.groupdict()
        name = _name(parts.get("name") or "", escaped=bool(parts.get("escaped")))
        checksum = _checksum(parts.get("tag"), parts["hex"])
        if name is not None and checksum is not None:
            yield SumLine(checksum, name)


def _checksum(tag: str | None, digits: str) -> Checksum | None:
    algorithm = tag or _BY_LENGTH.get(len(digits), "")
    try:
        return Checksum.parse(f"{algorithm}={digits}")
    except InvalidInput:  # another algorithm's, or too short
        return None


def _name(name: str, *, escaped: bool) -> str | None:
    """The name as it is meant; None when its escapes make no sense."""
    if escaped:
        if not re.fullmatch(r"(?:[^\\]|\\[\\nr])*", name):
            return None
        name = re.sub(r"\\[\\nr]", lambda found: _ESCAPES[found[0]], name)
    return name.removeprefix("./")
