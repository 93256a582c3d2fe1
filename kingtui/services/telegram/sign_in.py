"""Signing in to Telegram: a conversation of few questions, each answered within a bounded time.

It uses a connection of its own, on the same session file: while it lasts, nobody else is connected with that.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from kingtui.clock import Clock
from kingtui.models import KingError, Link, SignIn, SignInStage, SourceState, WrongUse
from kingtui.services.telegram.edge import (
    CodeExpired,
    Edge,
    FloodWait,
    LoginNeeded,
    PasswordNeeded,
    Refused,
)
from kingtui.services.telegram.memory import Wait, read_wait, write_wait
from kingtui.services.telegram.session import Account, SessionBusy, SessionFile

log = logging.getLogger("kingtui.telegram")

FORGOTTEN_SECONDS = 600.0
"""A conversation that nobody goes on with ends by itself: the session is wanted elsewhere."""
BUSY_TRIES = 50
_PHONE = "Your phone number with its country, such as +4915112345678"
_SIGNED_OUT = SignIn(SignInStage.SIGNED_OUT, f"{_PHONE}, begins it; a QR code is the other way")


class Connected(Protocol):
    """The source, as far as signing in and out concerns it."""

    @property
    def who(self) -> str:
        """Who is signed in; empty: nobody, or not connected."""
        ...

    @property
    def state(self) -> SourceState:
        """How it is."""
        ...

    def nudge(self) -> None:
        """Somebody has signed in: connect."""
        ...

    async def log_out(self) -> None:
        """End the session at the server and here."""
        ...


class SigningIn:
    """One conversation at a time. Every method answers how it stands then; raises KingError where it cannot be had."""

    def __init__(
        self, account: Account, make: Callable[[], Edge], clock: Clock, source: Connected | None = None
    ) -> None:
        """``source``: the running one, which holds the session while somebody is signed in."""
        self._session = SessionFile(account)
        self._make = make
        self._clock = clock
        self._source = source
        self._edge: Edge | None = None
        self._phone = ""
        self._view = _SIGNED_OUT
        self._lock = asyncio.Lock()
        self._scan: asyncio.Task[None] | None = None
        self._forget: asyncio.Task[None] | None = None

    async def state(self) -> SignIn:
        """How it stands."""
        source = self._source
        if self._edge is None and source is not None:
            if source.who:
                return SignIn(SignInStage.SIGNED_IN, f"Signed in as {source.who}")
            if source.state.link is Link.LOGIN and self._view.stage is SignInStage.SIGNED_IN:
                self._view = _SIGNED_OUT  # it was ended elsewhere
        return self._view

    async def start(self, phone: str) -> SignIn:
        """Have a code sent to a phone number. Raises WrongUse, KingError."""
        number = re.sub(r"[\s()./-]", "", phone)
        if not re.fullmatch(r"\+?\d{5,16}", number):
            raise WrongUse(f"{phone[:30]!r} is no phone number: digits with the country before them are allowed, +49…")
        async with self._lock:
            edge = await self._begin()
            try:
                where = await edge.send_code(number)
            except FloodWait as error:
                await self._keep(error)
                await self._end()
                raise
            except KingError:
                await self._end()
                raise
            self._phone = number
            return self._now(SignIn(SignInStage.CODE, f"The code was sent to {number}. It arrives {where}"))

    async def qr(self) -> SignIn:
        """A QR code for a phone that is signed in. It is renewed when it runs out. Raises KingError."""
        async with self._lock:
            edge = await self._begin()
            try:
                await self._show_qr(edge)
            except KingError:
                await self._end()
                raise
            self._scan = asyncio.create_task(self._until_scanned(edge))
            return self._view

    async def code(self, code: str) -> SignIn:
        """Give the code that was sent. Raises WrongUse, KingError."""
        digits = re.sub(r"[\s-]", "", code)
        if not re.fullmatch(r"\w{3,16}", digits, re.ASCII):
            return replace(await self.state(), problem="that is not the code: it is a few digits")
        return await self._answer(SignInStage.CODE, lambda edge: edge.give_code(self._phone, digits))

    async def password(self, password: str) -> SignIn:
        """Give the account's own password. Raises WrongUse, KingError."""
        if not password:
            return replace(await self.state(), problem="type the password of the account")
        return await self._answer(SignInStage.PASSWORD, lambda edge: edge.give_password(password))

    async def cancel(self) -> SignIn:
        """End the conversation."""
        async with self._lock:
            await self._end()
        return await self.state()

    async def log_out(self) -> SignIn:
        """End the session at Telegram and forget it here. Raises KingError where nobody is signed in."""
        async with self._lock:
            await self._end()
            if self._source is not None and self._source.who:
                await self._source.log_out()
                return self._now(_SIGNED_OUT)
            edge = await self._connected()
            try:
                if edge is None or await edge.me() is None:
                    raise KingError("nobody is signed in to Telegram")
                await edge.log_out()
            finally:
                await self._end()
            return self._view

    async def _answer(self, stage: SignInStage, give: Callable[[Edge], object]) -> SignIn:
        async with self._lock:
            if self._edge is None or self._view.stage is not stage:
                raise WrongUse(f"no {stage} is asked for: begin anew with the phone number")
            try:
                await give(self._edge)  # type: ignore[misc]
                return await self._done(self._edge)
            except PasswordNeeded:
                return self._now(_password())
            except CodeExpired as error:
                await self._end()
                return self._now(replace(_SIGNED_OUT, problem=str(error)))
            except Refused as error:
                return self._now(replace(self._view, problem=str(error)))
            except FloodWait as error:
                await self._keep(error)
                await self._end()
                raise
            except KingError:
                await self._end()
                raise

    async def _begin(self) -> Edge:
        """A connection with nobody signed in, on a session of its own: what an old one left is of no use any more."""
        if self._source is not None and self._source.who:
            raise KingError(f"Telegram is signed in as {self._source.who} already: sign out first")
        wait = await asyncio.to_thread(read_wait, self._session.path)
        if wait is not None and wait.until > self._clock.now():
            raise FloodWait(f"{wait.why}: not before {wait.until:%Y-%m-%d %H:%M} UTC", 60.0)
        await self._end()
        try:
            edge = await self._connected()
            who = None if edge is None else await edge.me()
            if who is not None:
                raise KingError(f"Telegram is signed in as {who} already: sign out first")
        except LoginNeeded:
            pass
        except KingError:
            await self._end()
            raise
        return await self._anew()

    async def _connected(self) -> Edge | None:
        """A connection with the session that is there; None where there is none."""
        await self._acquire()
        await asyncio.to_thread(self._session.check)
        if not self._session.path.stat().st_size:
            return None
        return await self._connect()

    async def _acquire(self) -> None:
        """Hold the session; a source that just tries whether somebody is signed in lets go of it in a moment."""
        for left in reversed(range(BUSY_TRIES)):
            try:
                await asyncio.to_thread(self._session.acquire)
                return
            except SessionBusy:
                if not left:
                    raise
                await self._clock.sleep(0.1)

    async def _connect(self) -> Edge:
        self._edge = await asyncio.to_thread(self._make)  # which loads the library the first time
        await self._edge.connect()
        return self._edge

    async def _anew(self) -> Edge:
        """A connection with an empty session, which is held all the while."""
        try:
            if self._edge is not None:
                await self._edge.disconnect()
            await asyncio.to_thread(self._session.renew)
            edge = await self._connect()
        except KingError:
            await self._end()
            raise
        self._forget = asyncio.create_task(self._forgotten())
        return edge

    async def _done(self, edge: Edge) -> SignIn:
        who = await edge.me()
        if who is None:
            raise KingError("Telegram took the answer but signed nobody in: begin anew")
        await self._end()
        log.info("signed in to Telegram as %s", who)
        if self._source is not None:
            self._source.nudge()
            for _ in range(100):  # what is told next shall be what the source says too
                if self._source.who:
                    break
                await self._clock.sleep(0.1)
        return self._now(SignIn(SignInStage.SIGNED_IN, f"Signed in as {who}"))

    def _now(self, view: SignIn) -> SignIn:
        self._view = view
        return view

    async def _show_qr(self, edge: Edge) -> None:
        shown = await edge.qr()
        told = "Scan it with a phone that is signed in: Settings, Devices, Link Desktop Device"
        self._now(SignIn(SignInStage.QR, told, qr=shown.link, until=shown.until))

    async def _until_scanned(self, edge: Edge) -> None:
        """Wait for the scan, with a new QR code whenever one runs out. The outcome is in the view."""
        try:
            while not await edge.scanned():
                await self._show_qr(edge)
            self._scan = None
            await self._done(edge)
        except PasswordNeeded:
            self._scan = None
            self._now(_password())
        except KingError as error:
            self._scan = None
            await self._end()
            self._now(replace(_SIGNED_OUT, problem=str(error)))

    async def _forgotten(self) -> None:
        await self._clock.sleep(FORGOTTEN_SECONDS)
        self._forget = None
        async with self._lock:
            await self._end()
            self._now(replace(_SIGNED_OUT, problem="the sign-in was given up: nobody went on with it"))

    async def _end(self) -> None:
        """Let go of the connection and the session, whoever of the helpers asks."""
        for task in (self._scan, self._forget):
            if task is not None:
                task.cancel()
        self._scan = self._forget = None
        edge, self._edge = self._edge, None
        if edge is not None:
            await edge.disconnect()
        self._session.release()
        if self._view.stage is not SignInStage.SIGNED_OUT or self._view.problem:
            self._view = _SIGNED_OUT

    async def _keep(self, error: FloodWait) -> None:
        until = self._clock.now() + timedelta(seconds=error.retry_after)
        await asyncio.to_thread(write_wait, self._session.path, Wait(until, str(error)))


def _password() -> SignIn:
    return SignIn(SignInStage.PASSWORD, "The account has a password of its own (two-step verification): type it")
