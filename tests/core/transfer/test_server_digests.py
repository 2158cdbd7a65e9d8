"""A server that says what its own bytes are is held to its word."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from galion_core.errors import DownloadFailed, FileExists, GalionError, IntegrityError
from galion_core.testing import FaultServer, PatternBody, faults
from galion_core.testing.bodies import Body
from galion_core.transfer.headers import Validators
from galion_core.transfer.journal import Identity
from galion_core.transfer.wanted import Fetched
from galion_core.types import Checksum, RemoteFile

MIB = 1 << 20
FILE = PatternBody(4 * MIB)
OTHER = PatternBody(4 * MIB, seed=9)
SHA256 = Checksum("sha256", FILE.sha256())
FIELDS = ["Repr-Digest", "Content-Digest"]

Fetch = Callable[..., Fetched]


def said(algorithm: str, body: Body) -> str:
    digest = hashlib.new(algorithm.replace("-", ""), body.content()).digest()
    return f"{algorithm}=:{base64.b64encode(digest).decode()}:"


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
def test_a_digest_that_is_met_makes_the_file_verified(
    field: str, algorithm: str, server: FaultServer, fetch: Fetch
) -> None:
    url = server.add("/file.bin", FILE, headers={field: said(algorithm, FILE)})
    fetched = fetch(url)
    assert (fetched.verified, fetched.sha256) == (True, FILE.sha256())
    assert fetched.identity.digest is None


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
def test_a_digest_that_is_not_met_is_told_with_whose_word_it_was(
    field: str, algorithm: str, server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    url = server.add("/file.bin", FILE, headers={field: said(algorithm, OTHER)})
    with pytest.raises(IntegrityError, match=f"as the server's own {field} says") as caught:
        fetch(url)
    name = algorithm.replace("-", "")
    assert caught.value.details == {
        "algorithm": name,
        "expected": hashlib.new(name, OTHER.content()).hexdigest(),
        "got": hashlib.new(name, FILE.content()).hexdigest(),
        "by": f"the server's own {field}",
    }
    assert list(directory.iterdir()) == []


def test_both_fields_are_checked(server: FaultServer, fetch: Fetch) -> None:
    headers = {"Repr-Digest": said("sha-256", FILE), "Content-Digest": said("sha-256", OTHER)}
    with pytest.raises(IntegrityError, match="Content-Digest"):
        fetch(server.add("/file.bin", FILE, headers=headers))


def test_a_byte_that_is_damaged_on_the_way_is_noticed(server: FaultServer, fetch: Fetch) -> None:
    headers = {"Repr-Digest": said("sha-256", FILE)}
    url = server.add("/file.bin", FILE, headers=headers, faults=[faults.FlipByte(3 * MIB)])
    with pytest.raises(IntegrityError, match="Repr-Digest"):
        fetch(url)


@pytest.mark.parametrize(
    ("published", "own", "whose"),
    [(FILE, OTHER, "Repr-Digest"), (OTHER, FILE, "the platform"), (OTHER, OTHER, "the platform")],
)
def test_a_published_checksum_comes_first_and_both_must_be_met(
    published: Body, own: Body, whose: str, server: FaultServer, fetch: Fetch
) -> None:
    url = server.add("/file.bin", FILE, headers={"Repr-Digest": said("sha-256", own)})
    with pytest.raises(IntegrityError, match=whose):
        fetch(url, checksums=(Checksum("sha256", published.sha256(), by="the platform"),))


@pytest.mark.parametrize(
    "word",
    ["md5=:AAAAAAAAAAAAAAAAAAAAAA==:", "unixsum=:MTIz:", "sha-256=nonsense", "?", "sha-256=:AAAA:"],
)
def test_a_word_that_means_nothing_proves_nothing_and_harms_nothing(
    word: str, server: FaultServer, fetch: Fetch
) -> None:
    assert fetch(server.add("/file.bin", FILE, headers={"Repr-Digest": word})).verified is False


# --- resume -----------------------------------------------------------------------------------


def interrupted(
    server: FaultServer,
    fetch: Fetch,
    first: Mapping[str, str],
    then: Mapping[str, str],
    **more: object,
) -> tuple[Fetched | GalionError, bool]:
    """What comes of a download whose server says something else in its second run.

    And whether that went on from where the first was.
    """
    wanted: dict[str, object] = {"filename": "file.bin", **more}
    url = server.add("/file.bin", FILE, headers=first, faults=[faults.CutBody(2 * MIB)])
    with pytest.raises(DownloadFailed):
        fetch(url, retries=0, **wanted)
    server.add("/file.bin", FILE, headers=then)
    try:
        outcome: Fetched | GalionError = fetch(url, **wanted)
    except GalionError as error:
        outcome = error
    return outcome, server.requests[-1].range is not None


def test_a_resumed_file_is_held_to_the_word_of_its_first_answer(
    server: FaultServer, fetch: Fetch
) -> None:
    outcome, went_on = interrupted(server, fetch, {"Repr-Digest": said("sha-512", FILE)}, {})
    assert isinstance(outcome, Fetched)
    assert outcome.verified
    assert went_on


def test_a_word_that_is_heard_first_in_a_part_counts(server: FaultServer, fetch: Fetch) -> None:
    outcome, went_on = interrupted(server, fetch, {}, {"Repr-Digest": said("sha-256", FILE)})
    assert isinstance(outcome, Fetched)
    assert outcome.verified
    assert went_on
    outcome, _ = interrupted(
        server, fetch, {}, {"Repr-Digest": said("sha-256", OTHER)}, filename="b"
    )
    assert isinstance(outcome, IntegrityError)


@pytest.mark.parametrize("checksums", [(), (SHA256,)], ids=["validators", "checksum"])
def test_another_word_in_a_resumed_answer_means_another_file(
    checksums: tuple[Checksum, ...], server: FaultServer, fetch: Fetch
) -> None:
    """The ETag is the same; the file comes over from its start and is held to the new word."""
    outcome, went_on = interrupted(
        server,
        fetch,
        {"Repr-Digest": said("sha-256", FILE)},
        {"Repr-Digest": said("sha-256", OTHER)},
        checksums=checksums,
    )
    assert isinstance(outcome, IntegrityError)
    assert outcome.details["by"] == "the server's own Repr-Digest"
    assert not went_on


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ("md5=1", "md5=1", False),
        ("md5=1", "md5=2", True),
        ("md5=1", "sha1=2", False),
        ("md5=1", None, False),
        (None, None, False),
    ],
)
def test_two_words_of_one_algorithm_contradict_whatever_the_validators_say(
    one: str | None, other: str | None, contradict: bool
) -> None:
    first, second = (Validators(etag='"1"', digest=digest) for digest in (one, other))
    assert first.contradict(second) is second.contradict(first) is contradict
    for digest in (None, "sha256=0"):
        identities = [Identity("source", digest, each) for each in (first, second)]
        assert identities[0].same_file(identities[1]) is not contradict


def test_the_same_word_does_not_stand_in_for_validators(server: FaultServer, fetch: Fetch) -> None:
    headers = {"Repr-Digest": said("sha-256", FILE)}
    url = server.add(
        "/file.bin", FILE, headers=headers, faults=[faults.NoValidators(), faults.CutBody(2 * MIB)]
    )
    with pytest.raises(DownloadFailed):
        fetch(url, retries=0)
    server.add("/file.bin", FILE, headers=headers, faults=[faults.NoValidators()])
    before = len(server.requests)
    assert fetch(url).verified
    assert server.requests[before].range is None


def test_a_content_digest_of_a_part_is_not_one_of_the_file(
    server: FaultServer, fetch: Fetch
) -> None:
    outcome, went_on = interrupted(server, fetch, {}, {"Content-Digest": said("sha-256", OTHER)})
    assert isinstance(outcome, Fetched)
    assert outcome.verified is False
    assert went_on


@pytest.mark.parametrize("word", ["md5", "sha256=12", 7, ["sha256"]])
def test_a_journal_with_a_word_that_makes_no_sense_is_not_used(
    word: object, server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    url = server.add("/file.bin", FILE, faults=[faults.CutBody(2 * MIB, times=1)])
    with pytest.raises(DownloadFailed):
        fetch(url, retries=0)
    journal = directory / "file.bin.part.journal"
    head, rest = journal.read_text().split("\n", 1)
    changed = json.loads(head)
    changed["validators"]["digest"] = word
    journal.write_text(f"{json.dumps(changed)}\n{rest}")
    assert fetch(url).sha256 == FILE.sha256()
    assert server.requests[-1].range is None


# --- files that are there ---------------------------------------------------------------------


def test_a_file_that_is_what_the_server_says_is_kept(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    (directory / "file.bin").write_bytes(FILE.content())
    fetched = fetch(server.add("/file.bin", FILE, headers={"Repr-Digest": said("sha-256", FILE)}))
    assert (fetched.kept, fetched.verified) == (True, True)


def test_a_file_that_is_something_else_stays_as_it_was(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    (directory / "file.bin").write_text("mine")
    url = server.add("/file.bin", FILE, headers={"Repr-Digest": said("sha-256", FILE)})
    with pytest.raises(FileExists):
        fetch(url)
    assert (directory / "file.bin").read_text() == "mine"


# --- several sources --------------------------------------------------------------------------


def test_a_source_that_breaks_its_own_word_is_left_for_another(
    server: FaultServer, other: FaultServer, fetch: Fetch
) -> None:
    bad = server.add("/file.bin", FILE, headers={"Repr-Digest": said("sha-256", OTHER)})
    good = other.add("/file.bin", FILE)
    fetched = fetch(bad, remote=RemoteFile(url=bad, mirrors=(good,)))
    assert fetched.sha256 == FILE.sha256()
    assert fetched.verified is False
