"""What stands before the routes: answers that are kept, HEAD for every GET, and the measuring of each request."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from kingtui.api.answers import Answer
from kingtui.api.kept import KeptAnswers
from kingtui.api.tally import Requests

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Front:
    """ASGI around ``app``. A path whose answer is kept is answered before any route is looked for."""

    def __init__(self, app: App, kept: KeptAnswers, requests: Requests) -> None:
        self._app = app
        self._kept = kept
        self._requests = requests

    def refused(self, status: int) -> None:
        """Count a request that the guard refused."""
        self._requests.refused[status] += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand over whatever is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        method: str = scope["method"]
        answer = self._kept.find(scope["path"]) if method in ("GET", "HEAD") and not scope["query_string"] else None
        if answer is not None:
            status = await _give(answer, scope, send)
            self._requests.kept(scope["path"], method, status, time.perf_counter() - started)
            return
        outcome = Outcome(send)
        inner = scope if method != "HEAD" else {**scope, "method": "GET"}  # the server leaves a body out by itself
        try:
            await self._app(inner, receive, outcome.send)
        finally:
            route = getattr(inner.get("route"), "path_format", None)
            self._requests.answered(route, method, outcome.status, time.perf_counter() - started)


class Outcome:
    """Passes an answer on and notes its status."""

    def __init__(self, send: Send) -> None:
        self.status = 0
        """0: nothing was answered."""
        self._send = send

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


async def _give(answer: Answer, scope: Scope, send: Send) -> int:
    status, headers = answer.head(scope["headers"])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if status == 304 else answer.body})
    return status
