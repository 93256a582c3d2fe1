"""A small HTTP/1.1 server on loopback whose answers can be late, cut off, trickling or garbage."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    """With its query."""
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """``after``: seconds until it begins; ``pause``: between its bytes; ``cut``: close after so many bytes."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    after: float = 0.0
    pause: float = 0.0
    cut: int | None = None


def as_json(data: Any, status: int = 200, **more: Any) -> Answer:
    return Answer(json.dumps(data).encode(), status, **more)


def as_html(status: int, text: str = "<html><body><h1>Forbidden</h1></body></html>") -> Answer:
    return Answer(text.encode(), status, content_type="text/html")


class HttpServer:
    """Every request goes to ``answer`` and is remembered in ``requests``."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.url = ""
        self._serving: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[HttpServer]:
        server = await asyncio.start_server(self._begin, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await self._request(reader)) is not None:
                self.requests.append(request)
                if not await self._send(self.answer(request), writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @staticmethod
    async def _request(reader: asyncio.StreamReader) -> Request | None:
        first = await reader.readline()
        if not first:
            return None
        method, path, _ = first.decode().split()
        headers = {}
        while line := (await reader.readline()).strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Request(method, path, headers, body)

    @staticmethod
    async def _send(answer: Answer, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(answer.after)
        headers = {"content-type": answer.content_type, "content-length": str(len(answer.body))} | answer.headers
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {answer.status} Said\r\n{head}\r\n".encode())
        body = answer.body if answer.cut is None else answer.body[: answer.cut]
        for part in (body[n : n + 1] for n in range(len(body))) if answer.pause else (body,):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(answer.pause)
        return answer.cut is None
