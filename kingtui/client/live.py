"""The live channel: what happens, as it happens, over a WebSocket that is made anew as often as it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from kingtui.client.calls import frame
from kingtui.client.doors import Door, Place
from kingtui.client.errors import Refused, Unreachable, refusal
from kingtui.models import KingError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

DELAYS = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
"""Seconds before another try, the last again and again; each a little more or less, so that not all come at once."""
PING_SECONDS = 10.0
"""A connection that does not answer a ping for so long is lost."""
OPEN_SECONDS = 5.0
MOST_BYTES = 16 * 2**20
"""Of a frame; a snapshot is the largest."""
PROTOCOL = "kingtui.v1"

_CLOSED = {
    1001: "it is going away", 1006: "the connection broke", 1012: "it is being restarted",
    1013: "events came faster than they were taken",
}  # fmt: skip
_REFUSALS = {4401: (401, "unauthorized"), 4403: (403, "forbidden")}


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """A frame. ``type`` is ``hello``, ``snapshot``, or an event such as ``run_started``."""

    type: str
    seq: int
    """Counts up by one with each event of that kingtui's life, which ``epoch`` names."""
    epoch: str
    at: str | None
    """When it happened: ISO 8601 in UTC."""
    data: dict[str, Any]


class LiveEvents:
    """``async with king.events() as events: async for event in events``. It ends with KingError where it is refused."""

    def __init__(
        self, door: Door, *, logs: bool = False, after: int | None = None, epoch: str | None = None,
        on_lost: Callable[[KingError, float], None] | None = None, endless: bool = False,
        chance: random.Random | None = None,
    ) -> None:  # fmt: skip
        """``on_lost`` is told why there is no connection and in how many seconds the next try is.

        ``endless``: a refusal is no end either.
        """
        self._door = door
        self._logs = logs
        self._after = after
        self._epoch = epoch
        self._on_lost = on_lost
        self._endless = endless
        self._chance = chance or random.Random()  # noqa: S311
        self._hurried = asyncio.Event()
        self._frames: AsyncGenerator[LiveEvent, None] | None = None
        self.address = ""
        """Where it was connected last."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._frames is not None:
            await self._frames.aclose()

    def __aiter__(self) -> AsyncIterator[LiveEvent]:
        self._frames = self._follow()
        return self._frames

    def hurry(self) -> None:
        """Try again now instead of after the wait: it was heard of."""
        self._hurried.set()

    async def _follow(self) -> AsyncGenerator[LiveEvent, None]:
        delays = self._delays()
        while True:
            try:
                async with self._connected() as socket:
                    async for text in socket:
                        found = self._taken(frame(text))
                        if found.type == "hello":
                            delays = self._delays()
                        yield found
                    raise Unreachable("the live channel was closed")
            except KingError as error:
                if isinstance(error, Refused) and error.for_good and not self._endless:
                    raise
                delay = next(delays)
                if self._on_lost is not None:
                    self._on_lost(error, delay)
            self._hurried.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurried.wait(), delay)

    def _delays(self) -> Iterator[float]:
        for number in range(2**62):
            yield DELAYS[min(number, len(DELAYS) - 1)] * self._chance.uniform(0.8, 1.2)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[ClientConnection]:
        """A connection. Whatever breaks it is a KingError."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
        from websockets.typing import Subprotocol

        place = await asyncio.to_thread(self._door.find)
        try:
            async with connect(
                self._address(place), additional_headers=place.headers(), subprotocols=[Subprotocol(PROTOCOL)],
                proxy=None, ssl=_tls(place), open_timeout=OPEN_SECONDS, close_timeout=1, max_size=MOST_BYTES,
                ping_interval=PING_SECONDS, ping_timeout=PING_SECONDS, compression=None,
            ) as socket:  # fmt: skip
                self.address = place.address
                yield socket
        except InvalidStatus as error:
            raise _not_let_in(error.response.status_code, place) from None
        except ConnectionClosed as error:
            raise _closed(error.rcvd.code if error.rcvd is not None else 1006, place) from None
        except TimeoutError:
            raise Unreachable(f"{place.name} does not answer within {OPEN_SECONDS:.0f} s") from None
        except OSError as error:
            raise Unreachable(f"{place.name} does not answer: {error.strerror or error}") from None
        except WebSocketException as error:
            raise Unreachable(f"{place.name} answers with something that is no live channel: {error}") from None

    def _address(self, place: Place) -> str:
        query = {"after": self._after, "epoch": self._epoch} if self._epoch is not None else {}
        if self._logs:
            query |= {"logs": 1}
        scheme, rest = place.address.split(":", 1)
        return f"{'wss' if scheme == 'https' else 'ws'}:{rest}/ws" + (f"?{urlencode(query)}" if query else "")

    def _taken(self, found: dict[str, Any]) -> LiveEvent:
        """The frame, and where to go on after it."""
        kind = found["type"]
        try:
            seq = int(found["seq"])
            if kind == "hello":
                self._epoch = str(found["epoch"])
                if not found["resumed"]:
                    self._after = seq
            else:
                self._after = seq
        except (KeyError, TypeError, ValueError):
            raise KingError(f"the live channel brings a frame {kind!r} that is none") from None
        rest = {name: value for name, value in found.items() if name not in ("type", "seq", "at", "data", "epoch")}
        data = found.get("data", rest)
        return LiveEvent(kind, seq, self._epoch or "", found.get("at"), data if isinstance(data, dict) else {})


def _tls(place: Place) -> Any:
    return place.verify if place.address.startswith("https:") else None


def _not_let_in(status: int, place: Place) -> KingError:
    if status in (401, 403):
        words = "needs a token that it takes" if status == 401 else "does not let this token or page in"
        return Refused(f"{place.name} {words}", status, _REFUSALS[4000 + status][1])
    if status == 404:
        return Unreachable(f"{place.name} has no live channel: it is an older kingtui, or something else")
    return Unreachable(f"{place.name} answers {status} instead of opening the live channel")


def _closed(code: int, place: Place) -> KingError:
    if code in _REFUSALS:
        status, word = _REFUSALS[code]
        return refusal(status, word, f"{place.name} needs a token that it takes", None)
    return Unreachable(f"{place.name} closed the live channel: {_CLOSED.get(code, f'code {code}')}")
