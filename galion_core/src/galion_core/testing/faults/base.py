"""What a fault is: three places at which it may bend an exchange, and a rule for when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from galion_core.testing.honest import Resource
from galion_core.testing.messages import Answer, Request


@dataclass
class History:
    """What came before, for one fault of one resource."""

    seen: int = 0
    """Earlier requests that the fault could concern."""
    applied: int = 0
    body_bytes: int = 0
    """Body bytes of the resource that were sent so far."""


@dataclass(frozen=True)
class Fault:
    """A way in which a server misbehaves; subclass it to write another.

    It skips the first ``skip`` requests that it concerns and ``when`` admits, applies to the next
    ``times`` (None: to all), and then lets everything through. A request passes through ``hear``,
    the resource through ``serve`` and the right answer to both through ``send``; what is not
    overridden changes nothing.
    """

    times: int | None = field(default=None, kw_only=True)
    skip: int = field(default=0, kw_only=True)
    when: Callable[[Request], bool] | None = field(default=None, kw_only=True)

    #: The fault gives the whole answer: faults after it are neither applied nor counted.
    replaces: ClassVar[bool] = False

    def concerns(self, request: Request) -> bool:
        """Whether such a request can show the fault at all; others are not counted."""
        return True

    def due(self, history: History) -> bool:
        """Whether the fault's turn has come and is not over."""
        return history.seen >= self.skip and (self.times is None or history.applied < self.times)

    def hear(self, request: Request) -> Request:
        """The request as the server takes it."""
        return request

    def serve(self, resource: Resource) -> Resource:
        """The file as the server has it."""
        return resource

    def send(self, answer: Answer, request: Request) -> Answer:
        """The answer as it leaves; ``request`` is what really arrived."""
        return answer


class BodyFault(Fault):
    """A fault that only an answer with a body can show."""

    def concerns(self, request: Request) -> bool:
        """A GET."""
        return request.method == "GET"


class RangeFault(Fault):
    """A fault that only a request for a part can show."""

    def concerns(self, request: Request) -> bool:
        """A GET with Range."""
        return ranged(request)


def ranged(request: Request) -> bool:
    """For ``when``: a GET of a part."""
    return request.method == "GET" and request.range is not None


def unranged(request: Request) -> bool:
    """For ``when``: a GET of the whole."""
    return request.method == "GET" and request.range is None
