"""One libcurl multi handle, driven by epoll in a thread of its own.

Only this thread touches curl handles. Others hand it work through ``call``; what a transfer wants
to do with its bytes happens in callbacks on this thread, so that no byte waits for a thread switch.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic

import pycurl

from galion_core.transfer.rates import Queue

#: Idle connections kept for the next request to the same place.
KEPT_CONNECTIONS = 64

Done = Callable[[int, str], None]


class CurlLoop:
    """Runs curl handles; ``add`` and ``drop`` may be called from any thread."""

    def __init__(self) -> None:
        self._calls: deque[Callable[[], None]] = deque()
        self._done: dict[pycurl.Curl, Done] = {}
        self._deadline: float | None = None
        self._alarm: float | None = None
        self._closing = False
        self._woken = False
        """A wake-up is in the pipe: whoever comes now need not send another."""
        self._silent = threading.Event()
        self.queue = Queue(self._set_alarm)
        """The connections that a limit of speed holds back; for the loop's thread alone."""
        self.busy = 0.0
        """Seconds that the thread has been at work, not waiting."""
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, KEPT_CONNECTIONS)
        self._thread = threading.Thread(target=self._run, name="galion-transfer", daemon=True)
        self._thread.start()

    def add(self, handle: pycurl.Curl, done: Done) -> None:
        """Start a prepared handle; ``done(code, message)`` is called on the loop's thread, once.

        The handle is the loop's from now on, and closed when it is done or dropped.
        """

        def start() -> None:
            self._done[handle] = done
            self._multi.add_handle(handle)

        self.call(start)

    def drop(self, handle: pycurl.Curl, dropped: Callable[[], object]) -> None:
        """Stop a handle at once, if it still runs; ``dropped`` is called when it is silent."""

        def stop() -> None:
            if self._done.pop(handle, None) is not None:
                self._multi.remove_handle(handle)
                handle.close()
            dropped()

        self.call(stop)

    def end(self, handle: pycurl.Curl, code: int, message: str) -> None:
        """The handle is at its end; on the loop's thread."""
        done = self._done.pop(handle, None)
        self._multi.remove_handle(handle)
        if done is not None:
            done(code, message)
        handle.close()

    def call(self, work: Callable[[], None]) -> None:
        """Run ``work`` on the loop's thread, soon; at once when the loop has ended."""
        if self._silent.is_set():
            work()
            return
        self._calls.append(work)
        if not self._woken:
            self._woken = True
            os.write(self._wake_write, b"\0")

    def close(self) -> None:
        """Stop; handles that still run end as aborted, and nothing is called after this."""
        if not self._silent.is_set():
            self.call(self._stop)
            self._silent.wait()
            # Only now: a call made while the thread was ending still writes into the pipe.
            os.close(self._wake_read)
            os.close(self._wake_write)
            while self._calls:
                self._calls.popleft()()

    def _stop(self) -> None:
        self._closing = True

    def _watch(self, what: int, descriptor: int, _multi: object, _data: object) -> None:
        """Curl tells which events of which socket it waits for."""
        wanted = 0
        if what in (pycurl.POLL_IN, pycurl.POLL_INOUT):
            wanted |= selectors.EVENT_READ
        if what in (pycurl.POLL_OUT, pycurl.POLL_INOUT):
            wanted |= selectors.EVENT_WRITE
        known = descriptor in self._selector.get_map()
        if not wanted:
            if known:
                self._selector.unregister(descriptor)
        elif known:
            self._selector.modify(descriptor, wanted)
        else:
            self._selector.register(descriptor, wanted)

    def _set_timer(self, milliseconds: int) -> None:
        """Curl tells when it wants to be called although nothing happened."""
        self._deadline = None if milliseconds < 0 else monotonic() + milliseconds / 1000

    def _set_alarm(self, seconds: float) -> None:
        """The queue tells when somebody's turn comes."""
        self._alarm = monotonic() + seconds

    def _run(self) -> None:
        awake = monotonic()
        while not self._closing:
            asleep = monotonic()
            self.busy += asleep - awake
            due = [each for each in (self._deadline, self._alarm) if each is not None]
            timeout = max(0.0, min(due) - asleep) if due else None
            happened = self._selector.select(timeout)
            awake = monotonic()
            for key, events in happened:
                if key.fd == self._wake_read:
                    self._drain()
                else:
                    self._act(key.fd, events)
            if self._deadline is not None and monotonic() >= self._deadline:
                self._deadline = None
                self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            if self._alarm is not None and monotonic() >= self._alarm:
                self._alarm = None
                self.queue.serve()
            while self._calls:
                self._calls.popleft()()
            self._reap()
        self._shut()

    def _act(self, descriptor: int, events: int) -> None:
        action = 0
        if events & selectors.EVENT_READ:
            action |= pycurl.CSELECT_IN
        if events & selectors.EVENT_WRITE:
            action |= pycurl.CSELECT_OUT
        self._multi.socket_action(descriptor, action)

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._wake_read, 4096):
                pass
        # Between the pipe and the calls: who comes before finds them not yet looked at, who comes
        # after wakes us again.
        self._woken = False

    def _reap(self) -> None:
        while True:
            waiting, succeeded, failed = self._multi.info_read()
            outcomes = [(handle, pycurl.E_OK, "") for handle in succeeded] + list(failed)
            for handle, code, message in outcomes:
                self.end(handle, code, message)
            if not waiting:
                return

    def _shut(self) -> None:
        for handle in list(self._done):
            self.end(handle, pycurl.E_ABORTED_BY_CALLBACK, "the transfer engine was closed")
        while self._calls:
            self._calls.popleft()()
        self._silent.set()
        # Nobody waits for this: it takes as long as name servers take to answer what was asked.
        self._multi.close()
        self._selector.close()
