"""The rules of the house that import-linter cannot say (the others stand in pyproject.toml)."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import galion_core

ROOT = Path(__file__).resolve().parents[2]
CORE_FILES = sorted(ROOT.glob("galion_core/src/**/*.py"))
PLUGIN_FILES = sorted(ROOT.glob("plugins/*/*/**/*.py"))
PYTHON_FILES = [*CORE_FILES, *PLUGIN_FILES, *sorted(ROOT.glob("tests/**/*.py"))]

AT_ROOT = {
    ".ci",
    ".gitignore",
    ".pre-commit-config.yaml",
    "LICENSE",
    "Makefile",
    "README.md",
    "cookiecutter-plugin",
    "docs",
    "galion_core",
    "galion_web",
    "plugins",
    "pyproject.toml",
    "tests",
}
PLATFORM_NAMES = re.compile(r"civit_?ai|git_?hub|hugging_?face", re.IGNORECASE)
LFS_POINTER = "https://git-lfs.github.com/spec"  # the magic of a file format, on every platform


def names_a_platform(text: str) -> bool:
    return PLATFORM_NAMES.search(text.replace(LFS_POINTER, "")) is not None


def named(paths: Iterable[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def imports(source: str) -> Iterator[str]:
    """Every module that the source names in an import, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def private_imports(path: Path, source: str) -> set[str]:
    """What a plugin's file imports of Galion although ``galion_core.__all__`` does not offer it."""
    names = {name for name in imports(source) if name.startswith(("galion_core.", "galion."))}
    if "tests" in path.parts:
        names = {name for name in names if not name.startswith("galion_core.testing")}
    return names - {f"galion_core.{name}" for name in galion_core.__all__}


def test_no_file_is_longer_than_400_lines() -> None:
    long = [path for path in PYTHON_FILES if len(path.read_text("utf-8").splitlines()) > 400]
    assert named(long) == []


def test_the_core_names_no_platform() -> None:
    naming = [path for path in CORE_FILES if names_a_platform(path.read_text("utf-8"))]
    assert named(naming) == []


def test_the_name_of_a_platform_would_be_seen() -> None:
    assert names_a_platform("# on GitHub: take the raw file")
    assert not names_a_platform("version https://git-lfs.github.com/spec/v1")


def test_a_plugin_imports_only_what_the_core_offers() -> None:
    found = {path: private_imports(path, path.read_text("utf-8")) for path in PLUGIN_FILES}
    assert {str(path): names for path, names in found.items() if names} == {}


def test_an_import_below_the_core_would_be_seen() -> None:
    source = (
        "def lazy():\n    from galion_core.engine import queue\nfrom galion_core import hookimpl\n"
    )
    assert private_imports(Path("src/x.py"), source) == {
        "galion_core.engine",
        "galion_core.engine.queue",
    }


def test_the_root_holds_only_what_the_design_names() -> None:
    listing = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {line.split("/")[0] for line in listing.splitlines()} - AT_ROOT == set()
