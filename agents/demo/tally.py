"""What came out so far, counted, and what of it is worth a line now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeAlias

from agents.demo.watch import Said
from streams.wording import evidence_words

_FIRST_BAD = 8
"""So many bad records are shown whatever else there is."""
Line: TypeAlias = tuple[int, int, str, str]
"""How often the like was shown, its place among what came, its kind, the line."""


class Tally:
    """Counts of the output topics; ``score`` is the latest of each customer: (score, level, contributions)."""

    def __init__(self) -> None:
        self.score: dict[str, tuple[int, str, list[dict[str, Any]]]] = {}
        self.triggers: Counter[str] = Counter()
        self.dead_letters: Counter[str] = Counter()
        self.score_changes = 0
        self.latest = ""
        self.erasures = 0
        self._shown: Counter[str] = Counter()

    @property
    def levels(self) -> Counter[str]:
        """Customers by level, of those whose score was ever told."""
        return Counter(level for _, level, _ in self.score.values())

    @property
    def total(self) -> int:
        """Records counted."""
        return self.score_changes + self.triggers.total() + self.dead_letters.total() + self.erasures

    def add(self, said: Sequence[Said], room: int) -> list[tuple[str, str]]:
        """Count what was said; return (kind, line) of what to show: bad records, then what was shown least."""
        ranked: list[Line] = []
        for number, (topic, body) in enumerate(said):
            if topic == "dead-letters":
                self.dead_letters[body["reason"]] += 1
                line = f"{body['topic']}: {body['reason']}: {body['detail']}"
                rank = 0 if self.dead_letters.total() <= _FIRST_BAD else 1 + self._shown["dead letter"]
                ranked.append((rank, number, "dead letter", line))
                continue
            data = body["data"]
            self.latest = max(self.latest, data["at"])
            if topic == "score-changes":
                ranked.extend(self._score_change(data, number))
            elif "trigger" in data:
                self.triggers[data["trigger"]] += 1
                ranked.append((1 + self._shown[data["trigger"]], number, data["trigger"], _firing(data)))
            else:
                self.erasures += 1
        forced = sum(rank == 0 for rank, *_ in ranked)
        chosen = sorted(self._varied(ranked))[: max(room, forced)]
        self._shown.update(kind for _, _, kind, _ in chosen)
        return [(kind, line) for _, _, kind, line in sorted(chosen, key=lambda item: item[1])]

    def _varied(self, ranked: list[Line]) -> list[Line]:
        """What was shown least comes first, also among what came together."""
        together: Counter[str] = Counter()
        varied = []
        for rank, number, kind, line in ranked:
            varied.append((rank and rank + together[kind], number, kind, line))
            together[kind] += 1
        return varied

    def _score_change(self, data: dict[str, Any], number: int) -> list[Line]:
        self.score_changes += 1
        before, now = data["previous"], data["current"]
        self.score[data["customer_id"]] = (now["score"], now["level"], data["contributions"])
        if before["level"] == now["level"]:
            return []
        why = ", ".join(f"{row['points']:+.0f} {row['action']}" for row in data["contributions"][:3])
        line = f"{data['customer_id']}: {before['level']} -> {now['level']}, score {now['score']}: {why}"
        return [(1 + self._shown["level"], number, "level", line)]


def _firing(data: dict[str, Any]) -> str:
    about = f" {data['subject']}" if data["subject"] else ""
    return f"{data['customer_id']}{about}: {evidence_words(data['trigger'], data['evidence'])}"
