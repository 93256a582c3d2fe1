"""Control: everything a face may ask or do. The API, the commands and the dashboard speak to this and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kingtui.events import Subscription
from kingtui.models import Image, LogEntry, Report, Run, Service, Setting, Stage, Status, SymbolRecord, Triggered


class Control(Protocol):
    """What a face may ask or do. Every method raises KingError with a sentence for people, never anything else."""

    async def status(self) -> Status:
        """The steps, health, sources, addresses and counts of this moment."""
        ...

    async def history(
        self, *, limit: int = 100, before: int | None = None, step: int | None = None, status: str | None = None
    ) -> tuple[list[Run], int]:
        """The last ``limit`` runs, newest last, and how many there are in all. ``before``: only ids below it."""
        ...

    async def run(self, run_id: int) -> Run:
        """One run; NotFound."""
        ...

    async def run_log(self, run_id: int) -> str:
        """The log of a run; empty where a run without items kept none; NotFound."""
        ...

    async def symbols(self) -> list[SymbolRecord]:
        """Every symbol's record as of now, by name."""
        ...

    async def data(self, symbol: str) -> SymbolRecord:
        """One symbol's record as of now; NotFound("Symbol not found")."""
        ...

    async def report(self, symbol: str) -> Report:
        """The latest report of a symbol, of any day; NotFound("No report found")."""
        ...

    async def images(
        self, *, stages: Sequence[Stage] | None = None, limit: int = 100, before: int | None = None
    ) -> list[Image]:
        """Pictures, newest first."""
        ...

    async def logs(self, limit: int = 500) -> list[LogEntry]:
        """The newest log lines, oldest first."""
        ...

    async def trigger(self, step: int) -> Triggered:
        """Ask for a run of a step (stored before this returns); WrongUse("Invalid step number")."""
        ...

    async def cancel(self, step: int) -> bool:
        """End the step's run and hold it until a manual trigger or a new item; False where none ran or waited."""
        ...

    async def pause(self) -> None:
        """Hold automatic triggers, over restarts too."""
        ...

    async def resume(self) -> None:
        """Let automatic triggers run again."""
        ...

    async def restart(self) -> None:
        """End every run as cancelled and set all steps to idle; nothing is lost."""
        ...

    async def retry(self, image_id: int) -> None:
        """Return a quarantined picture to the stage that failed; NotFound, WrongUse."""
        ...

    async def settings(self) -> list[Setting]:
        """Every setting in force and where it comes from; secrets are dots."""
        ...

    async def services(self) -> list[Service]:
        """What kingtui is connected to, and what not, with the next thing to do."""
        ...

    async def set_api(self, on: bool) -> None:
        """Start or stop the HTTP API. A busy port is a KingError. It stops who asks over it, too."""
        ...

    async def choices(self) -> dict[str, str]:
        """What was chosen in a dashboard and is kept over restarts, such as its theme, by name."""
        ...

    async def choose(self, name: str, value: str) -> None:
        """Keep a choice."""
        ...

    def events(self) -> Subscription:
        """What happens from now on; an async context manager and iterator, bounded and coalescing."""
        ...
