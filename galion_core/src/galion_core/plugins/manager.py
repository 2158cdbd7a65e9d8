"""The plugins of one run: loaded each under its own guard, so that one that fails fails alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from galion_core.errors import PluginError
from galion_core.plugins.checks import check
from galion_core.plugins.dispatch import Dispatcher
from galion_core.plugins.faults import BadPlugin, cause, trace
from galion_core.plugins.loading import load_plugin
from galion_core.plugins.records import PluginRecord, PluginState

_SILENT = (PluginState.LOADED, PluginState.DISABLED)


def _ignore(line: str) -> None:
    pass


class PluginManager(Dispatcher):
    """Loads plugins and calls their hooks; made where the program starts and passed on."""

    def load(
        self,
        records: Iterable[PluginRecord],
        *,
        strict: bool = False,
        load_timeout: float = 5.0,
        report: Callable[[str], object] = _ignore,
    ) -> tuple[PluginRecord, ...]:
        """Load what was found; the records come back with what became of each plugin.

        ``report`` gets one line for each plugin that cannot be used, now and when a hook is
        called; under ``strict`` a PluginError is raised instead, now and then. ``load_timeout``
        is the seconds that one plugin may take to import. The records are kept in ``records``.
        """
        self.strict, self.report = strict, report
        loaded = []
        for record in records:
            became = self._load(record, load_timeout)
            loaded.append(became)
            self.records = (*self.records, became)
        return tuple(loaded)

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin that is built in, by the name ``core.X``, or that a test made.

        Raises PluginError when it breaks the rules.
        """
        try:
            check(plugin)
            self._add(plugin, name)
        except BadPlugin as error:
            raise PluginError(f"Plugin {name} cannot be used: {error}") from error

    def _load(self, record: PluginRecord, timeout: float) -> PluginRecord:
        error: BaseException | None = None
        if record.state is PluginState.FOUND:
            record, error = self._attempt(record, timeout)
        if record.state not in _SILENT:
            if self.strict:
                raise _as_error(record) from error
            self.report(record.line)
        return record

    def _attempt(
        self, record: PluginRecord, timeout: float
    ) -> tuple[PluginRecord, BaseException | None]:
        try:
            plugin, error = load_plugin(record.value, timeout)
            if error is None:
                self._add(plugin, record.name)
        except KeyboardInterrupt:
            raise
        except BaseException as refused:  # pluggy looks at the object once more
            error = refused
        if error is None:
            return record._replace(state=PluginState.LOADED), None
        failed = record._replace(
            state=PluginState.FAILED, reason=cause(error), traceback=trace(error)
        )
        return failed, error

    def _add(self, plugin: object, name: str) -> None:
        for other, registered in self._pluggy.list_name_plugin():
            if other == name:
                raise BadPlugin(f"the name {name} is taken")
            if registered is plugin:
                raise BadPlugin(f"it is the same object as the plugin {other}")
        try:
            self._pluggy.register(plugin, name)
        except BaseException:
            if self._pluggy.has_plugin(name):  # older pluggies register what they then refuse
                self._pluggy.unregister(name=name)
            raise


def _as_error(record: PluginRecord) -> PluginError:
    return PluginError(
        f"Plugin {record.name} of {record.distribution} {record.version} "
        f"cannot be used ({record.state}): {record.reason}",
        hint=record.hint,
        details={"plugin": record.name, "distribution": record.distribution},
    )
