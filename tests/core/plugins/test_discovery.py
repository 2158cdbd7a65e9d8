from __future__ import annotations

import itertools
import subprocess
import sys
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from galion_core.plugins.discovery import judged
from galion_core.plugins.metadata import offer_of
from galion_core.plugins.records import PluginState

if TYPE_CHECKING:
    from tests.core.plugins.conftest import Shelf


def points(shelf: Shelf) -> list[EntryPoint]:
    found = distributions(path=[str(shelf.folder)])
    return [point for distribution in found for point in distribution.entry_points]


def run(shelf: Shelf, script: str) -> str:
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(shelf.folder)}
    )
    return done.stdout


def test_an_installed_plugin_is_found_with_where_it_comes_from(shelf: Shelf) -> None:
    module = shelf.publish("books")
    (record,) = shelf.records()
    assert (record.name, record.distribution, record.version) == ("books", "galion-books", "1.0")
    assert (record.value, record.state) == (module, PluginState.FOUND)
    assert "`pip uninstall galion-books`" in record.hint
    assert "`galion plugins disable books`" in record.hint


def test_discovery_imports_no_plugin_and_nothing_heavy(shelf: Shelf) -> None:
    module = shelf.publish("books")
    script = f"""
import importlib.metadata, sys
before = set(sys.modules)
from galion_core.plugins.discovery import discover
assert "books" in [each.name for each in discover()]
new = set(sys.modules) - before
print(sorted(new & {{"{module}", "pluggy", "inspect", "asyncio", "click", "dataclasses"}}))
"""
    assert run(shelf, script) == "[]\n"


def test_a_disabled_plugin_is_never_imported(shelf: Shelf) -> None:
    module = shelf.publish("books")
    script = f"""
import sys
from galion_core.plugins.discovery import discover
from galion_core.plugins.manager import PluginManager
for disabled in ["books"], []:
    mine = [each for each in discover(disabled) if each.name == "books"]
    (record,) = PluginManager().load(mine)
    print(record.state, "{module}" in sys.modules)
"""
    assert run(shelf, script) == "disabled False\nloaded True\n"


def test_a_plugin_for_another_version_of_the_hooks_is_listed_with_the_reason(
    shelf: Shelf,
) -> None:
    shelf.publish("books", group="galion.plugins.v9")
    shelf.publish("other", group="galion.themes.v1")
    (record,) = shelf.records()
    assert record.state is PluginState.INCOMPATIBLE
    assert "galion.plugins.v9" in record.reason
    assert "galion.plugins.v1" in record.reason


def test_a_plugin_for_this_version_and_another_is_found_once(shelf: Shelf) -> None:
    shelf.publish("books")
    info = next(shelf.folder.glob("*.dist-info")) / "entry_points.txt"
    info.write_text("[galion.plugins.v2]\nbooks = b2\n[galion.plugins.v1]\nbooks = b1\n")
    (record,) = shelf.records()
    assert (record.value, record.state) == ("b1", PluginState.FOUND)


def test_of_two_distributions_with_one_plugin_name_the_first_is_used_and_both_are_named(
    shelf: Shelf,
) -> None:
    shelf.publish("books", distribution="zoo-books")
    shelf.publish("books", distribution="abc-books")
    kept, other = shelf.records()
    assert (kept.distribution, kept.state) == ("abc-books", PluginState.FOUND)
    assert (other.distribution, other.state) == ("zoo-books", PluginState.CONFLICT)
    assert "abc-books" in other.reason
    assert "zoo-books" in other.reason
    assert "disable" not in other.hint


def test_the_order_of_entry_points_changes_nothing(shelf: Shelf) -> None:
    shelf.publish("one")
    shelf.publish("two", distribution="zoo-two")
    shelf.publish("two", distribution="abc-two")
    shelf.publish("three", group="galion.plugins.v2")
    offers = [offer_of(point) for point in points(shelf)]
    listings = {judged(order) for order in itertools.permutations(offers)}
    assert len(listings) == 1
    assert [each.name for each in listings.pop()] == ["one", "three", "two", "two"]


def test_a_distribution_that_is_on_the_path_twice_is_the_first_one(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.publish("books", version="1.0")
    editable = tmp_path / "editable"
    editable.mkdir()
    monkeypatch.syspath_prepend(str(editable))
    type(shelf)(editable).publish("books", version="2.0")
    (record,) = shelf.records()
    assert (record.version, record.state) == ("2.0", PluginState.FOUND)


def test_a_leftover_of_an_older_installation_adds_no_plugin(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.publish("dropped", distribution="galion-books", version="1.0")
    newer = tmp_path / "newer"
    newer.mkdir()
    monkeypatch.syspath_prepend(str(newer))
    type(shelf)(newer).publish("books", distribution="Galion_Books", version="2.0")
    assert [each.name for each in shelf.records()] == ["books"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("\x1b[31mred = m", "its name may have"),
        ("two words = m", "its name may have"),
        ("../up = m", "its name may have"),
        (f"{'n' * 300} = m", "its name may have"),
        ("core.store = m", "belong to Galion itself"),
        ("books = not a module!", "not written as module"),
        ("books =", "not written as module"),
        ("a line without a sign", "cannot be read"),
    ],
)
def test_hostile_entry_points_are_listed_as_failed_and_hide_nobody(
    shelf: Shelf, line: str, words: str
) -> None:
    shelf.publish("bad")
    shelf.publish("good")
    info = shelf.folder / "galion_bad-1.0.dist-info" / "entry_points.txt"
    info.write_text(f"[galion.plugins.v1]\n{line}\n")
    records = shelf.records()
    states = {each.distribution: each.state for each in records}
    assert states == {"galion-bad": PluginState.FAILED, "galion-good": PluginState.FOUND}
    (bad,) = [each for each in records if each.distribution == "galion-bad"]
    assert words in bad.reason
    assert all(text.isprintable() and len(text) < 500 for text in (bad.name, bad.value, bad.line))


@pytest.mark.parametrize("metadata", [None, b"", b"\xff\xfe\x00", b"Name: a\n b; rm -rf ~\n"])
def test_a_distribution_without_usable_metadata_is_listed_all_the_same(
    shelf: Shelf, metadata: bytes | None
) -> None:
    shelf.publish("books")
    file = shelf.folder / "galion_books-1.0.dist-info" / "METADATA"
    file.unlink() if metadata is None else file.write_bytes(metadata)
    (record,) = shelf.records()
    assert (record.version, record.state) == ("unknown", PluginState.FOUND)
    assert "pip uninstall" not in record.hint


def test_metadata_that_is_not_text_and_folders_without_a_name_break_nothing(
    shelf: Shelf,
) -> None:
    shelf.publish("books")
    for name in "broken-1.0.dist-info", ".dist-info", "-1.dist-info":
        (shelf.folder / name).mkdir()
        (shelf.folder / name / "entry_points.txt").write_bytes(b"\xff\xfe[galion.plugins.v1]")
    assert [each.name for each in shelf.records()] == ["books"]
