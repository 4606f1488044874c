"""Instants, durations and days: what is read is what is written (CONTRACT, head; B28)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import (
    DAY,
    EARLIEST,
    LATEST,
    day_of,
    format_day,
    format_duration,
    format_instant,
    parse_duration,
    parse_instant,
)


@given(st.integers(EARLIEST, LATEST))
def test_every_instant_survives_being_written(at):
    text = format_instant(at)
    assert len(text) == 24
    assert parse_instant(text) == at


def test_the_limits_are_the_years_1_and_9999():
    assert format_instant(EARLIEST) == "0001-01-01T00:00:00.000Z"
    assert format_instant(LATEST) == "9999-12-31T23:59:59.999Z"
    assert format_instant(LATEST + 90 * DAY) == "9999-12-31T23:59:59.999Z"
    assert format_instant(EARLIEST - 1) == "0001-01-01T00:00:00.000Z"


@given(st.integers(0, 10**13))
def test_every_duration_survives_being_written(span):
    assert parse_duration(format_duration(span)) == span


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1.5h", "1 d", "1d2h", "1y", "１d", "1d\n"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)


def test_a_day_is_a_utc_calendar_day_before_1970_too():
    assert format_day(day_of(-1)) == "1969-12-31"
    assert format_day(day_of(parse_instant("2026-11-21T00:30:00+01:00"))) == "2026-11-20"
    assert format_day(day_of(EARLIEST)) == "0001-01-01"
