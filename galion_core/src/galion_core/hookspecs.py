"""Every hook of Galion, version 1: what a plugin may implement, what the core does with it.

A plugin is a module (or any object) with functions of these names, marked with ``@hookimpl`` and
named by an entry point in the group ``galion.plugins.v1``. Calls are by keyword; an implementation
may leave out arguments that it does not need, and gives none a default. Plugins are called in the
order of their names; pluggy's ``tryfirst``, ``trylast`` and wrappers play no part. A hook that a
later Galion brings is marked ``@hookimpl(optionalhook=True)`` to load in this one as well. Within
version 1 hooks only grow.

The examples run as tests; ``load(plugin)`` stands for the plugin manager with that one plugin, and
``settle`` awaits what a hook may return as a coroutine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import pluggy

from galion_core.types import (
    Artifact,
    AuthRequest,
    Credentials,
    Event,
    GraphEdge,
    IndexBackend,
    IndexDocument,
    PlatformInfo,
    PlatformMatch,
    PostProcessor,
    Resolution,
    ResolveContext,
    StoreBackend,
)
from galion_core.urls import ParsedUrl

if TYPE_CHECKING:
    import click

PROJECT = "galion"
PREFIX = "galion_"

hookimpl = pluggy.HookimplMarker(PROJECT)
_hookspec = pluggy.HookspecMarker(PROJECT)


class Mode(StrEnum):
    """How the core calls a hook."""

    COLLECT = "collect"
    """Every plugin is asked on its own; one that fails loses only its own answer."""
    FIRST = "first"
    """Plugins are asked in the order of their names until one answers."""
    OWNER = "owner"
    """Only the plugin that won the detection is asked."""
    OBSERVE = "observe"
    """Every plugin is told; answers are ignored."""


@dataclass(frozen=True, slots=True)
class Hook:
    """What the core knows of a hook beside its signature."""

    name: str
    mode: Mode
    result: type | None
    """The type of an answer; None: answers mean nothing."""
    many: bool
    """An answer may be one value or an iterable of them."""
    may_await: bool
    """An implementation may be a coroutine function."""
    arguments: tuple[str, ...]
    """What a call passes, all of it by keyword."""


HOOKS: dict[str, Hook] = {}

_F = TypeVar("_F", bound=Callable[..., object])


def _hook(
    mode: Mode,
    *,
    result: type | None = None,
    many: bool = False,
    may_await: bool = False,
) -> Callable[[_F], _F]:
    def declare(function: _F) -> _F:
        name, code = function.__name__, function.__code__
        arguments = code.co_varnames[: code.co_argcount]
        HOOKS[name] = Hook(name, mode, result, many, may_await, arguments)
        return _hookspec(function)

    return declare


@_hook(Mode.COLLECT, result=PlatformInfo, many=True)
def galion_register_platform() -> PlatformInfo | Iterable[PlatformInfo]:  # type: ignore[empty-body]
    """Name the platform, or the platforms, that this plugin serves.

    >>> class Plugin:
    ...     @hookimpl
    ...     def galion_register_platform(self):
    ...         return PlatformInfo(name="shelf", title="The Shelf", hosts=("shelf.test",))
    >>> [found.value.title for found in load(Plugin()).collect("galion_register_platform")]
    ['The Shelf']
    """


@_hook(Mode.COLLECT, result=PlatformMatch)
def galion_detect_platform(url: ParsedUrl) -> PlatformMatch | None:
    """Bid for a URL; pure: no network, no disk, no clock. None when it is not yours.

    The core ranks the bids: the highest confidence wins, then the platform's name.

    >>> class Plugin:
    ...     @hookimpl
    ...     def galion_detect_platform(self, url):
    ...         if url.host == "shelf.test":
    ...             ids = {"id": url.segments[-1]}
    ...             return PlatformMatch(platform="shelf", kind="book", ids=ids)
    >>> manager = load(Plugin())
    >>> url = parse_url("https://shelf.test/books/7")
    >>> [found.value.ids for found in manager.collect("galion_detect_platform", url=url)]
    [{'id': '7'}]
    """


@_hook(Mode.OWNER, result=Resolution, may_await=True)
def galion_resolve_url(  # type: ignore[empty-body]
    match: PlatformMatch,
    context: ResolveContext,
) -> Resolution | Awaitable[Resolution]:
    """List the files behind a URL that this plugin won; may be ``async``.

    Raise a GalionError when there is nothing to fetch. Called again with ``context.file_id`` set
    when a signed link of that file has expired: answer with that one file.

    >>> class Plugin:
    ...     @hookimpl
    ...     async def galion_resolve_url(self, match, context):
    ...         return Resolution(files=(RemoteFile(url="https://cdn.test/7.bin", id="7"),))
    >>> manager = load(Plugin(), name="shelf")
    >>> answer = manager.ask_owner("shelf", "galion_resolve_url", match=None, context=None)
    >>> settle(answer).files[0].url
    'https://cdn.test/7.bin'
    """


@_hook(Mode.FIRST, result=Credentials)
def galion_authenticate(request: AuthRequest) -> Credentials | None:
    """Give the credentials for ``request.origin`` if you have any; never ask a person here.

    They are sent to the origins that the answer names and to no other, and never stored or logged.

    >>> class Plugin:
    ...     @hookimpl
    ...     def galion_authenticate(self, request):
    ...         if request.origin == "https://shelf.test:443":
    ...             headers = {"Authorization": "Bearer abc"}
    ...             return Credentials(origins=(request.origin,), headers=headers)
    >>> request = AuthRequest(platform="shelf", origin="https://shelf.test:443", url=None)
    >>> load(Plugin()).first("galion_authenticate", request=request).value
    Credentials(origins=('https://shelf.test:443',))
    """


@_hook(Mode.COLLECT, result=PostProcessor, many=True)
def galion_register_post_processors() -> PostProcessor | Iterable[PostProcessor]:  # type: ignore[empty-body]
    """Offer steps that run on every published file; ``run`` may be ``async``.

    >>> class Plugin:
    ...     @hookimpl
    ...     def galion_register_post_processors(self):
    ...         return PostProcessor(name="count", run=lambda artifact: None)
    >>> [found.value.name for found in load(Plugin()).collect("galion_register_post_processors")]
    ['count']
    """


@_hook(Mode.COLLECT, result=IndexDocument, may_await=True)
def galion_index_document(
    artifact: Artifact,
    metadata: Mapping[str, object],
) -> IndexDocument | Awaitable[IndexDocument | None] | None:
    """Say what can be searched about an artifact; the answers of all plugins are merged.

    >>> class Plugin:
    ...     @hookimpl
    ...     def galion_index_document(self, metadata):
    ...         return IndexDocument(text=metadata["description"], tags=("book",))
    >>> manager = load(Plugin())
    >>> given = {"artifact": None, "metadata": {"description": "of mice"}}
    >>> found = settle(manager.collect_async("galion_index_document", **given))
    >>> [each.value.text for each in found]
    ['of mice']
    """


@_hook(Mode.COLLECT, result=GraphEdge, many=True)
def galion_graph_edges(documents: Sequence[IndexDocument]) -> Iterable[GraphEdge] | None:
    """Relate artifacts to each other; pure.

    >>> class Plugin:
    ...     @hookimpl
    ...     def galion_graph_edges(self, documents):
    ...         first, second = documents
    ...         yield GraphEdge(source=first.artifact_id, target=second.artifact_id,
    ...                         relation="sequel_of", evidence="same series")
    >>> shelf = [IndexDocument(artifact_id="a"), IndexDocument(artifact_id="b")]
    >>> found = load(Plugin()).collect("galion_graph_edges", documents=shelf)
    >>> [each.value.relation for each in found]
    ['sequel_of']
    """


@_hook(Mode.COLLECT, result=IndexBackend, many=True)
def galion_register_index_backends() -> IndexBackend | Iterable[IndexBackend]:  # type: ignore[empty-body]
    """Offer a kind of search index; the setting ``index.backend`` picks one by name.

    >>> class Plugin:
    ...     @hookimpl
    ...     def galion_register_index_backends(self):
    ...         return IndexBackend(name="grep", open=lambda folder: None)
    >>> [found.value.name for found in load(Plugin()).collect("galion_register_index_backends")]
    ['grep']
    """


@_hook(Mode.COLLECT, result=StoreBackend, many=True)
def galion_register_stores() -> StoreBackend | Iterable[StoreBackend]:  # type: ignore[empty-body]
    """Offer a kind of store for jobs and records; the setting ``store.backend`` picks one by name.

    >>> class Plugin:
    ...     @hookimpl
    ...     def galion_register_stores(self):
    ...         return StoreBackend(name="memory", open=lambda home: None)
    >>> [found.value.name for found in load(Plugin()).collect("galion_register_stores")]
    ['memory']
    """


@_hook(Mode.COLLECT)
def galion_register_commands(cli: click.Group) -> None:
    """Add commands to the command line; the core's own names win.

    >>> import click
    >>> class Plugin:
    ...     @hookimpl
    ...     def galion_register_commands(self, cli):
    ...         cli.add_command(click.Command("shelve"))
    >>> group = click.Group()
    >>> load(Plugin()).collect("galion_register_commands", cli=group)
    []
    >>> list(group.commands)
    ['shelve']
    """


@_hook(Mode.COLLECT, result=object, many=True)
def galion_register_routes() -> Iterable[object] | None:
    """Offer Starlette routes; the server mounts them under ``/api/plugins/NAME/``.

    The core does not know Starlette, so the values are checked by the server.

    >>> class Plugin:
    ...     @hookimpl
    ...     def galion_register_routes(self):
    ...         return ["a starlette.routing.Route"]
    >>> [found.plugin for found in load(Plugin(), name="shelf").collect("galion_register_routes")]
    ['shelf']
    """


@_hook(Mode.OBSERVE, may_await=True)
def galion_event(event: Event) -> Awaitable[None] | None:
    """Hear what happens to jobs; must return soon, and cannot stop anything.

    >>> heard = []
    >>> class Plugin:
    ...     @hookimpl
    ...     def galion_event(self, event):
    ...         heard.append(event.type)
    >>> happened = Event(type="job.completed", job_id="dl_1", at=0.0)
    >>> settle(load(Plugin()).observe("galion_event", event=happened))
    >>> heard
    ['job.completed']
    """
