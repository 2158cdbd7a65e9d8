"""The store of one machine: TinyDB over a journal."""

from __future__ import annotations

from pathlib import Path

from galion_core.hookspecs import hookimpl
from galion_core.storage.protocol import Store
from galion_core.types import StoreBackend


@hookimpl
def galion_register_stores() -> StoreBackend:
    """Offer the embedded store."""
    return StoreBackend(name="tinydb", open=_open)


def _open(home: Path) -> Store:
    from galion_core.storage.tinystore import open_store  # TinyDB, only when it is used

    return open_store(home)
