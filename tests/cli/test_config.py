"""galion config: every setting, its value and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Call


@pytest.fixture
def file(galion_home: Path) -> Path:
    return galion_home / "config.toml"


def shown(call: Call, name: str) -> tuple[object, str]:
    each = call("config", "show", "--json").object[name]
    return each["value"], each["origin"]


def test_defaults_give_way_to_the_file_and_the_file_to_the_environment(
    call: Call, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(call, "download.jobs") == (4, "default")
    assert call("config", "set", "download.jobs", "7").code == 0
    assert shown(call, "download.jobs") == (7, str(file))
    monkeypatch.setenv("GALION_DOWNLOAD__JOBS", "9")
    assert shown(call, "download.jobs") == (9, "GALION_DOWNLOAD__JOBS")
    assert call("config", "get", "download.jobs").out == "9\n"


def test_an_option_wins_over_them_all(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALION_DOWNLOAD__JOBS", "many")
    assert call("download", "ftp://h.test/x").code == 2
    assert call("download", "ftp://h.test/x", "-j", "2").code == 10


def test_show_is_a_table_for_people(call: Call, file: Path) -> None:
    ended = call("config", "show")
    assert ended.out.splitlines()[0].split() == ["SETTING", "VALUE", "FROM"]
    assert "download.retries" in ended.out
    assert ended.err == f"The config file is {file}\n"


def test_set_keeps_comments_and_an_empty_value_removes(call: Call, file: Path) -> None:
    file.parent.mkdir()
    file.write_text("# mine\n[download]\njobs = 2 # two\n")
    assert call("config", "set", "download.retries", "3").code == 0
    assert file.read_text() == "# mine\n[download]\njobs = 2 # two\nretries = 3\n"
    assert call("config", "set", "download.retries", "").code == 0
    assert file.read_text() == "# mine\n[download]\njobs = 2 # two\n"


def test_a_value_that_removes_the_last_key_removes_the_table(call: Call, file: Path) -> None:
    call("config", "set", "download.jobs", "2")
    call("config", "set", "download.jobs", "")
    assert file.read_text().strip() == ""


def test_only_its_owner_may_read_the_file(call: Call, file: Path) -> None:
    call("config", "set", "download.jobs", "2")
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("download.limit_rate", "4.2M", "4404019"),
        ("download.directory", "2024", "2024"),
        ("plugins.strict", "true", "true"),
        ("plugins.disabled", "a, b", "a,b"),
        ("network.allow", "10.0.0.0/8", "10.0.0.0/8"),
        ("network.allow", "192.168.1.5, FD00::/8", "192.168.1.5/32,fd00::/8"),
    ],
)
def test_a_value_is_what_its_setting_can_use(
    call: Call, name: str, value: str, stored: str
) -> None:
    assert call("config", "set", name, value).code == 0
    assert call("config", "get", name).out == f"{stored}\n"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("download.jobs", "many", "download.jobs: Input should be a valid integer"),
        ("download.jobs", "0", "greater than or equal to 1"),
        ("download.limit_rate", "fast", "'fast' is not a rate; write 500K"),
        ("network.allow", "lan", "network.allow: 'lan' does not appear to be"),
        ("network.allow", "10.0.0.1/8", "has host bits set; write 10.0.0.0/8"),
        ("download.nope", "1", "download.nope: there is no such setting"),
    ],
)
def test_what_no_setting_can_use_is_refused_and_the_file_stays(
    call: Call, file: Path, name: str, value: str, why: str
) -> None:
    ended = call("config", "set", name, value)
    assert ended.code == 2
    assert why in ended.err
    assert not file.exists()


@pytest.mark.parametrize("name", ["nope", "download.nope", "download"])
def test_a_name_that_is_no_setting(call: Call, name: str) -> None:
    ended = call("config", "get", name)
    assert (ended.code, ended.out) == (4, "")
    assert "`galion config show` lists them" in ended.err


def test_a_setting_that_no_plugin_reads_is_kept_with_a_warning(call: Call) -> None:
    ended = call("config", "set", "downlaod.jobs", "4")
    assert ended.code == 0
    assert "Warning: No installed plugin is named 'downlaod'" in ended.err
    assert call("config", "set", "generic.netrc", "true").err.count("Warning") == 0


def test_secrets_are_masked_where_all_is_shown(call: Call) -> None:
    call("config", "set", "generic.api_token", "hidden-value")
    assert "hidden-value" not in call("config", "show").out + call("config", "show", "--json").out
    assert call("config", "get", "generic.api_token").out == "hidden-value\n"


def test_a_bad_value_in_the_file_can_be_removed_by_command(call: Call, file: Path) -> None:
    file.parent.mkdir()
    file.write_text('[download]\njobs = "many"\n')
    ended = call("config", "show")
    assert (ended.code, f"set by {file}" in ended.err) == (2, True)
    assert call("config", "set", "download.jobs", "").code == 0
    assert call("config", "show").code == 0


def test_a_file_that_is_not_toml_is_named(call: Call, file: Path) -> None:
    file.parent.mkdir()
    file.write_text("jobs = = 2")
    for arguments in (("show",), ("set", "download.jobs", "2")):
        ended = call("config", *arguments)
        assert ended.code == 2
        assert f"Error: The config file {file} cannot be read" in ended.err
    assert file.read_text() == "jobs = = 2"


def test_another_file_can_be_named(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALION_CONFIG", str(tmp_path / "mine.toml"))
    call("config", "set", "download.jobs", "3")
    assert (tmp_path / "mine.toml").read_text() == "[download]\njobs = 3\n"
