"""Takes one answer apart: the file's bytes, a redirect, or a refusal and its first words."""

from __future__ import annotations

from collections.abc import Callable

from galion_core.transfer.exchange import Response

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FILE = frozenset({200, 203, 206})
#: Bytes of a refusal that are kept to be shown, and that are read at all.
_KEPT, _READ = 4096, 256 * 1024

Write = Callable[[bytes], None]


class LongRefusal(Exception):
    """The rest of an error page is not worth its bytes."""


class AnswerSink:
    """Passes the body on to what ``accept`` gives for a head that promises the file."""

    def __init__(self, accept: Callable[[Response], Write]) -> None:
        self._accept = accept
        self._write: Write | None = None
        self._ignored = 0
        self.response: Response | None = None
        self.location: str | None = None
        self.said = bytearray()

    @property
    def is_file(self) -> bool:
        """The body was accepted as the file's."""
        return self._write is not None

    def begin(self, response: Response) -> None:
        """Decide by the head."""
        self.response = response
        if response.status in _FILE:
            self._write = self._accept(response)
        elif response.status in _REDIRECTS:
            self.location = response.headers.get("location")

    def write(self, data: bytes) -> None:
        """Pass on, or keep the first words."""
        if self._write is not None:
            self._write(data)
            return
        self.said += data[: _KEPT - len(self.said)]
        self._ignored += len(data)
        if self._ignored > _READ:
            raise LongRefusal
