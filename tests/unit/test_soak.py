"""The judge of a soak: what is flat, what grows, and whether the load lets customers come and go."""

from __future__ import annotations

from collections import defaultdict

import orjson
import pytest

from schemas.times import DAY, parse_instant
from tests.soak.load import LIFE_DAYS, RETENTION_DAYS, load
from tests.soak.verdict import ROWS, Sample, growths, slope

MIB = 1024 * 1024


def sample(day: int, **more: int) -> Sample:
    usual = {
        "seconds": day, "records": day, "rss": 200 * MIB, "live": 100, "state": 100_000, "timers": 100,
        "changelog": 400_000, "customer_records": 150, "customer_bytes": 150_000, "rows": 1_000, "redis": 500_000,
        "redis_keys": 180,
    }  # fmt: skip
    return Sample(day=day, **{**usual, **more})


def grown(samples: list[Sample]) -> list[str]:
    return [one.name for one in growths(samples, 0.1) if not one.flat]


def test_a_line_through_points_has_their_slope() -> None:
    assert slope([(0, 1), (1, 3), (2, 5)]) == pytest.approx(2)
    assert slope([(0, 5), (0, 9)]) == 0


def test_what_swings_between_compactions_is_flat() -> None:
    assert grown([sample(day, customer_records=150 + 40 * (day % 3)) for day in range(0, 400, 5)]) == []


def test_a_leak_of_a_fifth_in_the_second_half_is_seen() -> None:
    leaking = [sample(day, rss=200 * MIB + day * MIB // 5) for day in range(0, 400, 5)]
    assert grown(leaking) == ["memory of the worker (MiB)"]


def test_growth_before_the_second_half_is_no_fault() -> None:
    assert grown([sample(day, rss=(100 + min(day, 190)) * MIB) for day in range(0, 400, 5)]) == []


def test_records_that_pile_up_are_seen_per_live_customer() -> None:
    piling = [sample(day, customer_records=150 + day, customer_bytes=150_000 + 300 * day) for day in range(0, 400, 5)]
    assert grown(piling) == [
        "customers' records in the changelog, per live customer",
        "their bytes, per live customer",
    ]


def test_rows_of_figures_are_told_and_not_judged() -> None:
    judged = {one.name: one for one in growths([sample(day, rows=1 + day) for day in range(0, 400, 5)], 0.1)}
    assert judged[ROWS].growth > 0.5
    assert judged[ROWS].flat


def test_too_few_samples_are_no_verdict() -> None:
    with pytest.raises(ValueError, match="too few"):
        growths([sample(0), sample(200), sample(400)], 0.1)


def test_customers_come_and_go_and_none_comes_back_after_the_retention() -> None:
    seen: defaultdict[bytes, list[int]] = defaultdict(list)
    order = []
    for item in load(1, 6_000, 200):
        at = parse_instant(orjson.loads(item.value or b"{}")["occurred_at"])
        order.append(at)
        seen[item.key or b""].append(at)
    assert order == sorted(order)
    assert 5_000 < len(order) < 7_000
    assert max(max(instants) - min(instants) for instants in seen.values()) <= LIFE_DAYS * DAY < RETENTION_DAYS * DAY
    firsts = sorted(min(instants) for instants in seen.values())
    assert firsts[-1] - firsts[0] > 150 * DAY, "customers come until the end"
