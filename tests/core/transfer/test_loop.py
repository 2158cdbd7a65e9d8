"""The curl thread: how it ends."""

from __future__ import annotations

import os
import threading

import pytest

from galion_core.transfer import loop as loop_module
from galion_core.transfer.loop import CurlLoop


def test_a_thread_that_ends_before_its_wake_up_is_written_keeps_the_pipe_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = CurlLoop()
    thread, go_on, write = loop._thread, threading.Event(), os.write

    def late(descriptor: int, data: bytes) -> int:
        go_on.set()  # the thread is awake: it finds the call to stop without being told
        thread.join(30)
        assert not thread.is_alive()
        return write(descriptor, data)

    started = threading.Event()
    loop.call(lambda: (started.set(), assert_set(go_on)))
    assert started.wait(30)
    monkeypatch.setattr(loop_module.os, "write", late)
    loop.close()


def test_work_for_a_loop_that_was_closed_is_done_at_once() -> None:
    loop = CurlLoop()
    loop.close()
    done: list[int] = []
    loop.call(lambda: done.append(1))
    assert done == [1]


def assert_set(event: threading.Event) -> None:
    assert event.wait(30)
