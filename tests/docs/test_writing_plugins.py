"""The plugins that the docs show are real: they are installed, load, win their links, download."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from galion_core.plugins.discovery import discover
from galion_core.plugins.manager import PluginManager
from galion_core.plugins.platforms import detect_or_raise, platforms
from galion_core.plugins.records import PluginState
from galion_core.urls import parse_url

if TYPE_CHECKING:
    from tests.docs.conftest import Block, BlocksOf, Terminal

WRITING = "docs/plugins/writing.md"
RECORD = "/api/records/3490058"
FILES = {"data.csv": b"a,b\n1,2\n", "readme.txt": b"Two columns.\n"}


def readme_plugin(folder: Path, blocks: BlocksOf) -> Block:
    (code,) = (each for each in blocks("README.md", "python") if "@hookimpl" in each.text)
    (project,) = blocks("README.md", "toml")
    (folder / "galion_arxiv.py").write_text(code.text)
    (folder / "pyproject.toml").write_text(project.text)
    return code


def test_the_plugin_of_the_readme_is_found_and_wins_its_links(
    terminal: Terminal, blocks: BlocksOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme_plugin(terminal.folder, blocks)
    assert terminal.run("pip install -q .") == ""
    monkeypatch.syspath_prepend(terminal.folder / "site-packages")
    manager = PluginManager()
    loaded = manager.load(discover())
    assert {each.name: each.state for each in loaded}["arxiv"] is PluginState.LOADED
    assert "generic" in {info.name for info, _ in platforms(manager)}

    bid = detect_or_raise(manager, parse_url("https://arxiv.org/abs/math/0309136"))
    assert bid.plugin == "arxiv"
    context = SimpleNamespace(url=parse_url("https://arxiv.org/abs/math/0309136"))
    asked = {"match": bid.match, "context": context}
    answer = asyncio.run(manager.ask_owner("arxiv", "galion_resolve_url", **asked))
    (file,) = answer.files
    assert (file.url, file.name) == ("https://arxiv.org/pdf/math/0309136", "0309136.pdf")
    other = detect_or_raise(manager, parse_url("https://example.com/abs/1"))
    assert other.plugin == "generic"


def test_the_plugin_of_the_readme_is_short(tmp_path: Path, blocks: BlocksOf) -> None:
    lines = readme_plugin(tmp_path, blocks).text.splitlines()
    assert len([line for line in lines if line]) <= 12


@pytest.fixture
def zenodo(terminal: Terminal) -> Terminal:
    """A terminal in which zenodo.org has a record with two files."""
    server = terminal.server
    terminal.hosts = {
        "https://zenodo.org:443": server.origin,
        "https://zenodo.org": server.origin,
        "zenodo.org": "127.0.0.1",
    }
    listed = [
        {
            "key": name,
            "size": len(content),
            "checksum": f"md5:{hashlib.md5(content).hexdigest()}",
            "links": {"self": server.add(f"{RECORD}/files/{name}/content", content)},
        }
        for name, content in FILES.items()
    ]
    record = {"doi": "10.5281/zenodo.1", "metadata": {"title": "Data"}, "files": listed}
    server.add(RECORD, json.dumps(record), content_type="application/json")
    return terminal


def write(terminal: Terminal, blocks: BlocksOf) -> None:
    """The files of the tutorial, as its reader writes them."""
    for language in ("toml", "python"):
        for block in blocks(WRITING, language):
            assert block.title, "every file of the tutorial says its name"
            text = block.text if block.title.startswith("test_") else terminal.real(block.text)
            (terminal.folder / block.title).write_text(text)


def test_the_tutorial_does_what_it_says(zenodo: Terminal, blocks: BlocksOf) -> None:
    write(zenodo, blocks)
    (block,) = blocks(WRITING, "console")
    for part in block.text.split("$ ")[1:]:
        line, _, expected = part.partition("\n")
        printed = zenodo.run(line)
        assert sorted(printed.splitlines()) == sorted(expected.splitlines()), line
    for name, content in FILES.items():
        assert (zenodo.folder / "record" / name).read_bytes() == content


def test_the_tutorial_sends_the_token_to_its_own_host_only(
    zenodo: Terminal, blocks: BlocksOf
) -> None:
    write(zenodo, blocks)
    zenodo.run("pip install -q -e .")
    zenodo.environment["ZENODO_TOKEN"] = "secret"
    zenodo.run("galion download -q https://zenodo.org/records/3490058")
    assert zenodo.exit_code == 0
    sent = {seen.headers.get("authorization") for seen in zenodo.server.requests}
    assert sent == {"Bearer secret"}


def test_the_tests_of_the_tutorial_pass(terminal: Terminal, blocks: BlocksOf) -> None:
    terminal.hosts = {}
    write(terminal, blocks)
    terminal.run("pip install -q -e .")
    printed = terminal.run("python -m pytest -q -p no:cacheprovider -p no:xdist test_zenodo.py")
    assert terminal.exit_code == 0, printed
    assert "3 passed" in printed
