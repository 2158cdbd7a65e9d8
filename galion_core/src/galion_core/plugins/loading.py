"""Imports a plugin where it can do no harm: in a thread of its own, for a limited time.

Only ``os._exit`` and crashes of C code get through. A module that never comes back keeps its
thread, which ends with the program; a module that comes back late is not used. Since the import
does not run in the main thread, a plugin must not install signal handlers while it is imported.
"""

from __future__ import annotations

import threading
from functools import reduce
from importlib import import_module
from inspect import isclass
from typing import NamedTuple

from galion_core.plugins.checks import check
from galion_core.plugins.faults import BadPlugin


class Outcome(NamedTuple):
    """What came of loading: a plugin that passed all checks, or an error."""

    plugin: object
    error: BaseException | None = None


def load_plugin(value: str, timeout: float) -> Outcome:
    """Import ``module`` or ``module:attribute``, make the object if it is a class, and check it.

    Waits at most ``timeout`` seconds. Raises nothing of the plugin's; an interrupt of the wait
    by the user passes through.
    """
    outcomes: list[Outcome] = []

    def work() -> None:
        try:
            plugin = _import(value)
            check(plugin)
            outcomes.append(Outcome(plugin))
        except BaseException as error:
            outcomes.append(Outcome(None, error))

    thread = threading.Thread(target=work, name=f"galion-load-{value}", daemon=True)
    thread.start()
    thread.join(timeout)
    if outcomes:
        return outcomes[0]
    return Outcome(None, BadPlugin(f"importing {value} took longer than {timeout:g} seconds"))


def _import(value: str) -> object:
    module, _, attributes = value.partition(":")
    found = reduce(getattr, filter(None, attributes.split(".")), import_module(module))
    return found() if isclass(found) else found
