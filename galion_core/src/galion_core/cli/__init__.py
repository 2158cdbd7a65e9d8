"""The ``galion`` command; one file for each group of commands."""

from __future__ import annotations

import sys

from galion_core.version import __version__


def main() -> None:
    """Run the command line; the version is told without loading anything."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        sys.stdout.write(f"galion {__version__}\n")
        return
    from galion_core.cli.app import run

    sys.exit(run(arguments))
