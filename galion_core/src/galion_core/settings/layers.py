"""Read and merge the sources of settings, remembering where each value came from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from galion_core.errors import InvalidInput
from galion_core.settings.places import config_file

PREFIX = "GALION_"
#: Variables with the prefix that are not settings.
_NOT_SETTINGS = frozenset({"GALION_HOME", "GALION_CONFIG"})
#: Short spellings of settings that people set by hand.
_SHORT = {"GALION_STRICT_PLUGINS": "GALION_PLUGINS__STRICT"}

Table = dict[str, object]


@dataclass(frozen=True, slots=True)
class Layers:
    """The merged values as a tree of tables, and where each came from, by dotted name."""

    values: Table
    origins: dict[str, str] = field(default_factory=dict)

    def table(self, name: str) -> Mapping[str, object]:
        """One top-level table, empty when nobody set anything in it."""
        found = self.values.get(name, {})
        if not isinstance(found, dict):
            raise InvalidInput(
                f"The setting {name!r} is a table, not {found!r}",
                hint=f"Write [{name}] in the config file, with its keys below.",
            )
        return found


def read_layers(
    arguments: Mapping[str, object] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Layers:
    """Merge the config file, the environment and ``arguments`` (dotted names; None: not given).

    Raises InvalidInput when the file is not TOML.
    """
    layers = file_layers(environment)
    for variable, value in sorted(environment.items()):
        name = _SHORT.get(variable, variable)
        if name.startswith(PREFIX) and name not in _NOT_SETTINGS and "__" in name:
            dotted = name.removeprefix(PREFIX).lower().replace("__", ".")
            _merge(layers, {dotted: value}, variable)
    given = {name: value for name, value in (arguments or {}).items() if value is not None}
    _merge(layers, given, "argument")
    return layers


def layers_of(values: Mapping[str, object], origin: str = "argument") -> Layers:
    """These values alone, by dotted names."""
    layers = Layers({})
    _merge(layers, values, origin)
    return layers


def file_layers(environment: Mapping[str, str] = os.environ) -> Layers:
    """What the config file alone says."""
    path = config_file(environment)
    return layers_of(_flatten(read_file(path)), str(path))


def read_file(path: Path) -> Table:
    """The config file's tables; empty when there is none. Raises InvalidInput."""
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"The config file {path} cannot be read: {error}",
            hint="Mend it, or move it away to go on with the defaults.",
        ) from None


def _flatten(table: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _merge(layers: Layers, flat: Mapping[str, object], origin: str) -> None:
    for dotted, value in flat.items():
        *parents, last = dotted.split(".")
        table = layers.values
        for parent in parents:
            below = table.setdefault(parent, {})
            if not isinstance(below, dict):
                raise InvalidInput(
                    f"The setting {dotted!r} ({origin}) stands below {parent!r}, which is a value",
                    hint="Remove one of the two; `galion config show` tells where each is set.",
                )
            table = below
        table[last] = value
        layers.origins[dotted] = origin
