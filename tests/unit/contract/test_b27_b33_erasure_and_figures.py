"""Appendix B 27, 28, 31-33 and sections 7-10: erasure, retention, how things are written, figures, ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.opinion import unlike_reference
from tests.replaying import event, replayed
from tests.story import Story

DAY1, DAY2, DAY9 = "2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z", "2026-03-09T00:00:00.000Z"


def test_b27_erased_deletes_all_that_is_held_also_what_occurred_after_it() -> None:
    """B27: erased deletes all that is held, also what occurred after it."""
    story = Story().add_to_cart().at("5d").ordered().at("2d").erased().until("90d")
    assert (len(story.erasures), story.store["ada"].next_due) == (1, None)
    assert story.fired("feedback_due") + story.fired("thank_you_due")[1:] == ["6d"][1:]
    assert story.page_view().line()["raw"] == 1


@pytest.mark.parametrize(("at", "outcome"), [("2d-1ms", "dropped"), ("2d", "dropped"), ("2d+1ms", "applied")])
def test_b27_events_that_did_not_occur_after_the_erasure_are_dropped(at: str, outcome: str) -> None:
    """B27: from then on events with occurred_at <= the erasure's are dropped."""
    assert Story().ordered().at("2d").erased().at(at).page_view().disposition == outcome


def test_9_later_events_start_an_unknown_customer_anew() -> None:
    """9: events that arrive later start an unknown customer anew."""
    story = Story().ordered("5000").at("2d").erased().at("3d").page_view()
    line = story.line()
    assert (line["first_seen"], line["stage"], line["value"]["orders"], line["raw"]) == (
        story.when(),
        "subscriber",
        0,
        1,
    )
    assert story.at("1d").page_view().disposition == "dropped"


@pytest.mark.parametrize(("at", "outcome"), [("2d-1ms", "dropped"), ("2d", "dropped"), ("2d+1ms", "applied")])
def test_b27_an_erased_not_later_than_an_earlier_one_is_dropped(at: str, outcome: str) -> None:
    """B27: an erased not later than an earlier one is dropped."""
    story = Story().page_view().at("2d").erased().at(at).erased()
    assert (story.disposition, len(story.erasures)) == (outcome, 2 if outcome == "applied" else 1)


def test_b27_for_an_unknown_customer_it_is_applied_and_announced_all_the_same() -> None:
    """B27: for an unknown customer it is applied and announced all the same."""
    story = Story().by("nobody").erased()
    assert (story.disposition, [(said.customer_id, said.at) for said in story.erasures]) == (
        "applied",
        [("nobody", story.cursor)],
    )


def test_9_nothing_is_emitted_about_them_from_then_on() -> None:
    """9: nothing is emitted about them from then on."""
    story = Story().repeat(5, "ordered").add_to_cart().ticket_created(priority="urgent").after("1m").erased()
    told = len(story.triggers), len(story.score_changes)
    story.until("400d")
    assert (len(story.triggers), len(story.score_changes)) == told


@unlike_reference
def test_a_a_customer_with_no_event_for_the_retention_is_forgotten() -> None:
    """Appendix A: customer_retention: a customer with no event for that long is forgotten.

    The reference keeps all customers.
    """
    story = Story({"customer_retention": "30d"}).ordered().until("30d-1ms")
    assert story.line()["value"]["orders"] == 1
    story.until("30d")
    assert "ada" not in story.store
    assert story.page_view().line()["first_seen"] == story.when()


def test_b28_times_are_cut_to_the_millisecond_and_written_in_utc(tmp_path: Path) -> None:
    """B28: read to the millisecond (finer digits cut), written in UTC with three decimals and Z."""
    at = "2026-03-01T02:00:00.0019999+02:00"
    line = replayed(tmp_path, {"surveys": [event("csat", at, "e1")]}).customers["ada"]
    assert line["first_seen"] == line["last_seen"] == line["last_activity"] == "2026-03-01T00:00:00.001Z"


def test_b28_what_is_not_known_is_null_not_left_out(tmp_path: Path) -> None:
    """B28: what is not known is null, not left out; 10: the fields of a line of customers.jsonl."""
    line = replayed(tmp_path, {"email": [event("mail_sent", DAY1, "e1")]}).customers["ada"]
    assert list(line) == [
        "customer_id", "score", "raw", "level", "contributions", "first_seen", "last_seen", "last_activity", "stage",
        "role", "segments", "interests", "tickets", "email", "contact", "value", "satisfaction",
    ]  # fmt: skip
    assert (line["last_activity"], line["role"], line["contact"]["next_allowed_at"]) == (None, None, None)
    assert line["satisfaction"] == {"csat_mean": None, "csat_last": None, "nps_last": None}
    assert [line["value"][name] for name in ("average_order", "first_purchase", "last_purchase")] == [None] * 3


@pytest.mark.parametrize(
    ("kind", "trigger", "cause"), [("csat", "low_satisfaction", "x1"), ("add_to_cart", "cart_abandoned", "timer")]
)
def test_b28_the_cause_of_a_trigger(kind: str, trigger: str, cause: str) -> None:
    """B28: cause of a trigger is the event_id, or timer."""
    fields = {"score": 1} if kind == "csat" else {}
    story = getattr(Story(), kind)(event_id="x1", **fields).until("1d")
    assert [record.cause for record in story.triggers if record.trigger == trigger] == [cause]


def test_b31_figures_keep_what_they_counted_when_a_customer_is_erased() -> None:
    """B31: KPIs keep what they counted when a customer is erased; nothing of an erased customer is pending."""
    story = Story().ordered("10").csat(5).ticket_created().ticket_solved()
    assert story.kpis()["total"]["fcr"]["pending"] == 1
    total = story.after("1h").erased().kpis()["total"]
    assert (total["orders"], total["revenue"], total["csat"]["answers"]) == (1, {"USD": "10"}, 1)
    assert (total["tickets"]["created"], total["tickets"]["solved"]) == (1, 1)
    assert total["fcr"] == {"rate": None, "confirmed": 0, "missed": 0, "pending": 0}


def test_b31_a_null_dimension_is_left_out_of_by() -> None:
    """B31: a null dimension is left out of by."""
    by = Story().csat(5).csat(4, product="crm").ticket_created(product=None).kpis()["total"]["by"]
    assert list(by["product"]) == ["crm"]
    assert list(by["channel"]) == ["web"]


def test_b32_rates_are_percent_and_null_without_a_denominator() -> None:
    """B32: fcr.rate and conversion are percent, like csat.percent and nps.value; null without a denominator."""
    empty = Story().page_view().kpis()["total"]
    assert [empty["fcr"]["rate"], empty["csat"]["percent"], empty["nps"]["value"], empty["conversion"]["any"]] == [
        None
    ] * 4
    story = Story().ticket_created("t1").ticket_solved("t1").ticket_created("t2", product="x").ticket_escalated("t2")
    story.ticket_solved("t2").by("bob").form_submit().by("cid").ordered().until("8d")
    total = story.kpis()["total"]
    assert (total["fcr"]["rate"], total["conversion"]["any"]) == (50.0, 50.0)


@pytest.mark.parametrize(
    ("told", "name", "figures"),
    [
        ([("csat", 4), ("csat", 3), ("ticket_rated", 5)], "csat", {"percent": pytest.approx(200 / 3), "answers": 3}),
        (
            [("nps", 9), ("nps", 8), ("nps", 6), ("nps", 10)],
            "nps",
            {"value": 25, "promoters": 2, "passives": 1, "detractors": 1},
        ),
    ],
)
def test_5_csat_and_nps(told: list[tuple[str, int]], name: str, figures: dict[str, Any]) -> None:
    """5: CSAT = share of 4 or 5, in percent, over ratings and csat; NPS = % of 9-10 minus % of 0-6."""
    story = Story()
    for kind, score in told:
        getattr(story, kind)(score=score)
    assert story.kpis()["total"][name] == figures


def test_b32_medians_may_be_within_one_percent() -> None:
    """B32: medians may be within 1 % (a sketch)."""
    story = Story()
    for number, minutes in enumerate((10, 20, 90)):
        story.at("0d").ticket_created(f"t{number}", product=str(number)).at(f"{minutes}m").ticket_agent_replied(
            f"t{number}"
        )
    median = story.kpis()["total"]["tickets"]["median_first_reply_seconds"]
    assert median == pytest.approx(1200, rel=0.01)


def test_8_the_same_input_gives_the_same_ids_and_bytes(tmp_path: Path) -> None:
    """8, 10: id is a pure function of what caused it; two runs over the same input write the same bytes."""
    files = {
        "purchases": [event("ordered", DAY1, f"o{number}", amount="700") for number in range(4)],
        "surveys": [event("csat", DAY2, "c1", score=1), event("nps", DAY2, "c2", score=1)],
        "profiles": [event("erased", DAY9, "x", who="bob")],
    }
    first, second = replayed(tmp_path / "1", files), replayed(tmp_path / "2", files)
    assert first.written == second.written
    ids = [record["id"] for record in first.envelopes]
    assert len(ids) == len(set(ids)) > 5


def test_8_an_envelope_is_a_cloudevent(tmp_path: Path) -> None:
    """8: CloudEvents 1.0, structured JSON, subject = customer_id, type of each; data of a trigger."""
    files = {"surveys": [event("csat", DAY1, "c1", score=1)], "profiles": [event("erased", DAY2, "x")],
             "purchases": [event("ordered", DAY1, "o1", who="bob")]}  # fmt: skip
    result = replayed(tmp_path, files)
    assert {record["type"] for record in result.envelopes} == {
        "engagement.score.changed.v1", "engagement.trigger.fired.v1", "engagement.customer.erased.v1",
    }  # fmt: skip
    for record in result.envelopes:
        assert (record["specversion"], record["subject"]) == ("1.0", record["data"]["customer_id"])
        assert record["time"] == record["data"]["at"]
    fired = next(record["data"] for record in result.envelopes if record["data"].get("trigger") == "low_satisfaction")
    assert set(fired) == {
        "customer_id", "trigger", "subject", "evidence", "cause", "score", "level", "policy_version", "at",
    }  # fmt: skip
    assert set(result.score_changes[0]) == {
        "customer_id", "previous", "current", "raw", "contributions", "cause", "policy_version", "at",
    }  # fmt: skip


def test_10_the_shape_of_the_figures(tmp_path: Path) -> None:
    """10: kpis.json is {total, by_day}, each holding these."""
    files = {
        "surveys": [event("csat", DAY1, "c1", score=4)],
        "purchases": [event("ordered", DAY2, "o1", amount="5.50")],
    }
    kpis = replayed(tmp_path, files).kpis
    assert (list(kpis), list(kpis["by_day"])) == (["total", "by_day"], ["2026-03-01", "2026-03-02"])
    for each in (kpis["total"], *kpis["by_day"].values()):
        assert set(each) >= {
            "fcr", "csat", "nps", "tickets", "funnel", "conversion", "revenue", "recurring_revenue", "orders", "levels",
            "roles", "segments", "by",
        }  # fmt: skip
        assert set(each["by"]) == {"product", "channel", "stage", "campaign", "acquisition_source"}
    assert (kpis["total"]["revenue"], kpis["by_day"]["2026-03-01"]["orders"]) == ({"USD": "5.50"}, 0)
