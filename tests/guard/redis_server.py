"""A small server on loopback that speaks Redis's protocol as far as counting requests needs it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator


class RedisServer:
    """``counts`` by key; it hangs while ``answers`` is clear.

    The one script that is evaluated is limits' "increment, and expire if it is the first".
    """

    def __init__(self) -> None:
        self.counts: dict[str, tuple[int, float]] = {}
        self.answers = asyncio.Event()
        self.answers.set()
        self.url = ""
        self._scripts: set[str] = set()

    @contextlib.asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[RedisServer]:
        """Listen until left; who is connected then is cut off."""
        tasks: set[asyncio.Task[None]] = set()

        def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.add(asyncio.create_task(client(reader, writer)))

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while words := await self._words(reader):
                    await self.answers.wait()
                    writer.write(self._answer(words))
                    await writer.drain()

        server = await asyncio.start_server(come, "127.0.0.1", port)
        self.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        try:
            yield self
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _words(self, reader: asyncio.StreamReader) -> list[str]:
        line = await reader.readline()
        words = []
        for _ in range(int(line[1:]) if line else 0):
            length = int((await reader.readline())[1:])
            words.append((await reader.readexactly(length + 2))[:-2].decode())
        return words

    def _answer(self, words: list[str]) -> bytes:
        name = words[0].upper()
        if name == "HELLO":
            return b"%1\r\n$5\r\nproto\r\n:3\r\n"
        if name == "SCRIPT":
            sha = hashlib.sha1(words[2].encode()).hexdigest()
            self._scripts.add(sha)
            return b"$40\r\n" + sha.encode() + b"\r\n"
        if name == "EVALSHA" and words[1] not in self._scripts:
            return b"-NOSCRIPT No matching script. Please use EVAL.\r\n"
        if name in ("EVAL", "EVALSHA"):
            key, expiry, amount = words[3], int(words[4]), int(words[5])
            count, ends = self.counts.get(key, (0, 0.0))
            self.counts[key] = (count + amount, ends if ends > time.time() else time.time() + expiry)
            return b":%d\r\n" % self.counts[key][0]
        if name == "TTL":
            return b":%d\r\n" % int(self.counts[words[1]][1] - time.time())
        return b"+PONG\r\n" if name == "PING" else b"+OK\r\n"
