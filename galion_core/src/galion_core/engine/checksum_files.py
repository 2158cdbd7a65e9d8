"""Files are looked up in a checksum file, when somebody asked for that."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from galion_core.engine.plan import PlannedFile
from galion_core.engine.sums import SumLine, find_checksums, parse_sums
from galion_core.errors import DownloadFailed, InvalidInput, NotFound
from galion_core.text import redact, visible
from galion_core.types import Checksum, HttpResponse
from galion_core.urls import ParsedUrl, parse_url

#: Looks for the list beside the file, where lists usually are.
AUTO = "auto"
_NEIGHBOURS = ("SHA256SUMS", "SHA256SUMS.txt", "sha256sum.txt")
#: Characters of a list, at most: 150,000 lines.
_LONGEST = 16 << 20
#: Answers that mean there is no such list; file stores say 403 of what is not there.
_MISSING = frozenset({403, 404, 410})

Get = Callable[[str], Awaitable[HttpResponse]]


def check_place(text: str) -> str:
    """``auto`` or the link of a list, fit to be kept with a job; raises InvalidInput."""
    if text == AUTO:
        return text
    usable = re.match(r"\s*https?://", text, re.IGNORECASE)
    url = parse_url(text) if usable else None
    if url is None or url.userinfo:
        raise InvalidInput(
            f"{visible(redact(text))[:200]!r} cannot be the link of a checksum file",
            hint="Give an http or https link without a password, or auto; what the download's "
            "own host may be told is sent there too.",
        )
    return str(url)


async def with_checksums(planned: Iterable[PlannedFile], place: str, get: Get) -> list[PlannedFile]:
    """The files, each with what the list at ``place`` says of it.

    Raises NotFound where there is no list, or no word of a file in it.
    """
    lists = _Lists(get)
    return [
        replace(each, checksums=(*each.checksums, *await lists.look_up(each, place)))
        for each in planned
    ]


class _Lists:
    """Each list is fetched once."""

    def __init__(self, get: Get) -> None:
        self._get = get
        self._read: dict[str, Sequence[SumLine] | None] = {}

    async def look_up(self, file: PlannedFile, place: str) -> list[Checksum]:
        url = parse_url(file.remote.url)
        names = {name for name in (file.remote.name, file.filename) if name}
        there = False
        links = _neighbours(url) if place == AUTO else [place]
        for link in links:
            lines = await self._lines(link)
            there = there or lines is not None
            found = find_checksums(lines or (), "/".join(url.segments), names)
            if found:
                return [replace(each, by=redact(link)) for each in found]
        raise _without(file, url, links, there=there)

    async def _lines(self, link: str) -> Sequence[SumLine] | None:
        """What the list says; None when there is none."""
        if link not in self._read:
            answer = await self._get(link)
            if answer.status != 200 and answer.status not in _MISSING:
                raise _unanswered(link, answer.status)
            self._read[link] = await _parse(answer, link) if answer.status == 200 else None
        return self._read[link]


async def _parse(answer: HttpResponse, link: str) -> Sequence[SumLine]:
    if len(answer.text) > _LONGEST:
        raise InvalidInput(
            f"{redact(link)} is too large to be a checksum file",
            hint="Open its link in a browser to see what it is.",
            details={"url": redact(link), "length": len(answer.text)},
        )
    # On another thread: that many lines take a while.
    return await asyncio.to_thread(parse_sums, answer.text)


def _neighbours(url: ParsedUrl) -> list[str]:
    beside = [str(url.join(name)) for name in _NEIGHBOURS]
    own = replace(url, path=f"{url.path}.sha256", query="")
    return [*beside, str(own)] if url.segments and not url.path.endswith("/") else beside


def _without(file: PlannedFile, url: ParsedUrl, links: Sequence[str], *, there: bool) -> NotFound:
    name = visible(file.filename or file.remote.name or (url.segments or (url.host,))[-1])[:200]
    tried = [redact(link) for link in links]
    where = tried[0] if len(tried) == 1 else f"the places beside it ({len(tried)} were tried)"
    what = f"No checksum of {name} in {where}" if there else f"No checksum file at {where}"
    return NotFound(
        f"{what}; nothing was downloaded",
        hint="Give the link of its list with --checksums-from, or the digest with --checksum.",
        details={"name": name, "tried": tried},
    )


def _unanswered(link: str, status: int) -> DownloadFailed:
    return DownloadFailed(
        f"{parse_url(link).host} answered {status} instead of the checksum file",
        hint="Try again later, or open its link in a browser.",
        details={"url": redact(link), "status": status},
        retryable=status >= 500 or status in (408, 425, 429),
    )
