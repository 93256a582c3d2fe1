"""A WebSocket lives as long as its token: when that is revoked or expires, nothing more is sent."""

from __future__ import annotations

from collections.abc import Callable

from kingtui.guard.answers import UNAUTHENTICATED, Message, Receive, Send


class Lasting:
    """A WebSocket that is closed before the first message after ``counts()`` has become false."""

    def __init__(self, receive: Receive, send: Send, counts: Callable[[], bool]) -> None:
        self._receive = receive
        self._send = send
        self._counts = counts
        self._ended = False

    async def receive(self) -> Message:
        """The app's ``receive``."""
        return {"type": "websocket.disconnect", "code": UNAUTHENTICATED} if self._ended else await self._receive()

    async def send(self, message: Message) -> None:
        """The app's ``send``."""
        if self._ended:
            return
        if message["type"] == "websocket.send" and not self._counts():
            self._ended = True
            message = {
                "type": "websocket.close", "code": UNAUTHENTICATED, "reason": "the token counts no more",
            }  # fmt: skip
        await self._send(message)
