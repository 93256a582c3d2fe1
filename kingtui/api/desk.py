"""What all routes share: Control, the clock, the hub, and the making of answers that are kept."""

from __future__ import annotations

from datetime import timedelta

from kingtui.api.answers import Answer, encoded
from kingtui.api.hub import STATUS, Hub
from kingtui.api.kept import KeptAnswers
from kingtui.api.shared import Records, Shared
from kingtui.api.tally import Requests
from kingtui.clock import Clock
from kingtui.control import Control
from kingtui.control.shapes import status_json
from kingtui.models import NotFound, Status, SymbolRecord, WrongUse, iso, symbol_of
from kingtui.models.records import DAY_SECONDS
from kingtui.reports.rates import LIFE

STATUS_SECONDS = 0.5
"""The status is told anew after this time, and at once after whatever happened."""


class Desk:
    """Made once for an API."""

    def __init__(self, control: Control, clock: Clock, max_upload: int) -> None:
        self.control = control
        self.clock = clock
        self.max_upload = max_upload
        """Bytes of a picture."""
        self.kept = KeptAnswers(clock)
        self.hub = Hub(control, clock, self.kept)
        self.requests = Requests()
        self._status = Shared(lambda: control.status(), lambda: self.kept.version(STATUS))
        self._records = Records(control)

    async def status(self) -> Status:
        """The status as of now; asked of Control once for all who want it at the same time."""
        return await self._status.get()

    async def status_answer(self, path: str) -> Answer:
        """``/status`` or ``/health``; both are kept for a moment."""
        version = self.kept.version(STATUS)
        status = await self.status()
        answers = {"/status": Answer(encoded(status_json(status))), "/health": Answer(encoded(health_json(status)))}
        if self.hub.listens:
            for made, answer in answers.items():
                self.kept.keep(made, STATUS, version, answer, STATUS_SECONDS)
        return answers[path]

    async def record(self, symbol: str) -> SymbolRecord:
        """A symbol's record in any writing of its name; NotFound."""
        try:
            name = symbol_of(symbol)
        except WrongUse:
            raise NotFound("Symbol not found") from None
        found = await self._records.get(name)
        if found is None:
            raise NotFound("Symbol not found")
        return found

    async def record_answer(self, path: str, symbol: str) -> Answer:
        """``/data/{symbol}``, kept until the symbol's evidence changes or its record does by age."""
        try:
            version = self.kept.version(symbol_of(symbol))
        except WrongUse:
            raise NotFound("Symbol not found") from None
        found = await self.record(symbol)
        answer = Answer.of(found.flat())
        if self.hub.listens:
            self.kept.keep(path, found.symbol, version, answer, lifetime(found))
        return answer

    def changed(self) -> None:
        """A request changed something: the status that is told next is made after it."""
        self.kept.changed(STATUS)


def health_json(status: Status) -> dict[str, object]:
    """``GET /health``."""
    return {
        "status": "healthy",
        "service": "King Orchestration Agent",
        "timestamp": iso(status.at),
        "version": status.version,
        "health": status.health.word.value,
        "reasons": list(status.health.reasons),
    }


def lifetime(record: SymbolRecord) -> float:
    """Seconds from its moment for which a record stays as it is while its evidence does: rates and freshness age."""
    ends = [rate.at + LIFE[horizon] for horizon, rate in record.win_rates.items() if rate is not None]
    if not record.stale:
        ends.append(record.last_updated + timedelta(seconds=DAY_SECONDS))
    return min(((end - record.computed_at).total_seconds() for end in ends), default=float("inf"))
