"""Names from outside: one component that every file system takes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galion_core.testing import FaultServer
from galion_core.transfer.exchange import Response
from galion_core.transfer.headers import Headers
from galion_core.transfer.naming import name_of
from galion_core.transfer.wanted import Fetched
from galion_core.urls import MAX_NAME, parse_url, safe_name

BODY = b"some bytes"
DEVICES = {"con", "prn", "aux", "nul", "clock$", "conin$", "conout$"} | {
    f"{kind}{number}" for kind in ("com", "lpt") for number in "123456789¹²³"
}

#: Texts in which what can go wrong is likely.
hostile = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from('/\\.:*?"<>| ~%\x00\n\r\t\u202e\u200b\ufeff\u0301é模😀aAcConN$1'),
    ),
    max_size=400,
) | st.builds(
    "".join,
    st.lists(
        st.sampled_from(["..", "/", "\\", "CON", "nul", ".", " ", "C:", "a", ".txt", "é" * 130])
    ),
)


def assert_safe(name: str) -> None:
    assert name
    assert len(name.encode()) <= MAX_NAME
    assert not set(name) & set('/\\:*?"<>|')
    assert not any(unicodedata.category(each) in ("Cc", "Cf", "Cs") for each in name)
    assert name not in (".", "..")
    assert not name.startswith(".")
    assert not name.endswith((".", " "))
    assert name.partition(".")[0].rstrip().lower() not in DEVICES
    assert unicodedata.is_normalized("NFC", name)


@given(hostile)
def test_a_safe_name_is_safe_by_every_rule_and_stays_as_it_is(text: str) -> None:
    name = safe_name(text)
    assert_safe(name)
    assert safe_name(name) == name


@given(hostile, st.sampled_from(["", "application/zip", "text/html; charset=utf-8", "x", "a/b"]))
def test_whatever_the_headers_say_the_name_is_safe(text: str, kind: str) -> None:
    asked = parse_url("http://127.0.0.1/file")
    fields = Headers([f"Content-Disposition: {text}", f"Content-Type: {kind}"])
    assert_safe(name_of(Response(str(asked), 200, fields), asked))


@given(hostile, hostile, st.sampled_from(["", "application/zip"]))
def test_whatever_the_urls_say_the_name_is_safe(path: str, parameter: str, kind: str) -> None:
    asked = parse_url("http://127.0.0.1/" + quote(path, errors="replace")[:2000])
    final = f"{asked}?rscd=" + quote(parameter, errors="replace")[:2000]
    assert_safe(name_of(Response(final, 200, Headers([f"Content-Type: {kind}"])), asked))


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="../../evil.sh"', "evil.sh"),
        (r'attachment; filename="..\\..\\evil.bat"', "evil.bat"),
        ('attachment; filename="/etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\Windows\\\\system.ini"', "system.ini"),
        (r'attachment; filename="\\\\host\\share\\file.bin"', "file.bin"),
        ("attachment; filename*=UTF-8''..%2F..%2Fevil.sh", "evil.sh"),
        ("attachment; filename*=UTF-8''%e6%a8%a1%e5%9e%8b.bin", "模型.bin"),
        ('attachment; filename="größe.bin"', "größe.bin"),
        ('attachment; filename=".bashrc"', "bashrc"),
        ('attachment; filename="NUL.txt"', "_NUL.txt"),
        ('attachment; filename="file.bin:stream"', "file.bin_stream"),
        ('attachment; filename="click.lnk"', "click.download"),
        ('attachment; filename="model.safetensors. . "', "model.safetensors"),
        ('attachment; filename="evil\u202egnp.exe"', "evilgnp.exe"),
        ('attachment; filename="."', "asked.bin"),
        ('attachment; filename=".."', "asked.bin"),
        ('attachment; filename=""', "asked.bin"),
        ('attachment; filename="   "', "asked.bin"),
        ("attachment", "asked.bin"),
        ("attachment; filename=" + "a" * 300 + ".bin", "a" * (MAX_NAME - 4) + ".bin"),
    ],
)
def test_a_hostile_content_disposition_names_a_file_in_the_directory(
    disposition: str,
    name: str,
    server: FaultServer,
    fetch: Callable[..., Fetched],
    directory: Path,
) -> None:
    url = server.add("/asked.bin", BODY, headers={"Content-Disposition": disposition})
    fetched = fetch(url)
    assert fetched.path == directory / name
    assert {path.name for path in directory.parent.rglob("*") if path.is_file()} == {name}


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/größe/模型.bin", "application/octet-stream", "模型.bin"),
        ("/%2E%2E%2Fevil.sh", "application/octet-stream", "evil.sh"),
        ("/%00%0D%0A.bin", "application/octet-stream", "bin"),
        ("/", "application/octet-stream", "download"),
        ("/", "application/zip", "download.zip"),
        ("/archive", "application/zip", "archive.zip"),
        ("/v1.5", "application/zip", "v1.5"),
        ("/" + "a" * 300, "application/zip", "a" * (MAX_NAME - 4) + ".zip"),
        ("/" + "é" * 150 + ".bin", "application/octet-stream", "é" * 118 + ".bin"),
    ],
)
def test_a_url_names_the_file_where_nothing_better_does(
    path: str, kind: str, name: str, server: FaultServer, fetch: Callable[..., Fetched]
) -> None:
    fetched = fetch(server.add(path, BODY, content_type=kind))
    assert fetched.path.name == name
    assert fetched.path.read_bytes() == BODY
