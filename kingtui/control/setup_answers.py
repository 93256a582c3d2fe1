"""What is connected, what is set, and what of it can be changed while kingtui runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from kingtui.home import Home, read_choices, write_choice
from kingtui.models import Connection, Link, Pushed, Service, Setting, SourceState
from kingtui.outgoing import Outgoing
from kingtui.services import LiveSource, Source
from kingtui.services.telegram.edge import WronglySetUp
from kingtui.services.telegram.session import account_of, wanted
from kingtui.settings import Settings

_TELEGRAM_TODO = "Set TELEGRAM_API_ID and TELEGRAM_API_HASH (from https://my.telegram.org), and start anew"
_NO_OPENAI = Service(
    "openai", "OpenAI", Connection.ABSENT,
    "no commentary in reports, and no opinion on a chart that the reader does not know",
    "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a model of your own, and start anew",
)  # fmt: skip
_NO_PRICES = Service(
    "prices", "Live prices", Connection.ABSENT, "off; the newest chart's price counts, with its age",
    "Set KINGTUI_PRICES=on and start anew",
)  # fmt: skip


class Outside(Protocol):
    """A service that tells how it stands with it."""

    async def service(self) -> Service: ...


class SetupAnswers:
    """The part of Control about the whole and its surroundings."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        sources: Sequence[Source],
        api: Callable[[], tuple[str | None, str | None]],
        switch_api: Callable[[bool], Awaitable[None]],
        outgoing: Outgoing,
        outside: Sequence[Outside] = (),
    ) -> None:
        """``api`` tells the API's address and why there is none; ``switch_api`` starts or stops it.

        ``outside``: other services that are set up.
        """
        self._outside = outside
        self._home = home
        self._settings = settings
        self._sources = sources
        self._api = api
        self._switch_api = switch_api
        self._outgoing = outgoing
        self._choosing = asyncio.Lock()

    async def settings(self) -> list[Setting]:
        """Every setting in force, secrets as dots."""
        found = await asyncio.to_thread(self._settings.sources)
        return [Setting(row.name, row.value, row.source, row.about, row.allowed) for row in found]

    async def services(self) -> list[Service]:
        """Sources first, then the API, then what kingtui does without."""
        return [
            self._folder(), *self._pulled(), self._served(), *[await outside.service() for outside in self._outside],
            *self._missing(),
        ]  # fmt: skip

    async def set_api(self, on: bool) -> None:
        """Start or stop the API; where it is so already, nothing happens. Raises KingError, as for a busy port."""
        await self._switch_api(on)

    async def push_mirror(self, *, everything: bool = False) -> Pushed:
        """Send what waits for Airtable now."""
        return await self._outgoing.push(everything=everything)

    async def choices(self) -> dict[str, str]:
        """What was chosen in the dashboard, by name."""
        return await asyncio.to_thread(read_choices, self._home)

    async def choose(self, name: str, value: str) -> None:
        """Keep a choice over restarts. Raises WrongUse for what no dashboard would choose, KingError."""
        async with self._choosing:  # two dashboards at once: neither's choice is lost
            await asyncio.to_thread(write_choice, self._home, name, value)

    def _folder(self) -> Service:
        detail = f"watched: {self._home.downloads}"
        return Service("downloads", "Downloads folder", Connection.CONNECTED, detail)

    def _pulled(self) -> list[Service]:
        rows = [
            _of_connection(source.state)
            if isinstance(source, LiveSource)
            else Service(source.name, f"Source: {source.name}", Connection.CONNECTED, source.label)
            for source in self._sources
        ]
        if not any(row.name == "telegram" for row in rows) and not self._settings.demo:
            rows.append(self._no_telegram())
        if not any(row.name == "inbox" for row in rows) and not self._settings.demo:
            todo = "Set KINGTUI_INBOX to a folder whose pictures shall be copied in, and start anew"
            rows.append(Service("inbox", "Inbox folder", Connection.ABSENT, "no folder is copied from", todo))
        return rows

    def _no_telegram(self) -> Service:
        try:
            account_of(self._settings, self._home)
        except WronglySetUp as error:
            if wanted(self._settings):
                return Service("telegram", "Telegram", Connection.PROBLEM, error.what, error.todo)
        without = "pictures come from folders"
        return Service("telegram", "Telegram", Connection.ABSENT, without, _TELEGRAM_TODO)

    def _served(self) -> Service:
        address, problem = self._api()
        if address is not None:
            return Service("api", "HTTP API", Connection.CONNECTED, address)
        if problem is not None:
            return Service(
                "api", "HTTP API", Connection.PROBLEM, problem, "Free the port or choose another, then start it"
            )
        return Service(
            "api", "HTTP API", Connection.OFF, "other programs cannot ask", "Start it when other programs shall ask"
        )

    def _missing(self) -> list[Service]:
        found = self._outgoing.services()
        if not self._settings.asks_openai:
            found.append(_NO_OPENAI)
        if self._settings.prices == "off" or self._settings.demo:
            found.append(_NO_PRICES)
        return found


def _of_connection(state: SourceState) -> Service:
    """A source that lives on a connection."""
    links = {Link.CONNECTING: Connection.READY}
    if not state.todo:  # else a chat of it cannot be found
        links[Link.CONNECTED] = Connection.CONNECTED
    known = (("swept", state.last_sweep), ("last event", state.last_event))
    times = [f"{what} {at:%H:%M:%S}" for what, at in known if at is not None]
    if state.connected_since is not None:
        times.insert(0, f"since {state.connected_since:%Y-%m-%d %H:%M} UTC")
    detail = "; ".join(filter(None, (state.label.removeprefix("Telegram "), state.told, ", ".join(times))))
    return Service(state.name, "Telegram", links.get(state.link, Connection.PROBLEM), detail, state.todo)
