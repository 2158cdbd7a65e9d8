"""Hooks are a promise: their examples run, and what version 1 once had it keeps."""

from __future__ import annotations

import asyncio
import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from galion_core import hookspecs, types
from galion_core.hookspecs import HOOKS, hookimpl
from galion_core.plugins import dispatch
from galion_core.plugins.manager import PluginManager
from galion_core.urls import parse_url

PROMISED = Path(__file__).parent / "hooks-v1.txt"


def load(plugin: object, name: str = "example") -> PluginManager:
    manager = PluginManager()
    manager.strict = True
    manager.register(plugin, name)
    return manager


def settle(value: object) -> object:
    return asyncio.run(dispatch.settle(value))


@pytest.mark.parametrize("name", HOOKS)
def test_the_example_of_every_hook_runs(name: str) -> None:
    words = {
        **vars(types),
        "load": load,
        "settle": settle,
        "hookimpl": hookimpl,
        "parse_url": parse_url,
    }
    text = getattr(hookspecs, name).__doc__
    example = doctest.DocTestParser().get_doctest(text, words, name, "hookspecs.py", 0)
    assert example.examples, f"{name} has no example"
    shown: list[str] = []
    failed = doctest.DocTestRunner(verbose=False).run(example, out=shown.append).failed
    assert not failed, "".join(shown)


def facts() -> Iterator[str]:
    """One line for each thing that a plugin may rely on."""
    for name, hook in HOOKS.items():
        signature = inspect.signature(getattr(hookspecs, name))
        result = hook.result.__name__ if hook.result else "nothing"
        yield f"{name} is called: {hook.mode}"
        yield f"{name} answers: {'any number of ' if hook.many else ''}{result}"
        yield f"{name} may be async: {'yes' if hook.may_await else 'no'}"
        for parameter in signature.parameters.values():
            yield f"{name} is given: {parameter.name}: {parameter.annotation}"
        yield f"{name} returns: {signature.return_annotation}"


def test_version_1_of_the_hooks_only_grows() -> None:
    current = set(facts())
    lost = [line for line in PROMISED.read_text().splitlines() if line and line not in current]
    assert not lost, "plugins rely on this"


def test_every_hook_is_written_down() -> None:
    promised = set(PROMISED.read_text().splitlines())
    missing = [line for line in facts() if line not in promised]
    assert not missing, f"add to {PROMISED.name}"


@pytest.mark.parametrize("name", HOOKS)
def test_what_the_core_passes_is_what_the_signature_says(name: str) -> None:
    assert HOOKS[name].arguments == tuple(inspect.signature(getattr(hookspecs, name)).parameters)
