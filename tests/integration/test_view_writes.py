"""One lane of the view in a real Redis: who may write, what a transaction leaves, and how a person reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from redis import Redis

from agents.cli.main import main
from agents.embedded import EmbeddedBroker
from agents.local.redis import RedisServer
from agents.settings import Settings
from agents.view.keys import Keys, address_of
from agents.view.lane import LaneView
from agents.view.pending import Entry
from agents.view.record import describe, held
from agents.view.transaction import Write, put
from agents.view.writer import connect, one_batch
from schemas.policy import load
from schemas.times import parse_instant
from tests.agents.running import (
    NOON,
    make_topics,
)
from tests.integration.viewing import DAY, drained, holding, scored, shown, triggers_of, view_settings

pytestmark = pytest.mark.timeout(120)


class Place(NamedTuple):
    """A Redis as a worker is connected to it."""

    settings: Settings
    redis: Any


@pytest.fixture
async def place(embedded_broker: EmbeddedBroker, redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[Place]:
    settings = view_settings(embedded_broker, redis_server, tmp_path)
    make_topics(embedded_broker, settings, 1)
    address = address_of(settings)
    assert address is not None
    redis = connect(address)
    yield Place(settings, redis)
    await redis.aclose()


async def test_a_late_write_of_an_earlier_owner_is_refused_and_a_late_claim_is_taken_back(
    place: Place, redis_server: RedisServer
) -> None:
    def owner(position: int, score: int) -> LaneView:
        return LaneView(0, holding("ann", position, score=score), lambda: 0, place.settings, load(None), place.redis)

    earlier, later = owner(10, score=9), owner(20, score=0)
    await drained(earlier)
    await later.take_over()
    later.pending.recall("ann", None)
    await drained(later)
    assert shown(redis_server)["ann"]["satisfaction"]["nps_last"] == 0

    earlier.pending.recall("ann", None)
    assert await one_batch(earlier, asyncio.sleep) == 0
    assert earlier.stood_down
    assert shown(redis_server)["ann"]["satisfaction"]["nps_last"] == 0

    await drained(owner(10, score=9))
    later.pending.recall("ann", None)
    assert await one_batch(later, asyncio.sleep) == 0
    assert not later.stood_down
    await drained(later)
    assert shown(redis_server)["ann"]["satisfaction"]["nps_last"] == 0


async def test_a_view_that_has_everything_says_so_at_once(place: Place, redis_server: RedisServer) -> None:
    lane = LaneView(0, holding("ann", 10, score=9), lambda: 0, place.settings, load(None), place.redis)
    await lane.take_over()
    assert await one_batch(lane, asyncio.sleep) == 1
    assert lane.claim is not None
    assert lane.claim.position is None, "there may be more to find"
    for _ in range(3):
        assert await one_batch(lane, asyncio.sleep) == 0
    assert lane.up_to_date
    with Redis.from_url(redis_server.url) as client:
        assert client.hget(Keys(place.settings.view_keys).lane(0), "position") == b"10"


async def test_a_customer_to_whom_nothing_happens_is_shown_anew_after_some_hours(
    place: Place, redis_server: RedisServer
) -> None:
    now = [NOON]
    lane = LaneView(0, holding("ann", 10, score=9), lambda: now[0], place.settings, load(None), place.redis)
    await drained(lane)
    now[0] += 30 * DAY
    assert await one_batch(lane, asyncio.sleep) == 0
    lane._refreshed_at -= place.settings.view_refresh_hours * 3600
    while not await one_batch(lane, asyncio.sleep):
        assert lane.up_to_date
    record = shown(redis_server)["ann"]
    assert parse_instant(record["as_of"]) == NOON + 30 * DAY
    assert scored(redis_server)["ann"] == record["score"] == 2


async def test_one_transaction_clears_what_was_before_an_erasure_and_keeps_only_the_newest_triggers(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    keys, fired = Keys("engage"), triggers_of("ann", 5)
    with Redis.from_url(redis_server.url) as client:
        client.zadd("engage:triggers:ann", {b"old": NOON + DAY})
        for order in (fired, fired[::-1]):
            entry = Entry(0.0)
            entry.triggers += order
            with client.pipeline() as pipe:
                put(pipe, keys, Write("ann", b"{}", 7, True, entry.fired()), 3)
                put(pipe, keys, Write("ann", b"{}", 7, False, entry.fired()), 3)
                pipe.execute()
            assert client.zrange("engage:triggers:ann", 0, -1) == fired[2:]
        with client.pipeline() as pipe:
            put(pipe, keys, Write("ann", None, 0, False, {}), 3)
            pipe.execute()
        assert client.keys() == []


def test_a_person_reads_the_view_with_the_command_line_and_a_password(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    state = held(holding("ann", 10, score=9), "ann")
    assert state is not None
    record, _ = describe(state, state.now, load(None), 0)
    with RedisServer(password="sesame") as guarded:  # noqa: S106
        with Redis.from_url(guarded.url) as client:
            client.set("engage:customer:ann", record)
        bare = guarded.url.replace(":sesame@", "")
        (tmp_path / "engage_redis_password").write_text("sesame")
        secret = {"ENGAGE_SECRETS_DIR": str(tmp_path)}
        told = CliRunner().invoke(main, ["explain", "ann", "--redis", bare], env=secret)
        assert told.exit_code == 0, told.output
        assert "surveys.nps" in told.output
        found = CliRunner().invoke(main, ["view", "show", "ann", "--redis", bare], env=secret)
        assert json.loads(found.output)["customer_id"] == "ann"
        unknown = CliRunner().invoke(main, ["view", "show", "bob", "--redis", bare], env=secret)
        assert (unknown.exit_code, unknown.output) == (1, "engage: no customer 'bob' in the view\n")
        refused = CliRunner().invoke(main, ["view", "show", "ann", "--redis", bare])
        assert refused.exit_code == 70
        assert "Redis" in refused.output
