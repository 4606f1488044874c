"""One replay from files to files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from agents.replay.engine import Engine, records
from agents.replay.reading import Progress, Source
from agents.replay.writing import Output
from schemas.deadletters import DeadLetter, dead_letter_record
from schemas.policy import Policy
from schemas.times import Instant
from streams.describe import customer_line
from streams.figures.scores import Scores
from streams.kpis import Kpis

_BATCH = 4_096
"""Records between two writes of what came out; bounds the memory outside the states."""

_FIRST_BAD = 5


class Totals(msgspec.Struct, kw_only=True):
    """The last line of a replay: events = applied + duplicates + dropped + dead_letters."""

    events: int
    applied: int
    duplicates: int
    dropped: int
    dead_letters: int
    score_changes: int
    triggers: int
    customers: int


class Summary(msgspec.Struct, kw_only=True):
    """What a replay did: its totals, the same in detail by name, and the instant (ms) at its end."""

    totals: Totals
    triggers: Counter[str]
    dead_letters: Counter[str]
    levels: Counter[str]
    end: int | None
    first_bad: list[str]
    """The first dead letters: file, line counted from 1, reason and detail."""


def replay(
    sources: Sequence[Source],
    out: Path,
    policy: Policy,
    until: Instant | None = None,
    watch: Callable[[Progress], None] | None = None,
) -> Summary:
    """Run the files through the core and write what comes out into the folder ``out``.

    ``watch`` is called now and then with how far the reading is. Two runs over the same input write the same bytes.

    Raises:
        ReplayError: a file cannot be read or written; no file of this run is left behind then.
    """
    engine, kpis, progress = Engine(policy, until), Kpis(policy), Progress(sources)
    dead_letters: Counter[str] = Counter()
    levels: Counter[str] = Counter()
    first_bad: list[str] = []
    scores = Scores()

    with Output(out) as output:

        def flush() -> None:
            changes = engine.take()
            output.emit(changes.emissions)
            kpis.add(changes.facts)
            if watch:
                watch(progress)

        for number, (source, record) in enumerate(records(sources, progress)):
            content = record.content
            dead = content if isinstance(content, DeadLetter) else engine.feed(content)
            if dead is not None:
                dead_letters[dead.reason] += 1
                if len(first_bad) < _FIRST_BAD:
                    first_bad.append(f"{source.path.name}, line {record.offset + 1}: {dead.reason}: {dead.detail}")
                output.dead_letter(
                    dead_letter_record(dead.reason, dead.detail, source.topic, 0, record.offset, None, record.value, [])
                )
            if number % _BATCH == 0:
                flush()
        end = engine.finish()
        flush()
        for state in engine.customers():
            line = customer_line(state, end or 0, policy)
            levels[line["level"]] += 1
            scores.add(state, line["score"])
            output.customer(line)
        kpis.add(scores.facts())
        output.kpis(kpis.document())

    counts = engine.counts
    applied, duplicates, dropped = counts["applied"], counts["duplicate"], counts["dropped"]
    return Summary(
        totals=Totals(
            events=applied + duplicates + dropped + dead_letters.total(),
            applied=applied,
            duplicates=duplicates,
            dropped=dropped,
            dead_letters=dead_letters.total(),
            score_changes=output.score_changes,
            triggers=output.triggers.total(),
            customers=levels.total(),
        ),
        triggers=output.triggers,
        dead_letters=dead_letters,
        levels=levels,
        end=end,
        first_bad=first_bad,
    )
