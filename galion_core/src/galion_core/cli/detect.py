"""``galion detect``: which platform a link belongs to, without asking the network."""

from __future__ import annotations

import click

from galion_core.cli.output import complain, say, say_json, table
from galion_core.cli.session import Session, pass_session
from galion_core.errors import GalionError
from galion_core.plugins.platforms import Bid, detect, detect_or_raise
from galion_core.urls import parse_url


@click.command("detect")
@click.argument("url")
@click.option("--explain", is_flag=True, help="Show every platform's bid.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@pass_session
def command(session: Session, url: str, explain: bool, as_json: bool) -> int:
    """Say which platform URL belongs to, and what the link itself tells.

    Nothing is asked over the network.
    """
    parsed = parse_url(url)
    bids = detect(session.manager, parsed).bids
    try:
        winner = detect_or_raise(session.manager, parsed)
    except GalionError as error:
        if not as_json:
            raise
        say_json(_as_json(None, bids, explain) | {"error": error.as_dict()})
        complain(error)
        return error.exit_code
    if as_json:
        say_json(_as_json(winner, bids, explain))
    elif explain:
        say(table([_row(each) for each in bids], ("PLATFORM", "CONFIDENCE", "KIND", "PLUGIN")))
    else:
        say(f"{winner.match.platform} ({winner.match.kind})")
        for key, value in winner.match.ids.items():
            say(f"  {key}: {value}")
    return 0


def _as_json(winner: Bid | None, bids: tuple[Bid, ...], explain: bool) -> dict[str, object]:
    """The answer in the API's form."""
    answer: dict[str, object] = {
        "platform": winner.match.platform if winner else None,
        "supported": winner is not None,
        "metadata": {"kind": winner.match.kind, **winner.match.ids} if winner else {},
    }
    if explain:
        keys = ("platform", "confidence", "kind", "plugin")
        answer["bids"] = [dict(zip(keys, _row(each), strict=True)) for each in bids]
    return answer


def _row(bid: Bid) -> tuple[str, ...]:
    match = bid.match
    return match.platform, match.confidence.name.lower(), match.kind, bid.plugin
