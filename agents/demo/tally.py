"""What came out so far, counted, and what of it is worth a line now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from agents.demo.watch import Said
from streams.wording import phrase, trigger_sentence

_NOVEL = 2
"""A trigger is novel this many times."""


class Tally:
    """Counts of the output topics; ``score`` is the latest of each customer: (score, level, contributions)."""

    def __init__(self) -> None:
        self.score: dict[str, tuple[int, str, list[dict[str, Any]]]] = {}
        self.triggers: Counter[str] = Counter()
        self.dead_letters: Counter[str] = Counter()
        self.score_changes = 0
        self.latest = ""
        self.erasures = 0

    @property
    def levels(self) -> Counter[str]:
        """Customers by level, of those whose score was ever told."""
        return Counter(level for _, level, _ in self.score.values())

    @property
    def total(self) -> int:
        """Records counted."""
        return self.score_changes + self.triggers.total() + self.dead_letters.total() + self.erasures

    def add(self, said: Sequence[Said], room: int) -> list[tuple[str, str]]:
        """Count what was said; return (kind, line) of what to show: bad records, then what is new, then the rest."""
        ranked: list[tuple[int, int, str, str]] = []
        for number, (topic, body) in enumerate(said):
            if topic == "dead-letters":
                self.dead_letters[body["reason"]] += 1
                line = f"{body['topic']}: {body['reason']}: {body['detail']}"
                ranked.append((0, number, "dead letter", line))
                continue
            data = body["data"]
            self.latest = max(self.latest, data["at"])
            if topic == "score-changes":
                ranked.extend(self._score_change(data, number))
            elif "trigger" in data:
                self.triggers[data["trigger"]] += 1
                rank = 1 if self.triggers[data["trigger"]] <= _NOVEL else 3
                ranked.append((rank, number, "trigger", f"{data['customer_id']}: {trigger_sentence(data)}"))
            else:
                self.erasures += 1
        forced = sum(rank == 0 for rank, *_ in ranked)
        chosen = sorted(ranked)[: max(room, forced)]
        return [(kind, line) for _, _, kind, line in sorted(chosen, key=lambda item: item[1])]

    def _score_change(self, data: dict[str, Any], number: int) -> list[tuple[int, int, str, str]]:
        self.score_changes += 1
        before, now = data["previous"], data["current"]
        self.score[data["customer_id"]] = (now["score"], now["level"], data["contributions"])
        if before["level"] == now["level"]:
            return []
        why = phrase({row["action"]: row["points"] for row in data["contributions"][:2]})
        line = f"{data['customer_id']}: {before['level']} -> {now['level']}, score {now['score']}: {why}"
        return [(2, number, "level", line)]
