"""The ``galion`` command; one file for each group of commands."""

from __future__ import annotations

import gc
import sys

from galion_core.version import __version__


def main() -> None:
    """Run the command line; the version is told without loading anything."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        sys.stdout.write(f"galion {__version__}\n")
        return
    # Loading makes many objects that all stay: searching them for garbage is a tenth of the start.
    gc.set_threshold(50_000)
    from galion_core.cli.app import run

    sys.exit(run(arguments))
