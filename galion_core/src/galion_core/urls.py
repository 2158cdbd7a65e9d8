"""URLs and file names from outside: one parser for what is checked and what is fetched.

Everything downstream works with ParsedUrl, whose text is rebuilt from the parsed parts, so that no
other parser ever sees the original spelling and disagrees (faults.md R8).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

from galion_core.errors import InvalidUrl

DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21}
MAX_URL = 8192
#: Bytes of a file name; leaves room for ``.part.journal`` within the 255 that file systems allow.
MAX_NAME = 240

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):")
_HOST = re.compile(r"^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?)$")
_BRACKETED = re.compile(r"\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\](:[0-9]*)?")
# Characters that may stand as they are (RFC 3986), "%" among them: what is encoded stays encoded.
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
_QUERY_SAFE = _PATH_SAFE + "?[]|"
_DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³]|conin\$|conout\$) *(\.|$)", re.IGNORECASE)
#: Query parameters whose values are secrets, in the spellings of the services that sign links.
_SECRET_PARAMETERS = re.compile(
    r"token|key|secret|signature|^sig$|password|passwd|auth|credential|policy|^jwt$|session",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ParsedUrl:
    """A URL in parts: scheme and host in lower case, path and query percent-encoded."""

    scheme: str
    host: str
    """ASCII (IDNA), IPv6 in brackets; empty where the scheme has no host."""
    port: int | None
    """None: the scheme's own."""
    path: str
    query: str = ""
    fragment: str = ""
    userinfo: str = field(default="", repr=False)
    """``user:password`` as given; never part of the text form."""

    @property
    def origin(self) -> str:
        """scheme://host:port, the unit that credentials are bound to."""
        port = self.port or DEFAULT_PORTS.get(self.scheme, 0)
        return f"{self.scheme}://{self.host}:{port}"

    @property
    def parameters(self) -> dict[str, str]:
        """The query, decoded; the last value of a repeated name."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def segments(self) -> tuple[str, ...]:
        """The path's parts, decoded, empty ones left out."""
        return tuple(unquote(part) for part in self.path.split("/") if part)

    def join(self, reference: str) -> ParsedUrl:
        """The URL that ``reference`` means from here, as in a Location header; or InvalidUrl."""
        try:
            joined = urljoin(str(self), reference.strip())
        except ValueError as error:
            raise _invalid(reference, str(error)) from None
        return parse_url(joined)

    def __str__(self) -> str:
        """The URL to fetch and to keep: without userinfo and fragment."""
        port = "" if self.port is None else f":{self.port}"
        query = f"?{self.query}" if self.query else ""
        authority = f"//{self.host}{port}" if self.host else ""
        return f"{self.scheme}:{authority}{self.path}{query}"


def parse_url(text: str) -> ParsedUrl:
    """Parse what a person pasted; raises InvalidUrl.

    >>> str(parse_url(" https://Example.com:443/a b?x=1#top "))
    'https://example.com/a%20b?x=1'
    """
    stripped = text.strip()
    if not stripped:
        raise InvalidUrl("The URL is empty", details={"url": text[:MAX_URL]})
    if len(stripped) > MAX_URL:
        raise _invalid(stripped[:100] + "…", f"it is longer than {MAX_URL} characters")
    if _CONTROL.search(stripped) or "\\" in stripped:
        raise _invalid(stripped, "it holds control characters, backslashes or broken text")
    scheme = _SCHEME.match(stripped)
    if scheme is None:
        raise _invalid(
            stripped, "it has no scheme", hint=f"Did you mean https://{stripped.lstrip('/')} ?"
        )
    try:
        parts = urlsplit(stripped)
        port = parts.port
        host = parts.hostname or ""
    except ValueError as error:
        raise _invalid(stripped, str(error)) from None
    name = scheme.group(1).lower()
    # Without a host, a path of // would be read as one by whoever comes next.
    if host or name in DEFAULT_PORTS or parts.path.startswith("//"):
        host = _host(host, parts.netloc.rpartition("@")[2], stripped)
    path = quote(parts.path, safe=_PATH_SAFE)
    if host and not path:
        path = "/"
    return ParsedUrl(
        scheme=name,
        host=host,
        port=None if port == DEFAULT_PORTS.get(name) else port,
        path=path,
        query=quote(parts.query, safe=_QUERY_SAFE),
        fragment=parts.fragment,
        userinfo=parts.netloc.rpartition("@")[0],
    )


def _host(host: str, written: str, url: str) -> str:
    if not host:
        raise _invalid(url, "it has no host")
    host = host.lower()
    if not host.isascii():
        import idna  # 10 ms that only such hosts pay

        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise _invalid(url, f"its host is not a name: {error}") from None
    if ":" in host:
        host = f"[{host}]"
    if written.startswith("[") and not _BRACKETED.fullmatch(written):
        host = ""  # urlsplit reads over what stands behind the bracket, and takes names in one
    if not _HOST.match(host) or len(host) > 255:
        raise _invalid(url, "its host is not a name")
    return host


def _invalid(url: str, why: str, hint: str | None = None) -> InvalidUrl:
    shown = visible(redact(url))
    return InvalidUrl(
        f"{shown!r} is not a usable URL: {why}",
        hint=hint or "Paste a whole link, such as https://example.com/file.bin.",
        details={"url": shown},
    )


def redact(text: str) -> str:
    """The text with the passwords and signed query values of its URLs masked, for people to see.

    >>> redact("https://me:pw@h.test/f?name=a&X-Amz-Signature=abc")
    'https://***@h.test/f?name=a&X-Amz-Signature=***'
    """
    text = re.sub(r"(?<=://)[^/?#\s@]*(?:@[^/?#\s@]*)*@", "***@", text)
    return re.sub(
        r"([?&;])([^=&;\s#]+)=([^&;\s#'\"]*)",
        lambda m: f"{m[1]}{m[2]}=***" if _SECRET_PARAMETERS.search(m[2]) else m[0],
        text,
    )


def visible(text: str) -> str:
    """Text from outside, every control character replaced: safe for a terminal or a log (R22)."""
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text)


def safe_name(text: str, default: str = "download") -> str:
    r"""One file name out of a name from outside, safe by POSIX and Windows rules at once.

    Only what follows the last separator counts; reserved and invisible characters, device names,
    shortcut extensions, leading dots and trailing dots and spaces go (Chromium's rules); NFC; at
    most MAX_NAME bytes, the extension kept.

    >>> safe_name("../../etc/passwd"), safe_name("C:\\temp\\CON.txt"), safe_name("..")
    ('passwd', '_CON.txt', 'download')
    """
    from browser_download_filename import sanitize_filename

    tail = re.split(r"[/\\]", text)[-1]
    tail = "".join(c for c in tail if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    tail = unicodedata.normalize("NFC", tail).lstrip(". ").rstrip(". ")
    name = tail
    for _ in range(2):  # what one pass replaces can be what another rule is about
        name = sanitize_filename(name, platform="windows") if name.strip("-_") else ""
    if not name.strip("-_"):
        return default
    # Windows also takes "CON .txt" for the device, which Chromium does not know.
    return _fit(f"_{name}" if _DEVICE.match(name) else name)


def _fit(name: str) -> str:
    if len(name.encode()) <= MAX_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > 32:
        stem, extension = name, ""
    room = MAX_NAME - len((dot + extension).encode())
    cut = stem.encode()[:room].decode(errors="ignore").rstrip(". ")
    return cut + (dot + extension if extension else "")


def name_from_url(url: ParsedUrl) -> str:
    """The file name that the last part of the path gives, or an empty string."""
    last = url.path.rpartition("/")[2]
    return safe_name(unquote(last), default="") if last else ""
