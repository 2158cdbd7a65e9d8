"""The disk stands in the way.

No place, no permission, no end of names that are taken.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.core.transfer.row import PACE

from galion_core.errors import Conflict, DiskError, FileExists
from galion_core.testing import FaultServer, PatternBody, SparseBody, faults
from galion_core.transfer.blocks import BLOCK
from galion_core.transfer.exchange import Limits
from galion_core.transfer.mover import Mover
from galion_core.transfer.part import remove_part
from galion_core.transfer.retry import Patience
from galion_core.transfer.wanted import Fetched, Known, Progress, Wanted
from galion_core.types import Checksum, RemoteFile

Fetch = Callable[..., Fetched]
MIB = 1 << 20
FILE = PatternBody(3 * MIB)
SHA256 = Checksum("sha256", FILE.sha256())
SCRIPT = Path(__file__).parent / "scripts" / "fetch_file.py"
PART = {"file.bin.part", "file.bin.part.journal"}


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.row("a file larger than the disk", ends=DiskError)
def test_a_file_larger_than_the_disk_is_refused_before_the_first_byte(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    url = server.add("/file.bin", SparseBody(1 << 60))
    with pytest.raises(DiskError, match=r"needs 1,152,921,504,606,846,976 bytes more") as caught:
        fetch(url)
    assert caught.value.hint
    assert names(directory) == set()


@pytest.mark.row("a file that may not grow any more", ends=DiskError)
def test_a_disk_that_fills_in_mid_file_keeps_the_part(server: FaultServer, tmp_path: Path) -> None:
    url = server.add("/file.bin", FILE, faults=[faults.Chunked()])
    limit = 5 * MIB // 2
    command = [sys.executable, str(SCRIPT), url, str(tmp_path), f"--largest-file={limit}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stderr == ""
    assert json.loads(said.stdout)["code"] == "DISK_ERROR"
    assert names(tmp_path) == PART
    assert (tmp_path / "file.bin.part").read_bytes() == FILE.content(0, limit)


@pytest.mark.row("a disk that is full in mid-file", ends=DiskError)
def test_a_full_disk_says_so_and_the_rest_comes_once_there_is_room(
    server: FaultServer, fetch: Fetch, small_disk: Path
) -> None:
    url = server.add("/file.bin", FILE, faults=[faults.Chunked()])
    blocker = small_disk / "blocker"
    blocker.write_bytes(bytes(2 * MIB))
    with pytest.raises(DiskError, match="No space left") as caught:
        fetch(url, directory=small_disk)
    assert caught.value.details["path"] == str(small_disk / "file.bin.part")
    assert names(small_disk) == PART | {"blocker"}
    blocker.unlink()
    assert fetch(url, directory=small_disk, filename="file.bin").sha256 == FILE.sha256()
    assert server.requests[-1].range == f"bytes={BLOCK}-"


def test_the_room_that_an_old_part_takes_counts_as_free(
    server: FaultServer, fetch: Fetch, small_disk: Path
) -> None:
    (small_disk / "file.bin.part").write_bytes(bytes(3 * MIB))
    url = server.add("/file.bin", FILE)
    assert fetch(url, directory=small_disk).sha256 == FILE.sha256()


@pytest.mark.row("a read-only directory", ends=DiskError)
def test_a_directory_that_cannot_be_written_to(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    url = server.add("/file.bin", FILE)
    # To root no directory is closed, but this one.
    place = directory if os.getuid() else Path("/proc")
    directory.chmod(0o555)
    with pytest.raises(DiskError, match="cannot be written") as caught:
        fetch(url, directory=place)
    assert caught.value.hint
    directory.chmod(0o755)


@pytest.mark.row("a directory that is a file", ends=DiskError)
def test_a_directory_that_is_a_file(server: FaultServer, fetch: Fetch, tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("mine")
    with pytest.raises(DiskError, match="cannot be written"):
        fetch(server.add("/file.bin", FILE), directory=place)
    assert place.read_text() == "mine"


def test_a_directory_that_does_not_exist_yet_is_made(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    place = directory / "a" / "b"
    assert fetch(server.add("/file.bin", FILE), directory=place).path == place / "file.bin"


@pytest.mark.parametrize("name", sorted(PART))
@pytest.mark.parametrize("kind", ["a directory", "a link", "a dead link"])
def test_what_stands_in_the_place_of_the_part_is_not_touched(
    name: str, kind: str, server: FaultServer, fetch: Fetch, directory: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    if kind != "a dead link":
        theirs.write_text("theirs")
    if kind == "a directory":
        (directory / name).mkdir()
    else:
        (directory / name).symlink_to(theirs)
    with pytest.raises(DiskError, match="cannot be written"):
        fetch(server.add("/file.bin", FILE), filename="file.bin")
    assert theirs.exists() is (kind != "a dead link")
    assert "file.bin" not in names(directory)


@pytest.mark.row("a name that is taken", ends=FileExists)
def test_a_taken_name_is_refused_before_the_body_and_the_file_stays(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    (directory / "file.bin").write_text("mine")
    with pytest.raises(FileExists, match="was not touched"):
        fetch(server.add("/file.bin", FILE))
    assert (directory / "file.bin").read_text() == "mine"
    assert names(directory) == {"file.bin"}


@pytest.mark.parametrize("kind", ["a directory", "a dead link"])
def test_a_name_that_something_else_has_is_taken_too(
    kind: str, server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    if kind == "a directory":
        (directory / "file.bin").mkdir()
    else:
        (directory / "file.bin").symlink_to(directory / "nowhere")
    with pytest.raises(FileExists):
        fetch(server.add("/file.bin", FILE))
    assert names(directory) == {"file.bin"}


def test_a_file_is_replaced_where_that_is_asked_for(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    (directory / "file.bin").write_text("mine")
    assert fetch(server.add("/file.bin", FILE), replace=True).sha256 == FILE.sha256()
    assert (directory / "file.bin").read_bytes() == FILE.content()


def test_a_file_that_meets_the_checksum_is_kept_without_a_request(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    (directory / "file.bin").write_bytes(FILE.content())
    url = server.add("/file.bin", FILE)
    fetched = fetch(url, filename="file.bin", checksums=(SHA256,))
    assert (fetched.kept, fetched.verified, fetched.size) == (True, True, FILE.size)
    (directory / "file.bin").write_text("mine")
    with pytest.raises(FileExists):
        fetch(url, filename="file.bin", checksums=(SHA256,))
    assert (directory / "file.bin").read_text() == "mine"
    assert server.requests == []


def test_a_file_that_is_remembered_is_kept_until_somebody_writes_to_it(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    url = server.add("/file.bin", FILE)
    first = fetch(url)
    status = first.path.stat()
    known = Known(first.identity, first.sha256, first.size, status.st_mtime_ns)
    again = fetch(url, known=lambda path: known)
    assert (again.kept, again.sha256) == (True, first.sha256)
    os.utime(first.path, ns=(0, 0))
    with pytest.raises(FileExists):
        fetch(url, known=lambda path: known)
    os.utime(first.path, ns=(0, status.st_mtime_ns))
    server.add("/file.bin", PatternBody(FILE.size, seed=1))
    with pytest.raises(FileExists):
        fetch(url, known=lambda path: known)


@pytest.mark.row("a name that is taken during the download", ends=FileExists)
def test_a_name_taken_during_the_download_is_not_overwritten(
    server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    def take() -> None:
        (directory / "file.bin").write_text("mine")

    with pytest.raises(FileExists):
        fetch(server.add("/file.bin", FILE), verifying=take)
    assert (directory / "file.bin").read_text() == "mine"
    assert names(directory) == {"file.bin"} | PART


@pytest.mark.row(
    "two jobs to which the server gives one name",
    ends="one has the right bytes, the other is told: `CONFLICT`, exit 1, or `FILE_EXISTS`, exit 8",
)
@pytest.mark.parametrize(("connections", "size"), [(1, 3 * MIB), (8, 16 * MIB)])
def test_of_two_jobs_for_one_name_one_is_told_to_wait(
    connections: int, size: int, server: FaultServer, directory: Path
) -> None:
    bodies = [PatternBody(size, seed=number) for number in range(2)]
    urls = [server.add(f"/{body.seed}/file.bin", body, faults=[PACE]) for body in bodies]

    async def both() -> list[Fetched | BaseException]:
        mover = Mover(Limits(), Patience())
        wanted = [
            Wanted(
                remote=RemoteFile(url=url), source=url, directory=directory, connections=connections
            )
            for url in urls
        ]
        tasks = [mover.fetch(each, Progress()) for each in wanted]
        done = await asyncio.gather(*tasks, return_exceptions=True)
        mover.close()
        return done

    done = asyncio.run(both())
    (won,) = [each for each in done if isinstance(each, Fetched)]
    (lost,) = [each for each in done if not isinstance(each, Fetched)]
    # FileExists, where the other had finished when this one's answer came.
    assert isinstance(lost, Conflict | FileExists)
    number = done.index(won)
    assert won.path.read_bytes() == bodies[number].content()
    assert names(directory) == {"file.bin"}


@pytest.mark.row("two processes on one target", ends=Conflict)
@pytest.mark.parametrize("connections", [1, 8])
def test_a_part_that_another_process_writes_is_left_alone(
    connections: int, server: FaultServer, fetch: Fetch, directory: Path
) -> None:
    body = PatternBody(8 * MIB)
    url = server.add("/file.bin", body, faults=[faults.Stall(2 * MIB, times=1)])
    part = directory / "file.bin.part"
    command = [sys.executable, str(SCRIPT), url, str(directory), "--name=file.bin"]
    command.append(f"--connections={connections}")
    with subprocess.Popen(command) as process:
        server.wait_for(lambda seen: bool(seen) and seen[0].body_bytes_sent == 2 * MIB)
        with pytest.raises(Conflict, match="being written by another download") as caught:
            fetch(url, filename="file.bin", connections=connections)
        assert caught.value.hint
        with pytest.raises(Conflict):
            remove_part(directory / "file.bin")
        assert part.exists()
        process.kill()
    assert fetch(url, filename="file.bin").sha256 == body.sha256()


def test_what_is_left_of_a_download_can_be_removed(directory: Path) -> None:
    (directory / "file.bin.part").write_bytes(b"a part")
    (directory / "file.bin.part.journal").write_text("anything")
    remove_part(directory / "file.bin")
    remove_part(directory / "file.bin")
    assert names(directory) == set()
