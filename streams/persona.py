"""Profile, stage and role (CONTRACT 5, B25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import ProfileUpdated
from streams.state import STAGES, Attribute

if TYPE_CHECKING:
    from streams.state import Customer
    from streams.work import Work

SUBSCRIBER, LEAD, QUALIFIED, OPPORTUNITY, CUSTOMER, REPEAT_CUSTOMER = STAGES


def fold_profile(work: Work, event: ProfileUpdated) -> None:
    """Merge attributes: of each the latest by ``occurred_at`` holds, on a tie the later arrival."""
    profile = dict(work.after.profile)
    for name, value in event.attributes.items():
        if value is None:
            continue
        known = profile.get(name)
        if known is None or event.occurred_at >= known.at:
            profile[name] = Attribute(value, event.occurred_at)
    work.after.profile = profile


def stage_of(customer: Customer) -> str:
    """The furthest stage the facts reach; never behind the one already reached."""
    orders = customer.value.orders
    if orders >= 2:
        reached = REPEAT_CUSTOMER
    elif orders:
        reached = CUSTOMER
    elif customer.checked_out:
        reached = OPPORTUNITY
    elif customer.is_lead and customer.is_engaged and customer.level != "low":
        reached = QUALIFIED
    else:
        reached = LEAD if customer.is_lead else SUBSCRIBER
    return max(reached, customer.stage, key=STAGES.index)


def role_of(work: Work) -> str | None:
    """Decision maker by title, else champion or information gatherer by what was done lately."""
    customer, roles, now = work.after, work.policy.roles, work.now
    title = customer.profile.get("job_title")
    if title is not None and isinstance(title.value, str) and work.plan.decision_maker.search(title.value):
        return "decision_maker"
    done = customer.browsing.contributions
    if len(done) >= roles.champion.count and now - done[-roles.champion.count] < roles.champion.within:
        return "champion"
    downloads = customer.browsing.downloads
    needed = roles.information_gatherer
    if len(downloads) >= needed.count and now - downloads[-needed.count] < needed.within:
        return "information_gatherer"
    return None
