"""A short soak on Apache Kafka: more than a year passes, customers are forgotten, and every field equals a replay."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.local import kafka, redis
from tests.conftest import need
from tests.soak.run import Shape, run
from tests.soak.verdict import Sample

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.timeout(300)]


def test_a_year_in_a_minute_leaves_those_who_were_heard_of_and_nothing_else(tmp_path: Path) -> None:
    need(kafka.missing)
    need(redis.missing)
    said: list[Sample] = []
    shape = Shape(seed=3, records=4_000, rate=0, days=400, every=1, store="memory", view=True)
    soaked = run(shape, tmp_path, said.append)
    assert soaked.findings.text() == ""
    assert said == soaked.samples
    assert 0 < soaked.customers < 100
