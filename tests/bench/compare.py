"""``python -m tests.bench.compare``: what rules and figures cost beside the same worker without them, in turns."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import click

from tests.bench.__main__ import measure
from tests.bench.load import DESK, Item, load
from tests.bench.policies import EVERYTHING, EXTRA_OFF
from tests.bench.subjects import Measure, Sized, engine_under

_ROW: Final = "{:26} {:>10} {:>14} {:>10} {:>10}"


class Pair(NamedTuple):
    """Two workers over the same events: the second is to keep ``target`` of the first's events per CPU second."""

    title: str
    items: list[Item]
    without: tuple[str, Any]
    with_it: tuple[str, Any]
    target: float | None = None


def pairs(events: int, customers: int, partitions: int, zipf: float) -> tuple[Pair, ...]:
    """What is compared."""
    everything = partial(engine_under, policy=EVERYTHING)
    desk = load(events, customers, partitions, zipf, DESK)
    return (
        Pair(
            "all rules", load(events, customers, partitions, zipf),
            ("extra rules off", partial(engine_under, policy=EXTRA_OFF)), ("everything on", everything), 0.6,
        ),
        Pair("all rules, mostly tickets and mail", desk,
            ("extra rules off", partial(engine_under, policy=EXTRA_OFF)), ("everything on", everything), 0.6,
        ),
        Pair(
            "figures across customers, mostly tickets and mail", desk,
            ("everything but figures", partial(engine_under, policy=EVERYTHING, figures=False)),
            ("everything on", everything),
        ),
    )  # fmt: skip


def compare(pair: Pair, rounds: int, partitions: int, kafka: bool) -> None:
    """Run both in turns and print what each did in all rounds, and the state of the last."""
    names = (pair.without, pair.with_it)
    found: dict[str, list[Measure]] = {name: [] for name, _ in names}
    sizes: dict[str, tuple[int, ...]] = {}
    for number in range(rounds):
        for name, subject in names if number % 2 == 0 else reversed(names):
            answer: Any = measure(subject, pair.items, partitions, kafka)
            sized: Sized = answer
            found[name].append(sized.measure)
            sizes[name] = sized.sizes
    click.echo(f"\n{pair.title}: {len(pair.items):,} events, {rounds} rounds in turns")
    click.echo(_ROW.format("", "events/s", "events/CPU s", "emitted", "of first"))
    first = _cpu(found[pair.without[0]])
    for name, done in found.items():
        count = len(pair.items) * rounds
        share = first / _cpu(done)
        speeds = (f"{count / sum(one.wall_seconds for one in done):,.0f}", f"{count / _cpu(done):,.0f}")
        click.echo(_ROW.format(name, *speeds, f"{done[-1].records:,}", f"{share:.2f}"))
    if pair.target is not None:
        click.echo(f"target: {pair.target:.2f} or more: {'reached' if share >= pair.target else 'MISSED'}")
    click.echo(state_line(sizes[pair.with_it[0]]))


def _cpu(done: Sequence[Measure]) -> float:
    return sum(one.cpu_seconds for one in done)


def state_line(sizes: Sequence[int]) -> str:
    """Encoded bytes of a customer's state."""
    ordered = sorted(sizes)
    percentile = ordered[len(ordered) * 99 // 100]
    return (
        f"state of a customer, bytes: median {statistics.median(ordered):,.0f}, 99th percentile {percentile:,}, "
        f"largest {ordered[-1]:,}, mean {statistics.fmean(ordered):,.0f} ({len(ordered):,} customers)"
    )


@click.command()
@click.option("--events", default=100_000, show_default=True)
@click.option("--customers", default=20_000, show_default=True)
@click.option("--partitions", default=4, show_default=True)
@click.option("--zipf", default=1.1, show_default=True)
@click.option("--rounds", default=3, show_default=True, help="How often each of a pair runs.")
@click.option("--kafka", is_flag=True, help="On Apache Kafka.")
def main(events: int, customers: int, partitions: int, zipf: float, rounds: int, kafka: bool) -> None:
    """Measure what rules and figures cost, and how large customers are."""
    for pair in pairs(events, customers, partitions, zipf):
        compare(pair, rounds, partitions, kafka)


if __name__ == "__main__":
    main()
