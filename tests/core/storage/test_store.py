"""Opening and closing a store, and its records."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from galion_core.errors import StoreError
from galion_core.jobs import Job
from galion_core.storage.tinystore import TinyStore, open_store

MakeJob = Callable[..., Job]
OpenStore = Callable[..., TinyStore]
NOBODY = 65534


@contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Root is never refused anything."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_store_is_made_where_there_is_none(home: Path) -> None:
    store = open_store(home / "deep" / "er")
    assert store.jobs.list() == []
    store.close()
    made = [home, home / "deep", home / "deep" / "er", home / "deep" / "er" / "catalogue"]
    assert [path.stat().st_mode & 0o777 for path in made] == [0o700] * 4


def test_a_home_that_is_a_file_is_explained(home: Path) -> None:
    home.write_text("mine")
    with pytest.raises(StoreError, match=f"{home}") as caught:
        open_store(home)
    assert "GALION_HOME" in (caught.value.hint or "")
    assert home.read_text() == "mine"


@pytest.mark.parametrize("mode", [0o000, 0o500])
def test_a_home_without_permission_is_explained(home: Path, mode: int) -> None:
    home.mkdir()
    home.chmod(mode)
    with as_an_ordinary_user(), pytest.raises(StoreError, match="Permission denied") as caught:
        open_store(home)
    home.chmod(0o700)
    assert "right to write" in (caught.value.hint or "")
    assert list(home.iterdir()) == []


def test_a_damaged_store_is_explained_through_the_store_too(home: Path) -> None:
    TinyStore(home, snapshot_at=10).close()
    (home / "catalogue" / "snapshot-1").write_text("{}")
    with pytest.raises(StoreError, match="snapshot-1 is damaged"):
        open_store(home)


def test_records_are_kept_replaced_and_forgotten(store: TinyStore, open_again: OpenStore) -> None:
    records = store.records("artifacts")
    records.put("b", {"n": 1, "old": True})
    records.put("a", {"n": 2})
    records.put("b", {"n": 3})
    records.put("gone", {})
    records.remove("gone")
    records.remove("never was")
    for seen in (records, store.records("artifacts"), open_again().records("artifacts")):
        assert [(key, dict(record)) for key, record in seen.items()] == [
            ("b", {"n": 3}),
            ("a", {"n": 2}),
        ]
        assert (seen.get("b"), seen.get("gone"), len(seen)) == ({"n": 3}, None, 2)


def test_kinds_of_records_are_apart_from_each_other_and_from_the_jobs(
    store: TinyStore, job: MakeJob
) -> None:
    store.jobs.add([job(id="x")])
    store.records("one").put("x", {"n": 1})
    store.records("two").put("x", {"n": 2})
    assert store.records("one").get("x") == {"n": 1}
    assert store.jobs.get("x").id == "x"
    with pytest.raises(ValueError, match="table of their own"):
        store.records("jobs")


def test_the_version_changes_with_every_kind_of_change(store: TinyStore, job: MakeJob) -> None:
    versions = [store.version()]
    changes = (
        lambda: store.jobs.add([job(id="x")]),
        lambda: store.jobs.move("x", priority=1),
        lambda: store.records("r").put("a", {}),
        lambda: store.records("r").remove("a"),
    )
    for change in changes:
        change()
        versions.append(store.version())
    assert len(set(versions)) == 5
    assert store.version() == versions[-1]


def test_a_closed_store_says_so_and_its_workers_are_dead(
    home: Path, open_again: OpenStore, job: MakeJob
) -> None:
    first, second = open_again(), open_again()
    first.jobs.add([job()])
    assert first.jobs.claim(first.worker()) is not None
    assert second.jobs.claim(second.worker()) is None
    first.close()
    first.close()
    with pytest.raises(StoreError, match="closed"):
        first.jobs.list()
    assert second.jobs.claim(second.worker()) is not None
    assert len(list((home / "workers").glob("*.lock"))) == 2
