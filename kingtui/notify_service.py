"""Tells the service manager how kingtui is: systemd's protocol of sd_notify(3), datagrams to ``NOTIFY_SOCKET``."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Awaitable, Callable, MutableMapping

from kingtui.clock import Clock

log = logging.getLogger("kingtui.service")

_BEATS = 3
"""Signs of life within the time that the manager waits for one."""
_SILENT_SECONDS = 10.0
"""Between two words about how it is, where no signs of life are wanted."""


class ServiceManager:
    """The manager of this process, if it has one; else every method does nothing.

    ``environment`` loses what was said to this process alone, so that its children do not speak for it.
    """

    def __init__(self, environment: MutableMapping[str, str] = os.environ, pid: int | None = None) -> None:
        self._address = environment.pop("NOTIFY_SOCKET", "")
        microseconds = environment.pop("WATCHDOG_USEC", "")
        meant = environment.pop("WATCHDOG_PID", "")
        mine = not meant or meant == str(os.getpid() if pid is None else pid)
        self.watchdog_seconds = int(microseconds) / 1e6 if mine and microseconds.isdigit() else 0.0
        """Within how many seconds it wants a sign of life; 0: never."""
        self._told = ""
        self._failed = False

    @property
    def there(self) -> bool:
        """Whether somebody listens."""
        return bool(self._address)

    def ready(self, status: str) -> None:
        """All is at work."""
        self._told = status
        self._send("READY=1", f"STATUS={_line(status)}")

    def stopping(self) -> None:
        """It has begun to stop."""
        self._send("STOPPING=1", "STATUS=stopping")

    async def keep_alive(self, clock: Clock, status: Callable[[], Awaitable[str]]) -> None:
        """Give signs of life from this loop until cancelled, and say how it is where that has changed.

        A loop that hangs, or a status that never comes, gives none: then the manager starts kingtui anew.
        """
        if not self.there:
            return
        pause = self.watchdog_seconds / _BEATS or _SILENT_SECONDS
        while True:
            now = await status()
            words = [f"STATUS={_line(now)}"] if now != self._told else []
            if self.watchdog_seconds:
                words.append("WATCHDOG=1")
            if words:
                self._send(*words)
            self._told = now
            await clock.sleep(pause)

    def _send(self, *words: str) -> None:
        if not self._address:
            return
        name = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.setblocking(False)
                channel.sendto("\n".join(words).encode(), name)
        except OSError as error:
            if not self._failed:
                log.warning("the service manager at %s cannot be told: %s", self._address, error.strerror or error)
            self._failed = True
        else:
            self._failed = False


def _line(text: str) -> str:
    """One line: a second one would be a word of its own."""
    return " ".join(text.split())[:400]
