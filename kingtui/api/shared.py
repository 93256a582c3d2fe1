"""Work that is done once for all who want its result at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from kingtui.control import Control
from kingtui.models import SymbolRecord

T = TypeVar("T")
AT_ONCE = 25
"""Records that are asked for together."""


class Shared(Generic[T]):
    """One result for all who ask while it is made; but who asks after something changed gets one made since then."""

    def __init__(self, make: Callable[[], Awaitable[T]], version: Callable[[], int]) -> None:
        """``version`` goes up with each change."""
        self._make = make
        self._version = version
        self._work: asyncio.Task[T] | None = None
        self._made_at = 0

    async def get(self) -> T:
        """The result. Raises what making it raises."""
        wanted = self._version()
        while self._work is not None and self._made_at < wanted:  # one at a time, however often something changes
            await asyncio.wait({self._work})
        if self._work is None:
            self._made_at = self._version()
            self._work = asyncio.create_task(self._done())
        return await asyncio.shield(self._work)

    async def _done(self) -> T:
        try:
            return await self._make()
        finally:
            self._work = None


class Records:
    """Symbols' records: what is asked for at the same time is one question to the store."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._asked: dict[str, asyncio.Future[SymbolRecord | None]] = {}
        self._work: asyncio.Task[None] | None = None

    async def get(self, name: str) -> SymbolRecord | None:
        """The record of a symbol, as of now or later; None where nothing is known of it."""
        future = self._asked.get(name)
        if future is None:
            future = self._asked[name] = asyncio.get_running_loop().create_future()
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._answer(), name="records")
        return await asyncio.shield(future)

    async def _answer(self) -> None:
        while self._asked:
            batch = {name: self._asked.pop(name) for name in list(self._asked)[:AT_ONCE]}
            try:
                found = {record.symbol: record for record in await self._control.symbols(list(batch))}
            except Exception as error:  # told to each who asked
                for future in batch.values():
                    future.set_exception(error)
                    future.exception()  # who asked may have gone
            else:
                for name, future in batch.items():
                    future.set_result(found.get(name))
