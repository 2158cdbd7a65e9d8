"""An engine over a real store, with plugins made in the test."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import ModuleType

import pytest

import galion_generic
from galion_core.defaults import register_defaults
from galion_core.engine.engine import Engine
from galion_core.engine.opening import open_engine
from galion_core.hookspecs import hookimpl
from galion_core.plugins.manager import PluginManager
from galion_core.settings.layers import layers_of

OpenEngine = Callable[..., AbstractAsyncContextManager[Engine]]
MakeManager = Callable[..., PluginManager]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def manager() -> MakeManager:
    """A manager with the built-in behaviour, galion-generic and hooks as given."""

    def manager(**hooks: Callable[..., object]) -> PluginManager:
        made = PluginManager()
        register_defaults(made)
        made.register(galion_generic, "generic")
        plugin = ModuleType("plugin")
        for name, function in hooks.items():
            setattr(plugin, name, hookimpl(function))
        if hooks:
            made.register(plugin, "test")
        return made

    return manager


@pytest.fixture
def engine(galion_home: Path, here: Path, manager: MakeManager) -> OpenEngine:
    """Opens an engine with settings and hooks as given; several share one store."""

    @contextlib.asynccontextmanager
    async def engine(
        settings: Mapping[str, object] | None = None, **hooks: Callable[..., object]
    ) -> AsyncIterator[Engine]:
        usual = {"download.directory": str(here), "download.retry_wait": 0}
        layers = layers_of({**usual, **(settings or {})})
        async with open_engine(layers, manager(**hooks)) as opened:
            yield opened

    return engine
