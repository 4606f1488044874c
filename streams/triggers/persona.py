"""Triggers from who a customer is: stage, role and segments (CONTRACT 5, B25, B35)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.conditions import holds
from streams.persona import role_of, stage_of

if TYPE_CHECKING:
    from streams.work import Work


def judge(work: Work) -> None:
    """Stage and role after an event."""
    customer = work.after
    stage = stage_of(customer)
    if stage != customer.stage:
        was, customer.stage = customer.stage, stage
        work.fire("stage_changed", None, {"from": was, "to": stage})
    role = role_of(work)
    if role != customer.role:
        was_role, customer.role = customer.role, role
        work.fire("role_changed", None, {"from": was_role, "to": role})


def judge_segments(work: Work) -> None:
    """Segments entered and left, after all else."""
    customer = work.after
    now_in = tuple(
        name for name, condition in work.policy.segments.items() if holds(condition, customer, work.now, work.plan)
    )
    if now_in == customer.segments:
        return
    was_in = customer.segments
    customer.segments = now_in
    for name in now_in:
        if name not in was_in:
            work.fire("segment_entered", name, {"segment": name})
    for name in was_in:
        if name not in now_in:
            work.fire("segment_left", name, {"segment": name})
