"""What is told once, in turns or only on a crossing, over whole histories."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings

from schemas import events as e
from schemas.outputs import CustomerErased, ScoreChange, TriggerFired
from schemas.policy import Policy, merge
from schemas.times import DAY
from streams.lane import Lane, Memory
from streams.state import STAGES
from tests.property.histories import Arrival, History, ending, histories, policies, run

ONCE_PER_TICKET = ("first_reply_overdue", "resolution_overdue")
OUTCOMES = ("first_contact_resolved", "first_contact_missed")
ONCE = ("unsubscribed", "reader_never_clicks")
KEEP_TICKETS = merge({"ticket_retention": "9999d"})


def firings(history: History, policy: Policy) -> dict[str, list[list[TriggerFired | ScoreChange]]]:
    """What was said of each customer, in order, cut where the customer was erased."""
    changes, _ = run(history, policy, end=ending(history))
    lives: dict[str, list[list[TriggerFired | ScoreChange]]] = defaultdict(lambda: [[]])
    for emission in changes.emissions:
        if isinstance(emission, CustomerErased):
            lives[emission.customer_id].append([])
        elif isinstance(emission, TriggerFired | ScoreChange):
            lives[emission.customer_id][-1].append(emission)
    return lives


@settings(max_examples=150)
@given(histories(least=5), policies)
def test_every_change_of_score_begins_where_the_last_one_ended(history: History, policy: Policy) -> None:
    for lives in firings(history, policy).values():
        for life in lives:
            score, level = 0, "low"
            for change in (one for one in life if isinstance(one, ScoreChange)):
                assert (change.previous.score, change.previous.level) == (score, level)
                moved = abs(change.current.score - score) >= policy.score.change_threshold
                assert moved or change.current.level != level
                score, level = change.current.score, change.current.level


@settings(max_examples=150)
@given(histories(least=5), policies)
def test_stage_role_tier_and_segments_are_told_in_turns(history: History, policy: Policy) -> None:
    for lives in firings(history, policy).values():
        for life in lives:
            stage, role, tier = "subscriber", None, next(iter(policy.tiers))
            inside: set[str | None] = set()
            for one in life:
                if not isinstance(one, TriggerFired):
                    continue
                said = one.evidence
                if one.trigger == "stage_changed":
                    assert said["from"] == stage
                    assert STAGES.index(said["to"]) > STAGES.index(stage)
                    stage = said["to"]
                elif one.trigger == "role_changed":
                    assert said["from"] == role != said["to"]
                    role = said["to"]
                elif one.trigger == "value_tier_changed":
                    assert said["from"] == tier != said["to"]
                    tier = said["to"]
                elif one.trigger == "segment_entered":
                    assert one.subject not in inside
                    inside.add(one.subject)
                elif one.trigger == "segment_left":
                    inside.remove(one.subject)


@settings(max_examples=150)
@given(histories(least=10))
def test_a_ticket_has_one_outcome_and_is_overdue_once(history: History) -> None:
    for lives in firings(history, KEEP_TICKETS).values():
        for life in lives:
            told = [(one.trigger, one.subject) for one in life if isinstance(one, TriggerFired)]
            outcomes = [subject for trigger, subject in told if trigger in OUTCOMES]
            assert len(outcomes) == len(set(outcomes))
            overdue = [one for one in told if one[0] in ONCE_PER_TICKET]
            assert len(overdue) == len(set(overdue))


@settings(max_examples=150)
@given(histories(least=10), policies)
def test_what_is_told_once_of_a_customer_is_told_once(history: History, policy: Policy) -> None:
    for lives in firings(history, policy).values():
        for life in lives:
            told = [one for one in life if isinstance(one, TriggerFired)]
            for trigger in ONCE:
                assert sum(one.trigger == trigger for one in told) <= 1
            reached = [float(one.evidence["threshold"]) for one in told if one.trigger == "spend_threshold"]
            assert reached == sorted(set(reached))
            purchases = [one.evidence["last_purchase"] for one in told if one.trigger == "purchase_overdue"]
            assert len(purchases) == len(set(purchases))
            sends = [one.evidence["last_message"] for one in told if one.trigger == "contact_due"]
            assert len(sends) == len(set(sends))


@settings(max_examples=150)
@given(histories(least=5), policies)
def test_a_cooldown_holds_for_its_subject(history: History, policy: Policy) -> None:
    rules = {rule.name: rule.cooldown for rule in policy.rules}
    for lives in firings(history, policy).values():
        for life in lives:
            last: dict[tuple[str, str | None], int] = {}
            for one in life:
                if isinstance(one, TriggerFired):
                    built_in = getattr(policy.triggers, one.trigger, None)
                    cooldown = rules[one.trigger] if built_in is None else built_in.cooldown
                    key = (one.trigger, one.subject)
                    assert key not in last or one.at >= last[key] + cooldown
                    last[key] = one.at


@settings(max_examples=150)
@given(histories(least=10, erasures=False, doubles=False))
def test_product_interest_fires_exactly_when_the_third_view_in_the_window_arrives(history: History) -> None:
    """Counted anew over all events before every view: the rule fires on the crossing and never while it stays so."""
    policy = merge({"triggers": {"product_interest": {"cooldown": "0s"}}})
    lane, seen = Lane(Memory(), policy), list[Arrival]()
    for arrival in history:
        lane.feed(arrival.event, arrival.now)
        fired = {one.subject for one in lane.take().emissions if getattr(one, "trigger", "") == "product_interest"}
        expected = set()
        if isinstance(arrival.event, e.ProductView):
            who, product = arrival.event.customer_id, arrival.event.product_id
            mine = [one.event for one in seen if one.event.customer_id == who]
            without, with_it = (views(part, product, arrival.now) for part in (mine, [*mine, arrival.event]))
            if with_it >= 3 > without:
                expected = {product}
        assert fired == expected
        seen.append(arrival)


def views(events: list[e.Event], product: str, now: int) -> int:
    bought = [
        one.occurred_at for one in events
        if isinstance(one, e.Ordered | e.Renewed | e.SubscriptionStarted) and one.product_id == product
    ]  # fmt: skip
    since = max([now - 7 * DAY, *bought])
    return sum(
        isinstance(one, e.ProductView) and one.product_id == product and since < one.occurred_at <= now
        for one in events
    )


@settings(max_examples=100)
@given(histories(least=10, erasures=False), policies)
def test_between_two_fatigues_a_message_was_opened_or_clicked(history: History, policy: Policy) -> None:
    lane = Lane(Memory(), policy)
    tired: dict[str, bool] = {}
    for arrival in [*history, None]:
        before_it = lane.now
        if arrival is None:
            lane.advance(before_it + 100 * DAY)
        else:
            lane.feed(arrival.event, arrival.now)
        for one in lane.take().emissions:
            if getattr(one, "trigger", "") == "fatigued":
                assert not tired.get(one.customer_id)
                tired[one.customer_id] = True
        if arrival is not None and isinstance(arrival.event, e.MailClicked | e.MailOpened):
            tired[arrival.event.customer_id] = False
