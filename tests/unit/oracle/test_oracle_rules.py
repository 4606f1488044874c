"""Value, behaviour, custom rules and replay of the reference, worked out by hand."""

from __future__ import annotations

import json
from typing import Any

from tests.oracle.story import Story

HOUR = 3_600_000


def test_silence_is_told_after_fourteen_days_from_medium_on() -> None:
    assert Story().buy(0, times=2).play(until="14d").fired("going_quiet") == ["14:0"]
    assert Story().buy(0).play(until="20d").fired("going_quiet") == []


def test_three_views_of_one_product_within_a_week() -> None:
    def views(*times: str | int) -> Story:
        story = Story()
        for at in times:
            story.click("product_view", at, product_id="p")
        return story

    assert views(0, "1d", "6d").play().fired("product_interest") == ["6:0 p"]
    assert views(0, "1d", "7d").play().fired("product_interest") == []
    assert views(0, "1d", "2d", "3d").play().fired("product_interest") == ["2:0 p"]
    assert (
        views(0, "1d")
        .buy("36h", product_id="p")
        .click("product_view", "2d", product_id="p")
        .play()
        .fired("product_interest")
        == []
    )


def test_a_cart_is_abandoned_an_hour_after_its_last_addition() -> None:
    story = Story().click("add_to_cart", 0).click("checkout_started", "30m")
    assert story.play(until="2h").fired("cart_abandoned") == [f"0:{HOUR + HOUR // 2}"]
    assert story.buy("30m").play(until="2h").fired("cart_abandoned") == []


def test_a_purchase_when_the_hour_is_over_comes_too_late() -> None:
    assert Story().click("add_to_cart", 0).buy("1h").play().fired("cart_abandoned") == [f"0:{HOUR}"]


def test_a_surge_is_against_the_end_of_the_day_a_week_ago() -> None:
    assert Story().buy(0).tell("surveys", "csat", 0, score=4).play().fired("interest_surge") == ["0:0"]
    story = Story().buy("23h").tell("surveys", "csat", "7d", score=4).buy("7d")
    assert story.play().fired("interest_surge") == []


def test_a_firing_inside_the_cooldown_is_lost() -> None:
    story = Story().ticket("escalated", 0).ticket("escalated", "1h").ticket("escalated", "2h")
    policy = {"triggers": {"ticket_escalated": {"cooldown": "2h"}}}
    assert story.play(policy).fired("ticket_escalated") == ["0:0 t", f"0:{2 * HOUR} t"]


def test_spending_passes_each_thousand_once() -> None:
    story = Story().buy(0, "999.99").buy(1, "0.01").buy(2, "500", kind="refunded").buy(3, "600").buy(4, "2000")
    assert story.play().fired("spend_threshold") == ["0:1", "0:4"]


def test_the_tier_changes_either_way() -> None:
    story = Story().buy(0, "500").buy(1, "0.01", kind="refunded")
    assert story.play().fired("value_tier_changed") == ["0:0", "0:1"]
    assert story.play().customer()["value"]["tier"] == "bronze"


def test_another_currency_is_not_in_the_view() -> None:
    value = Story().buy(0, "700", currency="EUR").buy(1, "10.005").play().customer()["value"]
    assert (value["orders"], value["revenue"], value["average_order"]) == (1, "10.005", "10.00")


def test_equal_gaps_make_a_purchase_overdue_after_one_gap() -> None:
    assert Story().buy(0).buy("2d").buy("4d").play(until="9d").fired("purchase_overdue") == ["6:0"]
    assert Story().buy(0).buy(1).buy(2).play(until="9d").fired("purchase_overdue") == ["1:2"]


def test_gaps_of_one_and_three_days_allow_four() -> None:
    assert Story().buy(0).buy("1d").buy("4d").play(until="9d").fired("purchase_overdue") == ["8:0"]


def test_thanks_a_day_after_the_first_and_at_once_at_the_fifth() -> None:
    story = Story().buy(0).buy("1h").buy("2h").buy("3h").buy("4h")
    assert story.play(until="2d").fired("thank_you_due") == [f"0:{4 * HOUR}", "1:0"]


def test_feedback_is_due_a_week_after_a_purchase_without_an_answer() -> None:
    assert Story().buy(0).play(until="7d").fired("feedback_due") == ["7:0"]
    assert Story().buy(0).tell("surveys", "nps", "1d", score=8).play(until="7d").fired("feedback_due") == []


def test_feedback_is_not_due_for_a_ticket_that_is_open_again() -> None:
    story = Story().ticket("solved", 0).ticket("reopened", "1d")
    assert story.play(until="8d").fired("feedback_due") == []


def test_the_funnel_goes_forward_only() -> None:
    story = Story().click("form_submit", 0, form_id="f").click("checkout_started", 1).buy(2).buy(3)
    story.click("form_submit", 4, form_id="f")
    assert story.play().fired("stage_changed") == ["0:0", "0:1", "0:2", "0:3"]
    assert story.play().customer()["stage"] == "repeat_customer"


def test_a_lead_with_medium_level_and_a_download_is_qualified() -> None:
    story = Story().mail("clicked", 0, "m").click("download", 0, asset_id="a").tell("surveys", "nps", 0, score=9)
    story.tell("surveys", "csat", 0, score=5)
    assert story.play(until="0ms").customer()["stage"] == "qualified"


def test_titles_are_matched_by_whole_words() -> None:
    for title, role in (("Chief of Staff", "decision_maker"), ("Mischief", None), ("Head of IT", "decision_maker"),
                        ("CTO", "decision_maker"), ("Vice President", "decision_maker"), ("RVP", None)):  # fmt: skip
        story = Story().tell("profiles", "updated", 0, attributes={"job_title": title})
        assert story.play().customer()["role"] == role, title


def test_the_tenth_page_under_blog_makes_a_champion() -> None:
    story = Story().click("page_view", 0, url="https://x.example/blog/a?b=1", times=9)
    assert story.click("page_view", 1, url="/blogger").play().customer()["role"] is None
    assert story.click("page_view", 2, url="/blog").play().customer()["role"] == "champion"


def test_segments_are_entered_and_left() -> None:
    policy: dict[str, Any] = {"segments": {"german": {"attribute": "country", "equals": "DE"}}}
    story = Story().tell("profiles", "updated", 0, attributes={"country": "DE"})
    story.tell("profiles", "updated", 1, attributes={"country": "FR"})
    assert story.play(policy).fired("segment_entered") == ["0:0 german"]
    assert story.play(policy).fired("segment_left") == ["0:1 german"]


def test_a_custom_count_fires_once_for_each_crossing() -> None:
    when = {
        "count": {"topic": "clickstream", "where": [{"field": "url", "prefix": "/p"}]},
        "at_least": 2,
        "within": "1d",
    }
    story = Story().click("page_view", 0, url="/p").click("page_view", 1, url="/p").click("page_view", 2, url="/p")
    story.click("page_view", "2d", url="/p").click("page_view", "2d", url="/p")
    assert story.play({"rules": [{"name": "twice", "when": when}]}).fired("twice") == ["0:1", "2:0"]


def test_a_custom_sum_per_subject() -> None:
    when = {"sum": {"topic": "purchases", "field": "amount"}, "at_least": 100, "within": "30d"}
    story = Story().buy(0, "60", product_id="a").buy(1, "60", product_id="b").buy(2, 40, product_id="a")
    rule = {"name": "spent", "when": when, "subject": "product_id"}
    assert story.play({"rules": [rule]}).fired("spent") == ["0:2 a"]


def test_a_custom_absence_is_broken_by_an_event_in_its_span() -> None:
    when = {"absence": {"topic": "clickstream"}, "for": "3d", "since": {"topic": "purchases"}}
    policy = {"rules": [{"name": "unused", "when": when}]}
    assert Story().buy(0).play(policy, until="3d").fired("unused") == ["3:0"]
    assert Story().buy(0).click("comment", "2d").play(policy, until="4d").fired("unused") == []
    assert Story().buy(0).click("comment", "3d").play(policy, until="4d").fired("unused") == ["3:0"]


def test_a_copy_counts_again_after_twenty_four_hours() -> None:
    story = Story().click("comment", 0)
    copy = json.loads(story.streams["clickstream"][0])
    story.tell("profiles", "updated", "24h", attributes={})
    end = Story()
    end.streams = {**story.streams, "surveys": [json.dumps({**copy, "type": "nps", "score": 8}).encode()]}
    assert end.play().result.summary["duplicates"] == 0
    later = {"occurred_at": "2026-03-03T00:00:00Z"}
    end.streams = {"clickstream": [*story.streams["clickstream"], json.dumps({**copy, **later}).encode()]}
    assert end.play().result.summary["duplicates"] == 0
    later = {"occurred_at": "2026-03-02T23:59:59.999Z"}
    end.streams = {"clickstream": [*story.streams["clickstream"], json.dumps({**copy, **later}).encode()]}
    assert end.play().result.summary["duplicates"] == 1


def test_after_an_erasure_only_later_events_count() -> None:
    story = Story().click("comment", 0).tell("profiles", "erased", "1d").click("comment", "2d").click("comment", "1d")
    end = story.play()
    assert end.result.summary["dropped"] == 1
    assert (len(end.result.erased), end.customer()["raw"]) == (1, 4)


def test_an_unknown_customer_is_erased_and_announced() -> None:
    end = Story().tell("profiles", "erased", 0).play()
    assert (len(end.result.erased), end.result.customers, end.result.summary["triggers"]) == (1, [], 0)


def test_a_timer_runs_before_an_event_of_its_instant() -> None:
    story = Story().click("add_to_cart", 0).click("add_to_cart", "1h")
    assert story.play().fired("cart_abandoned") == [f"0:{HOUR}"]


def test_what_occurred_after_until_is_dropped() -> None:
    end = Story().click("comment", 0).click("comment", "1d").play(until="1h")
    assert (end.result.summary["dropped"], end.customer()["last_seen"]) == (1, "2026-03-02T00:00:00.000Z")


def test_ties_go_by_topic_and_a_line_without_a_time_follows_the_one_before() -> None:
    story = Story().tell("profiles", "updated", 0, attributes={}).click("comment", 0).mail("sent", 0, "m")
    story.streams["email"].append(b"{")
    end = story.play()
    assert end.result.dead_letters[0][:3] == ("not_json", "email", 1)
    assert end.result.summary["events"] == 4
