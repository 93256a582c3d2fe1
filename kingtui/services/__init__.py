"""The outside world, each service a small class behind a protocol.

A step is given what is configured and works without the rest.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from kingtui.models import KingError, Service, SourceState, Value


class ServiceUnavailable(KingError):
    """An outside service does not answer or refuses for now: what needs it waits ``retry_after`` seconds."""

    def __init__(self, text: str, retry_after: float = 60.0) -> None:
        super().__init__(text)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Offer:
    """A picture that a source has. ``key`` makes it the same delivery when it is offered again."""

    key: str
    name: str
    message_at: datetime | None = None
    caption: str | None = None
    cursor: Any = None
    """What the source shall remember once this one and all before it are stored (JSON data)."""


class Source(Protocol):
    """Where step 1 pulls pictures from."""

    @property
    def name(self) -> str:
        """One word, kept with every picture: ``inbox``, ``demo``, ``telegram``."""
        ...

    @property
    def label(self) -> str:
        """In words, for people."""
        ...

    async def offers(self, cursor: Any) -> Sequence[Offer]:
        """What it has, oldest first; known ones may be among them. Raises ServiceUnavailable."""
        ...

    async def fetch(self, offer: Offer) -> bytes:
        """The picture's bytes. Raises ServiceUnavailable, or KingError for this one alone."""
        ...

    def hints(self) -> AsyncIterator[None]:
        """Yields whenever something may have arrived: a hint, never the truth. May never yield."""
        ...


@runtime_checkable
class LiveSource(Source, Protocol):
    """A source that lives on a connection and remembers more than one cursor can: what was offered and failed."""

    @property
    def state(self) -> SourceState:
        """How it is, for every face."""
        ...

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        ...

    def remember(self, stored: Sequence[str]) -> Any:
        """The cursor (JSON data) of the last ``offers`` once the offers of these keys are stored as well."""
        ...

    def unstored(self, key: str) -> None:
        """The offer of this key was not stored after all, whatever ``remember`` was told."""
        ...

    def withdrawn(self) -> Sequence[str]:
        """How the keys begin of deliveries that were taken back where they came from, until ``marked``."""
        ...

    def marked(self, withdrawn: Sequence[str]) -> None:
        """How far the last ``offers`` looked is stored, and these as taken back."""
        ...


class Prices(Protocol):
    """Live prices."""

    def known(self, symbol: str) -> Value | None:
        """The symbol's price where one of the last 60 s is at hand; asks nobody."""
        ...

    async def price(self, symbol: str, seconds: float = ...) -> Value | None:
        """The symbol's price of the last 60 s, asked for where none is at hand; None where none came in time."""
        ...

    async def service(self) -> Service:
        """How it stands with the venues."""
        ...
