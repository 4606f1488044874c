"""The worker's read-only HTTP: metrics, liveness, readiness, a customer's state, and a page that says what this is."""

from agents.http.progress import Progress
from agents.http.server import HttpServer
from agents.http.status import Absent, LaneSummary, Summary, Verdict, WorkerStatus

__all__ = ["Absent", "HttpServer", "LaneSummary", "Progress", "Summary", "Verdict", "WorkerStatus"]
