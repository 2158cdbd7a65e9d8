"""Writes to the store in groups: what many jobs change at about the same time is one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from galion_core.storage.protocol import Store

#: Seconds between two groups, at least.
_EVERY = 0.005

_Result = TypeVar("_Result")


class Scribe:
    """Does the work that is posted to it, in order; belongs to one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0

    def post(self, work: Callable[[], _Result]) -> asyncio.Future[_Result]:
        """Do the work with the next group; the future tells what it returned or raised.

        Who cancels the future before that takes the work back.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_Result] = loop.create_future()
        self._waiting.append((work, done))
        if self._timer is None:
            self._timer = loop.call_at(self._last + _EVERY, self.flush)
        return done

    def flush(self) -> None:
        """Do at once what is waiting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting = [each for each in self._waiting if not each[1].cancelled()]
        self._waiting = []
        if not waiting:
            return
        try:
            with self._store.together():
                outcomes = [_outcome(work) for work, _ in waiting]
        except Exception as error:
            outcomes = [(None, error)] * len(waiting)
        for (_, done), (result, failure) in zip(waiting, outcomes, strict=True):
            if failure is None:
                done.set_result(result)
            else:
                done.set_exception(failure)
        self._last = asyncio.get_running_loop().time()


def _outcome(work: Callable[[], object]) -> tuple[object, Exception | None]:
    try:
        return work(), None
    except Exception as error:
        return None, error
