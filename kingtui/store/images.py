"""Pictures: one row per arrived file, its stage, receipts and failed attempts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.models import Backlog, Image, Kind, Stage
from kingtui.store.schema import attempts, images, moves, readings, receipts

_COLUMNS = [images.c[field.name] for field in fields(Image)]
_UNDER_WAY = sa.select(moves.c.dst)
_IN_PLACE = sa.and_(
    images.c.path.not_in(_UNDER_WAY), sa.or_(images.c.analysis.is_(None), images.c.analysis.not_in(_UNDER_WAY))
)
"""Its files are where its row says. Between a commit and the move that follows it they are not yet."""
_PAST_STEP_3 = (Stage.UNIQUE, Stage.ANALYSED, Stage.EXTRACTED)
"""What another picture may be a duplicate of."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file as it was read: ``path`` relative to the home; ``key`` makes it the same delivery when seen again."""

    path: str
    name: str
    sha256: str
    size: int
    mtime_ns: int
    source: str
    key: str
    message_at: datetime | None = None
    caption: str | None = None


def _image(row: sa.Row[Any]) -> Image:
    data = {field.name: row._mapping[field.name] for field in fields(Image)}
    data["stage"] = Stage(data["stage"])
    data["kind"] = None if data["kind"] is None else Kind(data["kind"])
    data["failed_stage"] = None if data["failed_stage"] is None else Stage(data["failed_stage"])
    return Image(**data)


async def register(tx: AsyncConnection, arrival: Arrival, now: datetime) -> int:
    """Add a picture in stage new with its receipt; its id."""
    image_id: int = await tx.scalar(
        images.insert()
        .values(
            sha256=arrival.sha256, path=arrival.path, name=arrival.name, size=arrival.size, mtime_ns=arrival.mtime_ns,
            changed_at=now, stage=Stage.NEW, staged_at=now, arrived_at=now,
        )
        .returning(images.c.id)
    )  # fmt: skip
    await receive(tx, image_id, arrival, now)
    return image_id


async def receive(tx: AsyncConnection, image_id: int, arrival: Arrival, now: datetime) -> None:
    """Add a receipt, unless the same delivery is known."""
    known = await tx.scalar(
        sa.select(receipts.c.id).where(receipts.c.source == arrival.source, receipts.c.key == arrival.key)
    )
    if known is None:
        await tx.execute(
            receipts.insert().values(
                image_id=image_id, source=arrival.source, key=arrival.key, message_at=arrival.message_at,
                received_at=now, caption=arrival.caption,
            )
        )  # fmt: skip


async def received(connection: AsyncConnection, source: str, keys: Collection[str]) -> set[str]:
    """Those of ``keys`` that were delivered by ``source`` before."""
    rows = await connection.execute(
        sa.select(receipts.c.key).where(receipts.c.source == source, receipts.c.key.in_(keys))
    )
    return {row.key for row in rows}


async def withdraw(tx: AsyncConnection, source: str, prefix: str, now: datetime) -> None:
    """Note of the receipts whose keys begin so that their messages were deleted; the pictures stay."""
    await tx.execute(
        receipts.update()
        .where(
            receipts.c.source == source,
            receipts.c.key >= prefix,
            receipts.c.key < prefix[:-1] + chr(ord(prefix[-1]) + 1),
            receipts.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
    )


async def explain(tx: AsyncConnection, image_id: int, stage: Stage, reason: str) -> bool:
    """Say more of why a picture is in a stage; False where it has left it meanwhile."""
    is_there = sa.and_(images.c.id == image_id, images.c.stage == stage)
    return (await tx.execute(images.update().where(is_there).values(reason=reason))).rowcount > 0


async def renew(tx: AsyncConnection, image_id: int, arrival: Arrival, now: datetime) -> None:
    """The file of a new picture has other content: it was still being written."""
    await tx.execute(
        images.update()
        .where(images.c.id == image_id)
        .values(sha256=arrival.sha256, size=arrival.size, mtime_ns=arrival.mtime_ns, changed_at=now, next_try=None)
    )


async def new_by_path(connection: AsyncConnection) -> dict[str, sa.Row[*tuple[Any, ...]]]:
    """Pictures in stage new: path → (id, sha256, size, mtime_ns)."""
    rows = await connection.execute(
        sa.select(images.c.path, images.c.id, images.c.sha256, images.c.size, images.c.mtime_ns).where(
            images.c.stage == Stage.NEW
        )
    )
    return {row.path: row for row in rows}


async def get(connection: AsyncConnection, image_id: int) -> Image | None:
    """One picture."""
    row = (await connection.execute(sa.select(*_COLUMNS).where(images.c.id == image_id))).one_or_none()
    return None if row is None else _image(row)


async def analyses(connection: AsyncConnection, ids: Collection[int]) -> dict[int, str]:
    """The analysis files of pictures, relative to the home; of those that have one."""
    rows = await connection.execute(
        sa.select(images.c.id, images.c.analysis).where(images.c.id.in_(ids), images.c.analysis.is_not(None))
    )
    return {row.id: row.analysis for row in rows}


async def changed_at(connection: AsyncConnection, image_id: int) -> datetime:
    """When the content of a picture was last seen to change."""
    moment: datetime | None = await connection.scalar(sa.select(images.c.changed_at).where(images.c.id == image_id))
    if moment is None:
        raise LookupError(image_id)
    return moment


async def due(
    connection: AsyncConnection, stage: Stage, now: datetime, limit: int, exclude: Collection[int] = ()
) -> list[Image]:
    """Pictures of a stage whose files are in place and whose next try is not in the future, oldest first."""
    rows = await connection.execute(
        sa.select(*_COLUMNS)
        .where(
            images.c.stage == stage,
            _IN_PLACE,
            sa.or_(images.c.next_try.is_(None), images.c.next_try <= now),
            images.c.id.not_in(exclude),
        )
        .order_by(images.c.id)
        .limit(limit)
    )
    return [_image(row) for row in rows]


async def backlogs(connection: AsyncConnection, stages: Collection[Stage], now: datetime) -> dict[Stage, Backlog]:
    """What waits in each of these stages: of what is due, only pictures whose files are in place."""
    later = images.c.next_try > now
    is_due = sa.and_(sa.or_(images.c.next_try.is_(None), ~later), _IN_PLACE)
    rows = await connection.execute(
        sa.select(
            images.c.stage,
            sa.func.count().filter(is_due),
            sa.func.count().filter(~is_due),
            sa.func.min(images.c.next_try).filter(later),
            sa.func.max(images.c.staged_at).filter(is_due),
        )
        .where(images.c.stage.in_(stages))
        .group_by(images.c.stage)
    )
    found = {Stage(row[0]): Backlog(due=row[1], waiting=row[2], next_try=row[3], newest=row[4]) for row in rows}
    return {stage: found.get(stage, Backlog()) for stage in stages}


async def move_on(tx: AsyncConnection, image_id: int, stage: Stage, now: datetime, **columns: Any) -> None:
    """Bring a picture to another stage, with further columns, and clear its failures."""
    await tx.execute(
        images.update()
        .where(images.c.id == image_id)
        .values(
            {"stage": stage, "staged_at": now, "attempts": 0, "next_try": None, "failed_stage": None}
            | {name: value.value if isinstance(value, Kind) else value for name, value in columns.items()}
        )
    )


async def postpone(tx: AsyncConnection, image_id: int, next_try: datetime) -> None:
    """Make a picture wait, without a failure."""
    await tx.execute(images.update().where(images.c.id == image_id).values(next_try=next_try))


async def hasten(tx: AsyncConnection, now: datetime) -> None:
    """No picture waits for a moment that lies ahead: the clock was set back, and such a moment is far off."""
    for moment in (images.c.next_try, images.c.changed_at):
        await tx.execute(images.update().where(moment > now).values({moment: now}))


async def failed(
    tx: AsyncConnection, image: Image, run_id: int, error: str, now: datetime, next_try: datetime | None
) -> None:
    """Record a failed attempt; the picture stays in its stage until ``next_try``."""
    await tx.execute(attempts.insert().values(image_id=image.id, run_id=run_id, stage=image.stage, at=now, error=error))
    await tx.execute(
        images.update()
        .where(images.c.id == image.id)
        .values(attempts=images.c.attempts + 1, next_try=next_try, reason=error)
    )


async def attempts_of(connection: AsyncConnection, image_id: int) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """The failed attempts of a picture, oldest first: (at, stage, error)."""
    rows = await connection.execute(
        sa.select(attempts.c.at, attempts.c.stage, attempts.c.error)
        .where(attempts.c.image_id == image_id)
        .order_by(attempts.c.id)
    )
    return rows.all()


async def message_time(connection: AsyncConnection, image_id: int) -> datetime | None:
    """The latest time of the messages that brought a picture or a duplicate of it."""
    moment: datetime | None = await connection.scalar(
        sa.select(sa.func.max(receipts.c.message_at))
        .join(images, images.c.id == receipts.c.image_id)
        .where(sa.or_(images.c.id == image_id, images.c.original_id == image_id))
    )
    return moment


async def same_content(connection: AsyncConnection, image: Image) -> Image | None:
    """The first picture past step 3 with the same bytes or the same decoded pixels."""
    same: sa.ColumnElement[bool] = images.c.sha256 == image.sha256
    if image.pixels is not None:
        same = sa.or_(same, images.c.pixels == image.pixels)
    rows = await connection.execute(
        sa.select(*_COLUMNS)
        .where(
            images.c.id != image.id,
            images.c.stage.in_(_PAST_STEP_3),
            same,
        )
        .order_by(images.c.id)
        .limit(1)
    )
    row = rows.one_or_none()
    return None if row is None else _image(row)


async def hashes(connection: AsyncConnection, kind: Kind, after: tuple[str, int], limit: int) -> list[tuple[str, int]]:
    """Perceptual hashes of a kind's pictures in any stage, with their ids: the next ones in order after ``after``."""
    rows = await connection.execute(
        sa.select(images.c.phash, images.c.id)
        .where(images.c.kind == kind.value, sa.tuple_(images.c.phash, images.c.id) > sa.tuple_(*after))
        .order_by(images.c.phash, images.c.id)
        .limit(limit)
    )
    return [(phash, image_id) for phash, image_id in rows]


async def look_alike(
    connection: AsyncConnection, image: Image, other_id: int, reader: str
) -> tuple[Image, bytes | None] | None:
    """Another picture of the same kind past step 3, with what this version of the reader read from it, if it did."""
    query = (
        sa.select(*_COLUMNS, readings.c.data)
        .outerjoin(readings, sa.and_(readings.c.sha256 == images.c.sha256, readings.c.reader == reader))
        .where(
            images.c.id == other_id,
            images.c.id != image.id,
            images.c.kind == image.kind,
            images.c.stage.in_(_PAST_STEP_3),
        )
    )
    rows: sa.CursorResult[Any] = await connection.execute(query)
    row = rows.one_or_none()
    return None if row is None else (_image(row), row.data)


async def listed(
    connection: AsyncConnection, *, stages: Sequence[Stage] | None, limit: int, before: int | None
) -> list[Image]:
    """Pictures, newest first."""
    query = sa.select(*_COLUMNS).order_by(images.c.id.desc()).limit(limit)
    if stages is not None:
        query = query.where(images.c.stage.in_(stages))
    if before is not None:
        query = query.where(images.c.id < before)
    return [_image(row) for row in await connection.execute(query)]


async def taken(connection: AsyncConnection, path: str) -> bool:
    """Whether a picture has this path."""
    query = sa.select(sa.literal(1)).where(images.c.path == path, images.c.stage != Stage.MISSING)
    return (await connection.execute(query)).first() is not None


async def counts(connection: AsyncConnection) -> Mapping[Stage, int]:
    """How many pictures are in each stage."""
    rows = await connection.execute(sa.select(images.c.stage, sa.func.count()).group_by(images.c.stage))
    return {Stage(stage): count for stage, count in rows}


async def arrivals(connection: AsyncConnection, since: datetime) -> tuple[int, int, datetime | None]:
    """Pictures in all, those that arrived since, and when the last arrived."""
    row = (
        await connection.execute(
            sa.select(
                sa.func.count(),
                sa.func.count().filter(images.c.arrived_at >= since),
                sa.func.max(images.c.arrived_at),
            )
        )
    ).one()
    return int(row[0]), int(row[1]), row[2]


async def doubtful(connection: AsyncConnection, window: int) -> tuple[int, int]:
    """Of the last ``window`` pictures: how many are unknown or for the greater part not verified, and how many were
    judged at all."""
    judged = (
        sa.select(images.c.stage, images.c.sure_share)
        .where(sa.or_(images.c.stage == Stage.UNKNOWN, images.c.sure_share.is_not(None)))
        .order_by(images.c.id.desc())
        .limit(window)
        .subquery()
    )
    bad = sa.or_(judged.c.stage == Stage.UNKNOWN, judged.c.sure_share < 0.5)
    row = (await connection.execute(sa.select(sa.func.count().filter(bad), sa.func.count()).select_from(judged))).one()
    return row[0], row[1]


async def last_received(connection: AsyncConnection) -> dict[str, datetime]:
    """When each source delivered last."""
    rows = await connection.execute(
        sa.select(receipts.c.source, sa.func.max(receipts.c.received_at)).group_by(receipts.c.source)
    )
    return {row[0]: row[1] for row in rows}
