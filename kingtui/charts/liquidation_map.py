"""Liquidation maps: stacked bars of liquidations over price, two cumulated curves, a dashed line at the current price.

Read: the title (symbol, exchanges, time, leverage), the number above the price line, the bar of every price cell, the
curves' ends. Checked: the title by rendering it in the chart's font, the exchanges by the legend too, the weekday by
the date; the price by where its line stands on the fitted axis; bars and curves against each other, for the curves
cumulate the bars; the clusters by what the curve rises across them and by how they bear small errors.
"""

from __future__ import annotations

import re

import numpy as np

from kingtui.charts.locate import Box, Canvas
from kingtui.charts.map_axes import BOTTOM, LEFT, RIGHT, Axes, price_line, price_ticks, read_axes
from kingtui.charts.map_clusters import find_clusters
from kingtui.charts.map_curves import Legend, read_legend
from kingtui.charts.map_exchanges import split
from kingtui.charts.map_plot import Plot, read_plot
from kingtui.charts.map_sketch import note_axes, note_plot
from kingtui.charts.map_title import read_facts, spell
from kingtui.charts.reading import SLOTS, Bar, Cluster, Kind, MapReading, Slot

SIZE = (800, 600)
TITLE_BOX: Box = (0, 10, 800, 38)
TITLE = re.compile(
    r"^\W*(?P<symbol>[A-Za-z0-9]{1,20})\s*"
    r"(?:[:;.]?\s*(?P<exchanges>[A-Za-z]+(?:_[A-Za-z]+)*)\s*[-–]\s*"
    r"(?P<moment>\w{3}\W.*\d{4}.*\d\d\W?\d\d\W?\d\d)\s*GMT[\W_]*(?P<leverage>[A-Za-z]+_?[A-Za-z]*)?"
    r"|[:;.].*(?:binance|bitfinex|okx|bitmex|bybit|bitget|GMT|leverage))"
)
"""What follows the symbol may be illegible as long as something in it is a map's: structure and page say the rest."""

_FIELDS = (
    "symbol", "leverage", "exchanges", "timestamp", "current_price",
    "bars", "cumulated.long_end", "cumulated.short_end",
)  # fmt: skip
_PRICE_TOLERANCE = 0.002
"""Between the printed price and its line on the axis, which stands on the centre of its cell."""


def structure(canvas: Canvas) -> float:
    """How many of its three parts are there: the baseline, regular ticks below it, the dashed green line."""
    line = canvas.off_page[BOTTOM - 2 : BOTTOM + 3, LEFT : RIGHT + 1]
    baseline = bool((line > 40).mean(1).max() > 0.8)
    ticks = price_ticks(canvas)
    return (baseline + (ticks is not None and len(ticks.places) >= 5) + (price_line(canvas) is not None)) / 3


def title(canvas: Canvas) -> str | None:
    """The title by the font, where its words are those that have been seen."""
    return spell(canvas)


def kind(match: re.Match[str]) -> Kind:
    """There is one."""
    return Kind.LIQUIDATION_MAP


def read(canvas: Canvas, match: re.Match[str]) -> MapReading:
    """Every number of the map."""
    legend = read_legend(canvas)
    facts = read_facts(canvas, match, len(legend.bars))
    reasons = dict(facts.reasons)
    axes = read_axes(canvas)
    note_axes(canvas, axes)
    plot = read_plot(canvas, legend, axes)
    reasons |= _doubt_price(axes, plot)
    found: dict[Slot, Cluster | None] = dict.fromkeys(SLOTS)
    if plot is None:
        reasons |= dict.fromkeys(("bars", "cumulated.long_end", "cumulated.short_end"), "the axes cannot be read")
    else:
        reasons |= plot.doubts()
        found = find_clusters(plot, reasons.get("current_price"))
        note_plot(canvas, plot)
    return MapReading(
        title=facts.title,
        symbol=facts.symbol,
        leverage=facts.leverage,
        exchanges=facts.exchanges,
        timestamp=facts.timestamp,
        current_price=axes.label.value,
        current_price_label=axes.label.text or None,
        price_min=plot.rounded(plot.prices[0]) if plot else None,
        price_max=plot.rounded(plot.prices[-1]) if plot else None,
        price_step=float(f"{plot.step:.6g}") if plot else None,
        bars=_bars(canvas, plot, legend, facts.exchanges) if plot else (),
        cumulated=dict(plot.ends) if plot else {"long_end": None, "short_end": None},
        clusters=found,
        verified=tuple(name for name in _FIELDS if name not in reasons),
        reasons=reasons,
    )


def _doubt_price(axes: Axes, plot: Plot | None) -> dict[str, str]:
    """Why the current price is missing or not verified."""
    label = axes.label
    if axes.line is None:
        reason = "there is no dashed price line"
    elif label.value is None or label.value <= 0:
        reason = "the number above the price line cannot be read"
    elif axes.price is None or not axes.price.sound(5):
        reason = "the price axis has too few regular ticks to confirm it"
    else:
        at_line = axes.price.value(axes.line)
        tolerance = max(_PRICE_TOLERANCE, 0.75 * plot.step / label.value if plot else 0)
        if abs(at_line / label.value - 1) > tolerance:
            reason = f"the price line stands at {at_line:.6g}"
        elif not label.sure:
            reason = "a figure of the printed price is not clear"
        else:
            return {}
    return {"current_price": reason}


def _bars(canvas: Canvas, plot: Plot, legend: Legend, exchanges: tuple[str, ...]) -> tuple[Bar, ...]:
    """The bars that are not empty, with the split by exchange where the legend shows all of them."""
    filled = np.flatnonzero(plot.totals > 0)
    names = sorted(exchanges)
    shares = np.zeros((len(filled), 0))
    if names and len(names) == len(legend.bars) and len(filled):
        pixels = plot.totals[filled] * plot.heights.unit / canvas.factor[1]
        shares = split(canvas, plot.cells.centres()[filled], pixels, legend.bars)
    return tuple(
        Bar(
            plot.rounded(plot.prices[cell]),
            float(plot.totals[cell]),
            {name: round(float(part * plot.totals[cell]), 1) for name, part in zip(names, row, strict=False)},
        )
        for cell, row in zip(filled, shares, strict=True)
    )
