"""Whose home it is: a POSIX record lock on ``.lock``, and in the file who holds it.

The kernel frees the lock when its process ends in any way, and a forked child does not inherit it. It also frees it
when the process closes any descriptor of the file, so inside the owning process nothing here opens the file again:
what is held is remembered in ``_held``.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import struct
import sys
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from kingtui import __version__
from kingtui.home.folders import Home
from kingtui.models import KingError, iso

_RECORD = 1024
"""Bytes of the file: always the same, so that one write replaces all of it and a full disk has room for it."""
_FLOCK = "hhqqi"
"""``struct flock`` of Linux: type, whence, start, length, pid."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that owns a home. What it has not told (a full disk, a foreign lock) is None or empty."""

    pid: int
    since: datetime | None = None
    address: str | None = None
    """Of its API, such as ``http://127.0.0.1:5555``."""
    version: str = ""
    mode: str = ""
    """``dashboard``, ``headless`` or ``run``."""
    hung_up_at: datetime | None = None
    """Since when it goes on without the terminal that it was opened in."""

    def __str__(self) -> str:
        parts = [f"process {self.pid}", f"{self.mode} mode" if self.mode else ""]
        if self.since:
            parts.append(f"since {self.since:%Y-%m-%d %H:%M:%S} UTC")
        parts.append(f"API at {self.address}" if self.address else "without API")
        return ", ".join(part for part in parts if part)


class HomeOwned(KingError):
    """Another process, or another part of this one, owns the home."""

    def __init__(self, home: Home, owner: Owner) -> None:
        super().__init__(f"the home {home.root} is owned by {owner}")
        self.owner = owner


_held: dict[Path, tuple[int, Owner]] = {}
"""Homes that a process owns, by root: its pid (a forked child finds its parent's entry and must not believe it)."""


class HomeLock:
    """The lock on a home, held from ``acquire`` to ``release`` or the end of the process."""

    def __init__(self, home: Home, *, mode: str = "") -> None:
        self.home = home
        self.mode = mode
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def acquire(self, address: str | None = None) -> None:
        """Own the home. Raises HomeOwned naming who does, KingError where the file cannot be made or locked."""
        if mine := _mine(self.home):
            raise HomeOwned(self.home, mine)
        descriptor = self._lock()
        self._descriptor = descriptor
        me = Owner(os.getpid(), datetime.now(UTC), address, __version__, self.mode)
        _held[self.home.root] = (os.getpid(), me)
        _write(descriptor, me)

    def _lock(self) -> int:
        """A descriptor of the locked file, which is the one that now has the name."""
        while True:
            try:
                descriptor = os.open(self.home.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            except OSError as error:
                raise KingError(f"{self.home.lock_file} cannot be made: {error.strerror}") from error
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _same_file(descriptor, self.home.lock_file):
                    return descriptor
                os.close(descriptor)  # its owner's home was removed and made anew
            except OSError as error:
                holder = _holder(descriptor) or Owner(0)
                os.close(descriptor)
                if error.errno in (errno.EAGAIN, errno.EACCES):
                    raise HomeOwned(self.home, holder) from None
                raise KingError(f"{self.home.lock_file} cannot be locked: {error.strerror}") from error

    @property
    def held(self) -> bool:
        """Whether the home is still ours: false once the lock file was removed, as another process could lock anew."""
        return (
            self._descriptor is not None
            and _mine(self.home) is not None
            and _same_file(self._descriptor, self.home.lock_file)
        )

    def update(
        self, *, address: str | None = None, mode: str | None = None, hung_up_at: datetime | None = None
    ) -> None:
        """Tell other processes another address or mode. What is None stays, an empty address is none any more.

        Does nothing while not held.
        """
        mine = _mine(self.home)
        if self._descriptor is None or mine is None:
            return
        self.mode = mode or self.mode
        mine = replace(
            mine, address=mine.address if address is None else address or None, mode=self.mode,
            hung_up_at=hung_up_at or mine.hung_up_at,
        )  # fmt: skip
        _held[self.home.root] = (os.getpid(), mine)
        _write(self._descriptor, mine)

    def release(self) -> None:
        """Let the home go. In a forked child it only closes the child's descriptor."""
        if self._descriptor is None:
            return
        if _mine(self.home):
            del _held[self.home.root]
            _write(self._descriptor, None)
        os.close(self._descriptor)
        self._descriptor = None


def owner(home: Home) -> Owner | None:
    """Who owns a home, without touching the lock; None where nobody does. Raises KingError where that is unreadable."""
    if mine := _mine(home):
        return mine
    try:
        descriptor = os.open(home.lock_file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise KingError(f"{home.lock_file} cannot be read: {error.strerror}") from error
    try:
        return _holder(descriptor)
    finally:
        os.close(descriptor)


def _mine(home: Home) -> Owner | None:
    pid, mine = _held.get(home.root, (0, None))
    return mine if pid == os.getpid() else None


def _holder(descriptor: int) -> Owner | None:
    """The other process that holds the lock. The kernel says which; the file, if it is that one's, says the rest."""
    if sys.platform != "linux":  # struct flock has another order there, so the lock is tried
        return _holder_by_trying(descriptor)
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    if kind == fcntl.F_UNLCK:
        return None
    told = _read(descriptor)
    # In a container the kernel does not know the pid of a process outside (0 or less): the file's word must do
    return told if told and (told.pid == pid or pid <= 0) else Owner(max(pid, 0))


def _holder_by_trying(descriptor: int) -> Owner | None:
    """``_holder`` for any POSIX system; for a moment another process could find the home owned."""
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return _read(descriptor) or Owner(0)
    fcntl.lockf(descriptor, fcntl.LOCK_UN)
    return None


def _read(descriptor: int) -> Owner | None:
    try:
        data = json.loads(os.pread(descriptor, _RECORD, 0))
        since, hung_up_at = (
            datetime.fromisoformat(text) if (text := data.get(name)) else None for name in ("since", "hung_up_at")
        )
        return Owner(int(data["pid"]), since, data["address"], str(data["version"]), str(data["mode"]), hung_up_at)
    except (ValueError, KeyError, TypeError):
        return None


def _write(descriptor: int, me: Owner | None) -> None:
    """Tell who owns the home. The lock holds without it, so a disk that is full or broken is not in the way."""
    text = "" if me is None else json.dumps(asdict(me) | {"since": iso(me.since), "hung_up_at": iso(me.hung_up_at)})
    try:
        os.pwrite(descriptor, text.encode().ljust(_RECORD - 1)[: _RECORD - 1] + b"\n", 0)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        named = path.stat(follow_symlinks=False)
    except OSError:
        return False
    ours = os.fstat(descriptor)
    return (ours.st_dev, ours.st_ino) == (named.st_dev, named.st_ino)
