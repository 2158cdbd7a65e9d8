"""Which platforms there are, and which of them a URL belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from galion_core.errors import GalionError, PlatformNotSupported
from galion_core.plugins.answers import Answer
from galion_core.plugins.dispatch import Dispatcher
from galion_core.plugins.faults import PluginFault
from galion_core.plugins.records import PluginState
from galion_core.text import redact
from galion_core.types import Confidence, PlatformInfo, PlatformMatch
from galion_core.urls import ParsedUrl

_REGISTER = "galion_register_platform"
_DETECT = "galion_detect_platform"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Bid:
    """A plugin's claim to a URL."""

    match: PlatformMatch
    plugin: str


@dataclass(frozen=True, slots=True)
class Detection:
    """Everything that was said about a URL."""

    bids: tuple[Bid, ...]
    """The best first."""
    refusals: tuple[GalionError, ...] = ()
    """What plugins raised for the user to read, in the order of their names."""

    @property
    def winner(self) -> Bid | None:
        """The best bid."""
        return self.bids[0] if self.bids else None


def platforms(manager: Dispatcher) -> list[tuple[PlatformInfo, str]]:
    """Every platform and the plugin that serves it, sorted by platform.

    Of several plugins that register one name the first keeps it, by distribution, then plugin.
    """
    answers = manager.collect(_REGISTER)
    answers.sort(key=lambda each: (manager.distribution(each.plugin), each.plugin))
    served: dict[str, tuple[PlatformInfo, str]] = {}
    for answer in answers:
        info: PlatformInfo = answer.value
        if not isinstance(info.name, str) or not _NAME.fullmatch(info.name):
            problem = "it registers a platform whose name is not made of a-z, 0-9, - and _"
        elif info.name in served:
            owner = served[info.name][1]
            problem = (
                f"{_title(manager, owner)} and {_title(manager, answer.plugin)} both register "
                f"the platform {info.name}; the first keeps it"
            )
        else:
            served[info.name] = (info, answer.plugin)
            continue
        manager.fault(answer.plugin, _REGISTER, problem)
    return [served[name] for name in sorted(served)]


def rank(answers: Iterable[Answer]) -> tuple[Bid, ...]:
    """Bids, best first: by confidence, then platform, then plugin."""
    bids = [Bid(each.value, each.plugin) for each in answers]
    return tuple(
        sorted(bids, key=lambda bid: (-bid.match.confidence, bid.match.platform, bid.plugin))
    )


def detect(manager: Dispatcher, url: ParsedUrl) -> Detection:
    """Ask every plugin for its bid; no network is touched."""
    owners = {info.name: plugin for info, plugin in platforms(manager)}
    answers: list[Answer] = []
    refusals: list[GalionError] = []
    for outcome in manager.outcomes(_DETECT, url=url):
        if isinstance(outcome, PluginFault):
            refusals += [outcome.refusal] if outcome.refusal else []
        elif problem := _problem(outcome, owners):
            manager.fault(outcome.plugin, _DETECT, problem)
        else:
            answers.append(outcome)
    return Detection(rank(answers), tuple(refusals))


def detect_or_raise(manager: Dispatcher, url: ParsedUrl) -> Bid:
    """The winning bid.

    When nobody bids, what a plugin raised for the user to read is raised; else
    PlatformNotSupported.
    """
    detection = detect(manager, url)
    if detection.winner is not None:
        return detection.winner
    if detection.refusals:
        raise detection.refusals[0]
    names = [info.name for info, _ in platforms(manager)]
    raise PlatformNotSupported(
        f"No installed platform knows {redact(str(url))}",
        hint=_hint(manager, names),
        details={"url": redact(str(url)), "platforms": names},
    )


def _hint(manager: Dispatcher, names: list[str]) -> str:
    idle = [
        f"{each.name} ({each.state})"
        for each in manager.records
        if each.state is not PluginState.LOADED
    ]
    if names:
        text = f"Installed platforms: {', '.join(names)}."
    else:
        text = "No platform is installed: `pip install galion-generic` downloads any direct link."
    if idle:
        text += f" Not in use: {', '.join(idle)}; `galion plugins` says why."
    return text


def _problem(answer: Answer, owners: dict[str, str]) -> str:
    match: PlatformMatch = answer.value
    if not isinstance(match.confidence, Confidence):
        return f"its confidence is {type(match.confidence).__name__} instead of Confidence"
    if not isinstance(match.platform, str):
        return f"its platform is {type(match.platform).__name__} instead of str"
    if owners.get(match.platform) != answer.plugin:
        return f"it bids for the platform {match.platform!r}, which it does not serve"
    return ""


def _title(manager: Dispatcher, plugin: str) -> str:
    distribution = manager.distribution(plugin)
    return f"{plugin} of {distribution}" if distribution else plugin
