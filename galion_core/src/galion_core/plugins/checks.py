"""Checks a plugin against the hooks before any of them is called, and says what to change."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import pluggy

from galion_core.hookspecs import HOOKS, PREFIX, PROJECT, Hook
from galion_core.plugins.faults import BadPlugin


def check(plugin: object) -> None:
    """Raise BadPlugin, which says what is wrong, when the plugin cannot be used as it is."""
    read = pluggy.PluginManager(PROJECT).parse_hookimpl_opts
    hooks: set[str] = set()
    for attribute in dir(plugin):
        options = read(plugin, attribute)
        if options is None:
            _refuse_unmarked(plugin, attribute)
            continue
        name = options.get("specname") or attribute
        hook = HOOKS.get(name)
        if hook is None and options.get("optionalhook"):
            continue  # written for a newer Galion, and for this one as well
        if hook is None:
            raise BadPlugin(f"there is no hook {name}{_suggest(name)}")
        if name in hooks:
            raise BadPlugin(f"it implements {name} twice")
        hooks.add(name)
        _check_implementation(hook, getattr(plugin, attribute), options)
    if not hooks:
        raise BadPlugin("it implements no hook; mark functions with @galion_core.hookimpl")


def _refuse_unmarked(plugin: object, attribute: str) -> None:
    if not attribute.startswith(PREFIX):
        return
    if inspect.isroutine(inspect.getattr_static(plugin, attribute, None)):
        raise BadPlugin(
            f"{attribute} is not marked with @galion_core.hookimpl; mark it if it is a hook, "
            f"else give it a name that does not begin with {PREFIX}"
        )


def _suggest(name: str) -> str:
    from difflib import get_close_matches  # only misspelled hooks pay for it

    close = get_close_matches(name, HOOKS, n=1)
    return f"; did you mean {close[0]}?" if close else "; galion_core.hookspecs has them all"


def _check_implementation(
    hook: Hook, function: Callable[..., object], options: Mapping[str, Any]
) -> None:
    if options.get("wrapper") or options.get("hookwrapper"):
        raise BadPlugin(f"{hook.name} is a wrapper, and wrappers are not supported")
    if inspect.isasyncgenfunction(function):
        raise BadPlugin(f"{hook.name} is an async generator; return a list")
    if inspect.iscoroutinefunction(function) and not hook.may_await:
        raise BadPlugin(f"{hook.name} may not be async; write it as a plain function")
    _check_arguments(hook, function)


def _check_arguments(hook: Hook, function: Callable[..., object]) -> None:
    given = ", ".join(hook.arguments) or "none"
    for parameter in inspect.signature(function).parameters.values():
        name, kind = parameter.name, parameter.kind
        if kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.KEYWORD_ONLY):
            raise BadPlugin(
                f"{hook.name} has the argument {parameter}; "
                f"name plainly those that it needs out of: {given}"
            )
        if name not in hook.arguments and parameter.default is parameter.empty:
            raise BadPlugin(f"{hook.name} has no argument {name}; its arguments are: {given}")
        # Pluggy takes an argument with a default for the author's own and never fills it in.
        if name in hook.arguments and parameter.default is not parameter.empty:
            raise BadPlugin(f"{hook.name} gives {name} a default, but it is always passed")
