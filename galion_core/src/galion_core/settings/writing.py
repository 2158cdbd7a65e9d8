"""Change the config file, keeping its comments and order."""

from __future__ import annotations

import os
import tempfile
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from galion_core.errors import DiskError, InvalidInput
from galion_core.settings.places import config_file


def set_value(name: str, value: object) -> Path:
    """Set a dotted name, None removes it; returns the file. Raises InvalidInput or DiskError."""
    path = config_file()
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    except (OSError, ValueError, TOMLKitError) as error:
        raise InvalidInput(
            f"The config file {path} cannot be read: {error}",
            hint="Mend it, or move it away to start anew.",
        ) from None
    *parents, last = name.split(".")
    table: MutableMapping[str, Any] = document
    for parent in parents:
        below = table.setdefault(parent, tomlkit.table())
        if not isinstance(below, MutableMapping):
            raise InvalidInput(
                f"{name!r} stands below {parent!r}, which is a value",
                hint=f"Remove {parent!r} from {path} first.",
            )
        table = below
    if value is None:
        table.pop(last, None)
        if len(parents) == 1 and not table:
            document.remove(parents[0])
    else:
        table[last] = value
    _replace(path, tomlkit.dumps(document))
    return path


def _replace(path: Path, text: str) -> None:
    """Write the whole file or nothing; only its owner may read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".config-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        raise DiskError(
            f"The config file {path} cannot be written: {error.strerror}",
            hint="Mend the permissions, or name another file in GALION_CONFIG.",
        ) from None
