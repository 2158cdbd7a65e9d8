"""``galion config``: every setting, its value and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import click

from galion_core.cli.output import say, say_json, table, tell, warn
from galion_core.cli.session import Session, pass_session
from galion_core.errors import InvalidInput, NotFound
from galion_core.settings.layers import layers_of
from galion_core.settings.places import config_file
from galion_core.settings.schema import Settings, check
from galion_core.startup import found_plugins

_SECRET = re.compile("token|key|secret|password", re.IGNORECASE)


@click.group("config")
def command() -> None:
    """Show and change the settings.

    Defaults give way to the config file, the file to the environment (GALION_TABLE__KEY), the
    environment to options.
    """


@command.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@pass_session
def show(session: Session, as_json: bool) -> None:
    """List every setting, its value and where it comes from; secrets are masked."""
    origins = session.layers.origins
    values = dict(_settings(session))
    if as_json:
        say_json(
            {
                name: {"value": _masked(name, value), "origin": origins.get(name, "default")}
                for name, value in values.items()
            }
        )
        return
    rows = [
        (name, _text(_masked(name, value)), origins.get(name, "default"))
        for name, value in values.items()
    ]
    say(table(rows, ("SETTING", "VALUE", "FROM")))
    tell(f"The config file is {config_file()}")


@command.command("get")
@click.argument("name")
@pass_session
def get(session: Session, name: str) -> None:
    """Print the value of one setting, such as download.jobs."""
    values = dict(_settings(session))
    if name not in values:
        raise _unknown(name)
    say(_text(values[name]))


@command.command("set")
@click.argument("name")
@click.argument("value")
def set_(name: str, value: str) -> None:
    """Write the setting NAME into the config file.

    An empty VALUE removes it.
    """
    from galion_core.settings.writing import set_value

    table_name, dot, _ = name.partition(".")
    if not dot:
        raise _unknown(name)
    parsed = _usable(name, value) if value else None
    path = set_value(name, parsed)
    tell(f"{name} is {'removed' if parsed is None else 'set'} (in {path})")
    if parsed is not None and table_name not in _tables():
        warn(f"No installed plugin is named {table_name!r}, so nothing reads this setting.")


def _settings(session: Session) -> Iterator[tuple[str, object]]:
    yield from _flat(check(session.layers).model_dump(mode="json"))


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _usable(name: str, text: str) -> object:
    """The value as TOML would read it, or else as text; raises InvalidInput."""
    import tomllib

    try:
        parsed: object = tomllib.loads(f"value = {text}")["value"]
        check(layers_of({name: parsed}))
    except (tomllib.TOMLDecodeError, InvalidInput):
        check(layers_of({name: text}))
        return text
    return parsed


def _tables() -> set[str]:
    return {*Settings.model_fields, *(each.name for each in found_plugins(layers_of({})))}


def _masked(name: str, value: object) -> object:
    return "***" if value and _SECRET.search(name) else value


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"There is no setting {name!r}",
        hint="`galion config show` lists them; write it as table.key.",
    )
