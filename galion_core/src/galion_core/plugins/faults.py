"""What a plugin did wrong, in words: for one line on stderr and for ``galion plugins show``."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field

from galion_core.errors import GalionError
from galion_core.text import redact, visible

_LINE = 300


@dataclass(frozen=True, slots=True)
class PluginFault:
    """A hook of a plugin that failed; its answer is lost, those of other plugins are not."""

    plugin: str
    distribution: str
    """Empty for what is built in."""
    hook: str
    message: str
    traceback: str = field(default="", repr=False)
    refusal: GalionError | None = None
    """Set where the plugin raised what the user should read, as it is."""


class BadPlugin(Exception):
    """A plugin breaks the rules; the message tells its author which."""


def cause(error: BaseException) -> str:
    """The error on one line, safe for a terminal, secrets of URLs masked."""
    try:
        text = _words(error)
    except Exception:  # __str__ is the plugin's as well
        text = type(error).__name__
    line = " ".join(visible(redact(text)).replace("\ufffd", " ").split()).rstrip(".")
    return line if len(line) <= _LINE else line[:_LINE] + "…"


def _words(error: BaseException) -> str:
    if isinstance(error, GalionError):
        return f"{error.message}. {error.hint}" if error.hint else error.message
    if isinstance(error, BadPlugin):
        return str(error)
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    return f"{type(error).__name__}: {error}"


def trace(error: BaseException) -> str:
    """The traceback as text, safe for a terminal; empty where the message says it all."""
    if isinstance(error, BadPlugin):
        return ""
    try:
        lines = "".join(traceback.format_exception(error)).splitlines()
    except Exception:  # formatting runs the plugin's code
        return ""
    return "\n".join(visible(redact(line)) for line in lines)
