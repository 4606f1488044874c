"""Every built-in trigger: it fires, can be switched off, cools down, and tells its evidence in words and as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.outputs import envelope
from schemas.policy import BUILT_IN
from streams.wording import SENTENCES, phrase
from tests.story import Story
from tests.unit.streams.examples import AGAIN, GERMANS, STORIES, SUBJECTS


def given(name: str, **settings: Any) -> Story:
    """A story with this trigger set so."""
    return Story({**GERMANS, "triggers": {name: settings} if settings else {}})


def test_there_is_a_story_for_every_trigger_and_a_sentence() -> None:
    assert set(STORIES) == set(BUILT_IN) == set(SENTENCES)


@pytest.mark.parametrize("name", sorted(STORIES))
def test_it_fires_once_about_its_subject(name: str) -> None:
    assert STORIES[name](given(name)).subjects(name) == [SUBJECTS.get(name)]


@pytest.mark.parametrize("name", sorted(STORIES))
def test_it_can_be_switched_off_without_changing_the_rest(name: str) -> None:
    on, off = STORIES[name](given(name)), STORIES[name](given(name, enabled=False))
    assert off.fired(name) == []
    rest = [(record.trigger, record.at) for record in on.triggers if record.trigger != name]
    assert [(record.trigger, record.at) for record in off.triggers] == rest
    assert off.line() == on.line()


@pytest.mark.parametrize("name", sorted(AGAIN))
def test_a_cooldown_keeps_it_from_firing_again(name: str) -> None:
    free = AGAIN[name](STORIES[name](given(name, cooldown="0s")))
    held = AGAIN[name](STORIES[name](given(name, cooldown="900d")))
    assert len(free.fired(name)) > 1
    separate = len(set(free.subjects(name)))
    assert len(held.fired(name)) == separate


@pytest.mark.parametrize("name", sorted(STORIES))
def test_another_customer_is_another_firing(name: str) -> None:
    story = STORIES[name](given(name)).by("bob").at("0d")
    assert story.fired(name, who="bob") == []
    beside = Story(GERMANS)
    for who in ("ada", "bob"):
        beside.by(who).at(beside.lane.now - beside.zero if who == "bob" else 0)
        STORIES[name](beside)
    assert name in {record.trigger for record in beside.triggers if record.customer_id == "ada"}


@pytest.mark.parametrize("name", sorted(STORIES))
def test_its_evidence_is_json_and_a_sentence_of_its_own(name: str) -> None:
    story = STORIES[name](given(name))
    record = next(record for record in story.triggers if record.trigger == name)
    data = json.loads(envelope(record))["data"]
    assert data["trigger"] == name
    assert data["evidence"]
    said = SENTENCES[name](data["evidence"])
    assert said
    assert said != phrase(data["evidence"])


@pytest.mark.parametrize("name", sorted(STORIES))
def test_the_same_story_gives_the_same_ids(name: str) -> None:
    first, second = STORIES[name](given(name)), STORIES[name](given(name))
    assert [record.id for record in first.triggers] == [record.id for record in second.triggers]
    assert len({record.id for record in first.triggers}) == len(first.triggers)


def test_firings_of_one_decision_are_in_order_of_rule_and_subject() -> None:
    story = Story(GERMANS).updated(country="DE", job_title="CEO")
    assert [record.trigger for record in story.triggers] == ["role_changed", "segment_entered"]
