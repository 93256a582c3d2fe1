"""The loop that tells people elsewhere: what is new goes to the store first, and from there to each address."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from kingtui.events import Missed, Notice
from kingtui.models import Connection, Health, KingError, Service
from kingtui.notices.told import WELL, Teller, Told
from kingtui.services import ServiceUnavailable
from kingtui.services.notify import Address, UnknownAddress, addresses_of
from kingtui.settings import Settings
from kingtui.steps.base import Toolbox
from kingtui.store import cursors, notices
from kingtui.store.database import StoreFailed

log = logging.getLogger("kingtui.notices")

CURSOR = "notices"
TICK_SECONDS = 5.0
GATHER_SECONDS = 15.0
"""From the first line on, so that what happens together goes together."""
RETRY_SECONDS = 30.0
LONGEST_RETRY_SECONDS = 3600.0
LINES = 20
ASKS = "kingtui notify test tries every address"
TRY = "Look at KINGTUI_NOTIFY_URLS; kingtui notify test tries every address"
_HEARD = 100


def address_list(settings: Settings) -> list[Address]:
    """The addresses that the settings name."""
    text = settings.notify_urls.get_secret_value() if settings.notify_urls else ""
    return [Address(url, number) for number, url in enumerate(addresses_of(text), 1)]


def notices_of(tools: Toolbox, health: Callable[[], Health]) -> Notices | None:
    """The notices that the settings ask for, if any."""
    addresses = address_list(tools.settings)
    return Notices(tools, addresses, health) if addresses else None


def title(settings: Settings, what: str) -> str:
    """Of a notice: which kingtui tells, and what."""
    return f"{'kingtui demo' if settings.demo else 'kingtui'} on {socket.gethostname()}: {what}"


class Notices:
    """Each reason at most once an hour; kept until every address has got it."""

    def __init__(self, tools: Toolbox, addresses: Sequence[Address], health: Callable[[], Health]) -> None:
        self._tools = tools
        self._addresses = addresses
        self._health = health
        self._teller: Teller | None = None
        self._heard: list[str] = []
        self._problems: dict[str, str] = {}
        """Label of an address → why it got nothing."""
        self._taken = False
        """Whether an address took a notice since the start."""

    async def run(self) -> None:
        """Tell, until cancelled."""
        await self._check()
        try:
            while True:
                try:
                    await self.tell()
                except StoreFailed as error:  # what was heard waits in memory
                    log.warning("notices wait: %s", error)
                await self._tools.clock.sleep(TICK_SECONDS)
        finally:
            for address in self._addresses:
                address.close()

    async def listen(self) -> None:
        """Hear warnings and errors that are posted, until cancelled."""
        async with self._tools.bus.subscribe() as events:
            async for event in events:
                if isinstance(event, Notice) and event.severity != "information":
                    self._heard = [*self._heard[-_HEARD:], event.text]
                elif isinstance(event, Missed):
                    log.warning("%d events were missed: a notice may be among them", event.count)

    async def tell(self) -> None:
        """Put what is new to the others that wait, and send what has waited long enough."""
        now = self._tools.clock.now()
        teller = self._teller or await self._loaded()
        before, heard = teller.told, self._heard
        lines = teller.look(self._health().reasons, now)
        lines += [line for line in teller.hear(heard, now) if line not in lines]
        if teller.told != before:
            try:
                await self._keep(teller.told, lines, now)
            except BaseException:
                teller.told = before
                raise
        self._heard = [text for text in self._heard if text not in heard]
        for address in self._addresses:
            await self._send(address, now)

    def reasons(self) -> list[str]:
        """Why health asks for attention."""
        return [f"{problem.rstrip('.')}. {TRY}" for problem in self._problems.values()]

    def service(self) -> Service:
        """How it stands, for people."""
        labels = ", ".join(address.label for address in self._addresses)
        if self._problems:
            return Service("notify", "Notices", Connection.PROBLEM, "; ".join(self._problems.values()), TRY)
        if not self._taken:
            return Service("notify", "Notices", Connection.READY, f"to {labels}; none was sent since the start", ASKS)
        return Service("notify", "Notices", Connection.CONNECTED, f"to {labels}")

    async def _check(self) -> None:
        """An address that apprise does not know is wrong before anything is to be told."""
        for address in self._addresses:
            try:
                await address.check()
            except (UnknownAddress, TimeoutError) as error:
                self._problems[address.label] = str(error) or f"{address.label} cannot be looked at"
                log.warning("%s", self._problems[address.label])

    async def _loaded(self) -> Teller:
        async with self._tools.database.write() as tx:
            saved: dict[str, Any] = await cursors.cursor(tx, CURSOR) or {}
            await notices.forget_others(tx, [address.id for address in self._addresses])
        self._teller = Teller(Told(**saved))
        return self._teller

    async def _keep(self, told: Told, lines: Sequence[str], now: datetime) -> None:
        async with self._tools.database.write() as tx:
            await cursors.advance(tx, CURSOR, asdict(told), now)
            await notices.add(tx, [address.id for address in self._addresses], lines, now)

    async def _send(self, address: Address, now: datetime) -> None:
        async with self._tools.database.read() as connection:
            rows = await notices.waiting(connection, address.id)
        if not rows or not _due(rows, now):
            return
        ids = [row.id for row in rows]
        try:
            well = rows[-1].text == WELL
            head = title(self._tools.settings, "well again" if well else "attention")
            await address.send(head, _body(rows), "success" if well else "warning")
        except (ServiceUnavailable, UnknownAddress) as error:
            await self._failed(address, error, rows, now)
            return
        self._problems.pop(address.label, None)
        self._taken = True
        async with self._tools.database.write() as tx:
            await notices.sent(tx, ids)
        log.info("%d notices went to %s", len(ids), address.label)

    async def _failed(self, address: Address, error: KingError, rows: Sequence[notices.Waiting], now: datetime) -> None:
        attempts = max(row.attempts for row in rows)
        wait = min(RETRY_SECONDS * 2 ** min(attempts, 10), LONGEST_RETRY_SECONDS)
        if address.label not in self._problems:
            log.warning("%s; it is tried again", error)
        self._problems[address.label] = str(error)
        async with self._tools.database.write() as tx:
            await notices.failed(tx, [row.id for row in rows], now + timedelta(seconds=wait))


def _due(rows: Sequence[notices.Waiting], now: datetime) -> bool:
    """A moment that is too far ahead is of a clock that was set back since: nothing waits for it."""
    tries = [row.next_try for row in rows if row.next_try is not None]
    if tries:
        return not timedelta(0) < max(tries) - now <= timedelta(seconds=LONGEST_RETRY_SECONDS)
    return not 0 <= (now - rows[0].at).total_seconds() < GATHER_SECONDS


def _body(rows: Sequence[notices.Waiting]) -> str:
    lines = [f"{row.at:%Y-%m-%d %H:%M} UTC  {row.text}" for row in rows[-LINES:]]
    earlier = len(rows) - len(lines)
    return "\n".join([*([f"({earlier} earlier ones)"] if earlier else []), *lines])
