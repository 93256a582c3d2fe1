"""Whether the server may be asked now, and if not, why and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from kingtui.services.openai.endpoint import NoAnswer, Trouble

FIRST_REST: dict[Trouble, float] = {"rate": 1.0, "quota": 0.0, "setup": 300.0, "down": 30.0}
"""Seconds without asking after the first failure; each further one doubles them."""
LONGEST_REST: dict[Trouble, float] = {"rate": 3600.0, "quota": 0.0, "setup": 3600.0, "down": 900.0}


@dataclass(slots=True)
class Standing:
    """How it stands with the server: ``trouble`` None is well. The first question after ``until`` is a probe."""

    trouble: Trouble | None = None
    text: str = ""
    until: datetime | None = None
    failures: int = 0

    def why_not(self, now: datetime) -> str:
        """Why it is not asked now; empty where it is, also where only a clock that was set back since says so."""
        longest = timedelta(days=1) if self.trouble == "quota" else timedelta(hours=1)
        rests = self.until is not None and timedelta(0) < self.until - now <= longest
        return f"{self.text}; asked again from {self.until:%H:%M} UTC" if rests else ""

    def failed(self, error: NoAnswer, now: datetime) -> bool:
        """The server did not answer. True where that is news."""
        news = error.trouble != self.trouble
        self.failures = 1 if news else self.failures + 1
        self.trouble, self.text = error.trouble, str(error)
        if error.trouble == "quota":
            self.until = next_day(now)
        else:
            rest = FIRST_REST[error.trouble] * 2 ** min(self.failures - 1, 12)
            rest = min(max(error.retry_after, rest), LONGEST_REST[error.trouble])
            self.until = now + timedelta(seconds=rest)
        return news

    def answered(self, now: datetime) -> bool:
        """The server answered. True where it had not before. What was asked before a quota ended does not renew it."""
        if self.trouble == "quota" and self.why_not(now):
            return False
        news = self.trouble not in (None, "rate")
        self.trouble, self.text, self.until, self.failures = None, "", None, 0
        return news


def midnight(now: datetime) -> datetime:
    """When the day began that ``now`` lies in (UTC)."""
    return datetime.combine(now.date(), time(), now.tzinfo)


def next_day(now: datetime) -> datetime:
    """When the next day begins (UTC)."""
    return midnight(now) + timedelta(days=1)
