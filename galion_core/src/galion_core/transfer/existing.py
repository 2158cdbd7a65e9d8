"""The target's name is taken: by the very bytes that are wanted, or by others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from pathlib import Path

from galion_core.digests import RECORDED, new_hashes
from galion_core.transfer.journal import Identity
from galion_core.transfer.part import disk_errors
from galion_core.transfer.publisher import already_there
from galion_core.transfer.wanted import Fetched, Wanted
from galion_core.types import Checksum


async def keep_or_refuse(
    target: Path,
    identity: Identity,
    wanted: Wanted,
    executor: Executor,
) -> Fetched:
    """Keep the file when it is the one that is wanted; raises FileExists when it is not.

    It is the one when it meets the checksums (the server's own, where nobody else gives one), or
    when it is remembered as published from the same version and nobody wrote to it since.
    """
    if not target.is_file():
        raise already_there(target)
    checksums = wanted.checksums or identity.validators.claims
    if checksums:
        return await _by_digest(target, identity, checksums, executor)
    known = wanted.known(target)
    status = target.stat()
    untouched = known is not None and (known.size, known.modified_ns) == (
        status.st_size,
        status.st_mtime_ns,
    )
    if known is None or not untouched or not known.identity.same_file(identity):
        raise already_there(target)
    return Fetched(
        path=target,
        size=known.size,
        sha256=known.sha256,
        verified=False,
        identity=identity,
        kept=True,
    )


async def _by_digest(
    target: Path,
    identity: Identity,
    checksums: Sequence[Checksum],
    executor: Executor,
) -> Fetched:
    algorithms = {each.algorithm for each in checksums}
    running = asyncio.get_running_loop()
    digests = await running.run_in_executor(executor, _digests, target, algorithms)
    if any(digests[each.algorithm] != each.value for each in checksums):
        raise already_there(target)
    return Fetched(
        path=target,
        size=target.stat().st_size,
        sha256=digests[RECORDED],
        verified=True,
        identity=identity,
        kept=True,
    )


def _digests(path: Path, algorithms: Iterable[str]) -> dict[str, str]:
    hashes = new_hashes(algorithms)
    with disk_errors(path), path.open("rb") as file:
        while chunk := file.read(1 << 20):
            for each in hashes.values():
                each.update(chunk)
    return {name: each.hexdigest() for name, each in hashes.items()}
