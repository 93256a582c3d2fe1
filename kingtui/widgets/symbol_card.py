"""A symbol's record as a card: price, curves, the plot of its levels, clusters, win rates, RSI, evidence.

Every number comes from the record; what is not there reads "not available".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.content import Content

from kingtui.models import SLOTS, ClusterLevel, Horizon, Point, Slot, SymbolHistory, SymbolRecord, WinRate
from kingtui.reports.format import age, level, percent, price
from kingtui.reports.words import TIME_SOURCES, rsi_band
from kingtui.widgets.curves import curve
from kingtui.widgets.level_plot import Zoom, draw
from kingtui.widgets.symbol_cells import LONG_GLYPH, SHORT_GLYPH
from kingtui.widgets.words import ago, counted, plain

HORIZONS: tuple[Horizon, ...] = ("24h", "7d", "1m")
BAR = 8
LABEL = 6


def distance(to: ClusterLevel | None, of: SymbolRecord) -> str | None:
    """How far a cluster is from the current price, in percent; None where either is not known."""
    if to is None or of.price is None or not of.price.value:
        return None
    return percent((to.price / of.price.value - 1) * 100, signed=True)


@dataclass(frozen=True, slots=True)
class Room:
    """How much room a card has, and how much of the map it shows."""

    width: int
    height: int = 32
    zoom: Zoom = "auto"

    @property
    def half(self) -> int:
        """Rows of the plot to either side of the price: all that is left beside the other facts."""
        return max(4, min((self.height - 21) // 2, 12))


def card(record: SymbolRecord, history: SymbolHistory | None, now: datetime, room: Room) -> Content:
    """All that is known of a symbol, in lines for people. ``✓`` stands behind what was verified."""
    lines = [_title(record, now), _price(record, now, room.width), *_curves(history, room.width), Content("")]
    lines += [draw(record, now, room.width, room.half, room.zoom), Content("")]
    lines += [_heading("Liquidation clusters"), *_clusters(record), Content("")]
    lines += [_heading("Win rates, liquidation-implied, not validated")]
    lines += [_win_rate(horizon, record.win_rates[horizon], now, room.width) for horizon in HORIZONS]
    lines += [_rsi(record, now, room.width), Content("")]
    lines += [_heading("Evidence"), *_evidence(record, now)]
    return Content("\n").join(lines)


def _heading(text: str) -> Content:
    return Content.styled(text, "bold $text-accent")


def _title(record: SymbolRecord, now: datetime) -> Content:
    return Content.assemble(
        (record.symbol, "bold $primary"),
        (f"   newest evidence {ago(record.last_updated, now)}", "$foreground-muted"),
        ("   ▲ stale: older than a day" if record.stale else "", "$text-warning"),
        ("   ? not every value is verified" if not record.verified else "", "$text-warning"),
    )


def _curves(history: SymbolHistory | None, width: int) -> list[Content]:
    """How price and score went; a line each where there are at least two values."""
    if history is None:
        return []
    shown = (("", history.prices, price), ("Score", history.scores, lambda value: f"{value:.0f}"))
    return [_curve(name, points, words, width) for name, points, words in shown if len(points) > 1]


def _curve(name: str, points: Sequence[Point], words: Callable[[float], str], width: int) -> Content:
    values = [point.value for point in points]
    low, high = words(min(values)), words(max(values))
    span = low if low == high else f"{low} to {high}"
    tail = f"  {span}, {counted(len(points), 'picture')} in {age(points[0].at, points[-1].at)}"
    return Content.assemble(
        _label(name), curve(points, max(8, min(40, width - LABEL - len(tail)))), (tail, "$foreground-muted")
    )


def _label(text: str) -> tuple[str, str]:
    return (text.ljust(LABEL), "$foreground-muted")


def _check(verified: bool) -> tuple[str, str]:
    return (" ✓", "$text-success") if verified else (" ? not verified", "$text-warning")


def _price(record: SymbolRecord, now: datetime, width: int) -> Content:
    if record.price is None:
        return Content.assemble(_label("Price"), ("not available", "$foreground-muted"))
    value = record.price
    parts = [_label("Price"), (price(value.value), "bold"), _check(value.verified)]
    return _with_source(parts, value.source, value.at, now, width)


def _clusters(record: SymbolRecord) -> list[Content]:
    """From the highest to the lowest."""
    return [_cluster(slot, record) for slot in reversed(SLOTS)]


def _cluster(slot: Slot, record: SymbolRecord) -> Content:
    found = record.clusters[slot]
    if found is None:
        return Content.assemble(_label(f"  {_signed(slot)}"), ("none", "$foreground-muted"))
    return Content.assemble(
        _label(f"  {_signed(slot)}"),
        (level(found.price).rjust(10), "bold strike" if found.passed else "bold"),
        (distance(found, record) or "").rjust(9),
        (f"  strength {found.strength:,.0f}", "$foreground-muted"),
        ("  passed", "$text-warning") if found.passed else "",
        _check(found.verified),
    )


def _signed(slot: Slot) -> str:
    return slot.replace("-", "−")


def _win_rate(horizon: Horizon, rate: WinRate | None, now: datetime, width: int) -> Content:
    if rate is None:
        return Content.assemble(_label(f"  {horizon}"), ("not available", "$foreground-muted"))
    filled = round(BAR * rate.long / 100)
    parts = [
        _label(f"  {horizon}"), (rate.text.ljust(19), "bold"), (LONG_GLYPH * filled, "$success"),
        (SHORT_GLYPH * (BAR - filled), "$error"), _check(rate.verified),
    ]  # fmt: skip
    return _with_source(parts, rate.source, rate.at, now, width)


def _with_source(parts: Sequence[tuple[str, str]], source: str, at: datetime, now: datetime, width: int) -> Content:
    """A line, and what it rests on behind it; on a line of its own where it would not fit."""
    line, text = Content.assemble(*parts), f"{plain(source)}, {ago(at, now)}"
    gap = "  " if line.cell_length + len(text) + 2 <= width else "\n" + " " * LABEL
    return Content.assemble(line, (gap + text, "$foreground-muted"))


def _rsi(record: SymbolRecord, now: datetime, width: int) -> Content:
    if record.rsi is None:
        return Content.assemble(_label("RSI"), ("not available", "$foreground-muted"))
    value = record.rsi
    parts = [
        _label("RSI"), (f"{value.value:.1f} ", "bold"), (rsi_band(value.value), ""), _check(value.verified)
    ]  # fmt: skip
    return _with_source(parts, value.source, value.at, now, width)


def _evidence(record: SymbolRecord, now: datetime) -> list[Content]:
    return [
        Content.assemble(
            f"  {found.kind.label.ljust(21)}",
            (f"{found.at:%Y-%m-%d %H:%M} UTC, {ago(found.at, now)}", "$foreground-muted"),
            (f"\n    {plain(found.name)}  {found.sha256[:8]}, {TIME_SOURCES[found.at_source]}", "$foreground-muted"),
        )
        for found in record.evidence
    ]
