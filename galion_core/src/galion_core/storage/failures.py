"""What stands in the way of the store, said so that a person can act on it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galion_core.errors import StoreError

_NOT_YOURS = "Give yourself the right to write there, or choose another folder with GALION_HOME."
_NOT_A_FOLDER = "Move the file that is in the way, or choose another folder with GALION_HOME."
_FULL = "Free some space; nothing that was stored is lost."
_HINTS = {
    errno.EACCES: _NOT_YOURS,
    errno.EPERM: _NOT_YOURS,
    errno.EROFS: _NOT_YOURS,
    errno.EEXIST: _NOT_A_FOLDER,
    errno.ENOTDIR: _NOT_A_FOLDER,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
}


@contextmanager
def explained(action: str, path: Path) -> Iterator[None]:
    """Turn the system's refusals into StoreErrors: "Cannot ACTION PATH: why"."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        culprit = f" ({error.filename})" if error.filename else ""
        raise StoreError(
            f"Cannot {action} {path}: {reason}{culprit}",
            hint=_HINTS.get(error.errno or errno.EIO, "Check the disk."),
            details={"path": str(path)},
        ) from error


def damaged(path: Path, what: str) -> StoreError:
    """The error of a file whose content cannot be what was written; the file stays as it is."""
    return StoreError(
        f"{path} is damaged: {what}",
        hint="The file was left as it is. Restore the folder from a backup; or move the folder "
        "aside and start with an empty one: what was downloaded is not touched.",
        details={"path": str(path)},
    )
