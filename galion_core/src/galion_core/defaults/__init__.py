"""What the core does by itself, registered through the same hooks as anyone's plugin."""

from __future__ import annotations

from galion_core.defaults import describing, indexes, stores
from galion_core.plugins.manager import PluginManager

_BUILT_IN = {"core.describing": describing, "core.indexes": indexes, "core.stores": stores}


def register_defaults(manager: PluginManager) -> None:
    """Register everything that is built in."""
    for name, plugin in _BUILT_IN.items():
        manager.register(plugin, name)
