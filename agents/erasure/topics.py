"""Topics that are not the engine's state: input events, outputs and dead letters. They go by retention."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import orjson
from aiokafka.partitioner import DefaultPartitioner

from agents.erasure.place import Place
from agents.erasure.reading import records
from schemas.times import format_instant
from schemas.topics import DEAD_LETTERS, INPUTS, SCORE_CHANGES, TRIGGERS

if TYPE_CHECKING:
    from agents.settings import Settings
    from agents.topicadmin import Found

_murmur2: Final = DefaultPartitioner()
_OWNERS: Final = {
    **dict.fromkeys(INPUTS, "events of this customer, as the producers sent them"),
    **dict.fromkeys((SCORE_CHANGES.name, TRIGGERS.name), "outputs about this customer, as subscribers read them"),
}


def by_retention(settings: Settings, customer_id: str, found: Mapping[str, Found]) -> Iterator[Place]:
    """The customer's partition of the inputs and outputs, and all dead letters. Raises ConnectionError."""
    key = customer_id.encode()
    for topic, whose in _OWNERS.items():
        if topic not in found:
            continue
        numbers = list(range(found[topic].partitions))
        number = int(_murmur2(key, numbers, numbers))
        hits = records(settings, topic, {number: 0}, lambda found_key, _: found_key == key, committed=False)
        yield _place(topic, [record.at for record in hits], whose, f"partition {number}", found[topic].config)
    if (letters := found.get(DEAD_LETTERS.name)) is not None:
        starts = dict.fromkeys(range(letters.partitions), 0)
        hits = records(settings, DEAD_LETTERS.name, starts, lambda k, v: k == key or tells(v, key), committed=False)
        whose = "records that could not be applied, whole: they may hold anything about this customer"
        yield _place(DEAD_LETTERS.name, [record.at for record in hits], whose, "all partitions", letters.config)


def _place(topic: str, instants: list[int], whose: str, where: str, config: Mapping[str, str]) -> Place:
    if not instants:
        return Place(topic, "nothing", f"none of the {whose.split(',')[0]} in {where}")
    retention = int(config.get("retention.ms", "-1"))
    deleted = "delete" in config.get("cleanup.policy", "delete")
    if not deleted or retention < 0:
        until = "it is deleted by hand: this topic has no retention"
    else:
        until = f"about {format_instant(max(instants) + retention)} (retention.ms)"
    return Place(topic, "kept", f"{len(instants)} {whose}", until)


def tells(value: bytes | None, key: bytes) -> bool:
    """Whether a dead letter's key or original bytes name the customer."""
    try:
        letter = orjson.loads(value or b"{}")
        original = base64.b64decode(letter.get("value") or "")
    except (orjson.JSONDecodeError, AttributeError, binascii.Error, TypeError):
        return False
    return letter.get("key") == key.decode() or key in original
