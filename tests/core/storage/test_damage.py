"""What is done about files that are not as they were written: said, and never overwritten."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from galion_core.errors import StoreError
from galion_core.storage.journal import Journal
from galion_core.storage.lines import Change, Document, encode


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    journal = Journal(folder)
    yield journal
    journal.close()


def numbered(*numbers: int) -> list[Change]:
    return [("t", str(number), {"n": number}) for number in numbers]


def documents(journal: Journal) -> dict[str, Document]:
    with journal.reading() as tables:
        return dict(tables.get("t", {}))


def stored(folder: Path) -> dict[str, Document]:
    """What a journal opened on the folder holds."""
    journal = Journal(folder)
    try:
        return documents(journal)
    finally:
        journal.close()


def with_snapshot(folder: Path) -> Path:
    """Fill the folder until there is a snapshot, and name it."""
    journal = Journal(folder, snapshot_at=10)
    journal.commit([*numbered(*range(40)), ("other", "ä/\n", {"text": "\ud800 ✓"})])
    journal.close()
    return folder / "snapshot-2"


def test_what_comes_after_a_damaged_line_is_not_believed_and_kept_aside(folder: Path) -> None:
    journal = Journal(folder)
    for number in (1, 2, 3):
        journal.commit(numbered(number))
    journal.close()
    first, second, third = (folder / "journal-1").read_bytes().splitlines(keepends=True)
    damaged = second.replace(b"2", b"7", 1) + third
    (folder / "journal-1").write_bytes(first + damaged)
    mended = Journal(folder)
    mended.commit(numbered(4))
    assert documents(mended) == {"1": {"n": 1}, "4": {"n": 4}}
    mended.close()
    assert (folder / f"damaged-1-{len(first)}").read_bytes() == damaged


def test_files_of_generations_before_the_snapshot_are_ignored(folder: Path) -> None:
    with_snapshot(folder)
    before = stored(folder)
    (folder / "journal-1").write_bytes(encode([("t", "3", None)]))
    (folder / "snapshot-1").write_bytes(b"old")
    assert stored(folder) == before


def test_a_snapshot_with_any_byte_changed_is_refused_and_left_alone(folder: Path) -> None:
    snapshot = with_snapshot(folder)
    whole = snapshot.read_bytes()
    for position in range(0, len(whole), 7):
        changed = bytes([*whole[:position], whole[position] ^ 1, *whole[position + 1 :]])
        snapshot.write_bytes(changed)
        with pytest.raises(StoreError, match="snapshot-2 is damaged") as caught:
            Journal(folder)
        assert "backup" in (caught.value.hint or "")
        assert snapshot.read_bytes() == changed


@pytest.mark.parametrize("content", [b"", b"{}", b"not a snapshot\n", encode([]), encode({})])
def test_what_is_no_snapshot_is_refused(folder: Path, content: bytes) -> None:
    with_snapshot(folder).write_bytes(content)
    with pytest.raises(StoreError, match="snapshot-2 is damaged"):
        Journal(folder)


def test_a_snapshot_that_is_cut_at_any_line_or_goes_on_is_refused(folder: Path) -> None:
    snapshot = with_snapshot(folder)
    lines = snapshot.read_bytes().splitlines(keepends=True)
    for count in range(len(lines)):
        snapshot.write_bytes(b"".join(lines[:count]))
        with pytest.raises(StoreError, match="damaged"):
            Journal(folder)
    snapshot.write_bytes(b"".join([*lines, lines[-1]]))
    with pytest.raises(StoreError, match="damaged"):
        Journal(folder)


def test_a_snapshot_of_a_newer_version_is_refused_with_that_hint(folder: Path) -> None:
    with_snapshot(folder).write_bytes(encode({"snapshot": 2, "format": 2}) + encode({"end": 0}))
    with pytest.raises(StoreError, match="newer version") as caught:
        Journal(folder)
    assert caught.value.hint == "Update Galion."


@pytest.mark.parametrize(
    "value", [[["t", "1"]], [["t", 1, {}]], [["t", "1", "text"]], 7, {"next": 9}, {"next": "/etc"}]
)
def test_a_line_with_a_right_checksum_and_a_strange_content_is_refused(
    folder: Path, value: object
) -> None:
    Journal(folder).close()
    (folder / "journal-1").write_bytes(encode(value))
    with pytest.raises(StoreError, match="journal-1 is damaged"):
        Journal(folder)
    assert (folder / "journal-1").read_bytes() == encode(value)


def test_a_lost_journal_is_not_taken_for_an_empty_one(folder: Path) -> None:
    with_snapshot(folder)
    (folder / "journal-2").unlink()
    with pytest.raises(StoreError, match="journal-2 is damaged: it is missing"):
        Journal(folder)


def test_a_lost_snapshot_is_not_taken_for_an_empty_one(folder: Path) -> None:
    with_snapshot(folder).unlink()
    with pytest.raises(StoreError, match="journal-1 is damaged: it is missing"):
        Journal(folder)


def test_a_folder_removed_while_in_use_is_noticed(journal: Journal, folder: Path) -> None:
    journal.commit(numbered(1))
    shutil.rmtree(folder)
    with pytest.raises(StoreError, match="was removed"):
        documents(journal)
    with pytest.raises(StoreError, match="No such file"):
        journal.commit(numbered(2))


def test_a_folder_put_back_from_an_older_copy_is_read_anew(
    journal: Journal, folder: Path, tmp_path: Path
) -> None:
    journal.commit(numbered(1))
    copy = (folder / "journal-1").read_bytes()
    journal.commit(numbered(2))
    (folder / "journal-1").write_bytes(copy)
    assert documents(journal) == {"1": {"n": 1}}


def test_a_whole_line_that_cannot_be_parsed_is_never_cut_off(folder: Path) -> None:
    Journal(folder).close()
    payload = b"[" * 100_000
    line = b"%08x %s\n" % (crc32(payload), payload)
    (folder / "journal-1").write_bytes(line)
    with pytest.raises(StoreError, match="journal-1 is damaged"):
        Journal(folder)
    assert (folder / "journal-1").read_bytes() == line


def test_what_a_power_cut_left_in_the_next_journal_is_not_believed(folder: Path) -> None:
    Journal(folder).close()
    (folder / "journal-2").write_bytes(encode(numbered(7)))
    journal = Journal(folder, snapshot_at=10)
    journal.commit(numbered(1))
    journal.close()
    assert (folder / "snapshot-2").exists()
    assert stored(folder) == {"1": {"n": 1}}
