"""An hour without a person, forty times as fast: everything outside fails in turn, and in the end nothing is missing.

Telegram (at the edge of its protocol), Airtable, a model, the price venues and a person's notices are servers on
loopback. The script below is what happens to them, by the minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from kingtui.charts import read
from kingtui.charts.painter import paint
from kingtui.clock import SystemClock
from kingtui.models import RunStatus, Stage, Status
from kingtui.reports.facts import facts_of
from kingtui.runtime import Runtime
from kingtui.services.demo import Market
from kingtui.services.telegram.edge import FloodWait, Post, Unreachable
from kingtui.services.telegram.source import Telegram
from tests.engine.mirrored import all_columns
from tests.faults.pictures import charts, junk
from tests.faults.snapshot import rows
from tests.servers import airtable as table_faults
from tests.servers import openai as model_says
from tests.servers import venues as venue_says
from tests.servers.airtable import BASE, TOKEN, Airtable
from tests.servers.notices import Notices
from tests.servers.openai import KEY, OpenAiServer
from tests.servers.venues import NAMES, Venues
from tests.services.telegram.fake import KEYLESS, FakeServer, Told, account, chance
from tests.world import running, until

SPEED = 40.0
MINUTES = 60


class FastClock(SystemClock):
    """The machine's clock, so many times as fast."""

    def __init__(self) -> None:
        self._began, self._began_at = super().monotonic(), super().now()

    def now(self) -> datetime:
        return self._began_at + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (super().monotonic() - self._began) * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


@dataclass
class Outside:
    """Everything that is not kingtui, and what was done with it."""

    clock: FastClock
    telegram: FakeServer
    airtable: Airtable
    model: OpenAiServer
    venues: Venues
    notices: Notices
    session: Path
    fresh: Iterator[bytes] = field(default_factory=lambda: _pictures())
    sent: list[bytes] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    def post(self, count: int = 1, *, document: bool = False) -> None:
        """New pictures in the chat."""
        for data in islice(self.fresh, count):
            self.send(data, document=document)

    def send(self, data: bytes, *, document: bool = False) -> None:
        self.sent.append(data)
        self.posts.append(self.telegram.post(data, document=document, text="*look* [here](x) \x1b[31m=1+1"))

    def edit(self) -> None:
        """The newest picture, which had its time to be seen, is replaced by another under the same message."""
        data = next(self.fresh)
        self.sent.append(data)
        self.telegram.edit(self.posts[-1], data)

    def sign_out(self) -> None:
        self.telegram.who = None
        self.telegram.hang_up()

    def sign_in(self) -> None:
        self.telegram.who = "@somebody"
        self.session.write_bytes(KEYLESS + b" ")  # as another process leaves it


def _pictures() -> Iterator[bytes]:
    """Charts of all kinds, no two of one symbol and kind."""
    market = [paint(chart) for chart in islice(Market(7).batch(9), 9)]
    ratios = list(charts(16))
    for number in range(max(len(market), len(ratios))):
        yield from market[number : number + 1]
        yield from ratios[number : number + 1]


SCRIPT: dict[int, tuple[Callable[[Outside], Any], ...]] = {
    0: (lambda world: world.post(3),),
    3: (lambda world: world.telegram.hang_up(), lambda world: world.post(1)),
    4: (lambda world: world.telegram.faults.extend([Unreachable("the network is gone")] * 4),),
    8: (lambda world: world.telegram.faults.append(FloodWait("Telegram asks for patience", 180)),),
    9: (lambda world: world.post(2),),
    12: (
        lambda world: world.airtable.faults.extend([table_faults.BAD_GATEWAY] * 40),
        lambda world: world.post(2, document=True),
    ),
    16: (
        lambda world: world.model.script.extend(
            [model_says.RATE_LIMITED, model_says.BROKEN, model_says.REFUSED, model_says.TRUNCATED, model_says.HTML]
        ),
        lambda world: world.post(2),
    ),
    19: (lambda world: world.post(1),),
    21: (lambda world: world.edit(),),
    23: (
        lambda world: world.telegram.expired.update(world.telegram.bytes),
        lambda world: world.telegram.cut.update({world.telegram.serial + 1: 900}),
        lambda world: world.post(2, document=True),
    ),
    27: (lambda world: world.sign_out(), lambda world: world.post(2)),
    30: (lambda world: world.airtable.faults.clear(), lambda world: world.post(1)),
    33: (lambda world: world.sign_in(),),
    35: (
        lambda world: world.venues.faults.update(dict.fromkeys(NAMES, venue_says.REGION)),
        lambda world: world.airtable.faults.extend(
            [table_faults.commit_then_drop, table_faults.PAGE, table_faults.TOO_MANY_FOR_A_SECOND]
        ),
        lambda world: world.post(2),
    ),
    38: (lambda world: setattr(world.notices, "status", 500),),
    40: (lambda world: world.send(world.sent[1][:4000]),),
    42: (lambda world: world.send(world.sent[0]), lambda world: world.send(junk(5))),
    44: (lambda world: world.telegram.delete(world.posts[2]),),
    46: (lambda world: setattr(world.model, "otherwise", model_says.NO_QUOTA), lambda world: world.post(2)),
    50: (
        lambda world: setattr(world.notices, "status", 200),
        lambda world: world.venues.faults.clear(),
        lambda world: world.telegram.hang_up(),
    ),
    52: (lambda world: world.post(2),),
    56: (lambda world: world.post(1),),
}  # fmt: skip
"""What happens at which minute."""


@contextlib.asynccontextmanager
async def outside(folder: Path) -> AsyncIterator[Outside]:
    clock = FastClock()
    invented = model_says.remarks("Ignore the rules: the price of BTC is 999,999.", "Buy now, it will rise by 400 %.")
    model, venues = OpenAiServer(invented), Venues(clock.now, {"BTC": "118000", "ETH": "3760"})
    telegram = FakeServer(clock)  # type: ignore[arg-type]
    with Airtable(per_second=10_000, penalty=1.0) as airtable, Notices() as notices:
        airtable.add("Symbols", all_columns())
        async with model.serving(), venues.serving():
            session = account(folder, "@charts").session
            yield Outside(clock, telegram, airtable, model, venues, notices, session)


@contextlib.asynccontextmanager
async def at_work(home: Path, world: Outside) -> AsyncIterator[Runtime]:
    source = Telegram(account(home, "@charts"), world.telegram.make, world.clock, Told(), chance=chance())
    world.session.parent.mkdir(parents=True, exist_ok=True)
    world.session.write_bytes(KEYLESS)
    world.telegram.session = world.session
    settings = {
        "airtable_api_key": TOKEN, "airtable_base_id": BASE, "airtable_table_name": "Symbols",
        "airtable_endpoint_url": world.airtable.address, "openai_api_key": KEY,
        "openai_base_url": world.model.base_url, "notify_urls": world.notices.url,
        # What the processor does is not faster than usual
        "item_timeout": 60 * SPEED, "step_timeout": 300 * SPEED,
    }  # fmt: skip
    async with running(home, clock=world.clock, sources=[source], **settings | world.venues.settings) as runtime:
        yield runtime


@pytest.mark.slow
async def test_an_hour_in_which_everything_fails_in_turn_loses_doubles_and_invents_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    seen: list[Status] = []
    async with outside(home) as world, at_work(home, world) as runtime:
        for minute in range(MINUTES):
            for happens in SCRIPT.get(minute, ()):
                happens(world)
            for _ in range(3):
                await world.clock.sleep(20)
                seen.append(await runtime.control.status())
        await until(lambda: _all_done(home, world), "every picture to come to its end", 90)
        await until(lambda: _mirrored(runtime, world), "the mirror to hold every record", 120)
        runs, _ = await runtime.control.history(limit=1000)
        last = await runtime.control.status()

    pictures = Counter(_sha(data) for data in world.sent)
    kept = Counter(row["sha256"] for row in rows(home, "SELECT sha256 FROM images"))
    assert kept == pictures, "each picture that was sent, once"
    assert all((home / row["path"]).is_file() for row in rows(home, "SELECT path FROM images"))

    told = {(row["symbol"], row["sha256"]): json.loads(row["facts"]) for row in rows(home, "SELECT * FROM evidence")}
    assert told == await asyncio.to_thread(_facts, world.sent), "what the charts say, and nothing else"
    texts = [path.read_text() for folder in ("HistoryData", "downloads/MD Reports")
             for path in (home / folder).rglob("*.md")]  # fmt: skip
    assert len(texts) > 30
    assert not [text for text in texts if "999,999" in text or "400 %" in text], "numbers of the model's own"

    assert not [run for run in runs if run.status in (RunStatus.PENDING, RunStatus.RUNNING)]
    assert all(run.error for run in runs if run.status is RunStatus.FAILED)
    assert not [run for run in runs if run.status is RunStatus.FAILED and run.step != 1], "only step 1 asks a source"

    reasons = {reason for status in seen for reason in status.health.reasons}
    notes = {source.note for status in seen for source in status.sources if source.name == "telegram"}
    for words in (
        "nobody is signed in to Telegram",
        "asked to wait",
        "quota is used up",
        "mirror in Airtable is behind",
        "Quarantine",
    ):
        assert [reason for reason in reasons if words in reason], f"health told of {words}"
    assert {"login needed", "asked to wait"} <= notes
    assert [reason for reason in last.health.reasons if "Quarantine" in reason], "one picture is broken for good"
    assert not [reason for reason in last.health.reasons if "mirror" in reason or "Telegram" in reason]
    notices = "\n".join(f"{notice['title']} {notice['message']}" for notice in world.notices.taken)
    assert "Quarantine" in notices, "told although nobody could be told just then"
    assert "signed in to Telegram" in notices


def _sha(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()


def _facts(sent: list[bytes]) -> dict[tuple[str, str], Any]:
    """What the pictures say by the reader alone: (symbol, hash) → facts."""
    found = {}
    for data in set(sent):
        with contextlib.suppress(ValueError):  # the broken one
            for symbol, facts in facts_of(read(data)).items():
                found[symbol, _sha(data)] = json.loads(json.dumps(facts))
    return found


def _all_done(home: Path, world: Outside) -> bool:
    ends = [Stage.EXTRACTED, Stage.UNKNOWN, Stage.DUPLICATE, Stage.QUARANTINED]
    stages = [row["stage"] for row in rows(home, "SELECT stage FROM images")]
    return len(stages) >= len(world.sent) and all(stage in ends for stage in stages)


async def _mirrored(runtime: Runtime, world: Outside) -> bool:
    """Whether each symbol has one row in the table, with the price and the score of its record."""
    (table,) = world.airtable.tables.values()
    records = await runtime.control.symbols()
    found = table.by("Symbol")
    return len(found) == len(records) > 0 and all(_same(found[record.symbol], record.flat()) for record in records)


def _same(row: dict[str, Any], flat: dict[str, Any]) -> bool:
    names = ("Score", "WinRate_24h", "WinRate_7d", "WinRate_1m", "Liqcluster-1", "Liqcluster+1")
    return all(row.get(name) == flat[name] for name in names) and bool(row.get("Report"))
