"""The index of perceptual hashes: it names exactly what is near, whatever happened to the store."""

import random
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from kingtui.models import Image, Kind, KingError, Stage
from kingtui.steps.look_alikes import LOOK_ALIKE, LookAlikes
from kingtui.store import images
from kingtui.store.database import Database
from kingtui.store.schema import images as table

NOW = datetime(2026, 1, 2, tzinfo=UTC)
KIND = Kind.SHORT_TERM_RATIO


@pytest.fixture
async def database(tmp_path):
    database = Database(tmp_path / "kingtui.db")
    await database.open(NOW)
    yield database
    await database.close()


async def stored(
    database: Database, image_id: int, phash: int, stage: Stage = Stage.EXTRACTED, kind: Kind = KIND
) -> Image:
    """A picture in the store."""
    row = {
        "id": image_id, "sha256": f"{image_id:064x}", "path": f"{image_id}.jpg", "name": f"{image_id}.jpg", "size": 1,
        "mtime_ns": 0, "changed_at": NOW, "stage": stage, "staged_at": NOW, "arrived_at": NOW, "kind": kind.value,
        "phash": f"{phash:016x}",
    }  # fmt: skip
    async with database.write() as tx:
        await tx.execute(table.insert().values(row))
        found = await images.get(tx, image_id)
    assert found is not None
    return found


def flipped(phash: int, bits: int, chance: random.Random) -> int:
    for bit in chance.sample(range(64), bits):
        phash ^= 1 << bit
    return phash


async def test_it_names_exactly_the_near_ones_nearest_first(database):
    chance = random.Random(1)
    middle = chance.getrandbits(64)
    hashes = {number: flipped(middle, chance.randint(0, 20), chance) for number in range(1, 200)}
    for number, phash in hashes.items():
        await stored(database, number, phash, chance.choice(list(Stage)))
    await stored(database, 900, middle, kind=Kind.RSI_HEATMAP)
    asked = await stored(database, 500, middle, Stage.SORTED)
    distances = {number: (middle ^ phash).bit_count() for number, phash in hashes.items()}
    near = sorted((distance, number) for number, distance in distances.items() if distance <= LOOK_ALIKE)
    assert len(near) > 20
    assert await LookAlikes(database).near(asked) == [number for _, number in near]


async def test_a_page_of_the_fill_may_end_between_equal_hashes(database, monkeypatch):
    monkeypatch.setattr("kingtui.steps.look_alikes._PAGE", 3)
    for number in range(1, 11):
        await stored(database, number, 7)
    asked = await stored(database, 11, 7, Stage.SORTED)
    assert await LookAlikes(database).near(asked) == list(range(1, 11))


async def test_what_was_asked_for_is_known_from_then_on_once(database):
    index = LookAlikes(database)
    first = await stored(database, 1, 0b1, Stage.SORTED)
    assert await index.near(first) == []
    assert await index.near(first) == []  # its transaction failed: it comes again
    second = await stored(database, 2, 0b11, Stage.SORTED)
    third = await stored(database, 3, 0b111, Stage.SORTED)
    assert await index.near(second) == [1]
    assert await index.near(third) == [2, 1]


async def test_a_picture_that_was_sorted_anew_is_found_by_its_new_hash(database):
    index, other = LookAlikes(database), flipped(0, 40, random.Random(2))
    await index.near(await stored(database, 1, 0, Stage.SORTED))
    async with database.write() as tx:
        await tx.execute(sa.update(table).where(table.c.id == 1).values(phash=f"{other:016x}"))
        again = await images.get(tx, 1)
    assert again is not None
    await index.near(again)
    assert await index.near(await stored(database, 2, other, Stage.SORTED)) == [1]
    near = await stored(database, 3, 0b1, Stage.SORTED)
    assert await index.near(near) == [1]  # by its old one too: a look in the store decides


async def test_one_bit_of_a_new_hash_does_not_hide_it(database):
    index = LookAlikes(database)
    await index.near(await stored(database, 1, 0, Stage.SORTED))
    async with database.write() as tx:
        await tx.execute(sa.update(table).where(table.c.id == 1).values(phash=f"{0xFF:016x}"))
        again = await images.get(tx, 1)
    assert again is not None
    await index.near(again)
    assert await index.near(await stored(database, 2, 0xFFFF, Stage.SORTED)) == [1]


async def test_the_store_decides_whether_a_named_picture_can_be_an_original(database):
    asked = await stored(database, 1, 0, Stage.SORTED)
    for number, stage in enumerate((Stage.UNIQUE, Stage.ANALYSED, Stage.EXTRACTED, Stage.DUPLICATE, Stage.SORTED), 2):
        await stored(database, number, 0, stage)
    await stored(database, 7, 0, Stage.EXTRACTED, Kind.RSI_HEATMAP)
    async with database.read() as connection:
        found = {n: await images.look_alike(connection, asked, n, "1") for n in range(1, 9)}
    assert [number for number, other in found.items() if other is not None] == [2, 3, 4]


async def test_a_removed_picture_is_named_but_not_there(database):
    await stored(database, 1, 0)
    index = LookAlikes(database)
    await index.near(await stored(database, 2, 0, Stage.SORTED))
    async with database.write() as tx:
        await tx.execute(sa.delete(table).where(table.c.id == 1))
    asked = await stored(database, 3, 0, Stage.SORTED)
    assert await index.near(asked) == [1, 2]
    async with database.read() as connection:
        assert await images.look_alike(connection, asked, 1, "1") is None


async def test_a_fill_that_fails_is_tried_again(database):
    await stored(database, 1, 0)
    asked = await stored(database, 2, 0, Stage.SORTED)
    index = LookAlikes(database)
    await database.close()
    with pytest.raises(KingError):
        await index.near(asked)
    await database.open(NOW)
    assert await index.near(asked) == [1]


async def test_a_picture_without_a_hash_is_like_none(database):
    await stored(database, 1, 0)
    picture = Image(2, "0" * 64, "a", "a", 1, Stage.SORTED, NOW, NOW, kind=KIND)
    assert await LookAlikes(database).near(picture) == []
