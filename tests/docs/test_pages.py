"""The pages name only what exists, are up to date, and lead nowhere that is not there."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from galion_core.cli.app import root
from galion_core.cli.session import Session
from galion_core.errors import GalionError
from galion_core.hookspecs import HOOKS
from galion_core.settings.schema import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FOUND = [*ROOT.glob("README.md"), *ROOT.glob("[!.]*/README.md"), *ROOT.glob("plugins/*/README.md")]
PAGES = sorted(str(path.relative_to(ROOT)) for path in [*FOUND, *DOCS.rglob("*.md")])
SETTINGS = {
    f"{table}.{key}"
    for table, holder in Settings.model_fields.items()
    for key in type(holder.default).model_fields
}
#: Words in capitals and options that are not Galion's own.
OTHERS = {"NO_COLOR", "ZENODO_TOKEN", "SSL_CERT_FILE"}
PACKAGES = {"galion_core", "galion_generic", "galion_arxiv", "galion_zenodo"}


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)


def spans(page: str) -> list[str]:
    """What the prose shows as code."""
    return [" ".join(each.split()) for each in re.findall(r"`([^`]+)`", prose(page))]


def errors() -> dict[str, type[GalionError]]:
    found: list[type[GalionError]] = [GalionError]
    for each in found:
        found += each.__subclasses__()
    # What one module alone tells apart has the code of what it is a kind of.
    return {each.code: each for each in found if each.__module__ == GalionError.__module__}


@pytest.mark.parametrize("page", PAGES)
def test_what_is_generated_is_current(page: str) -> None:
    filled = runpy.run_path(str(DOCS / "generate.py"))["filled"]
    assert filled(text_of(page)) == text_of(page), "run python docs/generate.py"


# --- commands ---------------------------------------------------------------------------------


def calls(page: str) -> Iterator[str]:
    """Every call of galion that the page shows."""
    yield from (each for each in spans(page) if each.startswith("galion "))
    yield from re.findall(r"^\$ (galion .*)$", text_of(page), flags=re.MULTILINE)


def options_of(command: click.Command) -> set[str]:
    context = click.Context(command, **root.context_settings)
    return {name for each in command.get_params(context) for name in each.opts}


def every_command(command: click.Command = root) -> Iterator[click.Command]:
    session = Session()
    session.no_plugins = True
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command, obj=session)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from every_command(below)


def check_call(words: list[str]) -> None:
    command: click.Command = root
    for word in words:
        if word.startswith("-"):
            assert word in options_of(command), f"{command.name} has no {word}"
        elif isinstance(command, click.Group):
            below = command.commands.get(word) if command is not root else None
            below = below or root.get_command(click.Context(root, obj=Session()), word)
            assert below is not None, f"{command.name} has no command {word}"
            command = below


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_their_options_exist(page: str) -> None:
    for call in calls(page):
        check_call(shlex.split(call)[1:])


@pytest.mark.parametrize("page", PAGES)
def test_options_that_are_named_alone_exist(page: str) -> None:
    known = {name for command in every_command() for name in options_of(command)}
    named = {each.split()[0] for each in spans(page) if re.match(r"--?[a-z]", each)}
    assert named <= known


@pytest.mark.parametrize("page", PAGES)
def test_targets_of_make_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), flags=re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([a-z]+)", text_of(page), flags=re.MULTILINE)
    assert set(named) <= targets


# --- errors, settings, hooks ------------------------------------------------------------------


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table whose first row begins with ``heading``."""
    table = text_of(page).partition(f"| {heading} |")[2].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def test_every_error_code_is_listed_as_the_code_has_it() -> None:
    listed = {row[0]: tuple(row[1:4]) for row in rows("docs/errors.md", "Code")}
    real = {
        code: (kind.__name__, str(kind.exit_code), str(kind.http_status))
        for code, kind in errors().items()
    }
    assert listed == real


def test_every_exit_code_is_listed() -> None:
    listed = {int(row[0]) for row in rows("docs/cli.md", "Code")}
    assert listed == {0, 2, 130} | {kind.exit_code for kind in errors().values()}


@pytest.mark.parametrize("page", PAGES)
def test_words_in_capitals_are_error_codes_or_variables(page: str) -> None:
    words = {each for each in spans(page) if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", each)}
    unknown = {each for each in words - OTHERS - set(errors()) if not each.startswith("GALION_")}
    assert not unknown


@pytest.mark.parametrize("page", PAGES)
def test_variables_and_settings_exist(page: str) -> None:
    variables = set(re.findall(r"\bGALION_[A-Z_]+", text_of(page)))
    for variable in variables - {"GALION_HOME", "GALION_CONFIG", "GALION_STRICT_PLUGINS"}:
        name = variable.removeprefix("GALION_").lower().replace("__", ".")
        assert name in SETTINGS | {"table.key"}, variable
    tables = {name.partition(".")[0] for name in SETTINGS}
    named = {each for each in spans(page) if re.fullmatch(r"[a-z]+\.[a-z_]+", each)}
    named = {each for each in named if each.partition(".")[0] in tables}
    assert named <= SETTINGS


@pytest.mark.parametrize("page", PAGES)
def test_hooks_that_are_named_exist(page: str) -> None:
    named = set(re.findall(r"\bgalion_[a-z_]+", text_of(page)))
    assert named - PACKAGES <= set(HOOKS)


def test_every_hook_and_every_setting_is_documented() -> None:
    headings = re.findall(r"^## (galion_\w+)$", text_of("docs/plugins/hooks.md"), re.MULTILINE)
    assert headings == list(HOOKS)
    listed = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", text_of("docs/settings.md"), re.MULTILINE)
    assert set(listed) == SETTINGS


# --- links ------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each).strip().lower().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    for link in links:
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        found = re.findall(r"\]\(([^)\s#]+\.md)", page.read_text(encoding="utf-8"))
        targets = {(page.parent / link).resolve() for link in found}
        waiting += [each for each in targets - seen if each.is_file() and each not in waiting]
    assert set(DOCS.rglob("*.md")) - {DOCS / "index.md"} <= seen
