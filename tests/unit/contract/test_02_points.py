"""Section 2: the table of points, decay, the daily cap and the bounds of the score."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.story import KINDS, Story

TABLE: list[tuple[str, dict[str, Any], float]] = [
    ("page_view", {}, 1),
    ("page_view", {"dwell_seconds": 59.9}, 1),
    ("page_view", {"dwell_seconds": 60}, 2),
    ("product_view", {}, 2),
    ("search", {}, 2),
    ("download", {}, 8),
    ("form_submit", {}, 10),
    ("comment", {}, 4),
    ("share", {}, 4),
    ("add_to_cart", {}, 6),
    ("checkout_started", {}, 8),
    ("ordered", {}, 20),
    ("renewed", {}, 20),
    ("subscription_started", {}, 25),
    ("refunded", {}, -10),
    ("cancelled", {}, -30),
    ("mail_opened", {}, 2),
    ("mail_opened", {"machine_open": False}, 2),
    ("mail_opened", {"machine_open": True}, 0),
    ("mail_opened", {"transactional": True}, 2),
    ("mail_clicked", {}, 5),
    ("mail_unsubscribed", {}, -25),
    ("mail_complained", {}, -40),
    ("ticket_customer_replied", {}, 1),
    ("ticket_escalated", {}, -8),
    ("ticket_reopened", {}, -6),
    *(("ticket_rated", {"score": score}, (score - 3) * 5) for score in range(1, 6)),
    *(("csat", {"score": score}, (score - 3) * 5) for score in range(1, 6)),
    *(("nps", {"score": score}, 10 if score >= 9 else 0 if score >= 7 else -10) for score in range(11)),
]
WORTHLESS = sorted(set(KINDS) - {kind for kind, _, _ in TABLE} - {"erased"})


def raw(story: Story) -> float:
    """`raw` of the customer now."""
    return float(story.line()["raw"])


@pytest.mark.parametrize(("kind", "fields", "points"), TABLE)
def test_2_points_of_each_action(kind: str, fields: dict[str, Any], points: float) -> None:
    """2: the table of points; the cap of 20 a day is above each."""
    assert raw(getattr(Story(), kind)(**fields)) == points


@pytest.mark.parametrize("kind", WORTHLESS)
def test_2_everything_else_is_worth_nothing(kind: str) -> None:
    """2: everything else 0."""
    line = getattr(Story(), kind)().line()
    assert (line["raw"], line["contributions"]) == (0, [])


def test_2_points_of_the_policy_are_over_the_table() -> None:
    """Appendix A: points: action -> points, over the table of section 2."""
    points = {"purchases.ordered": 3, "email.sent": 1.5, "surveys.nps": 7, "clickstream.page_view": 0.25}
    story = Story({"score": {"points": points}}).ordered().mail_sent().nps(0).page_view(dwell_seconds=90)
    assert raw(story) == 11.75


@pytest.mark.parametrize(("at", "expected"), [("0d", 20), ("7d", 14.142136), ("14d", 10), ("28d", 5), ("42d", 2.5)])
def test_2_points_halve_every_half_life(at: str, expected: float) -> None:
    """2: w * 2 ** (-(t - t_i) / H), default half-life 14 d for every action."""
    assert raw(Story().ordered().until(at)) == expected


def test_2_the_policy_may_set_a_half_life_per_action() -> None:
    """2: the policy may set one per action."""
    policy = {"score": {"half_life": "10d", "half_lives": {"purchases.ordered": "1d"}}}
    story = Story(policy).ordered().csat(5).until("10d")
    assert story.line()["contributions"] == [
        {"action": "surveys.csat", "points": 5.0},
        {"action": "purchases.ordered", "points": 0.019531},
    ]


@pytest.mark.parametrize(("kind", "score"), [("cancelled", 0), ("subscription_started", 100)])
def test_2_the_score_is_clamped(kind: str, score: int) -> None:
    """2: score(t) = clamp(floor(raw(t) + 0.5), 0, 100)."""
    assert Story().repeat(5, kind).line()["score"] == score


@pytest.mark.parametrize(
    ("points", "score"), [(30.499, 30), (30.5, 31), (30.501, 31), (-0.5, 0), (0.5, 1), (99.5, 100)]
)
def test_2_the_score_is_rounded_half_up(points: float, score: int) -> None:
    """2: floor(raw(t) + 0.5)."""
    assert Story({"score": {"points": {"purchases.ordered": points}}}).ordered().line()["score"] == score


@pytest.mark.parametrize(("times", "expected"), [(2, 16), (3, 20), (10, 20)])
def test_2_what_one_action_earns_in_a_day_is_capped(times: int, expected: float) -> None:
    """2: when the positive points with one action on one day add up to P > 20, each counts w * 20 / P."""
    assert raw(Story().repeat(times, "download")) == expected


def test_2_each_of_the_days_events_counts_its_share() -> None:
    """2: each of those events counts w * 20 / P: so an earlier one has decayed longer."""
    story = Story().download().at("6h").download().at("12h").repeat(2, "download")
    share = 8 * 20 / 32
    expected = share * (2 ** (-0.5 / 14) + 2 ** (-0.25 / 14) + 2)
    assert raw(story) == pytest.approx(expected, abs=1e-6)


def test_2_the_cap_is_of_one_action_on_one_utc_day() -> None:
    """2: with one action on one day of occurred_at; the day is the UTC calendar day."""
    story = Story().at("23h").repeat(3, "download").repeat(3, "form_submit").at("1d").repeat(3, "download")
    assert story.line()["contributions"] == [
        {"action": "clickstream.download", "points": pytest.approx(20 + 20 * 2 ** (-1 / 24 / 14), abs=1e-6)},
        {"action": "clickstream.form_submit", "points": pytest.approx(20 * 2 ** (-1 / 24 / 14), abs=1e-6)},
    ]


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [("mail_clicked", {}, 20), ("mail_opened", {}, 20), ("ordered", {}, 500), ("csat", {"score": 5}, 250)],
)
def test_2_the_cap_is_of_clickstream_and_email_actions(kind: str, fields: dict[str, Any], expected: float) -> None:
    """2: daily cap (clickstream and e-mail actions)."""
    assert raw(Story().repeat(25, kind, **fields)) == expected


def test_2_only_positive_points_are_capped() -> None:
    """2: when the positive points add up to P > 20."""
    assert raw(Story().repeat(3, "mail_unsubscribed")) == -75


def test_2_the_score_is_a_function_of_the_set_of_events() -> None:
    """2, 1: whatever order they arrive in, over two days with the cap."""
    told = [("download", "1h"), ("download", "5h"), ("download", "30h"), ("ordered", "2h"), ("cancelled", "20h")]
    found = set()
    for order in list(permutations(told))[::7]:
        story = Story()
        for kind, at in order:
            getattr(story.at(at), kind)()
        found.add(raw(story.until("3d")))
    assert len(found) == 1


@pytest.mark.parametrize(("handled", "capped"), [("3d", True), ("3d+1ms", False)])
def test_2_an_event_handled_more_than_three_days_late_counts_whole_and_is_not_part_of_p(
    handled: str, capped: bool
) -> None:
    """2: an event handled more than 3 d after its occurred_at counts whole and is not part of P."""
    story = Story().repeat(3, "download").at(handled).updated(country="DE").at("0d").download().until("14d")
    assert raw(story) == (10 if capped else 14)


def test_2_two_customers_points_can_be_added() -> None:
    """2: two customers' points can be added: each has a cap of their own."""
    story = Story().repeat(3, "download").by("bob").repeat(3, "download")
    assert story.line("ada")["raw"] + story.line("bob")["raw"] == 40
