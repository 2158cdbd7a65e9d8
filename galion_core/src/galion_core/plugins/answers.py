"""What plugins say, checked against what the hook asks for."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from galion_core.hookspecs import Hook
from galion_core.plugins.faults import BadPlugin


@dataclass(frozen=True, slots=True)
class Answer:
    """What a plugin said; its type was checked against the hook."""

    plugin: str
    value: Any


async def settle(value: object) -> Any:  # noqa: ANN401 - the caller knows what it asked for
    """The value, awaited where it is awaitable."""
    return await value if inspect.isawaitable(value) else value


def answers(hook: Hook, plugin: str, value: object) -> list[Answer]:
    """The answers in what an implementation returned, generators consumed, None left out."""
    if value is None or (hook.result is None and not inspect.isawaitable(value)):
        return []
    if hook.many and _is_several(hook, value):
        values: Iterable[object] = [each for each in value if each is not None]  # type: ignore[attr-defined]
    else:
        values = (value,)
    return [Answer(plugin, checked(hook, each)) for each in values]


def _is_several(hook: Hook, value: object) -> bool:
    if hook.result is not object and isinstance(value, hook.result or ()):
        return False
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def checked(hook: Hook, value: object) -> object:
    """The value, if it is of the type that the hook gives; else raises BadPlugin."""
    if inspect.iscoroutine(value):
        value.close()  # else Python warns that nobody awaited it
    unsettled = inspect.isawaitable(value) or inspect.isasyncgen(value)
    if unsettled or not isinstance(value, hook.result or object):
        wanted = hook.result.__name__ if hook.result else "nothing"
        raise BadPlugin(f"it answered {type(value).__name__} instead of {wanted}")
    return value
