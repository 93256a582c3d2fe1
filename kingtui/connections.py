"""Connections: uvicorn's, with limits to what a client may keep waiting or send before it has said what it wants.

A client must send the whole head of a request within HEAD_SECONDS and its body at BODY_BYTES in BODY_SECONDS at least,
a head has at most HEAD_BYTES, and there are so many connections at most. What is refused here never reaches the app.
"""

from __future__ import annotations

import asyncio
import json
from enum import Enum, auto
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import StatusLike

HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0
BODY_BYTES = 1_000_000
HEAD_BYTES = 32_768
_TOO_LONG = (431, "Request Header Fields Too Large", "bad_request", "the head of the request is too long")
_BROKEN = (400, "Bad Request", "bad_request", "this is no HTTP request")
_FULL = (503, "Service Unavailable", "unavailable", "there are too many connections to kingtui")


def _answer(fault: tuple[int, str, str, str]) -> bytes:
    """What is told of a fault."""
    status, phrase, code, error = fault
    body = json.dumps({"error": error, "code": code}).encode()
    head = (
        f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        "x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


class Handshake(ServerProtocol):
    """A WebSocket's: what is none is refused in the API's shape too."""

    def reject(self, status: StatusLike, text: str) -> Response:
        """The refusal."""
        code = {403: "forbidden", 405: "method_not_allowed", 500: "internal"}.get(int(status), "bad_request")
        response = super().reject(status, json.dumps({"error": text.strip(), "code": code}))
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "application/json"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


class Socket(WebSocketsSansIOProtocol):
    """A client's WebSocket. Its app may cut it: a client that takes nothing would not take a farewell either."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.conn = Handshake(max_size=self.config.ws_max_size, logger=self.logger)

    def data_received(self, data: bytes) -> None:
        """It has sent something: first of all the whole head of its request.

        Where the library refuses that, for its length or a body, it asks for no app, and uvicorn would keep the
        connection, without a word and without an end.
        """
        super().data_received(data)
        if not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()) or _answer(_BROKEN))
            self.transport.close()

    async def send(self, message: Any) -> None:
        """Send. A WebSocket that was refused with a whole answer is done: uvicorn would log that as a fault."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def handle_connect(self, event: Request) -> None:
        """A client wants a WebSocket; its app runs as soon as this has returned."""
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions["kingtui.abort"] = self.transport.abort


class _Awaited(Enum):
    """What a client owes."""

    HEAD = auto()
    BODY = auto()
    NOTHING = auto()


class _HeadTooLong(Exception):
    """Stops the parser."""


class Connection(HttpToolsProtocol):
    """One client's connection."""

    most = 1_000
    """Connections at one time."""
    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._awaited = _Awaited.HEAD
        self._timed: _Awaited | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._body_bytes = 0
        self._fault = _BROKEN

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come. One too many is told so."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._fault = _FULL
            self.send_400_response("")
        else:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """It has sent something."""
        if self.transport.is_closing():
            return
        if self._awaited is _Awaited.BODY:
            self._body_bytes += len(data)
        else:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._awaited is _Awaited.HEAD and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._fault = _TOO_LONG
            self.send_400_response("")
        self._watch()

    def on_message_begin(self) -> None:
        """The first letter of a request."""
        self._awaited = _Awaited.HEAD
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """All of its head."""
        if self._head_bytes > HEAD_BYTES and sum(len(n) + len(v) + 4 for n, v in self.headers) > HEAD_BYTES:
            self._fault = _TOO_LONG
            raise _HeadTooLong
        self._head_bytes = self._body_bytes = 0
        self._awaited = _Awaited.BODY
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it."""
        self._awaited = _Awaited.NOTHING
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """From now on another protocol has the connection."""
        self._unwatch()
        self._awaited = _Awaited.NOTHING
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Tell what was wrong with a request that is none, and close."""
        self.transport.write(_answer(self._fault))
        self.transport.close()

    def _watch(self) -> None:
        """Have a timer for what the client owes now, if it owes anything."""
        owed: _Awaited | None = self._awaited
        if owed is _Awaited.NOTHING:
            owed = None
        elif owed is _Awaited.HEAD and self._head_bytes == 0 and self.timeout_keep_alive_task is not None:
            owed = None  # between two requests: that has its own time
        if owed is self._timed:
            return
        self._unwatch()
        if owed is not None:
            self._timed = owed
            seconds = self.head_seconds if owed is _Awaited.HEAD else self.body_seconds
            self._timer = self.loop.call_later(seconds, self._too_late)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timed = None

    def _too_late(self) -> None:
        was, self._timed, self._timer = self._timed, None, None
        if was is _Awaited.BODY and self._body_bytes >= BODY_BYTES and not self.cycle.response_complete:
            self._body_bytes = 0  # slow, but at work
            self._watch()
        else:
            self.transport.abort()
