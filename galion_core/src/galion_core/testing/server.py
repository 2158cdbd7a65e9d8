"""A real HTTP/1.1 server on loopback that serves files and misbehaves exactly as told."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import count, pairwise
from types import TracebackType
from typing import Self

from galion_core.testing.bodies import Body, as_body
from galion_core.testing.connection import Connection
from galion_core.testing.faults.base import Fault
from galion_core.testing.faults.refusals import Redirect
from galion_core.testing.honest import Resource
from galion_core.testing.messages import Headers
from galion_core.testing.recording import Recorder, SeenRequest
from galion_core.testing.site import Page, Site
from galion_core.testing.wire import Wire

#: For ``etag``: one that is made from the body.
FROM_BODY = "from the body"
#: Last-Modified where nothing is said: long ago, so that it counts as a strong validator.
LONG_AGO = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


class FaultServer:
    """Serves on a loopback address within ``with``; leaves no connection and no thread behind.

    Several servers are several origins; each on 127.0.0.1 is also reachable as ``localhost``.
    """

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        """``host``: an address, such as ``127.0.0.2`` or ``::1``."""
        self._host = host
        self._wanted_port = port
        self._tls = tls
        self._site = Site()
        self._recorder = Recorder()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._wires: set[Wire] = set()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self.port = port

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Bind and serve; raises OSError when the port is taken."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._wanted_port), family=family, backlog=256)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._stopping.clear()
        self._run(self._accept, listener)

    def stop(self) -> None:
        """End every connection and wait for every thread; harmless when repeated."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        self._stopping.set()
        # accept() does not notice that its socket is closed; a last connection it does notice.
        with socket.create_connection((self._host, self.port)):
            self._threads[0].join()
        listener.close()
        with self._lock:
            wires = list(self._wires)
        for wire in wires:
            wire.abort()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    @property
    def origin(self) -> str:
        """scheme://address:port."""
        return self.url("")

    def url(self, target: str = "/", *, host: str | None = None) -> str:
        """The URL of a path, also of one where nothing is; by another name of the host if given."""
        host = host or (f"[{self._host}]" if ":" in self._host else self._host)
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{target}"

    def add(
        self,
        target: str,
        body: Body | bytes | str = b"",
        *,
        etag: str | None = FROM_BODY,
        last_modified: datetime | None = LONG_AGO,
        content_type: str | None = "application/octet-stream",
        headers: Mapping[str, str] | Headers | None = None,
        faults: Iterable[Fault] = (),
    ) -> str:
        """Serve a file at a path, in place of what was there; returns its URL.

        A target with a query answers to that query only. ``etag`` is as on the wire, quotes
        included; None leaves a header out. Faults apply in order, and count from now.
        """
        content = as_body(body)
        resource = Resource(
            body=content,
            etag=f'"{content.tag}"' if etag == FROM_BODY else etag,
            last_modified=last_modified,
            content_type=content_type,
            headers=headers if isinstance(headers, Headers) else Headers(headers or {}),
        )
        return self.url(self._site.put(target, Page(resource, faults)))

    def add_redirects(self, target: str, length: int, *, to: str, code: int = 302) -> str:
        """A chain of so many redirects, each at a path of its own, that ends at ``to``."""
        steps = [target, *(f"{target}/{number}" for number in range(2, length + 1)), to]
        for here, there in pairwise(steps):
            self.add(here, faults=[Redirect(there, code)])
        return self.url(target)

    def remove(self, target: str) -> None:
        """Answer 404 there from now on."""
        self._site.remove(target)

    @property
    def requests(self) -> list[SeenRequest]:
        """Every request so far, in order of arrival, as it stands now."""
        return self._recorder.snapshot()

    def requests_to(self, path: str) -> list[SeenRequest]:
        """The requests to one path, whatever their query."""
        return [request for request in self.requests if request.path == path]

    def forget_requests(self) -> None:
        """Start the record anew."""
        self._recorder.clear()

    def wait_for(
        self, what: int | Callable[[list[SeenRequest]], bool], timeout: float = 10
    ) -> list[SeenRequest]:
        """Wait until so many requests have arrived, or until a predicate of all of them holds.

        Raises TimeoutError, which lists what was seen.
        """
        return self._recorder.wait_for(what, timeout)

    def wait_until_idle(self, timeout: float = 10) -> list[SeenRequest]:
        """Wait until every request that arrived has been dealt with."""
        return self.wait_for(lambda seen: all(one.finished for one in seen), timeout)

    def _run(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(
            target=target, args=arguments, name=f"fault-server-{self.port}", daemon=True
        )
        # The first one accepts; of the others those that have ended are dropped.
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        for number in count(1):
            sock, address = listener.accept()
            if self._stopping.is_set():
                sock.close()
                return
            wire = Wire(sock, self._stopping)
            with self._lock:
                self._wires.add(wire)
            self._run(self._serve, wire, number, address[1])

    def _serve(self, wire: Wire, number: int, remote_port: int) -> None:
        connection = Connection(
            wire,
            self._site,
            self._recorder,
            number=number,
            remote_port=remote_port,
            origin=self.origin,
        )
        try:
            connection.serve(self._tls)
        finally:
            with self._lock:
                self._wires.discard(wire)
