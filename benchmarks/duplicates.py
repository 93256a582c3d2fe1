"""How fast look-alikes are found, and how many copies of charts are recognised as copies.

    python -m benchmarks.duplicates [--pictures 100000] [--charts 6] [--seed 1]

The index: a store with so many pictures of one kind; filling it, and asking it. The copies: painted charts of each
kind, re-encoded, resized and framed, judged as step 3 does; and charts that nearly are copies: a printed number 0.1
higher, a title an hour later, a dot or a bar a little higher, the same coin an hour later.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from PIL import Image as Picture

from benchmarks.kingtui_process import machine, percentile, report
from kingtui.charts import jobs
from kingtui.charts.compare import agree
from kingtui.charts.painter import (
    Candle,
    Chart,
    HeatmapChart,
    MapBar,
    MapChart,
    RatioChart,
    RatioRow,
    RsiChart,
    RsiPoint,
    paint,
)
from kingtui.charts.painter.charts import price_decimals
from kingtui.charts.reading import AnyReading, Kind, load
from kingtui.models import Image, Stage
from kingtui.services.demo import MAPPED, Market
from kingtui.steps.look_alikes import LOOK_ALIKE, LookAlikes
from kingtui.store.database import Database
from kingtui.store.schema import images

START = datetime(2025, 5, 5, 3, 25, tzinfo=UTC)
HOUR = timedelta(hours=1)
WAYS = ("re-encoded", "resized", "PNG", "framed")
_FILTERS = (Picture.Resampling.BILINEAR, Picture.Resampling.BICUBIC, Picture.Resampling.LANCZOS)


@lru_cache(maxsize=32)
def facts(data: bytes) -> dict[str, Any]:
    """What step 2 finds out about a picture."""
    found: dict[str, Any] = json.loads(jobs.identify(data))
    return found


@lru_cache(maxsize=32)
def reading(data: bytes) -> AnyReading:
    """What step 3 and 4 read in it."""
    return load(jobs.read(data))


def duplicate(a: bytes, b: bytes) -> bool:
    """Whether step 3 calls one a duplicate of the other; the cheap questions first."""
    ours, theirs = facts(a), facts(b)
    if ours["kind"] != theirs["kind"]:
        return False
    if (int(ours["phash"], 16) ^ int(theirs["phash"], 16)).bit_count() > LOOK_ALIKE:
        return False
    return json.loads(jobs.overlay(a + b, split=len(a)))["same"] and agree(reading(a), reading(b))


def copy(data: bytes, way: str, chance: random.Random, width: int) -> bytes:
    """A copy of a chart ``width`` pixels wide at the canonical size: 0.75 to 1.6 times that, JPEG quality 60 to 95."""
    with Picture.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    if way != "re-encoded":
        share = chance.uniform(0.75, 1.6) * width / picture.width
        size = round(picture.width * share), round(picture.height * share)
        picture = picture.resize(size, chance.choice(_FILTERS))
    if way == "framed":
        edge = chance.randint(10, 60)
        frame = Picture.new("RGB", (picture.width + 2 * edge, picture.height + edge + 20), "white")
        frame.paste(picture, (edge, edge))
        picture = frame
    out = io.BytesIO()
    picture.save(out, "PNG" if way == "PNG" else "JPEG", quality=chance.randint(60, 95))
    return out.getvalue()


def pairs(market: Market, number: int) -> Iterator[tuple[Chart, Chart]]:
    """A chart of each kind, with what would be sent an hour later."""
    at, symbol = START + 31 * number * HOUR, MAPPED[number % len(MAPPED)]
    yield market.ratio(at, True, 12 + number % 19), market.ratio(at + HOUR, True, 12 + number % 19)
    yield market.ratio(at, False, 30 - number % 19), market.ratio(at + HOUR, False, 30 - number % 19)
    yield market.map(symbol, at), market.map(symbol, at + HOUR)
    yield market.heatmap(symbol, at), market.heatmap(symbol, at + HOUR)
    yield market.rsi_map(at), market.rsi_map(at + HOUR)


def near_misses(chart: Chart) -> Iterator[tuple[str, Chart]]:
    """The chart with one thing changed."""
    match chart:
        case RatioChart():
            for place in (0, len(chart.rows) - 1):
                row = chart.rows[place]
                changed = RatioRow(row.symbol, row.long + (0.1 if row.long < 99 else -0.1))
                yield "a number 0.1 higher", replace(chart, rows=_changed(chart.rows, place, changed))
        case MapChart():
            last = 10.0 ** -price_decimals(chart.price)
            yield "the price's last figure", replace(chart, price=chart.price + last)
            yield "an hour in the title", replace(chart, timestamp=chart.timestamp + HOUR)
            highest = max(range(len(chart.bars)), key=lambda place: chart.bars[place].total)
            bar = chart.bars[highest]
            lower = MapBar(bar.cell, tuple(0.9 * amount for amount in bar.amounts))
            yield "a bar a tenth lower", replace(chart, bars=_changed(chart.bars, highest, lower))
        case HeatmapChart():
            candle = chart.candles[-1]
            close = 1.01 * candle.close
            higher = Candle(candle.open, max(candle.high, close), candle.low, close)
            yield "a close 1 % higher", replace(chart, candles=(*chart.candles[:-1], higher))
        case RsiChart():
            point = chart.points[3]
            moved = RsiPoint(point.symbol, point.rsi + (0.5 if point.rsi < 99 else -0.5))
            yield "a dot 0.5 higher", replace(chart, points=_changed(chart.points, 3, moved))


def _changed(items: tuple[Any, ...], place: int, item: Any) -> tuple[Any, ...]:
    return (*items[:place], item, *items[place + 1 :])


@dataclass
class Tally:
    """Of one kind: copies made and found, others made, and those that were called copies."""

    copies: int = 0
    found: int = 0
    others: int = 0
    false: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)


def judge(charts: int, seed: int) -> dict[Kind, Tally]:
    """Copies and near misses of ``charts`` charts of each kind."""
    market, chance = Market(seed), random.Random(seed)
    tallies: dict[Kind, Tally] = {}
    for number in range(charts):
        for chart, later in pairs(market, number):
            tally = tallies.setdefault(chart.kind, Tally())
            original = paint(chart, scale=chance.choice((0.8, 1.0, 1.0, 1.4)), quality=chance.randint(70, 95))
            width = 940 if isinstance(chart, HeatmapChart) else 800
            for way in WAYS:
                same = duplicate(original, copy(original, way, chance, width))
                tally.copies += 1
                tally.found += same
                if not same:
                    tally.missed.append(f"{chart.kind} {number}, {way}")
            for what, other in (*near_misses(chart), ("an hour later", later)):
                picture = paint(other, scale=chance.choice((0.8, 1.0, 1.4)), quality=chance.randint(70, 95))
                tally.others += 1
                if duplicate(original, picture):
                    tally.false.append(f"{chart.kind} {number}, {what}")
            print(f"{number + 1}/{charts} {chart.kind}", file=sys.stderr)
    return tallies


async def fill_store(database: Database, count: int, chance: random.Random) -> None:
    """Rows of one kind whose hashes lie together as those of a kind do: in some fifty families."""
    families = [chance.getrandbits(64) for _ in range(50)]
    now = START
    for first in range(0, count, 5000):
        rows = []
        for number in range(first, min(first + 5000, count)):
            phash = chance.choice(families)
            for _ in range(chance.randint(0, 24)):
                phash ^= 1 << chance.randrange(64)
            rows.append({
                "sha256": f"{number:064x}", "path": f"imagesanalysed/{number}.jpg", "name": f"{number}.jpg", "size": 1,
                "mtime_ns": 0, "changed_at": now, "stage": Stage.EXTRACTED, "staged_at": now, "arrived_at": now,
                "kind": Kind.RSI_HEATMAP.value, "title": "RSI Heatmap", "phash": f"{phash:016x}",
            })  # fmt: skip
        async with database.write() as tx:
            await tx.execute(sa.insert(images), rows)


async def ask_index(count: int, questions: int, seed: int) -> dict[str, Any]:
    """Seconds of the fill and of each question, the loop's longest turn meanwhile in processor time, megabytes."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "kingtui.db")
        await database.open(START)
        try:
            await fill_store(database, count, chance)
            index = LookAlikes(database)
            waits: list[float] = []
            asked = _picture(count + 1, chance.getrandbits(64))
            ticking = asyncio.create_task(_tick(waits))
            before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
            await index.near(asked)
            fill = time.perf_counter() - start
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            ticking.cancel()
            async with database.read() as connection:
                hashes = [row[0] for row in await connection.execute(sa.select(images.c.phash).limit(questions))]
            times = []
            for number, phash in enumerate(hashes):
                start = time.perf_counter()
                await index.near(_picture(count + 2 + number, int(phash, 16)))
                times.append(time.perf_counter() - start)
        finally:
            await database.close()
    return {"fill": fill, "wait": max(waits), "grown": grown, "times": times}


async def _tick(waits: list[float]) -> None:
    while True:
        start = time.thread_time()
        await asyncio.sleep(0)
        waits.append(time.thread_time() - start)


def _picture(image_id: int, phash: int) -> Image:
    return Image(
        image_id,
        "0" * 64,
        "a.jpg",
        "a.jpg",
        1,
        Stage.SORTED,
        START,
        START,
        kind=Kind.RSI_HEATMAP,
        phash=f"{phash:016x}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--charts", type=int, default=6, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(machine(), file=sys.stderr)
    asked = asyncio.run(ask_index(args.pictures, 500, args.seed))
    median, worst = (1000 * percentile(asked["times"], share) for share in (0.5, 0.99))
    many = f"{args.pictures:,} pictures of a kind"
    report(f"look-alikes among {many}", f"median {median:.2f} ms, p99 {worst:.2f} ms", "≤ 10 ms")
    held = f"the loop held for at most {1000 * asked['wait']:.0f} ms, {asked['grown']:.0f} MB"
    report(f"the index's fill, once per kind and start, {many}", f"{asked['fill']:.2f} s, {held}", "–")
    for kind, tally in judge(args.charts, args.seed).items():
        found = f"{tally.found} of {tally.copies} ({tally.found / tally.copies:.1%})"
        false = f"{len(tally.false)} of {tally.others}"
        report(f"copies found: {kind.label}; others called copies", f"{found}; {false}", "≥ 95 %; 0")
        for text in tally.missed:
            print(f"missed: {text}", file=sys.stderr)
        for text in tally.false:
            print(f"FALSE: {text}", file=sys.stderr)


if __name__ == "__main__":
    main()
