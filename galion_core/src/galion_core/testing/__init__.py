"""For tests of Galion and of plugins: a server on loopback that misbehaves exactly as told.

>>> from galion_core.testing import FaultServer, PatternBody, faults
>>> with FaultServer() as server:
...     url = server.add("/model.bin", PatternBody(10_000), faults=[faults.CutBody(4_000, times=1)])
...     len(server.requests)
0

Needs the standard library alone (``Authority`` also trustme). Everything is loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from galion_core.testing.bodies import Body, BytesBody, PatternBody, SparseBody
    from galion_core.testing.messages import Answer, Headers, Request
    from galion_core.testing.ports import refusing_port, silent_port, unreachable_port
    from galion_core.testing.recording import SeenRequest
    from galion_core.testing.samples import sample_site
    from galion_core.testing.server import FaultServer
    from galion_core.testing.tls import Authority

__all__ = [
    "Answer",
    "Authority",
    "Body",
    "BytesBody",
    "FaultServer",
    "Headers",
    "PatternBody",
    "Request",
    "SeenRequest",
    "SparseBody",
    "refusing_port",
    "sample_site",
    "silent_port",
    "unreachable_port",
]

_HOMES = {
    "Answer": "messages",
    "Authority": "tls",
    "Body": "bodies",
    "BytesBody": "bodies",
    "FaultServer": "server",
    "Headers": "messages",
    "PatternBody": "bodies",
    "Request": "messages",
    "SeenRequest": "recording",
    "SparseBody": "bodies",
    "refusing_port": "ports",
    "sample_site": "samples",
    "silent_port": "ports",
    "unreachable_port": "ports",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "faults"])
