"""The client for platform APIs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType

import httpx

from galion_core.errors import DownloadFailed
from galion_core.http.transport import RoutedTransport
from galion_core.network.route import Route
from galion_core.text import redact
from galion_core.urls import parse_url
from galion_core.version import __version__

#: Bytes of an answer, at most; the largest listings are a few MB.
MAX_BODY = 64 << 20
MAX_REDIRECTS = 10

HeadersFor = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HttpResponse."""

    url: str
    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> object:
        """The body as JSON; some APIs leave raw control characters in strings."""
        try:
            return json.loads(self.text, strict=False)
        except ValueError:
            raise DownloadFailed(
                f"{parse_url(self.url).host} answered something that is not JSON",
                hint="Try again later; the service may be in trouble.",
                details={"url": redact(self.url), "status": self.status},
            ) from None


class ApiClient:
    """An HttpClient over httpx; ``headers_for`` gives what may be sent to an origin.

    All its requests are one chain of ``route``: what an answer names may lead where a redirect may.
    """

    def __init__(self, headers_for: HeadersFor, route: Route, *, timeout: float = 20) -> None:
        self._headers_for = headers_for
        self._client = httpx.AsyncClient(
            timeout=timeout,
            transport=RoutedTransport(route),
            follow_redirects=False,
            headers={"User-Agent": f"Galion/{__version__} (+https://pypi.org/project/galion/)"},
        )

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to a GET, its status not judged: every API says no in its own way.

        Redirects are followed; ``headers`` go to the first origin only. Raises DownloadFailed when
        there is no answer, PolicyError where the route does not permit the address.
        """
        here = parse_url(str(httpx.URL(url, params=params) if params else url))
        first = here.origin
        for _ in range(MAX_REDIRECTS + 1):
            own = headers if headers and here.origin == first else {}
            sent = {**own, **self._headers_for(here.origin)}
            answer = await self._once(str(here), sent)
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            here = here.join(location)
        raise DownloadFailed(
            f"{parse_url(url).host} redirects more than {MAX_REDIRECTS} times",
            hint="Try again later; the service may be in trouble.",
            details={"url": redact(url)},
        )

    async def _once(self, url: str, headers: Mapping[str, str]) -> Answer:
        try:
            async with self._client.stream("GET", url, headers=dict(headers)) as response:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_BODY:
                        raise _unanswered(url, f"the answer is larger than {MAX_BODY} bytes")
                text = body.decode(response.encoding or "utf-8", errors="replace")
                return Answer(url, response.status_code, dict(response.headers), text)
        except httpx.HTTPError as error:
            raise _unanswered(url, str(error) or type(error).__name__) from None

    async def __aenter__(self) -> ApiClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()


def _unanswered(url: str, why: str) -> DownloadFailed:
    return DownloadFailed(
        f"No usable answer from {parse_url(url).host}: {redact(why)[:200]}",
        hint="Check your connection and try again.",
        details={"url": redact(url)},
    )
