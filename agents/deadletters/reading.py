"""Where dead letters are found: on the broker, or in the folder of a replay; and which were sent again before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from agents.committed import committed_records
from agents.deadletters.letter import DeadLettersError, Letter, parse
from agents.topicadmin import REPLAYED
from agents.topics import look
from schemas.decode import claimed_instant
from schemas.topics import DEAD_LETTERS

if TYPE_CHECKING:
    from agents.settings import Settings

FILE: Final = "dead-letters.jsonl"


def letters_on_broker(settings: Settings, since: int | None = None) -> Iterator[Letter]:
    """All dead letters on the broker that were written at ``since`` (ms) or later.

    Raises:
        DeadLettersError: there is no such topic.
        BrokerError: the broker does not answer.

    """
    _, counts = look(settings)
    if DEAD_LETTERS.name not in counts:
        message = f"no topic {DEAD_LETTERS.name} on {settings.bootstrap_servers}: engage topics create makes it"
        raise DeadLettersError(message)
    for message in committed_records(settings, DEAD_LETTERS.name, counts[DEAD_LETTERS.name], since):
        letter = parse(message.value(), message.key(), message.timestamp()[1])
        if letter is not None:
            yield letter


def letters_in(path: Path) -> Iterator[Letter]:
    """All dead letters of a replay's folder, or of such a file.

    Raises:
        DeadLettersError: a line is no dead letter.
        OSError: the file cannot be read.

    """
    file = path / FILE if path.is_dir() else path
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            letter = parse(line, None, None)
            if letter is None:
                message = f"{file} line {number}: expected a dead letter as a replay writes it"
                raise DeadLettersError(message)
            key = None if letter.record.key is None else letter.record.key.encode()
            yield Letter(letter.record, key, claimed_instant(letter.value))


def sent_before(settings: Settings, partitions: int | None = None) -> dict[str, str]:
    """Letters that were sent again: full id -> when (RFC 3339).

    ``partitions`` are those of the topic of the marks, where it is known to exist (``Sender.marks``): a broker that has
    not heard of it yet fails then, and does not count as one without marks.

    Raises:
        BrokerError: the broker does not answer.

    """
    if partitions is None:
        partitions = look(settings)[1].get(REPLAYED, 0)
    found = {}
    for message in committed_records(settings, REPLAYED, partitions):
        if message.key() and message.value():
            found[message.key().decode()] = orjson.loads(message.value())["at"]
    return found
