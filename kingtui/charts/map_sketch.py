"""What was found in the plot of a liquidation map, noted where it stands: axes, price line, bars, curves, clusters."""

from __future__ import annotations

import numpy as np

from kingtui.charts.clusters import clusters_in_windows
from kingtui.charts.locate import Canvas
from kingtui.charts.map_axes import BOTTOM, LEFT, RIGHT, TOP, Axes
from kingtui.charts.map_plot import Plot
from kingtui.charts.sketch import plain


def note_axes(canvas: Canvas, axes: Axes) -> None:
    """The two axes, the ticks that the price axis is built on, and the dashed line."""
    canvas.note("price axis", "line", (LEFT, BOTTOM, RIGHT, BOTTOM))
    canvas.note("count axis", "line", (LEFT, TOP, LEFT, BOTTOM))
    for place in axes.ticks.places if axes.ticks else ():
        canvas.note("price axis", "line", (place, BOTTOM, place, BOTTOM + 6))
    if axes.line is not None:
        canvas.note("current_price", "line", (axes.line, TOP - 4, axes.line, BOTTOM))


def note_plot(canvas: Canvas, plot: Plot) -> None:
    """The bars as high as they were measured, the curves where they were read, and the clusters' windows."""
    if canvas.sketch is None:
        return
    centres, half = plot.cells.centres(), plot.cells.width / 2
    scale = plot.heights.unit / canvas.factor[1]  # canvas pixels per liquidation
    tops = BOTTOM - plot.totals * scale
    steps = np.column_stack((centres - half, tops, centres + half, tops))
    canvas.note("bars", "line", (LEFT, BOTTOM, *steps.ravel(), RIGHT, BOTTOM), f"sum {plain(plot.totals.sum())}")
    for cell in np.flatnonzero((plot.bars.high - plot.totals) * scale > 3):
        above = tops[cell] - (plot.bars.high - plot.totals)[cell] * scale
        canvas.note("hidden end of a bar", "line", (centres[cell], tops[cell], centres[cell], above))
    if plot.curve is not None and plot.top:
        heights = BOTTOM - plot.curve / plot.top * (BOTTOM - TOP)
        curve = np.column_stack((centres, heights))
        for name, part in (("long_end", curve[: plot.here + 1]), ("short_end", curve[plot.here :])):
            canvas.note(f"cumulated.{name}", "line", part, plain(plot.ends[name] or 0.0))
    price = float(plot.prices[plot.here])
    for slot, found in clusters_in_windows(plot.prices, plot.totals, price).items():
        if found is not None:
            cluster, window = found
            left, right = np.interp(window, plot.prices, centres)
            text = f"{slot} {plain(plot.rounded(cluster.price))} ({plain(cluster.strength, 4)})"
            canvas.note(f"clusters.{slot}", "box", (left - half, TOP, right + half, BOTTOM), text)
