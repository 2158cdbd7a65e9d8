"""Several places that should have the same file, some of which are bad."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.core.transfer.row import FILE, MIB, PACE, SHA256, check_economy

from galion_core.errors import IntegrityError, NotFound
from galion_core.testing import FaultServer, PatternBody, faults, refusing_port
from galion_core.testing.faults import Fault
from galion_core.transfer.wanted import Fetched
from galion_core.types import RemoteFile

Fetch = Callable[..., Fetched]
OTHER = PatternBody(FILE.size, seed=1)
LONGER = PatternBody(FILE.size + MIB, seed=3)

#: What is wrong with a place: what it has, and what it does with it.
BAD: dict[str, tuple[PatternBody, tuple[Fault, ...]]] = {
    "404": (FILE, (faults.Status(404),)),
    "503": (FILE, (faults.Status(503),)),
    "429": (FILE, (faults.Status(429),)),
    "corrupt": (OTHER, ()),
    "a flipped byte": (FILE, (faults.FlipByte(9 * MIB),)),
    "another size": (LONGER, ()),
    "silence": (FILE, (faults.StallBeforeHeaders(),)),
    "no ranges": (FILE, (faults.IgnoreRange(),)),
    "login page": (FILE, (faults.HtmlInstead(),)),
    "login page as a file": (FILE, (faults.HtmlInstead(content_type="application/x-any"),)),
    "LFS pointer": (FILE, (faults.LfsPointer(),)),
    "gzip": (FILE, (faults.Gzip(),)),
    "cut": (FILE, (faults.CutBody(3 * MIB),)),
    "dead in mid-file": (FILE, (faults.ExpireAfter(body_bytes=2 * MIB), faults.CutBody(MIB))),
    "reset": (FILE, (faults.ResetInHeaders(),)),
    "to plain nonsense": (FILE, (faults.Redirect("file:///etc/passwd"),)),
    "a redirect loop": (FILE, (faults.Redirect("/file.bin"),)),
}
REFUSES = "refuses connections"


@pytest.fixture
def place() -> Iterator[Callable[[str], str]]:
    """Makes a place with such a fault, or an honest one; gives the link to it."""
    with ExitStack() as stack:

        def make(fault: str = "") -> str:
            if fault == REFUSES:
                return f"http://127.0.0.1:{stack.enter_context(refusing_port())}/file.bin"
            body, does = BAD[fault] if fault else (FILE, ())
            server = stack.enter_context(FaultServer())
            return server.add("/file.bin", body, faults=[*does, PACE])

        yield make


def remote(links: list[str], size: int | None = None) -> RemoteFile:
    return RemoteFile(url=links[0], mirrors=tuple(links[1:]), size=size)


TRIPLES = [
    ("404", "corrupt", "reset"),
    ("another size", REFUSES, "404"),
    ("login page", "login page as a file", "LFS pointer"),
    ("503", "no ranges", "cut"),
    ("dead in mid-file", "gzip", "another size"),
    ("refuses connections", "429", "a flipped byte"),
    ("to plain nonsense", "a redirect loop", "corrupt"),
]


@pytest.mark.parametrize("connections", [1, 8])
@pytest.mark.parametrize("order", ["bad first", "good first", "mixed"])
@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(bad, marks=pytest.mark.row(f"5 sources, of which 3 are bad: {', '.join(bad)}"))
        for bad in TRIPLES
    ],
    ids=", ".join,
)
def test_three_bad_places_of_five(
    bad: tuple[str, ...],
    order: str,
    connections: int,
    place: Callable[..., str],
    fetch: Fetch,
    directory: Path,
) -> None:
    wrong, right = [place(each) for each in bad], [place(), place()]
    links = {
        "bad first": [*wrong, *right],
        "good first": [*right, *wrong],
        "mixed": [wrong[0], right[0], wrong[1], right[1], wrong[2]],
    }[order]
    fetched = fetch("", remote=remote(links), checksums=(SHA256,), connections=connections)
    assert fetched.sha256 == FILE.sha256()
    assert {path.name for path in directory.iterdir()} == {"file.bin"}


@pytest.mark.parametrize("first", [*BAD, REFUSES])
def test_whatever_is_wrong_with_the_first_place_the_second_mends(
    first: str, place: Callable[..., str], fetch: Fetch
) -> None:
    links = [place(first), place()]
    fetched = fetch("", remote=remote(links, FILE.size), checksums=(SHA256,), connections=8)
    assert fetched.sha256 == FILE.sha256()


BOTH = [("corrupt", "a flipped byte"), ("a flipped byte", "corrupt")]


@pytest.mark.row("2 sources, both with wrong bytes", ends=IntegrityError)
@pytest.mark.parametrize("places", BOTH)
def test_where_no_place_has_the_right_bytes_that_is_said(
    places: tuple[str, str], place: Callable[..., str], fetch: Fetch, directory: Path
) -> None:
    links = [place(each) for each in places]
    with pytest.raises(IntegrityError, match="not what was promised"):
        fetch("", remote=remote(links), checksums=(SHA256,), connections=8)
    assert list(directory.iterdir()) == []


@pytest.mark.row("2 sources, both not there", ends=NotFound)
def test_where_no_place_answers_the_last_one_says_why(
    place: Callable[..., str], fetch: Fetch, directory: Path
) -> None:
    with pytest.raises(NotFound, match="is not on"):
        fetch("", remote=remote([place("404"), place("404")]), checksums=(SHA256,), connections=8)
    assert list(directory.iterdir()) == []


@pytest.mark.row("2 sources with different versions, no checksum known")
@pytest.mark.parametrize("first", ["", "cut", "404", "dead in mid-file"])
def test_without_a_checksum_the_bytes_of_two_places_are_never_mixed(
    first: str, server: FaultServer, place: Callable[..., str], fetch: Fetch, directory: Path
) -> None:
    mirror = server.add("/file.bin", OTHER, faults=[PACE])
    fetch("", remote=remote([place(first), mirror]), connections=8)
    assert (directory / "file.bin").read_bytes() in (FILE.content(), OTHER.content())


@pytest.mark.row("2 sources, one of which falls silent in mid-body")
def test_a_place_that_falls_silent_is_left_for_another_in_mid_file(
    server: FaultServer, place: Callable[..., str], fetch: Fetch
) -> None:
    silent = server.add("/file.bin", FILE, faults=[faults.Stall(6 * MIB, times=1), PACE])
    fetched = fetch("", remote=remote([silent, place()]), checksums=(SHA256,), connections=8)
    assert fetched.sha256 == FILE.sha256()


def test_two_good_places_share_the_work(
    server: FaultServer, other: FaultServer, fetch: Fetch
) -> None:
    asked = threading.Event()
    heard = faults.Status(500, when=lambda request: bool(asked.set()))
    links = [
        server.add("/file.bin", FILE, faults=[faults.Stall(MIB, until=asked, times=1), PACE]),
        other.add("/file.bin", FILE, faults=[heard, PACE]),
    ]
    fetched = fetch("", remote=remote(links), checksums=(SHA256,), connections=8)
    assert fetched.sha256 == FILE.sha256()
    assert other.requests
    check_economy(server)
