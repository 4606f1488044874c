"""Appendix B 26: interest_surge, going_quiet and repeat_contact."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story import Story


def worth(points: float, **triggers: object) -> Story:
    """A story in which an order is worth so many points, for practically ever."""
    return Story({"score": {"points": {"purchases.ordered": points}, "half_life": "9000d"}, "triggers": triggers})


@pytest.mark.parametrize(("points", "fires"), [(24.49, False), (24.5, True)])
def test_b26_the_earlier_score_is_0_with_no_event_by_then(points: float, fires: bool) -> None:
    """B26: 0 with no event by then; 6: 25 or more above."""
    assert bool(worth(points).ordered().fired("interest_surge")) is fires


@pytest.mark.parametrize(("first", "rise"), [("1d-1ms", 15), ("1d", 30)])
def test_b26_the_earlier_score_is_at_the_last_millisecond_of_the_day_seven_days_before(first: str, rise: int) -> None:
    """B26: at the last millisecond of the UTC day that lies `within` before now's day."""
    story = worth(15).at(first).ordered().at("7d+12h").ordered()
    assert bool(story.fired("interest_surge")) is (rise >= 25)
    if rise >= 25:
        assert story.evidence("interest_surge")["then"] == "2026-03-02T23:59:59.999Z"


def test_b26_both_scores_are_over_the_events_known_now() -> None:
    """B26: both scores are by the formula of section 2 over the events known now: a late one raises the earlier."""
    story = worth(15).at("7d").updated(country="DE").at("0d").ordered().at("7d+1h").ordered()
    assert story.fired("interest_surge") == []


def test_b26_the_earlier_score_is_capped_by_all_events_of_its_day() -> None:
    """B26, 2: by the formula of section 2."""
    story = Story({"triggers": {"interest_surge": {"points": 20}}}).repeat(10, "download").at("7d").repeat(2, "ordered")
    assert story.evidence("interest_surge")["score_then"] == round(20 * 2 ** (-1 / 14))


def test_6_interest_surge_is_on_the_crossing() -> None:
    """6: a rule fires on the crossing, never again while it stays so."""
    story = worth(30, interest_surge={"cooldown": "0s"}).repeat(3, "ordered", every="1d")
    assert story.fired("interest_surge") == ["0s"]


@pytest.mark.parametrize(("at", "firings"), [("8d-1ms", 1), ("8d", 2)])
def test_6_interest_surge_rests_for_seven_days(at: str, firings: int) -> None:
    """Appendix A: interest_surge cooldown 7d; a crossing inside it is lost."""
    policy = {"score": {"half_lives": {"purchases.ordered": "1h"}, "points": {"purchases.ordered": 40}}}
    story = Story(policy).at("1d").ordered().at(at).ordered()
    assert len(story.fired("interest_surge")) == firings


def test_b26_the_level_is_the_one_after_the_last_activity_was_applied() -> None:
    """B26: going_quiet: the level is the one after the last activity was applied, not the one now."""
    story = Story().repeat(2, "ordered").at("10d").updated(country="DE")
    assert story.line()["level"] == "low"
    assert story.until("14d").fired("going_quiet") == ["14d"]
    assert story.evidence("going_quiet")["level_then"] == "medium"


@pytest.mark.parametrize(
    ("kind", "fields", "active"),
    [
        *((kind, {}, True) for kind in ("page_view", "product_view", "search", "download", "form_submit")),
        *((kind, {}, True) for kind in ("comment", "share", "add_to_cart", "checkout_started")),
        ("mail_opened", {}, True),
        ("mail_opened", {"transactional": True}, True),
        ("mail_opened", {"machine_open": True}, False),
        ("mail_clicked", {}, True),
        *((f"mail_{kind}", {}, False) for kind in ("sent", "delivered", "bounced", "unsubscribed", "complained")),
        *((kind, {}, True) for kind in ("ordered", "renewed", "subscription_started", "refunded", "cancelled")),
        ("csat", {"score": 5}, True),
        ("nps", {"score": 10}, True),
        ("ticket_created", {}, True),
        ("ticket_customer_replied", {}, True),
        *((f"ticket_{kind}", {}, False) for kind in ("agent_replied", "assigned", "escalated", "solved", "reopened")),
        ("ticket_rated", {"score": 5}, False),
        ("updated", {}, False),
    ],
)
def test_b26_activity(kind: str, fields: dict[str, Any], active: bool) -> None:
    """6: what activity is; B26: every purchases event and csat and nps answers, not rated."""
    story = getattr(Story().repeat(9, "ordered").at("1d"), kind)(**fields)
    assert story.line()["last_activity"] == ("2026-03-03T00:00:00.000Z" if active else "2026-03-02T00:00:00.000Z")
    assert story.until("15d").fired("going_quiet") == ["15d" if active else "14d"]


@pytest.mark.parametrize(("points", "fires"), [(30, []), (31, ["14d"])])
def test_6_going_quiet_only_from_medium_or_high(points: float, fires: list[str]) -> None:
    """6: level medium or high at the last activity."""
    assert worth(points).ordered().until("14d-1ms").fired("going_quiet") == []
    assert worth(points).ordered().until("60d").fired("going_quiet") == fires


def test_6_going_quiet_with_no_activity_ever_counts_from_the_first_event_seen() -> None:
    """6: going_quiet with no activity ever counts from the first event seen, with the level after it."""
    story = Story({"score": {"points": {"support-tickets.assigned": 40}}}).ticket_assigned().at("5d").ticket_assigned()
    assert story.until("30d").fired("going_quiet") == ["14d"]


def test_6_a_late_activity_does_not_move_the_wait() -> None:
    """6: no activity for 14 d: the latest activity by occurred_at counts."""
    story = Story().at("2d").repeat(2, "ordered").at("1d").page_view().until("30d")
    assert story.fired("going_quiet") == ["16d"]


def test_6_going_quiet_comes_again_after_another_activity() -> None:
    """6: fires on the crossing: quiet, active, quiet again."""
    story = Story().repeat(5, "ordered").until("20d").page_view().until("60d")
    assert story.fired("going_quiet") == ["14d", "34d"]


def test_b26_repeat_contact_fires_at_the_second_ticket_and_not_at_the_third() -> None:
    """B26: fires when tickets of that product created within 7 d become 2, not at the 3rd."""
    story = Story()
    for number in range(4):
        story.at(f"{number}d").ticket_created(f"t{number}", product="crm")
    assert (story.fired("repeat_contact"), story.subjects("repeat_contact")) == (["1d"], ["crm"])


def test_b26_repeat_contact_is_of_one_product() -> None:
    """6: with the same product; the subject is the product."""
    story = Story()
    for number, product in enumerate(("crm", "app", None, "crm", "app", None)):
        story.at(f"{number}h").ticket_created(f"t{number}", product=product)
    assert story.subjects("repeat_contact") == ["crm", "app", None]
