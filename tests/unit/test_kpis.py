"""Sums of facts: their algebra, the shape of ``kpis.json``, medians within their promise (CONTRACT 10, B28, B32)."""

from __future__ import annotations

from decimal import Decimal
from statistics import median

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.figures import Figures
from schemas.policy import merge
from schemas.times import day_of
from streams.figures.fact import DISTINCT, OVERALL, Fact
from streams.figures.scores import Scores
from streams.figures.spans import bucket, median_seconds
from streams.history import score_at_end
from streams.kpis import Kpis
from streams.plan import plan_of
from tests.story import Story

POLICY = merge({})
SHAPE = {
    "fcr", "csat", "nps", "tickets", "funnel", "conversion", "revenue", "recurring_revenue", "orders", "levels",
    "roles", "segments", "by",
}  # fmt: skip
FACTS = st.lists(
    st.builds(
        Fact,
        st.sampled_from(["created", "revenue:USD", "level:low", "reached:lead", "meets:any", "first_reply:60000"]),
        st.integers(0, 5),
        st.integers(-3, 3),
        st.sampled_from([(OVERALL,), (OVERALL, ("product", "app")), (("product", "site"),)]),
    ),
    max_size=30,
)


def test_nothing_counted_has_every_figure_that_the_contract_names() -> None:
    document = Kpis(POLICY).document()
    assert set(document) == {"total", "by_day"}
    assert document["by_day"] == {}
    assert document["total"].keys() >= SHAPE
    assert set(document["total"]["by"]) == {"product", "channel", "stage", "campaign", "acquisition_source"}


def test_every_slice_has_the_shape_that_the_schema_says() -> None:
    story = Story().updated(acquisition_source="ads").mail_sent("m1", campaign_id="k").ordered("1").csat(4)
    story.ticket_created("t1", "web", product="app").after("1h").ticket_agent_replied("t1").ticket_solved("t1")
    found = story.kpis()
    for figures in (found["total"], *found["by_day"].values()):
        slices = [one for values in figures["by"].values() for one in values.values()]
        assert len(slices) >= 5
        for one in ({key: value for key, value in figures.items() if key != "by"}, *slices):
            msgspec.convert(one, Figures)


def test_a_figure_that_is_not_kept_for_a_dimension_is_null_and_not_left_out() -> None:
    found = Story().ticket_created("t1", "web").mail_sent("m1", campaign_id="k").kpis()["total"]
    assert found["by"]["channel"]["web"]["orders"] is None
    assert found["by"]["campaign"]["k"]["tickets"] is None


def test_standings_of_a_day_are_those_at_its_end_and_counts_are_of_the_day() -> None:
    kpis = Kpis(POLICY)
    kpis.add([Fact("level:low", 1, 2), Fact("orders", 1, 2), Fact("level:low", 3, -1), Fact("orders", 3, 5)])
    days = kpis.document()["by_day"]
    assert [(day["levels"]["low"], day["orders"]) for day in days.values()] == [(2, 2), (1, 5)]


def test_distinct_figures_do_not_add_up_over_days() -> None:
    assert "openers" in DISTINCT
    kpis = Kpis(POLICY)
    where = (("campaign", "k"),)
    kpis.add([Fact("openers", 1, 1, where), Fact("openers", 2, 1, where), Fact("openers", None, 1, where)])
    assert kpis.document()["total"]["by"]["campaign"]["k"]["openers"] == 1


@given(FACTS, FACTS)
def test_adding_the_sums_of_two_lanes_is_adding_their_facts_in_any_order(one: list[Fact], other: list[Fact]) -> None:
    together, left, right = Kpis(POLICY), Kpis(POLICY), Kpis(POLICY)
    together.add([*reversed(other), *one])
    left.add(one)
    right.add(other)
    left.merge(right)
    assert left.sums == together.sums


@given(st.lists(st.integers(1, 10**10), min_size=1, max_size=200))
def test_a_median_of_spans_is_within_one_percent(spans: list[int]) -> None:
    counts: dict[int, int] = {}
    for span in spans:
        counts[bucket(span)] = counts.get(bucket(span), 0) + 1
    assert median_seconds(counts) == pytest.approx(median(spans) / 1000, rel=0.01)


@pytest.mark.parametrize("exact", [0, 1, 999, 60_000, 3_600_000, 86_400_000])
def test_spans_of_three_digits_are_exact(exact: int) -> None:
    assert median_seconds({bucket(exact): 1}) == exact / 1000


def test_a_span_below_zero_counts_as_zero_and_nothing_has_no_median() -> None:
    assert bucket(-5) == 0
    assert median_seconds({}) is None
    assert median_seconds({bucket(1000): 0}) is None


def test_money_keeps_every_digit() -> None:
    kpis = Kpis(POLICY)
    kpis.add(
        [Fact("revenue:USD", 1, Decimal("99999999999999999999999999.99"))] * 2
        + [Fact("revenue:USD", 1, Decimal("0.001"))]
    )
    assert kpis.document()["total"]["revenue"] == {"USD": "199999999999999999999999999.981"}


def test_the_mean_score_is_overall_and_by_acquisition_source_and_of_nobody_null() -> None:
    story = Story().updated(acquisition_source="ads").by("bob").updated(acquisition_source="ads").by("cyd").page_view()
    scores = Scores()
    for name, score in (("ada", 10), ("bob", 5), ("cyd", 90)):
        scores.add(story.state(name), score)
    kpis = Kpis(POLICY)
    kpis.add(story.facts)
    assert kpis.document()["total"]["mean_score"] is None
    kpis.add(scores.facts())
    document = kpis.document()
    assert document["total"]["mean_score"] == 35
    assert document["total"]["by"]["acquisition_source"]["ads"]["mean_score"] == 7.5
    assert [day["mean_score"] for day in document["by_day"].values()] == [None]


def test_the_score_at_the_end_of_a_day_stays_what_it_was_while_the_customer_goes_on() -> None:
    story = Story().form_submit().after("36h")
    plan = plan_of(POLICY).scoring
    yesterday = day_of(story.state("ada").now)
    told = score_at_end(story.state("ada"), yesterday, plan)
    story.form_submit().after("24h").form_submit()
    assert told == score_at_end(story.state("ada"), yesterday, plan) == 10
    assert score_at_end(story.state("ada"), yesterday - 1, plan) is None
