"""Any direct http or https link: the platform that bids when no other does."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import unquote

from galion_core import (
    AuthRequest,
    Confidence,
    Credentials,
    ParsedUrl,
    PlatformInfo,
    PlatformMatch,
    RemoteFile,
    Resolution,
    ResolveContext,
    hookimpl,
)

NAME = "generic"


@hookimpl
def galion_register_platform() -> PlatformInfo:
    """Serve every host that nobody else knows."""
    return PlatformInfo(
        name=NAME,
        title="Any direct link",
        examples=("https://example.com/model.safetensors",),
    )


@hookimpl
def galion_detect_platform(url: ParsedUrl) -> PlatformMatch | None:
    """Bid for any http or https URL, below every other platform."""
    if url.scheme not in ("http", "https"):
        return None
    ids = {"host": url.host, "path": url.path}
    return PlatformMatch(platform=NAME, kind="file", ids=ids, confidence=Confidence.FALLBACK)


@hookimpl
def galion_resolve_url(context: ResolveContext) -> Resolution:
    """The link is the file; the server's answer gives its name, size, type and validators."""
    return Resolution(files=(RemoteFile(url=str(context.url)),))


@hookimpl
def galion_authenticate(request: AuthRequest) -> Credentials | None:
    """User and password of the URL itself, or of ~/.netrc where ``generic.netrc`` is true."""
    if request.platform != NAME or request.origin != request.url.origin:
        return None
    user, password = _userinfo(request.url)
    if not user and _asked(request.settings.get("netrc")):
        from galion_generic.netrc import login

        user, password = login(request.url.host)
    if not user:
        return None
    token = b64encode(f"{user}:{password}".encode()).decode("ascii")
    return Credentials(origins=(request.origin,), headers={"Authorization": f"Basic {token}"})


def _userinfo(url: ParsedUrl) -> tuple[str, str]:
    user, _, password = url.userinfo.partition(":")
    return unquote(user), unquote(password)


def _asked(setting: object) -> bool:
    return str(setting).strip().lower() in ("1", "true", "yes", "on")
