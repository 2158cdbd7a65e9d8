"""What is a page, an error message or a pointer, and what only looks a little like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galion_core.errors import IntegrityError
from galion_core.transfer.sniff import HEAD, check_body, check_type

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
XML = b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>'
JSON = b'{"ok": false,\n "error": "log in"}'


def check(name: str, body: bytes, size: int | None = None) -> None:
    check_body(name, body[:HEAD], len(body) if size is None else size)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (PAGE, "a web page"),
        (PAGE.lower(), "a web page"),
        (b"\xef\xbb\xbf" + PAGE, "a web page"),
        (b"\r\n\t " + PAGE, "a web page"),
        (b"<!-- a --> <!-- b -->\n" + PAGE, "a web page"),
        (b"<html lang=en>", "a web page"),
        (b"<head\n>", "a web page"),
        (PAGE + bytes(1 << 20), "a web page"),
        (POINTER, "a Git LFS pointer"),
        (XML, "an error message (XML)"),
        (XML.partition(b"\n")[2], "an error message (XML)"),
        (JSON, "an error message (JSON)"),
        (b'{"message": "Not Found"}', "an error message (JSON)"),
        (b' {"detail": "x"}', "an error message (JSON)"),
    ],
)
@pytest.mark.parametrize("name", ["model.safetensors", "archive.zip", "file.bin"])
def test_a_page_or_a_message_is_refused(name: str, body: bytes, what: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        check(name, body)
    assert what in caught.value.message
    assert name in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("index.html", PAGE),
        ("PAGE.HTM", PAGE),
        ("page", PAGE),
        ("feed.xml", XML),
        ("settings.json", JSON),
        ("notebook.ipynb", JSON),
        ("file.bin", b""),
        ("file.bin", b"<"),
        ("file.bin", b"<htmlx>"),
        ("file.bin", b"the <html> tag"),
        ("file.bin", b"<svg><html></svg>"),
        ("file.bin", b'["error"]'),
        ("file.bin", b'{"weights": [1, 2]}'),
        ("file.bin", b"version https://example.com/spec/v1\n"),
        ("file.bin", POINTER + bytes(HEAD)),
        ("file.bin", JSON + bytes(1 << 20)),
        ("file.bin", XML + bytes(1 << 20)),
        ("file.bin", b"<?xml?><Erroneous><Code>"),
    ],
)
def test_what_only_looks_like_one_is_kept(name: str, body: bytes) -> None:
    check(name, body)


@pytest.mark.parametrize("kind", ["text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml"])
def test_a_page_announced_as_one_is_refused_unless_a_page_was_asked_for(kind: str) -> None:
    with pytest.raises(IntegrityError, match="a web page"):
        check_type("file.bin", kind)
    check_type("index.html", kind)
    check_type("about", kind)


@pytest.mark.parametrize("kind", ["", "text/plain", "text/html-ish", "application/octet-stream"])
def test_any_other_type_is_taken(kind: str) -> None:
    check_type("file.bin", kind)


@given(st.binary(max_size=HEAD), st.integers(0, 1 << 40))
def test_any_bytes_are_judged_without_a_fault(body: bytes, size: int) -> None:
    try:
        check_body("file.bin", body, size)
    except IntegrityError:
        assert body.lstrip(b"\xef\xbb\xbf \t\r\n\x0b\x0c")[:1] in b"<{v"


@given(st.binary(max_size=200))
def test_a_page_stays_a_page_whatever_follows(rest: bytes) -> None:
    with pytest.raises(IntegrityError):
        check("file.bin", PAGE + rest)


def test_a_hostile_start_does_not_take_long_to_judge() -> None:
    """Comments without end, which a careless pattern would try in every combination."""
    check("file.bin", b"<!---->" * 200)
    check("file.bin", b"<!-- --" * 200)
    check("file.bin", b'{"' * 500)
