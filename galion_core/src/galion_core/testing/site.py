"""The files of a server: which faults are due to a request, and the answer that comes out."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from urllib.parse import quote

from galion_core.testing.faults.base import Fault, History
from galion_core.testing.honest import Resource, missing, respond, text_answer
from galion_core.testing.messages import Answer, Request


class Page:
    """A resource with its faults and with what has happened to it so far."""

    def __init__(self, resource: Resource, faults: Iterable[Fault]) -> None:
        self.resource = resource
        self._faults = [(fault, History()) for fault in faults]
        self._body_bytes = 0
        self._lock = threading.Lock()

    def sent(self, count: int) -> None:
        """Count bytes of the body that leave."""
        with self._lock:
            self._body_bytes += count

    def answer(self, request: Request) -> Answer:
        """What the faults that are due make of the right answer."""
        due = self._due(request)
        resource = self.resource
        heard = request
        for fault in due:
            heard = fault.hear(heard)
            resource = fault.serve(resource)
        answer = respond(resource, heard)
        for fault in due:
            answer = fault.send(answer, request)
        return answer

    def _due(self, request: Request) -> list[Fault]:
        due = []
        with self._lock:
            for fault, history in self._faults:
                if not fault.concerns(request) or not (fault.when is None or fault.when(request)):
                    continue
                history.body_bytes = self._body_bytes
                if fault.due(history):
                    history.applied += 1
                    due.append(fault)
                history.seen += 1
                if due and due[-1].replaces:
                    break
        return due


class Site:
    """Pages by target: with the query where it was added with one, else by path."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}

    def put(self, target: str, page: Page) -> str:
        """Add or replace; returns the target as it stands in a URL."""
        if not target.startswith("/"):
            raise ValueError(f"A path starts with '/': {target!r}")
        written = quote(target, safe="/%?=&:@!$'()*+,;~-._[]")
        self._pages[written] = page
        return written

    def remove(self, target: str) -> None:
        """Answer 404 from now on."""
        del self._pages[target]

    def find(self, request: Request) -> Page | None:
        """The page that the request means."""
        return self._pages.get(request.target) or self._pages.get(request.path)


def answer_to(page: Page | None, request: Request) -> Answer:
    """The answer to any request."""
    if request.method not in ("GET", "HEAD"):
        refusal = text_answer(405, "GET and HEAD only\n")
        return Answer(
            status=405,
            headers=refusal.headers.with_("Allow", "GET, HEAD"),
            body=refusal.body,
            closes=True,
        )
    return missing(request) if page is None else page.answer(request)
