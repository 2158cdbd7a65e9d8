from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click
import pytest

from galion_core.errors import CredentialsRefused, GalionError, PlatformNotSupported, PluginError
from galion_core.hookspecs import HOOKS, Mode
from galion_core.plugins.dispatch import Answer, settle
from galion_core.plugins.manager import PluginManager
from galion_core.types import (
    AuthRequest,
    Credentials,
    Event,
    GraphEdge,
    IndexBackend,
    IndexDocument,
    PlatformInfo,
    PlatformMatch,
    PostProcessor,
    RemoteFile,
    Resolution,
    StoreBackend,
)
from galion_core.urls import parse_url

if TYPE_CHECKING:
    from tests.core.plugins.conftest import Shelf

URL = parse_url("https://books.test/7")
ARGUMENTS: dict[str, object] = {
    "url": URL,
    "match": PlatformMatch(platform="books", kind="file"),
    "context": None,
    "request": AuthRequest(platform="books", origin=URL.origin, url=URL),
    "artifact": None,
    "metadata": {},
    "documents": [],
    "cli": click.Group(),
    "event": Event(type="job.completed", job_id="dl_1", at=0.0),
}
#: A right answer to every hook.
RIGHT: dict[str, object] = {
    "galion_register_platform": PlatformInfo(name="books", title="Books"),
    "galion_detect_platform": PlatformMatch(platform="books", kind="file"),
    "galion_resolve_url": Resolution(files=(RemoteFile(url="https://books.test/7"),)),
    "galion_authenticate": Credentials(origins=(URL.origin,), headers={}),
    "galion_register_post_processors": PostProcessor(name="count", run=lambda artifact: None),
    "galion_index_document": IndexDocument(text="of mice"),
    "galion_graph_edges": GraphEdge(source="a", target="b", relation="r", evidence="e"),
    "galion_register_index_backends": IndexBackend(name="i", open=lambda folder: None),
    "galion_register_stores": StoreBackend(name="s", open=lambda home: None),
    "galion_register_commands": None,
    "galion_register_routes": object(),
    "galion_event": None,
}
#: Modes in which the other plugins still answer.
SHARED = [name for name, hook in HOOKS.items() if hook.mode is not Mode.OWNER]
TYPED = [name for name, hook in HOOKS.items() if hook.result not in (None, object)]

MakePlugin = Callable[..., ModuleType]


def call(manager: PluginManager, name: str, owner: str = "bad") -> list[Answer]:
    """Ask as the core does, whatever the mode."""
    hook = HOOKS[name]
    given = {argument: ARGUMENTS[argument] for argument in hook.arguments}
    if hook.mode is Mode.OWNER:
        return [Answer(owner, asyncio.run(manager.ask_owner(owner, name, **given)))]
    if hook.mode is Mode.OBSERVE:
        asyncio.run(manager.observe(name, **given))
        return []
    if hook.mode is Mode.FIRST:
        found = manager.first(name, **given)
        return [found] if found else []
    if hook.may_await:
        return asyncio.run(manager.collect_async(name, **given))
    return manager.collect(name, **given)


def raising(error: BaseException) -> Callable[[], object]:
    def implementation() -> object:
        raise error

    return implementation


def answering(value: object) -> Callable[[], object]:
    return lambda: value


@pytest.fixture
def reported() -> list[str]:
    return []


@pytest.fixture
def manager(reported: list[str]) -> PluginManager:
    made = PluginManager()
    made.report = reported.append
    return made


@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit("boom"), RuntimeError("boom")])
@pytest.mark.parametrize("hook", SHARED)
def test_a_plugin_that_raises_loses_only_its_own_answer(
    hook: str,
    error: BaseException,
    manager: PluginManager,
    make_plugin: MakePlugin,
    reported: list[str],
) -> None:
    heard = []

    def right() -> object:
        heard.append("good")
        return RIGHT[hook]

    manager.register(make_plugin(**{hook: raising(error)}), name="bad")
    manager.register(make_plugin(**{hook: right}), name="good")
    expected = [] if RIGHT[hook] is None else [Answer("good", RIGHT[hook])]
    assert call(manager, hook) == expected
    assert call(manager, hook) == expected
    assert heard == ["good", "good"]
    (fault,) = manager.faults.values()
    assert (fault.plugin, fault.hook) == ("bad", hook)
    assert "boom" in fault.message
    assert "in implementation" in fault.traceback
    assert len(reported) == 1, "once for each plugin and hook"
    assert "Plugin bad" in reported[0]
    assert hook in reported[0]


@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit("boom")])
def test_an_owner_that_raises_becomes_an_error_that_names_it(
    error: BaseException, manager: PluginManager, make_plugin: MakePlugin
) -> None:
    manager.register(make_plugin(galion_resolve_url=raising(error)), name="bad")
    manager.register(
        make_plugin(galion_resolve_url=answering(RIGHT["galion_resolve_url"])), name="good"
    )
    with pytest.raises(PluginError, match=r"Plugin bad failed in galion_resolve_url.*boom"):
        call(manager, "galion_resolve_url", owner="bad")
    assert call(manager, "galion_resolve_url", owner="good")


def test_a_fault_names_the_distribution_and_how_to_remove_it(
    shelf: Shelf, reported: list[str]
) -> None:
    source = """
from galion_core import hookimpl
@hookimpl
def galion_detect_platform(url):
    raise ValueError("boom")
@hookimpl
def galion_resolve_url():
    raise ValueError("boom")
"""
    shelf.publish("bad", source)
    manager = PluginManager()
    manager.load(shelf.records(), report=reported.append)
    assert manager.collect("galion_detect_platform", url=URL) == []
    (line,) = reported
    assert "Plugin bad of galion-bad failed in galion_detect_platform: ValueError: boom" in line
    assert "`pip uninstall galion-bad`" in line
    assert manager.faults["bad", "galion_detect_platform"].distribution == "galion-bad"
    with pytest.raises(PluginError, match="of galion-bad") as caught:
        call(manager, "galion_resolve_url")
    assert caught.value.details["distribution"] == "galion-bad"
    assert "`pip uninstall galion-bad`" in str(caught.value.hint)


def test_a_fault_names_the_distribution_that_was_loaded_of_two_in_conflict(shelf: Shelf) -> None:
    source = "from galion_core import hookimpl\n@hookimpl\ndef galion_detect_platform(): return 1"
    shelf.publish("bad", source, distribution="abc")
    shelf.publish("bad", source, distribution="zoo")
    manager = PluginManager()
    manager.load(reversed(shelf.records()))
    manager.collect("galion_detect_platform", url=URL)
    assert manager.faults["bad", "galion_detect_platform"].distribution == "abc"


@pytest.mark.parametrize("hook", TYPED)
def test_an_answer_of_the_wrong_type_is_a_fault(
    hook: str, manager: PluginManager, make_plugin: MakePlugin
) -> None:
    manager.register(make_plugin(**{hook: answering("a string")}), name="bad")
    manager.register(make_plugin(**{hook: answering(RIGHT[hook])}), name="good")
    if HOOKS[hook].mode is Mode.OWNER:
        with pytest.raises(PluginError, match="it answered str instead of Resolution"):
            call(manager, hook)
    else:
        assert call(manager, hook) == [Answer("good", RIGHT[hook])]
    assert "it answered str instead of" in manager.faults["bad", hook].message


@pytest.mark.parametrize("hook", [name for name, hook in HOOKS.items() if not hook.may_await])
def test_an_awaitable_where_none_is_awaited_is_a_fault(
    hook: str, manager: PluginManager, make_plugin: MakePlugin
) -> None:
    async def late() -> object:
        return RIGHT[hook]

    manager.register(make_plugin(**{hook: lambda: late()}), name="bad")
    assert call(manager, hook) == []
    assert "it answered coroutine" in manager.faults["bad", hook].message


@pytest.mark.parametrize("hook", [name for name, hook in HOOKS.items() if hook.may_await])
def test_a_hook_that_may_be_async_is_awaited(
    hook: str, manager: PluginManager, make_plugin: MakePlugin
) -> None:
    ran = []

    async def implementation() -> object:
        await asyncio.sleep(0)
        ran.append(hook)
        return RIGHT[hook]

    manager.register(make_plugin(**{hook: implementation}), name="bad")
    assert [each.value for each in call(manager, hook)] == [RIGHT[hook]] * (hook != "galion_event")
    assert ran == [hook]


@pytest.mark.parametrize("hook", [name for name, hook in HOOKS.items() if hook.many])
def test_several_answers_of_one_plugin_are_flattened(
    hook: str, manager: PluginManager, make_plugin: MakePlugin
) -> None:
    def generator() -> Iterator[object]:
        yield RIGHT[hook]
        yield None
        yield RIGHT[hook]

    def broken() -> Iterator[object]:
        yield RIGHT[hook]
        raise ValueError("boom")

    manager.register(make_plugin(**{hook: generator}), name="a")
    manager.register(make_plugin(**{hook: broken}), name="b")
    manager.register(make_plugin(**{hook: answering([RIGHT[hook]])}), name="c")
    assert [each.plugin for each in call(manager, hook)] == ["a", "a", "c"]
    assert list(manager.faults) == [("b", hook)]


def test_a_generator_is_no_answer_where_one_is_asked_for(
    manager: PluginManager, make_plugin: MakePlugin
) -> None:
    def generator() -> Iterator[object]:
        yield RIGHT["galion_detect_platform"]

    manager.register(make_plugin(galion_detect_platform=generator), name="bad")
    assert call(manager, "galion_detect_platform") == []
    assert "generator" in manager.faults["bad", "galion_detect_platform"].message


@pytest.mark.parametrize("hook", HOOKS)
def test_the_order_of_registration_changes_nothing(hook: str, make_plugin: MakePlugin) -> None:
    plugins = {name: make_plugin(**{hook: answering(RIGHT[hook])}) for name in "abcd"}
    plugins["b"] = make_plugin(**{hook: raising(ValueError("boom"))})
    plugins["c"] = make_plugin(**{hook: answering(None)})
    seen = []
    for order in itertools.permutations(plugins):
        manager = PluginManager()
        for name in order:
            manager.register(plugins[name], name)
        seen.append((call(manager, hook, owner="d"), list(manager.faults)))
    assert all(each == seen[0] for each in seen)


def test_the_order_of_entry_points_changes_no_answer(shelf: Shelf) -> None:
    for name in "one", "two", "three":
        shelf.publish(name)
    shelf.publish("zero", "raise ImportError('x')")
    records = shelf.records()
    seen = set()
    for order in itertools.permutations(records):
        manager = PluginManager()
        manager.load(order)
        answers = manager.collect("galion_register_platform")
        seen.add(tuple((each.plugin, each.value.name) for each in answers))
    assert seen == {(("one", "one"), ("three", "three"), ("two", "two"))}


def test_the_first_answer_is_that_of_the_first_name_that_has_one(
    manager: PluginManager, make_plugin: MakePlugin
) -> None:
    right = RIGHT["galion_authenticate"]
    manager.register(make_plugin(galion_authenticate=answering(right)), name="c")
    manager.register(make_plugin(galion_authenticate=answering(right)), name="b")
    manager.register(make_plugin(galion_authenticate=answering(None)), name="a")
    assert call(manager, "galion_authenticate") == [Answer("b", right)]


@pytest.mark.parametrize("hook", ["galion_resolve_url", "galion_authenticate"])
def test_a_galion_error_of_one_who_must_answer_reaches_the_user_whole(
    hook: str, manager: PluginManager, make_plugin: MakePlugin
) -> None:
    refusal = CredentialsRefused("the token is old", hint="make a new one")
    manager.register(make_plugin(**{hook: raising(refusal)}), name="bad")
    manager.register(make_plugin(**{hook: answering(RIGHT[hook])}), name="good")
    with pytest.raises(CredentialsRefused) as caught:
        call(manager, hook)
    assert caught.value is refusal
    assert not manager.faults


@pytest.mark.parametrize(
    "hook", [name for name, hook in HOOKS.items() if hook.mode in (Mode.COLLECT, Mode.OBSERVE)]
)
def test_a_galion_error_of_one_of_many_is_kept_whole_and_costs_the_others_nothing(
    hook: str, manager: PluginManager, make_plugin: MakePlugin, reported: list[str]
) -> None:
    refusal = CredentialsRefused("the token is old", hint="make a new one")
    manager.register(make_plugin(**{hook: raising(refusal)}), name="bad")
    manager.register(make_plugin(**{hook: answering(RIGHT[hook])}), name="good")
    assert len(call(manager, hook)) == (RIGHT[hook] is not None)
    assert manager.faults["bad", hook].refusal is refusal
    assert "the token is old. make a new one" in reported[0]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), asyncio.CancelledError()])
@pytest.mark.parametrize("hook", HOOKS)
def test_interrupts_and_cancellation_pass_through(
    hook: str, error: BaseException, manager: PluginManager, make_plugin: MakePlugin
) -> None:
    manager.register(make_plugin(**{hook: raising(error)}), name="bad")
    with pytest.raises(type(error)):
        call(manager, hook)
    assert not manager.faults


@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit("boom"), PluginError("boom")])
@pytest.mark.parametrize("hook", HOOKS)
def test_under_strict_every_fault_is_raised(
    hook: str, error: BaseException, manager: PluginManager, make_plugin: MakePlugin
) -> None:
    manager.strict = True
    manager.register(make_plugin(**{hook: raising(error)}), name="bad")
    with pytest.raises(PluginError, match="boom") as caught:
        call(manager, hook)
    if not isinstance(error, GalionError):
        assert caught.value.__cause__ is error


def test_asking_an_owner_that_is_not_there_says_so(
    manager: PluginManager, make_plugin: MakePlugin
) -> None:
    manager.register(make_plugin(galion_event=answering(None)), name="mute")
    for owner in "gone", "mute":
        with pytest.raises(PlatformNotSupported, match=owner):
            call(manager, "galion_resolve_url", owner=owner)


@pytest.mark.parametrize(
    ("method", "hook", "given"),
    [
        ("collect", "galion_no_such", {}),
        ("collect", "galion_detect_platform", {}),
        ("collect", "galion_detect_platform", {"url": URL, "more": 1}),
        ("collect", "galion_authenticate", {"request": None}),
        ("collect", "galion_index_document", {"artifact": None, "metadata": {}}),
        ("first", "galion_detect_platform", {"url": URL}),
    ],
)
def test_a_wrong_call_is_the_error_of_the_caller(
    method: str, hook: str, given: dict[str, object], manager: PluginManager
) -> None:
    with pytest.raises(TypeError, match=hook):
        getattr(manager, method)(hook, **given)


def test_only_what_is_awaitable_is_awaited() -> None:
    async def later() -> int:
        return 7

    assert asyncio.run(settle(later())) == 7
    assert asyncio.run(settle(Path("x"))) == Path("x")
