"""Starting costs only what the command needs: the real command, and the modules that it loads."""

from __future__ import annotations

import subprocess
import sysconfig
from importlib.metadata import entry_points
from pathlib import Path

import pytest

GALION = Path(sysconfig.get_path("scripts")) / "galion"
PLUGINS = {entry.module for entry in entry_points(group="galion.plugins.v1")}
URL = "https://example.com/f.bin"

pytestmark = pytest.mark.usefixtures("galion_home")


def modules_loaded_by(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every module that the command imports, by the interpreter's own account."""
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    ended = subprocess.run(
        [GALION, *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    lines = [line for line in ended.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_version_imports_neither_pluggy_nor_click_nor_any_plugin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = modules_loaded_by("--version", monkeypatch=monkeypatch)
    assert loaded & ({"pluggy", "click"} | PLUGINS) == set()


def test_plugins_imports_no_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = modules_loaded_by("plugins", monkeypatch=monkeypatch)
    assert loaded & PLUGINS == set()


def test_detect_imports_the_plugins_and_nothing_that_downloads_stores_or_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = modules_loaded_by("detect", URL, monkeypatch=monkeypatch)
    assert loaded >= PLUGINS | {"galion_core.cli", "click"}
    assert loaded & {"httpx", "pycurl", "tinydb", "rich"} == set()
