"""A server on loopback that answers as it is told to: HTTP line by line, and a live channel that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve


@dataclass
class Wire:
    """What was asked, and what is answered next: texts of whole responses; ``None`` closes without an answer."""

    address: str = ""
    asked: list[str] = field(default_factory=list)
    answers: list[str | None] = field(default_factory=list)


def answer(status: str, body: object, **headers: object) -> str:
    """A whole HTTP response."""
    text = body if isinstance(body, str) else json.dumps(body)
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(text.encode())}", *lines]
    return "\r\n".join([*head, "", text])


@contextlib.asynccontextmanager
async def wire(*answers: str | None) -> AsyncIterator[Wire]:
    """Answers each request with the next of the answers, the last again and again."""
    told = Wire(answers=list(answers))

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                told.asked.append(" ".join(head.split(" ", 2)[:2]))
                response = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
                if response is None:
                    break
                writer.write(response.encode())
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    told.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield told


@contextlib.asynccontextmanager
async def channel(follow: Callable[[ServerConnection, str], Any], port: int = 0) -> AsyncIterator[tuple[str, Server]]:
    """A live channel: ``follow(connection, path)`` is called for each connection."""

    async def one(connection: ServerConnection) -> None:
        assert connection.request is not None
        await follow(connection, connection.request.path)

    async with serve(one, "127.0.0.1", port) as server:
        yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", server


def hello(seq: int, *, epoch: str = "e", resumed: bool = False) -> str:
    """The first frame."""
    return json.dumps({"type": "hello", "epoch": epoch, "seq": seq, "resumed": resumed})


def notice(seq: int, text: str = "") -> str:
    """A frame with an event."""
    data = {"text": text or str(seq), "severity": "information"}
    return json.dumps({"type": "notice", "seq": seq, "at": "2026-03-04T05:06:07+00:00", "data": data})
