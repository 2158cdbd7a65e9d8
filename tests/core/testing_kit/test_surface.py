from __future__ import annotations

import doctest
import subprocess
import sys
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

import galion_core.testing
from galion_core.testing import faults


def test_every_public_name_is_there_and_they_are_sorted() -> None:
    for module in (galion_core.testing, faults):
        names = module.__all__
        assert names == sorted(names, key=lambda name: (name.islower(), name))
        assert all(getattr(module, name) for name in names)


def test_every_fault_is_a_frozen_dataclass_with_a_docstring() -> None:
    for name in faults.__all__:
        fault = getattr(faults, name)
        if isinstance(fault, type):
            assert vars(fault).get("__doc__"), name
            instance: Any = object.__new__(fault)
            with pytest.raises(FrozenInstanceError):
                instance.times = 1


def test_the_example_of_the_package_runs() -> None:
    result = doctest.testmod(galion_core.testing)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_kit_needs_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; from galion_core.testing import *; from galion_core.testing import faults\n"
        "print({n.split('.')[0] for n in sys.modules} - sys.stdlib_module_names - before)"
    )
    start = "import sys; before = {n.split('.')[0] for n in sys.modules}\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "{'galion_core'}"
