"""The figures as gauges: labels are of closed sets or of the policy, never customers, products or campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from streams.figures.fact import OVERALL

if TYPE_CHECKING:
    from agents.kpis.board import Board
    from agents.metrics import Metrics
    from schemas.policy import Policy

_STANDINGS = {"levels": "level", "roles": "role", "segments": "segment"}


def show(board: Board, metrics: Metrics, policy: Policy) -> None:
    """Set the gauges to the totals; a share without a denominator is not shown."""
    figures = board.figures(OVERALL)
    for name, number in _service(figures):
        metrics.kpi(name, number)
    metrics.kpi("orders", figures["orders"])
    if figures["mean_score"] is not None:
        metrics.kpi("mean_score", figures["mean_score"])
    for money in ("revenue", "recurring_revenue"):
        metrics.kpi(money, float(figures[money].get(policy.currency, 0)))
    for stage, reached in figures["funnel"].items():
        metrics.kpi("funnel", reached, "stage", stage)
    for name, share in figures["conversion"].items():
        if share is not None:
            metrics.kpi("conversion", share, "customer_definition", name)
    for figure, dimension in _STANDINGS.items():
        for value, customers in figures[figure].items():
            metrics.kpi("customers", customers, dimension, value)
    for dimension in ("channel", "stage"):
        for where in board.slices(dimension):
            for name, number in _service(board.figures(where)):
                metrics.kpi(name, number, dimension, str(where[1]))


def _service(figures: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """``fcr_rate``, ``csat_percent``, ``tickets_created``... and their values."""
    for group in ("fcr", "csat", "nps", "tickets"):
        for name, number in figures[group].items():
            if number is not None:
                yield f"{group}_{name}", number
