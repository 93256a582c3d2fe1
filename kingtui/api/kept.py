"""Answers that are kept as bytes until what they tell of changes, so that to ask again costs next to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from kingtui.api.answers import Answer
from kingtui.clock import Clock

MOST = 20_000
"""Answers that are kept; the oldest go first. A record's is some 900 bytes."""
LONGEST_SECONDS = 60.0
"""Nothing is kept longer, whatever it tells of: as long as a live price is fresh."""


@dataclass(frozen=True, slots=True)
class _Entry:
    answer: Answer
    subject: str
    version: int
    until: float


class KeptAnswers:
    """Answers by the path that was asked, each about a subject: a symbol, or the status.

    Who makes an answer takes the subject's version before he looks, and hands it in with the answer: what changed
    meanwhile makes it void.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._versions: dict[str, int] = {}
        self._cleared = 0

    def find(self, path: str) -> Answer | None:
        """The answer to a path, if it still holds."""
        entry = self._entries.get(path)
        if entry is None:
            return None
        if entry.version == self.version(entry.subject) and self._clock.monotonic() < entry.until:
            return entry.answer
        del self._entries[path]
        return None

    def version(self, subject: str) -> int:
        """Goes up whenever something happened to the subject."""
        return self._versions.get(subject, 0) + self._cleared

    def keep(self, path: str, subject: str, version: int, answer: Answer, seconds: float) -> None:
        """Keep an answer that was made of what was known at ``version``, for so many seconds at most."""
        if version != self.version(subject) or seconds <= 0:
            return
        while len(self._entries) >= MOST:
            del self._entries[next(iter(self._entries))]
        until = self._clock.monotonic() + min(seconds, LONGEST_SECONDS)
        self._entries[path] = _Entry(answer, subject, version, until)

    def changed(self, subject: str) -> None:
        """Something happened to the subject: what is kept about it is void."""
        self._versions[subject] = self._versions.get(subject, 0) + 1

    def all_changed(self) -> None:
        """Anything may have happened."""
        self._entries.clear()
        self._cleared += 1
