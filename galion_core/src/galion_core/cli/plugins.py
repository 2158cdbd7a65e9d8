"""``galion plugins``: what is installed, and which of it is used."""

from __future__ import annotations

import difflib

import click

from galion_core.cli.output import say, say_json, table, tell
from galion_core.cli.session import Session, pass_session, session_of
from galion_core.errors import NotFound
from galion_core.hookspecs import HOOKS
from galion_core.plugins.records import PluginRecord, PluginState
from galion_core.settings.layers import file_layers
from galion_core.settings.values import names
from galion_core.startup import found_plugins


@click.group("plugins", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the installed plugins; none of them is imported.

    A plugin runs with your rights: install only what you trust.
    """
    if context.invoked_subcommand is not None:
        return
    records = found_plugins(session_of(context).layers)
    if as_json:
        say_json([_view(each) for each in records])
    elif records:
        rows = [(each.name, each.version, each.state, each.distribution) for each in records]
        say(table(rows, ("NAME", "VERSION", "STATE", "DISTRIBUTION")))
        for each in records:
            if each.reason and each.state is not PluginState.DISABLED:
                tell(each.line)
    else:
        tell("No plugin is installed. `pip install galion` brings the usual ones.")


@command.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@pass_session
def show(session: Session, name: str, as_json: bool) -> int:
    """Load the plugin NAME and say what it does, or why it does not work."""
    from galion_core.startup import load_plugins

    wanted = [each for each in found_plugins(session.layers) if each.name == name]
    if not wanted:
        raise _unknown(session, name)
    manager = load_plugins(session.layers, lambda line: None, records=wanted)
    record = manager.records[0]
    hooks = manager.hooks_of(name)
    if as_json:
        say_json({**_view(record), "hooks": hooks, "traceback": record.traceback or None})
        return 0
    say(f"{record.name} {record.version} of {record.distribution}: {record.state}")
    for hook in hooks:
        say(f"  {hook}: {HOOKS[hook].mode}")
    if record.reason:
        say(f"  {record.reason}")
    if record.traceback:
        say(record.traceback.rstrip())
    return 0


@command.command("enable")
@click.argument("name")
@pass_session
def enable(session: Session, name: str) -> None:
    """Use the plugin NAME again."""
    _set_disabled(session, name, disabled=False)


@command.command("disable")
@click.argument("name")
@pass_session
def disable(session: Session, name: str) -> None:
    """Do not import the plugin NAME any more."""
    _set_disabled(session, name, disabled=True)


def _set_disabled(session: Session, name: str, *, disabled: bool) -> None:
    from galion_core.settings.writing import set_value

    installed = {each.name for each in found_plugins(session.layers)}
    before = names(file_layers(), "plugins", "disabled")
    if name not in installed and name not in before:
        raise _unknown(session, name)
    after = sorted({*before, name} if disabled else {*before} - {name})
    path = set_value("plugins.disabled", after or None)
    tell(f"{name} is {'disabled' if disabled else 'enabled'} (in {path})")


def _unknown(session: Session, name: str) -> NotFound:
    installed = [each.name for each in found_plugins(session.layers)]
    close = difflib.get_close_matches(name, installed, 1)
    return NotFound(
        f"No plugin named {name!r} is installed",
        hint=f"Did you mean {close[0]}?" if close else "`galion plugins` lists what is installed.",
    )


def _view(record: PluginRecord) -> dict[str, object]:
    return {
        "name": record.name,
        "version": record.version,
        "distribution": record.distribution,
        "state": record.state.value,
        "reason": record.reason or None,
    }
