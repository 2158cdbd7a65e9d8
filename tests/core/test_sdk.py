"""The Python face: Downloader and AsyncDownloader, as programs and notebooks use them."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from galion import (
    AsyncDownloader,
    Cancelled,
    CredentialsRequired,
    Downloader,
    DownloadFailed,
    DownloadProgress,
    FileExists,
    GalionError,
    IntegrityError,
    InvalidInput,
    InvalidUrl,
    NotFound,
    PlatformNotSupported,
    RateLimited,
    Status,
)
from galion_core.testing import FaultServer, PatternBody, faults

BODY = PatternBody(300_000)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture(autouse=True)
def impatient(galion_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALION_DOWNLOAD__RETRIES", "0")


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [each.name for each in set(threading.enumerate()) - before]
    assert [name for name in left if name.startswith("galion")] == []


@pytest.fixture
def downloader(tmp_path: Path) -> Iterator[Downloader]:
    with Downloader(directory=tmp_path / "files") as made:
        yield made


def test_the_finished_job_comes_back_with_its_files(
    downloader: Downloader, server: FaultServer, tmp_path: Path
) -> None:
    job = downloader.download(server.add("/model.bin", BODY))
    (file,) = job.files
    assert job.status is Status.COMPLETED
    assert (file.path, file.size) == (str(tmp_path / "files" / "model.bin"), BODY.size)
    assert (file.sha256, file.verified) == (BODY.sha256(), False)
    assert Path(file.path).read_bytes() == BODY.content()


def test_directory_filename_and_checksum_are_as_asked(
    downloader: Downloader, server: FaultServer, tmp_path: Path
) -> None:
    job = downloader.download(
        server.add("/model.bin", BODY),
        directory=str(tmp_path / "other"),
        filename="mine.bin",
        checksum=f"sha256={BODY.sha256()}",
    )
    assert job.files[0].path == str(tmp_path / "other" / "mine.bin")
    assert job.files[0].verified is True


def test_a_file_is_checked_against_a_list(downloader: Downloader, server: FaultServer) -> None:
    url = server.add("/model.bin", BODY)
    place = server.add("/SHA256SUMS", f"{BODY.sha256()}  model.bin\n")
    assert downloader.download(url, checksums_from="auto").files[0].verified
    server.add("/SHA256SUMS", f"{'0' * 64}  model.bin\n")
    with pytest.raises(IntegrityError, match=f"as {place} says"):
        downloader.download(url, checksums_from=place, force=True)


def test_headers_are_sent_and_force_replaces(
    downloader: Downloader, server: FaultServer, tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "f").write_text("mine")
    url = server.add("/f", BODY)
    with pytest.raises(FileExists):
        downloader.download(url)
    downloader.download(url, headers={"X-Key": "1"}, force=True)
    assert server.requests[-1].headers["x-key"] == "1"
    assert (tmp_path / "files" / "f").read_bytes() == BODY.content()


def test_progress_never_goes_back_and_ends_with_everything(
    downloader: Downloader, server: FaultServer
) -> None:
    heard: list[DownloadProgress] = []
    half = threading.Event()

    def on_progress(progress: DownloadProgress) -> None:
        heard.append(progress)
        if progress.received:
            half.set()

    stall = faults.Stall(after=200_000, until=half)
    downloader.download(server.add("/f.bin", BODY, faults=[stall]), on_progress=on_progress)
    received = [each.received for each in heard]
    assert received == sorted(received)
    assert 0 < min(each for each in received if each) < BODY.size
    assert heard[-1] == DownloadProgress("f.bin", BODY.size, BODY.size)


def test_progress_is_told_even_of_a_download_that_takes_no_time(
    downloader: Downloader, server: FaultServer
) -> None:
    heard: list[DownloadProgress] = []
    downloader.download(server.add("/f", b"bytes"), on_progress=heard.append)
    assert heard[-1] == DownloadProgress("f", 5, 5)


def test_a_callback_that_raises_stops_the_download_and_is_heard(
    downloader: Downloader, server: FaultServer
) -> None:
    def on_progress(progress: DownloadProgress) -> None:
        raise ZeroDivisionError

    url = server.add("/f", BODY, faults=[faults.Stall(after=200_000, times=1)])
    with pytest.raises(ZeroDivisionError):
        downloader.download(url, on_progress=on_progress)
    assert downloader.download(url).status is Status.COMPLETED


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.Status(401), CredentialsRequired),
        (faults.Status(404), NotFound),
        (faults.Status(429, retry_after=9999), RateLimited),
        (faults.Status(500), DownloadFailed),
        (faults.HtmlInstead(), IntegrityError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_failure_is_raised_as_its_class(
    downloader: Downloader, server: FaultServer, fault: faults.Fault, error: type[GalionError]
) -> None:
    with pytest.raises(error) as caught:
        downloader.download(server.add("/f.bin", BODY, faults=[fault]))
    assert type(caught.value) is error
    assert caught.value.hint


def test_bad_input_is_raised_before_anything_is_done(downloader: Downloader) -> None:
    with pytest.raises(InvalidUrl):
        downloader.download("nonsense")
    with pytest.raises(PlatformNotSupported):
        downloader.download("ftp://h.test/f")
    with pytest.raises(InvalidInput):
        downloader.download("http://h.test/f", filename="a/b")
    with pytest.raises(InvalidInput):
        downloader.download("http://h.test/f", checksum="sha256=12")


def test_a_downloader_works_where_an_event_loop_runs_already(
    downloader: Downloader, server: FaultServer
) -> None:
    """As in a notebook."""
    url = server.add("/f", BODY)

    async def cell() -> Status:
        return downloader.download(url).status

    assert asyncio.run(cell()) is Status.COMPLETED


def test_several_threads_may_share_a_downloader(
    downloader: Downloader, server: FaultServer
) -> None:
    urls = [server.add(f"/{number}", BODY) for number in range(4)]
    done: list[Status] = []
    threads = [
        threading.Thread(target=lambda url=url: done.append(downloader.download(url).status))
        for url in urls
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [Status.COMPLETED] * 4


def test_close_may_be_repeated_and_a_closed_downloader_opens_again(
    server: FaultServer, tmp_path: Path
) -> None:
    downloader = Downloader(directory=tmp_path)
    downloader.close()
    assert downloader.download(server.add("/a", BODY)).status is Status.COMPLETED
    downloader.close()
    downloader.close()
    assert downloader.download(server.add("/b", BODY)).status is Status.COMPLETED
    downloader.close()


def test_closing_ends_the_download_of_another_thread(server: FaultServer, tmp_path: Path) -> None:
    url = server.add("/f", BODY, faults=[faults.Stall(after=200_000)])
    downloader = Downloader(directory=tmp_path)
    errors: list[BaseException] = []

    def download() -> None:
        try:
            downloader.download(url)
        except GalionError as error:
            errors.append(error)

    thread = threading.Thread(target=download)
    thread.start()
    server.wait_for(lambda seen: any(one.body_bytes_sent >= 200_000 for one in seen))
    downloader.close()
    thread.join()
    (error,) = errors
    assert isinstance(error, Cancelled)
    assert "was paused" in error.message


def test_the_async_downloader_downloads_several_at_once(
    server: FaultServer, tmp_path: Path
) -> None:
    both = threading.Event()
    urls = [
        server.add(f"/{name}", BODY, faults=[faults.Stall(after=1000, until=both)]) for name in "ab"
    ]

    async def work() -> list[Status]:
        async with AsyncDownloader(directory=tmp_path) as downloader:
            downloads = [asyncio.create_task(downloader.download(url)) for url in urls]
            await asyncio.to_thread(
                server.wait_for, lambda seen: len({one.path for one in seen}) == 2
            )
            both.set()
            return [job.status for job in await asyncio.gather(*downloads)]

    assert asyncio.run(work()) == [Status.COMPLETED, Status.COMPLETED]


def test_an_async_download_that_is_cancelled_goes_on_later(
    server: FaultServer, tmp_path: Path
) -> None:
    big = PatternBody(4 << 20)
    url = server.add("/f", big, faults=[faults.Stall(after=3 << 20, times=1)])

    async def work() -> None:
        async with AsyncDownloader(directory=tmp_path) as downloader:
            heard = asyncio.Event()

            def on_progress(progress: DownloadProgress) -> None:
                if progress.received > 2 << 20:
                    heard.set()

            task = asyncio.create_task(downloader.download(url, on_progress=on_progress))
            await heard.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            server.forget_requests()
            job = await downloader.download(url)
            assert job.files[0].sha256 == big.sha256()

    asyncio.run(work())
    assert server.requests[0].range not in (None, "bytes=0-")


def test_aclose_may_be_repeated() -> None:
    async def work() -> None:
        downloader = AsyncDownloader()
        await downloader.aclose()
        await downloader.aclose()

    asyncio.run(work())


FORGETFUL = """
import sys
from galion import Downloader
print(Downloader(directory=sys.argv[2]).download(sys.argv[1]).status)
"""


def test_a_program_that_forgets_to_close_ends_all_the_same(
    server: FaultServer, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        FORGETFUL,
        server.add("/f", BODY),
        str(tmp_path),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "completed\n", "")


INTERRUPTED = """
import sys
from galion import Downloader
Downloader(directory=sys.argv[2]).download(
    sys.argv[1], on_progress=lambda progress: progress.received and print("some", flush=True)
)
"""


def test_ctrl_c_keeps_what_has_arrived(server: FaultServer, tmp_path: Path) -> None:
    big = PatternBody(4 << 20)
    url = server.add("/f", big, faults=[faults.Stall(after=3 << 20, times=1)])
    command = [sys.executable, "-X", "dev", "-c", INTERRUPTED, url, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "some\n"
        part = tmp_path / "f.part"
        while part.stat().st_size < 2 << 20:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert err.strip().endswith("KeyboardInterrupt")
    server.forget_requests()
    with Downloader(directory=tmp_path) as downloader:
        assert downloader.download(url).files[0].sha256 == big.sha256()
    assert server.requests[0].range not in (None, "bytes=0-")


def test_importing_galion_imports_nothing_of_it() -> None:
    script = "import galion, sys; print(sorted(m for m in sys.modules if m.startswith('galion')))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.stdout == "['galion']\n"
