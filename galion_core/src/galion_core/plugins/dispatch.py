"""Calls hooks implementation by implementation, in the order of the plugins' names.

What becomes of an error depends on who can still answer:

collect, observe
    Every plugin counts on its own, so no error of one may cost the answers of the others, not even
    a GalionError: it is kept whole as the fault's ``refusal`` (see ``platforms``, which raises it
    when nobody else answers). Anything else is a fault that names the plugin.
first
    A GalionError is an answer, "not like this", and is raised whole. Anything else is a fault, and
    the next plugin is asked.
owner
    Nobody else can answer. A GalionError is raised whole, anything else as a PluginError.

A fault is reported once for each plugin and hook. ``KeyboardInterrupt`` and asyncio's
``CancelledError`` are never a plugin's fault and pass through; ``SystemExit`` is one. Under
``strict`` every fault is raised. An unknown hook or wrong arguments are the caller's TypeError.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import pluggy

from galion_core import hookspecs
from galion_core.errors import GalionError, PlatformNotSupported, PluginError
from galion_core.hookspecs import HOOKS, Hook, Mode
from galion_core.plugins.answers import Answer, answers, checked, settle
from galion_core.plugins.faults import BadPlugin, PluginFault, cause, trace
from galion_core.plugins.records import PluginRecord, PluginState

__all__ = ["Answer", "Dispatcher", "settle"]


class Dispatcher:
    """The registered plugins, and the ways to call their hooks."""

    def __init__(self) -> None:
        self._pluggy = pluggy.PluginManager(hookspecs.PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        self.strict = False
        self.report: Callable[[str], object] = lambda line: None
        self.records: tuple[PluginRecord, ...] = ()
        #: The first fault of each plugin and hook.
        self.faults: dict[tuple[str, str], PluginFault] = {}

    def collect(self, hook: str, /, **kwargs: object) -> list[Answer]:
        """The answers of all plugins; an answer that is an iterable of values becomes several."""
        return [each for each in self.outcomes(hook, **kwargs) if isinstance(each, Answer)]

    def outcomes(self, hook: str, /, **kwargs: object) -> list[Answer | PluginFault]:
        """As ``collect``, with the faults of this call among the answers."""
        spec = _spec(hook, Mode.COLLECT, kwargs)
        if spec.may_await:
            raise TypeError(f"{hook} may be async; use collect_async")
        outcomes: list[Answer | PluginFault] = []
        for implementation in self._implementations(hook):
            plugin = implementation.plugin_name
            try:
                outcomes += answers(spec, plugin, _call(implementation, kwargs))
            except BaseException as error:
                outcomes.append(self._contain(error, plugin, hook))
        return outcomes

    async def collect_async(self, hook: str, /, **kwargs: object) -> list[Answer]:
        """As ``collect``, for any collecting hook; answers are awaited one after the other."""
        spec = _spec(hook, Mode.COLLECT, kwargs)
        collected: list[Answer] = []
        for implementation in self._implementations(hook):
            plugin = implementation.plugin_name
            try:
                value = _call(implementation, kwargs)
                if spec.may_await:
                    value = await settle(value)
                collected += answers(spec, plugin, value)
            except BaseException as error:
                self._contain(error, plugin, hook)
        return collected

    def first(self, hook: str, /, **kwargs: object) -> Answer | None:
        """The first answer that is not None, or None."""
        spec = _spec(hook, Mode.FIRST, kwargs)
        for implementation in self._implementations(hook):
            plugin = implementation.plugin_name
            try:
                found = answers(spec, plugin, _call(implementation, kwargs))
            except GalionError:
                raise
            except BaseException as error:
                self._contain(error, plugin, hook)
            else:
                if found:
                    return found[0]
        return None

    async def ask_owner(self, plugin: str, hook: str, /, **kwargs: object) -> Any:  # noqa: ANN401
        """The answer of this one plugin, awaited.

        Raises PlatformNotSupported when the plugin is not loaded or lacks the hook, PluginError
        when it fails.
        """
        spec = _spec(hook, Mode.OWNER, kwargs)
        for implementation in self._implementations(hook):
            if implementation.plugin_name == plugin:
                break
        else:
            raise PlatformNotSupported(
                f"The plugin {plugin} cannot do this: it is not loaded or has no {hook}",
                hint="`galion plugins` shows what is installed.",
                details={"plugin": plugin, "hook": hook},
            )
        try:
            return checked(spec, await settle(_call(implementation, kwargs)))
        except GalionError:
            raise
        except BaseException as error:
            fault = self._contain(error, plugin, hook)
            raise self._as_error(fault) from error

    async def observe(self, hook: str, /, **kwargs: object) -> None:
        """Tell every plugin, one after the other; nothing that they do comes back."""
        _spec(hook, Mode.OBSERVE, kwargs)
        for implementation in self._implementations(hook):
            try:
                await settle(_call(implementation, kwargs))
            except BaseException as error:
                self._contain(error, implementation.plugin_name, hook)

    def fault(self, plugin: str, hook: str, message: str) -> None:
        """Record that an answer of the plugin was of no use; for those who judge answers."""
        self._contain(BadPlugin(message), plugin, hook)

    def hooks_of(self, plugin: str) -> list[str]:
        """The hooks that a registered plugin implements, sorted."""
        return sorted(
            hook
            for hook in HOOKS
            if any(each.plugin_name == plugin for each in self._implementations(hook))
        )

    def distribution(self, plugin: str) -> str:
        """The distribution that a plugin came with; empty for what is built in."""
        record = self._record(plugin)
        return record.distribution if record else ""

    def _record(self, plugin: str) -> PluginRecord | None:
        loaded = (each for each in self.records if each.state is PluginState.LOADED)
        return next((each for each in loaded if each.name == plugin), None)

    def _implementations(self, hook: str) -> list[pluggy.HookImpl]:
        implementations = getattr(self._pluggy.hook, hook).get_hookimpls()
        return sorted(implementations, key=lambda each: each.plugin_name)

    def _contain(self, error: BaseException, plugin: str, hook: str) -> PluginFault:
        """The error as a fault, reported if it is the first; raises what must not be contained."""
        if _is_control_flow(error):
            raise error
        refusal = error if isinstance(error, GalionError) else None
        fault = PluginFault(
            plugin, self.distribution(plugin), hook, cause(error), trace(error), refusal
        )
        if self.strict:
            if refusal:
                raise refusal
            raise self._as_error(fault) from error
        if (plugin, hook) not in self.faults:
            self.faults[plugin, hook] = fault
            self.report(f"{_title(fault)}: {fault.message}. {self._removal(plugin)}".rstrip())
        return fault

    def _as_error(self, fault: PluginFault) -> PluginError:
        return PluginError(
            f"{_title(fault)}: {fault.message}",
            hint=self._removal(fault.plugin) or None,
            details={
                "plugin": fault.plugin,
                "distribution": fault.distribution,
                "hook": fault.hook,
            },
        )

    def _removal(self, plugin: str) -> str:
        record = self._record(plugin)
        return record.hint if record else ""


def _title(fault: PluginFault) -> str:
    origin = f" of {fault.distribution}" if fault.distribution else ""
    return f"Plugin {fault.plugin}{origin} failed in {fault.hook}"


def _spec(name: str, mode: Mode, kwargs: Mapping[str, object]) -> Hook:
    hook = HOOKS.get(name)
    if hook is None:
        raise TypeError(f"there is no hook {name!r}")
    if hook.mode is not mode:
        raise TypeError(f"{name} is a hook of mode {hook.mode}, not {mode}")
    if set(kwargs) != set(hook.arguments):
        raise TypeError(f"{name} takes {sorted(hook.arguments)}, not {sorted(kwargs)}")
    return hook


def _call(implementation: pluggy.HookImpl, kwargs: Mapping[str, object]) -> object:
    return implementation.function(*(kwargs[name] for name in implementation.argnames))


def _is_control_flow(error: BaseException) -> bool:
    """Not an error of whoever raised it: an interrupt, a closed coroutine, a cancelled task.

    Who raises asyncio's CancelledError has imported asyncio; the core need not for that.
    """
    asyncio = sys.modules.get("asyncio")
    return isinstance(error, KeyboardInterrupt | GeneratorExit) or (
        asyncio is not None and isinstance(error, asyncio.CancelledError)
    )
