"""How many requests a client may make (``limits``), and what it is told about it.

The headers are those of draft-ietf-httpapi-ratelimit-headers-11: ``RateLimit-Policy`` says the quota and its window,
``RateLimit`` what is left of it and for how many seconds.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable

from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import ConfigurationError
from limits.storage import storage_from_string

from kingtui.guard.answers import Headers
from kingtui.guard.counting import BoundedMemory
from kingtui.models import WrongUse
from kingtui.settings import Settings

log = logging.getLogger("kingtui.guard")

FAILURES = "10/minute"
"""Tokens that do not count which a client may show."""
STORAGE_SECONDS = 0.5
DOWN_SECONDS = 10.0
"""How long a storage that does not answer is left in peace."""


class Rates:
    """Counts requests by client and by token. A storage that does not answer lets everything through."""

    def __init__(self, rate: str, storage: Storage | None = None, changed: Callable[[], None] = lambda: None) -> None:
        """``changed`` is called when ``problem`` changes."""
        self.problem: str | None = None
        self._changed = changed
        self._shared = storage is not None
        self._item = parse(rate)
        self._failures = parse(FAILURES)
        self._limiter = FixedWindowRateLimiter(storage or BoundedMemory())
        self._down_until = 0.0
        self._policy = (b"ratelimit-policy", f'"default";q={self._item.amount};w={self._item.get_expiry()}'.encode())

    async def request(self, who: str) -> tuple[bool, Headers]:
        """Count a request: whether it may be answered, and the headers that say what is left."""
        left, seconds = await self._count(self._item, who)
        if left is None:
            return True, []
        told = (b"ratelimit", f'"default";r={max(left, 0)};t={seconds}'.encode())
        if left >= 0:
            return True, [self._policy, told]
        return False, [self._policy, told, (b"retry-after", str(seconds).encode())]

    async def failure(self, who: str) -> tuple[bool, Headers]:
        """Count a token that did not count: whether there may be another such try."""
        left, seconds = await self._count(self._failures, f"failed:{who}")
        if left is None or left >= 0:
            return True, []
        return False, [(b"retry-after", str(seconds).encode())]

    async def _count(self, item: RateLimitItem, who: str) -> tuple[int | None, int]:
        """What is left after this one (negative: it was too much), and for how many seconds; None: not known."""
        storage, key = self._limiter.storage, item.key_for(who)
        if not self._shared:
            count, ends = await storage.incr(key, item.get_expiry()), await storage.get_expiry(key)
        elif time.monotonic() < self._down_until:
            return None, 0
        else:
            try:
                async with asyncio.timeout(STORAGE_SECONDS):
                    count, ends = await storage.incr(key, item.get_expiry()), await storage.get_expiry(key)
            except Exception as error:  # whatever a client of a store raises, recorded; requests go on uncounted
                self._down(error)
                return None, 0
            self._up()
        return item.amount - count, max(math.ceil(ends - time.time()), 1)

    def _down(self, error: Exception) -> None:
        self._down_until = time.monotonic() + DOWN_SECONDS
        if self.problem is None:
            said = "it does not answer" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
            self.problem = f"requests to the API are not counted: the store of KINGTUI_RATE_LIMIT_STORAGE: {said}"
            log.error("%s", self.problem)
            self._changed()

    def _up(self) -> None:
        if self.problem is not None:
            self.problem = None
            log.info("requests to the API are counted again")
            self._changed()


def shared_storage(settings: Settings) -> Storage | None:
    """The store of KINGTUI_RATE_LIMIT_STORAGE, None where none is set. Raises WrongUse."""
    if settings.rate_limit_storage is None:
        return None
    address = settings.rate_limit_storage.get_secret_value()
    package = "valkey" if address.startswith("valkey") else "redis"
    implementation = {"implementation": "redispy"} if package == "redis" else {}
    try:
        storage = storage_from_string(f"async+{address}", **implementation)
    except ConfigurationError:
        raise WrongUse(
            f"KINGTUI_RATE_LIMIT_STORAGE needs the package {package}, which is not there: pip install {package} beside "
            "kingtui, or leave the setting out to count requests here"
        ) from None
    except (ValueError, TypeError):
        raise WrongUse("KINGTUI_RATE_LIMIT_STORAGE is no address that can be used: one such as "
                       "redis://localhost:6379/0 is allowed") from None  # fmt: skip
    if not isinstance(storage, Storage):
        raise WrongUse("KINGTUI_RATE_LIMIT_STORAGE is no store that kingtui can ask without waiting")
    return storage
