"""Starting costs only what the command needs: the real command, and the modules that it loads."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from importlib.metadata import entry_points
from pathlib import Path

import pytest

GALION = Path(sysconfig.get_path("scripts")) / "galion"
PLUGINS = {entry.module for entry in entry_points(group="galion.plugins.v1")}
URL = "https://example.com/f.bin"

# Not -X importtime: it does not show what importlib.import_module is asked for.
RUN_AND_LIST = """
import atexit, pathlib, runpy, sys
command, listing = sys.argv[1:3]
sys.argv[:] = [command, *sys.argv[3:]]
atexit.register(lambda: pathlib.Path(listing).write_text("\\n".join(sys.modules)))
runpy.run_path(command, run_name="__main__")
"""

pytestmark = pytest.mark.usefixtures("galion_home")


def modules_loaded_by(listing: Path, *arguments: str) -> set[str]:
    """Every module that is loaded when the command ends."""
    command = [sys.executable, "-c", RUN_AND_LIST, str(GALION), str(listing), *arguments]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert ended.returncode == 0, ended.stderr
    return set(listing.read_text().splitlines())


def test_version_imports_neither_pluggy_nor_click_nor_any_plugin(tmp_path: Path) -> None:
    loaded = modules_loaded_by(tmp_path / "modules", "--version")
    assert loaded & ({"pluggy", "click"} | PLUGINS) == set()


def test_plugins_imports_no_plugin(tmp_path: Path) -> None:
    loaded = modules_loaded_by(tmp_path / "modules", "plugins")
    assert loaded & PLUGINS == set()


def test_the_second_call_reads_no_metadata(tmp_path: Path) -> None:
    first = modules_loaded_by(tmp_path / "modules", "plugins")
    assert "importlib.metadata" in first
    second = modules_loaded_by(tmp_path / "modules", "plugins")
    assert second & {"importlib.metadata", "email", "zipfile", "galion_core.urls"} == set()


def test_detect_imports_the_plugins_and_nothing_that_downloads_stores_or_draws(
    tmp_path: Path,
) -> None:
    loaded = modules_loaded_by(tmp_path / "modules", "detect", URL)
    assert loaded >= PLUGINS | {"galion_core.cli", "click"}
    assert loaded & {"httpx", "pycurl", "pydantic", "tinydb", "rich"} == set()
