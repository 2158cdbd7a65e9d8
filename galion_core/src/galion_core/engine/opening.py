"""Open what the engine stands on, and close it again."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from galion_core.engine.engine import Engine
from galion_core.plugins.backends import pick
from galion_core.plugins.manager import PluginManager
from galion_core.settings.layers import Layers
from galion_core.settings.places import home as home_of
from galion_core.settings.schema import Settings, check
from galion_core.storage.protocol import Store
from galion_core.types import StoreBackend


@contextlib.asynccontextmanager
async def open_engine(layers: Layers, manager: PluginManager) -> AsyncIterator[Engine]:
    """An engine over the configured store; raises InvalidInput or StoreError."""
    settings = check(layers)
    home = home_of()
    with open_store(settings, manager, home) as store:
        engine = Engine(layers, settings, manager, store, home)
        try:
            yield engine
        finally:
            await engine.close()


@contextlib.contextmanager
def open_store(settings: Settings, manager: PluginManager, home: Path) -> Iterator[Store]:
    """The store that the setting store.backend names."""
    backend: StoreBackend = pick(manager, "galion_register_stores", "store", settings.store.backend)
    store = backend.open(home)
    try:
        yield store
    finally:
        store.close()
