"""What is known of a plugin before and after it is loaded.

A NamedTuple, because ``dataclasses`` imports ``inspect`` and listing plugins must stay cheap.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

#: The group of entry points that plugins for this version of the hooks stand in.
GROUP = "galion.plugins.v1"
#: Names of the plugins that Galion brings along.
BUILT_IN = "core."
#: Stands for a name or a version that the metadata does not give.
UNKNOWN = "unknown"
#: What a plugin may be called: the name is typed in commands and stands in URLs.
PLUGIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: https://packaging.python.org/en/latest/specifications/name-normalization/
_DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")


class PluginState(StrEnum):
    """How far a plugin came."""

    FOUND = "found"
    DISABLED = "disabled"
    INCOMPATIBLE = "incompatible"
    """It is for another version of the hooks."""
    CONFLICT = "conflict"
    """Another distribution's plugin has that name."""
    LOADED = "loaded"
    FAILED = "failed"


class PluginRecord(NamedTuple):
    """One plugin of one distribution; every text is safe to print."""

    name: str
    distribution: str
    version: str
    value: str
    """``module`` or ``module:attribute``."""
    state: PluginState = PluginState.FOUND
    reason: str = ""
    """Why it is not used; empty where it is."""
    traceback: str = ""

    @property
    def hint(self) -> str:
        """How to get rid of it, with commands only where the names are safe to paste."""
        ways = []
        if self.distribution != UNKNOWN and _DISTRIBUTION.fullmatch(self.distribution):
            ways.append(f"`pip uninstall {self.distribution}`")
        # A conflict is between two plugins of one name: disabling it would stop both.
        if self.state is not PluginState.CONFLICT and PLUGIN_NAME.fullmatch(self.name):
            ways.append(f"`galion plugins disable {self.name}`")
        return f"To remove it: {' or '.join(ways)}." if ways else "`pip list` shows what is there."

    @property
    def line(self) -> str:
        """One line that says what is wrong with which plugin, and how to remove it."""
        return (
            f"Plugin {self.name} of {self.distribution} {self.version} is not used "
            f"({self.state}): {self.reason}. {self.hint}"
        )


class Offer(NamedTuple):
    """An entry point that offers a plugin, for the hooks of the version in its group."""

    group: str
    record: PluginRecord


def normal_name(distribution: str) -> str:
    """The name of a distribution as it is compared.

    >>> normal_name("Galion_Civit.AI")
    'galion-civit-ai'
    """
    return re.sub(r"[-_.]+", "-", distribution).lower()
