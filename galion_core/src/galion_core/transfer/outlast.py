"""Waiting that a cancellation does not cut short."""

from __future__ import annotations

import asyncio
from typing import TypeVar

_Result = TypeVar("_Result")


async def outlast(work: asyncio.Future[None]) -> None:
    """Wait until the work has ended, well or not; a cancellation is raised only then."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


async def to_its_end(work: asyncio.Future[_Result]) -> _Result:
    """Wait for a step that must not be left half done; a cancellation comes too late for it."""
    while not work.done():
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
    return work.result()
