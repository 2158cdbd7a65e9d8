"""The digests that Galion can make: one table, for what is checked and for what checks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

#: The digest that is made of every file and kept in its record.
RECORDED = "sha256"


class Hash(Protocol):
    """A digest in the making; the GIL is released while much is taken in."""

    def update(self, data: bytes | memoryview, /) -> object:
        """Take in the next bytes."""

    def hexdigest(self) -> str:
        """The digest of what was taken in, lower case."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How long a digest is, and how it is made."""

    hex_digits: int
    new: Callable[[], Hash]


class _Crc32:
    """CRC-32 as in zip files, with hashlib's methods."""

    def __init__(self) -> None:
        from zlib import crc32

        self._crc32 = crc32
        self._value = 0

    def update(self, data: bytes | memoryview, /) -> None:
        self._value = self._crc32(data, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:08x}"


def _of_hashlib(name: str) -> Callable[[], Hash]:
    def new() -> Hash:
        import hashlib

        return hashlib.new(name, usedforsecurity=False)

    return new


def _blake3() -> Hash:
    from blake3 import blake3

    return blake3()


#: By name. crc32, md5 and sha1 show damage on the way, but not that nobody meant it: other bytes
#: of the same digest can be made.
ALGORITHMS: Mapping[str, Algorithm] = {
    "crc32": Algorithm(8, _Crc32),
    "md5": Algorithm(32, _of_hashlib("md5")),
    "sha1": Algorithm(40, _of_hashlib("sha1")),
    "sha256": Algorithm(64, _of_hashlib("sha256")),
    "sha512": Algorithm(128, _of_hashlib("sha512")),
    "blake3": Algorithm(64, _blake3),
}


def new_hashes(algorithms: Iterable[str]) -> dict[str, Hash]:
    """A hash for each name, and for the one that is always recorded.

    >>> hashes = new_hashes(["crc32"])
    >>> for each in hashes.values():
    ...     _ = each.update(b"123456789")
    >>> sorted(hashes), hashes["crc32"].hexdigest()
    (['crc32', 'sha256'], 'cbf43926')
    """
    return {name: ALGORITHMS[name].new() for name in {RECORDED, *algorithms}}
