"""Who is alive: whoever holds the lock file."""

from __future__ import annotations

from pathlib import Path

import pytest

from galion_core.storage.workers import Workers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "workers"


def test_a_worker_is_alive_until_its_store_is_closed(folder: Path) -> None:
    mine, others = Workers(folder), Workers(folder)
    first, second = mine.new(), mine.new()
    assert first != second
    assert all(workers.alive(name) for workers in (mine, others) for name in (first, second))
    mine.close()
    assert not any(others.alive(name) for name in (first, second))


def test_a_dead_workers_file_is_cleaned_up_and_a_living_ones_stays(folder: Path) -> None:
    mine, others = Workers(folder), Workers(folder)
    alive = others.new()
    (folder / "1-dead.lock").touch()
    new = mine.new()
    assert {path.name for path in folder.glob("*.lock")} == {f"{alive}.lock", f"{new}.lock"}
    mine.close()
    assert {path.name for path in folder.glob("*.lock")} == {f"{alive}.lock"}
    others.close()


@pytest.mark.parametrize("name", ["None", "", "nobody", "../workers/1-dead", "a\0b", "x" * 300])
def test_what_never_was_a_worker_is_dead(folder: Path, name: str) -> None:
    workers = Workers(folder)
    assert not workers.alive(name)


def test_the_folder_and_its_files_are_private(folder: Path) -> None:
    workers = Workers(folder)
    workers.new()
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o177 == 0 for path in folder.iterdir())
    workers.close()
