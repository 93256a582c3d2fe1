"""A circuit breaker: what keeps failing is left alone for a while, then probed by one request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FAILURES = 3
"""In a row, after which the circuit opens."""
REST = timedelta(seconds=60)
"""For the first time; each failed probe doubles it."""
LONGEST_REST = timedelta(minutes=15)
REFUSED_REST = timedelta(hours=1)
"""After a refusal for the region or the like, which more asking does not change."""


@dataclass(slots=True)
class Breaker:
    """Closed: requests pass. Open: none until ``until``. Half open: one probe decides."""

    failures: int = 0
    until: datetime | None = None
    rest: timedelta = REST
    probing: bool = False
    why: str = ""

    def passes(self, now: datetime) -> bool:
        """Whether a request may be made; where it is the probe, no other may until it has ended."""
        if self.until is None:
            return True
        if timedelta(0) < self.until - now <= REFUSED_REST or self.probing:  # longer: the clock was set back since
            return False
        self.probing = True
        return True

    def worked(self) -> None:
        """A request ended well."""
        self.failures, self.until, self.rest, self.probing, self.why = 0, None, REST, False, ""

    def failed(self, now: datetime, why: str, *, refused: bool = False) -> None:
        """A request ended badly; ``refused``: another try would end the same."""
        self.failures, self.why = self.failures + 1, why
        if refused:
            self.until = now + REFUSED_REST
        elif self.probing:
            self.rest = min(self.rest * 2, LONGEST_REST)
            self.until = now + self.rest
        elif self.failures >= FAILURES:
            self.until = now + self.rest
        self.probing = False

    def given_up(self) -> None:
        """A request was broken off: nothing is known from it."""
        self.probing = False
