"""Files are looked up in a list of checksums when that is asked for, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from galion_core.engine.checksum_files import check_place
from galion_core.engine.request import DownloadRequest
from galion_core.errors import InvalidInput
from galion_core.jobs import Job, Status
from galion_core.testing import FaultServer, PatternBody, faults
from galion_core.types import Checksum, PlatformInfo, PlatformMatch, RemoteFile, Resolution

if TYPE_CHECKING:
    from tests.core.engine.conftest import OpenEngine

BODY = PatternBody(100_000)
OTHER = PatternBody(100_000, seed=1)

Download = Callable[..., Job]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def download(engine: OpenEngine) -> Download:
    """Downloads a URL with an engine of its own, and gives the job as it ended."""

    def download(url: str, place: str | None, **more: object) -> Job:
        hooks = more.pop("hooks", {})
        request = DownloadRequest(url=url, checksums_from=place, **more)  # type: ignore[arg-type]

        async def once() -> Job:
            async with engine(**hooks) as opened:
                return await opened.work(opened.submit(request).id)

        return asyncio.run(once())

    return download


def line(body: PatternBody, name: str) -> str:
    return f"{body.sha256()}  {name}\n"


def asked(server: FaultServer) -> list[str]:
    return [request.path for request in server.requests]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/files/SHA256SUMS", line(OTHER, "a.bin") + line(BODY, "f 1.bin")),
        ("/files/SHA256SUMS.txt", f"SHA256 (f 1.bin) = {BODY.sha256()}\r\n"),
        ("/files/sha256sum.txt", line(BODY, "./f 1.bin")),
        ("/files/f 1.bin.sha256", BODY.sha256() + "\n"),
    ],
)
def test_auto_finds_the_list_beside_the_file(
    path: str, content: str, download: Download, server: FaultServer
) -> None:
    server.add(path, content)
    job = download(server.add("/files/f 1.bin", BODY) + "?token=1", "auto")
    assert job.status is Status.COMPLETED, job.error
    assert job.files[0].verified
    assert asked(server)[-1] == "/files/f%201.bin"


def test_auto_passes_by_lists_that_do_not_know_the_file_and_pages_that_are_none(
    download: Download, server: FaultServer
) -> None:
    server.add("/SHA256SUMS", line(OTHER, "other.bin"))
    server.add("/SHA256SUMS.txt", "<html>Not found</html>", content_type="text/html")
    server.add("/sha256sum.txt", faults=[faults.Status(403)])
    server.add("/f.bin.sha256", line(BODY, "f.bin"))
    job = download(server.add("/f.bin", BODY), "auto")
    assert job.files[0].verified
    assert len(asked(server)) == 5


def test_nothing_is_looked_for_unless_it_is_asked_for(
    download: Download, server: FaultServer
) -> None:
    server.add("/SHA256SUMS", line(OTHER, "f.bin"))
    job = download(server.add("/f.bin", BODY), None)
    assert (job.status, job.files[0].verified) == (Status.COMPLETED, False)
    assert asked(server) == ["/f.bin"]


def test_a_list_may_be_anywhere_and_of_any_digest(download: Download, server: FaultServer) -> None:
    import hashlib

    digest = hashlib.sha512(BODY.content()).hexdigest()
    place = server.add("/elsewhere/SHA512SUMS", f"{digest} *pub/f.bin\n")
    assert download(server.add("/pub/f.bin", BODY), place).files[0].verified


def test_the_name_on_disk_is_looked_up_where_the_link_does_not_tell(
    download: Download, server: FaultServer
) -> None:
    place = server.add("/SUMS", line(BODY, "mine.bin"))
    job = download(server.add("/get?id=1", BODY), place, filename="mine.bin")
    assert job.files[0].verified


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (line(BODY, "other.bin"), "No checksum of f.bin in"),
        ("", "No checksum of f.bin in"),
        ("\x00\xff" * 1000, "No checksum of f.bin in"),
        (None, "No checksum file at"),
    ],
)
@pytest.mark.parametrize("place", ["auto", "given"])
def test_without_a_word_of_the_file_nothing_is_downloaded(
    place: str,
    content: str | None,
    words: str,
    download: Download,
    server: FaultServer,
    here: Path,
) -> None:
    if content is not None:
        server.add("/SHA256SUMS", content)
    url = server.add("/f.bin", BODY)
    job = download(url, server.url("/SHA256SUMS") if place == "given" else "auto")
    assert job.error is not None
    assert job.error.code == "FILE_NOT_FOUND"
    assert words in job.error.message
    assert job.error.hint
    assert "/f.bin" not in asked(server)
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(("status", "retryable"), [(500, True), (429, True), (401, False)])
@pytest.mark.parametrize("place", ["auto", "given"])
def test_a_list_that_cannot_be_had_now_is_not_a_missing_one(
    place: str, status: int, retryable: bool, download: Download, server: FaultServer
) -> None:
    sums = server.add("/SHA256SUMS", "", faults=[faults.Status(status)])
    server.add("/f.bin.sha256", line(BODY, "f.bin"))
    job = download(server.add("/f.bin", BODY), sums if place == "given" else "auto")
    assert job.error is not None
    assert (job.error.code, job.error.retryable) == ("DOWNLOAD_FAILED", retryable)
    assert f"{status} instead of the checksum file" in job.error.message


def test_a_list_that_is_no_list_by_its_size_is_refused(
    download: Download, server: FaultServer
) -> None:
    place = server.add("/SUMS", PatternBody((16 << 20) * 4 // 3))
    job = download(server.add("/f.bin", BODY), place)
    assert job.error is not None
    assert "too large to be a checksum file" in job.error.message


def test_a_mismatch_names_the_list_and_a_retry_checks_again(
    engine: OpenEngine, server: FaultServer, here: Path
) -> None:
    place = server.add("/SUMS", line(OTHER, "f.bin"))
    url = server.add("/f.bin", BODY)

    async def run() -> None:
        async with engine() as opened:
            job = opened.submit(DownloadRequest(url=url, checksums_from=place))
            for _ in range(2):
                ended = await opened.work(job.id)
                assert ended.error is not None
                assert ended.error.details == {
                    "algorithm": "sha256",
                    "expected": OTHER.sha256(),
                    "got": BODY.sha256(),
                    "by": place,
                }
                assert list(here.iterdir()) == []
                opened.retry(job.id)
            server.add("/SUMS", line(BODY, "f.bin"))
            assert (await opened.work(job.id)).files[0].verified

    asyncio.run(run())


def test_every_file_of_a_job_is_looked_up_in_one_list(
    download: Download, server: FaultServer
) -> None:
    files = tuple(
        RemoteFile(
            url=server.add(f"/{folder}/f.bin", body),
            id=folder,
            name="f.bin",
            folder=folder,
            checksums=(Checksum("sha256", body.sha256()),),
        )
        for folder, body in (("a", BODY), ("b", OTHER))
    )
    hooks = {
        "galion_register_platform": lambda: PlatformInfo(name="shelf", title="Shelf"),
        "galion_detect_platform": lambda url: PlatformMatch(platform="shelf", kind="all"),
        "galion_resolve_url": lambda context: Resolution(files=files),
    }
    place = server.add("/SUMS", line(BODY, "a/f.bin") + line(OTHER, "b/f.bin"))
    job = download(server.url("/"), place, hooks=hooks)
    assert job.status is Status.COMPLETED, job.error
    assert [each.verified for each in job.files] == [True, True]
    assert asked(server).count("/SUMS") == 1


def test_the_users_own_headers_go_to_the_list_on_the_same_origin_only(
    download: Download, server: FaultServer
) -> None:
    with FaultServer() as other:
        place = other.add("/SUMS", line(BODY, "f.bin"))
        url = server.add("/f.bin", BODY)
        download(url, place, headers={"X-Key": "secret"})
        assert "x-key" not in other.requests[0].headers
    place = server.add("/SUMS", line(BODY, "f.bin"))
    download(url, place, headers={"X-Key": "secret"})
    assert [each.headers.get("x-key") for each in server.requests] == ["secret"] * 3


@pytest.mark.parametrize(
    "text",
    ["", "sha256=12", "SHA256SUMS", "file:///etc/passwd", "ftp://h.test/S", "http://u:p@h/S"],
)
def test_a_place_is_auto_or_the_link_of_a_list(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_place(text)
    assert "u:p" not in caught.value.message
    assert "auto" in str(caught.value.hint)


def test_a_place_is_kept_without_what_is_only_for_browsers() -> None:
    assert check_place("auto") == "auto"
    assert check_place("HTTPS://H.test/SHA256SUMS#top") == "https://h.test/SHA256SUMS"
