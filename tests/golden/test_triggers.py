"""A worked history for every trigger: when it fires, when it does not by a millisecond, and what a cooldown holds."""

from __future__ import annotations

import pytest
import yaml

from schemas.policy.triggers import BUILT_IN
from tests.golden.told import (
    FOLDER,
    Told,
    fired,
    fired_by_reference,
    known_to_reference,
    normal,
    stories,
    update,
    written,
)

STORIES = list(stories())


@pytest.fixture(scope="session", autouse=True)
def updated(golden_update: bool) -> None:
    if golden_update:
        update()
        pytest.exit("the golden files of triggers were written: read them, then run again without --golden-update", 0)


@pytest.mark.parametrize("told", STORIES, ids=[told.name for told in STORIES])
def test_the_engine_fires_as_the_story_says(told: Told) -> None:
    assert fired(told) == [normal(line) for line in told.fires]


@pytest.mark.parametrize("told", [t for t in STORIES if t.in_order], ids=[t.name for t in STORIES if t.in_order])
def test_the_reference_fires_as_the_story_says(told: Told) -> None:
    assert fired_by_reference(told) == known_to_reference(told)


def test_every_trigger_has_stories_in_which_it_fires_and_in_which_it_does_not() -> None:
    files = {path.stem for path in FOLDER.glob("*.yaml")}
    assert set(BUILT_IN) <= files
    for trigger in BUILT_IN:
        of_it = [told for told in STORIES if told.trigger == trigger]
        assert any(told.fires for told in of_it), trigger
        assert any(len(told.fires) < len(told.content["events"]) for told in of_it), trigger


def test_every_trigger_that_takes_a_cooldown_has_a_story_of_it() -> None:
    without = {"value_tier_changed", "role_changed", "stage_changed", "segment_entered", "segment_left"}
    once = {"unsubscribed", "reader_never_clicks", "first_reply_overdue", "resolution_overdue"}
    once |= {"first_contact_resolved", "first_contact_missed"}
    for trigger in set(BUILT_IN) - without - once:
        assert any("cooldown" in told.content["story"] for told in STORIES if told.trigger == trigger), trigger


def test_the_files_are_written_as_the_switch_writes_them() -> None:
    for path in FOLDER.glob("*.yaml"):
        text = path.read_text("utf-8")
        assert written(yaml.safe_load(text)) == text, path.name
