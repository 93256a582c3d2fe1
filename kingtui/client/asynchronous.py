"""The client for programs that use asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx
import stamina

from kingtui.client import calls
from kingtui.client.calls import Call, again
from kingtui.client.doors import AddressDoor, Door, HomeDoor, Place
from kingtui.client.live import LiveEvents
from kingtui.home import Home

if TYPE_CHECKING:
    from kingtui.api import schemas as shapes

T = TypeVar("T")

TIMEOUT_SECONDS = 30.0
CONNECT_SECONDS = 5.0
ATTEMPTS = 3


class AsyncClient:
    """Asks a running kingtui. ``async with AsyncClient("http://127.0.0.1:5555") as king: await king.status()``

    What goes wrong is a KingError with a sentence: NotFound, WrongUse, Refused, or Unreachable. A request that does no
    harm when it is repeated is tried ``attempts`` times in all; any other only where the API refused it for now.
    """

    def __init__(
        self, address: str = "http://127.0.0.1:5555", *, token: str | None = None, door: Door | None = None,
        timeout: float = TIMEOUT_SECONDS, attempts: int = ATTEMPTS,
    ) -> None:  # fmt: skip
        """``token``: without one all is allowed on this machine's own addresses, unless the API asks for one."""
        self._door = door or AddressDoor(address, token)
        self._timeout = timeout
        self._attempts = attempts
        self._place: Place | None = None
        self._http: httpx.AsyncClient | None = None

    @classmethod
    def of_home(cls, home: Path, **options: Any) -> Self:
        """A client of whoever owns a home, with that home's own secret; after a restart it finds the new address."""
        return cls(door=HomeDoor(Home(home)), **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def address(self) -> str:
        """Where it asked last; empty before the first question."""
        return self._place.address if self._place is not None else ""

    async def close(self) -> None:
        """Let every connection go."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def events(self, *, logs: bool = False, after: int | None = None, epoch: str | None = None) -> LiveEvents:
        """What happens from now on: ``async with king.events() as events: async for event in events``.

        A connection that breaks is made anew, and what happened meanwhile is caught up with. ``after`` and ``epoch``:
        those of the last event that was seen in an earlier life. ``logs``: lines of the log too.
        """
        return LiveEvents(self._door, logs=logs, after=after, epoch=epoch)

    async def control(self, method: str, body: bytes, *, harmless: bool, read: Callable[[bytes], T]) -> T:
        """``POST /control/{method}``, the channel of attached dashboards."""
        return await self._ask(calls.control(method, body, harmless=harmless, read=read))

    async def health(self) -> shapes.Health:
        """``GET /health``: it answers, which version it is, and health in one word with its reasons."""
        return await self._ask(calls.health())

    async def ready(self) -> shapes.Ready:
        """``GET /readyz``; Refused while it is not."""
        return await self._ask(calls.ready())

    async def status(self) -> shapes.Status:
        """``GET /status``: the six steps, health and counts."""
        return await self._ask(calls.status())

    async def metrics(self) -> str:
        """``GET /metrics``, in the text format of Prometheus."""
        return await self._ask(calls.metrics())

    async def trigger(self, step: int) -> shapes.Triggered:
        """Ask for a run of a step; WrongUse for a step that is none."""
        return await self._ask(calls.trigger(step))

    async def cancel(self, step: int) -> bool:
        """End a step's run; False where none ran or waited."""
        return await self._ask(calls.cancel(step))

    async def pause(self) -> bool:
        """Hold automatic triggers; whether they are held now."""
        return await self._ask(calls.pause())

    async def resume(self) -> bool:
        """Let automatic triggers run again; whether they are held now."""
        return await self._ask(calls.resume())

    async def restart(self) -> shapes.Restarted:
        """End every run and set all steps to idle."""
        return await self._ask(calls.restart())

    async def data(self, symbol: str) -> shapes.Record:
        """All that is known of a symbol; NotFound."""
        return await self._ask(calls.data(symbol))

    async def data_of(self, symbols: Sequence[str]) -> dict[str, shapes.Record | None]:
        """The records of several symbols at once; None for one that is not known."""
        return await self._ask(calls.data_of(symbols))

    async def symbols(
        self,
        *,
        find: str | None = None,
        sort: str | None = None,
        descending: bool | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> shapes.Symbols:
        """A list of symbols; WrongUse."""
        return await self._ask(calls.symbols(find=find, sort=sort, descending=descending, limit=limit, offset=offset))

    async def symbol_history(self, symbol: str, limit: int | None = None) -> dict[str, Any]:
        """How a symbol's price and score went, oldest first."""
        return await self._ask(calls.symbol_history(symbol, limit))

    async def levels(self, symbol: str) -> shapes.Levels:
        """Price, bars and clusters of a symbol's newest map; NotFound."""
        return await self._ask(calls.levels(symbol))

    async def report(self, symbol: str) -> shapes.Report:
        """The latest report of a symbol, as Markdown with its file and moment; NotFound."""
        return await self._ask(calls.report(symbol))

    async def report_text(self, symbol: str, media_type: str = "text/markdown") -> str:
        """The latest report of a symbol as ``text/markdown`` or ``text/html``; NotFound."""
        return await self._ask(calls.report_text(symbol, media_type))

    async def report_figure(self, symbol: str) -> bytes:
        """The PNG in the latest report of a symbol; NotFound where it has none."""
        return await self._ask(calls.report_figure(symbol))

    async def reports(
        self, *, symbol: str | None = None, day: str | None = None, limit: int | None = None, before: int | None = None
    ) -> shapes.Reports:
        """Reports without their texts, newest first; ``day`` is such as 2026-03-04."""
        return await self._ask(calls.reports(symbol, day, limit, before))

    async def images(
        self, *, stage: str | None = None, limit: int | None = None, before: int | None = None
    ) -> dict[str, Any]:
        """Pictures, newest first."""
        return await self._ask(calls.images(stage, limit, before))

    async def image(self, image_id: int) -> dict[str, Any]:
        """Everything about one picture, with its reading; NotFound."""
        return await self._ask(calls.image(image_id))

    async def image_file(self, image_id: int) -> bytes:
        """The picture itself; NotFound."""
        return await self._ask(calls.image_file(image_id))

    async def image_marks(self, image_id: int) -> dict[str, Any]:
        """Everything that the reader finds on a picture, and where; NotFound."""
        return await self._ask(calls.image_marks(image_id))

    async def add_image(self, name: str, content: bytes) -> str:
        """Put a picture into downloads; its path in the home. WrongUse where it is none."""
        return await self._ask(calls.add_image(name, content))

    async def retry(self, image_id: int) -> None:
        """Return a quarantined picture to the stage that failed; NotFound, WrongUse."""
        await self._ask(calls.retry(image_id))

    async def reread(self, image_id: int) -> None:
        """Read a picture anew; NotFound, WrongUse."""
        await self._ask(calls.reread(image_id))

    async def history(
        self, *, limit: int | None = None, before: int | None = None, step: int | None = None, status: str | None = None
    ) -> shapes.History:
        """The last runs, newest last, and how many there are in all; WrongUse."""
        return await self._ask(calls.history(limit, before, step, status))

    async def run(self, run_id: int) -> shapes.Run:
        """One run; NotFound."""
        return await self._ask(calls.run(run_id))

    async def run_log(self, run_id: int) -> str:
        """The log of a run; NotFound."""
        return await self._ask(calls.run_log(run_id))

    async def tokens(self) -> dict[str, Any]:
        """``GET /tokens``: every token that was made or revoked, without its text."""
        return await self._ask(calls.tokens())

    async def create_token(self, name: str, scopes: Sequence[str], seconds: float) -> dict[str, Any]:
        """Make a token that counts so many seconds; its text is told this once. WrongUse."""
        return await self._ask(calls.create_token(name, scopes, seconds))

    async def revoke_token(self, token_id: str) -> dict[str, Any]:
        """End a token; NotFound."""
        return await self._ask(calls.revoke_token(token_id))

    async def _ask(self, call: Call[T]) -> T:
        async for attempt in stamina.retry_context(
            on=again, attempts=self._attempts, timeout=2 * self._timeout, wait_initial=0.1, wait_jitter=0.2, wait_max=3
        ):
            with attempt:
                return await self._send(call)
        raise AssertionError("the last attempt raises")

    async def _send(self, call: Call[T]) -> T:
        place = self._place
        if place is None:
            place = await asyncio.to_thread(self._door.find)
        if self._http is None or place != self._place:
            await self.close()
            self._http, self._place = _connection(place, self._timeout), place
        try:
            response = await self._http.request(**call.request(place))
        except httpx.HTTPError as error:
            self._place = None  # it may be at another address when it is asked next
            raise call.lost(error, place, self._timeout) from error
        if response.status_code == 401:
            self._place = None  # a home that was made anew has another secret
        return call.answer(response, place)


def _connection(place: Place, timeout: float) -> httpx.AsyncClient:
    """Past any proxy of the environment: a secret goes to the kingtui that is meant, or nowhere."""
    limits = httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout))
    return httpx.AsyncClient(timeout=limits, trust_env=False, verify=place.verify)
