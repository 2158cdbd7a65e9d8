"""The headers that may go to an origin: secrets are bound to theirs (design.md 4, promise 7)."""

from __future__ import annotations

from collections.abc import Mapping

from galion_core.engine.request import Secrets
from galion_core.plugins.manager import PluginManager
from galion_core.types import AuthRequest, Credentials


class OriginHeaders:
    """The user's own headers for the URL's origin, plugins' credentials for the origins they name.

    Each origin is asked for once.
    """

    def __init__(
        self,
        manager: PluginManager,
        platform: str,
        secrets: Secrets,
        settings: Mapping[str, object],
    ) -> None:
        self._manager = manager
        self._platform = platform
        self._secrets = secrets
        self._settings = settings
        self._known: dict[str, Mapping[str, str]] = {}

    def __call__(self, origin: str) -> Mapping[str, str]:
        """The headers for ``scheme://host:port``."""
        if origin not in self._known:
            own = self._secrets.headers if origin == self._secrets.url.origin else {}
            said = {name.lower() for name in own}
            given = self._credentials(origin).items()
            self._known[origin] = {
                **{name: value for name, value in given if name.lower() not in said},
                **own,
            }
        return self._known[origin]

    def _credentials(self, origin: str) -> Mapping[str, str]:
        request = AuthRequest(
            platform=self._platform,
            origin=origin,
            url=self._secrets.url,
            settings=self._settings,
        )
        answer = self._manager.first("galion_authenticate", request=request)
        if answer is None:
            return {}
        credentials: Credentials = answer.value
        return credentials.headers if origin in credentials.origins else {}
