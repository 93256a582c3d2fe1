"""How it stands with a source that lives on a connection, and with signing in to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PATIENCE = timedelta(seconds=60)
"""A connection that breaks and comes again within this time is nobody's concern."""


class Link(StrEnum):
    """The connection of a source, in a word."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"
    """It broke or could not be had; it is tried again."""
    FLOOD = "asked to wait"
    """The service wants no requests for a while."""
    LOGIN = "login needed"
    """A person must sign in; until then kingtui goes on without it."""
    WRONG = "set up wrongly"
    """A setting or a file must be mended first."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source as every face shows it."""

    name: str
    label: str
    link: Link
    detail: str = ""
    """Why it is not connected, or what is amiss although it is; a sentence."""
    todo: str = ""
    """What a person can do about it."""
    connected_since: datetime | None = None
    last_event: datetime | None = None
    """When it last told of something by itself."""
    last_sweep: datetime | None = None
    """When everything it has was last looked through."""
    next_try: datetime | None = None
    """When the connection, or what the service asked to wait with, is tried again."""
    broken_since: datetime | None = None
    """Since when it is not connected."""

    @property
    def told(self) -> str:
        """How it is, as a sentence without a moment that passes."""
        again = f"; next try at {self.next_try:%H:%M:%S} UTC" if self.next_try is not None else ""
        why = f": {self.detail}" if self.detail else ""
        return f"{self.link}{why}{again}"

    def reason(self, now: datetime) -> str:
        """Why a person should look at it; empty where there is no reason, or a connection just broke."""
        todo = f". {self.todo}" if self.todo else ""
        if self.link in (Link.LOGIN, Link.WRONG, Link.CONNECTED):
            return f"{self.detail}{todo}" if self.detail else ""
        broken = self.broken_since is not None and now - self.broken_since > PATIENCE
        return f"{self.label} is {self.told}{todo}" if broken else ""


class SignInStage(StrEnum):
    """Where signing in to Telegram is."""

    UNSET = "not set up"
    SIGNED_OUT = "signed out"
    """A phone number, or a QR code, begins it."""
    CODE = "code"
    """A code was sent and is awaited."""
    PASSWORD = "password"  # noqa: S105 - a word, no secret
    """The account has a password of its own, which is awaited."""
    QR = "qr"
    """A QR code is to be scanned."""
    SIGNED_IN = "signed in"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Signing in to Telegram: where it is, and what a person is told."""

    stage: SignInStage
    told: str = ""
    """What to do now, or who is signed in; a sentence."""
    problem: str = ""
    """Why the last answer did not help; a sentence."""
    qr: str = ""
    """The link that the QR code stands for."""
    until: datetime | None = None
    """When the QR code, or a wait that Telegram asked for, ends."""
