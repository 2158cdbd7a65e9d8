"""Where a job's files come from: the plugin that won the URL, asked for its files and its links."""

from __future__ import annotations

from galion_core.engine.context import Context
from galion_core.engine.headers import OriginHeaders
from galion_core.engine.request import Secrets
from galion_core.errors import NotFound
from galion_core.network.addresses import AddressPolicy
from galion_core.network.route import Route
from galion_core.plugins.manager import PluginManager
from galion_core.plugins.platforms import detect_or_raise
from galion_core.settings.layers import Layers
from galion_core.text import redact
from galion_core.types import HttpResponse, RemoteFile, Resolution


class Source:
    """A URL, its platform, and what the platform says of it."""

    def __init__(
        self,
        manager: PluginManager,
        layers: Layers,
        secrets: Secrets,
        policy: AddressPolicy,
        *,
        trusted: bool,
    ) -> None:
        """``trusted``: a person typed the URL; see ``Route``."""
        self._start = self._onward = Route(policy, restricted=not trusted)
        self._manager = manager
        self._url = secrets.url
        self._bid = detect_or_raise(manager, secrets.url)
        self._settings = layers.table(self.platform)
        self.headers = OriginHeaders(manager, self.platform, secrets, self._settings)

    @property
    def platform(self) -> str:
        """The platform's name."""
        return self._bid.match.platform

    @property
    def ids(self) -> dict[str, str]:
        """What the URL itself says."""
        return dict(self._bid.match.ids)

    async def resolve(self, file_id: str | None = None) -> Resolution:
        """The files behind the URL, or the one with this id; raises what the plugin raises."""
        route = self._start.branch()
        async with Context(self._url, self._settings, self.headers, route, file_id) as context:
            answer: Resolution = await self._manager.ask_owner(
                self._bid.plugin, "galion_resolve_url", match=self._bid.match, context=context
            )
        if not self._onward.restricted:
            self._onward = route
        return answer

    def route(self) -> Route:
        """The way to a file: on from where the platform's answers came from."""
        return self._onward.branch()

    async def get(self, url: str, *, typed: bool) -> HttpResponse:
        """A small answer from elsewhere, asked for with what its origin may be told.

        ``typed``: the request names this link, as it does the download's own.
        """
        route = (self._start if typed else self._onward).branch()
        async with Context(self._url, self._settings, self.headers, route) as context:
            return await context.http.get(url)

    async def renew(self, file_id: str) -> RemoteFile:
        """The file with a fresh link."""
        for each in (await self.resolve(file_id)).files:
            if each.id == file_id:
                return each
        raise NotFound(
            f"{self.platform} does not list this file any more: {redact(str(self._url))}",
            hint="Open the link in a browser to see what it holds now.",
        )
