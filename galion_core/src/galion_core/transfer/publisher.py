"""Give proven bytes their final name, atomically, over nobody's file."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from galion_core.errors import FileExists
from galion_core.transfer.part import Part, disk_errors

#: What file systems without hard links say to link().
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def publish(part: Part, *, replace: bool) -> None:
    """Rename the part to its target, delete its journal; raises FileExists unless ``replace``."""
    with disk_errors(part.target):
        os.fsync(part.descriptor)
        if replace:
            os.replace(part.path, part.target)
        else:
            _rename_new(part.path, part.target)
        _sync_directory(part.target.parent)
    part.remove()


def already_there(target: Path) -> FileExists:
    """The error for a name that is taken by other bytes."""
    return FileExists(
        f"{target} exists already and was not touched",
        hint="Replace it with --force, or choose another name with -o.",
        details={"path": str(target)},
    )


def _rename_new(part: Path, target: Path) -> None:
    try:
        # link() is the rename that fails when the name is taken.
        os.link(part, target)
    except FileExistsError:
        raise already_there(target) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise already_there(target) from None
        os.rename(part, target)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
