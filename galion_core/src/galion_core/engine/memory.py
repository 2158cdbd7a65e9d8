"""What the catalogue remembers of a file, in the transfer's terms."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from galion_core.library.catalogue import Catalogue
from galion_core.transfer.headers import Validators
from galion_core.transfer.journal import Identity
from galion_core.transfer.wanted import Fetched, Known


def origin_of(fetched: Fetched) -> Mapping[str, object]:
    """What to remember, so that the same file is recognised later."""
    validators = fetched.identity.validators
    return {
        "source": fetched.identity.source,
        "digest": fetched.identity.digest,
        "etag": validators.etag,
        "modified": validators.modified,
        "remote_size": validators.size,
        "sha256": fetched.sha256,
        "size": fetched.size,
        "modified_ns": os.stat(fetched.path).st_mtime_ns,
    }


def known_at(catalogue: Catalogue, path: Path) -> Known | None:
    """What is remembered of the file at ``path``."""
    origin = catalogue.origin(path)
    if origin is None:
        return None
    return Known(
        identity=Identity(
            source=str(origin["source"]),
            digest=_text(origin["digest"]),
            validators=Validators(
                etag=_text(origin["etag"]),
                modified=_text(origin["modified"]),
                size=_number(origin["remote_size"]),
            ),
        ),
        sha256=str(origin["sha256"]),
        size=_number(origin["size"]) or 0,
        modified_ns=_number(origin["modified_ns"]) or 0,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
