"""Write into the pages what the code says: ``python docs/generate.py``.

Between ``<!-- generated: NAME -->`` and ``<!-- end -->`` stands what the function of that name
gives; a test checks that it is current.
"""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

import click
from pydantic.fields import FieldInfo

from galion_core import hookspecs, types, urls
from galion_core.cli.app import root
from galion_core.cli.session import Session
from galion_core.hookspecs import HOOKS, Hook
from galion_core.jobs import MOVES, Status
from galion_core.settings.schema import Settings

DOCS = Path(__file__).parent
#: Columns of the help texts.
WIDTH = 88
#: Columns of code, as ruff has it.
LINE = 100

_BLOCK = re.compile(
    r"(?<=<!-- generated: )(?P<name>\w+)(?P<open> -->\n).*?(?=<!-- end -->)", re.DOTALL
)


def commands() -> Iterator[str]:
    """Every command with its real help text."""
    session = Session()
    session.no_plugins = True
    settings = {**root.context_settings, "terminal_width": WIDTH}
    yield from _help(root, click.Context(root, info_name="galion", obj=session, **settings))


def _help(command: click.Command, context: click.Context) -> Iterator[str]:
    level = "###" if len(context.command_path.split()) > 2 else "##"
    yield f"{level} {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            inner = click.Context(below, parent=context, info_name=name, terminal_width=WIDTH)
            yield from _help(below, inner)


def settings() -> Iterator[str]:
    """Every setting of the core, in its table."""
    for table, holder in Settings.model_fields.items():
        model = type(holder.default)
        yield f"## [{table}]\n\n{model.__doc__}\n"
        yield "| Setting | Default | Values | Meaning |\n| --- | --- | --- | --- |"
        for key, field in model.model_fields.items():
            default = _default(field)
            yield f"| `{table}.{key}` | {default} | {_values(field)} | {field.description} |"
        yield ""


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value == []:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _values(field: FieldInfo) -> str:
    limits = {
        bound: getattr(each, bound)
        for each in field.metadata
        for bound in ("ge", "gt", "le")
        if getattr(each, bound, None) is not None
    }
    if "le" in limits:
        return f"{limits['ge']} to {limits['le']}"
    if limits:
        return f"above {limits['gt']}" if "gt" in limits else f"{limits['ge']} or more"
    return {bool: "`true`, `false`", str: "text"}.get(
        field.annotation,  # type: ignore[call-overload]
        "a rate: `500K`, `4.2M`, `1G`" if "int" in str(field.annotation) else "a list: `a,b`",
    )


def hooks() -> Iterator[str]:
    """Every hook: signature, how it is called, what it is for, an example that runs."""
    for hook in HOOKS.values():
        function = getattr(hookspecs, hook.name)
        words, _, example = (inspect.getdoc(function) or "").partition(">>>")
        yield f"## {hook.name}\n\n```python\n{_signature(function)}\n```\n"
        yield f"{_called(hook)}\n\n{_markdown(words)}\n"
        yield f"```pycon\n>>>{example.rstrip()}\n```\n"


def _signature(function: Callable[..., object]) -> str:
    source = dedent(inspect.getsource(function))
    declared = ast.parse(source).body[0]
    assert isinstance(declared, ast.FunctionDef)
    assert declared.returns is not None
    arguments, returns = ast.unparse(declared.args), ast.unparse(declared.returns)
    line = f"def {declared.name}({arguments}) -> {returns}: ..."
    return line if len(line) <= LINE else line.replace(arguments, f"\n    {arguments}\n", 1)


def _called(hook: Hook) -> str:
    answer = "nothing" if hook.result in (None, object) else f"`{hook.result.__name__}`"
    if hook.result is object:
        answer = "values that the server checks"
    many = ", one or several" if hook.many else ""
    may = "may be `async`" if hook.may_await else "must not be `async`"
    return f"**{hook.mode}** · answers {answer}{many} · {may}"


def records() -> Iterator[str]:
    """The types that cross a hook, with their fields."""
    for module in (urls, types):
        for declared in ast.parse(inspect.getsource(module)).body:
            if isinstance(declared, ast.ClassDef):
                protocol = any(ast.unparse(base) == "Protocol" for base in declared.bases)
                words = _markdown(ast.get_docstring(declared) or "")
                yield f"### {declared.name}\n\n{'*Protocol.* ' if protocol else ''}{words}\n"
                yield from _fields(declared)
                yield ""


def _fields(declared: ast.ClassDef) -> Iterator[str]:
    for here, after in zip(declared.body, [*declared.body[1:], None], strict=True):
        meaning = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            meaning = f": {after.value.value}"
        if isinstance(here, ast.AnnAssign | ast.Assign):
            yield f"- `{_plain(ast.unparse(here))}`{_markdown(meaning)}"
        elif isinstance(here, ast.FunctionDef | ast.AsyncFunctionDef) and here.name[0] != "_":
            is_property = any("property" in ast.unparse(each) for each in here.decorator_list)
            shown = here.name if is_property else f"{here.name}({ast.unparse(here.args)})"
            doc = (ast.get_docstring(here) or "").partition("\n")[0]
            yield f"- `{shown}`: {_markdown(doc)}"


def _plain(field: str) -> str:
    """A field without what only ``dataclasses`` wants to know."""
    return re.sub(r" = field\(.*\)", "", field.replace("field(default_factory=dict)", "{}"))


def _markdown(text: str) -> str:
    return re.sub(r"``(.+?)``", r"`\1`", text.partition(">>>")[0]).strip() if text else ""


def moves() -> Iterator[str]:
    """Which state may follow which."""
    yield "| From | To |\n| --- | --- |"
    for before, after in MOVES.items():
        # In the order of a life, which a set does not keep.
        yield f"| {before} | {', '.join(each for each in Status if each in after) or 'nothing'} |"


def conformance() -> Iterator[str]:
    """The rows of the conformance tests, which pytest collects without running them."""
    with TemporaryDirectory() as place:
        table = Path(place, "table.md")
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
        command += [f"--table-to={table}", "tests/core/transfer", "tests/cli/test_interruptions.py"]
        subprocess.run(
            command,
            cwd=DOCS.parent,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        yield table.read_text(encoding="utf-8")


GENERATORS: dict[str, Callable[[], Iterator[str]]] = {
    "commands": commands,
    "conformance": conformance,
    "settings": settings,
    "hooks": hooks,
    "moves": moves,
    "records": records,
}


def filled(page: str) -> str:
    """The page with every generated block made anew."""

    def make(block: re.Match[str]) -> str:
        text = "\n".join(GENERATORS[block["name"]]()).strip()
        return f"{block['name']}{block['open']}\n{text}\n\n"

    return _BLOCK.sub(make, page)


if __name__ == "__main__":
    for path in sorted(DOCS.rglob("*.md")):
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
