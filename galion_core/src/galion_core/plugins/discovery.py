"""Which plugins are installed: entry-point metadata is read, no plugin is imported.

Metadata comes from whoever published the distribution. Whatever it holds, every plugin is listed
and nothing raises; what cannot be used is listed as failed, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from importlib.metadata import Distribution, EntryPoint, distributions

from galion_core.plugins.records import PLUGIN_NAME, UNKNOWN, PluginRecord, PluginState

GROUP = "galion.plugins.v1"
_ANY_GROUP = re.compile(r"galion\.plugins\.v[0-9]+")
_VALUE = re.compile(r"(?P<value>[\w.]+(:[\w.]+)?)\s*(\[.*\])?")
#: Names of the plugins that Galion brings along.
BUILT_IN = "core."


def discover(
    disabled: Collection[str] = (), *, entry_points: Iterable[EntryPoint] | None = None
) -> tuple[PluginRecord, ...]:
    """Every plugin that is installed, sorted by name, then distribution.

    Of several distributions that offer one name the first keeps it, in the order of their names.
    ``entry_points`` stands in for what is installed.
    """
    if entry_points is None:
        found = list(_installed())
    else:
        found = [_read(point) for point in entry_points if _ANY_GROUP.fullmatch(point.group)]
    found.sort(key=lambda each: (each[1].name, _normal(each[1].distribution), each[0] != GROUP))
    records: dict[tuple[str, str], PluginRecord] = {}
    owners: dict[str, str] = {}
    for group, record in found:
        key = (record.name, _normal(record.distribution))
        if key not in records:
            records[key] = _judge(record, group, disabled, owners)
    return tuple(records.values())


def _judge(
    record: PluginRecord, group: str, disabled: Collection[str], owners: dict[str, str]
) -> PluginRecord:
    if record.name in disabled:
        return record._replace(state=PluginState.DISABLED, reason="it is disabled by a setting")
    if record.state is not PluginState.FOUND:
        return record
    if group != GROUP:
        reason = f"it is for {group}, and this Galion has {GROUP}; look for another version of it"
        return record._replace(state=PluginState.INCOMPATIBLE, reason=reason)
    owner = owners.setdefault(record.name, record.distribution)
    if owner != record.distribution:
        reason = f"{owner} and {record.distribution} both offer it; the one of {owner} is used"
        return record._replace(state=PluginState.CONFLICT, reason=reason)
    return record


def _installed() -> Iterator[tuple[str, PluginRecord]]:
    seen: set[str] = set()
    for distribution in distributions():
        try:
            text = distribution.read_text("entry_points.txt") or ""
        except Exception:  # not text: nothing says that it has to do with Galion
            continue
        if "galion.plugins.v" not in text:
            continue
        name, version = _identity(distribution)
        # The first one on the path is what Python imports; a later one of the same name is a
        # leftover of another installation.
        if name != UNKNOWN and _normal(name) in seen:
            continue
        seen.add(_normal(name))
        try:
            points = [
                each for each in distribution.entry_points if _ANY_GROUP.fullmatch(each.group)
            ]
        except Exception:
            reason = "the entry points in its metadata cannot be read"
            yield GROUP, PluginRecord(name, name, version, "", PluginState.FAILED, reason)
            continue
        for point in points:
            yield _read(point)


def _read(point: EntryPoint) -> tuple[str, PluginRecord]:
    distribution, version = _identity(point.dist) if point.dist else (UNKNOWN, UNKNOWN)
    value = _VALUE.fullmatch(point.value)
    record = PluginRecord(
        name=_printable(point.name),
        distribution=distribution,
        version=version,
        value=value["value"] if value else _printable(point.value),
    )
    reason = ""
    if not PLUGIN_NAME.fullmatch(point.name):
        reason = "its name may have letters, digits, dots, dashes and underscores only"
    elif point.name.startswith(BUILT_IN):
        reason = f"names that begin with {BUILT_IN} belong to Galion itself"
    elif not value:
        reason = f"its entry point {record.value} is not written as module or module:name"
    if reason:
        record = record._replace(state=PluginState.FAILED, reason=reason)
    return point.group, record


def _identity(distribution: Distribution) -> tuple[str, str]:
    try:
        metadata = distribution.metadata
        name, version = metadata.get("Name"), metadata.get("Version")  # type: ignore[attr-defined]
        return _printable(name or UNKNOWN), _printable(version or UNKNOWN)
    except Exception:  # the file is missing or is not text
        return UNKNOWN, UNKNOWN


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _printable(text: object, limit: int = 100) -> str:
    """The text safe for a terminal; ``urls.visible`` would import what listing does not need."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(text)[:limit])
