"""The places that have the same file: which to ask, and which to leave."""

from __future__ import annotations

from dataclasses import dataclass

from galion_core.errors import DownloadFailed, GalionError
from galion_core.types import RemoteFile
from galion_core.urls import ParsedUrl, parse_url

#: How often a place may fail in ways that can pass.
_PATIENCE = 2


@dataclass(eq=False, slots=True)
class Source:
    """One place."""

    url: ParsedUrl
    mirror: bool
    """Not the place that the platform named first."""
    lanes: int = 0
    """Connections to it now."""
    failures: int = 0
    left: bool = False
    """It is not asked any more."""


class Sources:
    """All places of a file.

    Their bytes are mixed only where a checksum will prove the result; else one is asked after the
    other.
    """

    def __init__(self, remote: RemoteFile, *, mix: bool) -> None:
        self._mix = mix
        self.all = [Source(parse_url(remote.url), mirror=False)]
        self.all += [Source(parse_url(url), mirror=True) for url in remote.mirrors]

    @property
    def choice(self) -> bool:
        """There are several to be asked at once."""
        return self._mix and sum(not each.left for each in self.all) > 1

    def pick(self) -> Source:
        """The place for another connection."""
        there = [each for each in self.all if not each.left] or self.all[:1]
        return min(there, key=lambda each: each.lanes) if self._mix else there[0]

    def renew(self, link: str) -> None:
        """The first place has a new link."""
        self.all[0].url = parse_url(link)
        self.all[0].left = False

    def blame(self, source: Source, error: GalionError) -> bool:
        """A place has failed; whether it is left and another one is there to take over."""
        source.failures += 1
        passing = isinstance(error, DownloadFailed) and error.retryable
        if passing and source.failures < _PATIENCE:
            return False
        return self.leave(source)

    def leave(self, source: Source) -> bool:
        """Do not ask this place any more; False when it is the last one."""
        if all(each.left or each is source for each in self.all):
            return False
        source.left = True
        return True

    def spare(self, source: Source) -> bool:
        """Do not ask this place any more where others can take over at once: where they are mixed.

        It has not failed: it is slower than others, or has another version of the file.
        """
        return self._mix and self.leave(source)

    def distrust(self) -> bool:
        """The bytes were wrong, and nobody knows whose: from now on ask one place at a time.

        The first call takes back the places that were only spared; each later one drops the place
        that was asked alone. False when none remains to be tried.
        """
        if self._mix and len(self.all) > 1:
            self._mix = False
            for each in self.all:
                each.left = each.left and each.failures > 0
            return True
        return self.leave(self.pick())
