"""Range arithmetic: whatever is shared, cut and fetched, each missing byte is fetched once."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from galion_core.transfer.blocks import BLOCK
from galion_core.transfer.spans import Plan, Span

SIZES = st.one_of(st.integers(1, 3 * BLOCK), st.integers(1, 40).map(lambda n: n * BLOCK + n))


class Fetching(RuleBasedStateMachine):
    """Connections that take spans, get bytes, and leave, in any order."""

    @initialize(size=SIZES, done=st.sets(st.integers(0, 40)))
    def begin(self, size: int, done: set[int]) -> None:
        self.size = size
        there = {index for index in done if index * BLOCK < size}
        self.plan = Plan(size, there)
        self.missing = size - sum(min(size, (i + 1) * BLOCK) - i * BLOCK for i in there)
        self.fetched = 0
        self.working: list[Span] = []

    @rule(share=st.none() | st.integers(1, 8 * BLOCK))
    def take(self, share: int | None) -> None:
        span = self.plan.take(share)
        if span is None:
            assert all(each.owned or each.empty for each in self.plan.spans)
            return
        assert span.position % BLOCK == 0 or not self.working or span.rest
        assert not span.empty
        self.working.append(span)

    @precondition(lambda self: self.working)
    @rule(which=st.integers(0, 99), count=st.integers(1, 5 * BLOCK))
    def receive(self, which: int, count: int) -> None:
        span = self.working[which % len(self.working)]
        got = min(count, span.rest)
        span.position += got
        self.fetched += got

    @precondition(lambda self: self.working)
    @rule(which=st.integers(0, 99))
    def rejoin(self, which: int) -> None:
        self.plan.rejoin(self.working[which % len(self.working)])

    @precondition(lambda self: self.working)
    @rule(which=st.integers(0, 99))
    def leave(self, which: int) -> None:
        self.working.pop(which % len(self.working)).owned = False

    @invariant()
    def every_byte_is_there_or_in_one_span(self) -> None:
        if not hasattr(self, "plan"):
            return
        assert self.plan.rest == self.missing - self.fetched
        live = [each for each in self.plan.spans if not each.empty]
        for before, after in itertools.pairwise(live):
            assert before.end is not None
            assert before.end <= after.position
        assert len({id(each) for each in self.working}) == len(self.working)
        assert self.plan.complete == (self.fetched == self.missing)

    @invariant()
    def the_front_is_where_the_first_byte_is_missing(self) -> None:
        if hasattr(self, "plan"):
            live = [each.position for each in self.plan.spans if not each.empty]
            assert self.plan.front == min(live, default=self.size)


TestFetching = Fetching.TestCase


@given(st.sets(st.integers(0, 30)))
def test_of_a_file_without_a_known_end_all_after_the_first_gap_is_missing(done: set[int]) -> None:
    plan = Plan(None, done)
    (span,) = plan.spans
    assert span.end is None
    assert span.position == min(set(range(32)) - done) * BLOCK
    plan.settle(span.position + 5)
    assert plan.rest == 5


def test_what_nobody_fetches_is_taken_before_somebody_elses_rest_is_shared() -> None:
    plan = Plan(40 * BLOCK, {10})
    first, second, third = plan.take(), plan.take(), plan.take()
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.position, second.position) == (0, 11 * BLOCK)
    assert (third.position, third.end) == (second.end, 40 * BLOCK)  # of the longer one


def test_what_was_cut_off_and_nobody_fetches_goes_back_to_the_span_before() -> None:
    plan = Plan(40 * BLOCK)
    first, second = plan.take(), plan.take()
    assert first is not None
    assert second is not None
    plan.rejoin(first)
    assert first.end == 20 * BLOCK  # somebody fetches the rest
    second.owned = False
    second.position += 1
    plan.rejoin(first)
    assert first.end == 20 * BLOCK  # a byte of it is there: it would come twice
    second.position -= 1
    plan.rejoin(first)
    assert (first.end, plan.spans) == (40 * BLOCK, [first])


def test_a_span_that_moves_on_while_it_is_cut_stays_whole() -> None:
    """Its connection writes on another thread; no byte may be in two spans."""

    class Moving(Span):
        """Its bytes arrive at the very moment in which its end is moved."""

        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            if name == "end" and value == 20 * BLOCK:
                self.position = 19 * BLOCK + 1

    plan = Plan(40 * BLOCK)
    moving = Moving(0, 40 * BLOCK, owned=True)
    plan.spans = [moving]
    assert plan.take() is None
    assert (plan.spans, moving.end) == ([moving], 40 * BLOCK)


def test_a_short_rest_is_not_shared() -> None:
    plan = Plan(3 * BLOCK)
    assert plan.take() is not None
    assert plan.take() is None
