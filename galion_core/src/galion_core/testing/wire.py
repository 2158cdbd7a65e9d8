"""One connection as bytes: heads read, bytes counted and sent, ends that are clean or are not."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import sys
import threading
import time
from typing import NoReturn

from galion_core.testing.bodies import Bytes
from galion_core.testing.messages import Event, Headers, decode

MAX_HEAD = 64 * 1024
#: Seconds between two looks at a connection on which nothing is sent.
_LOOK = 0.02
#: Seconds that what was sent before an end may take to arrive.
_DRAIN = 5.0


class Hangup(Exception):
    """The exchange ends here, and the connection with it."""

    def __init__(self, *, reset: bool = False, rude: bool = True) -> None:
        super().__init__()
        self.reset = reset
        self.rude = rude
        """Without the TLS farewell."""


class Wire:
    """The server's end of a connection."""

    def __init__(self, sock: socket.socket, stopping: threading.Event) -> None:
        with contextlib.suppress(OSError):  # macOS refuses when the client has left already
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._stopping = stopping
        self._lock = threading.Lock()
        self._buffer = b""

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Shake hands; raises OSError when the client does not want to."""
        with self._lock:
            wrapped = context.wrap_socket(
                self._sock, server_side=True, do_handshake_on_connect=False
            )
            self._sock = wrapped
        wrapped.do_handshake()

    def read_head(self) -> tuple[str, Headers] | None:
        """The request line and the headers; None at the end of the connection.

        Raises ValueError when it is not HTTP.
        """
        while (end := self._buffer.find(b"\r\n\r\n")) < 0 and len(self._buffer) <= MAX_HEAD:
            if not self._receive():
                return None
        if not 0 <= end <= MAX_HEAD:
            raise ValueError(f"The head is longer than {MAX_HEAD} bytes")
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = decode(head).split("\r\n")
        pairs = []
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise ValueError(f"Not a header: {line!r}")
            pairs.append((name, value.strip()))
        return first, Headers(pairs)

    def read_body(self, length: int) -> bytes:
        """So many bytes of the request's body; fewer when the connection ends before."""
        while len(self._buffer) < length and self._receive():
            pass
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return body

    def send(self, data: Bytes) -> None:
        """Send all of it; raises Unsent when the connection ends before."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._sock.send(rest) :]
        except OSError:
            raise Unsent(len(rest)) from None

    def pause(self, seconds: float | None, until: Event | None = None) -> None:
        """Wait for the time, the event, the client's leaving or the server's stop."""
        end = None if seconds is None else time.monotonic() + seconds
        while not (until is not None and until.wait(0)):
            look = _LOOK if end is None else min(_LOOK, end - time.monotonic())
            if look <= 0:
                return
            if self._stopping.wait(look) or self._client_left():
                raise Hangup

    def cut(self, *, reset: bool) -> NoReturn:
        """End the exchange here."""
        raise Hangup(reset=reset)

    def linger(self) -> None:
        """Say no more, and throw away what still comes: unread bytes would make the end a reset."""
        socket.socket.shutdown(self._sock, socket.SHUT_WR)
        while self._receive():
            self._buffer = b""

    def end(self, how: Hangup) -> None:
        """Close, once what was sent has arrived."""
        with contextlib.suppress(OSError, ValueError):
            if how.reset:
                self._drain()
                linger = struct.pack("ii", 1, 0)
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            elif not how.rude and isinstance(self._sock, ssl.SSLSocket):
                self._drain()
                self._sock.setblocking(False)  # say farewell, do not wait for the reply
                self._sock.unwrap()
        with self._lock:
            self._sock.close()

    def abort(self) -> None:
        """From another thread: whatever it waits for on this connection ends now."""
        with self._lock, contextlib.suppress(OSError):
            # Not SSLSocket.shutdown, which changes the object under the other thread's hands.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def _receive(self) -> bool:
        received = self._sock.recv(65536)
        self._buffer += received
        return bool(received)

    def _client_left(self) -> bool:
        if not select.select([self._sock], [], [], 0)[0]:
            return False
        if isinstance(self._sock, ssl.SSLSocket):
            return True  # nothing but a farewell comes while an answer is awaited
        try:
            return not self._sock.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def _drain(self) -> None:
        """Wait for the network to take what was sent: a reset throws away what is left."""
        if sys.platform != "linux":
            return
        import fcntl
        import termios

        end = time.monotonic() + _DRAIN
        while time.monotonic() < end and not self._stopping.is_set():
            queued = fcntl.ioctl(self._sock.fileno(), termios.TIOCOUTQ, bytes(4))
            if not int.from_bytes(queued, sys.byteorder):
                return
            self._stopping.wait(0.001)


class Unsent(Exception):
    """The connection ended while so many bytes were still to be sent."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count
