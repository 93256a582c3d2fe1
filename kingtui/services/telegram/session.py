"""The session file: it is the account, so it is for its user alone, and one connection at a time uses it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import ipaddress
import os
import re
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kingtui.home import Home
from kingtui.models import KingError
from kingtui.services.telegram.edge import WronglySetUp
from kingtui.settings import Settings, chats_of


@dataclass(frozen=True, slots=True)
class Server:
    """Another MTProto server than Telegram's own."""

    dc: int
    host: str
    port: int
    key_file: Path


@dataclass(frozen=True, slots=True)
class Account:
    """How Telegram is reached, and what is taken from it."""

    session: Path
    api_id: int
    api_hash: str
    chats: tuple[str | int, ...]
    senders: tuple[str | int, ...] = ()
    server: Server | None = None
    """None: Telegram's own."""

    @property
    def label(self) -> str:
        """``Telegram @name, @other``"""
        return f"Telegram {', '.join(map(str, self.chats))}"


def wanted(settings: Settings) -> bool:
    """Whether anything says that Telegram shall be a source."""
    return settings.telegram_api_id is not None or bool(settings.telegram_api_hash)


def account_of(settings: Settings, home: Home) -> Account:
    """The account that the settings tell of. Raises WronglySetUp naming what is missing."""
    api_id, api_hash = settings.telegram_api_id, settings.telegram_api_hash
    if api_id is None or not api_hash:
        missing, there = ("TELEGRAM_API_ID", "TELEGRAM_API_HASH")[:: 1 if api_id is None else -1]
        raise WronglySetUp(
            f"{missing} is not set, without which {there} is of no use" if wanted(settings) else
            "TELEGRAM_API_ID and TELEGRAM_API_HASH are not set",
            "Get both at https://my.telegram.org, set them, and start kingtui anew",
        )  # fmt: skip
    server = _server(settings)
    name = "telegram" if server is None else re.sub(r"[^A-Za-z0-9.]+", "_", f"{server.host}_{server.port}")
    return Account(
        home.telegram / f"{name}.session", api_id, api_hash.get_secret_value(), chats_of(settings.telegram_chats),
        chats_of(settings.telegram_senders) if settings.telegram_senders else (), server,
    )  # fmt: skip


def _server(settings: Settings) -> Server | None:
    found = {
        "TELEGRAM_DC_ID": settings.telegram_dc_id,
        "TELEGRAM_DC_HOST": settings.telegram_dc_host,
        "TELEGRAM_DC_PORT": settings.telegram_dc_port,
        "TELEGRAM_DC_PUBLIC_KEY_FILE": settings.telegram_dc_public_key_file,
    }
    if not any(found.values()):
        return None
    if missing := [name for name, value in found.items() if value is None]:
        raise WronglySetUp(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set: another server needs all four",
            "Set it, or unset the other TELEGRAM_DC_ settings to use Telegram's own server",
        )
    dc, host, port, key = found.values()
    return Server(dc, host, port, key)  # type: ignore[arg-type]


class SessionBusy(KingError):
    """Something else is connected with this session."""


class SessionFile:
    """The file of a session, locked from ``acquire`` to ``release`` by a lock file beside it.

    The lock is on a file of its own: SQLite locks the session itself, and whoever closes a file lets go of all
    his POSIX locks on it.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.path = account.session
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Lock it, and make it where it is missing, readable by its user alone. Raises SessionBusy, WronglySetUp."""
        lock = self.path.with_suffix(".lock")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if lock in _held:
                raise SessionBusy("the Telegram session is in use by this kingtui: sign out, or wait a moment")
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(descriptor)
                if error.errno in (errno.EAGAIN, errno.EACCES):
                    raise SessionBusy(f"another process is connected with the Telegram session {self.path}") from None
                raise
            self._descriptor = descriptor
            _held.add(lock)
            self._protect()
        except OSError as error:
            self.release()
            raise WronglySetUp(
                f"the Telegram session {self.path} cannot be opened: {error.strerror}",
                "Give the folder to the user who runs kingtui",
            ) from error

    def release(self) -> None:
        """Let it go. Harmless when repeated."""
        if self._descriptor is not None:
            _held.discard(self.path.with_suffix(".lock"))
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def held(self) -> bool:
        """Whether this is who holds it."""
        return self._descriptor is not None

    def renew(self) -> None:
        """An empty session in the place of the one that is there: a new sign-in has a key of its own. While held."""
        for suffix in ("", "-journal", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).unlink()
        self._protect()

    def stamp(self) -> tuple[int, int] | None:
        """Changes when another process has written to it; None where it is not there."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _protect(self) -> None:
        """Telethon would make it for everybody to read, so it is there before, and empty."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.path, flags, 0o600)
        try:
            if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
                os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)

    def check(self) -> None:
        """Refuse a session of another server, whose key would be told to this one. Raises WronglySetUp."""
        server = self.account.server
        try:
            address = stored_address(self.path)
        except sqlite3.DatabaseError as error:
            raise WronglySetUp(
                f"the Telegram session {self.path} is damaged: {error}", "Remove it and sign in anew: kingtui login"
            ) from error
        if address is None:
            return
        host, port = address
        if server is None and not _public(host):
            raise WronglySetUp(
                f"the session {self.path} is of the server {host}:{port}, not of Telegram",
                "Remove it, or set the TELEGRAM_DC_ settings of that server",
            )
        if server is not None and address != (server.host, server.port):
            raise WronglySetUp(
                f"the session {self.path} is of the server {host}:{port}, not of {server.host}:{server.port}",
                "Remove it, or correct TELEGRAM_DC_HOST and TELEGRAM_DC_PORT",
            )


_held: set[Path] = set()
"""Lock files that this process holds: POSIX locks keep only other processes out."""


def stored_address(path: Path) -> tuple[str, int] | None:
    """Host and port of the server that a session is of; None before its first connection."""
    if not path.exists() or not path.stat().st_size:
        return None
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sessions'").fetchone() is None:
            return None
        row = connection.execute("SELECT server_address, port FROM sessions WHERE auth_key IS NOT NULL").fetchone()
    return (str(row[0]), int(row[1])) if row and row[0] else None


def _public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return False
