"""The name of a file that the server names."""

from __future__ import annotations

import mimetypes

from browser_download_filename import parse_content_disposition

from galion_core.transfer.exchange import Response
from galion_core.urls import ParsedUrl, name_from_url, parse_url, safe_name

#: Query parameters in which storage services repeat the Content-Disposition they will send.
_DISPOSITION_PARAMETERS = ("response-content-disposition", "rscd")


def name_of(response: Response, asked: ParsedUrl) -> str:
    """One safe name, from the first source that gives one (platforms.md 4).

    Content-Disposition, the same in the final URL's query, the path that was asked for, the final
    path, ``download``. A name without an extension gets the one of Content-Type.
    """
    final = parse_url(response.url)
    named = _disposition(response.headers.get("content-disposition"))
    for parameter in _DISPOSITION_PARAMETERS:
        named = named or _disposition(final.parameters.get(parameter))
    if named:
        return named
    name = name_from_url(asked) or name_from_url(final) or "download"
    if "." not in name:
        name += _extension(response.headers.get("content-type", ""))
    return safe_name(name)


def _disposition(text: str | None) -> str:
    if not text:
        return ""
    found = parse_content_disposition(text).filename
    return safe_name(found, default="") if found else ""


def _extension(content_type: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("", "application/octet-stream", "binary/octet-stream"):
        return ""
    return mimetypes.MimeTypes().guess_extension(kind) or ""
