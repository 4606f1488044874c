"""Fine points of the core that stories of a whole trigger pass over."""

from __future__ import annotations

from copy import deepcopy

import pytest

from schemas.outputs import TIMER
from schemas.policy import load, merge
from streams import contact, wording
from streams.codec import UnknownStateError, decode
from streams.compare import number_of
from streams.level import set_timer
from streams.plan import plan_of
from streams.state import Erased
from streams.timers import key
from streams.work import told_apart
from tests.opinion import unlike_reference
from tests.story import Story, span

DAY = span("1d")


def interests(story: Story) -> list[tuple[str, float]]:
    return [(one["category"], one["points"]) for one in story.line()["interests"]]


def test_interests_halve_with_time_and_the_three_strongest_are_shown() -> None:
    story = Story().repeat(3, "product_view", "p1", category="audio").product_view("p2", category="books")
    story.product_view("p3", category="cars").product_view("p4", category="dogs")
    assert interests(story) == [("audio", 6.0), ("books", 2.0), ("cars", 2.0)]
    story.until("14d")
    assert interests(story) == [("audio", 3.0), ("books", 1.0), ("cars", 1.0)]
    assert interests(story.at("14d").repeat(2, "product_view", "p4", category="dogs"))[0] == ("dogs", 5.0)


def test_an_interest_that_faded_away_is_not_kept_and_one_of_late_is() -> None:
    story = Story().product_view("p1", category="audio").at("40d").product_view("p2", category="books")
    assert set(story.state().browsing.interests) == {"audio", "books"}
    story.at("900d").product_view("p3", category="cars")
    assert set(story.state().browsing.interests) == {"cars"}


def test_pages_of_one_instant_stay_in_the_order_in_which_they_came() -> None:
    story = Story().at("1h").page_view("/z").page_view("/a").at("0s").page_view("/late").at("1h").page_view("/m")
    assert [url for _, url in story.state().browsing.pages] == ["/late", "/z", "/a", "/m"]


def test_downloads_and_contributions_keep_the_newest_in_order() -> None:
    story = Story()
    for day in (5, 9, 7, 1, 8):
        story.at(f"{day}d").download()
    assert [at - story.zero for at in story.state().browsing.downloads] == [7 * DAY, 8 * DAY, 9 * DAY]


def test_a_duplicate_and_a_dropped_event_leave_state_and_timers_as_they_are() -> None:
    story = Story().page_view(event_id="once")
    before = deepcopy(story.state())
    again = story.page_view(event_id="once").outcomes[-1]
    assert (again.disposition, again.state, again.next_due) == ("duplicate", before, before.next_due)
    story.after("1h").erased().after("1h").page_view(event_id="new")
    known = deepcopy(story.state())
    late = story.at("30m").page_view(event_id="old").outcomes[-1]
    assert (late.disposition, late.state, late.next_due) == ("dropped", known, known.next_due)
    assert known.next_due is not None


def test_a_plan_is_made_once_for_a_policy_and_anew_for_another() -> None:
    one, other = merge({}), merge({"score": {"half_life": "7d"}})
    assert plan_of(one) is plan_of(one)
    assert plan_of(other) is not plan_of(one)
    assert plan_of(other).policy is other
    plans = [plan_of(merge({"version": str(number)})) for number in range(40)]
    assert len({id(plan) for plan in plans}) == 40
    assert plan_of(one).policy is one


def test_the_last_of_two_caps_to_have_room_decides() -> None:
    caps = [{"max": 2, "span": "10d"}, {"max": 1, "span": "3d"}]
    story = Story({"contact": {"rolling": caps}}).mail_sent("m1").at("1d").mail_sent("m2")
    mail, policy = story.state().mail, story.policy
    assert contact.cap_denies_until(mail, story.cursor, policy) == story.zero + 10 * DAY
    story = Story({"contact": {"rolling": list(reversed(caps))}}).mail_sent("m1").at("9d").mail_sent("m2")
    assert contact.cap_denies_until(story.state().mail, story.cursor, story.policy) == story.zero + 12 * DAY


SILENT = {
    "rules": [
        {
            "name": "silent",
            "when": {"absence": {"topic": "clickstream"}, "for": "3d", "since": {"topic": "purchases"}},
        }
    ]
}
SILENT_OF = {
    "rules": [
        {
            "name": "silent",
            "subject": "product_id",
            "when": {
                "absence": {"topic": "clickstream", "type": "product_view"}, "for": "3d",
                "since": {"topic": "purchases"},
            },
        }
    ]
}  # fmt: skip


@pytest.mark.parametrize(("heard", "fires"), [("0s", []), ("3d-1ms", []), ("3d", ["3d"]), ("-1ms", ["3d"])])
def test_an_absence_ends_at_its_span_whether_what_breaks_it_comes_in_time_or_before_it(
    heard: str, fires: list[str]
) -> None:
    assert Story(SILENT).ordered().at(heard).page_view().until("9d").fired("silent") == fires
    assert Story(SILENT).at(heard).page_view().at("0s").ordered().until("9d").fired("silent") == fires


@unlike_reference
def test_an_absence_of_one_subject_is_not_broken_by_another() -> None:
    story = Story(SILENT_OF).ordered(product_id="p1").ordered(product_id="p2").at("1d").product_view("p2")
    assert story.until("9d").subjects("silent") == ["p1"]
    early = Story(SILENT_OF).at("1h").product_view("p2").at("0s").ordered(product_id="p1").ordered(product_id="p2")
    assert early.until("9d").subjects("silent") == ["p1"]


def test_revenue_in_a_span_takes_refunds_off_leaves_other_currencies_out_and_is_reached_exactly() -> None:
    story = Story({"customer_definitions": {"it": {"revenue": 100, "within": "9d"}}})
    story.ordered("60").ordered("50", currency="EUR").at("1d").ordered("40")
    assert "it" in story.state().definitions
    assert "it" not in story.refunded("0.01").state().definitions
    assert "it" in story.ordered("0.01").state().definitions
    assert "it" not in story.until("9d").state().definitions


def test_average_order_is_rounded_to_the_even_cent() -> None:
    assert Story().ordered("0.05").ordered("0").line()["value"]["average_order"] == "0.02"
    assert Story().ordered("0.07").ordered("0").line()["value"]["average_order"] == "0.04"


def test_a_forgotten_ticket_leaves_no_timer() -> None:
    story = Story({"ticket_retention": "1d"}).ticket_created("t1").ticket_created("t2").until("1d-1ms")
    assert key("resolution_overdue", "t1") in story.state().timers
    story.until("1d")
    assert story.state().tickets == {}
    assert [name for name in story.state().timers if "t1" in name or "t2" in name] == []


@unlike_reference
def test_a_ticket_that_waits_for_its_outcome_is_forgotten_with_it() -> None:
    story = Story({"ticket_retention": "1d"}).ticket_created("t1").ticket_solved("t1").until("7d-1ms")
    assert set(story.state().tickets) == {"t1"}
    assert story.until("7d").fired("first_contact_resolved") == ["7d"]
    assert story.state().tickets == {}


@unlike_reference
def test_who_was_erased_stays_erased_when_they_are_forgotten_again() -> None:
    story = Story({"customer_retention": "10d"}).erased().at("1d").page_view().until("11d")
    assert story.store["ada"] == Erased(story.zero)
    assert Story({"customer_retention": "10d"}).page_view().until("10d").store == {}


def test_a_surge_says_how_much_from_when_and_of_what() -> None:
    story = Story().at("1d").repeat(2, "search").ordered("5").download()
    found = story.evidence("interest_surge")
    assert found["then"] == "2026-02-24T23:59:59.999Z"
    assert (found["score"], found["score_then"], found["rise"]) == (32, 0, 32)
    assert found["most_from"] == [
        {"action": "purchases.ordered", "points": 20.0},
        {"action": "clickstream.download", "points": 8.0},
        {"action": "clickstream.search", "points": 4.0},
    ]


def test_attributes_after_an_unknown_one_are_kept() -> None:
    assert set(Story().updated(country=None, region="north").state().profile) == {"region"}


def test_a_ticket_created_as_the_window_of_another_ends_does_not_break_it_though_it_is_told_first() -> None:
    story = Story().ticket_created("t1", product="app").at("7d").ticket_created("t2", product="app")
    story.at("0s").ticket_solved("t1").until("8d")
    assert story.fired("first_contact_missed", "t1") == []
    story = Story().ticket_created("t1", product="app").at("7d-1ms").ticket_created("t2", product="app")
    story.at("0s").ticket_solved("t1").until("8d")
    assert story.fired("first_contact_resolved", "t1") != story.fired("first_contact_missed", "t1")


@pytest.mark.parametrize("text", ["Infinity", "-Infinity", "-NaN", "NaN", "", "abc", "1 2"])
def test_text_that_is_no_finite_number_is_none(text: str) -> None:
    assert number_of(text) is None


@pytest.mark.parametrize("data", [b"", b"\x07abc", b"\x01\xff"])
def test_state_that_cannot_be_read_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(UnknownStateError, match="state"):
        decode(data)


@pytest.mark.parametrize(
    ("cause", "late", "said"),
    [
        ("e1", 0, "e1"), ("e1", DAY - 1, "e1"), ("e1", DAY, "e1 1"), ("e1", 3 * DAY - 1, "e1 2"),
        (TIMER, 0, TIMER), (TIMER, -5, TIMER), (TIMER, 1, f"{TIMER} 1"), (TIMER, DAY, f"{TIMER} 2"),
    ],
)  # fmt: skip
def test_causes_of_ids_tell_how_many_windows_late_they_are(cause: str, late: int, said: str) -> None:
    assert told_apart(cause, 1_000_000, 1_000_000 + late, DAY) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, "yes"), (False, "no"), (1234.5, "1,234.5"), (100.0, "100"), (0.25, "0.25"), ("x" * 60, "x" * 60),
        ([1, None, 2.5], "[1, None, 2.5]"), ({"a": 1, "b": None, "c": "d"}, "1 d"),
    ],
)  # fmt: skip
def test_evidence_in_words(value: object, said: str) -> None:
    assert wording.phrase({"it": value}) == f"it {said}"


def test_a_level_that_only_rises_moves_no_timer() -> None:
    story = Story().repeat(2, "ordered")
    set_for = story.state().timers[key("level")]
    story.after("1h").download()
    assert story.state().timers[key("level")] == set_for
    story.after("1h").refunded("1")
    assert story.state().timers[key("level")] < set_for
    assert set_timer.__doc__


def test_a_level_timer_that_came_early_is_set_again_and_the_fall_is_on_its_millisecond() -> None:
    story = Story().repeat(2, "ordered").after("1h").download().until("400d")
    falls = [(at, level) for at, _, level in story.changes() if level == "low" and at != "0s"]
    plain = Story().at("1h").tell("clickstream", "download", asset_id="a", event_id="x")
    plain.at("0s").repeat(2, "ordered").until("400d")
    assert falls == [(at, level) for at, _, level in plain.changes() if level == "low"][-1:]
    assert load(None).score.levels.medium == 31
