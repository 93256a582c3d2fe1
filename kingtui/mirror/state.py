"""What the mirror knows of its service and remembers over restarts: where it writes, what it waits for, its calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.store import cursors

CURSOR = "mirror airtable"
_KEPT_DAYS = 62
_LONGEST = timedelta(hours=2)
_LONGEST_QUOTA = timedelta(days=32)
"""Nothing makes it wait longer: but for the next month an hour at most."""


@dataclass(frozen=True, slots=True)
class MirrorState:
    """Moments are ISO 8601."""

    place: str = ""
    """A hash of where the rows are: elsewhere nothing of ours is held."""
    columns: str = ""
    """A hash of our columns' names there."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Columns (their names) that the table has not or that refuse our values, and why."""
    failures: int = 0
    """Calls that failed in a row."""
    retry_at: str | None = None
    """Nothing is sent before."""
    problem: str = ""
    """Why nothing was sent at the last try."""
    remedy: str = ""
    """What a person can do; empty while it is tried again by itself."""
    quota: bool = False
    """The calls of the month are used up."""
    delivered_at: str | None = None
    """When the last delivery began."""
    calls: Mapping[str, int] = field(default_factory=dict)
    """Day (UTC) → calls made."""

    def waits(self, now: datetime) -> bool:
        """Whether it is too early to send anything. A clock that was far ahead once does not hold it up for ever."""
        if self.retry_at is None:
            return False
        longest = _LONGEST_QUOTA if self.quota else _LONGEST
        return timedelta(0) < datetime.fromisoformat(self.retry_at) - now <= longest

    def called(self, now: datetime) -> MirrorState:
        """One call more."""
        day = f"{now:%Y-%m-%d}"
        first = f"{now - timedelta(days=_KEPT_DAYS):%Y-%m-%d}"
        kept = {name: count for name, count in self.calls.items() if name >= first}
        return replace(self, calls=kept | {day: kept.get(day, 0) + 1})

    def calls_today(self, now: datetime) -> int:
        """Calls made on this day (UTC)."""
        return self.calls.get(f"{now:%Y-%m-%d}", 0)

    def calls_this_month(self, now: datetime) -> int:
        """Calls made in this month (UTC)."""
        return sum(count for day, count in self.calls.items() if day.startswith(f"{now:%Y-%m}"))

    def well(self) -> MirrorState:
        """A call succeeded."""
        return replace(self, failures=0, retry_at=None, problem="", remedy="", quota=False)

    @classmethod
    async def load(cls, connection: AsyncConnection) -> Self:
        """As it was saved; new where nothing was."""
        saved: dict[str, Any] = await cursors.cursor(connection, CURSOR) or {}
        return cls(**{name: saved[name] for name in cls.__dataclass_fields__ if name in saved})

    async def save(self, tx: AsyncConnection, now: datetime) -> None:
        """Keep it."""
        await cursors.advance(tx, CURSOR, asdict(self), now)
