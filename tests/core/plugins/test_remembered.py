"""The memory of what is installed is never wrong: real folders on sys.path, changed as pip does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from galion_core.plugins import metadata
from galion_core.plugins.discovery import discover

if TYPE_CHECKING:
    from tests.core.plugins.conftest import Shelf


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "plugins.json"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders whose metadata was read."""
    folders: list[str] = []
    real = metadata.offers_in
    monkeypatch.setattr(metadata, "offers_in", lambda f: (folders.append(f), real(f))[1])
    return folders


def names(cache: Path) -> list[str]:
    return [each.name for each in discover(cache=cache) if each.name != "generic"]


def test_metadata_is_read_once(shelf: Shelf, cache: Path, read: list[str]) -> None:
    shelf.publish("books")
    first = discover(cache=cache)
    assert str(shelf.folder) in read
    read.clear()
    assert discover(cache=cache) == first
    assert read == []


def test_what_is_installed_changed_or_removed_later_is_noticed_and_nothing_else_is_read(
    shelf: Shelf, cache: Path, read: list[str]
) -> None:
    shelf.publish("books")
    assert names(cache) == ["books"]
    read.clear()
    shelf.publish("films")
    assert names(cache) == ["books", "films"]
    shutil.rmtree(shelf.folder / "galion_books-1.0.dist-info")
    assert names(cache) == ["films"]
    shelf.publish("books", version="2.0")
    (found,) = [each for each in discover(cache=cache) if each.name == "books"]
    assert found.version == "2.0"
    assert set(read) == {str(shelf.folder)}


def test_another_path_asks_only_for_the_folders_that_are_new(
    shelf: Shelf, cache: Path, read: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.publish("books")
    assert names(cache) == ["books"]
    read.clear()
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.syspath_prepend(str(other))
    type(shelf)(other).publish("films")
    assert names(cache) == ["books", "films"]
    monkeypatch.syspath_prepend(str(tmp_path))  # such as the working directory: no metadata in it
    assert names(cache) == ["books", "films"]
    assert read == [str(other)]


def test_a_disabled_plugin_is_disabled_by_the_setting_of_now(shelf: Shelf, cache: Path) -> None:
    shelf.publish("books")
    discover(cache=cache)
    states = {each.name: each.state.value for each in discover(["books"], cache=cache)}
    assert states["books"] == "disabled"


@pytest.mark.parametrize("damage", ["truncated", "list", "rows", "state"])
def test_a_damaged_memory_is_made_anew(shelf: Shelf, cache: Path, damage: str) -> None:
    shelf.publish("books")
    discover(cache=cache)
    kept = json.loads(cache.read_text())
    for held in kept.values():
        held["offers"] = {
            "rows": 7,
            "state": [["g", "n", "d", "v", "x", "no such state", "", ""]],
        }.get(damage, held["offers"])
    text = json.dumps([1] if damage == "list" else kept)
    cache.write_text(text[:-9] if damage == "truncated" else text)
    assert names(cache) == ["books"]
    assert "no such state" not in cache.read_text()


def test_where_nothing_can_be_remembered_everything_still_works(
    shelf: Shelf, tmp_path: Path
) -> None:
    shelf.publish("books")
    (tmp_path / "file").touch()
    assert names(tmp_path / "file" / "plugins.json") == ["books"]
