"""What is worth a notice: health that turns to attention or back, and warnings; each reason at most once an hour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WELL = "kingtui is well again"
QUIET = timedelta(seconds=60)
"""Without a reason before it is well again; what has just begun has not looked at everything yet."""
HOUR = timedelta(hours=1)
_VARIES = re.compile(
    r"(?<!step )(?<!address )(?<!\w)\d[\d.,:]*|\b(less than )?a minute\b"
    r"|\b(minute|hour|day|picture|symbol|record)s?\b|\b(is|are)\b"
)


def key_of(reason: str) -> str:
    """What a reason is about: its text up to the first colon, without numbers and what goes with them.

    The number of a step or an address, and digits within a word, say what is meant and stay.
    """
    return " ".join(_VARIES.sub("#", reason.split(": ", 1)[0]).split())[:200]


@dataclass(frozen=True, slots=True)
class Told:
    """What was told, kept over restarts."""

    at: Mapping[str, str] = field(default_factory=dict)
    """Key of a reason → when it was told last (ISO 8601)."""
    active: Sequence[str] = ()
    """Keys of reasons that were told and hold."""
    alarmed: bool = False
    """Attention was told, and not yet that all is well."""


@dataclass(slots=True)
class Teller:
    """Decides what to tell. ``told`` is what to keep."""

    told: Told
    well_since: datetime | None = None

    def look(self, reasons: Sequence[str], now: datetime) -> list[str]:
        """The lines to tell now that health has these reasons."""
        keys = {key_of(reason): reason for reason in reasons}
        lines = self._new({key: text for key, text in keys.items() if key not in self.told.active}, now)
        told = {key_of(line) for line in lines}
        active = [key for key in keys if key in told or key in self.told.active]
        alarmed = self.told.alarmed or bool(lines)
        if keys:
            self.well_since = None
        elif self.well_since is None:
            self.well_since = now
        elif alarmed and now - self.well_since >= QUIET:
            lines, alarmed = [WELL], False
        self.told = Told(self.told.at, tuple(active), alarmed)
        return lines

    def hear(self, texts: Iterable[str], now: datetime) -> list[str]:
        """The lines to tell of warnings that somebody posted."""
        return self._new({key_of(text): text for text in texts}, now)

    def _new(self, texts: Mapping[str, str], now: datetime) -> list[str]:
        """Those that were not told within the last hour, which are told now."""
        ages = {key: now - datetime.fromisoformat(at) for key, at in self.told.at.items()}
        recent = {key: self.told.at[key] for key, age in ages.items() if timedelta(0) <= age < HOUR}
        new = {key: text for key, text in texts.items() if key not in recent}
        at = recent | {key: now.isoformat() for key in new}
        self.told = Told(at, self.told.active, self.told.alarmed)
        return list(new.values())
