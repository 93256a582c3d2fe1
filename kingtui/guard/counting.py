"""Counts requests in memory, as a storage of ``limits``: a few look-ups, and never more than so many clients.

The library's own storage looks through all clients in a task with every request.
"""

from __future__ import annotations

import time

from limits.aio.storage import Storage

MOST = 65_536
"""Clients that are counted at once; beyond it the one whose window began first is forgotten."""


class BoundedMemory(Storage):
    """Fixed windows: a client's begins with its first request and starts anew after its end."""

    STORAGE_SCHEME = ["kingtui+memory"]  # noqa: RUF012 - as the library declares it

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._windows: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """None that it would raise."""
        return ValueError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and say how many there are in this window."""
        count, ends = self._windows.get(key, (0, 0.0))
        now = time.time()
        if ends <= now:
            self._windows.pop(key, None)  # so that the order is that of the windows
            if len(self._windows) >= MOST:
                del self._windows[next(iter(self._windows))]
            count, ends = 0, now + expiry
        self._windows[key] = (count + amount, ends)
        return count + amount

    async def get(self, key: str) -> int:
        """How many there are in this window."""
        count, ends = self._windows.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    async def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since 1970."""
        found = self._windows.get(key)
        return found[1] if found else time.time()

    async def check(self) -> bool:
        """Always there."""
        return True

    async def reset(self) -> int | None:
        """Forget all."""
        count = len(self._windows)
        self._windows.clear()
        return count

    async def clear(self, key: str) -> None:
        """Forget one."""
        self._windows.pop(key, None)
