from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"asyncio", "httpx", "pycurl", "pydantic", "tinydb", "rich", "click"}


@pytest.mark.parametrize("module", ["manager", "dispatch", "platforms"])
def test_loading_and_calling_plugins_needs_nothing_heavy(module: str) -> None:
    script = f"import sys, galion_core.plugins.{module}; print(*sys.modules)"
    command = [sys.executable, "-c", script]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert not HEAVY & set(shown.split())
