"""One file, from the first request to its final name."""

from __future__ import annotations

import asyncio
import functools
import os
from concurrent.futures import Executor
from dataclasses import replace

from galion_core.digests import RECORDED
from galion_core.errors import GalionError, IntegrityError
from galion_core.transfer import refusals
from galion_core.transfer.assembly import (
    Assembly,
    Body,
    Changed,
    Existing,
    LeftOver,
    NoRanges,
    Overflow,
)
from galion_core.transfer.budget import HostBudget
from galion_core.transfer.exchange import Limits
from galion_core.transfer.existing import keep_or_refuse
from galion_core.transfer.headers import Validators
from galion_core.transfer.journal import Identity
from galion_core.transfer.loop import CurlLoop
from galion_core.transfer.outlast import to_its_end
from galion_core.transfer.part import disk_errors
from galion_core.transfer.publisher import publish
from galion_core.transfer.receiver import Receiver
from galion_core.transfer.retry import Patience, Retries
from galion_core.transfer.sniff import HEAD, check_body
from galion_core.transfer.sources import Sources
from galion_core.transfer.wanted import Fetched, Progress, Wanted

#: How often the remote file may turn out to be another one than before.
_MAX_RESTARTS = 3
#: Answers with which a signed link says that its time is over (platforms.md 1.C, 3.C).
_EXPIRED = frozenset({401, 403, 410})


class Transfer:
    """Fetches one file; used once."""

    def __init__(
        self,
        loop: CurlLoop,
        executor: Executor,
        budget: HostBudget,
        wanted: Wanted,
        progress: Progress,
        limits: Limits,
        patience: Patience,
    ) -> None:
        self._executor = executor
        self._wanted = wanted
        self._progress = progress
        self._retries = Retries(patience, progress)
        self._sources = Sources(wanted.remote, mix=bool(wanted.checksums))
        self._receiver = functools.partial(
            Receiver,
            loop,
            sources=self._sources,
            wanted=wanted,
            limits=replace(limits, bucket=wanted.bucket),
            budget=budget,
        )
        self._restarts = 0
        self._refreshed_at = -1
        self._running = asyncio.get_running_loop()

    async def run(self) -> Fetched:
        """Fetch, prove and publish; raises a GalionError. What a cancelled run has got is kept."""
        kept = await self._already_here()
        if kept is not None:
            return kept
        assembly = Assembly(
            self._wanted,
            self._sources.all[0].url,
            self._executor,
            self._progress,
            self._announce,
        )
        try:
            return await self._fetch(assembly)
        except Existing as found:
            return await keep_or_refuse(found.target, found.identity, self._wanted, self._executor)
        finally:
            await assembly.close()

    def _announce(self, name: str, size: int | None) -> None:
        """Pass on from the loop's thread to the event loop what is known."""
        self._running.call_soon_threadsafe(self._wanted.named, name, size)

    async def _already_here(self) -> Fetched | None:
        """A file that is known by its checksum needs no request to be recognised."""
        wanted = self._wanted
        if not (wanted.filename and wanted.checksums) or wanted.replace:
            return None
        target = wanted.directory / wanted.filename
        if not os.path.lexists(target):
            return None
        identity = Identity(wanted.source, str(wanted.checksums[0]), Validators())
        return await keep_or_refuse(target, identity, wanted, self._executor)

    async def _fetch(self, assembly: Assembly) -> Fetched:
        while True:
            body = await self._receive(assembly)
            try:
                return await self._prove_and_publish(body)
            except IntegrityError:
                # Wrong bytes may be an earlier run's, or one source's of several: ask again.
                if not assembly.from_earlier and not self._sources.distrust():
                    raise
            await assembly.start_over()

    async def _receive(self, assembly: Assembly) -> Body:
        """Ask until every byte is there."""
        receiver = self._receiver(assembly=assembly)
        while True:
            if assembly.body is not None and assembly.body.plan.complete:
                return assembly.body
            if assembly.body is not None and not assembly.can_go_on:
                await assembly.start_over()
            try:
                await receiver.run()
            except (LeftOver, NoRanges):
                pass
            except (Changed, Overflow) as why:
                await self._restart(why, receiver, assembly)
            except GalionError as error:
                await self._recover(error, receiver, assembly)

    async def _restart(
        self, why: Changed | Overflow, receiver: Receiver, assembly: Assembly
    ) -> None:
        """Forget the bytes, unless it was another place that has others."""
        if receiver.moved:
            return
        link, promised = str(self._sources.all[0].url), self._wanted.remote.size
        if isinstance(why, Overflow) and promised is not None:
            raise refusals.long(link, promised) from None
        self._restarts += 1
        if self._restarts > _MAX_RESTARTS:
            raise refusals.unsteady(link) from None
        await assembly.start_over()

    async def _recover(self, error: GalionError, receiver: Receiver, assembly: Assembly) -> None:
        """Go to another source, renew a link that has expired, or leave it to patience.

        A link is renewed once for every progress.
        """
        refresh = self._wanted.refresh
        expired = error.details.get("status") in _EXPIRED
        if refresh is not None and expired and self._refreshed_at != assembly.received:
            self._refreshed_at = assembly.received
            self._sources.renew((await refresh()).url)
        elif not receiver.moved:
            await self._retries.after(error, assembly.received)

    async def _prove_and_publish(self, body: Body) -> Fetched:
        self._wanted.verifying()
        size = body.plan.size
        assert size is not None
        with disk_errors(body.part.path):
            await body.verifier.catch_up(size)
        concluding = self._running.run_in_executor(self._executor, self._conclude, body, size)
        return await to_its_end(concluding)

    def _conclude(self, body: Body, size: int) -> Fetched:
        """The last steps, on the executor: one hop for all of them, since small files are many."""
        part, name = body.part, body.part.target.name
        promised = (*self._wanted.checksums, *body.claims)
        with disk_errors(part.path):
            digests = body.verifier.digests()
        try:
            for each in promised:
                if digests[each.algorithm] != each:
                    raise refusals.mismatch(name, each, digests[each.algorithm])
            check_body(name, os.pread(part.descriptor, HEAD, 0), size)
        except IntegrityError:
            part.discard()
            raise
        publish(part, replace=self._wanted.replace)
        return Fetched(
            path=part.target,
            size=size,
            sha256=digests[RECORDED].value,
            verified=bool(promised),
            identity=body.identity,
        )
