"""The API as a part that is switched on and off: its sockets, the guard around its routes, and the server."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from kingtui.clock import Clock
from kingtui.guard.answers import CountingApp
from kingtui.guard.exposure import check_exposure, doubts
from kingtui.home import Home, make_secret, publish_certificate
from kingtui.models import KingError, WrongUse
from kingtui.redaction import hidden
from kingtui.server import ApiServer, PortBusy, address_of, addresses, bind, tls_context
from kingtui.settings import Settings
from kingtui.store import tokens
from kingtui.store.database import Database

if TYPE_CHECKING:
    import ssl

    from kingtui.guard.guard import Guard

log = logging.getLogger("kingtui.server")


class Serving:
    """``await bind()``, then ``serve()``; later ``switch`` as often as wanted.

    ``make_app`` makes the routes, in a thread; ``keep`` runs a loop under a name and again where it breaks; ``changed``
    is called when ``reasons`` may have changed.
    """

    def __init__(
        self, settings: Settings, home: Home, database: Database, clock: Clock, *, make_app: Callable[[], CountingApp],
        keep: Callable[[str, Callable[[], Awaitable[None]]], None], changed: Callable[[], None],
    ) -> None:  # fmt: skip
        self.problem: str | None = None
        """Why it is not served although it should be."""
        self.guard: Guard | None = None
        self._settings = settings
        self._home = home
        self._database = database
        self._clock = clock
        self._make_app = make_app
        self._keep = keep
        self._changed = changed
        self._sockets: list[socket.socket] = []
        self._tls: ssl.SSLContext | None = None
        self._server: ApiServer | None = None
        self._switching = asyncio.Lock()

    @property
    def address(self) -> str | None:
        """Where it is, or would be while it is stopped; None without one."""
        return address_of(self._sockets, tls=self._tls is not None) if self._sockets else None

    @property
    def served_at(self) -> str | None:
        """Where it is served; None while it is not."""
        return self._server.address if self._server else None

    def reasons(self) -> list[str]:
        """Why somebody should look."""
        uncounted = self.guard.rates.problem if self.guard is not None else None
        return [text for text in (self.problem, uncounted) if text]

    async def bind(self, *, needed: bool) -> None:
        """Take the port. Where it cannot be had, ``problem`` says so, unless it is ``needed``: then KingError.

        Raises WrongUse for settings that disagree.
        """
        try:
            await self._listen(self._settings.port)
        except WrongUse:
            raise
        except KingError as error:
            if isinstance(error, PortBusy) and self._settings.demo:
                await self._listen(0)
            elif needed:
                raise
            else:
                self.problem = str(error)

    def serve(self, *, after: float = 0.0) -> None:
        """Begin to answer, ``after`` so many seconds."""
        self._server = ApiServer(
            self._guarded, self._sockets, after=after, tls=self._tls, connections=self._settings.max_connections
        )
        self._keep("api", self._server.run)

    async def switch(self, on: bool) -> None:
        """Start or stop it. Raises KingError where its port cannot be had."""
        async with self._switching:
            if on and self._server is None:
                try:
                    await self._listen(self._settings.port)
                except KingError as error:
                    self.problem = str(error) if self.problem else None  # it was off: it stays off
                    raise
                self.problem = None
                self.serve()
            elif not on:
                self.problem = None
                if self._server is not None:
                    server, self._server, self.guard = self._server, None, None
                    await server.stop()
                self.close()

    def refuse_work(self) -> None:
        """From now on answer 503 to whoever wants something done."""
        if self.guard is not None:
            self.guard.closing = True

    async def stop(self) -> None:
        """End connections gracefully; the sockets stay."""
        if self._server is not None:
            await self._server.stop()

    def close(self) -> None:
        """Give the port back."""
        for bound in self._sockets:
            bound.close()
        self._sockets = []

    async def _listen(self, port: int) -> None:
        """Bind the sockets, if it may be reached there. Raises PortBusy, WrongUse, KingError."""
        self._tls = tls_context(self._settings.certfile, self._settings.keyfile)
        self._sockets = bind(self._settings.host, port)
        try:
            async with self._database.read() as connection:
                has_tokens = await tokens.usable(connection, self._clock.now())
            check_exposure(self._settings, addresses(self._sockets), has_tokens=has_tokens)
            await asyncio.to_thread(self._prepare)  # before others learn the address
        except BaseException:
            self.close()
            raise
        if doubt := doubts(self._settings, addresses(self._sockets)):
            log.warning("%s", doubt)

    def _prepare(self) -> None:
        """What a client needs that comes with the first request, and what would break the guard later."""
        from kingtui.guard.keys import keyring
        from kingtui.guard.rates import shared_storage

        keyring(self._settings, self._home)
        if self._settings.rate_limit_storage is not None:
            shared_storage(self._settings)
        publish_certificate(self._home, self._settings.certfile)
        hidden.add([make_secret(self._home)])

    def _guarded(self) -> Guard:
        from kingtui.guard.building import make_guard

        self.guard = make_guard(
            self._make_app(), self._settings, self._home, self._database, self._clock, addresses(self._sockets),
            self._changed,
        )  # fmt: skip
        return self.guard
