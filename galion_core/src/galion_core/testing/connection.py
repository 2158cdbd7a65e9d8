"""One connection served: request after request, until either side has enough."""

from __future__ import annotations

import ssl
import time
from dataclasses import replace

from galion_core.testing.delivery import deliver
from galion_core.testing.honest import text_answer
from galion_core.testing.messages import Request
from galion_core.testing.recording import Exchange, Recorder
from galion_core.testing.site import Site, answer_to
from galion_core.testing.wire import Hangup, Unsent, Wire


class Connection:
    """Reads requests from a wire, records them and answers from the site."""

    def __init__(
        self,
        wire: Wire,
        site: Site,
        recorder: Recorder,
        *,
        number: int,
        remote_port: int,
        origin: str,
    ) -> None:
        self._wire = wire
        self._site = site
        self._recorder = recorder
        self._number = number
        self._remote_port = remote_port
        self._scheme, _, self._host = origin.partition("://")

    def serve(self, tls: ssl.SSLContext | None) -> None:
        """Everything from the handshake to the close."""
        how = Hangup()
        try:
            if tls is not None:
                self._wire.start_tls(tls)
            while (request := self._next_request()) is not None:
                self._exchange(request)
            how = Hangup(rude=False)
        except Hangup as hangup:
            how = hangup
        except (OSError, Unsent):
            pass  # the client left; the record shows how far it came
        finally:
            self._wire.end(how)

    def _next_request(self) -> Request | None:
        try:
            head = self._wire.read_head()
            if head is None:
                return None
            method, target, version = head[0].split(" ")
            headers = head[1]
            body = self._wire.read_body(max(0, int(headers.get("content-length", "0"))))
        except ValueError as error:
            answer = text_answer(400, f"{error}\n")
            self._wire.send(answer.head() + answer.body.content())
            self._wire.linger()
            return None
        return Request(
            method=method,
            target=target,
            version=version,
            headers=headers,
            body=body,
            origin=f"{self._scheme}://{headers.get('host', self._host)}",
            connection=self._number,
            remote_port=self._remote_port,
            at=time.monotonic(),
        )

    def _exchange(self, request: Request) -> None:
        exchange = self._recorder.begin(request)
        try:
            self._answer(request, exchange)
        finally:
            exchange.finish()

    def _answer(self, request: Request, exchange: Exchange) -> None:
        page = self._site.find(request)
        answer = answer_to(page, request)
        if not request.keeps_alive:
            answer = replace(answer, closes=True)
        exchange.answered(answer.status or None)

        def count(number: int) -> None:
            exchange.sent(number)
            if page is not None:
                page.sent(number)

        with_body = request.method != "HEAD" and answer.status not in (204, 304)
        deliver(answer, self._wire, with_body=with_body, count=count)
