"""A thread for a library that blocks. It holds up nothing when the program ends, whatever it waits for."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(slots=True)
class _Call:
    work: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


@dataclass(slots=True)
class _Line:
    """The calls of one thread; None ends it."""

    calls: SimpleQueue[_Call | None] = field(default_factory=SimpleQueue)


class ServiceThread:
    """Calls run in it one after another. One that takes too long is left to itself; a new thread takes its place."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._line: _Line | None = None

    async def call(self, work: Callable[[], Result], seconds: float) -> Result:
        """Do ``work`` in the thread; TimeoutError after ``seconds``, in which it may still come about."""
        if self._line is None:
            self._line = _Line()
            threading.Thread(target=_work, args=(self._line,), name=self._name, daemon=True).start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._line.calls.put(_Call(work, loop, future))
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            self.close()
            raise

    def close(self) -> None:
        """End the thread once what it does is done; harmless when repeated."""
        if self._line is not None:
            self._line.calls.put(None)
            self._line = None


def _work(line: _Line) -> None:
    while (call := line.calls.get()) is not None:
        if call.future.cancelled():
            continue
        result: Any = None
        failure: BaseException | None = None
        try:
            result = call.work()
        except BaseException as error:  # handed to whoever asked
            failure = error
        with contextlib.suppress(RuntimeError):  # its loop is closed
            call.loop.call_soon_threadsafe(_answer, call.future, result, failure)


def _answer(future: asyncio.Future[Any], result: object, failure: BaseException | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)
