"""The distributions as users get them: wheels from one folder, in empty environments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from galion_core import __version__

ROOT = Path(__file__).resolve().parents[2]
DISTRIBUTIONS = ["./galion_core", "./plugins/galion-generic", "."]
CONSTRAINTS = ".ci/constraints.txt"
URL = "https://example.com/f.bin"
PLATFORM_NOT_SUPPORTED = 10

pytestmark = [
    pytest.mark.packaging,
    pytest.mark.xdist_group("packaging"),  # one worker builds the wheels, once
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("galion_home"),
]


def pip(*arguments: str, **environment: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments]
    ended = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of every distribution and of all that they depend on."""
    folder = tmp_path_factory.mktemp("wheels")
    pinned = ["--no-build-isolation", "--constraint", CONSTRAINTS]
    pip("wheel", "--quiet", *pinned, "--wheel-dir", str(folder), *DISTRIBUTIONS)
    return folder


class Environment:
    """A virtual environment that holds what was installed into it, and not even pip."""

    def __init__(self, folder: Path, wheels: Path, *distributions: str) -> None:
        venv.create(folder, symlinks=True)
        self.bin = folder / "bin"
        self.python = self.bin / "python"
        to_here = ["--python", str(self.python)]
        from_folder = ["--no-index", "--find-links", str(wheels)]
        # An index or a folder that the machine's own configuration names must not help.
        alone = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
        pip(*to_here, "install", "--quiet", *from_folder, *distributions, **alone)
        pip(*to_here, "check", **alone)

    def galion(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.bin / "galion"), *arguments]
        return subprocess.run(command, cwd=self.bin, capture_output=True, text=True, timeout=60)

    def plugins(self) -> set[str]:
        listed = self.galion("plugins", "--json")
        assert listed.returncode == 0, listed.stderr
        return {plugin["name"] for plugin in json.loads(listed.stdout)}


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Environment:
    return Environment(tmp_path_factory.mktemp("core"), wheels, "galion-core")


@pytest.fixture(scope="session")
def core_and_generic(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Environment:
    folder = tmp_path_factory.mktemp("generic")
    return Environment(folder, wheels, "galion-core", "galion-generic")


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Environment:
    return Environment(tmp_path_factory.mktemp("galion"), wheels, "galion")


@pytest.mark.parametrize("installed", ["core", "core_and_generic", "everything"])
def test_the_command_tells_its_version(installed: str, request: pytest.FixtureRequest) -> None:
    told = request.getfixturevalue(installed).galion("--version")
    assert told.returncode == 0, told.stderr
    assert told.stdout == f"galion {__version__}\n"


def test_the_core_alone_supports_no_platform(core: Environment) -> None:
    refused = core.galion("detect", URL, "--json")
    assert refused.returncode == PLATFORM_NOT_SUPPORTED, refused.stderr
    assert json.loads(refused.stdout)["error"]["code"] == "PLATFORM_NOT_SUPPORTED"
    assert core.plugins() == set()


@pytest.mark.parametrize("installed", ["core_and_generic", "everything"])
def test_an_installed_plugin_brings_its_platform(
    installed: str, request: pytest.FixtureRequest
) -> None:
    environment = request.getfixturevalue(installed)
    detected = environment.galion("detect", URL, "--json")
    assert detected.returncode == 0, detected.stderr
    assert json.loads(detected.stdout)["platform"] == "generic"
    assert environment.plugins() == {"generic"}


@pytest.mark.parametrize("package", ["galion", "galion_core", "galion_generic"])
def test_a_package_says_that_it_is_typed_and_ships_no_tests(wheels: Path, package: str) -> None:
    names = [
        name for path in wheels.glob("galion*.whl") for name in zipfile.ZipFile(path).namelist()
    ]
    assert f"{package}/py.typed" in names
    assert not [name for name in names if "tests" in Path(name).parts]
