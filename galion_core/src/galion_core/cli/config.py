"""``galion config``: every setting, its value and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from galion_core.cli.output import say, say_json, table, tell
from galion_core.cli.session import Session, pass_session
from galion_core.errors import InvalidInput, NotFound
from galion_core.settings.layers import read_layers
from galion_core.settings.places import config_file
from galion_core.settings.schema import check


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
    """List every setting, its value and where it comes from."""
    origins = session.layers.origins
    values = dict(_settings(session))
    if as_json:
        say_json(
            {
                name: {"value": value, "origin": origins.get(name, "default")}
                for name, value in values.items()
            }
        )
        return
    rows = [(name, _text(value), origins.get(name, "default")) for name, value in values.items()]
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
    """Write the setting NAME into the config file; an empty VALUE removes it."""
    from galion_core.settings.writing import set_value

    if "." not in name:
        raise _unknown(name)
    parsed = _parse(value) if value else None
    check(read_layers({name: parsed}, environment={}))
    path = set_value(name, parsed)
    tell(f"{name} is {'removed' if parsed is None else 'set'} (in {path})")


def _settings(session: Session) -> Iterator[tuple[str, object]]:
    for name, value in check(session.layers).model_dump(mode="json").items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{key}", each) for key, each in value.items())
        else:
            yield name, value


def _parse(text: str) -> object:
    """The value as TOML would read it; text where that is not TOML."""
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _unknown(name: str) -> InvalidInput | NotFound:
    return NotFound(
        f"There is no setting {name!r}",
        hint="`galion config show` lists them; write it as table.key.",
    )
