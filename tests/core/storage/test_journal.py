"""What the journal promises about the bytes on the disk."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from galion_core.errors import InvalidInput, StoreError
from galion_core.storage.journal import Journal
from galion_core.storage.lines import MAX_DEPTH, Change, Document, encode


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


def filled(folder: Path, *, snapshot_at: int) -> None:
    journal = Journal(folder, snapshot_at=snapshot_at)
    journal.commit(numbered(*range(40)))
    journal.close()


def sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir()}


def test_a_commit_is_one_line_with_its_checksum(journal: Journal, folder: Path) -> None:
    journal.commit([("t", "1", {"name": "é\n"}), ("t", "2", None)])
    line = (folder / "journal-1").read_bytes()
    assert line == '8e536816 [["t","1",{"name":"é\\n"}],["t","2",null]]\n'.encode()


def test_two_journals_on_a_folder_see_each_others_commits(journal: Journal, folder: Path) -> None:
    other = Journal(folder)
    before = journal.version()
    other.commit(numbered(1))
    assert documents(journal) == {"1": {"n": 1}}
    assert journal.version() != before
    journal.commit([("t", "1", None), *numbered(2)])
    assert documents(other) == {"2": {"n": 2}}
    other.close()


def test_the_version_stays_while_nothing_changes(journal: Journal) -> None:
    journal.commit(numbered(1))
    version = journal.version()
    documents(journal)
    journal.commit([])
    assert journal.version() == version


@pytest.mark.parametrize("aside", [True, False], ids=["reader first", "writer first"])
def test_a_last_line_torn_at_any_byte_is_as_if_never_written(
    folder: Path, tmp_path: Path, aside: bool
) -> None:
    journal = Journal(folder)
    journal.commit(numbered(1))
    whole = (folder / "journal-1").stat().st_size
    journal.commit(numbered(2))
    journal.close()
    content = (folder / "journal-1").read_bytes()
    for length in range(whole, len(content)):
        torn = tmp_path / str(length)
        shutil.copytree(folder, torn)
        os.truncate(torn / "journal-1", length)
        if aside:
            assert stored(torn) == {"1": {"n": 1}}
        mended = Journal(torn)
        mended.commit(numbered(3))
        assert documents(mended) == {"1": {"n": 1}, "3": {"n": 3}}
        mended.close()
        assert stored(torn) == {"1": {"n": 1}, "3": {"n": 3}}
        assert set(sizes(torn)) == {"journal-1", "lock"}


def test_half_a_line_is_not_read_until_it_is_whole(journal: Journal, folder: Path) -> None:
    line = encode(numbered(1))
    with open(folder / "journal-1", "ab", buffering=0) as file:
        file.write(line[:-1])
        assert documents(journal) == {}
        file.write(line[-1:])
        assert documents(journal) == {"1": {"n": 1}}


def test_a_small_change_costs_the_same_bytes_however_many_documents_there_are(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    grown = {}
    for count in (10, 50_000):
        here = folder / str(count)
        journal = Journal(here)
        journal.commit([("t", f"{n:05}", {"n": n, "text": "x" * 100}) for n in range(count)])
        journal.close()
        journal = Journal(here)
        before = sizes(here)
        journal.commit([("t", "00007", {"n": 70_000})])
        after = sizes(here)
        grown[count] = {name: after[name] - before.get(name, 0) for name in after}
        assert before.keys() == after.keys()
        grown[count] = sum(grown[count].values())
        journal.close()
    assert grown[10] == grown[50_000] == len(encode([("t", "00007", {"n": 70_000})]))
    assert capfd.readouterr() == ("", "")


def test_a_journal_that_outgrew_the_snapshot_is_replaced_by_one(folder: Path) -> None:
    journal = Journal(folder, snapshot_at=2000)
    for number in range(1000):
        journal.commit(numbered(number % 10))
        if journal._snapshot is not None:
            journal._snapshot.join()  # on a busy machine it could come late
    journal.close()
    kept = sizes(folder)
    generation = max(int(name.rpartition("-")[2]) for name in kept if name != "lock")
    assert kept.keys() >= {"lock", f"journal-{generation}"}
    assert sum(kept.values()) < 10_000
    assert stored(folder) == {str(n): {"n": n} for n in range(10)}


def test_one_journal_follows_another_through_its_snapshots(journal: Journal, folder: Path) -> None:
    other = Journal(folder, snapshot_at=100)
    for number in range(100):
        other.commit(numbered(number))
        if number % 40 == 0:  # at times it lags several snapshots behind
            assert len(documents(journal)) == number + 1
    assert documents(journal) == documents(other)
    other.close()


def test_documents_keep_their_order_through_a_snapshot(folder: Path) -> None:
    journal = Journal(folder, snapshot_at=10)
    journal.commit(numbered(9, 3, 7))
    journal.commit([("t", "9", None)])
    journal.commit(numbered(1, 9, 3))
    journal.close()
    assert list(stored(folder)) == ["3", "7", "1", "9"]


def test_a_full_disk_is_explained_and_costs_nothing_stored(journal: Journal, folder: Path) -> None:
    journal.commit(numbered(1))
    size = (folder / "journal-1").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, hard))
        with pytest.raises(StoreError, match="Cannot write") as caught:
            journal.commit(numbered(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert "space" in (caught.value.hint or "")
    assert (folder / "journal-1").stat().st_size == size
    journal.commit(numbered(3))
    assert documents(journal) == {"1": {"n": 1}, "3": {"n": 3}}


def test_commits_made_together_are_one_line_that_others_see_at_its_end(
    journal: Journal, folder: Path
) -> None:
    other = Journal(folder)
    with journal.together():
        journal.commit(numbered(1))
        with journal.together():
            journal.commit([("t", "1", None), *numbered(2)])
        assert documents(journal) == {"2": {"n": 2}}
        assert documents(other) == {}
    assert documents(other) == documents(journal) == {"2": {"n": 2}}
    assert (folder / "journal-1").read_bytes().count(b"\n") == 1
    other.close()


def test_of_commits_made_together_none_stays_when_the_last_step_fails(
    journal: Journal, folder: Path
) -> None:
    journal.commit(numbered(1))

    def several() -> None:
        with journal.together():
            journal.commit([("t", "1", None), *numbered(2)])
            journal.commit([("t", "3", {"path": Path()})])

    with pytest.raises(TypeError):
        several()
    assert documents(journal) == {"1": {"n": 1}}
    journal.commit(numbered(3))
    assert documents(journal) == stored(folder) == {"1": {"n": 1}, "3": {"n": 3}}


def test_what_is_stored_is_not_what_the_caller_still_holds(journal: Journal) -> None:
    mine: dict[str, Any] = {"list": [1]}
    journal.commit([("t", "1", mine)])
    mine["list"].append(2)
    assert documents(journal) == {"1": {"list": [1]}}


def test_what_json_cannot_say_is_refused_and_changes_nothing(journal: Journal) -> None:
    with pytest.raises(TypeError):
        journal.commit([*numbered(1), ("t", "2", {"path": Path()})])
    assert documents(journal) == {}


def test_a_document_nested_too_deeply_to_be_read_back_for_sure_is_refused(
    journal: Journal,
) -> None:
    deepest: Document = {}
    for _ in range(MAX_DEPTH - 1):
        deepest = {"in": deepest}
    journal.commit([("t", "deepest", deepest)])
    with pytest.raises(InvalidInput, match="nested"):
        journal.commit([*numbered(1), ("t", "deeper", {"in": [deepest]})])
    for _ in range(100_000):
        deepest = {"in": deepest}
    with pytest.raises(InvalidInput, match="nested"):
        journal.commit([("t", "deeper", deepest)])
    assert list(documents(journal)) == ["deepest"]


class Watching:
    """Keeps a copy of a table, and does something once before."""

    def __init__(self, *, on_clear: Callable[[], object] | None = None, fail: bool = False) -> None:
        self.documents: dict[str, Document | None] = {}
        self._on_clear = on_clear
        self._fail = fail

    def clear(self) -> None:
        self.documents.clear()
        act, self._on_clear = self._on_clear, None
        if act:
            act()

    def changed(self, doc_id: str, document: Document | None) -> None:
        if self._fail:
            self._fail = False
            raise RuntimeError("in the middle")
        self.documents[doc_id] = document


def test_a_snapshot_replaced_while_it_is_about_to_be_read_is_read_anew(folder: Path) -> None:
    filled(folder, snapshot_at=10)
    expected = stored(folder) | {"more": {"text": "x" * 5000}}

    def replace() -> None:
        other = Journal(folder, snapshot_at=10)
        other.commit([("t", "more", {"text": "x" * 5000})])
        other.close()
        assert not (folder / "snapshot-2").exists()

    watching = Watching(on_clear=replace)
    journal = Journal(folder, watchers={"t": watching})
    assert documents(journal) == watching.documents == expected
    journal.close()


def test_a_commit_that_was_taken_in_by_half_is_read_again(journal: Journal, folder: Path) -> None:
    watching = Watching(fail=True)
    other = Journal(folder, watchers={"t": watching})
    journal.commit(numbered(1, 2))
    with pytest.raises(RuntimeError, match="in the middle"):
        other.version()
    assert documents(other) == watching.documents == {"1": {"n": 1}, "2": {"n": 2}}
    other.close()


def test_work_goes_on_while_a_snapshot_is_made(folder: Path) -> None:
    journal = Journal(folder, snapshot_at=1000)
    journal.commit(numbered(*range(5000)))
    for number in range(5000, 5100):
        journal.commit(numbered(number))
    journal.close()
    assert (folder / "snapshot-2").exists()
    assert list(stored(folder)) == [str(number) for number in range(5100)]


def test_a_journal_is_opened_while_others_replace_its_files(folder: Path) -> None:
    writer = Journal(folder, snapshot_at=100)

    def write() -> None:
        for number in range(300):
            writer.commit(numbered(number))

    thread = Thread(target=write)
    thread.start()
    seen = [0]
    while thread.is_alive():
        found = stored(folder)
        assert list(found) == [str(number) for number in range(len(found))]
        seen.append(len(found))
    writer.close()
    assert seen == sorted(seen)
    assert len(stored(folder)) == 300


def test_what_was_committed_is_not_the_callers_object(journal: Journal) -> None:
    mine: Document = {"list": []}
    journal.commit([("t", "1", mine)])
    mine["list"].append(1)
    assert documents(journal) == {"1": {"list": []}}


def test_folder_and_files_are_private(folder: Path) -> None:
    umask = os.umask(0)
    try:
        filled(folder, snapshot_at=10)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(["journal-2", "lock", "snapshot-2"], 0o600)


def test_threads_lose_no_step_of_each_other(journal: Journal) -> None:
    journal.commit([("t", "count", {"n": 0})])

    def count() -> None:
        for _ in range(100):
            with journal.exclusive() as tables:
                journal.commit([("t", "count", {"n": tables["t"]["count"]["n"] + 1})])

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert documents(journal) == {"count": {"n": 400}}


def test_a_closed_journal_says_so(folder: Path) -> None:
    journal = Journal(folder)
    journal.close()
    journal.close()
    with pytest.raises(StoreError, match="closed"):
        journal.commit(numbered(1))
