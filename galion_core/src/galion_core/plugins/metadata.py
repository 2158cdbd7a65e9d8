"""Reads what the installed distributions say about plugins; no plugin is imported.

Metadata comes from whoever published the distribution. Whatever it holds, every plugin is listed
and nothing raises; what cannot be used is listed as failed, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, distributions

from galion_core.plugins.records import (
    BUILT_IN,
    GROUP,
    PLUGIN_NAME,
    UNKNOWN,
    Offer,
    PluginRecord,
    PluginState,
    normal_name,
)
from galion_core.text import visible

_ANY_GROUP = re.compile(r"galion\.plugins\.v[0-9]+")
_VALUE = re.compile(r"(?P<value>[\w.]+(:[\w.]+)?)\s*(\[.*\])?")


def offers_in(folder: str) -> Iterator[Offer]:
    """Every entry point of a distribution in the folder (or archive) that offers a plugin."""
    seen: set[str] = set()
    for distribution in distributions(path=[folder]):
        try:
            text = distribution.read_text("entry_points.txt") or ""
        except Exception:  # not text: nothing says that it has to do with Galion
            continue
        if "galion.plugins.v" not in text:
            continue
        name, version = _identity(distribution)
        # The first one on the path is what Python imports; a later one of the same name is a
        # leftover of another installation.
        if name != UNKNOWN and normal_name(name) in seen:
            continue
        seen.add(normal_name(name))
        try:
            points = [
                each for each in distribution.entry_points if _ANY_GROUP.fullmatch(each.group)
            ]
        except Exception:
            reason = "the entry points in its metadata cannot be read"
            failed = PluginRecord(name, name, version, "", PluginState.FAILED, reason)
            yield Offer(GROUP, failed)
            continue
        for point in points:
            yield offer_of(point)


def offer_of(point: EntryPoint) -> Offer:
    """One entry point, judged by itself."""
    distribution, version = _identity(point.dist) if point.dist else (UNKNOWN, UNKNOWN)
    value = _VALUE.fullmatch(point.value)
    record = PluginRecord(
        name=_shown(point.name),
        distribution=distribution,
        version=version,
        value=value["value"] if value else _shown(point.value),
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
    return Offer(point.group, record)


def _identity(distribution: Distribution) -> tuple[str, str]:
    try:
        metadata = distribution.metadata
        name, version = metadata.get("Name"), metadata.get("Version")  # type: ignore[attr-defined]
        return _shown(name or UNKNOWN), _shown(version or UNKNOWN)
    except Exception:  # the file is missing or is not text
        return UNKNOWN, UNKNOWN


def _shown(text: object) -> str:
    return visible(str(text)[:100])
