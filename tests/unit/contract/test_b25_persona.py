"""Appendix B 25, 28, 35 and section 5: stage, role, interests, satisfaction, score history and segments."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.times import day_of
from streams import history
from streams.plan import plan_of
from tests.story import Story


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("Chief Engineer", "decision_maker"), ("CEO", "decision_maker"), ("cto", "decision_maker"),
        ("co-founder", "decision_maker"), ("Owner", "decision_maker"), ("Vice President", "decision_maker"),
        ("VP of Sales", "decision_maker"), ("Head of Growth", "decision_maker"), ("Director", "decision_maker"),
        ("Engineer", None), ("Mischief maker", None), ("Landowner", None), ("Directory editor", None),
        ("Head office", None), ("scion", None), ("c-o", "decision_maker"), ("", None), (7, None),
    ],
)  # fmt: skip
def test_b25_patterns_are_matched_case_insensitively_against_whole_words(title: object, role: str | None) -> None:
    """B25: regular expressions matched case-insensitively against whole words of job_title."""
    assert Story().updated(job_title=title).line()["role"] == role


@pytest.mark.parametrize(("count", "role"), [(9, None), (10, "champion")])
@pytest.mark.parametrize(
    ("kind", "fields"), [("comment", {}), ("share", {"url": None}), ("page_view", {"url": "https://x.test/blog/a?b"})]
)
def test_5_a_champion_comments_shares_and_reads_the_blog(
    kind: str, fields: dict[str, Any], count: int, role: str | None
) -> None:
    """5: champion (10 or more comments, shares and page views under /blog within 30 d)."""
    assert Story().repeat(count, kind, every="1h", **fields).line()["role"] == role


@pytest.mark.parametrize(("last", "role"), [("30d-1ms", "champion"), ("30d", None)])
def test_5_within_thirty_days(last: str, role: str | None) -> None:
    """5: within 30 d, before now (B1)."""
    assert Story().comment().at("20d").repeat(8, "comment").at(last).comment().line()["role"] == role


@pytest.mark.parametrize(
    ("url", "counts"),
    [
        ("/blog", True), ("/blog/", True), ("/blog/a", True), ("https://x.test/blog?page=2", True),
        ("https://x.test/blog#top", True), ("/blogs", False), ("/blog-post", False), ("/news/blog", False),
        ("https://blog.test/", False), ("/?next=/blog/", False), ("https://x.test/Blog/", False),
    ],
)  # fmt: skip
def test_b25_page_views_under_blog_are_those_whose_path_is_blog_or_starts_with_it(url: str, counts: bool) -> None:
    """B25: those whose URL path is `/blog` or starts with `/blog/`."""
    story = Story().repeat(9, "comment").page_view(url)
    assert (story.line()["role"] == "champion") is counts


@pytest.mark.parametrize(("count", "role"), [(2, None), (3, "information_gatherer")])
def test_5_an_information_gatherer_downloads(count: int, role: str | None) -> None:
    """5: information_gatherer (3 or more downloads within 30 d)."""
    assert Story().repeat(count, "download", every="1d").line()["role"] == role


def test_5_a_title_comes_before_what_was_done_and_comments_before_downloads() -> None:
    """5: decision_maker, else champion, else information_gatherer, else none."""
    story = Story().repeat(3, "download").repeat(10, "comment").updated(job_title="CEO").updated(job_title="Clerk")
    told = [record.evidence for record in story.triggers if record.trigger == "role_changed"]
    assert [(each["from"], each["to"]) for each in told] == [
        (None, "information_gatherer"), ("information_gatherer", "champion"),
        ("champion", "decision_maker"), ("decision_maker", "champion"),
    ]  # fmt: skip


def test_b25_the_role_is_judged_at_each_event_and_not_by_time_alone() -> None:
    """B25: the role is judged at each event of the customer, not by time alone."""
    story = Story().repeat(3, "download").until("40d")
    assert story.line()["role"] == "information_gatherer"
    assert story.mail_sent().line()["role"] is None
    assert story.fired("role_changed") == ["0s", "40d"]


STEPS = [
    ("form_submit", "lead"),
    ("mail_clicked", "lead"),
    ("checkout_started", "opportunity"),
    ("ordered", "customer"),
    ("renewed", "customer"),
    ("subscription_started", "customer"),
]


@pytest.mark.parametrize(("kind", "stage"), STEPS)
def test_5_stages(kind: str, stage: str) -> None:
    """5: what reaches each stage; B25: once per change with from and to, also when stages are jumped."""
    story = getattr(Story(), kind)()
    assert story.line()["stage"] == stage
    assert story.fired("stage_changed") == ["0s"]
    assert story.evidence("stage_changed") == {"from": "subscriber", "to": stage}


@pytest.mark.parametrize("kind", ["page_view", "download", "add_to_cart", "refunded", "cancelled", "mail_opened"])
def test_b25_stage_changed_not_for_the_first_subscriber(kind: str) -> None:
    """B25: and not for the first subscriber; 5: subscriber (seen)."""
    story = getattr(Story(), kind)()
    assert (story.line()["stage"], story.fired("stage_changed")) == ("subscriber", [])


@pytest.mark.parametrize("kind", ["download", "form_submit", "add_to_cart"])
@pytest.mark.parametrize(("points", "stage"), [(30, "lead"), (31, "qualified")])
def test_5_qualified(kind: str, points: float, stage: str) -> None:
    """5: qualified (lead, and level medium or high, and at least one download, form_submit or add_to_cart)."""
    given = {"score": {"points": {"surveys.csat": points, f"clickstream.{kind}": 0, "email.clicked": 0}}}
    story = getattr(Story(given).mail_clicked().csat(), kind)()
    assert story.line()["stage"] == stage


@pytest.mark.parametrize("kind", ["page_view", "search", "comment"])
def test_5_other_clicks_do_not_qualify(kind: str) -> None:
    """5: at least one download, form_submit or add_to_cart."""
    story = getattr(Story({"score": {"points": {"surveys.csat": 90}}}).mail_clicked().csat(), kind)()
    assert (story.line()["level"], story.line()["stage"]) == ("high", "lead")


@pytest.mark.parametrize("fields", [{}, {"transactional": True}])
def test_b25_any_click_or_form_submit_makes_a_lead(fields: dict[str, Any]) -> None:
    """B25: any click or form_submit makes a lead: of a transactional message too."""
    assert Story().mail_clicked(**fields).line()["stage"] == "lead"


def test_5_stages_only_go_forward() -> None:
    """5: forward only."""
    story = Story().ordered().repeat(5, "cancelled").form_submit().checkout_started()
    assert story.line()["stage"] == "customer"
    story.after("1h").renewed()
    assert story.fired("stage_changed") == ["0s", "1h"]
    assert story.evidence("stage_changed") == {"from": "customer", "to": "repeat_customer"}


def test_b28_interests_are_decayed_points_of_product_views_by_category_uncapped() -> None:
    """B28: a list of {category, points} over product_view events, uncapped; 5: the top three are kept."""
    story = Story().repeat(15, "product_view", category="shoes").product_view(category=None).search()
    for category, times in (("hats", 3), ("bags", 1), ("belts", 2)):
        story.repeat(times, "product_view", category=category)
    assert story.until("14d").line()["interests"] == [
        {"category": "shoes", "points": 15.0},
        {"category": "hats", "points": 3.0},
        {"category": "belts", "points": 2.0},
    ]


def test_b28_satisfaction_counts_rated_and_csat_alike() -> None:
    """B28: counts rated and csat alike; 5: the latest and the mean."""
    story = Story().csat(5).after("1h").ticket_rated(score=2).after("1h").nps(7)
    assert story.line()["satisfaction"] == {"csat_mean": 3.5, "csat_last": 2, "nps_last": 7}


def test_b28_last_is_the_latest_by_time_and_on_a_tie_the_later_arrival() -> None:
    """B28: *_last is the latest by occurred_at, ties the later arrival."""
    story = Story().at("2d").csat(5).nps(9).at("1d").csat(1).nps(1)
    assert [story.line()["satisfaction"][name] for name in ("csat_last", "nps_last")] == [5, 9]
    story.at("2d").ticket_rated(score=4).nps(8)
    assert [story.line()["satisfaction"][name] for name in ("csat_last", "nps_last")] == [4, 8]


def test_5_the_score_at_the_end_of_each_of_the_last_35_days_is_kept() -> None:
    """5: score history: the score at the end of each of the last 35 days."""
    story = Story().ordered().at("40d").page_view()
    kept = history.read(story.state(), story.cursor, plan_of(story.policy).scoring)
    first = day_of(story.zero)
    assert kept == [(first + day, int(20 * 2 ** (-(day + 1) / 14) + 0.5)) for day in range(5, 40)]


def test_b35_segments_are_judged_at_each_event_after_all_else() -> None:
    """B35: segments are judged at each event of the customer, after all else; entering and leaving is emitted (5)."""
    buyers = {"all": [{"state": "stage", "equals": "customer"}, {"attribute": "country", "equals": "DE"}]}
    story = Story({"segments": {"german": buyers}}).updated(country="DE").after("1h").ordered()
    assert (story.fired("segment_entered", "german"), story.line()["segments"]) == (["1h"], ["german"])
    story.after("1h").renewed()
    assert (story.fired("segment_left", "german"), story.line()["segments"]) == (["2h"], [])


def test_5_the_latest_attribute_holds() -> None:
    """5, 1: late events count where occurred_at puts them: an older attribute does not replace a newer."""
    story = Story({"segments": {"german": {"attribute": "country", "equals": "DE"}}})
    story.at("2d").updated(country="DE").at("1d").updated(country="FR")
    assert story.line()["segments"] == ["german"]
