"""What a worker logs, and how often."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from agents.logs import Seldom, configure
from agents.settings import Settings


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def record(text: str, *filled_in: object, name: str = "aiokafka.consumer") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, text, filled_in, None)


def test_a_library_that_repeats_itself_is_heard_once_in_ten_seconds_with_how_often_it_spoke() -> None:
    now = [100.0]
    seldom = Seldom(clock=lambda: now[0])
    assert seldom.filter(record("Unable connect to node with id %s", 1))
    assert not seldom.filter(record("Unable connect to node with id %s", 2))
    now[0] = 109.9
    assert not seldom.filter(record("Unable connect to node with id %s", 1))
    now[0] = 110.0
    heard = record("Unable connect to node with id %s", 7)
    assert seldom.filter(heard)
    assert heard.getMessage() == "Unable connect to node with id 7 (2 more like this since the last)"
    now[0] = 120.0
    alone = record("Unable connect to node with id %s", 1)
    assert seldom.filter(alone)
    assert alone.getMessage() == "Unable connect to node with id 1"


def test_other_words_other_loggers_and_the_engine_itself_are_always_heard() -> None:
    seldom = Seldom(clock=lambda: 1.0)
    assert seldom.filter(record("Failed fetch messages from %s", 1))
    assert seldom.filter(record("Heartbeat failed for group %s", 1))
    assert seldom.filter(record("Failed fetch messages from %s", 1, name="aiokafka.producer"))
    for _ in range(3):
        assert seldom.filter(record("Stopping", name="agents.worker"))


@pytest.mark.usefixtures("logging_as_it_was")
def test_at_level_debug_everything_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    for level, times in (("info", 1), ("debug", 3)):
        configure(Settings(log_level=level))
        for _ in range(3):
            logging.getLogger("aiokafka.consumer").error("Failed fetch messages from %s", 1)
            logging.getLogger("aiokafka.consumer").info("nothing to see")
        assert capsys.readouterr().err.count("Failed fetch messages from 1") == times
