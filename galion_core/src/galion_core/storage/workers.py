"""Who is at work: a worker is alive while its lock file is held; no clock, no heartbeat."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import threading
from pathlib import Path

from galion_core.storage.failures import explained
from galion_core.storage.locks import hold, is_held, locked

_NAME = re.compile(r"[0-9a-z-]{1,100}")


class Workers:
    """The workers of this machine, by the files in one folder, ``NAME.lock`` each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mutex = threading.Lock()
        self._held: dict[str, int] = {}

    def new(self) -> str:
        """A new worker's name, alive until ``close`` or the end of the process."""
        name = f"{os.getpid()}-{secrets.token_hex(6)}"
        with self._mutex, explained("register a worker in", self._folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Behind the gate a file that nobody holds is a dead worker's, not one being made.
            with locked(self._folder / "gate"):
                self._bury_the_dead()
                self._held[name] = hold(self._path(name))
        return name

    def alive(self, name: str) -> bool:
        """Whether the worker can still be working."""
        if not _NAME.fullmatch(name):
            return False
        with explained("look for a worker in", self._folder):
            return is_held(self._path(name))

    def close(self) -> None:
        """End the workers that were made here."""
        with self._mutex:
            while self._held:
                name, descriptor = self._held.popitem()
                with contextlib.suppress(OSError):
                    self._path(name).unlink()
                os.close(descriptor)

    def _bury_the_dead(self) -> None:
        for path in self._folder.glob("*.lock"):
            if not is_held(path):
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"
