"""The demo is what people run first: it does what it says, and says so when it does not."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from galion_core.testing import demo
from galion_core.testing.samples import CUT, KNOWN, NAMED

FILES = {"large.bin": demo.QUICK, "evil.sh": NAMED, "cut.bin": CUT, "known.bin": KNOWN}


def run_demo(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "galion_core.testing.demo", "--quick"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_demo_downloads_every_file_and_refuses_the_login_page(tmp_path: Path) -> None:
    ended = run_demo(tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = {path.name: sha256(path) for path in (tmp_path / "demo").iterdir()}
    assert found == {name: body.sha256() for name, body in FILES.items()}
    assert "All as expected." in ended.stdout
    assert "(exit code 7)" in ended.stdout
    for name in FILES:
        assert str(tmp_path / "demo" / name) in ended.stdout


def test_a_second_demo_starts_anew_and_leaves_what_is_not_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "cut.bin").write_text("of another day")
    (folder / "mine.txt").write_text("mine")
    ended = run_demo(tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert sha256(folder / "cut.bin") == CUT.sha256()
    assert (folder / "mine.txt").read_text() == "mine"


def test_a_demo_that_does_not_do_what_it_should_fails_and_says_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    broken = demo.Step("Not there.", "/missing", "missing.bin", KNOWN, requests=2)
    monkeypatch.setattr(demo, "steps", lambda large: (broken,))
    assert demo.main(["--quick"]) == 1
    said = capfd.readouterr().out
    assert "/missing: the exit code is 4 instead of 0" in said
    assert "/missing: the server saw fewer than 2 requests" in said
    assert f"{os.path.join('demo', 'missing.bin')} does not hold what the server has" in said
