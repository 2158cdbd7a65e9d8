"""What every test gets: no network beyond loopback, and a home of its own on request."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

_SECRET_VARIABLE = re.compile(r"^GALION_|TOKEN$|API_KEY$|^NETRC$|_proxy$", re.IGNORECASE)


class NetworkBlocked(RuntimeError):
    """A test reached for the network; not an OSError, so that no code takes it for an outage."""


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # AF_UNIX and other families that stay on this machine
    host = str(address[0])
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _guarded(
    connect: Callable[[socket.socket, Any], object],
) -> Callable[[socket.socket, Any], object]:
    def checked(self: socket.socket, address: object) -> object:
        if not _is_loopback(address):
            raise NetworkBlocked(f"Tests connect to loopback only, not to {address!r}")
        return connect(self, address)

    return checked


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections of Python's sockets beyond loopback (libcurl's sockets are its own)."""
    monkeypatch.setattr(socket.socket, "connect", _guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", _guarded(socket.socket.connect_ex))


@pytest.fixture
def galion_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty ``GALION_HOME``, with no setting, token or proxy from outside."""
    for variable in list(os.environ):
        if _SECRET_VARIABLE.search(variable):
            monkeypatch.delenv(variable)
    home = tmp_path / "galion-home"
    monkeypatch.setenv("GALION_HOME", str(home))
    return home
