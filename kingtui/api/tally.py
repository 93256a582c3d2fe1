"""What the API counts for ``GET /metrics``: plain numbers, so that counting costs next to nothing."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from kingtui.events import Event, RunFinished

REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
RUN_SECONDS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
_KEPT = {"/health": "/health", "/status": "/status"}


class Spread:
    """How often values fell between bounds: a histogram."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Requests:
    """How requests were answered: by method, route and status. A route is its pattern, never what was asked."""

    def __init__(self) -> None:
        self.spreads: dict[tuple[str, str, int], Spread] = {}
        self.refused: Counter[int] = Counter()
        """Requests and WebSockets that the guard refused, by status: most of them never reached a route."""

    def kept(self, path: str, method: str, status: int, seconds: float) -> None:
        """A kept answer was given."""
        self.answered(_KEPT.get(path, "/data/{symbol}"), method, status, seconds)

    def answered(self, route: str | None, method: str, status: int, seconds: float) -> None:
        """A request ended; ``route`` None: there is no such route. ``status`` 0: it broke off without an answer."""
        key = (method if method in _METHODS else "other", route or "none", status)
        spread = self.spreads.get(key)
        if spread is None:
            spread = self.spreads[key] = Spread(REQUEST_SECONDS)
        spread.add(seconds)


class Happenings:
    """What happened since the API started: events by kind; runs by step and result, and how long they took."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.runs: Counter[tuple[int, str]] = Counter()
        self.items: Counter[tuple[int, str]] = Counter()
        self.run_seconds: dict[int, Spread] = {}

    def count(self, name: str, event: Event) -> None:
        """Count an event."""
        self.events[name] += 1
        if isinstance(event, RunFinished):
            run = event.run
            self.runs[run.step, run.status.value] += 1
            for outcome in ("done", "failed", "quarantined"):
                self.items[run.step, outcome] += getattr(run, outcome)
            if run.duration is not None:
                self.run_seconds.setdefault(run.step, Spread(RUN_SECONDS)).add(run.duration)
