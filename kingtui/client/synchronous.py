"""The client for programs without asyncio; the same questions as AsyncClient's, but for live events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx
import stamina

from kingtui.client import calls
from kingtui.client.asynchronous import ATTEMPTS, CONNECT_SECONDS, TIMEOUT_SECONDS
from kingtui.client.calls import Call, again
from kingtui.client.doors import AddressDoor, Door, HomeDoor, Place
from kingtui.home import Home

if TYPE_CHECKING:
    from kingtui.api import schemas as shapes

T = TypeVar("T")


class Client:
    """Asks a running kingtui. ``with Client("http://127.0.0.1:5555") as king: king.status()``

    Errors, tokens and attempts are as AsyncClient's.
    """

    def __init__(
        self, address: str = "http://127.0.0.1:5555", *, token: str | None = None, door: Door | None = None,
        timeout: float = TIMEOUT_SECONDS, attempts: int = ATTEMPTS,
    ) -> None:  # fmt: skip
        self._door = door or AddressDoor(address, token)
        self._timeout = timeout
        self._attempts = attempts
        self._place: Place | None = None
        self._http: httpx.Client | None = None

    @classmethod
    def of_home(cls, home: Path, **options: Any) -> Self:
        """A client of whoever owns a home, with that home's own secret."""
        return cls(door=HomeDoor(Home(home)), **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let every connection go."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def health(self) -> shapes.Health:
        """``GET /health``: it answers, which version it is, and health in one word with its reasons."""
        return self._ask(calls.health())

    def ready(self) -> shapes.Ready:
        """``GET /readyz``; Refused while it is not."""
        return self._ask(calls.ready())

    def status(self) -> shapes.Status:
        """``GET /status``: the six steps, health and counts."""
        return self._ask(calls.status())

    def metrics(self) -> str:
        """``GET /metrics``, in the text format of Prometheus."""
        return self._ask(calls.metrics())

    def trigger(self, step: int) -> shapes.Triggered:
        """Ask for a run of a step; WrongUse for a step that is none."""
        return self._ask(calls.trigger(step))

    def cancel(self, step: int) -> bool:
        """End a step's run; False where none ran or waited."""
        return self._ask(calls.cancel(step))

    def pause(self) -> bool:
        """Hold automatic triggers; whether they are held now."""
        return self._ask(calls.pause())

    def resume(self) -> bool:
        """Let automatic triggers run again; whether they are held now."""
        return self._ask(calls.resume())

    def restart(self) -> shapes.Restarted:
        """End every run and set all steps to idle."""
        return self._ask(calls.restart())

    def data(self, symbol: str) -> shapes.Record:
        """All that is known of a symbol; NotFound."""
        return self._ask(calls.data(symbol))

    def data_of(self, symbols: Sequence[str]) -> dict[str, shapes.Record | None]:
        """The records of several symbols at once; None for one that is not known."""
        return self._ask(calls.data_of(symbols))

    def symbols(
        self,
        *,
        find: str | None = None,
        sort: str | None = None,
        descending: bool | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> shapes.Symbols:
        """A list of symbols; WrongUse."""
        return self._ask(calls.symbols(find=find, sort=sort, descending=descending, limit=limit, offset=offset))

    def symbol_history(self, symbol: str, limit: int | None = None) -> dict[str, Any]:
        """How a symbol's price and score went, oldest first."""
        return self._ask(calls.symbol_history(symbol, limit))

    def levels(self, symbol: str) -> shapes.Levels:
        """Price, bars and clusters of a symbol's newest map; NotFound."""
        return self._ask(calls.levels(symbol))

    def report(self, symbol: str) -> shapes.Report:
        """The latest report of a symbol, as Markdown with its file and moment; NotFound."""
        return self._ask(calls.report(symbol))

    def report_text(self, symbol: str, media_type: str = "text/markdown") -> str:
        """The latest report of a symbol as ``text/markdown`` or ``text/html``; NotFound."""
        return self._ask(calls.report_text(symbol, media_type))

    def report_figure(self, symbol: str) -> bytes:
        """The PNG in the latest report of a symbol; NotFound where it has none."""
        return self._ask(calls.report_figure(symbol))

    def reports(
        self, *, symbol: str | None = None, day: str | None = None, limit: int | None = None, before: int | None = None
    ) -> shapes.Reports:
        """Reports without their texts, newest first; ``day`` is such as 2026-03-04."""
        return self._ask(calls.reports(symbol, day, limit, before))

    def images(
        self, *, stage: str | None = None, limit: int | None = None, before: int | None = None
    ) -> dict[str, Any]:
        """Pictures, newest first."""
        return self._ask(calls.images(stage, limit, before))

    def image(self, image_id: int) -> dict[str, Any]:
        """Everything about one picture, with its reading; NotFound."""
        return self._ask(calls.image(image_id))

    def image_file(self, image_id: int) -> bytes:
        """The picture itself; NotFound."""
        return self._ask(calls.image_file(image_id))

    def image_marks(self, image_id: int) -> dict[str, Any]:
        """Everything that the reader finds on a picture, and where; NotFound."""
        return self._ask(calls.image_marks(image_id))

    def add_image(self, name: str, content: bytes) -> str:
        """Put a picture into downloads; its path in the home. WrongUse where it is none."""
        return self._ask(calls.add_image(name, content))

    def retry(self, image_id: int) -> None:
        """Return a quarantined picture to the stage that failed; NotFound, WrongUse."""
        self._ask(calls.retry(image_id))

    def reread(self, image_id: int) -> None:
        """Read a picture anew; NotFound, WrongUse."""
        self._ask(calls.reread(image_id))

    def history(
        self, *, limit: int | None = None, before: int | None = None, step: int | None = None, status: str | None = None
    ) -> shapes.History:
        """The last runs, newest last, and how many there are in all; WrongUse."""
        return self._ask(calls.history(limit, before, step, status))

    def run(self, run_id: int) -> shapes.Run:
        """One run; NotFound."""
        return self._ask(calls.run(run_id))

    def run_log(self, run_id: int) -> str:
        """The log of a run; NotFound."""
        return self._ask(calls.run_log(run_id))

    def tokens(self) -> dict[str, Any]:
        """``GET /tokens``: every token that was made or revoked, without its text."""
        return self._ask(calls.tokens())

    def create_token(self, name: str, scopes: Sequence[str], seconds: float) -> dict[str, Any]:
        """Make a token that counts so many seconds; its text is told this once. WrongUse."""
        return self._ask(calls.create_token(name, scopes, seconds))

    def revoke_token(self, token_id: str) -> dict[str, Any]:
        """End a token; NotFound."""
        return self._ask(calls.revoke_token(token_id))

    def _ask(self, call: Call[T]) -> T:
        for attempt in stamina.retry_context(
            on=again, attempts=self._attempts, timeout=2 * self._timeout, wait_initial=0.1, wait_jitter=0.2, wait_max=3
        ):
            with attempt:
                return self._send(call)
        raise AssertionError("the last attempt raises")

    def _send(self, call: Call[T]) -> T:
        place = self._place or self._door.find()
        if self._http is None or place != self._place:
            self.close()
            limits = httpx.Timeout(self._timeout, connect=min(CONNECT_SECONDS, self._timeout))
            self._http = httpx.Client(timeout=limits, trust_env=False, verify=place.verify)
            self._place = place
        try:
            response = self._http.request(**call.request(place))
        except httpx.HTTPError as error:
            self._place = None
            raise call.lost(error, place, self._timeout) from error
        if response.status_code == 401:
            self._place = None
        return call.answer(response, place)
