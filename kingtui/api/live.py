"""``WS /ws``: what happens, as it happens. A snapshot first, then one frame an event; who comes back goes on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from kingtui.api.answers import encoded
from kingtui.api.desk import Desk
from kingtui.api.errors import error_response
from kingtui.api.frames import Frames
from kingtui.api.shared import Shared
from kingtui.control.shapes import run_json, status_json
from kingtui.control.wire import dump
from kingtui.models import KingError

SUBPROTOCOL = "kingtui.v1"
SEND_SECONDS = 10.0
CLOSE_SECONDS = 2.0
TOO_SLOW, BROKEN, WRONG = 1013, 1011, 4400
ABORT = "kingtui.abort"
"""The server's extension by which a connection that takes nothing any more can be cut."""


def router(desk: Desk) -> APIRouter:
    """``/ws``."""
    routes = APIRouter()
    snapshots = Shared(lambda: _snapshot(desk), lambda: desk.hub.frames.seq)

    @routes.websocket("/ws")
    async def live(websocket: WebSocket) -> None:
        await _Follower(desk, snapshots, websocket).run()

    @routes.websocket("/{anything:any}")
    async def nowhere(websocket: WebSocket) -> None:
        await websocket.receive()
        await websocket.send_denial_response(error_response(404, "There is no WebSocket here: /ws is one"))

    return routes


async def _snapshot(desk: Desk) -> tuple[int, str]:
    """The number of the last event that it surely holds, and the frame."""
    seq = desk.hub.frames.seq
    control = desk.control
    status = await desk.status()
    page = await control.symbol_page(sort="updated", descending=True, limit=20)
    records = {record.symbol: record for record in await control.symbols([item.symbol for item in page.items])}
    runs, _ = await control.history(limit=20)
    frame = {
        "type": "snapshot",
        "seq": seq,
        "status": status_json(status),
        "symbols": [records[item.symbol].flat() for item in page.items if item.symbol in records],
        "images": [dump(image) for image in await control.images(limit=10)],
        "history": [run_json(run) for run in runs],
    }
    return seq, encoded(frame).decode()


class TooSlow(Exception):
    """A client that does not take its frames."""


class _Follower:
    """One client."""

    def __init__(self, desk: Desk, snapshots: Shared[tuple[int, str]], websocket: WebSocket) -> None:
        self._hub = desk.hub
        self._snapshots = snapshots
        self._websocket = websocket
        self._logs = websocket.query_params.get("logs") == "1"

    @property
    def _frames(self) -> Frames:
        return self._hub.frames

    async def run(self) -> None:
        """Send until the client goes, or does not take what is sent."""
        offered = self._websocket.scope.get("subprotocols", [])
        await self._websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
        sending = asyncio.create_task(self._send(), name="event frames")
        try:
            while (await self._websocket.receive())["type"] != "websocket.disconnect":
                pass  # nothing that a client says means anything here
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send(self) -> None:
        try:
            with self._hub.follow() as news:
                await self._follow(await self._begin(), news)
        except TooSlow as error:
            self._hub.dropped += 1
            await self._close(TOO_SLOW, str(error))
        except KingError as error:
            await self._close(BROKEN, str(error))
        except ValueError as error:
            await self._close(WRONG, str(error))
        except (WebSocketDisconnect, OSError, RuntimeError):
            pass  # the client has gone

    async def _begin(self) -> int:
        """Say hello, with a snapshot unless the client can go on; the number after which events follow."""
        asked = self._websocket.query_params
        after = _number(asked.get("after"))
        resumed = after is not None and asked.get("epoch") == self._hub.epoch and self._frames.reach(after)
        seq, snapshot = (after or 0, None) if resumed else await self._snapshots.get()
        await self._put(encoded({"type": "hello", "epoch": self._hub.epoch, "seq": seq, "resumed": resumed}).decode())
        if snapshot is not None:
            await self._put(snapshot)
        return seq

    async def _follow(self, seq: int, news: asyncio.Event) -> None:
        while True:
            news.clear()
            while seq < self._frames.seq:
                if not self._frames.reach(seq):
                    raise TooSlow("too slow: events were lost")
                frames, seq = self._frames.after(seq, logs=self._logs)
                for frame in frames:
                    await self._put(frame.text)
                await asyncio.sleep(0)
            await news.wait()

    async def _put(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._websocket.send_text(text)
        except TimeoutError:
            raise TooSlow(f"too slow: nothing was taken for {SEND_SECONDS:.0f} s") from None

    async def _close(self, code: int, reason: str) -> None:
        """Close; a connection whose client takes nothing is cut."""
        with contextlib.suppress(TimeoutError, RuntimeError, OSError, WebSocketDisconnect):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._websocket.close(code, reason[:120])
                return
        abort: Any = self._websocket.scope.get("extensions", {}).get(ABORT)
        if abort is not None:
            abort()


def _number(text: str | None) -> int | None:
    """The number of an event; ValueError with a sentence where a text is none."""
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError(f"after is {text[:30]!r}: the number of an event is allowed")
    return int(text)
