"""The page at ``/``: what this worker is, how it fares, and where the rest is."""

from __future__ import annotations

from html import escape
from string import Template
from typing import Final

from agents.http.status import LaneSummary, Summary, Verdict
from schemas.times import format_instant

_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Engagement engine: $worker</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; }
p.what { margin-top: .25rem; opacity: .75; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; }
dt { opacity: .75; }
dd { margin: 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid #8884; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
.yes::before, .no::before { content: "\\25CF"; margin-right: .4rem; }
.yes::before { color: #1a8f4a; }
.no::before { color: #c62828; }
</style>
</head>
<body>
<h1>$worker</h1>
<p class="what">A worker of the engagement engine: customer events in, explained scores and triggers out.</p>
<dl>
<dt>Alive</dt><dd>$alive</dd>
<dt>Ready</dt><dd>$ready</dd>
<dt>Version</dt><dd>$version</dd>
<dt>Policy</dt><dd>$policy</dd>
<dt>Consumer group</dt><dd>$group</dd>
<dt>Started</dt><dd>$started</dd>
</dl>
<h2>Lanes</h2>
$lanes
<h2>Links</h2>
<ul>
<li><a href="/metrics">/metrics</a>: what Prometheus reads</li>
<li><a href="/livez">/livez</a>: does work go on</li>
<li><a href="/readyz">/readyz</a>: are all lanes recovered</li>
<li><code>/customers/&lt;customer_id&gt;</code>: a customer's state and contact allowance (with the token, if set)</li>
</ul>
</body>
</html>
""")
_HEAD: Final = "<tr><th>Lane</th><th>State</th><th>Lag (records)</th><th>Behind (s)</th><th>Customers</th></tr>"


def render(summary: Summary, ready: Verdict, alive: Verdict) -> str:
    """The page as HTML; every value from outside is escaped."""
    return _PAGE.substitute(
        worker=escape(summary.worker),
        alive=_verdict(alive),
        ready=_verdict(ready),
        version=escape(summary.version),
        policy=escape(summary.policy_version),
        group=escape(summary.group),
        started=format_instant(summary.started_at),
        lanes=_table(summary.lanes),
    )


def _verdict(verdict: Verdict) -> str:
    if verdict.ok:
        return '<span class="yes">yes</span>'
    return f'<span class="no">no: {escape("; ".join(verdict.reasons))}</span>'


def _table(lanes: tuple[LaneSummary, ...]) -> str:
    if not lanes:
        return "<p>None: the other workers of the group have all partitions, or the group is being formed.</p>"
    return f"<table>{_HEAD}{''.join(map(_row, lanes))}</table>"


def _row(lane: LaneSummary) -> str:
    state = "recovering" if not lane.ready else "paused" if lane.paused else "running"
    return (
        f"<tr><td>{lane.partition}</td><td>{state}</td><td>{lane.lag:,}</td>"
        f"<td>{lane.behind_seconds:,.0f}</td><td>{lane.customers:,}</td></tr>"
    )
