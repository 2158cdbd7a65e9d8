"""Servers that more than one directory of these tests needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from galion_core.testing import FaultServer


@pytest.fixture
def public() -> Iterator[FaultServer]:
    """On 127.0.0.1; a policy may say that this is a public address."""
    with FaultServer() as running:
        yield running


@pytest.fixture
def private() -> Iterator[FaultServer]:
    """On another address of loopback."""
    with FaultServer(host="127.0.0.2") as running:
        yield running
