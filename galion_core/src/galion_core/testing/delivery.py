"""Sends an answer as its paces and framing say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from galion_core.testing.bodies import PIECE, Body, Bytes, BytesBody
from galion_core.testing.messages import Answer, Framing, Pace
from galion_core.testing.wire import Hangup, Unsent, Wire

#: Pieces in a second, where the speed is limited.
_BEATS = 20


def deliver(answer: Answer, wire: Wire, *, with_body: bool, count: Callable[[int], None]) -> None:
    """Send the answer; ``count`` is told of body bytes before they leave (the lost ones negative).

    Raises Hangup when the connection is to end.
    """
    try:
        if answer.raw is not None:
            wire.send(answer.raw)
            raise Hangup(rude=False)
        for piece in _paced(BytesBody(answer.head()), answer.head_pace, wire):
            wire.send(piece)
        if with_body:
            _send_body(answer, wire, count)
    except Unsent:
        raise Hangup from None
    if answer.closes or answer.framing is Framing.CLOSE:
        raise Hangup(rude=False)


def _send_body(answer: Answer, wire: Wire, count: Callable[[int], None]) -> None:
    chunked = answer.framing is Framing.CHUNKED
    for piece in _paced(answer.body, answer.body_pace, wire):
        if chunked:
            wire.send(b"%x\r\n" % len(piece))
        count(len(piece))
        try:
            wire.send(piece)
        except Unsent as error:
            count(-error.count)
            raise
        if chunked:
            wire.send(b"\r\n")
    if chunked:
        wire.send(b"0\r\n\r\n")


def _paced(body: Body, pace: Pace, wire: Wire) -> Iterator[Bytes]:
    """The body's pieces, each when it is due, with the stops between them."""
    stops = sorted(pace.stops, key=lambda stop: stop.after)
    rate = pace.bytes_per_second
    step = PIECE if rate is None else max(1, min(PIECE, int(rate / _BEATS)))
    position, started = 0, time.monotonic()
    while True:
        while stops and stops[0].after <= position:
            stops.pop(0).act(wire)
        if position >= body.size:
            return
        limit = min(body.size, position + step, stops[0].after if stops else body.size)
        piece = body.read(position, limit)
        position += len(piece)
        yield piece
        if rate is not None:
            wire.pause(started + position / rate - time.monotonic())
