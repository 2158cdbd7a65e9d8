"""What the commands of one call share: settings and plugins, each loaded when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from galion_core.cli.output import warn
from galion_core.settings.layers import Layers, read_layers

if TYPE_CHECKING:
    from galion_core.plugins.manager import PluginManager


class Session:
    """Made once for a call of ``galion``."""

    def __init__(self) -> None:
        self.no_plugins = False
        self._layers: Layers | None = None
        self._manager: PluginManager | None = None
        self._plugin_commands: click.Group | None = None

    @property
    def layers(self) -> Layers:
        """The settings of file and environment."""
        if self._layers is None:
            self._layers = read_layers()
        return self._layers

    @property
    def manager(self) -> PluginManager:
        """The plugins; one that fails costs a line on stderr."""
        if self._manager is None:
            from galion_core.startup import load_plugins

            records = () if self.no_plugins else None
            self._manager = load_plugins(self.layers, warn, records=records)
        return self._manager

    @property
    def plugin_commands(self) -> click.Group:
        """The commands that plugins add."""
        if self._plugin_commands is None:
            self._plugin_commands = click.Group()
            self.manager.collect("galion_register_commands", cli=self._plugin_commands)
        return self._plugin_commands


def session_of(context: click.Context) -> Session:
    """The session that the call was started with."""
    session = context.find_object(Session)
    assert session is not None
    return session


pass_session = click.make_pass_decorator(Session)
