"""The core: what an event does to a customer, and what the passing of time does.

``apply`` and ``wake`` are the only two decisions of the engine. Replay, the live lanes, the policy tools and the tests
all call these. Input is never changed; everything that follows is in the ``Outcome``.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from schemas import events as e
from schemas.outputs import TIMER, Contribution, CustomerErased, ScoreChange, ScoreLevel, erasure_id, score_change_id
from streams import (
    browsing,
    dedup,
    definitions,
    feedback,
    history,
    level,
    mail,
    measures,
    persona,
    retention,
    score,
    support,
    timers,
    value,
)
from streams.outcome import Outcome
from streams.plan import plan_of
from streams.state import Customer, Erased
from streams.triggers import ON_EVENT, ON_TIMER, judge_persona, judge_segments
from streams.triggers.browsing import is_activity
from streams.weights import weight_of
from streams.work import Work, told_apart

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.events import Event
    from schemas.policy import Policy
    from streams.outcome import Emission, State
    from streams.plan import Plan

_FOLDS: dict[str, Callable[..., None]] = {
    "clickstream": browsing.fold,
    "email": mail.fold,
    "support-tickets": support.fold,
    "purchases": value.fold,
    "surveys": feedback.fold,
    "profiles": persona.fold_profile,
}


def apply(state: State, event: Event, now: int, policy: Policy) -> Outcome:
    """Apply one event to the state of its customer at ``now`` (ms).

    Every timer due at or before ``now`` must have been run before. ``now`` earlier than the customer has seen, or than
    the event, counts as the latest of them.
    """
    erased_at = None if state is None else state.erased_at
    if erased_at is not None and event.occurred_at <= erased_at:
        return Outcome(state, next_due=None if state is None else state.next_due, disposition="dropped")
    if isinstance(event, e.ProfileErased):
        return _erase(state, event)
    known = state if isinstance(state, Customer) else None
    if known is not None:
        now = max(now, known.now)
        if dedup.is_duplicate(known.seen, event, now, policy.dedup_window):
            return Outcome(known, next_due=known.next_due, disposition="duplicate")
    now = max(now, int(event.occurred_at))
    plan = plan_of(policy)
    work = Work(known, _touched(known, event, now, erased_at, plan), event, now, policy, plan)
    after = work.after
    after.seen = dedup.remember(after.seen, event, now, policy.dedup_window)
    weight = weight_of(event, policy.score.points)
    if weight:
        after.points = score.add(after.points, event.action, weight, event.occurred_at, now, plan.scoring)
    fold = _FOLDS[event.topic]
    if isinstance(event, e.TicketRated):
        support.fold(work, event)
        fold = feedback.fold
    fold(work, event)
    if isinstance(event, e.MailClicked):
        after.is_lead = True
    _judge_level(work)
    _note_activity(work, event)
    judge_persona(work)
    for rule in ON_EVENT[type(event)]:
        rule(work)
    for watch in plan.watches_by_topic[event.topic]:
        watch.judge(work, event)
    if known is None or event.topic == "purchases":
        definitions.judge(work)
    retention.set_timer(work)
    level.set_timer(work)
    _run_due(work)
    if policy.segments or after.segments:
        judge_segments(work)
    return retention.kept(work, _outcome(work, event.event_id, event.occurred_at, event.topic))


def wake(state: State, now: int, policy: Policy) -> Outcome:
    """Run every timer of a customer due at or before ``now`` (ms), at ``now``, in order of due, rule and subject.

    Event ids older than the window of duplicates are let go; so is, after that, a customer who is to be forgotten.
    """
    if not isinstance(state, Customer):
        return Outcome(state)
    now = max(now, state.now)
    after = copy(state)
    after.history = history.extend(state, now, plan_of(policy).scoring)
    after.now = now
    after.seen = dedup.without_passed(state.seen, now, policy.dedup_window)
    work = Work(state, after, None, now, policy, plan_of(policy))
    fell_at = after.timers.get(timers.key(level.TIMER))
    if fell_at is not None and fell_at <= now:
        _judge_level(work)
        level.set_timer(work)
    else:
        work.score = score.score_at(after.points, now, work.plan.scoring)
    retention.set_timer(work)
    _run_due(work)
    if after.level == state.level:
        facts = measures.measure(work)
        return retention.kept(work, Outcome(after, tuple(work.records()), after.next_due, "applied", facts))
    return retention.kept(work, _outcome(work, TIMER, now, None))


def _touched(known: Customer | None, event: Event, now: int, erased_at: int | None, plan: Plan) -> Customer:
    """A copy for this decision, with the event seen; a new customer when there is none."""
    at = int(event.occurred_at)
    if known is None:
        return Customer(event.customer_id, at, at, now, erased_at)
    after = copy(known)
    after.first_seen = min(known.first_seen, at)
    after.last_seen = max(known.last_seen, at)
    after.history = history.extend(known, now, plan.scoring)
    after.now = now
    return after


def _judge_level(work: Work) -> None:
    """The score now, and the level taken from it; negative points that faded are taken up here (CONTRACT B10)."""
    work.score = score.score_at(work.after.points, work.now, work.plan.scoring)
    work.after.level = level.judge(work.after.level, work.score, work.policy)


def _note_activity(work: Work, event: Event) -> None:
    """Start the wait for ``going_quiet`` anew at the latest activity; the level is the one after it was applied."""
    after, at = work.after, int(event.occurred_at)
    after_span = work.policy.triggers.going_quiet.after
    if is_activity(event):
        if after.last_activity is None or at >= after.last_activity:
            after.last_activity = at
            after.quiet_level = after.level
            work.set_timer("going_quiet", at + after_span)
    elif work.before is None:
        after.quiet_level = after.level
        work.set_timer("going_quiet", at + after_span)


def _run_due(work: Work) -> None:
    """Run the timers that are due at the decision's ``now``, also those set meanwhile (CONTRACT B4)."""
    now = work.now
    while work.after.timers and min(work.after.timers.values()) <= now:
        at, name = min((at, name) for name, at in work.after.timers.items())
        rule, about = timers.parts(name)
        work.clear_timer(rule, about)
        work.timer_due, work.timer_about = at, about
        run = ON_TIMER.get(rule)
        if run is not None:
            run(work, about)
        else:
            _run_custom(work, rule, about)
    work.timer_due, work.timer_about = None, ""


def _run_custom(work: Work, rule: str, about: str) -> None:
    """A timer of a custom rule; one whose rule the policy no longer has is let go."""
    for watch in work.plan.watches:
        if watch.rule.name == rule:
            watch.due(work, about)


def _erase(state: State, event: e.ProfileErased) -> Outcome:
    said = CustomerErased(
        id=erasure_id(event.customer_id, event.occurred_at), customer_id=event.customer_id, at=event.occurred_at
    )
    facts = measures.erased(state, event) if isinstance(state, Customer) else ()
    return Outcome(Erased(int(event.occurred_at)), (said,), None, "applied", facts)


def _outcome(work: Work, cause: str, instant: int, topic: str | None) -> Outcome:
    """The records of a decision: triggers, then the score change when there is one to tell (CONTRACT 2, B12)."""
    after, policy = work.after, work.policy
    emissions: list[Emission] = list(work.records())
    moved = abs(work.score - after.emitted_score) >= policy.score.change_threshold
    if after.level != after.emitted_level or (moved and topic is not None):
        emissions.append(_score_change(work, cause, instant, topic))
        after.emitted_score, after.emitted_level = work.score, after.level
    return Outcome(after, tuple(emissions), after.next_due, "applied", measures.measure(work))


def _score_change(work: Work, cause: str, instant: int, topic: str | None) -> ScoreChange:
    after, plan = work.after, work.plan
    return ScoreChange(
        id=score_change_id(
            after.customer_id, told_apart(cause, instant, work.now, work.policy.dedup_window), instant, topic
        ),
        customer_id=after.customer_id,
        previous=ScoreLevel(after.emitted_score, after.emitted_level),
        current=ScoreLevel(work.score, after.level),
        raw=score.raw_at(after.points, work.now, plan.scoring),
        contributions=tuple(
            Contribution(action, points) for action, points in score.contributions(after.points, work.now, plan.scoring)
        ),
        cause=cause,
        policy_version=work.policy.version,
        at=work.now,
    )
