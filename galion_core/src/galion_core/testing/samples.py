"""The demo's files on loopback: ``python -m galion_core.testing.samples``.

One file is large, one has a hostile name, one is cut in the middle, one has a published digest, and
one is not a file at all.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Iterator, Mapping
from html import escape

from galion_core.testing.bodies import Body, BytesBody, PatternBody
from galion_core.testing.faults import CutBody, HtmlInstead, Throttle
from galion_core.testing.server import FaultServer

MIB = 1024 * 1024

LARGE = PatternBody(256 * MIB, seed=1)
LARGE_BYTES_PER_SECOND = 60 * 1000 * 1000
NAMED = BytesBody(b"#!/bin/sh\n# A harmless file whose server proposes a harmful name.\n")
HOSTILE_DISPOSITION = 'attachment; filename="../../evil.sh"'
CUT = PatternBody(24 * MIB, seed=2)
KNOWN = PatternBody(3 * MIB, seed=3)
SMALL = BytesBody(b"A small file, fetched and proven.\n")

_ABOUT: Mapping[str, tuple[Body, str]] = {
    "/large.bin": (LARGE, "256 MiB at 60 MB/s"),
    "/named": (NAMED, "its Content-Disposition is hostile"),
    "/cut.bin": (CUT, "24 MiB; the connection is cut twice, then all is well"),
    "/known.bin": (KNOWN, "its digest is known"),
    "/login-page.safetensors": (BytesBody(b""), "a login page under a model's name"),
    "/small.txt": (SMALL, "a few bytes"),
}


@contextlib.contextmanager
def sample_site(port: int = 0) -> Iterator[FaultServer]:
    """The site, serving; its files are at ``server.url("/known.bin")`` and so on."""
    with FaultServer(port=port) as server:
        server.add("/large.bin", LARGE, faults=[Throttle(LARGE_BYTES_PER_SECOND)])
        server.add("/named", NAMED, headers={"Content-Disposition": HOSTILE_DISPOSITION})
        server.add("/cut.bin", CUT, faults=[CutBody(after=9 * MIB, times=2)])
        server.add("/known.bin", KNOWN)
        server.add("/SHA256SUMS", sha256sums(), content_type="text/plain; charset=utf-8")
        server.add("/login-page.safetensors", faults=[HtmlInstead()])
        server.add("/small.txt", SMALL, content_type="text/plain; charset=utf-8")
        server.add("/", _landing_page(), content_type="text/html; charset=utf-8")
        yield server


def sha256sums() -> str:
    """The published digests, as sha256sum writes them."""
    published = {"cut.bin": CUT, "known.bin": KNOWN, "small.txt": SMALL}
    return "".join(f"{body.sha256()}  {name}\n" for name, body in published.items())


def _landing_page() -> str:
    rows = "".join(
        f'<tr><td><a href="{path}">{path[1:]}</a></td><td>{body.size:,} bytes</td>'
        f"<td>{escape(about)}</td></tr>\n"
        for path, (body, about) in _ABOUT.items()
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><title>Sample files</title></head><body>\n'
        f"<h1>Sample files</h1>\n<table>\n{rows}</table>\n"
        f'<h2><a href="/SHA256SUMS">SHA256SUMS</a></h2>\n<pre>{sha256sums()}</pre>\n'
        "</body></html>\n"
    )


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m galion_core.testing.samples",
        description="Serve the demo's sample files on 127.0.0.1 until Ctrl-C.",
    )
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    port: int = parser.parse_args(arguments).port
    try:
        with sample_site(port) as server, contextlib.suppress(KeyboardInterrupt):
            sys.stdout.write(f"{server.url('/')}\n")
            sys.stdout.flush()
            threading.Event().wait()
    except (OSError, OverflowError) as error:
        parser.error(f"cannot serve on port {port}: {error}; leave --port out to take a free one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
