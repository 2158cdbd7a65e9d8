"""What a plugin may use while it resolves a URL."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from galion_core.engine.headers import OriginHeaders
from galion_core.network.route import Route
from galion_core.types import HttpClient
from galion_core.urls import ParsedUrl

if TYPE_CHECKING:
    from galion_core.http import ApiClient


class Context:
    """A ResolveContext; its client is made when it is first used (httpx is slow to import)."""

    def __init__(
        self,
        url: ParsedUrl,
        settings: Mapping[str, object],
        headers_for: OriginHeaders,
        route: Route,
        file_id: str | None = None,
    ) -> None:
        self._url = url
        self._settings = settings
        self._headers_for = headers_for
        self._route = route
        self._file_id = file_id
        self._client: ApiClient | None = None

    @property
    def url(self) -> ParsedUrl:
        """What the user gave."""
        return self._url

    @property
    def settings(self) -> Mapping[str, object]:
        """The plugin's own table of the configuration."""
        return self._settings

    @property
    def file_id(self) -> str | None:
        """Set when one file's link is to be made anew."""
        return self._file_id

    @property
    def http(self) -> HttpClient:
        """For the platform's API."""
        if self._client is None:
            from galion_core.http import ApiClient

            self._client = ApiClient(self._headers_for, self._route)
        return self._client

    async def __aenter__(self) -> Context:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.__aexit__(kind, error, trace)
