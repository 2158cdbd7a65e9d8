"""Open what the engine stands on, and close it again."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from galion_core.engine.engine import Engine
from galion_core.errors import InvalidInput
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
    answers = manager.collect("galion_register_stores")
    offered: dict[str, StoreBackend] = {each.value.name: each.value for each in reversed(answers)}
    name = settings.store.backend
    if name not in offered:
        raise InvalidInput(
            f"There is no store {name!r}",
            hint=f"Set store.backend to one of: {', '.join(sorted(offered))}.",
        )
    store = offered[name].open(home)
    try:
        yield store
    finally:
        store.close()
