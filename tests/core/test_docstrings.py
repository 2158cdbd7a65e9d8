"""Every example in a docstring of the core does what it says (hooks: tests/core/plugins)."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import galion_core

_ROOT = Path(galion_core.__file__).parent
_SHOWN = sorted(
    ".".join(("galion_core", *path.relative_to(_ROOT).with_suffix("").parts))
    for path in _ROOT.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8") and path.name != "hookspecs.py"
)


@pytest.mark.parametrize("name", _SHOWN)
def test_its_examples_are_true(name: str) -> None:
    result = doctest.testmod(import_module(name.removesuffix(".__init__")))
    assert result.attempted
    assert not result.failed
