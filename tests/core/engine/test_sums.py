"""Lists of checksums are read as the tools that write them mean them; hostile ones do no harm."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galion_core.engine.sums import SumLine, find_checksums, parse_sums
from galion_core.types import Checksum

ONE, TWO = "1" * 64, "a" * 64
DIGITS = {"crc32": 8, "md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}


def read(text: str) -> list[tuple[str, str]]:
    return [(str(line.checksum), line.name) for line in parse_sums(text)]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (f"{ONE}  f.bin", "f.bin"),
        (f"{ONE} *f.bin", "f.bin"),
        (f"{ONE} f.bin", "f.bin"),
        (f"{ONE}\tf.bin", "f.bin"),
        (f"{ONE}  ./f.bin\r", "f.bin"),
        (f"{ONE}  a/b c.bin", "a/b c.bin"),
        (f"{ONE}   f", " f"),
        (f"{ONE}   ", " "),
        (f"{ONE}  *f", "*f"),
        (f"\\{ONE}  a\\nb\\\\c\\rd", "a\nb\\c\rd"),
        (f"{ONE}  a\\nb", "a\\nb"),
        (f"SHA256 (f.bin) = {ONE}", "f.bin"),
        (f"SHA256 (f (1).bin) = {ONE}", "f (1).bin"),
        (f"SHA256(f.bin)= {ONE}", "f.bin"),
        (f"sha-256 (f.bin) = {ONE}", "f.bin"),
        (f"\\SHA256 (a\\nb) = {ONE}", "a\nb"),
        (f"\ufeff{ONE}  f.bin", "f.bin"),
        (f"{ONE}", ""),
        (f"{ONE}  \r", ""),
    ],
)
def test_a_line_says_a_digest_and_a_name(line: str, name: str) -> None:
    assert read(f"{line}\n") == [(f"sha256={ONE}", name)]


@pytest.mark.parametrize(("algorithm", "digits"), DIGITS.items())
def test_the_length_says_which_digest_it_is(algorithm: str, digits: int) -> None:
    assert read(f"{'AB' * (digits // 2)}  f") == [(f"{algorithm}={'ab' * (digits // 2)}", "f")]


def test_a_name_of_the_algorithm_says_more_than_the_length() -> None:
    assert read(f"BLAKE3 (f) = {ONE}") == [(f"blake3={ONE}", "f")]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# a comment",
        f"# {ONE}  f",
        f"#{ONE}  f",
        "-----BEGIN PGP SIGNED MESSAGE-----",
        "Hash: SHA512",
        "<!DOCTYPE html>",
        f"{'1' * 56}  sha224",
        f"{ONE[:-1]}  short",
        f"{ONE}0  long",
        f"{ONE}f",
        f" {ONE}  indented",
        f"\\{ONE}  wrong \\x escape",
        f"\\{ONE}  ends in \\",
        f"MD5 (f) = {ONE}",
        f"CRC9 (f) = {ONE}",
        f"SHA256 () = {ONE}",
        f"SHA256 f = {ONE}",
    ],
)
def test_what_is_not_a_line_is_passed_over(line: str) -> None:
    assert read(f"{line}\n{ONE}  f\n{line}") == [(f"sha256={ONE}", "f")]


@pytest.mark.parametrize(
    ("text", "path", "names", "found"),
    [
        (f"{ONE}  f\n{TWO}  g", "f", (), [ONE]),
        (f"{ONE}  f\n{TWO}  g", "deep/down/g", (), [TWO]),
        (f"{ONE}  f\n{TWO}  other/f", "f", (), [ONE]),
        (f"{ONE}  f\n{TWO}  other/f", "other/f", (), [TWO]),
        (f"{ONE}  f\n{TWO}  other/f", "another/f", (), [ONE]),
        (f"{ONE}  of", "f", (), []),
        (f"{ONE}  F", "f", (), []),
        (f"{ONE}  named\n{TWO}  x", "api/123", ("named",), [ONE]),
        (f"{ONE}  named\n{TWO}  123", "api/123", ("named",), [TWO]),
        (f"{ONE}  f\n{TWO}  f", "f", (), [ONE, TWO]),
        (f"{ONE}", "anything", (), [ONE]),
        (f"{ONE}\n{TWO}  f", "g", (), []),
        (f"{ONE}\n{TWO}", "g", (), []),
        (f"{ONE}  f", "", (), []),
        ("", "f", ("f",), []),
    ],
)
def test_a_file_is_found_by_where_it_is_else_by_its_names(
    text: str, path: str, names: tuple[str, ...], found: list[str]
) -> None:
    assert [each.value for each in find_checksums(parse_sums(text), path, names)] == found


def escaped(name: str) -> tuple[str, str]:
    """As coreutils: the mark before the line, and the name."""
    written = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return ("\\" if written != name else ""), written


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@given(st.lists(st.tuples(NAMES, st.sampled_from(["gnu", "binary", "bsd"]), st.binary())))
def test_what_is_written_is_read(files: list[tuple[str, str, bytes]]) -> None:
    expected, text = [], ""
    for name, style, content in files:
        digest = hashlib.sha256(content).hexdigest()
        mark, written = escaped(name)
        line = {
            "gnu": f"{digest}  {written}",
            "binary": f"{digest} *{written}",
            "bsd": f"SHA256 ({written}) = {digest}",
        }[style]
        text += f"{mark}{line}\n"
        expected.append(SumLine(Checksum("sha256", digest), name.removeprefix("./")))
    assert parse_sums(text) == expected


@given(st.text() | st.binary().map(lambda data: data.decode(errors="replace")))
def test_no_text_does_harm(text: str) -> None:
    for line in parse_sums(text + f"\n{ONE}  " + text):
        assert line.checksum.value


def test_large_and_hostile_texts_are_read_in_one_pass() -> None:
    size = 1 << 20
    for piece in ("0", " ", "\\", "(", ")", ")=0", ") = 00000000", "X (", "\n", "\x00", f"{ONE}\n"):
        assert len(parse_sums("SHA256 (" + piece * (size // len(piece)) + "!")) <= size


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs coreutils")
@pytest.mark.parametrize("options", [[], ["--binary"], ["--tag"]])
@pytest.mark.parametrize("name", ["f.bin", " f", "*f", "a b)", "a\nb", "a\\b", "\\a", "é", "a\rb"])
def test_what_sha256sum_writes_is_read(options: list[str], name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"content")
    written = subprocess.run(
        ["sha256sum", *options, "--", name], cwd=tmp_path, capture_output=True, check=True
    )
    digest = hashlib.sha256(b"content").hexdigest()
    assert read(written.stdout.decode()) == [(f"sha256={digest}", name)]
