"""``galion jobs``: what is being downloaded, and what was."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from galion_core.cli.output import complain, exit_code_of, human_bytes, say, say_json, table, tell
from galion_core.cli.session import Session, pass_session
from galion_core.errors import GalionError

if TYPE_CHECKING:
    from galion_core.jobs import Job
    from galion_core.storage.protocol import Store

_F = TypeVar("_F", bound=Callable[..., Any])

_STATUSES = (
    "queued",
    "resolving",
    "downloading",
    "verifying",
    "processing",
    "paused",
    "completed",
    "failed",
    "cancelled",
)


@click.group("jobs", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a job.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List, show, pause, resume, cancel and retry downloads; without a command, list them."""
    if context.invoked_subcommand is None:
        context.invoke(list_, as_json=as_json)


@command.command("list")
@click.option(
    "--status", multiple=True, type=click.Choice(_STATUSES), help="Only these. Repeatable."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a job.")
@pass_session
def list_(
    session: Session, status: tuple[str, ...] = (), limit: int = 20, as_json: bool = False
) -> None:
    """List the downloads, newest first."""
    from galion_core.engine.views import job_view
    from galion_core.jobs import Status

    with _store(session) as store:
        jobs = store.jobs.list(status={Status(each) for each in status} or None, limit=limit)
    if as_json:
        for job in jobs:
            say_json(job_view(job))
    elif jobs:
        say(table([_row(job) for job in jobs], ("ID", "STATUS", "SIZE", "WHEN", "WHAT")))
    else:
        tell("No downloads yet.")


@command.command("show")
@click.argument("job_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@pass_session
def show(session: Session, job_id: str, as_json: bool) -> None:
    """Show one download with its files."""
    from galion_core.engine.views import job_view

    with _store(session) as store:
        job = store.jobs.get(job_id)
    view = job_view(job)
    if as_json:
        say_json(view)
        return
    say(f"{job.id}  {job.status}  {job.platform or '?'}  {_ago(job)}")
    say(str(view["url"]))
    for each in job.files:
        proof = "verified" if each.verified else "not verified" if each.done else "not there yet"
        say(f"  {each.path or each.name or '?'}  {human_bytes(each.size)}  {proof}")
        if each.sha256:
            say(f"    sha256 {each.sha256}")
    if job.error:
        say(f"{job.error.code}: {job.error.message}")
        if job.error.hint:
            say(job.error.hint)
    for warning in job.warnings:
        say(f"Warning: {warning}")


def _some_or_all(whom: str) -> Callable[[_F], _F]:
    """The ids of a command, or ``--all``; the command gets ids, none of them meaning all."""

    def check(context: click.Context, _parameter: click.Parameter, every: bool) -> None:
        if every == bool(context.params["job_ids"]):
            raise click.UsageError("Give the IDs of downloads, or --all.")

    def decorate(function: _F) -> _F:
        ids = click.argument("job_ids", nargs=-1, metavar="ID...", is_eager=True)
        every = click.option(
            "--all", is_flag=True, expose_value=False, callback=check, help=f"All that {whom}."
        )
        return ids(every(function))

    return decorate


@command.command("pause")
@_some_or_all("wait or run")
@pass_session
def pause(session: Session, job_ids: tuple[str, ...]) -> int:
    """Stop downloads, in whatever process they run; what has arrived is kept."""
    return _stop(session, job_ids, "paused")


@command.command("cancel")
@_some_or_all("have not ended")
@pass_session
def cancel(session: Session, job_ids: tuple[str, ...]) -> int:
    """Stop downloads for good, in whatever process they run; what is unfinished is deleted."""
    return _stop(session, job_ids, "cancelled")


def _stop(session: Session, job_ids: tuple[str, ...], status: str) -> int:
    from galion_core.engine.opening import open_engine
    from galion_core.jobs import MOVES, Status

    to = Status(status)

    async def work() -> int:
        codes = []
        async with open_engine(session.layers, session.manager) as engine:
            for job_id in job_ids or engine.find([each for each in Status if to in MOVES[each]]):
                try:
                    job = await engine.stop(job_id, to)
                except GalionError as error:
                    complain(error)
                    codes.append(error.exit_code)
                else:
                    codes.append(0)
                    tell(f"{job.id} is {job.status}")
        return exit_code_of(codes)

    return asyncio.run(work())


@command.command("resume")
@_some_or_all("are paused")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a job.")
@click.option("-q", "--quiet", is_flag=True, help="No progress; only paths and errors.")
@pass_session
def resume(session: Session, job_ids: tuple[str, ...], as_json: bool, quiet: bool) -> int:
    """Go on with what was paused."""
    return _again(session, job_ids, "paused", as_json=as_json, quiet=quiet)


@command.command("retry")
@_some_or_all("failed")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a job.")
@click.option("-q", "--quiet", is_flag=True, help="No progress; only paths and errors.")
@pass_session
def retry(session: Session, job_ids: tuple[str, ...], as_json: bool, quiet: bool) -> int:
    """Download again what failed, was cancelled or was interrupted."""
    return _again(session, job_ids, "failed", as_json=as_json, quiet=quiet)


def _again(
    session: Session, job_ids: tuple[str, ...], status: str, *, as_json: bool, quiet: bool
) -> int:
    from galion_core.cli import running
    from galion_core.jobs import Status

    output = running.Output(as_json=as_json, quiet=quiet)
    return running.again(session.layers, session.manager, job_ids, Status(status), output)


@contextlib.contextmanager
def _store(session: Session) -> Iterator[Store]:
    from galion_core.engine.opening import open_store
    from galion_core.settings.places import home
    from galion_core.settings.schema import check

    with open_store(check(session.layers), session.manager, home()) as store:
        yield store


def _row(job: Job) -> tuple[str, ...]:
    from galion_core.text import redact

    names = [each.name for each in job.files if each.name]
    what = names[0] if len(names) == 1 else redact(job.url)
    sizes = [each.size for each in job.files]
    size = human_bytes(sum(each or 0 for each in sizes)) if sizes and None not in sizes else "?"
    return job.id, job.status, size, _ago(job), what


def _ago(job: Job) -> str:
    seconds = max(0.0, time.time() - job.updated_at)
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit} ago"
    return "now"
