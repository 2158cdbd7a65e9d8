"""The index of the core: words."""

from __future__ import annotations

from pathlib import Path

from galion_core.hookspecs import hookimpl
from galion_core.types import Index, IndexBackend


@hookimpl
def galion_register_index_backends() -> IndexBackend:
    """Offer the keyword index."""
    return IndexBackend(name="keyword", open=_open)


def _open(folder: Path) -> Index:
    from galion_core.library.keyword import open_keyword_index

    return open_keyword_index(folder)
