"""The few settings that start-up needs, read without pydantic (it costs more than the plugins)."""

from __future__ import annotations

from galion_core.errors import InvalidInput
from galion_core.settings.layers import Layers

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})


def names(layers: Layers, table: str, key: str) -> list[str]:
    """A list of names; from the environment it comes as ``a,b``."""
    value = layers.table(table).get(key, [])
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _unusable(layers, f"{table}.{key}", value, "a list of names")
    return value


def flag(layers: Layers, table: str, key: str) -> bool:
    """A yes or no; no when nobody said."""
    value = layers.table(table).get(key, False)
    text = str(value).strip().lower()
    if text not in _TRUE | _FALSE:
        raise _unusable(layers, f"{table}.{key}", value, "true or false")
    return text in _TRUE


def number(layers: Layers, table: str, key: str, default: float) -> float:
    """A positive number."""
    value = layers.table(table).get(key, default)
    try:
        found = float(str(value))
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise _unusable(layers, f"{table}.{key}", value, "a number above 0")
    return found


def _unusable(layers: Layers, name: str, value: object, wanted: str) -> InvalidInput:
    origin = layers.origins.get(name, "the settings")
    return InvalidInput(
        f"The setting {name} is {value!r} ({origin}), not {wanted}",
        hint=f"galion config set {name} VALUE, or mend it there.",
    )
