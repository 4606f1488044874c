"""The figures of lanes, and what becomes of them together: rows are sums, so reading them twice changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import orjson
from prometheus_client import CollectorRegistry

from agents.changelog import Change
from agents.deliver import Record
from agents.kpis.board import Board
from agents.kpis.gauges import show
from agents.kpis.lane import DAYS_KEPT, LaneFigures
from agents.kpis.rows import Row, Sum, pack_row, pack_sum, unpack_row, unpack_sum
from agents.lanes.dayend import DayEnd
from agents.metrics import Metrics
from agents.stores import MemoryStore
from agents.tables import Customers
from schemas.decode import decode
from schemas.policy import merge
from schemas.times import DAY, format_instant
from streams.figures.fact import OVERALL, Fact
from streams.figures.people import SOURCE
from streams.figures.scores import Scores
from streams.kpis import Kpis
from streams.lane import Lane
from streams.plan import plan_of
from streams.state import Customer
from tests.story import Story

POLICY = merge({})
TODAY = 20_000
NOW = TODAY * DAY
FACTS = (
    Fact("reached:lead", TODAY),
    Fact("level:low", TODAY, 2),
    Fact("revenue:USD", TODAY, Decimal("10.50")),
    Fact("created", TODAY, 1, (OVERALL, ("channel", "web"))),
)


def lane(number: int = 0, rows: tuple[Change, ...] | list[Change] = ()) -> LaneFigures:
    return LaneFigures("rows", number, rows)


def board_of(*changes: Change) -> Board:
    board = Board(POLICY)
    for key, value in changes:
        board.put(key, value)
    return board


def test_a_row_is_read_as_it_was_written() -> None:
    for row in (Row(3, OVERALL, None, "orders"), Row(0, ("product", "crm"), TODAY, "revenue:USD")):
        assert unpack_row(pack_row(row)) == row
    for total in (Sum(-4, NOW), Sum(Decimal("0.10"), NOW)):
        assert unpack_sum(pack_sum(total)) == total


def test_a_chunk_writes_the_rows_that_it_changed_to_the_changelog_and_to_the_topic() -> None:
    records, changes = lane().take(FACTS, NOW)
    assert [(record.topic, record.key, record.value) for record in records] == [("rows", *change) for change in changes]
    assert len(changes) == 2 * 3 + 2 * 2
    assert lane().take((), NOW) == ([], [])


def test_a_lane_goes_on_from_the_rows_that_were_delivered_and_forgets_what_was_not() -> None:
    figures = lane()
    _, delivered = figures.take(FACTS, NOW)
    figures.take(FACTS, NOW + 1)
    _, changes = lane(0, delivered).take(FACTS, NOW + 2)
    amounts = {unpack_row(key).figure: unpack_sum(value).amount for key, value in changes if value is not None}
    assert (amounts["level:low"], amounts["revenue:USD"]) == (4, Decimal("21.00"))


def test_days_are_forgotten_after_a_while_and_totals_are_not() -> None:
    figures = lane()
    figures.take(FACTS, NOW)
    _, changes = figures.take([Fact("orders", TODAY + DAYS_KEPT)], NOW + DAYS_KEPT * DAY)
    gone = {unpack_row(key) for key, value in changes if value is None}
    assert {row.day for row in gone} == {TODAY}
    _, late = figures.take([Fact("orders", TODAY)], NOW + DAYS_KEPT * DAY)
    assert [unpack_row(key).day for key, _ in late] == [None]
    assert [unpack_sum(value).amount for _, value in late if value is not None] == [2]


def test_the_lanes_together_are_what_one_lane_would_have_counted() -> None:
    changes = [change for number in range(3) for change in lane(number).take(FACTS, NOW)[1]]
    kpis = Kpis(POLICY)
    kpis.add(FACTS * 3)
    assert board_of(*changes).figures(OVERALL) == next(kpis.figures(OVERALL))[1]


def test_rows_read_twice_are_published_once() -> None:
    _, changes = lane().take(FACTS, NOW)
    board = board_of(*changes)
    assert [(kpi.dimension, kpi.value, kpi.day) for kpi in board.publish()] == [
        (None, None, "total"),
        (None, None, "2024-10-04"),
        ("channel", "web", "total"),
        ("channel", "web", "2024-10-04"),
    ]
    for key, value in changes:
        board.put(key, value)
    assert list(board.publish()) == []


def test_figures_that_differ_have_ids_that_differ_and_the_same_figures_the_same_id() -> None:
    _, changes = lane().take(FACTS, NOW)
    _, more = lane(1).take(FACTS, NOW)
    first, again = [kpi.id for kpi in board_of(*changes).publish()], [kpi.id for kpi in board_of(*changes).publish()]
    both = [kpi.id for kpi in board_of(*changes, *more).publish()]
    assert first == again
    assert not set(first) & set(both)


def test_a_standing_that_changes_is_published_for_the_later_days_too() -> None:
    _, later = lane(0).take([Fact("level:low", TODAY + 2)], NOW + 2 * DAY)
    board = board_of(*later)
    list(board.publish())
    for key, value in lane(1).take([Fact("level:low", TODAY)], NOW)[1]:
        board.put(key, value)
    found = {kpi.day: kpi.figures["levels"]["low"] for kpi in board.publish()}
    assert found == {"total": 2, "2024-10-04": 1, "2024-10-06": 2}


def test_gauges_show_the_totals_until_another_worker_shows_them() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    show(board_of(*lane().take(FACTS, NOW)[1]), metrics, POLICY)

    def shown(figure: str, dimension: str = "all", value: str = "") -> float | None:
        return registry.get_sample_value("engage_kpi", {"figure": figure, "dimension": dimension, "value": value})

    assert shown("customers", "level", "low") == 2
    assert shown("revenue") == 10.5
    assert shown("tickets_created", "channel", "web") == 1
    assert shown("fcr_rate") is None
    metrics.forget_kpis()
    assert shown("revenue") is None


def scores(*found: tuple[Customer, int]) -> Scores:
    added = Scores()
    for customer, score in found:
        added.add(customer, score)
    return added


def test_scores_at_the_end_of_a_day_take_the_place_of_those_of_the_day_before_also_after_a_crash() -> None:
    story = Story().updated(acquisition_source="ads").by("bob").page_view()
    ada, bob = story.state("ada"), story.state("bob")
    first = lane()
    assert first.ended is None
    first.end_day(TODAY - 1, scores((ada, 40), (bob, 10)))
    delivered = first.take(story.facts, NOW)[1]
    assert board_of(*delivered).figures(OVERALL)["mean_score"] == 25

    again = lane(0, delivered)
    assert again.ended == TODAY - 1
    again.end_day(TODAY, scores((bob, 8)))
    records, changes = again.take((), NOW + DAY)
    assert [(record.key, record.value) for record in records] == changes
    board = board_of(*delivered, *changes)
    assert board.figures(OVERALL)["mean_score"] == 8
    assert board.figures((SOURCE, "ads"))["mean_score"] is None
    assert again.take((), NOW + DAY) == ([], [])


class Asked:
    """Counts what it is told."""

    ended: int | None = None

    def take(self, facts: Sequence[Fact], now: int) -> tuple[Sequence[Record], Sequence[Change]]:
        """Nothing."""
        return (), ()

    def end_day(self, day: int, found: Scores) -> None:
        """Keep it."""
        self.ended, self.found = day, found


def test_every_customer_is_looked_at_once_a_day_some_at_a_time() -> None:
    customers, counting, policy = Customers(MemoryStore(), 10), Asked(), POLICY
    scored = Lane(customers, policy, NOW)
    for number in range(600):
        body = {
            "event_id": "e",
            "customer_id": f"c{number}",
            "occurred_at": format_instant(NOW + number),
            "type": "form_submit",
            "form_id": "f",
        }
        scored.feed(decode("clickstream", orjson.dumps(body)), NOW + number)
    customers.settle(customers.changes(scored.take().states), None)
    day = DayEnd(customers, counting, plan_of(policy).scoring)
    assert [day.step(NOW + 600) for _ in range(3)] == [False, False, True]
    assert counting.found.sums == {}
    assert [day.step(NOW + DAY) for _ in range(4)] == [False, False, True, None]
    assert counting.found.sums == {(OVERALL, "scored"): 600, (OVERALL, "scores"): 6000}
    assert counting.ended == TODAY
    customers.put("c0", None)
    assert [day.step(NOW + 2 * DAY) for _ in range(3)] == [False, False, True]
    assert counting.found.sums[OVERALL, "scored"] == 599
