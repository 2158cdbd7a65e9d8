"""Real distributions on disk, as pip would leave them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from galion_core.hookspecs import hookimpl
from galion_core.plugins.discovery import GROUP, discover
from galion_core.plugins.records import PluginRecord

#: A plugin that serves one platform; ``{name}`` is the platform and the host.
GOOD = """
from galion_core import PlatformInfo, PlatformMatch, hookimpl

@hookimpl
def galion_register_platform():
    return PlatformInfo(name="{name}", title="{name}", hosts=("{name}.test",))

@hookimpl
def galion_detect_platform(url):
    if url.host == "{name}.test":
        return PlatformMatch(platform="{name}", kind="file")
"""


@dataclass
class Shelf:
    """A folder on sys.path into which distributions are published."""

    folder: Path
    modules: list[str] = field(default_factory=list)

    def publish(
        self,
        name: str,
        source: str | None = None,
        *,
        distribution: str = "",
        value: str = "",
        group: str = GROUP,
        version: str = "1.0",
        folder: str = "",
    ) -> str:
        """A module and its metadata; returns the name of the module."""
        distribution = distribution or f"galion-{name}"
        module = f"shelf_{distribution}".replace("-", "_")
        text = GOOD.format(name=name) if source is None else source
        (self.folder / f"{module}.py").write_text(text)
        self.modules.append(module)
        info = self.folder / (folder or f"{distribution.replace('-', '_')}-{version}.dist-info")
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        (info / "METADATA").write_text(metadata)
        entry = f"[{group}]\n{name} = {value.format(module=module) or module}\n"
        (info / "entry_points.txt").write_text(entry)
        return module

    def records(self, disabled: tuple[str, ...] = ()) -> tuple[PluginRecord, ...]:
        """What is discovered, without what the environment of the tests has installed."""
        return tuple(each for each in discover(disabled) if each.name != "generic")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    made = Shelf(folder)
    yield made
    for module in made.modules:
        sys.modules.pop(module, None)


def plugin_with(**hooks: Callable[..., object]) -> ModuleType:
    """A plugin that implements these hooks."""
    module = ModuleType("plugin")
    for name, function in hooks.items():
        setattr(module, name, hookimpl(function))
    return module


@pytest.fixture
def make_plugin() -> Callable[..., ModuleType]:
    return plugin_with
