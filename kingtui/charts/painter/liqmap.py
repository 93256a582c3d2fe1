"""Painting a liquidation map: stacked bars over price, cumulated curves to either side of the price's dashed line."""

from __future__ import annotations

from kingtui.charts.painter import look
from kingtui.charts.painter.canvas import Canvas, Point
from kingtui.charts.painter.charts import MapChart
from kingtui.charts.painter.look import Colour
from kingtui.charts.painter.scales import amount_ticks
from kingtui.charts.painter.watermark import stamp

WIDTH, HEIGHT = 800, 600
LEFT, RIGHT = 80, 720
TOP, BASE = 60, 530
"""The plot: lowest and highest price, largest tick and zero."""
_LEAST_BAR_WIDTH = 1.2
"""A bar fills its cell, and is not narrower than this."""
_LEAST_TICK_DISTANCE = 65.0
_DASH, _GAP = 12, 6
_ARROW = ((0.0, 0.0), (5.33, 16.0), (0.0, 12.0), (-5.33, 16.0))


def paint(chart: MapChart, scale: float) -> Canvas:
    """The chart on its canvas."""
    canvas = Canvas(WIDTH, HEIGHT, scale)
    long, short = chart.cumulated()
    left_ticks = amount_ticks(max((bar.total for bar in chart.bars), default=0))
    right_ticks = amount_ticks(max(long[-1], short[-1]))
    _axes(canvas, chart, left_ticks, right_ticks)
    _bars(canvas, chart, left_ticks[-1])
    _curves(canvas, chart, long, short, right_ticks[-1])
    _price_line(canvas, chart)
    _legend(canvas, chart)
    canvas.text(400, 32, chart.title, 15, look.TEXT, anchor="middle", bold=True)
    stamp(canvas, 160, 222, 450, 66)
    return canvas


def x_of(chart: MapChart, cell: float) -> float:
    """The middle of a cell in canonical pixels."""
    return LEFT + cell * (RIGHT - LEFT) / chart.cells


def y_of(amount: float, largest_tick: float) -> float:
    """The height of an amount in canonical pixels."""
    return BASE - amount * (BASE - TOP) / largest_tick


def tick_cells(cells: int) -> range:
    """The cells with a tick and a label: regular, and at least 65 pixels apart."""
    distance = 1
    while distance * (RIGHT - LEFT) / cells < _LEAST_TICK_DISTANCE:
        distance += 1
    return range(0, cells, distance)


def _axes(canvas: Canvas, chart: MapChart, left_ticks: list[float], right_ticks: list[float]) -> None:
    canvas.rectangle(LEFT - 0.5, BASE, RIGHT + 0.5, BASE + 1, look.AXIS)
    for cell in tick_cells(chart.cells):
        x = x_of(chart, cell)
        canvas.upright(x, BASE, BASE + 5, 1, look.TICK)
        canvas.text(x, 548, chart.label(chart.price_of(cell)), 10, look.TEXT, anchor="middle")
    for amount in left_ticks:
        canvas.text(71.9, y_of(amount, left_ticks[-1]) + 4.1, f"{amount:,.0f}", 12, look.TEXT, anchor="right")
    for amount in right_ticks:
        # Written around the middle of its left end, turned clockwise.
        y = y_of(amount, right_ticks[-1])
        canvas.text(726.7, y + 3.7, f"{amount:,.0f}", 10, look.TEXT, angle=20)
    canvas.text(735.2, 534, "Price", 10, look.TEXT)
    canvas.text(720.1, 43, "Cum. liquidations", 10, look.TEXT, anchor="middle")


def colours(chart: MapChart) -> dict[str, Colour]:
    """The legend: exchanges by name, each with its colour."""
    names = sorted(chart.exchanges)
    if chart.colours == "exchange":
        known = {name: look.EXCHANGE_PALETTE[i] for i, name in enumerate(look.EXCHANGE_ORDER)}
        return {name: known[name] for name in names}
    return dict(zip(names, look.EXCHANGE_PALETTE, strict=False))


def _bars(canvas: Canvas, chart: MapChart, largest_tick: float) -> None:
    # Series after series, as the original draws: where bars touch, the later exchange covers the earlier one.
    half = max(_LEAST_BAR_WIDTH, (RIGHT - LEFT) / chart.cells) / 2
    bottoms = dict.fromkeys((bar.cell for bar in chart.bars), 0.0)
    for name, colour in colours(chart).items():
        place = chart.exchanges.index(name)
        for bar in chart.bars:
            amount = bar.amounts[place]
            if amount > 0:
                x, bottom = x_of(chart, bar.cell), bottoms[bar.cell]
                bottoms[bar.cell] = top = bottom + amount
                canvas.rectangle(
                    x - half,
                    y_of(top, largest_tick),
                    x + half,
                    y_of(bottom, largest_tick),
                    colour,
                )


def _curves(
    canvas: Canvas, chart: MapChart, long: tuple[float, ...], short: tuple[float, ...], largest_tick: float
) -> None:
    middle = chart.price_cell
    left = [(x_of(chart, middle - i), y_of(amount, largest_tick)) for i, amount in enumerate(long)]
    right = [(x_of(chart, middle + i), y_of(amount, largest_tick)) for i, amount in enumerate(short)]
    if len(right) > 1:
        # Its last stretch, over two cells, falls from the total to zero: the nearly vertical line at the right edge.
        total = y_of(short[-1], largest_tick)
        right[-2:] = [(right[-2][0], total), (RIGHT, float(BASE))]
    for points, shade in ((left, look.LONG_SHADE), (right, look.SHORT_SHADE)):
        if len(points) > 1:
            area: list[Point] = [(points[0][0], BASE), *points, (points[-1][0], BASE)]
            canvas.polygon(area, shade, look.SHADE_OPACITY)
            canvas.line(points, 2, look.LONG_SERIES)


def _price_line(canvas: Canvas, chart: MapChart) -> None:
    x = x_of(chart, chart.price_cell)
    foot = BASE
    while foot > TOP:
        head = max(TOP, foot - _DASH)
        canvas.upright(x, head, foot, 3, look.PRICE_LINE)
        foot = head - _GAP
    canvas.polygon([(x + dx, TOP + dy) for dx, dy in _ARROW], look.PRICE_LINE)
    canvas.disc(x, BASE, 4, look.PRICE_LINE)
    canvas.text(x, 53, chart.label(chart.price), 12, look.TEXT, anchor="middle")


def _legend(canvas: Canvas, chart: MapChart) -> None:
    y = 62.0
    for name, colour in colours(chart).items():
        canvas.rounded(606, y - 7, 631, y + 7, 3.5, colour)
        canvas.text(636, y + 4, name, 12, look.TEXT)
        y += 24
    y -= 0.5
    for word, colour in (("short", look.SHORT_SERIES), ("long", look.LONG_SERIES)):
        canvas.rectangle(606, y - 1, 631, y + 1, colour)
        canvas.disc(618.5, y, 6.8, colour)
        canvas.disc(618.5, y, 4.8, (255, 255, 255))
        canvas.text(636, y + 4.4, f"Cumulated {word} liqs", 12, look.TEXT)
        y += 23.3
