"""Where each file of a resolution goes, whatever the platform calls it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galion_core.engine.plan import job_files, plan
from galion_core.errors import InvalidInput, NotFound, PolicyError
from galion_core.jobs import Job, JobFile, JobOptions
from galion_core.types import RemoteFile, Resolution

SHA = "sha256=" + "0" * 64


def job(directory: Path, *files: JobFile, **options: str) -> Job:
    asked = JobOptions.model_validate({"directory": str(directory), **options})
    return Job(id="dl_1", url="https://h.test/", options=asked, files=files)


def remote(name: str | None, folder: str = "", file_id: str = "") -> RemoteFile:
    return RemoteFile(url="https://h.test/f", name=name, folder=folder, id=file_id)


def paths(job: Job, *files: RemoteFile) -> list[str]:
    planned = plan(job, Resolution(files=files))
    root = Path(job.options.directory)
    return [str((each.directory / str(each.filename)).relative_to(root)) for each in planned]


def test_files_go_into_their_folders(tmp_path: Path) -> None:
    assert paths(job(tmp_path), remote("a", "x/y"), remote("a", "x"), remote("b")) == [
        "x/y/a",
        "x/a",
        "b",
    ]


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    files = [remote("a.tar.gz"), remote("a.tar.gz"), remote("../a.tar.gz")]
    assert paths(job(tmp_path), *files) == ["a.tar.gz", "a (2).tar.gz", "a (3).tar.gz"]


def test_names_that_differ_only_in_case_are_one_name(tmp_path: Path) -> None:
    """Two such files would overwrite each other where the file system ignores case."""
    assert paths(job(tmp_path), remote("Model.bin"), remote("model.BIN")) == [
        "Model.bin",
        "model (2).BIN",
    ]


@pytest.mark.parametrize("folder", ["..", "../..", "/etc", "a/../../b", "..\\b", "C:\\b", "a//./b"])
def test_a_folder_never_leads_out(tmp_path: Path, folder: str) -> None:
    (planned,) = plan(job(tmp_path), Resolution(files=(remote("f", folder),)))
    assert planned.directory.is_relative_to(tmp_path)


@given(folder=st.text(), name=st.text())
def test_nothing_that_a_platform_says_leads_out(folder: str, name: str) -> None:
    root = Path("/nonexistent/root")
    (planned,) = plan(job(root), Resolution(files=(remote(name, folder),)))
    assert planned.directory.is_relative_to(root)
    assert planned.filename is None or Path(planned.filename).name == planned.filename


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "root-evil"
    root.mkdir()
    outside.mkdir()
    (root / "sub").symlink_to(outside)
    with pytest.raises(PolicyError) as caught:
        plan(job(root), Resolution(files=(remote("f", "sub/deeper"),)))
    assert caught.value.details["folder"] == "sub/deeper"


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "sub").symlink_to("real")
    assert paths(job(tmp_path), remote("f", "sub")) == ["real/f"]


@pytest.mark.parametrize("option", [{"filename": "mine"}, {"checksum": SHA}])
def test_a_name_or_a_checksum_is_of_one_file(tmp_path: Path, option: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        plan(job(tmp_path, **option), Resolution(files=(remote("a"), remote("b"))))
    (planned,) = plan(job(tmp_path, **option), Resolution(files=(remote("a"),)))
    assert planned.filename == option.get("filename", "a")


def test_the_users_checksum_comes_before_the_platforms(tmp_path: Path) -> None:
    (planned,) = plan(job(tmp_path, checksum=SHA), Resolution(files=(remote("a"),)))
    assert [str(each) for each in planned.checksums] == [SHA]


def test_a_link_without_files_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        plan(job(tmp_path), Resolution(files=()))


def test_an_earlier_attempts_name_is_kept_by_id(tmp_path: Path) -> None:
    known = JobFile(id="2", name="old", path=str(tmp_path / "old"))
    again = job(tmp_path, known)
    files = (remote("new", file_id="1"), remote("new", file_id="2"))
    assert paths(again, *files) == ["new", "old"]
    assert job_files(again, plan(again, Resolution(files=files)))[1] == known


def test_files_without_ids_are_known_by_their_place_and_stay_apart(tmp_path: Path) -> None:
    earlier = [JobFile(name=name, path=str(tmp_path / name)) for name in ("a", "b")]
    again = job(tmp_path, *earlier)
    planned = plan(again, Resolution(files=(remote(None), remote(None))))
    assert [each.filename for each in planned] == ["a", "b"]
    assert list(job_files(again, planned)) == earlier
    other = plan(again, Resolution(files=(remote("x"), remote("y"), remote("z"))))
    assert [each.name for each in job_files(again, other)] == ["x", "y", "z"]
