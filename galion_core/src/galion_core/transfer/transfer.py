"""One file, from the first request to its final name."""

from __future__ import annotations

import asyncio
import functools
import os
from concurrent.futures import Executor
from dataclasses import replace

from galion_core.errors import GalionError, IntegrityError
from galion_core.transfer import refusals
from galion_core.transfer.exchange import Limits, Request, TransportError
from galion_core.transfer.existing import keep_or_refuse
from galion_core.transfer.faults import from_curl, from_status
from galion_core.transfer.headers import Validators, unsatisfied_total
from galion_core.transfer.incoming import Changed, Existing, Incoming, LeftOver, NoRanges
from galion_core.transfer.journal import Identity
from galion_core.transfer.loop import CurlLoop
from galion_core.transfer.outlast import to_its_end
from galion_core.transfer.part import Overflow, disk_errors
from galion_core.transfer.publisher import publish
from galion_core.transfer.redirects import follow
from galion_core.transfer.retry import Patience, Retries
from galion_core.transfer.sink import AnswerSink
from galion_core.transfer.sniff import HEAD, check_body
from galion_core.transfer.wanted import Fetched, Progress, Wanted
from galion_core.urls import parse_url

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
        wanted: Wanted,
        progress: Progress,
        limits: Limits,
        patience: Patience,
    ) -> None:
        self._loop = loop
        self._executor = executor
        self._wanted = wanted
        self._progress = progress
        self._limits = replace(limits, rate=wanted.rate)
        self._retries = Retries(patience)
        self._link = parse_url(wanted.remote.url)
        self._restarts = 0
        self._refreshed_at = -1
        self._running = asyncio.get_running_loop()

    async def run(self) -> Fetched:
        """Fetch, prove and publish; raises a GalionError. What a cancelled run has got is kept."""
        kept = await self._already_here()
        if kept is not None:
            return kept
        incoming = Incoming(
            self._wanted, self._link, self._executor, self._progress, self._announce
        )
        try:
            await self._receive(incoming)
            return await self._finish(incoming)
        except Existing as found:
            return await keep_or_refuse(found.target, found.identity, self._wanted, self._executor)
        finally:
            await incoming.close()

    def _announce(self, name: str) -> None:
        """Pass the name on from the loop's thread to the event loop."""
        self._running.call_soon_threadsafe(self._wanted.named, name)

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

    async def _receive(self, incoming: Incoming) -> None:
        """Ask until every byte is there."""
        while True:
            try:
                if await self._try(incoming):
                    return
            except (LeftOver, NoRanges):
                pass
            except (Changed, Overflow) as why:
                await self._restart(incoming, why)
            except TransportError as error:
                failure = from_curl(error.code, error.message, error.url)
                await self._retries.after(failure, incoming.position)
            except GalionError as error:
                await self._recover(error, incoming.position)
            if not incoming.ranges:
                await incoming.start_over()

    async def _restart(self, incoming: Incoming, why: Changed | Overflow) -> None:
        promised = self._wanted.remote.size
        if isinstance(why, Overflow) and promised is not None:
            raise refusals.long(str(self._link), promised) from None
        self._restarts += 1
        if self._restarts > _MAX_RESTARTS:
            raise refusals.unsteady(str(self._link)) from None
        await incoming.start_over()

    async def _recover(self, error: GalionError, position: int) -> None:
        """Renew a link that has expired, once for every progress; leave the rest to patience."""
        refresh = self._wanted.refresh
        expired = error.details.get("status") in _EXPIRED
        if refresh is None or not expired or self._refreshed_at == position:
            await self._retries.after(error, position)
            return
        self._refreshed_at = position
        self._link = parse_url((await refresh()).url)

    async def _try(self, incoming: Incoming) -> bool:
        """One request, redirects followed; True when the file is complete."""
        request = Request(
            url=str(self._link),
            first=incoming.position,
            if_range=incoming.if_range,
            limits=self._limits,
        )
        sink = await follow(self._loop, request, self._wanted.headers_for, incoming.accept)
        return self._judge(sink, incoming)

    def _judge(self, sink: AnswerSink, incoming: Incoming) -> bool:
        response = sink.response
        assert response is not None
        if sink.is_file:
            return incoming.complete(response)
        if response.status == 416 and incoming.position:
            if incoming.ends_at(unsatisfied_total(response.headers.get("content-range", ""))):
                return incoming.complete(response)
            raise Changed
        raise from_status(response, bytes(sink.said))

    async def _finish(self, incoming: Incoming) -> Fetched:
        try:
            return await self._prove_and_publish(incoming)
        except IntegrityError:
            if not incoming.from_earlier:
                raise
        # Bytes that an earlier run left may be the wrong ones: once more, from the start.
        await incoming.start_over()
        await self._receive(incoming)
        return await self._prove_and_publish(incoming)

    async def _prove_and_publish(self, incoming: Incoming) -> Fetched:
        part, verifier, identity = incoming.part, incoming.verifier, incoming.identity
        assert part is not None
        assert part.size is not None
        assert verifier is not None
        assert identity is not None
        self._wanted.verifying()
        name, size = part.target.name, part.size
        with disk_errors(part.path):
            digests = await verifier.finish(size)
        try:
            for wanted in self._wanted.checksums:
                if digests[wanted.algorithm] != wanted:
                    raise refusals.mismatch(name, wanted, digests[wanted.algorithm])
            check_body(name, os.pread(part.descriptor, HEAD, 0), size)
        except IntegrityError:
            part.discard()
            raise
        running = asyncio.get_running_loop()
        publishing = running.run_in_executor(
            self._executor, functools.partial(publish, part, replace=self._wanted.replace)
        )
        await to_its_end(publishing)
        return Fetched(
            path=part.target,
            size=size,
            sha256=digests["sha256"].value,
            verified=bool(self._wanted.checksums),
            identity=identity,
        )
