"""What each kind of event adds to the figures across customers (CONTRACT 7, 10, B17, B20, B31)."""

from __future__ import annotations

from typing import Any

import pytest

from streams.codec import decode, encode
from tests.story import Story

DAYS = ("2026-03-02", "2026-03-03", "2026-03-04")
SERVED = {"created": 1, "solved": 1, "escalated": 0, "reopened": 0}


def ticket_figures(figures: dict[str, Any]) -> dict[str, int]:
    return {name: figures["tickets"][name] for name in SERVED}


def sales(figures: dict[str, Any]) -> tuple[dict[str, str], dict[str, str], int]:
    return figures["revenue"], figures["recurring_revenue"], figures["orders"]


def test_a_ticket_counts_overall_and_for_its_product_its_channel_and_the_stage_at_its_creation() -> None:
    story = Story().form_submit().ticket_created("t1", "chat", product="app").checkout_started()
    story.after("1h").ticket_solved("t1")
    total = story.kpis()["total"]
    for figures in (total, total["by"]["product"]["app"], total["by"]["channel"]["chat"], total["by"]["stage"]["lead"]):
        assert ticket_figures(figures) == SERVED
        assert figures["fcr"] == {"rate": None, "confirmed": 0, "missed": 0, "pending": 1}
    assert list(total["by"]["stage"]) == ["lead"]


def test_a_ticket_without_a_product_is_left_out_of_the_products() -> None:
    assert Story().ticket_created("t1").kpis()["total"]["by"]["product"] == {}


def test_a_ticket_whose_created_comes_late_joins_its_slices_with_all_that_was_counted_before() -> None:
    story = Story().at("1h").ticket_escalated("t1").ticket_agent_replied("t1").at("2h").ticket_solved("t1")
    assert story.kpis()["total"]["by"]["channel"] == {}
    story.at("0s").ticket_created("t1", "phone", product="app")
    total = story.kpis()["total"]
    for figures in (total, total["by"]["product"]["app"], total["by"]["channel"]["phone"]):
        assert ticket_figures(figures) == {**SERVED, "escalated": 1}
        assert figures["fcr"]["missed"] == 1
        assert figures["tickets"]["median_first_reply_seconds"] == 3600
        assert figures["tickets"]["median_resolution_seconds"] == 7200


def test_a_pending_ticket_counts_on_the_day_it_was_solved_until_it_is_confirmed_when_its_window_ends() -> None:
    story = Story().ticket_created("t1").at("1d").ticket_solved("t1")
    assert story.kpis()["by_day"][DAYS[1]]["fcr"]["pending"] == 1
    found = story.until("8d").kpis()
    assert found["by_day"][DAYS[1]]["fcr"]["pending"] == 0
    assert found["by_day"]["2026-03-10"]["fcr"] == {"rate": 100.0, "confirmed": 1, "missed": 0, "pending": 0}
    assert found["total"]["fcr"] == {"rate": 100.0, "confirmed": 1, "missed": 0, "pending": 0}


def test_a_reopening_makes_a_pending_ticket_missed_on_its_own_day() -> None:
    story = Story().ticket_created("t1").ticket_solved("t1").at("1d").ticket_reopened("t1").at("2d").ticket_solved("t1")
    found = story.kpis()
    assert found["by_day"][DAYS[0]]["fcr"]["pending"] == 0
    assert found["by_day"][DAYS[1]]["fcr"] == {"rate": 0.0, "confirmed": 0, "missed": 1, "pending": 0}
    assert ticket_figures(found["total"]) == {**SERVED, "solved": 2, "reopened": 1}


def test_targets_that_pass_unmet_count_once_even_when_their_triggers_are_off() -> None:
    off = {"first_reply_overdue": {"enabled": False}, "resolution_overdue": {"enabled": False}}
    story = Story({"triggers": off}).ticket_created("t1", "web", priority="urgent").until("10d")
    tickets = story.kpis()["total"]["by"]["channel"]["web"]["tickets"]
    assert (tickets["first_reply_overdue"], tickets["resolution_overdue"]) == (1, 1)


def test_the_time_to_resolve_is_that_to_the_first_solving_and_the_first_reply_may_come_late() -> None:
    story = Story().ticket_created("t1").at("2h").ticket_agent_replied("t1").at("3h").ticket_solved("t1")
    story.at("4h").ticket_reopened("t1").at("9h").ticket_solved("t1")
    assert story.kpis()["total"]["tickets"]["median_first_reply_seconds"] == 7200
    tickets = story.at("1h").ticket_agent_replied("t1").kpis()["total"]["tickets"]
    assert (tickets["median_first_reply_seconds"], tickets["median_resolution_seconds"]) == (3600, 10800)


def test_ratings_and_csat_answers_count_alike_and_an_answer_of_four_is_satisfied() -> None:
    story = Story().ticket_created("t1", "email", product="app").ticket_rated("t1", 4)
    story.csat(3, product="app").csat(5).nps(9, product="app").nps(7).nps(6)
    total = story.kpis()["total"]
    assert total["csat"] == {"percent": pytest.approx(200 / 3), "answers": 3}
    assert total["nps"] == {"value": 0.0, "promoters": 1, "passives": 1, "detractors": 1}
    assert total["by"]["product"]["app"]["csat"] == {"percent": 50.0, "answers": 2}
    assert total["by"]["channel"]["email"]["csat"] == {"percent": 100.0, "answers": 1}
    assert total["by"]["product"]["app"]["nps"]["value"] == 100.0


def test_money_is_exact_by_currency_and_orders_count_in_any() -> None:
    story = Story().ordered("0.10").ordered("0.20").renewed("5", currency="EUR", recurring=True)
    story.refunded("0.1", recurring=True).cancelled(None)
    assert sales(story.kpis()["total"]) == ({"EUR": "5", "USD": "0.20"}, {"EUR": "5", "USD": "-0.1"}, 3)


def test_a_late_event_counts_on_the_day_it_occurred() -> None:
    story = Story().at("2d").page_view().at("1d").ordered("10")
    assert [day for day, figures in story.kpis()["by_day"].items() if figures["orders"]] == [DAYS[1]]


def test_a_later_stage_implies_the_earlier_ones_and_each_counts_once() -> None:
    story = Story().page_view().at("1d").ordered("1").at("2d").ordered("1").ordered("1").form_submit()
    found = story.kpis()
    whole = dict.fromkeys(("subscriber", "lead", "qualified", "opportunity", "customer", "repeat_customer"), 1)
    assert found["total"]["funnel"] == whole
    assert found["by_day"][DAYS[1]]["funnel"] == {**whole, "subscriber": 0, "repeat_customer": 0}
    assert set(found["total"]["funnel_conversion"].values()) == {100.0}


def test_levels_roles_and_segments_count_customers_where_they_stand_at_the_end_of_each_day() -> None:
    story = Story({"segments": {"buyers": {"state": "value.orders", "at_least": 1}}})
    story.updated(job_title="CEO").by("bob").page_view().at("1d").by("ada").ordered("1").ordered("1")
    found = story.kpis()
    assert found["by_day"][DAYS[0]]["levels"] == {"low": 2, "medium": 0, "high": 0}
    assert found["total"]["levels"] == {"low": 1, "medium": 1, "high": 0}
    assert found["total"]["roles"] == {"decision_maker": 1, "champion": 0, "information_gatherer": 0}
    assert (found["by_day"][DAYS[0]]["segments"], found["total"]["segments"]) == ({"buyers": 0}, {"buyers": 1})


def test_a_role_is_left_for_another() -> None:
    story = Story().updated(job_title="VP Sales").by("bob").updated(job_title="Founder").updated(job_title="Clerk")
    assert story.kpis()["total"]["roles"]["decision_maker"] == 1


def test_definitions_hold_while_their_orders_are_recent_and_are_shares_of_the_leads() -> None:
    story = Story().form_submit().by("bob").ordered("2000")
    assert story.kpis()["total"]["conversion"] == {"any": 50.0, "frequent": 0.0, "high_value": 50.0, "recent": 50.0}
    assert story.until("90d-1ms").kpis()["total"]["conversion"]["recent"] == 50.0
    assert story.until("90d").kpis()["total"]["conversion"]["recent"] == 0.0


def test_revenue_within_a_span_forgets_what_is_older() -> None:
    story = Story({"customer_definitions": {"lately": {"revenue": 100, "within": "30d"}}})
    story.ordered("60").at("20d").ordered("60")
    assert story.kpis()["total"]["conversion"]["lately"] == 100.0
    assert story.until("30d").kpis()["total"]["conversion"]["lately"] == 0.0


def test_conversion_is_unknown_without_leads() -> None:
    assert set(Story().page_view().kpis()["total"]["conversion"].values()) == {None}


def test_a_campaign_counts_its_messages_and_each_customer_once_a_day_and_once_in_total() -> None:
    story = (
        Story()
        .mail_sent("m1", campaign_id="k")
        .mail_sent("m2", campaign_id="k")
        .by("bob")
        .mail_sent("m3", campaign_id="k")
    )
    story.by("ada").mail_opened("m1").mail_opened("m2").mail_clicked("m1").by("bob").mail_opened(
        "m3", machine_open=True
    )
    story.at("1d").by("ada").mail_opened("m1").mail_unsubscribed("m1").mail_unsubscribed("m2")
    found = story.kpis()
    k = found["total"]["by"]["campaign"]["k"]
    assert (k["sent"], k["openers"], k["clickers"], k["unsubscribes"]) == (3, 1, 1, 1)
    assert k["openers_rate"] == pytest.approx(100 / 3)
    assert [found["by_day"][day]["by"]["campaign"]["k"]["openers"] for day in DAYS[:2]] == [1, 1]


def test_transactional_mail_counts_for_no_campaign() -> None:
    story = Story().mail_sent("m1", campaign_id="k", transactional=True).mail_opened("m1", campaign_id="k")
    assert story.kpis()["total"]["by"]["campaign"] == {}


def test_answers_that_came_before_their_message_was_known_count_for_its_campaign_when_it_is() -> None:
    story = Story().at("1h").mail_clicked("m1")
    assert story.kpis()["total"]["by"]["campaign"] == {}
    story.at("0s").mail_sent("m1", campaign_id="k")
    assert story.kpis()["total"]["by"]["campaign"]["k"]["clickers"] == 1


def test_responders_are_direct_or_influenced_or_both_though_the_trigger_is_off() -> None:
    story = Story({"triggers": {"campaign_response": {"enabled": False}}}).mail_sent("m1", campaign_id="k")
    story.after("1h").form_submit().after("1h").form_submit("f1", campaign_id="k").after("1h").ordered("1")
    k = story.kpis()["total"]["by"]["campaign"]["k"]
    assert (k["direct"], k["influenced"]) == (1, 1)


def test_what_was_counted_follows_the_customer_to_the_acquisition_source_known_latest() -> None:
    story = Story().form_submit().ordered("10").ticket_created("t1", "web", product="app")
    assert story.kpis()["total"]["by"]["acquisition_source"] == {}
    story.updated(acquisition_source="ads").updated(acquisition_source="web").at("1d").ordered("5")
    sources = story.kpis()["total"]["by"]["acquisition_source"]
    for figures, customers in ((sources["web"], 1), (sources["ads"], 0)):
        assert figures["funnel"]["lead"] == figures["funnel"]["customer"] == customers
        assert figures["levels"]["low"] + figures["levels"]["medium"] == customers
        assert figures["tickets"]["created"] == customers
    assert sales(sources["web"]) == ({"USD": "15"}, {}, 2)
    assert sales(sources["ads"])[2] == 0


def test_an_erased_customer_keeps_what_was_counted_but_stands_nowhere_and_is_not_pending() -> None:
    story = Story().updated(acquisition_source="ads", job_title="CEO").ordered("10")
    story.ticket_created("t1", "web").ticket_solved("t1").after("1h").erased()
    total = story.kpis()["total"]
    for figures in (total, total["by"]["acquisition_source"]["ads"]):
        assert (figures["orders"], figures["funnel"]["customer"], figures["conversion"]["any"]) == (1, 1, 100.0)
        assert set(figures["levels"].values()) == set(figures["roles"].values()) == {0}
        assert figures["fcr"]["pending"] == 0
    assert total["by"]["channel"]["web"]["fcr"]["pending"] == 0
    assert total["by"]["channel"]["web"]["tickets"]["created"] == 1


def test_a_customer_let_go_after_the_retention_leaves_as_an_erased_one_does() -> None:
    story = Story({"customer_retention": "5d"}).form_submit().ticket_created("t1").ticket_solved("t1").until("5d")
    total = story.kpis()["total"]
    assert (total["funnel"]["lead"], total["levels"]["low"], total["fcr"]["pending"]) == (1, 0, 0)


def test_duplicates_and_dropped_events_count_nothing() -> None:
    story = (
        Story().ordered("1", event_id="same").ordered("1", event_id="same").after("1h").erased().at("0s").ordered("1")
    )
    assert story.kpis()["total"]["orders"] == 1


def test_what_is_noted_for_counting_survives_being_stored() -> None:
    story = Story().ordered("0.10").mail_sent("m1", campaign_id="k").mail_opened("m1").ticket_solved("t9")
    state = story.state()
    assert decode(encode(state)) == state
    assert state.counted
    assert state.campaigns
