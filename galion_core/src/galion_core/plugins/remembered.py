"""Remembers what the metadata of installed plugins says, for as long as nothing is installed anew.

Reading it takes ``importlib.metadata`` (30 ms to import) and a look into every distribution, most
of which have nothing to do with Galion. What pip does to a folder of sys.path changes the folder's
time and the names of the metadata in it: while both are as they were, so are its plugins.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from galion_core.plugins.records import UNKNOWN, Offer, PluginRecord, PluginState, normal_name
from galion_core.settings.places import make_private

_State = list[object]
_Kept = dict[str, dict[str, object]]


def offers_on_path(cache: Path | None) -> Iterator[Offer]:
    """All offers of plugins, from the file ``cache`` where it still holds, else from metadata.

    Of a distribution that is there several times the first one counts, as it does for Python.
    """
    kept = _load(cache) if cache else {}
    before = dict(kept)
    taken: set[str] = set()
    for folder in dict.fromkeys(os.path.abspath(each or os.curdir) for each in sys.path):
        offers = list(_offers_in(folder, kept))
        yield from (each for each in offers if normal_name(each.record.distribution) not in taken)
        taken |= {normal_name(each.record.distribution) for each in offers} - {UNKNOWN}
    if cache and kept != before:
        _save(cache, kept)


def _offers_in(folder: str, kept: _Kept) -> list[Offer]:
    state = _state(folder)
    if state is None:
        return []
    if (held := kept.get(folder)) and held.get("state") == state:
        try:
            return [_from_row(*row) for row in held["offers"]]  # type: ignore[attr-defined]
        except (TypeError, ValueError, LookupError):
            pass  # not what we write: what is installed is the truth
    from galion_core.plugins.metadata import offers_in

    offers = list(offers_in(folder))
    rows = [[each.group, *each.record] for each in offers]
    kept[folder] = {"state": state, "offers": rows}
    return offers


def _from_row(group: str, *record: str) -> Offer:
    read = PluginRecord(*record)  # type: ignore[arg-type]
    return Offer(group, read._replace(state=PluginState(read.state)))


def _state(folder: str) -> _State | None:
    """What changes with the distributions in a folder or an archive; None where there are none."""
    try:
        changed = os.stat(folder).st_mtime_ns
        names = sorted(n for n in os.listdir(folder) if n.lower().endswith(("-info", ".egg-link")))
    except NotADirectoryError:
        return [changed]
    except OSError:
        return None
    return [changed, *names] if names else None


def _load(cache: Path) -> _Kept:
    try:
        kept = json.loads(cache.read_bytes())
        return {folder: dict(held) for folder, held in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _save(cache: Path, kept: _Kept) -> None:
    there = {folder: held for folder, held in kept.items() if os.path.exists(folder)}
    own = cache.with_name(f"{cache.name}.{os.getpid()}")
    try:
        make_private(cache.parent)
        own.touch(0o600)
        own.write_text(json.dumps(there))
        own.replace(cache)
    except OSError:  # without a cache it is only slower
        with suppress(OSError):
            own.unlink()
