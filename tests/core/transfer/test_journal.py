"""A part and its journal, ended at any moment: no block is ever believed that is not there."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from galion_core.transfer.headers import Validators
from galion_core.transfer.journal import Identity, PartJournal
from galion_core.transfer.part import Part

#: Small, so that a file of a few blocks is quickly written.
BLOCK = 16
COUNT = 6
SIZE = COUNT * BLOCK - 3
blocks = st.integers(0, COUNT - 1)


def identity(version: int, size: int | None = SIZE) -> Identity:
    return Identity("a source", None, Validators(etag=f'"{version}"', size=size))


def content(version: int, index: int) -> bytes:
    """What the block holds in this version of the file; never zeros."""
    return bytes([version * COUNT + index + 1]) * (min(SIZE, (index + 1) * BLOCK) - index * BLOCK)


class CrashingPart(RuleBasedStateMachine):
    """Blocks arrive in any order; the process is killed, or the machine loses its power.

    ``there`` are the blocks that arrived, ``durable`` those that are on the disk itself, and
    ``zeros`` what a power cut makes of the others.
    """

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
        self.patches = [
            patch("galion_core.transfer.part.BLOCK", BLOCK),
            patch("galion_core.transfer.journal.BLOCK", BLOCK),
            patch("galion_core.transfer.journal._boot", lambda: f"boot-{self.boot}"),
            patch("galion_core.transfer.journal.os.fsync", self.bring_to_disk),
        ]
        for each in self.patches:
            each.start()
        self.boot = self.version = 0
        self.sure = 0
        """Bytes of the journal that are on the disk itself."""
        self.there: set[int] = set()
        self.durable: set[int] = set()
        self.part: Part | None = None

    def teardown(self) -> None:
        if self.part is not None:
            self.part.remove()
        for each in self.patches:
            each.stop()
        shutil.rmtree(self.place)

    @property
    def journal(self) -> Path:
        return self.place / "file.part.journal"

    @initialize()
    def begin(self) -> None:
        self.part = Part(self.place / "file")
        self.part.begin(identity(self.version))

    @precondition(lambda self: self.part is None)
    @rule()
    def go_on(self) -> None:
        part = self.part = Part(self.place / "file")
        found = part.left_over()
        if found == identity(self.version):
            part.resume()
        else:
            assert found is None or found.validators.etag != identity(self.version).validators.etag
            part.begin(identity(self.version))
            self.sure = 0
        believed = set(part.blocks)
        whole = set(range(COUNT))
        assert believed == self.there or (self.there == whole and believed == whole - {COUNT - 1})
        self.there = believed
        self.durable &= believed

    @precondition(lambda self: self.part is not None)
    @rule(index=blocks)
    def arrive(self, index: int) -> None:
        assert self.part is not None
        if index not in self.there:
            self.part.write(index * BLOCK, [content(self.version, index)])
            self.part.arrived(index)
            self.there.add(index)

    @precondition(lambda self: self.part is not None)
    @rule(index=blocks)
    def arrive_in_part(self, index: int) -> None:
        assert self.part is not None
        if index not in self.there:
            self.part.write(index * BLOCK, [bytes(len(content(0, index)) - 1)])

    @precondition(lambda self: self.part is not None)
    @rule()
    def sync(self) -> None:
        assert self.part is not None
        self.part.sync()
        self.durable = set(self.there)

    @precondition(lambda self: self.part is not None)
    @rule()
    def start_over(self) -> None:
        assert self.part is not None
        self.version += 1
        self.part.begin(identity(self.version))
        self.there, self.durable, self.sure = set(), set(), 0

    @precondition(lambda self: self.part is not None)
    @rule(line=st.sampled_from(["", "1", "12", "s", "s ", "s 1", "b", "b boot-9"]))
    def kill(self, line: str) -> None:
        """The last line may be torn."""
        self.let_go()
        with self.journal.open("a") as file:
            file.write(line)

    @precondition(lambda self: self.part is not None)
    @rule(lost=st.none() | st.integers(0, 60))
    def cut_the_power(self, lost: int | None) -> None:
        """What was not brought to the disk is zeros, and of the journal an end may be missing."""
        self.let_go()
        self.boot += 1
        with (self.place / "file.part").open("r+b") as file:
            for index in self.there - self.durable:
                file.seek(index * BLOCK)
                file.write(bytes(len(content(0, index))))
        self.there = set(self.durable)
        if lost and self.journal.exists():
            os.truncate(self.journal, max(self.sure, self.journal.stat().st_size - lost))
            # Fewer blocks are known now; which, only the journal can tell. All must be right ones.
            left = PartJournal(self.journal).read()
            self.there = set(left[1]) if left and left[0] == identity(self.version) else set()
            assert self.there <= self.durable
            self.durable = set(self.there)

    @precondition(lambda self: self.part is not None)
    @rule(size=st.integers(0, SIZE))
    def kill_and_shorten(self, size: int) -> None:
        """Somebody else cuts the part."""
        self.let_go()
        length = min(size, (self.place / "file.part").stat().st_size)
        os.truncate(self.place / "file.part", length)
        self.there = {index for index in self.there if min(SIZE, (index + 1) * BLOCK) <= length}
        self.durable &= self.there

    def bring_to_disk(self, descriptor: int) -> None:
        self.sure = os.fstat(descriptor).st_size

    def let_go(self) -> None:
        """End as a killed process does: descriptors closed, nothing tidied up."""
        assert self.part is not None
        self.part._journal.close()
        os.close(self.part.descriptor)
        self.part = None

    @invariant()
    def what_is_believed_is_there(self) -> None:
        if self.part is not None:
            for index in self.part.blocks:
                expected = content(self.version, index)
                assert os.pread(self.part.descriptor, len(expected), index * BLOCK) == expected


TestCrashingPart = CrashingPart.TestCase
TestCrashingPart.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


@pytest.fixture
def journal(tmp_path: Path) -> PartJournal:
    return PartJournal(tmp_path / "file.part.journal")


texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]))
identities = st.builds(
    Identity,
    texts,
    st.none() | texts,
    st.builds(Validators, st.none() | texts, st.none() | texts, st.none() | st.integers(0)),
)


@given(identities, st.lists(st.integers(0, 10**6)))
def test_what_was_written_is_read(identity: Identity, arrived: list[int]) -> None:
    with tempfile.TemporaryDirectory() as place:
        journal = PartJournal(Path(place) / "journal")
        journal.start(identity)
        for index in arrived:
            journal.add(index)
        assert journal.read() == ((identity, arrived) if arrived else None)
        journal.close()


@pytest.mark.parametrize(
    "head",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "{}",
        "[" * 100_000,
        "9" * 5000,
        '{"format": 2}',
        '{"source": 1}',
        '{"source": null}',
        '{"digest": 1}',
        '{"block": 1}',
        '{"validators": []}',
        '{"validators": {"etag": 1, "modified": null, "size": 1}}',
        '{"validators": {"etag": null, "modified": null, "size": -1}}',
        '{"validators": {"etag": null, "modified": null, "size": "1"}}',
        '{"validators": {"etag": null, "modified": null, "size": true}}',
        '{"validators": {"etag": null, "modified": null, "size": 1e400}}',
        '{"validators": {"etag": "a\\r\\nCookie: b", "modified": null, "size": 1}}',
    ],
)
def test_a_first_line_that_is_not_ours_is_worth_nothing(head: str, journal: PartJournal) -> None:
    journal.start(identity(0))
    journal.add(0)
    journal.close()
    right = json.loads(journal.path.read_text().partition("\n")[0])
    assert PartJournal(journal.path).read() == (identity(0), [0])
    try:
        changed = json.dumps({**right, **json.loads(head)}) if head.startswith('{"') else head
    except (ValueError, TypeError):
        changed = head
    journal.path.write_text(f"{changed}\nb boot\n0\n")
    assert journal.read() is None


@pytest.mark.parametrize(
    "line",
    ["-1", "+1", "1.0", "0x1", " 1", "1 ", "one", "s", "s -1", "s 1 2", "9" * 5000, "s" * 99],
)
def test_nothing_is_believed_from_the_first_line_on_that_makes_no_sense(
    line: str, journal: PartJournal
) -> None:
    journal.start(identity(0))
    journal.add(3)
    journal.close()
    with journal.path.open("a") as file:
        file.write(f"{line}\n4\n")
    assert journal.read() == (identity(0), [3])


@given(st.binary())
def test_any_bytes_are_read_without_a_fault(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "journal"
        path.write_bytes(data)
        assert PartJournal(path).read() is None


@pytest.mark.parametrize("index", [COUNT, 10**11 - 1])
def test_a_block_beyond_the_end_of_the_file_is_not_believed(tmp_path: Path, index: int) -> None:
    journal = PartJournal(tmp_path / "file.part.journal")
    journal.start(identity(0, size=3 << 20))
    journal.add(1)
    journal.add(index)
    journal.close()
    (tmp_path / "file.part").write_bytes(bytes(3 << 20))
    part = Part(tmp_path / "file")
    assert part.left_over() == identity(0, size=3 << 20)
    assert list(part.blocks) == [1]
    part.remove()


def test_a_block_that_was_found_missing_is_not_believed_later(tmp_path: Path) -> None:
    """The part was cut, and grew again around a hole."""
    size = 4 << 20
    journal = PartJournal(tmp_path / "file.part.journal")
    journal.start(identity(0, size))
    for index in range(3):
        journal.add(index)
    journal.close()
    (tmp_path / "file.part").write_bytes(bytes(1 << 20))
    part = Part(tmp_path / "file")
    part.left_over()
    part.resume()
    part.write(3 << 20, [bytes(1 << 20)])
    part.arrived(3)
    part.close()
    part = Part(tmp_path / "file")
    part.left_over()
    assert list(part.blocks) == [0, 3]
    part.remove()


def test_what_was_on_the_disk_stays_believed_after_the_part_was_shortened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("galion_core.transfer.part.BLOCK", BLOCK)
    monkeypatch.setattr("galion_core.transfer.journal.BLOCK", BLOCK)
    first = Part(tmp_path / "file")
    first.begin(identity(0))
    for index in 0, 1:
        first.write(index * BLOCK, [content(0, index)])
        first.arrived(index)
    first.sync()
    first.close()
    os.truncate(first.path, BLOCK)
    second = Part(tmp_path / "file")
    assert second.left_over() == identity(0)
    second.resume()
    second.close()
    monkeypatch.setattr("galion_core.transfer.journal._boot", lambda: "another")
    assert PartJournal(tmp_path / "file.part.journal").read() == (identity(0), [0])
