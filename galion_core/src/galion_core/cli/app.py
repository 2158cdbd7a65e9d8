"""The root of the command line: finds commands without loading them, turns errors into exits."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from galion_core.cli.output import complain, complain_usage
from galion_core.cli.session import Session, session_of
from galion_core.errors import GalionError
from galion_core.urls import redact
from galion_core.version import __version__

INTERRUPTED = 130

#: The core's own commands, each in the module that has its name; loaded when used.
COMMANDS = {
    "config": "Show and change the settings.",
    "detect": "Say which platform a link belongs to.",
    "download": "Download links, and prove what arrives.",
    "jobs": "List, show, cancel and retry downloads.",
    "plugins": "List, show, enable and disable plugins.",
}


class Root(click.Group):
    """The group of all commands; plugins are asked for theirs only when no built-in name fits."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Built-in commands and those of plugins."""
        return sorted({*COMMANDS, *session_of(context).plugin_commands.commands})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command with this name; the core's own names win."""
        if name in COMMANDS:
            command: click.Command = import_module(f"galion_core.cli.{name}").command
            command.short_help = COMMANDS[name]
            return command
        return session_of(context).plugin_commands.commands.get(name)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it; a link or a misspelt name is told what it should have been."""
        try:
            return super().resolve_command(context, args)
        except click.UsageError as error:
            if context.resilient_parsing:
                raise
            meant = _meant(args[0], self.list_commands(context))
            raise click.UsageError(error.message + meant, context) from None


def _meant(word: str, commands: Sequence[str]) -> str:
    if "://" in word:
        return f" To download a link: galion download {redact(word)}"
    close = difflib.get_close_matches(word, commands, 1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _no_plugins(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        session_of(context).no_plugins = True


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="galion %(version)s")
@click.option(
    "--no-plugins",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_no_plugins,
    help="Load no plugin.",
)
def root() -> None:
    """Download anything from any platform, prove the bytes, remember what was fetched.

    Exit codes: 0 ok, 1 failure, 2 usage or invalid URL, 3 credentials, 4 not found, 5 network or
    server (trying again helps), 6 rate limited, 7 integrity, 8 disk, 9 some of several failed,
    10 platform not supported, 11 refused by policy, 130 interrupted.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one call; the exit code comes back, every error has been told."""
    as_json = "--json" in arguments
    try:
        code = root.main(list(arguments), prog_name="galion", standalone_mode=False, obj=Session())
    except GalionError as error:
        complain(error, as_json=as_json)
        return error.exit_code
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        complain_usage(error, as_json=as_json)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; what is left in the buffers must not raise again.
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return 1
    return code if isinstance(code, int) else 0
