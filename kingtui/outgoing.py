"""What goes out by itself: the mirror in Airtable, and notices to people elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from kingtui.mirror import mirror_of, missing
from kingtui.models import Connection, Health, KingError, Pushed, Service
from kingtui.notices import notices_of
from kingtui.steps.base import Toolbox


class Outgoing:
    """As much of it as is set up."""

    def __init__(self, tools: Toolbox, health: Callable[[], Health]) -> None:
        self._settings = tools.settings
        self._mirror = mirror_of(tools)
        self._notices = notices_of(tools, health)

    def loops(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What is to be kept running, by name."""
        found: dict[str, Callable[[], Awaitable[None]]] = {}
        if self._mirror is not None:
            found["mirror"] = self._mirror.run
        if self._notices is not None:
            found |= {"notices": self._notices.run, "notice events": self._notices.listen}
        return found

    def reasons(self) -> list[str]:
        """Why health asks for attention."""
        found: list[str] = []
        if self._mirror is not None:
            found += self._mirror.reasons()
        elif setting := missing(self._settings):
            found.append(f"there is no mirror in Airtable: {setting} is not set")
        return found + (self._notices.reasons() if self._notices is not None else [])

    def services(self) -> list[Service]:
        """How it stands, for people."""
        return [self._mirrored(), self._noticed()]

    async def push(self, *, everything: bool) -> Pushed:
        """Send what waits for Airtable now. Raises KingError."""
        if self._mirror is None:
            setting = missing(self._settings) or "AIRTABLE_API_KEY"
            raise KingError(
                "a demo has no mirror" if self._settings.demo else f"there is no mirror: {setting} is not set"
            )
        return await self._mirror.push(everything=everything)

    def _mirrored(self) -> Service:
        if self._mirror is not None:
            return self._mirror.service()
        if setting := missing(self._settings):
            return Service("airtable", "Airtable", Connection.PROBLEM, f"{setting} is not set", f"Set {setting}")
        detail = "records stay in the home, and the API serves them"
        todo = "Set AIRTABLE_API_KEY and AIRTABLE_BASE_ID, start anew, then kingtui airtable init"
        if self._settings.demo:
            detail, todo = "a demo's painted numbers go nowhere", ""
        return Service("airtable", "Airtable", Connection.ABSENT, detail, todo)

    def _noticed(self) -> Service:
        if self._notices is not None:
            return self._notices.service()
        todo = "Set KINGTUI_NOTIFY_URLS, start anew, then kingtui notify test"
        return Service("notify", "Notices", Connection.ABSENT, "nobody is told elsewhere of what needs attention", todo)
