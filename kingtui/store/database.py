"""The database: opens it, brings it to the newest schema, and lends connections.

SQLite in WAL mode with one writer connection, which alone checkpoints: before 3.51.3 SQLite can corrupt a WAL that two
connections write or checkpoint at once. Readers see the last commit and never wait for the writer.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from kingtui.models import KingError
from kingtui.store.schema import HEAD

MIGRATIONS = Path(__file__).parent / "migrations"


class StoreFailed(KingError):
    """The database could not be written or read: the disk is full, read-only, or broken."""


class Database:
    """The state of one home. ``await open()`` first, ``await close()`` at the end.

    ``read_only`` opens a database that another process owns: it is neither created nor migrated.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._writer: AsyncEngine | None = None
        self._reader: AsyncEngine | None = None
        self._writing = asyncio.Lock()

    async def open(self, now: datetime) -> None:
        """Migrate where needed, with a backup beside the database before, and connect. Raises KingError."""
        try:
            await asyncio.to_thread(self._prepare, now)
        except (sqlite3.Error, sa.exc.DatabaseError) as error:
            text = str(getattr(error, "orig", error))
            raise KingError(f"{self.path} cannot be opened as a database: {text}") from error
        if not self.read_only:
            self._writer = _engine(self.path, pool_size=1, pragmas=("synchronous=FULL", "foreign_keys=ON"))
        self._reader = _engine(
            self.path, pool_size=2, pragmas=("query_only=ON", "wal_autocheckpoint=0", "busy_timeout=5000")
        )

    async def close(self) -> None:
        """Close every connection; the writer last, which then checkpoints."""
        for engine in (self._reader, self._writer):
            if engine is not None:
                await engine.dispose()
        self._reader = self._writer = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed where the block ends well. One at a time; others wait their turn."""
        if self._writer is None:
            raise KingError(f"{self.path} is not open for writing")
        async with self._writing:
            try:
                async with self._writer.begin() as connection:
                    yield connection
            except sa.exc.OperationalError as error:
                raise StoreFailed(f"{self.path} could not be written: {error.orig}") from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one consistent state and cannot write."""
        if self._reader is None:
            raise KingError(f"{self.path} is not open")
        try:
            async with self._reader.begin() as connection:
                yield connection
        except sa.exc.OperationalError as error:
            raise StoreFailed(f"{self.path} could not be read: {error.orig}") from error

    async def shrink(self) -> None:
        """Give free pages back to the file system."""
        if self._writer is not None:
            async with self._writing, self._writer.connect() as connection:
                autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await autocommit.exec_driver_sql("PRAGMA incremental_vacuum")

    def _prepare(self, now: datetime) -> None:
        if self.read_only:
            if not self.path.exists():
                raise KingError(f"{self.path} does not exist: nothing has run in this home yet")
            self._known(self._revision())
            return
        fresh = not self.path.exists() or self.path.stat().st_size == 0
        if fresh:
            with closing(sqlite3.connect(self.path)) as connection:
                self.path.chmod(0o600)
                connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # only an empty database takes it
                connection.execute("PRAGMA journal_mode=WAL")
        revision = self._revision()
        if revision == HEAD:
            return
        self._known(revision)
        if not fresh:
            self._back_up(revision, now)
        self._migrate()

    def _revision(self) -> str | None:
        with closing(sqlite3.connect(self.path)) as connection:
            found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if found else None
            return str(row[0]) if row else None

    def _known(self, revision: str | None) -> None:
        known = {path.name.split("_", 1)[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")}
        if revision is not None and revision not in known:
            raise KingError(
                f"{self.path} was written by a newer kingtui (its schema is {revision}, this one knows up to {HEAD}): "
                "install the newer version, or restore the backup beside the database"
            )

    def _back_up(self, revision: str | None, now: datetime) -> None:
        backup = self.path.with_name(f"{self.path.name}.{revision or 'empty'}-{now:%Y%m%dT%H%M%SZ}.bak")
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(backup)) as target:
            backup.chmod(0o600)
            source.backup(target)

    def _migrate(self) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        engine = sa.create_engine(sa.URL.create("sqlite", database=str(self.path)))
        try:
            with engine.connect() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        finally:
            engine.dispose()


def _engine(path: Path, *, pool_size: int, pragmas: tuple[str, ...]) -> AsyncEngine:
    url = sa.URL.create("sqlite+aiosqlite", database=str(path))
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=30)
    immediate = "BEGIN" if "query_only=ON" in pragmas else "BEGIN IMMEDIATE"

    @sa.event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        # The driver's own idea of transactions begins them too late (at the first change); we begin them ourselves.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(immediate)

    return engine
