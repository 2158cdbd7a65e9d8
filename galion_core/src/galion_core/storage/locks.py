"""Locks between processes, as the kernel keeps them: whoever dies has let go (POSIX: flock).

The one module that knows how this system locks; another system's way belongs here beside it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path`` alone, waiting for it; not reentrant.

    The file is opened anew each time, so that threads and forked children exclude each other too.
    """
    held = hold(path)
    try:
        yield
    finally:
        os.close(held)


def hold(path: Path) -> int:
    """Wait for the lock, and keep it until the returned file descriptor is closed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_held(path: Path) -> bool:
    """Whether anybody holds the lock; a file that is not there is held by nobody."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who look at once do not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
