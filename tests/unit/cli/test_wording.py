"""Triggers in words: every built-in one has a sentence, and its evidence has what the sentence needs."""

from __future__ import annotations

from collections import Counter

import orjson

from agents.replay.engine import Engine
from agents.simulate import Settings, events
from schemas.decode import decode
from schemas.events import Event
from schemas.outputs import TriggerFired, envelope
from schemas.policy import BUILT_IN, merge
from schemas.times import DAY
from streams.wording import SENTENCES, evidence_words, trigger_sentence

POLICY = merge(
    {
        "segments": {"known": {"attribute": "country", "exists": True}, "fresh": {"state": "score", "at_most": 5}},
        "rules": [
            {
                "name": "busy",
                "when": {"distinct": {"topic": "clickstream", "field": "url"}, "at_least": 3, "within": "1d"},
            }
        ],
    }
)


def fired() -> list[TriggerFired]:
    engine = Engine(POLICY)
    for topic, _, value in events(Settings(customers=120, events=9_000, days=60)):
        event = decode(topic, value)
        assert isinstance(event, Event)
        engine.feed(event)
    engine.advance((engine.last_applied or 0) + 60 * DAY)
    return [emission for emission in engine.take().emissions if isinstance(emission, TriggerFired)]


def test_every_built_in_trigger_has_a_sentence() -> None:
    assert set(SENTENCES) == set(BUILT_IN)


def test_the_evidence_of_every_firing_has_what_its_sentence_needs() -> None:
    seen: Counter[str] = Counter()
    for emission in fired():
        data = orjson.loads(envelope(emission))["data"]
        seen[emission.trigger] += 1
        if emission.trigger in SENTENCES:
            assert SENTENCES[emission.trigger](data["evidence"]) == evidence_words(emission.trigger, data["evidence"])
        assert "\n" not in trigger_sentence(data)
    assert len(set(seen) & set(SENTENCES)) > 25, "too few kinds of triggers fired to say much"
    assert seen["busy"] > 0


def test_evidence_that_lacks_a_fact_is_told_as_names_and_values() -> None:
    assert evidence_words("going_quiet", {"level_then": "high", "known": True}) == "level then high, known yes"
    assert evidence_words("my_rule", {"events": list(range(6)), "none": None}) == "events [0, 1, 2, 3, and 2 more]"
