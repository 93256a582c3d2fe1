"""The database: created, migrated, backed up, refused."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from kingtui.models import KingError
from kingtui.store import cursors, database, outbox
from kingtui.store.database import Database, StoreFailed
from kingtui.store.schema import HEAD, metadata

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


async def test_a_fresh_database_has_the_schema_and_keeps_what_is_written(tmp_path):
    database = Database(tmp_path / "kingtui.db")
    await database.open(NOW)
    async with database.write() as tx:
        await cursors.advance(tx, "inbox", {"seen": 3}, NOW)
    async with database.read() as connection:
        assert await cursors.cursor(connection, "inbox") == {"seen": 3}
        assert await cursors.cursor(connection, "other") is None
    await database.close()
    assert (tmp_path / "kingtui.db").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("*.bak"))
    with closing(sqlite3.connect(tmp_path / "kingtui.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)


async def test_the_migrations_lead_to_the_schema(tmp_path):
    database_ = Database(tmp_path / "kingtui.db")
    await database_.open(NOW)
    await database_.close()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'kingtui.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


async def test_an_older_database_is_backed_up_before_it_is_migrated(tmp_path):
    path = tmp_path / "kingtui.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE keepsake (word TEXT)")
        connection.execute("INSERT INTO keepsake VALUES ('old')")
        connection.commit()
    database_ = Database(path)
    await database_.open(NOW)
    await database_.close()
    (backup,) = tmp_path.glob("kingtui.db.empty-20260102T030405Z.bak")
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT word FROM keepsake").fetchall() == [("old",)]
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'images'").fetchone()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'images'").fetchone()


def _migrated(path: Path, revision: str) -> None:
    """A database as a kingtui of that schema leaves it."""
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


async def test_pictures_of_the_first_schema_are_as_sure_as_they_were(tmp_path):
    path = tmp_path / "kingtui.db"
    _migrated(path, "0001")
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO images (sha256, path, name, size, mtime_ns, changed_at, stage, staged_at, arrived_at,"
            " verified) VALUES ('', ?, '', 0, 0, 0, 'extracted', 0, 0, ?)",
            [("a", True), ("b", False), ("c", None)],
        )
        connection.commit()
    database_ = Database(path)
    await database_.open(NOW)
    await database_.close()
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT path, sure_share FROM images ORDER BY path").fetchall()
    assert rows == [("a", 1.0), ("b", None), ("c", None)]
    assert list(tmp_path.glob("kingtui.db.0001-*.bak"))


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_newer_database_is_refused_and_left_as_it_is(tmp_path, read_only):
    path = tmp_path / "kingtui.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('0999')")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(KingError, match=f"newer kingtui .its schema is 0999, this one knows up to {HEAD}"):
        await Database(path, read_only=read_only).open(NOW)
    assert path.read_bytes() == before


async def test_what_is_no_database_is_named(tmp_path):
    path = tmp_path / "kingtui.db"
    path.write_text("not a database at all, but long enough to be taken for one" * 20)
    with pytest.raises(KingError, match="kingtui.db cannot be opened as a database: file is not a database"):
        await Database(path).open(NOW)


async def test_read_only_neither_creates_nor_writes(tmp_path):
    path = tmp_path / "kingtui.db"
    with pytest.raises(KingError, match="does not exist"):
        await Database(path, read_only=True).open(NOW)
    assert not path.exists()
    owner = Database(path)
    await owner.open(NOW)
    reader = Database(path, read_only=True)
    await reader.open(NOW)
    async with owner.write() as tx:
        await cursors.set_flag(tx, "paused", True)
    async with reader.read() as connection:
        assert await cursors.flag(connection, "paused") is True
    with pytest.raises(StoreFailed, match="could not be read: attempt to write a readonly database"):
        async with reader.read() as connection:
            await cursors.set_flag(connection, "paused", False)
    with pytest.raises(KingError, match="not open for writing"):
        async with reader.write():
            pass
    await reader.close()
    await owner.close()


async def test_a_failed_transaction_leaves_nothing(tmp_path):
    database_ = Database(tmp_path / "kingtui.db")
    await database_.open(NOW)
    with pytest.raises(RuntimeError):
        async with database_.write() as tx:
            await cursors.set_flag(tx, "paused", True)
            raise RuntimeError
    async with database_.read() as connection:
        assert await cursors.flag(connection, "paused") is None
    await database_.close()


async def test_symbols_that_were_known_before_there_was_an_outbox_wait_for_the_mirror(tmp_path):
    path = tmp_path / "kingtui.db"
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.execute(sa.text("INSERT INTO symbols (symbol, updated_at) VALUES ('ETH', '2026-01-02 03:04:05')"))
        connection.commit()
    engine.dispose()
    database_ = Database(path)
    await database_.open(NOW)
    async with database_.read() as connection:
        tally = await outbox.tally(connection, NOW)
    assert (tally.waiting, tally.known, tally.oldest) == (1, 0, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    await database_.close()
