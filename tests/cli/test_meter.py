"""The speed and the time left, by a clock that the test sets."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from galion_core.cli.meter import WINDOW, Meter, time_left


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_speed_is_unknown_before_two_looks_at_some_bytes(clock: Clock) -> None:
    meter = Meter(clock)
    for received in (0, 0, 100):
        meter.feed(received)
        assert meter.speed is None


def test_the_speed_is_bytes_a_second(clock: Clock) -> None:
    meter = Meter(clock)
    for clock.now in range(1, 11):
        meter.feed(int(clock.now) * 500)
    assert meter.speed == 500


def test_bytes_of_an_earlier_run_are_not_counted(clock: Clock) -> None:
    meter = Meter(clock)
    meter.feed(0)
    for clock.now, received in ((1, 10_000), (2, 10_100)):
        meter.feed(received)
    assert meter.speed == 100


def test_a_stall_shows(clock: Clock) -> None:
    meter = Meter(clock)
    meter.feed(1000)
    clock.now = 1
    meter.feed(2000)
    for step in range(20):
        clock.now = 1 + WINDOW * step / 10
        meter.feed(2000)
    assert meter.speed == 0


def test_a_download_that_begins_anew_has_no_negative_speed(clock: Clock) -> None:
    meter = Meter(clock)
    for clock.now, received in ((1, 1000), (2, 2000), (3, 10), (4, 20)):
        meter.feed(received)
    assert meter.speed == 10


@pytest.mark.parametrize(
    ("missing", "speed", "text"),
    [
        (None, 1.0, ""),
        (10, None, ""),
        (10, 0.0, ""),
        (0, 1.0, "0:00"),
        (59, 1.0, "0:59"),
        (3600, 1.0, "1:00:00"),
        (10**9, 1.0, ""),
    ],
)
def test_the_time_left_is_told_where_it_means_something(
    missing: int | None, speed: float | None, text: str
) -> None:
    assert time_left(missing, speed) == text
