"""Which jobs are in which state, in memory, so that no question walks all jobs."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from galion_core.jobs import RUNNING, UNFINISHED, Status
from galion_core.storage.lines import Document

#: What some jobs have in common, such as ("status", "queued").
_Bucket = tuple[object, ...]
#: Where a job stands in a bucket; sorts by age, or as the bucket is sorted, and ends with the id.
_Place = tuple[Any, ...]
#: By priority, then age.
_QUEUE: _Bucket = ("queue",)
#: By worker, then priority, then age.
_HELD: _Bucket = ("held",)


class JobIndex:
    """Sorted buckets of job ids; by age, which is the order in which the jobs were added.

    That order is the same in every process, and no clock that was set back can change it.
    """

    def __init__(self) -> None:
        self._ages: dict[str, int] = {}
        self._next_age = 0
        self._places: dict[str, frozenset[tuple[_Bucket, _Place]]] = {}
        self._buckets: dict[_Bucket, list[_Place]] = {}

    def clear(self) -> None:
        """Forget everything."""
        for held in (self._ages, self._places, self._buckets):
            held.clear()

    def changed(self, job_id: str, document: Document | None) -> None:
        """Move the job to the buckets where it belongs now."""
        before = self._places.pop(job_id, frozenset())
        after = frozenset(self._places_of(job_id, document) if document is not None else ())
        for bucket, place in before - after:
            places = self._buckets[bucket]
            del places[bisect_left(places, place)]
            if not places:
                del self._buckets[bucket]
        for bucket, place in after - before:
            places = self._buckets.setdefault(bucket, [])
            if places and place < places[-1]:
                insort(places, place)
            else:
                places.append(place)  # as nearly all are: loading need not search
        if after:
            self._places[job_id] = after
        else:
            self._ages.pop(job_id, None)

    def age(self, job_id: str) -> int:
        """Lower is older; raises KeyError."""
        return self._ages[job_id]

    def newest(
        self,
        *,
        status: Collection[Status] | None,
        batch: str | None,
        after: str | None,
        limit: int,
    ) -> list[str]:
        """At most ``limit`` ids, newest first, those older than ``after``; raises KeyError."""
        below = self._next_age if after is None else self._ages[after]
        states = {_state(state) for state in (Status if status is None else status)}
        buckets: set[_Bucket] = states if batch is None else {("batch", batch)}
        places = heapq.merge(*(self._older(bucket, below) for bucket in buckets), reverse=True)
        found = (
            place[-1]
            for place in places
            if not self._places[place[-1]].isdisjoint((state, place) for state in states)
        )
        return list(islice(found, limit))

    def newest_unfinished(self, url: str, directory: str) -> str | None:
        """The newest job for the same target that is not finished."""
        places = self._buckets.get(("target", url, directory))
        return str(places[-1][-1]) if places else None

    def claimable(self, alive: Callable[[str], bool]) -> list[str]:
        """The first job of the queue, and the first of each worker that is dead."""
        places = list(self._buckets.get(_QUEUE, ())[:1])
        for worker, held in groupby(self._buckets.get(_HELD, ()), key=itemgetter(0)):
            if not alive(worker):
                places.append(next(held))
        return [place[-1] for place in places]

    def _older(self, bucket: _Bucket, below: int) -> Iterator[_Place]:
        places = self._buckets.get(bucket, [])
        for position in range(bisect_left(places, (below,)) - 1, -1, -1):
            yield places[position]

    def _places_of(self, job_id: str, document: Document) -> Iterator[tuple[_Bucket, _Place]]:
        if job_id not in self._ages:
            self._ages[job_id] = self._next_age
            self._next_age += 1
        place = (self._ages[job_id], job_id)
        status = str(document.get("status"))
        yield _state(status), place
        if (batch := document.get("batch")) is not None:
            yield ("batch", str(batch)), place
        if status == Status.QUEUED:
            yield _QUEUE, (-priority_of(document), *place)
        if status in RUNNING:
            yield _HELD, (str(document.get("worker")), -priority_of(document), *place)
        if status in UNFINISHED:
            yield ("target", *_target(document)), place


def _state(status: str) -> _Bucket:
    return ("status", str(status))


def priority_of(document: Mapping[str, Any]) -> int:
    """Higher comes first."""
    priority = document.get("priority")
    return priority if isinstance(priority, int) else 0


def _target(document: Document) -> tuple[str, str]:
    options = document.get("options")
    directory = options.get("directory") if isinstance(options, dict) else None
    return str(document.get("url")), str(directory)
