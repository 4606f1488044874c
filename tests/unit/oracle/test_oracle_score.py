"""Scores and levels of the reference, worked out by hand."""

from __future__ import annotations

import math

from tests.oracle.story import Story, shown

DAY = 86_400_000


def test_points_halve_in_one_half_life() -> None:
    end = Story().click("form_submit", 0).click("search", "14d").play()
    assert end.customer()["raw"] == 7
    assert end.customer()["contributions"] == [
        {"action": "clickstream.form_submit", "points": 5},
        {"action": "clickstream.search", "points": 2},
    ]


def test_an_exact_half_rounds_up() -> None:
    end = Story().mail("clicked", 0, "m").play(until="14d")
    assert (end.customer()["raw"], end.customer()["score"]) == (2.5, 3)


def test_a_capped_day_counts_twenty() -> None:
    assert Story().click("form_submit", 0, times=5).play().customer()["raw"] == 20


def test_a_day_of_exactly_twenty_is_not_capped() -> None:
    assert Story().click("form_submit", 0, times=2).play().customer()["raw"] == 20


def test_the_cap_is_of_one_day_and_of_one_action() -> None:
    story = Story().click("form_submit", "24h", times=2).click("form_submit", DAY - 1, times=3).click("search", "24h")
    assert round(story.play().customer()["raw"]) == 42


def test_an_event_more_than_three_days_late_counts_whole() -> None:
    story = Story().click("form_submit", 0, times=2).tell("surveys", "nps", "3d+1ms", score=8)
    story.tell("profiles", "updated", 0, attributes={}).click("form_submit", "4d").click("form_submit", 0, times=2)
    decayed = 40 * 2 ** (-4 / 14) + 10
    assert math.isclose(story.play().customer()["raw"], decayed, abs_tol=1e-6)


def test_an_event_exactly_three_days_late_is_capped() -> None:
    story = Story().click("form_submit", 0, times=2).click("search", "3d").click("form_submit", 0)
    assert math.isclose(story.play().customer()["raw"], 20 * 2 ** (-3 / 14) + 2, abs_tol=1e-6)


def test_a_score_change_needs_five_points() -> None:
    assert Story().click("comment", 0).play().changes() == []
    assert Story().click("comment", 0).click("page_view", 0, url="/").play().changes() == [(5, "low")]


def test_a_level_change_is_told_at_two_points() -> None:
    story = Story().buy(0).click("download", 0).click("search", 0).click("page_view", 0, url="/")
    policy = {"score": {"change_threshold": 50}}
    assert story.play(policy).changes() == [(31, "medium")]


def test_thirty_is_low_and_seventy_five_is_medium() -> None:
    assert Story().buy(0).click("form_submit", 0).play().changes()[-1] == (30, "low")
    story = Story().buy(0, times=3).click("form_submit", 0).tell("surveys", "csat", 0, score=4)
    assert story.play().changes()[-1] == (75, "medium")


def test_a_long_dwell_earns_two_points() -> None:
    story = Story().click("page_view", 0, url="/", dwell_seconds=60).click("page_view", 0, url="/", dwell_seconds=59.99)
    assert story.play().customer()["raw"] == 3


def test_a_machine_open_earns_nothing() -> None:
    end = Story().mail("opened", 0, "m", machine_open=True).play()
    assert (end.customer()["raw"], end.customer()["contributions"]) == (0, [])


def test_a_level_falls_at_its_millisecond() -> None:
    end = Story().buy(0, times=2).play(until="30d")
    fall = end.result.score_changes[-1]
    assert (fall["current"], fall["cause"]) == ({"score": 28, "level": "low"}, "timer")
    exact = 14 * DAY * math.log2(40 / 28.4999995)
    assert shown(fall["at"]) == shown(end.result.score_changes[0]["at"] + math.ceil(exact))


def test_hysteresis_keeps_twenty_nine_in_medium_and_not_twenty_eight() -> None:
    story = Story().buy(0, times=2).tell("surveys", "csat", 0, score=4)
    assert story.tell("support-tickets", "escalated", 1, ticket_id="t", times=2).play().changes()[-1] == (29, "medium")
    lower = Story().buy(0, times=2).tell("support-tickets", "reopened", 1, ticket_id="t", times=2)
    assert lower.play().changes()[-1] == (28, "low")


def test_a_fall_from_high_stops_at_medium_with_twenty_nine() -> None:
    story = (
        Story()
        .buy(0, times=4)
        .buy(0, kind="cancelled")
        .buy(0, kind="refunded")
        .tell("support-tickets", "customer_replied", 0, ticket_id="t")
    )
    policy = {"score": {"points": {"purchases.refunded": -22}}}
    assert story.play(policy).changes()[-1] == (29, "medium")


def test_a_fall_from_high_to_twenty_eight_is_low() -> None:
    story = Story().buy(0, times=4).buy(0, kind="cancelled").buy(0, kind="refunded")
    policy = {"score": {"points": {"purchases.refunded": -22}}}
    assert story.play(policy).changes()[-1] == (28, "low")


def test_the_score_is_bounded() -> None:
    assert Story().buy(0, times=6).play().changes()[-1] == (100, "high")
    assert Story().mail("complained", 0, "m").play().customer()["score"] == 0
