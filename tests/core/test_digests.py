"""Every algorithm of the table makes the digest that its standard says."""

from __future__ import annotations

import pytest

from galion_core.digests import ALGORITHMS, new_hashes
from galion_core.errors import InvalidInput
from galion_core.types import Checksum

#: Of "abc": RFC 1321 A.5, FIPS 180-4 examples, BLAKE3's and CRC-32's published values.
OF_ABC = {
    "crc32": "352441c2",
    "md5": "900150983cd24fb0d6963f7d28e17f72",
    "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",
    "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "sha512": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "blake3": "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
}


def test_every_algorithm_has_a_published_value_here() -> None:
    assert OF_ABC.keys() == ALGORITHMS.keys()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_bytes_give_the_published_digest_in_however_many_pieces(algorithm: str) -> None:
    for pieces in (b"abc",), (b"a", memoryview(b"bc")), (b"", b"ab", b"c"):
        digest = ALGORITHMS[algorithm].new()
        for each in pieces:
            digest.update(each)
        assert digest.hexdigest() == OF_ABC[algorithm]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_checksum_has_the_length_of_its_algorithm(algorithm: str) -> None:
    digits = OF_ABC[algorithm]
    assert str(Checksum.parse(f"{algorithm.upper()} = {digits.upper()}")) == f"{algorithm}={digits}"
    for wrong in (digits[:-1], digits + "0", "", "g" + digits[1:], digits[:-1] + "\n"):
        with pytest.raises(InvalidInput):
            Checksum(algorithm, wrong)


def test_the_recorded_digest_is_made_whatever_is_asked_for() -> None:
    assert new_hashes([]).keys() == {"sha256"}
    assert new_hashes(["md5", "sha256"]).keys() == {"md5", "sha256"}


def test_whose_word_it_is_makes_no_other_checksum() -> None:
    one, other = (Checksum.parse(f"md5={'0' * 32}", by=who) for who in ("you", "me"))
    assert one == other
    assert str(one) == str(other)
