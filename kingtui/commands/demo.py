"""``kingtui --demo`` without a terminal: the demo's delivery through all six steps, and a table of what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from kingtui.commands.desk import alone
from kingtui.commands.output import cell, facts, out, say, table
from kingtui.commands.run import ALL, Tally, drive, ended
from kingtui.home import Home
from kingtui.models import Image, KingError, RunStatus, Stage, Status, SymbolRecord
from kingtui.reports import format as fmt
from kingtui.settings import Settings

MOST_SYMBOLS = 20
MOST_IMAGES = 1000


@dataclass(frozen=True, slots=True)
class _Result:
    tally: Tally
    status: Status
    images: list[Image]
    symbols: list[SymbolRecord]


def show_demo(settings: Settings) -> None:
    """Paint a delivery, run the steps, and print what was found. Raises KingError where a run failed."""
    say(f"A demo: painted charts go through the six steps in {settings.home}; no number in it is real.")
    result = ended(_run(settings))
    _print(result, Home(settings.home))
    if not result.tally.well:
        broken = [run.error for run in result.tally.runs if run.status is not RunStatus.SUCCESS and run.error]
        raise KingError("; ".join(["the demo did not go well", *broken, f"{result.tally.failed} items failed"]))
    say("In a terminal, kingtui --demo shows it live in the dashboard.")


async def _run(settings: Settings) -> _Result:
    async with alone(settings) as desk:
        tally = await drive(desk, ALL)
        control = desk.runtime.control
        images = await control.images(limit=MOST_IMAGES)
        return _Result(tally, await control.status(), images, await control.symbols())


def _print(result: _Result, home: Home) -> None:
    console = out()
    kinds = Counter(image.kind.label if image.kind else "not sorted yet" for image in result.images)
    pictures = table("pictures", "count", "all verified", right=("count", "all verified"))
    for kind, count in sorted(kinds.items()):
        sure = sum(bool(image.verified) for image in result.images if image.kind and image.kind.label == kind)
        pictures.add_row(cell(kind), cell(count), cell(sure))
    console.print(pictures)
    console.print(_symbols(result.symbols))
    if len(result.symbols) > MOST_SYMBOLS:
        console.print(f"… and {len(result.symbols) - MOST_SYMBOLS} more symbols")
    written = sum(run.done for run in result.tally.runs if run.step == 6)
    ends = Counter(image.stage.value for image in result.images if image.stage is not Stage.EXTRACTED)
    rows: list[tuple[str, object]] = [(f"pictures {stage}", count) for stage, count in sorted(ends.items())]
    rows += [
        ("runs", f"{len(result.tally.runs)} now, {result.status.history_count} in the history"),
        ("reports written", written),
        ("reports", home.reports),
        ("home", home.root),
    ]
    console.print(facts(rows))


def _symbols(records: list[SymbolRecord]) -> object:
    """Those with a price first: they have the most to show."""
    made = table("symbol", "price", "score", "24 hours", "7 days", "1 month", "RSI", right=("price", "score", "RSI"))
    for item in sorted(records, key=lambda item: (item.price is None, item.symbol))[:MOST_SYMBOLS]:
        rates = [cell(rate.text if rate else None) for rate in item.win_rates.values()]
        price = cell(fmt.price(item.price.value) if item.price else None)
        made.add_row(cell(item.symbol), price, cell(item.score), *rates, cell(item.rsi.value if item.rsi else None))
    return made
