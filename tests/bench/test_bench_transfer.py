"""The benchmark runs, whatever it measures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).with_name("bench_transfer.py")
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
#: Programs by which a row of the table is named.
TOOLS = ("galion", "aria2c", "curl", "wget2")


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_every_tool_that_is_installed_fetches_what_nginx_serves() -> None:
    options = ["--only", "c", "--scale", "0.001", "--rounds", "1"]
    ended = subprocess.run(
        [sys.executable, BENCH, *options], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = [line.split()[0] for line in ended.stdout.splitlines() if line.startswith("  ")]
    assert {each for each in TOOLS if each == "galion" or shutil.which(each)} <= set(rows)
    assert "failed" not in ended.stdout
