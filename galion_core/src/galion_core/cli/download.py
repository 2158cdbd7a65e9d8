"""``galion download``: links in, proven files out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click

from galion_core.cli.input_file import Link, read_links
from galion_core.cli.session import Session, pass_session
from galion_core.errors import InvalidInput
from galion_core.settings.layers import read_layers


def _rate(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    from galion_core.settings.schema import parse_rate

    try:
        parse_rate(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return text


@click.command("download")
@click.argument("urls", nargs=-1, metavar="URL...")
@click.option("-d", "--directory", metavar="DIR", help="Where the files go (made if missing).")
@click.option("-o", "--output", "filename", metavar="NAME", help="The file's name; for one URL.")
@click.option(
    "-i",
    "--input-file",
    metavar="FILE",
    help="Read URLs from FILE (- is stdin).",
)
@click.option("-j", "--jobs", type=click.IntRange(1, 64), metavar="N", help="Downloads at once.")
@click.option(
    "-x",
    "--connections",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Connections to one file, at most.",
)
@click.option(
    "-r",
    "--limit-rate",
    metavar="RATE",
    callback=_rate,
    help="Bytes a second for each download: 500K, 4.2M, 1G.",
)
@click.option(
    "--total-rate",
    metavar="RATE",
    callback=_rate,
    help="Bytes a second for all downloads of this command together.",
)
@click.option("--priority", type=int, metavar="N", help="Higher comes first; 0 is usual.")
@click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: VALUE'",
    help="Sent to the URL's own host only, never stored. Repeatable.",
)
@click.option("--checksum", metavar="ALGO=HEX", help="What the file must be; for one URL.")
@click.option(
    "--checksums-from",
    metavar="URL",
    help="A list such as SHA256SUMS that names every file; auto looks for one beside it.",
)
@click.option("--force", is_flag=True, help="Replace a file that has the name.")
@click.option("--dry-run", is_flag=True, help="Say what would be fetched, fetch nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a job.")
@click.option("-q", "--quiet", is_flag=True, help="No progress; only paths and errors.")
@pass_session
def command(
    session: Session,
    urls: tuple[str, ...],
    directory: str | None,
    filename: str | None,
    input_file: str | None,
    jobs: int | None,
    connections: int | None,
    limit_rate: str | None,
    total_rate: str | None,
    priority: int | None,
    headers: tuple[str, ...],
    checksum: str | None,
    checksums_from: str | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Download every URL, prove the bytes, and give the files their names.

    What was interrupted goes on from where it was: run the same command again. The paths of the
    files are printed on stdout, everything else on stderr.
    """
    wanted = [*map(Link, urls), *(read_links(input_file) if input_file else ())]
    if not wanted:
        raise InvalidInput("No URL was given", hint="galion download URL, or -i FILE.")
    if len(wanted) > 1 and (filename or checksum):
        raise InvalidInput(
            f"A name or a checksum is of one file, but {len(wanted)} URLs were given",
            hint="Leave out -o and --checksum, or download the URLs one by one.",
        )
    layers = read_layers(
        {
            "download.jobs": jobs,
            "download.connections": connections,
            "download.limit_rate": limit_rate,
            "download.total_rate": total_rate,
        }
    )
    from galion_core.cli.running import Output, download
    from galion_core.cli.running import dry_run as try_out
    from galion_core.engine.request import DownloadRequest

    requests = [
        DownloadRequest(
            url=each.url,
            directory=directory,
            filename=filename or each.filename,
            checksum=checksum or each.checksum,
            checksums_from=checksums_from,
            headers=_parse_headers(headers),
            connections=connections,
            force=force,
            priority=priority or 0,
        )
        for each in wanted
    ]
    run = try_out if dry_run else download
    return run(layers, session.manager, requests, Output(as_json=as_json, quiet=quiet))


def _parse_headers(lines: Iterable[str]) -> Mapping[str, str]:
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            # Not shown: what was meant as a header may well be a secret.
            raise InvalidInput(
                "A -H option has no colon, so it is no header",
                hint="Write -H 'Name: value'.",
            )
        headers[name.strip()] = value.strip()
    return headers
