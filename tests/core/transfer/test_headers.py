"""What a header says, and nothing that it does not say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from galion_core.transfer.headers import (
    ContentRange,
    Headers,
    Validators,
    content_length,
    http_date,
    parse_content_range,
    retry_after,
    unsatisfied_total,
)

positions = st.integers(0, 10**19 - 1)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@given(st.lists(positions, min_size=3, max_size=3, unique=True).map(sorted), st.booleans())
def test_a_content_range_is_read_as_it_was_written(numbers: list[int], known: bool) -> None:
    first, last, total = numbers
    written = f"bytes {first}-{last}/{total if known else '*'}"
    assert parse_content_range(written) == ContentRange(first, last, total if known else None)


@given(st.text(st.sampled_from("bytes 0123456789-/*,=\u0663\u00b2"), max_size=30) | st.text())
@example("bytes \u0660-\u0669/\u0661\u0660")
def test_a_content_range_that_is_accepted_says_exactly_that(text: str) -> None:
    found = parse_content_range(text)
    if found is not None:
        total = "*" if found.total is None else found.total
        said = text.strip().lower().removeprefix("bytes ")
        numbers = [each.lstrip("0") or "0" for each in said.replace("/", "-").split("-")]
        assert numbers == [str(found.first), str(found.last), str(total)]
        assert 0 <= found.first <= found.last
        assert found.total is None or found.last < found.total


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bytes",
        "bytes 0-9",
        "bytes 0-9/",
        "bytes 9-0/10",
        "bytes 0-10/10",
        "bytes */10",
        "bytes -9/10",
        "bytes 0-/10",
        "bytes=0-9/10",
        "items 0-9/10",
        "bytes 0-9/10, bytes 20-29/100",
        "bytes 0 - 9/10",
        "bytes +0-9/10",
        "bytes 0-9/-1",
        "bytes 0x0-9/10",
        "bytes 0-9/10\n",
        "bytes 0-99999999999999999999/*",
    ],
)
def test_a_content_range_that_makes_no_sense_is_none(text: str) -> None:
    assert parse_content_range(text) is None or text.endswith("\n")


@given(positions)
def test_the_size_in_a_416_is_read_as_it_was_written(total: int) -> None:
    assert unsatisfied_total(f"bytes */{total}") == total
    assert unsatisfied_total(f"bytes 0-1/{total}") is None


@given(positions)
def test_a_content_length_is_one_number(length: int) -> None:
    assert content_length({"content-length": str(length)}) == length
    assert content_length(Headers([f"Content-Length: {length}"] * 2)) == length
    assert content_length({"content-length": f"{length}, {length + 1}"}) is None


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "0x1", "1 2", "1,", "1" * 20, "\u0661"])
def test_what_is_not_one_number_is_no_length(text: str) -> None:
    assert content_length({"content-length": text}) is None


@given(st.integers(0, 10**9 - 1))
def test_retry_after_in_seconds(seconds: int) -> None:
    assert retry_after({"retry-after": f" {seconds} "}) == seconds


@given(st.integers(-(10**8), 10**8))
def test_retry_after_as_a_date_is_the_time_until_then_and_never_less_than_none(
    seconds: int,
) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after({"retry-after": date}, NOW) == max(0, seconds)


@given(st.text() | st.from_regex(r"[A-Za-z]{3}, \d{1,30} Jan \d{1,30} \d\d:\d\d:\d\d [-+]?\d{4,}"))
@example("Mon, 01 Jan 99999999999999999999 00:00:00 GMT")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("1" * 5000)
@example("\u0661")
def test_hostile_dates_and_seconds_are_a_wait_or_none(text: str) -> None:
    seconds = retry_after({"retry-after": text})
    assert seconds is None or seconds >= 0
    date = http_date(text)
    assert date is None or date.tzinfo is not None
    assert Validators.of({"last-modified": text, "date": text}, None).modified is None


@pytest.mark.parametrize("text", ["-1", "1.5", "soon", "1" * 10, "", "\u0661"])
def test_a_retry_after_that_makes_no_sense_is_none(text: str) -> None:
    assert retry_after({"retry-after": text}) is None


etags = st.sampled_from([None, '"a"', '"b"'])
dates = st.sampled_from([None, "Fri, 02 Jan 2026 03:04:05 GMT", "Thu, 01 Jan 2026 03:04:05 GMT"])
validators = st.builds(Validators, etags, dates, st.sampled_from([None, 1, 2]))


@given(validators, validators)
def test_validators_agree_only_where_they_share_a_strong_one_and_contradict_in_none(
    one: Validators, other: Validators
) -> None:
    assert one.agree(other) is other.agree(one)
    pairs = [(one.etag, other.etag), (one.modified, other.modified), (one.size, other.size)]
    spoken = [(mine, theirs) for mine, theirs in pairs if None not in (mine, theirs)]
    shares = any(mine == theirs for mine, theirs in pairs[:2] if mine is not None)
    assert one.agree(other) is (shares and all(mine == theirs for mine, theirs in spoken))


@given(validators)
def test_validators_agree_with_themselves_where_they_can_be_resumed_by(one: Validators) -> None:
    assert one.agree(one) is one.resumable is (one.if_range is not None)


@pytest.mark.parametrize("etag", ['W/"a"', "a", '"a', 'a"', "", '""a"', "*"])
def test_an_etag_that_is_weak_or_malformed_counts_for_nothing(etag: str) -> None:
    assert Validators.of({"etag": etag}, 1) == Validators(size=1)


def test_a_date_counts_only_where_it_is_older_than_the_answer_by_a_second() -> None:
    date = format_datetime(NOW, usegmt=True)
    later = format_datetime(NOW + timedelta(seconds=1), usegmt=True)
    assert Validators.of({"last-modified": date, "date": later}, 1).modified == date
    assert Validators.of({"last-modified": date, "date": date}, 1).modified is None


def test_fields_are_found_in_any_case_and_repeated_ones_are_joined() -> None:
    headers = Headers(["ETag: a", "etag:b ", "no colon", ": no name", "X: y: z"])
    assert headers["ETAG"] == "a, b"
    assert headers["x"] == "y: z"
    assert set(headers) == {"etag", "x", ""}
