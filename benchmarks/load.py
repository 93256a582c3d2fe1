"""A load on an HTTP server: connections that ask again as soon as they are answered, and stay open if they may.

    python -m benchmarks.load http://127.0.0.1:5555 --connections 32 --seconds 3 /health [PATH…]

Each connection takes the paths in turn, from a place of its own. Prints one line of JSON: requests, seconds, statuses,
and latencies in milliseconds. It is a process of its own, so that it takes no time from the server's core.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from itertools import cycle, islice
from urllib.parse import urlsplit

import uvloop


class Load:
    """What all connections share."""

    def __init__(self, host: str, port: int, paths: list[str], seconds: float) -> None:
        self.host, self.port = host, port
        self.requests = [f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode() for path in paths]
        self.until = time.perf_counter() + seconds
        self.latencies: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.broken = 0


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, load: Load, place: int) -> None:
        self._load = load
        self._next = islice(cycle(load.requests), place, None)
        self._buffer = b""
        self._asked = 0.0
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self._transport.write(next(self._next))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._asked:
            return
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(rest) < int(length or 0):
            return
        now = time.perf_counter()
        self._buffer = b""
        self._load.latencies.append(now - self._asked)
        self._load.statuses[head[9:12].decode()] += 1
        self._asked = 0.0
        closes = b"connection: close" in head.lower()
        if now < self._load.until and not closes:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if self._asked:
            self._load.broken += 1
        elif time.perf_counter() < self._load.until:  # the server closes after each answer: again
            self._loop.create_task(self._again())
            return
        if not self.ended.done():
            self.ended.set_result(None)

    async def _again(self) -> None:
        await self._loop.create_connection(lambda: self, self._load.host, self._load.port)


async def measure(url: str, paths: list[str], connections: int, seconds: float) -> dict[str, object]:
    """Ask for so many seconds."""
    address = urlsplit(url)
    host, port = address.hostname or "127.0.0.1", address.port or 80
    load = Load(host, port, paths, seconds)
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    made = [
        (await loop.create_connection(lambda place=place: Client(load, place * 7919 % len(paths)), host, port))[1]
        for place in range(connections)
    ]
    await asyncio.wait([client.ended for client in made], timeout=seconds + 30)
    taken = time.perf_counter() - start
    load.latencies.sort()
    at = {f"p{share}": 1000 * load.latencies[int(len(load.latencies) * share / 100)] for share in (50, 99)}
    return {"requests": len(load.latencies), "seconds": taken, "statuses": load.statuses, "broken": load.broken} | at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=3.0)
    chosen = parser.parse_args()
    print(json.dumps(uvloop.run(measure(chosen.url, chosen.paths, chosen.connections, chosen.seconds))))


if __name__ == "__main__":
    main()
