"""What every face does first: read the settings and load the plugins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from galion_core.plugins.discovery import discover
from galion_core.plugins.records import PluginRecord
from galion_core.settings.layers import Layers
from galion_core.settings.places import cache
from galion_core.settings.values import flag, names, number

if TYPE_CHECKING:
    from galion_core.plugins.manager import PluginManager


def found_plugins(layers: Layers) -> tuple[PluginRecord, ...]:
    """The installed plugins, none of them imported."""
    return discover(names(layers, "plugins", "disabled"), cache=cache() / "plugins.json")


def load_plugins(
    layers: Layers,
    report: Callable[[str], object],
    *,
    records: Sequence[PluginRecord] | None = None,
) -> PluginManager:
    """A manager with the built-in behaviour and the installed plugins, or just ``records``."""
    # Listing plugins needs neither pluggy nor the types that cross hooks.
    from galion_core.defaults import register_defaults
    from galion_core.plugins.manager import PluginManager

    manager = PluginManager()
    register_defaults(manager)
    manager.load(
        found_plugins(layers) if records is None else records,
        strict=flag(layers, "plugins", "strict"),
        load_timeout=number(layers, "plugins", "load_timeout", 5.0),
        report=report,
    )
    return manager
