"""The engine's own topics: the changelog with customers, marks and timers, and the rows of the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from agents.changelog import CUSTOMER, FIGURE, customer_key, erasure_key, unpack_due, unpack_state
from agents.erasure.place import Place
from agents.erasure.reading import Record, records
from agents.kpis.rows import unpack_row
from schemas.times import DAY, format_instant
from streams import codec
from streams.state import Customer

if TYPE_CHECKING:
    from agents.settings import Settings

_NO_LIMIT: Final = 3650 * DAY


def in_changelog(settings: Settings, customer_id: str, partitions: int, config: Mapping[str, str]) -> Iterator[Place]:
    """The customer, the timers, the mark and the figures, in all partitions. Raises ConnectionError."""
    topic, customer, mark = settings.changelog_topic, customer_key(customer_id), erasure_key(customer_id)
    known = (customer, mark)

    def wanted(key: bytes, _value: bytes | None) -> bool:
        return key in known or _named_after(key, customer_id)

    lying = list(records(settings, topic, dict.fromkeys(range(partitions), 0), wanted, committed=False))
    starts: dict[int, int] = {}
    for record in lying:
        starts[record.partition] = min(record.offset, starts.get(record.partition, record.offset))
    newest: dict[tuple[int, bytes], Record] = {}
    for record in records(settings, topic, starts, wanted, committed=True) if starts else ():
        newest[record.partition, record.key] = record
    held = {place: record for place, record in newest.items() if record.value is not None}
    yield from _customer([record for key, record in held.items() if key[1] == customer])
    yield from _old(topic, [r for r in lying if r.key == customer], held, newest, config)
    yield from _mark(topic, [record for key, record in held.items() if key[1] == mark])
    yield _figures("figures in the changelog", [key for _, key in held if key not in known])


def in_figures(settings: Settings, customer_id: str, partitions: int) -> Place:
    """Rows of the figures: sums of all customers, unless a slice bears the customer's name. Raises ConnectionError."""
    newest: dict[bytes, Record] = {}
    starts = dict.fromkeys(range(partitions), 0)

    def wanted(key: bytes, _value: bytes | None) -> bool:
        return _named_after(key, customer_id)

    for record in records(settings, settings.kpi_rows_topic, starts, wanted, committed=True):
        newest[record.key] = record
    return _figures(settings.kpi_rows_topic, [key for key, record in newest.items() if record.value is not None])


def _customer(held: list[Record]) -> Iterator[Place]:
    if not held:
        yield Place("state", "nothing", "the changelog holds no state of this customer")
        yield Place("timers", "nothing", "none is pending: timers are part of the state")
        return
    for record in held:
        value = record.value or b""
        state = codec.decode(unpack_state(value))
        again = ""
        if isinstance(state, Customer) and state.erased_at is not None:
            again = f"; came again after the erasure of {format_instant(state.erased_at)}"
        yield Place("state", "left", f"{len(value)} bytes in partition {record.partition}{again}", "it is erased")
        due, timers = unpack_due(value), len(state.timers) if isinstance(state, Customer) else 0
        if due is None:
            yield Place("timers", "nothing", "none is pending")
        else:
            yield Place("timers", "left", f"{timers} pending, the next at {format_instant(due)}", "it is erased")


def _old(
    topic: str,
    lying: list[Record],
    held: Mapping[tuple[int, bytes], Record],
    newest: Mapping[tuple[int, bytes], Record],
    config: Mapping[str, str],
) -> Iterator[Place]:
    """Records that a newer one has replaced, and tombstones, until compaction takes them."""
    old = [r for r in lying if r.value is not None and held.get((r.partition, r.key), r).offset != r.offset]
    old += [r for r in lying if r.value is not None and (r.partition, r.key) not in held]
    old = sorted(set(old))
    if old:
        latest = max(newest.values(), key=lambda record: record.at, default=old[-1])
        what = f"{len(old)} old records with state, offsets {old[0].offset} to {old[-1].offset}"
        yield Place(topic, "left", what, compacted_by(latest.at, config))
    else:
        yield Place(topic, "nothing", "no old record with state lies in the log")
    tombstones = [record for record in lying if record.value is None]
    if tombstones:
        kept = _number(config, "delete.retention.ms", DAY)
        what = f"{len(tombstones)} tombstones: the customer_id as a key, no value"
        until = f"{compacted_by(tombstones[-1].at, config)}, and {kept // 1000} s after that"
        yield Place(f"{topic}: tombstone", "kept", what, until)


def _mark(topic: str, held: list[Record]) -> Iterator[Place]:
    for record in held:
        mark = codec.decode(unpack_state(record.value or b""))
        at = format_instant(mark.erased_at or 0)
        what = f"a SHA-256 of the customer_id and the time of the erasure, {at}, so that older events are dropped"
        yield Place(f"{topic}: mark", "kept", what, "for good (CONTRACT B27)")
    if not held:
        yield Place(f"{topic}: mark", "nothing", "no erasure of this customer is known")


def _figures(name: str, keys: list[bytes]) -> Place:
    if keys:
        slices = ", ".join(sorted({str(unpack_row(key).where[0]) for key in keys}))
        return Place(name, "left", f"{len(keys)} rows by {slices}: one is named like this customer", None)
    return Place(name, "nothing", "sums of all customers; none is of this one alone; what was counted stays (B31)")


def _named_after(key: bytes, customer_id: str) -> bool:
    """Whether a row counts a slice that has the customer's name."""
    if key[:1] != FIGURE or key[:1] == CUSTOMER or customer_id.encode() not in key:
        return False
    return unpack_row(key).where[1] == customer_id


def compacted_by(at: int, config: Mapping[str, str]) -> str:
    """When a record that was replaced at ``at`` (ms) is taken out of the log, as far as the topic's settings say."""
    lag = _number(config, "max.compaction.lag.ms", _NO_LIMIT)
    if lag >= _NO_LIMIT:
        return "the broker compacts, which max.compaction.lag.ms does not limit"
    return f"the first compaction after {format_instant(at + lag)}, once the partition is written to again"


def _number(config: Mapping[str, str], setting: str, default: int) -> int:
    try:
        return int(config[setting])
    except (KeyError, ValueError):
        return default
