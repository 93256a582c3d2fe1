"""The frames of ``WS /ws``: each event encoded once, numbered, and kept for those who come back."""

from __future__ import annotations

from dataclasses import dataclass

from kingtui.api.answers import encoded
from kingtui.clock import Clock
from kingtui.control.wire import dump, event_name
from kingtui.events import Event, Logged
from kingtui.models import iso

MOST = 1000
"""Events that are kept, log lines not counted."""
MOST_WITH_LOGS = 4000


@dataclass(frozen=True, slots=True)
class Frame:
    """An event as it is sent."""

    seq: int
    text: str
    key: object | None
    """Of frames of one key the newest is enough."""
    is_log: bool


class Frames:
    """The last events. A follower only remembers the number that it took last, so followers cost no memory here."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._frames: list[Frame] = []
        self._gone = 0
        """So many at the front of the list are forgotten: it is shortened now and then, not with each event."""
        self._others = 0
        self._newest: dict[object, int] = {}
        self.seq = 0
        """Of the newest event; 0 before the first."""

    def add(self, event: Event) -> None:
        """Number an event and keep it; the oldest go."""
        self.seq += 1
        frame = {"type": event_name(type(event)), "seq": self.seq, "at": iso(self._clock.now()), "data": dump(event)}
        found = Frame(self.seq, encoded(frame).decode(), event.key, isinstance(event, Logged))
        self._frames.append(found)
        self._others += not found.is_log
        if found.key is not None:
            self._newest[found.key] = self.seq
        while self._others > MOST or len(self._frames) - self._gone > MOST_WITH_LOGS:
            self._forget()
        if self._gone > MOST_WITH_LOGS:
            del self._frames[: self._gone]
            self._gone = 0

    def _forget(self) -> None:
        oldest = self._frames[self._gone]
        self._gone += 1
        self._others -= not oldest.is_log
        if oldest.key is not None and self._newest[oldest.key] == oldest.seq:
            del self._newest[oldest.key]

    def reach(self, after: int) -> bool:
        """Whether every event after this number is still here."""
        return self.seq - (len(self._frames) - self._gone) <= after <= self.seq

    def after(self, seq: int, *, logs: bool, most: int = 64) -> tuple[list[Frame], int]:
        """The next frames after a number, without those that a newer one has replaced, and how far they reach."""
        found: list[Frame] = []
        first = self.seq - (len(self._frames) - self._gone) + 1
        for place in range(self._gone + max(seq + 1 - first, 0), len(self._frames)):
            frame = self._frames[place]
            if (logs or not frame.is_log) and (frame.key is None or self._newest[frame.key] == frame.seq):
                found.append(frame)
                if len(found) == most:
                    return found, frame.seq
        return found, self.seq
