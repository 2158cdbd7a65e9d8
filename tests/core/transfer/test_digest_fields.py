"""Repr-Digest and Content-Digest: what is well formed and fit for use is heard, nothing else."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galion_core.transfer.digest_fields import server_digest
from galion_core.types import Checksum

CONTENT = b"hello"


def coded(name: str, content: bytes = CONTENT) -> str:
    return base64.b64encode(hashlib.new(name, content).digest()).decode()


SHA256 = Checksum("sha256", hashlib.sha256(CONTENT).hexdigest())
SHA512 = Checksum("sha512", hashlib.sha512(CONTENT).hexdigest())
IS_256 = f"sha-256=:{coded('sha256')}:"
IS_512 = f"sha-512=:{coded('sha512')}:"


def heard(text: str) -> Checksum | None:
    return server_digest({"repr-digest": text}, "Repr-Digest")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (IS_256, SHA256),
        (IS_512, SHA512),
        (f"{IS_512}, {IS_256}", SHA256),
        (f"{IS_512}\t ,\t{IS_256} ", SHA256),
        (f"md5=:{coded('md5')}:, unixsum=:MTIz:, {IS_512}", SHA512),
        (f"*new.kind_1-x=::, {IS_256}", SHA256),
        (f"{IS_256};q=1; w, {IS_512}", SHA256),
        (f"sha-256=:{coded('sha256', b'earlier')}:, {IS_256}", SHA256),
        (IS_256.replace("=:", ":").replace("256:", "256=:"), SHA256),  # without padding
        (f"sha-256=:AAAA:, {IS_512}", SHA512),
    ],
)
def test_a_well_formed_field_says_its_digest(text: str, said: Checksum) -> None:
    assert heard(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "sha-256",
        "sha-256=::",
        "sha-256=:AAAA:",
        f"sha-256={coded('sha256')}",
        f"sha-256=:{coded('sha256')}",
        f"sha-256=:{coded('sha256')[:-4]}====:",
        f"sha-256 =:{coded('sha256')}:",
        f"SHA-256=:{coded('sha256')}:",
        f"{IS_256},",
        f"{IS_256} {IS_512}",
        f'note="a, {IS_256}',
        f"{IS_256}, \x00",
        f"md5=:{coded('md5')}:, sha=:{coded('sha1')}:, unixsum=:MTIz:, crc32c=:AAAAAA==:",
        f"sha-256=:{coded('sha256').replace('=', '')}é:",
    ],
)
def test_what_is_weak_or_not_well_formed_says_nothing(text: str) -> None:
    assert heard(text) is None


def test_the_other_fields_are_not_read() -> None:
    assert server_digest({"content-digest": IS_256, "digest": IS_256}, "Repr-Digest") is None


@given(st.text(alphabet=st.sampled_from('sha-2561md=:;, "\t\\()AZ+/é*?@x')) | st.text())
def test_no_text_does_harm(text: str) -> None:
    assert heard(text) is None or "sha-" in text


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=70))
def test_every_digest_comes_through_as_it_is(digest: bytes, other: bytes) -> None:
    text = ", ".join(
        f"{key}=:{base64.b64encode(value).decode()}:"
        for key, value in (("other", other), ("sha-256", digest))
    )
    assert heard(text) == Checksum("sha256", digest.hex())


def test_a_long_hostile_field_is_read_in_one_pass() -> None:
    for piece in ("a=:;", "a=::;b=c;", "a=::,", ":", ";b", "a=::;b?", "x=:A"):
        assert heard("a=::" + piece * (256 * 1024 // len(piece))) is None
