"""A line of the store's files: ``crc32hex json``, so that half a line is known as such."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast
from zlib import crc32

from galion_core.errors import InvalidInput

#: A document: what JSON can say.
Document = dict[str, Any]
#: Table, id, and the document that it now is; None: removed.
Change = tuple[str, str, Document | None]
#: Documents by table and id.
Tables = dict[str, dict[str, Document]]

#: Far from where Python's own JSON reader gives up, which depends on who calls it.
MAX_DEPTH = 100

_CHECKSUM_LENGTH = 8
_NESTING = (dict, list, tuple)


class BadLine(ValueError):
    """The line is not what was written."""


def encode(value: object) -> bytes:
    """The line that holds the value; raises TypeError for what JSON cannot say."""
    return line_of(payload_of(value))


def payload_of(value: object) -> bytes:
    """The value as JSON; raises TypeError for what JSON cannot say."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Lone surrogates come with file names that are not UTF-8.
    return text.encode("utf-8", "surrogatepass")


def line_of(payload: bytes) -> bytes:
    """The line that holds the JSON."""
    return b"%08x %s\n" % (crc32(payload), payload)


def is_whole(line: bytes) -> bool:
    """Whether the line is as it was written, every byte of it."""
    payload = line[_CHECKSUM_LENGTH + 1 : -1]
    return line == b"%08x %s\n" % (crc32(payload), payload)


def decode(line: bytes) -> object:
    """What the line holds; raises BadLine."""
    if not is_whole(line):
        raise BadLine("its checksum does not match")
    return value_of(line[_CHECKSUM_LENGTH + 1 : -1])


def value_of(payload: bytes) -> object:
    """What the JSON says; raises BadLine."""
    try:
        return json.loads(payload.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise BadLine("it is not JSON") from error


def changes(value: object) -> list[Change]:
    """The value as a list of changes; raises BadLine when it is not one."""
    if not (isinstance(value, list) and all(_is_change(item) for item in value)):
        raise BadLine("it does not list documents")
    return [(table, doc_id, document) for table, doc_id, document in value]


def _is_change(item: object) -> bool:
    match item:
        case [str(), str(), dict() | None]:
            return True
    return False


def payload_of_changes(several: list[Change]) -> bytes:
    """The changes as JSON.

    Raises InvalidInput for a document that is nested so deeply that reading it could fail.
    """
    try:
        payload = payload_of(several)
        # Most have not so many brackets in all: a count is cheaper than a walk.
        deep = payload.count(b"[") + payload.count(b"{") > MAX_DEPTH and _is_deep(several)
    except RecursionError:
        deep = True
    if deep:
        raise InvalidInput(
            f"A document is nested more than {MAX_DEPTH} levels deep",
            hint="Leave out the part that is nested so deeply.",
        )
    return payload


def _is_deep(several: list[Change]) -> bool:
    level: list[object] = [document for _, _, document in several if document is not None]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: object) -> list[object]:
    """The lists and dicts in a value."""
    inner = value.values() if isinstance(value, dict) else value
    return [item for item in cast(Iterable[object], inner) if isinstance(item, _NESTING)]


def apply(change: Change, tables: Tables) -> None:
    """Make the change; documents are replaced and never changed in place, so they can be shared."""
    name, doc_id, document = change
    if document is not None:
        tables.setdefault(name, {})[doc_id] = document
    elif (table := tables.get(name)) is not None:
        table.pop(doc_id, None)
        if not table:
            del tables[name]
