"""What kingtui is connected to and what is set, as every face shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Connection(StrEnum):
    """How it stands with something outside."""

    CONNECTED = "connected"
    READY = "set up"
    """Nothing has been asked of it or sent to it yet, so whether it works is not known."""
    OFF = "off"
    """Switched off; it can be switched on."""
    PROBLEM = "problem"
    """It should be there and is not."""
    ABSENT = "not set up"


@dataclass(frozen=True, slots=True)
class Service:
    """A source, the API, or another service. ``name`` is one word, the others are for people."""

    name: str
    label: str
    state: Connection
    detail: str = ""
    """How it is, or what kingtui does without it."""
    todo: str = ""
    """The next thing to do; empty where there is nothing."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting in force. ``value`` is for reading: a secret is dots, nothing is empty."""

    name: str
    value: str
    source: str
    """``default``, ``environment``, ``flag --port``, ``secrets directory /run/…`` or the path of a .env file."""
    about: str = ""
    allowed: str = ""
    """What it may be, as the subject of "… is allowed"."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push to the mirror did. ``refused``: records that it did not take."""

    records: int
    calls: int
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Attachment:
    """How an attached dashboard stands with the kingtui that it shows."""

    address: str
    """Where that one is, such as ``http://127.0.0.1:5555``."""
    lost: str | None = None
    """Why the connection is lost, as a sentence; None while it holds."""
    next_try: datetime | None = None
    """While it is lost: when it is tried again; None while it is being tried."""
