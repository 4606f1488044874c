"""One customer: what an event makes fire (CONTRACT 2-6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.oracle import conditions, facts, mail, score, value
from tests.oracle.decode import Ev
from tests.oracle.line import line
from tests.oracle.tickets import Desk

Record = dict[str, Any]


class Customer:
    """Every event applied so far, and what has been told about the customer."""

    def __init__(self, name: str, policy: dict[str, Any]) -> None:
        self.id = name
        self.policy = policy
        self.events: list[Ev] = []
        self.told: Record = {"score": 0, "level": "low"}
        self.stage: str | None = None
        self.role: str | None = None
        self.segments: set[str] = set()
        self.fatigued = False
        self.highest_multiple = 0
        self.done: set[Any] = set()
        self.last_fired: dict[tuple[str, str | None], int] = {}
        self.score_changes: list[Record] = []
        self.triggers: list[Record] = []
        self.overdue: list[tuple[str, Any, int]] = []
        self.responses: list[tuple[str, str, Ev]] = []
        self.base = 0
        self.lifted_by: str | None = None

    def fire(self, trigger: str, subject: str | None, cause: str, at: int, **evidence: Any) -> None:
        """Record a firing unless its rule is off or in its cooldown."""
        own = [r for r in self.policy["rules"] if r["name"] == trigger]
        rule = own[0] if own else self.policy["triggers"].get(trigger, {})
        last = self.last_fired.get((trigger, subject))
        if not rule.get("enabled", True) or (last is not None and at < last + rule.get("cooldown", 0)):
            return
        self.last_fired[trigger, subject] = at
        self.triggers.append(
            {
                "customer_id": self.id,
                "trigger": trigger,
                "subject": subject,
                "evidence": evidence,
                "cause": cause,
                "score": score.score(self.events, at, self.policy),
                "level": self.told["level"],
                "at": at,
            }
        )

    def judge_score(self, at: int, cause: str) -> None:
        """Emit a score change when the level or the score moved enough (B12)."""
        raw = score.raw(self.events, at, self.policy)
        value_now = score.score_of(raw)
        current: Record = {
            "score": value_now,
            "level": score.level_after(self.told["level"], value_now, self.policy, rise=cause != "timer"),
        }
        moved = cause != "timer" and abs(value_now - self.told["score"]) >= self.policy["score"]["change_threshold"]
        if moved or current["level"] != self.told["level"]:
            self.score_changes.append(
                {
                    "customer_id": self.id,
                    "previous": self.told,
                    "current": current,
                    "raw": raw,
                    "contributions": score.contributions(self.events, at, self.policy),
                    "cause": cause,
                    "at": at,
                }
            )
            self.told = current

    def apply(self, event: Ev, now: int) -> None:
        """Take up one event and fire what it makes fire."""
        self.base = now
        sent = event.action == "email.sent"
        allowance = mail.reasons(self.events, event.at, False, self.policy, now) if sent else []
        before = list(self.events)
        desk_before = Desk(before, now, self.policy)
        tier_before = value.tier(before, self.policy)
        self.events.append(event)
        if mail.personal(event) and mail.commercial(event, self.events):
            self.fatigued = False
        self.judge_score(now, event.id)
        stage_before, role_before = self.stage, self.role
        self.stage = facts.stage(self.events, self.told["level"], self.stage)
        self.role = facts.role(self.events, now, self.policy)
        event.level_after, event.stage_after = self.told["level"], self.stage

        crossed = facts.crossings(self.events, now, self.policy) - facts.crossings(before, now, self.policy)
        for trigger, subject in sorted(crossed, key=str):
            self.fire(trigger, subject, event.id, now)
        if event.topic == "email":
            self._mail(event, now, allowance)
        if event.topic == "support-tickets":
            self._ticket(event, now, desk_before)
        self._answer(event, now)
        self._money(event, now, tier_before)
        self._response(event, now)
        if stage_before not in (None, self.stage):
            self.fire("stage_changed", None, event.id, now, **{"from": stage_before, "to": self.stage})
        elif stage_before is None and self.stage != "subscriber":
            self.fire("stage_changed", None, event.id, now, **{"from": None, "to": self.stage})
        if role_before != self.role:
            self.fire("role_changed", None, event.id, now, **{"from": role_before, "to": self.role})
        self._segments(event, now)

    def _mail(self, event: Ev, now: int, allowance: list[str]) -> None:
        if event.kind in ("unsubscribed", "complained") and "unsubscribed" not in self.done:
            self.done.add("unsubscribed")
            self.fire("unsubscribed", None, event.id, now)
        message, sents = event.get("message_id"), mail.first_sents(self.events)
        if event.kind != "sent" or event not in sents:
            return
        if allowance and not event.get("transactional"):
            self.fire("over_contacted", message, event.id, now, reasons=allowance)
        within = self.policy["triggers"]["duplicate_message"]["within"]
        content = event.get("content_id")
        earlier = [s for s in sents if s is not event and event.at - within < s.at <= event.at]
        if content is not None and any(s.get("content_id") == content for s in earlier):
            self.fire("duplicate_message", message, event.id, now)

    def _ticket(self, event: Ev, now: int, before: Desk) -> None:
        ticket, after = event.get("ticket_id"), Desk(self.events, now, self.policy)
        rule = self.policy["triggers"]["information_gap"]
        if len(after.created) > len(before.created) and event.get("channel") in rule["channels"]:
            pages = [e for e in self.events if e.action == "clickstream.page_view"]
            if any(page.at <= event.at < page.at + rule["within"] for page in pages):
                self.fire("information_gap", ticket, event.id, now)
        if event.kind in ("escalated", "reopened"):
            self.fire(f"ticket_{event.kind}", ticket, event.id, now)
        for missed, cause in after.missed:
            if cause is event:
                self.fire("first_contact_missed", missed.id, event.id, now)

    def _answer(self, event: Ev, now: int) -> None:
        subject = event.get("ticket_id") if event.kind == "rated" else event.get("survey_id")
        answered = event.action in ("support-tickets.rated", "surveys.csat")
        if answered and event.get("score") <= self.policy["triggers"]["low_satisfaction"]["at_most"]:
            self.fire("low_satisfaction", subject, event.id, now)
        if event.action == "surveys.nps" and event.get("score") <= 6:
            self.fire("detractor", subject, event.id, now)
        if event.action == "surveys.nps" and event.get("score") >= 9:
            self.fire("promoter", subject, event.id, now)

    def _money(self, event: Ev, now: int, tier_before: str) -> None:
        if event.topic != "purchases":
            return
        multiple = Decimal(str(self.policy["triggers"]["spend_threshold"]["multiple"]))
        reached = int(value.revenue(self.events, self.policy["currency"]) // multiple)
        if reached > self.highest_multiple:
            self.highest_multiple = reached
            self.fire("spend_threshold", None, event.id, now)
        if value.tier(self.events, self.policy) != tier_before:
            self.fire("value_tier_changed", None, event.id, now)
        every = self.policy["triggers"]["thank_you_due"]["every"]
        if event.kind in value.PURCHASES and len(value.purchases(self.events)) % every == 0:
            self.fire("thank_you_due", None, event.id, now)

    def _response(self, event: Ev, now: int) -> None:
        if event.action not in ("clickstream.form_submit", "clickstream.checkout_started", "purchases.ordered"):
            return
        within = self.policy["triggers"]["campaign_response"]["within"]
        last: dict[str, Ev] = {}
        for sent in mail.sends(self.events):
            if sent.get("campaign_id") is not None and sent.at <= event.at:
                last[sent.get("campaign_id")] = sent
        for campaign, sent in sorted(last.items()):
            if event.at - sent.at >= within:
                continue
            clicked = any(
                e.action == "email.clicked" and e.get("message_id") == sent.get("message_id") and e.at < event.at
                for e in self.events
            )
            how = "direct" if event.get("campaign_id") == campaign or clicked else "influenced"
            self.responses.append((campaign, how, event))
            self.fire("campaign_response", campaign, event.id, now, response=how)

    def _segments(self, event: Ev, now: int) -> None:
        if not self.policy["segments"]:
            return
        shown = line(self, now)
        inside = {n for n, c in self.policy["segments"].items() if conditions.in_segment(c, self.events, shown)}
        entered, left = inside - self.segments, self.segments - inside
        self.segments = inside
        for name in sorted(entered):
            self.fire("segment_entered", name, event.id, now)
        for name in sorted(left):
            self.fire("segment_left", name, event.id, now)
