"""Text from outside, made fit to be shown: no secret of a link, no control character."""

from __future__ import annotations

import re
import unicodedata

#: Query parameters whose values are secrets, in the spellings of the services that sign links.
_SECRET_PARAMETERS = re.compile(
    r"token|key|secret|signature|^sig$|password|passwd|auth|credential|policy|^jwt$|session",
    re.IGNORECASE,
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
