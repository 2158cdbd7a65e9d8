"""What the author of a plugin may import: the hook marker, the types, the errors.

Everything is loaded on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # type checkers know the name; importing typing takes as long as Python does
if TYPE_CHECKING:
    from galion_core.errors import (
        CredentialsRefused,
        CredentialsRequired,
        DownloadFailed,
        GalionError,
        IntegrityError,
        InvalidInput,
        InvalidUrl,
        NotFound,
        PlatformNotSupported,
        PolicyError,
        RateLimited,
    )
    from galion_core.hookspecs import hookimpl
    from galion_core.types import (
        Artifact,
        AuthRequest,
        Checksum,
        Confidence,
        Credentials,
        Event,
        GraphEdge,
        HttpClient,
        HttpResponse,
        Index,
        IndexBackend,
        IndexDocument,
        IndexHit,
        PlatformInfo,
        PlatformMatch,
        PostProcessor,
        ProcessResult,
        RemoteFile,
        Resolution,
        ResolveContext,
        StoreBackend,
    )
    from galion_core.urls import ParsedUrl, parse_url, safe_name
    from galion_core.version import __version__

__all__ = [
    "Artifact",
    "AuthRequest",
    "Checksum",
    "Confidence",
    "Credentials",
    "CredentialsRefused",
    "CredentialsRequired",
    "DownloadFailed",
    "Event",
    "GalionError",
    "GraphEdge",
    "HttpClient",
    "HttpResponse",
    "Index",
    "IndexBackend",
    "IndexDocument",
    "IndexHit",
    "IntegrityError",
    "InvalidInput",
    "InvalidUrl",
    "NotFound",
    "ParsedUrl",
    "PlatformInfo",
    "PlatformMatch",
    "PlatformNotSupported",
    "PolicyError",
    "PostProcessor",
    "ProcessResult",
    "RateLimited",
    "RemoteFile",
    "Resolution",
    "ResolveContext",
    "StoreBackend",
    "__version__",
    "hookimpl",
    "parse_url",
    "safe_name",
]

_SPECIAL = {
    "ParsedUrl": "urls",
    "__version__": "version",
    "hookimpl": "hookspecs",
    "parse_url": "urls",
    "safe_name": "urls",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'galion_core' has no attribute {name!r}")
    home = _SPECIAL.get(name)
    candidates = (home,) if home else ("types", "errors")
    for module in candidates:
        found = getattr(import_module(f"galion_core.{module}"), name, None)
        if found is not None:
            globals()[name] = found
            return found
    raise AttributeError(name)  # pragma: no cover - __all__ is tested whole


def __dir__() -> list[str]:
    return sorted(__all__)
