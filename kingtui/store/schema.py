"""The tables; migrations/ brings a database to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.types import TypeDecorator

HEAD = "0007"
"""The newest revision in migrations/; a database at it needs no migration, and alembic need not be imported."""


class Moment(TypeDecorator[datetime]):
    """A moment with its zone, kept in UTC to the microsecond on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

images = Table(
    "images",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("path", Text, nullable=False),  # relative to the home
    Column("name", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("changed_at", Moment, nullable=False),  # when its content was last seen to change
    Column("stage", String(16), nullable=False),
    Column("staged_at", Moment, nullable=False),
    Column("arrived_at", Moment, nullable=False),
    Column("kind", String(32)),
    Column("symbol", String(20)),
    Column("title", Text),
    Column("chart_like", Boolean, nullable=False, server_default=false()),
    Column("pixels", String(64), index=True),  # SHA-256 of the decoded pixels
    Column("phash", String(16)),  # perceptual hash: names candidates, proves nothing
    Column("original_id", ForeignKey("images.id")),
    Column("analysis", Text),  # the analysis file, relative to the home
    Column("verified", Boolean),  # whether every value read from it was verified
    Column("sure_share", Float),  # the share of its values that were verified
    Column("reason", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_try", Moment),
    Column("failed_stage", String(16)),
    Index("ix_images_stage_next_try", "stage", "next_try"),
    Index("ix_images_kind_phash", "kind", "phash"),
    Index("uq_images_path", "path", unique=True, sqlite_where=text("stage != 'missing'")),
    sqlite_autoincrement=True,
)  # fmt: skip

receipts = Table(
    "receipts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("image_id", ForeignKey("images.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("source", String(32), nullable=False),  # drop, inbox, demo, telegram
    Column(
        "key", Text, nullable=False
    ),  # what makes it the same delivery: path, size and time; or chat, message, media
    Column("message_at", Moment),
    Column("received_at", Moment, nullable=False),
    Column("caption", Text),
    Column("withdrawn_at", Moment),  # when its message was found to be deleted
    UniqueConstraint("source", "key"),
)

readings = Table(
    "readings",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("reader", String(16), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("read_at", Moment, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("step", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("trigger", Text, nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("done", Integer, nullable=False, server_default=text("0")),
    Column("failed", Integer, nullable=False, server_default=text("0")),
    Column("quarantined", Integer, nullable=False, server_default=text("0")),
    Column("error", Text),
    Column("count", Integer, nullable=False, server_default=text("1")),
    Column("calls", Integer, nullable=False, server_default=text("0")),  # questions to a language model
    Column("tokens", Integer, nullable=False, server_default=text("0")),  # read and written by it
    Column("cost", Integer, nullable=False, server_default=text("0")),  # in millionths of a US dollar
    Index("ix_runs_step_id", "step", "id"),
    Index("uq_runs_running", "step", unique=True, sqlite_where=text("status = 'running'")),
    Index("uq_runs_pending", "step", unique=True, sqlite_where=text("status = 'pending'")),
    sqlite_autoincrement=True,
)  # fmt: skip

requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("trigger", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("image_id", ForeignKey("images.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("run_id", ForeignKey("runs.id", ondelete="SET NULL")),
    Column("stage", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("error", Text, nullable=False),
)

steps = Table(
    "steps",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("held_at", Moment),  # cancelled then: waits for a manual trigger or a newer item
    Column("idle", Boolean, nullable=False, server_default=true()),  # whatever the last run was
)

evidence = Table(
    "evidence",
    metadata,
    Column("symbol", String(20), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("image_id", ForeignKey("images.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("at_source", String(8), nullable=False),
    Column("facts", JSON, nullable=False),
    Index("ix_evidence_symbol_kind_at", "symbol", "kind", "at"),
)

symbols = Table(
    "symbols",
    metadata,
    Column("symbol", String(20), primary_key=True),
    Column("updated_at", Moment, nullable=False),  # when its evidence last changed
    Column("due_since", Moment),  # the first change that no report shows yet
    Column("ages_at", Moment),  # when its rates change by age alone
    # What lists show of its record, kept so that a list of thousands need not compute them all
    Column("last_updated", Moment),  # the time of its newest evidence
    Column("price", Float),
    Column("score", Integer),
    Column("below", Float),  # how far the nearest open cluster is, in percent of the price, without a sign
    Column("above", Float),
    Column("rsi", Float),
    Column("summary", JSON(none_as_null=True)),  # null: not computed yet; empty: no evidence
    Column("summary_until", Moment),  # from when on the summary does not hold; null: until its evidence changes
)

symbol_history = Table(
    "symbol_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("symbol", String(20), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("price", Float),
    Column("score", Integer),
    Column("record", JSON, nullable=False),  # the flat record after this picture
    UniqueConstraint("symbol", "sha256"),
    Index("ix_symbol_history_symbol_at", "symbol", "at"),
)

reports = Table(
    "reports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("symbol", String(20), nullable=False),
    Column("file", Text, nullable=False, unique=True),
    Column("figure", Text),
    Column("at", Moment, nullable=False),
    Index("ix_reports_symbol_at", "symbol", "at"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", String(32), nullable=False),
    Column("key", Text, nullable=False),  # the symbol
    Column("version", Integer, nullable=False, server_default=text("1")),  # counts the changes
    Column("waiting_since", Moment),  # the first change that the target has not got; null: none waits
    Column("changed_at", Moment, nullable=False),
    Column("held", JSON(none_as_null=True)),  # what the target holds: a hash for each of its columns
    Column("sent_at", Moment),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_try", Moment),
    Column("error", Text),
    UniqueConstraint("target", "key"),
    Index("ix_outbox_target_waiting_since", "target", "waiting_since"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", String(64), nullable=False),  # a hash of where it goes
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_try", Moment),
    Index("ix_notices_address_id", "address", "id"),
)

model_calls = Table(
    "model_calls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("run_id", ForeignKey("runs.id", ondelete="SET NULL"), index=True),
    Column("purpose", String(16), nullable=False),  # opinion, commentary, narrative
    Column("subject", Text, nullable=False, index=True),  # what it was about: a picture's hash, a symbol and its map
    Column("model", Text, nullable=False),
    Column("tokens_in", Integer, nullable=False),  # until the answer is there, the most that they can be
    Column("tokens_out", Integer, nullable=False),
    Column("cost", Integer, nullable=False),  # in millionths of a US dollar
    Column("outcome", Text, nullable=False),  # asked, answered, or what was wrong
    sqlite_autoincrement=True,
)

model_answers = Table(
    "model_answers",
    metadata,
    Column("key", String(64), primary_key=True),  # SHA-256 of model, prompt and content
    Column("answer", Text),  # JSON; null: there is none to use
    Column("problem", Text),  # why not
    Column("at", Moment, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("source", Text, primary_key=True),
    Column("value", JSON, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

moves = Table(
    "moves",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("src", Text, nullable=False, index=True),  # both relative to the home
    Column("dst", Text, nullable=False, unique=True),
    Column("sha256", String(64)),  # of the file that is meant, where that matters
    Column("at", Moment, nullable=False),
)

flags = Table(
    "flags",
    metadata,
    Column("name", String(32), primary_key=True),  # paused, …
    Column("value", JSON, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(255), primary_key=True),  # the jti
    Column("name", Text, nullable=False),  # empty: signed elsewhere, revoked here
    Column("scopes", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
    Column("last_used", Date),
)
