"""What the guard answers itself: errors as JSON, in the API's shape, and the end of a WebSocket."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Protocol

Message = MutableMapping[str, Any]
Headers = list[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class CountingApp(Protocol):
    """An app that counts what the guard before it refuses, so that one place tells of all requests."""

    async def __call__(self, scope: Message, receive: Receive, send: Send, /) -> None:
        """Answer a request."""

    def refused(self, status: int) -> None:
        """A request was refused with this status."""


WORDS = {
    400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    413: "too_large", 422: "invalid", 429: "too_many_requests", 503: "unavailable",
}  # fmt: skip
PROTOCOL = "kingtui.v1"
UNAUTHENTICATED = 4401
"""The code with which a WebSocket is closed whose token is missing or does not count."""


class Refused(Exception):
    """A request that goes no further: an HTTP status and a sentence for people."""

    def __init__(self, status: int, error: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(error)
        self.status = status
        self.headers = list(headers)


async def answer(send: Send, status: int, data: Any, headers: Headers) -> None:
    """Answer JSON, whole."""
    body = b"" if data is None else json.dumps(data).encode()
    head: Headers = [(b"content-length", str(len(body)).encode())] if status != 204 else []
    if body:
        head.append((b"content-type", b"application/json"))
    await send({"type": "http.response.start", "status": status, "headers": [*head, *headers]})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, refused: Refused) -> None:
    """Answer an error."""
    data = {"error": str(refused), "code": WORDS[refused.status]}
    await answer(send, refused.status, data, refused.headers)


async def refuse_socket(scope: Message, receive: Receive, send: Send, refused: Refused) -> None:
    """Refuse a WebSocket: without a token that counts by a code, which a page can read; else before it is opened."""
    await receive()
    if refused.status == 401:
        offered = PROTOCOL in scope.get("subprotocols", ())
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL if offered else None, "headers": []})
        await send({"type": "websocket.close", "code": UNAUTHENTICATED, "reason": str(refused)[:120]})
    elif "websocket.http.response" in scope.get("extensions", {}):
        await refuse(_as_http(send), refused)
    else:
        await send({"type": "websocket.close", "code": 4000 + refused.status, "reason": str(refused)[:120]})


def _as_http(send: Send) -> Send:
    async def sending(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    return sending
