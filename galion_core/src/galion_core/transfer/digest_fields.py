"""What a server says of its own bytes: Repr-Digest and Content-Digest (RFC 9530)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from galion_core.errors import InvalidInput
from galion_core.types import Checksum

#: RFC 9530's names of the algorithms that are fit for use, the one that costs nothing more first:
#: it is made of every file. The others (md5, sha, unixsum...) are not to be trusted (section 5).
_FIT = {"sha-256": "sha256", "sha-512": "sha512"}
#: A member of a structured dictionary whose value is a byte sequence (RFC 9651 3.2, 3.3.5);
#: parameters mean nothing here, and none is defined.
_MEMBER = re.compile(
    r"(?P<key>[a-z*][a-z0-9_.*-]*)=:(?P<value>[A-Za-z0-9+/=]*):"
    r"(?:;[ ]*[a-z*][a-z0-9_.*-]*(?:=[A-Za-z0-9?:*/+.=_-]*)?)*"
    r"[ \t]*(?P<end>,[ \t]*|$)"
)


def server_digest(headers: Mapping[str, str], field: str) -> Checksum | None:
    """The digest that ``Repr-Digest`` or ``Content-Digest`` gives; None where there is no word.

    Of several one is enough: a recipient may ignore any of them (RFC 9530 2 and 3). A field that
    is not well formed says nothing, nor does a digest of an algorithm that is weak or not known.

    >>> field = "unixsum=:MTIz:, sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    >>> str(server_digest({"repr-digest": field}, "Repr-Digest"))[:15]
    'sha256=e3b0c442'
    """
    said = _members(headers.get(field.lower(), "").strip())
    for key, algorithm in _FIT.items():
        if key in said:
            try:
                return Checksum(algorithm, _hex(said[key]), by=f"the server's own {field}")
            except (ValueError, InvalidInput):  # no base64, or of another length
                continue
    return None


def _members(text: str) -> dict[str, str]:
    """The dictionary's members, the last of each key; none when the text is not one."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        member = _MEMBER.match(text, position)
        if member is None:
            return {}
        found[member["key"]] = member["value"]
        position = member.end()
        if member["end"] and position == len(text):  # a comma that nothing follows
            return {}
    return found


def _hex(value: str) -> str:
    bare = value.rstrip("=")
    padded = bare + "=" * (-len(bare) % 4)  # may be left out (RFC 9651 4.2.7)
    return base64.b64decode(padded, validate=True).hex()
