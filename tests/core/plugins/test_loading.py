from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from galion_core.errors import PluginError
from galion_core.hookspecs import hookimpl
from galion_core.plugins.manager import PluginManager
from galion_core.plugins.records import PluginRecord, PluginState
from galion_core.types import PlatformInfo

if TYPE_CHECKING:
    from tests.core.plugins.conftest import Shelf

MARK = "from galion_core import hookimpl\n@hookimpl\n"

#: What is wrong with a plugin, its source, and the words that tell its author.
BROKEN = {
    "imports what is not there": ("import no_such_module_x", ["ModuleNotFoundError", "no_such"]),
    "raises ImportError": ("raise ImportError('needs torch')", ["ImportError: needs torch"]),
    "calls sys.exit": ("import sys; sys.exit(3)", ["sys.exit(3)"]),
    "has a syntax error": ("def x(:\n", ["SyntaxError", "line 1"]),
    "raises KeyboardInterrupt": ("raise KeyboardInterrupt", ["KeyboardInterrupt"]),
    "raises what is no Exception": ("class B(BaseException): pass\nraise B('x')", ["B: x"]),
    "recurses": ("def f(): f()\nf()", ["RecursionError"]),
    "raises what cannot be printed": (
        "class E(Exception):\n def __str__(self): raise ValueError\nraise E",
        ["E"],
    ),
    "misspells a hook": (
        MARK + "def galion_detect_platfrom(url): ...",
        ["galion_detect_platfrom", "did you mean galion_detect_platform?"],
    ),
    "misspells a specname": (
        "from galion_core import hookimpl\n@hookimpl(specname='galion_evnt')\ndef f(event): ...",
        ["galion_evnt", "did you mean galion_event?"],
    ),
    "marks what is no hook": (
        MARK + "def zebra(): ...",
        ["no hook zebra", "galion_core.hookspecs"],
    ),
    "forgets the marker": ("def galion_detect_platform(url): ...", ["not marked", "hookimpl"]),
    "has no hook": ("x = 1", ["no hook"]),
    "asks for an unknown argument": (
        MARK + "def galion_detect_platform(url, link): ...",
        ["no argument link", "its arguments are: url"],
    ),
    "gives an argument a default": (
        MARK + "def galion_detect_platform(url=None): ...",
        ["url", "default"],
    ),
    "takes any arguments": (MARK + "def galion_detect_platform(**given): ...", ["**given"]),
    "takes keyword-only arguments": (MARK + "def galion_detect_platform(*, url): ...", ["url"]),
    "is a wrapper": (
        "from galion_core import hookimpl\n@hookimpl(wrapper=True)\n"
        "def galion_detect_platform(url):\n    return (yield)",
        ["wrappers are not supported"],
    ),
    "is an old wrapper": (
        "from galion_core import hookimpl\n@hookimpl(hookwrapper=True)\n"
        "def galion_detect_platform(url):\n    yield",
        ["wrappers are not supported"],
    ),
    "is async where it may not": (
        MARK + "async def galion_authenticate(request): ...",
        ["galion_authenticate", "may not be async"],
    ),
    "is an async generator": (
        MARK + "async def galion_index_document(metadata):\n    yield 1",
        ["async generator"],
    ),
    "implements a hook twice": (
        MARK + "def galion_event(event): ...\n@hookimpl(specname='galion_event')\ndef f(): ...",
        ["galion_event twice"],
    ),
}


@pytest.fixture
def reported() -> list[str]:
    return []


@pytest.fixture
def load(shelf: Shelf, reported: list[str]) -> Callable[..., dict[str, PluginRecord]]:
    def load(manager: PluginManager, **options: object) -> dict[str, PluginRecord]:
        records = manager.load(shelf.records(), report=reported.append, **options)
        return {each.name: each for each in records}

    return load


def served(manager: PluginManager) -> list[str]:
    return [each.value.name for each in manager.collect("galion_register_platform")]


@pytest.mark.parametrize("wrong", BROKEN)
def test_a_plugin_that_cannot_be_used_fails_alone_and_is_named(
    wrong: str,
    shelf: Shelf,
    load: Callable[..., dict[str, PluginRecord]],
    reported: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    source, words = BROKEN[wrong]
    shelf.publish("good")
    shelf.publish("bad", source)
    manager = PluginManager()
    records = load(manager)
    assert records["good"].state is PluginState.LOADED
    assert records["bad"].state is PluginState.FAILED
    assert served(manager) == ["good"]
    for word in words:
        assert word in records["bad"].reason
    (line,) = reported
    for word in [*words, "Plugin bad of galion-bad 1.0", "`pip uninstall galion-bad`"]:
        assert word in line
    assert "\n" not in line
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("wrong", BROKEN)
def test_under_strict_a_plugin_that_cannot_be_used_is_an_error(
    wrong: str, shelf: Shelf, load: Callable[..., dict[str, PluginRecord]]
) -> None:
    source, words = BROKEN[wrong]
    shelf.publish("bad", source)
    with pytest.raises(PluginError) as caught:
        load(PluginManager(), strict=True)
    for word in [*words, "bad", "galion-bad"]:
        assert word in caught.value.message
    assert "pip uninstall galion-bad" in str(caught.value.hint)


def test_the_traceback_of_a_failed_import_is_kept_for_its_author(
    shelf: Shelf, load: Callable[..., dict[str, PluginRecord]]
) -> None:
    module = shelf.publish("bad", "def inner():\n    raise ValueError('x')\ninner()\n")
    traceback = load(PluginManager())["bad"].traceback
    assert f"{module}.py" in traceback
    assert "in inner" in traceback
    assert traceback.endswith("ValueError: x")


def test_errors_are_safe_to_print(
    shelf: Shelf, load: Callable[..., dict[str, PluginRecord]], reported: list[str]
) -> None:
    shelf.publish("bad", "raise ValueError('\\x1b[2J\\n\\rhttps://me:pw@h.test/?token=abc' * 99)")
    record = load(PluginManager())["bad"]
    for text in record.reason, *reported, *record.traceback.splitlines():
        assert text.isprintable()
        assert "abc" not in text
    assert len(reported[0]) < 600


def join_loaders() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("galion-load-"):
            thread.join()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """A module that plugins can import to wait until the test lets them go."""
    module = ModuleType("gate_of_the_test")
    module.opened = threading.Event()  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    yield module.opened
    module.opened.set()
    join_loaders()
    del sys.modules[module.__name__]


@pytest.mark.parametrize("tail", ["", "\nraise SystemExit(1)"])
def test_a_plugin_that_sleeps_at_import_is_given_up_and_never_registered_late(
    tail: str,
    shelf: Shelf,
    load: Callable[..., dict[str, PluginRecord]],
    gate: threading.Event,
    capfd: pytest.CaptureFixture[str],
) -> None:
    good = MARK + "def galion_register_platform(): ..."
    module = shelf.publish(
        "slow", f"import gate_of_the_test\ngate_of_the_test.opened.wait()\n{good}{tail}"
    )
    manager = PluginManager()
    record = load(manager, load_timeout=0.01)["slow"]
    assert record.state is PluginState.FAILED
    assert f"importing {module} took longer than 0.01 seconds" in record.reason
    gate.set()
    join_loaders()
    assert manager.collect("galion_register_platform") == []
    assert record in manager.records
    assert capfd.readouterr() == ("", "")


def test_a_plugin_may_be_a_module_an_object_or_a_class(
    shelf: Shelf, load: Callable[..., dict[str, PluginRecord]]
) -> None:
    body = """
from galion_core import PlatformInfo, hookimpl
class Plugin:
    @hookimpl
    def galion_register_platform(self):
        return PlatformInfo(name="{0}", title="")
class Outer:
    plugin = Plugin()
"""
    shelf.publish("module")
    shelf.publish("object", body.format("object"), value="{module}:Outer.plugin")
    shelf.publish("type", body.format("type"), value="{module}:Plugin [extra]")
    manager = PluginManager()
    assert {each.state for each in load(manager).values()} == {PluginState.LOADED}
    assert served(manager) == ["module", "object", "type"]


def test_a_class_whose_object_cannot_be_made_fails_alone(
    shelf: Shelf, load: Callable[..., dict[str, PluginRecord]]
) -> None:
    shelf.publish("bad", "class P:\n    def __init__(self, x): ...", value="{module}:P")
    shelf.publish("gone", value="{module}:nothing.here")
    records = load(PluginManager())
    assert "TypeError" in records["bad"].reason
    assert "AttributeError" in records["gone"].reason


def test_one_object_is_not_two_plugins(
    shelf: Shelf, load: Callable[..., dict[str, PluginRecord]]
) -> None:
    module = shelf.publish("one")
    shelf.publish("two", value=module)
    manager = PluginManager()
    records = load(manager)
    assert "same object as the plugin one" in records["two"].reason
    assert served(manager) == ["one"]


def test_a_hook_of_a_later_galion_may_be_optional(
    shelf: Shelf, load: Callable[..., dict[str, PluginRecord]]
) -> None:
    later = "\n@hookimpl(optionalhook=True)\ndef galion_from_the_future(thing): ...\n"
    shelf.publish("new", MARK + "def galion_event(event): ..." + later)
    assert load(PluginManager())["new"].state is PluginState.LOADED


def test_what_discovery_refused_is_reported_and_a_disabled_plugin_is_not(
    shelf: Shelf, reported: list[str]
) -> None:
    shelf.publish("books", distribution="abc")
    shelf.publish("books", distribution="xyz")
    shelf.publish("later", group="galion.plugins.v2")
    shelf.publish("quiet")
    PluginManager().load(shelf.records(disabled=("quiet",)), report=reported.append)
    assert len(reported) == 2
    assert "conflict" in reported[0]
    assert "incompatible" in reported[1]
    with pytest.raises(PluginError, match="conflict"):
        PluginManager().load(shelf.records(), strict=True)


def test_an_interrupt_of_the_user_stops_loading(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(thread: threading.Thread, timeout: float | None = None) -> None:
        raise KeyboardInterrupt

    shelf.publish("books")
    join = threading.Thread.join
    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        PluginManager().load(shelf.records())
    monkeypatch.setattr(threading.Thread, "join", join)
    join_loaders()


def test_built_in_behaviour_is_registered_by_the_same_rules() -> None:
    class Default:
        @hookimpl
        def galion_register_platform(self) -> PlatformInfo:
            return PlatformInfo(name="core-thing", title="")

    class Misspelt:
        @hookimpl
        def galion_evnt(self) -> None: ...

    manager = PluginManager()
    manager.register(Default(), name="core.thing")
    assert served(manager) == ["core-thing"]
    with pytest.raises(PluginError, match="did you mean galion_event"):
        manager.register(Misspelt(), name="core.wrong")
    with pytest.raises(PluginError, match=r"the name core\.thing is taken"):
        manager.register(Default(), name="core.thing")
