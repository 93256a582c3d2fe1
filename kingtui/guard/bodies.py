"""How much a request may carry: what says it is more is refused at once, what turns out to be more while it comes."""

from __future__ import annotations

from kingtui.guard.answers import Message, Receive, Refused, Send


def too_large(limit: int) -> Refused:
    """The refusal."""
    most = f"{limit / 1_000_000:g} MB" if limit >= 1_000_000 else f"{limit} bytes"
    return Refused(413, f"the request is too large: at most {most} are taken")


def check_length(length: bytes | None, limit: int) -> None:
    """Raises Refused where a Content-Length says more than ``limit``, or no number."""
    if length is None:
        return
    if not length.isdigit():
        raise Refused(400, "Content-Length is no number")
    if len(length) > 18 or int(length) > limit:
        raise too_large(limit)


class Measured:
    """A body that is counted while it comes. Past ``limit`` it ends as if the client had gone, and ``over`` is set:
    whatever the app then answers is not sent."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self.over = False
        self._receive = receive
        self._send = send
        self._left = limit
        self._answering = False

    async def receive(self) -> Message:
        """The app's ``receive``."""
        if self.over:
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.over = True
                return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """The app's ``send``."""
        if self.over and not self._answering:
            return
        self._answering = True
        await self._send(message)

    @property
    def refused(self) -> bool:
        """Whether it was too much, and nothing has been answered yet."""
        return self.over and not self._answering
