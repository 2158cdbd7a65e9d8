from __future__ import annotations

import itertools
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from galion_core.errors import InvalidUrl, PlatformNotSupported
from galion_core.plugins.manager import PluginManager
from galion_core.plugins.platforms import detect, detect_or_raise, platforms
from galion_core.types import Confidence, PlatformInfo, PlatformMatch
from galion_core.urls import parse_url

if TYPE_CHECKING:
    from tests.core.plugins.conftest import Shelf

URL = parse_url("https://books.test/7")


@pytest.fixture
def manager() -> PluginManager:
    return PluginManager()


@pytest.fixture
def bidder(make_plugin: Callable[..., ModuleType]) -> Callable[..., ModuleType]:
    """A plugin that serves some platforms and makes one bid for every URL."""

    def make(
        *serves: str, bids: object, confidence: object = Confidence.EXACT, kind: str = "file"
    ) -> ModuleType:
        match = PlatformMatch(platform=bids, kind=kind, confidence=confidence)  # type: ignore[arg-type]
        return make_plugin(
            galion_register_platform=lambda: [PlatformInfo(name=n, title=n) for n in serves],
            galion_detect_platform=lambda: match,
        )

    return make


def test_the_surest_bid_wins_then_the_name_of_the_platform(
    bidder: Callable[..., ModuleType],
) -> None:
    plugins = {
        "z": bidder("any", bids="any", confidence=Confidence.FALLBACK),
        "b": bidder("shop", bids="shop", confidence=Confidence.HOST),
        "d": bidder("zines", bids="zines"),
        "c": bidder("books", bids="books"),
    }
    for order in itertools.permutations(plugins):
        manager = PluginManager()
        for name in order:
            manager.register(plugins[name], name)
        detection = detect(manager, URL)
        assert [bid.plugin for bid in detection.bids] == ["c", "d", "b", "z"]
        assert detection.winner is not None
        assert detection.winner.match.platform == "books"
        assert detect_or_raise(manager, URL) == detection.winner


@pytest.mark.parametrize(
    ("bid", "words"),
    [
        ({"bids": "books"}, "it bids for the platform 'books', which it does not serve"),
        ({"bids": "nobodys"}, "it bids for the platform 'nobodys', which it does not serve"),
        ({"bids": ["shop"]}, "its platform is list instead of str"),
        ({"bids": "shop", "confidence": 10**6}, "its confidence is int instead of Confidence"),
        ({"bids": "shop", "confidence": "high"}, "its confidence is str instead of Confidence"),
    ],
)
def test_a_bid_that_a_plugin_may_not_make_is_dropped_and_named(
    bid: dict[str, object],
    words: str,
    manager: PluginManager,
    bidder: Callable[..., ModuleType],
) -> None:
    manager.register(bidder("books", bids="books", confidence=Confidence.HOST), "books")
    manager.register(bidder("shop", **bid), "shop")
    assert [each.plugin for each in detect(manager, URL).bids] == ["books"]
    assert manager.faults["shop", "galion_detect_platform"].message == words


def test_of_two_plugins_with_one_platform_the_first_distribution_keeps_it(shelf: Shelf) -> None:
    source = """
from galion_core import PlatformInfo, PlatformMatch, hookimpl
@hookimpl
def galion_register_platform():
    return PlatformInfo(name="books", title="")
@hookimpl
def galion_detect_platform():
    return PlatformMatch(platform="books", kind="file")
"""
    shelf.publish("aaa", source, distribution="zoo")
    shelf.publish("zzz", source, distribution="abc")
    for order in itertools.permutations(shelf.records()):
        manager = PluginManager()
        manager.load(order)
        assert [(info.name, plugin) for info, plugin in platforms(manager)] == [("books", "zzz")]
        assert [bid.plugin for bid in detect(manager, URL).bids] == ["zzz"]
        message = manager.faults["aaa", "galion_register_platform"].message
        assert "zzz of abc" in message
        assert "aaa of zoo" in message


def test_platforms_are_sorted_by_name_and_odd_names_refused(
    manager: PluginManager, bidder: Callable[..., ModuleType]
) -> None:
    manager.register(bidder("shop", "books", bids="shop"), "one")
    manager.register(bidder("../up", bids="x"), "two")
    assert [(info.name, plugin) for info, plugin in platforms(manager)] == [
        ("books", "one"),
        ("shop", "one"),
    ]
    assert ("two", "galion_register_platform") in manager.faults


def test_without_any_platform_the_hint_names_one_to_install(manager: PluginManager) -> None:
    url = parse_url("https://me:secret@x.test/?token=secret")
    with pytest.raises(PlatformNotSupported) as caught:
        detect_or_raise(manager, url)
    assert "https://x.test/" in caught.value.message
    assert "secret" not in str(caught.value.as_dict())
    assert "pip install galion-generic" in str(caught.value.hint)
    assert detect(manager, url).winner is None


def test_the_hint_lists_what_is_installed_and_what_is_not_in_use(shelf: Shelf) -> None:
    shelf.publish("books")
    shelf.publish("bad", "raise ImportError")
    shelf.publish("off")
    manager = PluginManager()
    manager.load(shelf.records(disabled=("off",)))
    with pytest.raises(PlatformNotSupported) as caught:
        detect_or_raise(manager, parse_url("https://elsewhere.test/"))
    assert "Installed platforms: books." in str(caught.value.hint)
    assert "bad (failed), off (disabled)" in str(caught.value.hint)
    assert caught.value.details["platforms"] == ["books"]


def test_what_a_plugin_says_about_a_url_is_raised_when_nobody_else_takes_it(
    manager: PluginManager,
    make_plugin: Callable[..., ModuleType],
    bidder: Callable[..., ModuleType],
) -> None:
    refusal = InvalidUrl("a book has a number")

    def refuse() -> None:
        raise refusal

    manager.register(make_plugin(galion_detect_platform=refuse), "books")
    with pytest.raises(InvalidUrl) as caught:
        detect_or_raise(manager, URL)
    assert caught.value is refusal
    manager.register(bidder("any", bids="any", confidence=Confidence.FALLBACK), "any")
    assert detect_or_raise(manager, URL).plugin == "any"
    assert detect(manager, URL).refusals == (refusal,)
