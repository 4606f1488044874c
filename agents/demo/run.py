"""The demo from start to end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TextIO

import msgspec

from agents.demo.cluster import PARTITIONS, Worker, open_broker
from agents.demo.feed import Feed
from agents.demo.show import Show
from agents.demo.story import Story, tell
from agents.demo.tally import Tally
from agents.demo.watch import Watch
from schemas.policy import load
from schemas.times import parse_instant
from streams.explain import explain
from streams.wording import count

_TICK_SECONDS = 0.5
_LINES_A_TICK = 1
_QUIET_SECONDS = 3.0
_PATIENCE_SECONDS = 60.0
_CROWDED = 80
"""A score above it has many lines and may be cut at 100: a poor example."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How the demo runs: the feed takes ``seconds``; ``keep`` leaves all running until it is interrupted."""

    seconds: float = 40.0
    keep: bool = False
    data: Path | None = None
    policy_file: Path | None = None


class DemoError(ConnectionError):
    """The worker of the demo stopped working.

    Operator action: run ``engage worker`` by hand against a broker to see its log.
    """


def demo(options: Options, stream: TextIO) -> None:
    """Start a broker and a worker, stream the story in, show what comes out, end with a summary.

    Raises:
        ServerError: the worker does not start; the message holds the end of its log.
        DemoError: the worker stops before all is handled.
        ValueError: the policy or the data is wrong.
    """
    policy = load(options.policy_file)
    show = Show(stream)
    show.say("engage demo: a Kafka broker inside this process, one worker, real events", "bold")
    story = tell(options.data)
    for source in story.sources:
        show.say(f"  in: {source}")
    broker = open_broker()
    worker = Worker(broker.bootstrap_servers, options.policy_file)
    try:
        show.say(f"  broker at {broker.bootstrap_servers} ({PARTITIONS} partitions), any Kafka client can connect")
        worker.start()
        show.say(f"  worker at {worker.url} (metrics at {worker.url}/metrics), ready after {show.seconds:.0f} s")
        show.say()
        tally = _stream(broker.bootstrap_servers, worker, story, options.seconds, show)
        _summary(tally, worker, story, show)
        if tally.score:
            best = max(sorted(tally.score), key=lambda customer_id: _telling(tally.score[customer_id][0]))
            line = worker.customer(best)
            if line is not None:
                for section in explain(line, policy, parse_instant(tally.latest))[:2]:
                    show.block(f"Why {best}? {section.title}", section.lines)
        _next(broker.bootstrap_servers, worker, options.keep, show)
        while options.keep:
            time.sleep(_TICK_SECONDS)
            if not worker.running:
                raise DemoError("the worker has stopped")
    finally:
        worker.stop()
        broker.stop()


def _telling(score: int) -> int:
    return score if score <= _CROWDED else 0


def _stream(bootstrap_servers: str, worker: Worker, story: Story, seconds: float, show: Show) -> Tally:
    tally, watch = Tally(), Watch(bootstrap_servers)
    feed = Feed(bootstrap_servers, story, seconds)
    feed.start()
    total = len(story.messages)
    quiet_since = moved_at = time.monotonic()
    handled = 0
    try:
        with show.live():
            while True:
                said = watch.take(_TICK_SECONDS)
                for kind, line in tally.add(said, _LINES_A_TICK):
                    show.event(kind, line)
                show.counts(tally, feed.sent, total)
                now, seen = time.monotonic(), worker.handled()
                if seen > handled:
                    handled, moved_at = seen, now
                if said or handled < total:
                    quiet_since = now
                if now - quiet_since >= _QUIET_SECONDS:
                    return tally
                if not worker.running or feed.failure or now - moved_at > _PATIENCE_SECONDS:
                    what = feed.failure or worker.last_words or "no reason was given"
                    message = f"the worker stopped after {handled:,} of {total:,} events: {what}"
                    raise DemoError(message)
    finally:
        feed.stop()
        watch.close()


def _summary(tally: Tally, worker: Worker, story: Story, show: Show) -> None:
    levels = tally.levels
    duplicates = int(worker.total("engage_duplicates"))
    lines = [
        f"{count(len(story.messages), 'record')} in, {count(int(worker.total('engage_events')), 'event')} applied, "
        f"{count(duplicates, 'duplicate')}, {count(tally.dead_letters.total(), 'dead letter')}: "
        + ", ".join(f"{reason} {number}" for reason, number in sorted(tally.dead_letters.items())),
        f"{count(tally.score_changes, 'score change')}; levels now: {levels['high']} high, {levels['medium']} medium, "
        f"{levels['low']} low (of the customers whose score was told)",
        f"{count(tally.triggers.total(), 'trigger')}:",
        *(f"  {number:7,} {name}" for name, number in tally.triggers.most_common()),
    ]
    show.block(f"Done in {show.seconds:.0f} s", lines)


def _next(bootstrap_servers: str, worker: Worker, keep: bool, show: Show) -> None:
    lines = [
        "engage simulate --help           make events of your own",
        "engage replay PATH --out out     the same engine over files, no broker",
        "engage worker --help             a worker on your own Kafka",
    ]
    if keep:
        lines = [
            f"read the triggers:   kcat -b {bootstrap_servers} -t triggers -C -o beginning -e",
            f"look at a customer:  curl {worker.url}/customers/CUSTOMER",
            f"put events in:       kcat -b {bootstrap_servers} -t email -P -k CUSTOMER -X partitioner=murmur2_random",
            "stop with Ctrl-C",
        ]
    else:
        lines.insert(0, "engage demo --keep               leave broker and worker running, to connect your own client")
    show.block("What next", lines)
