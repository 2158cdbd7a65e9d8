"""Tell the file that was asked for from a page that says why not (design.md 4, promise 8)."""

from __future__ import annotations

import re

from galion_core.errors import IntegrityError

#: Bytes of the body's start that are looked at.
HEAD = 1024
#: Larger JSON or XML answers are not error messages.
_SMALL = 64 * 1024

_HTML = re.compile(
    rb"\s*(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html|head)[\s>]", re.I | re.S
)
_LFS = b"version https://git-lfs.github.com/spec/"
_XML_ERROR = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<Error>\s*<Code>", re.I)
_JSON_ERROR = re.compile(rb'\s*\{.*"(?:error|errors|message|detail)"\s*:', re.I | re.S)

_PAGES = frozenset({"", "html", "htm", "xhtml", "php", "asp", "aspx", "jsp", "shtml", "mhtml"})
_XML = frozenset({"", "xml", "rss", "atom", "svg"})
_JSON = frozenset({"", "json", "jsonl", "ipynb", "geojson", "map"})


def check_type(name: str, content_type: str) -> None:
    """Refuse a page announced as a page where a file was asked for; raises IntegrityError."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml") and _extension(name) not in _PAGES:
        raise _refused(
            name, "a web page (HTML)", "It may be a login page; open the link in a browser."
        )


def check_body(name: str, head: bytes, size: int) -> None:
    """Refuse a body that starts like a page, an error message or a pointer; raises IntegrityError.

    ``head`` is the first HEAD bytes of ``size``.
    """
    text = head.removeprefix(b"\xef\xbb\xbf")
    extension = _extension(name)
    if extension not in _PAGES and _HTML.match(text):
        raise _refused(
            name, "a web page (HTML)", "It may be a login page; open the link in a browser."
        )
    if size <= HEAD and text.startswith(_LFS):
        raise _refused(
            name,
            "a Git LFS pointer, not the file it points at",
            "Take the link of the file itself, often called raw or download, not that of its page.",
        )
    if size <= _SMALL and extension not in _XML and _XML_ERROR.match(text):
        raise _refused(
            name, "an error message (XML)", "The link may have expired; get a fresh one."
        )
    if size <= _SMALL and extension not in _JSON and _JSON_ERROR.match(text):
        raise _refused(name, "an error message (JSON)", "Open the link in a browser to read it.")


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _refused(name: str, what: str, hint: str) -> IntegrityError:
    return IntegrityError(
        f"The server sent {what} instead of {name!r}; nothing was saved",
        hint=hint,
        details={"name": name, "got": what},
    )
