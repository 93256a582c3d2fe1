"""What is to be painted: one frozen dataclass per kind of chart, and its JSON.

They hold numbers only and import nothing heavy, so that the demo can make them without loading Pillow. A chart whose
numbers could not be drawn raises ValueError when it is made.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from kingtui.charts.reading import Arrow, Kind

LIGHT_ARROW = 60.0
STRONG_ARROW = 75.0
"""Share in percent from which a ratio row carries one arrow, and two. Longs liquidated push the price down."""

HEAT_ROWS = 200
"""A heat map is a raster of this many rows of equal price from top to bottom."""


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise ValueError(problem)


@dataclass(frozen=True, slots=True)
class RatioRow:
    """One bar: the share of long liquidations in percent, rounded to one decimal; the rest is short."""

    symbol: str
    long: float

    def __post_init__(self) -> None:
        _require(0 <= self.long <= 100, f"{self.symbol}: a share of {self.long} is not between 0 and 100")
        object.__setattr__(self, "long", round(self.long, 1))

    @property
    def short(self) -> float:
        """The other side's share, so that both add up to 100.0."""
        return round(100 - self.long, 1)

    @property
    def arrow(self) -> Arrow | None:
        """Where the larger side would push the price, from 60 percent on, doubled from 75 on."""
        share, light, strong = max((self.long, "down", "down2"), (self.short, "up", "up2"))
        if share >= STRONG_ARROW:
            return strong  # type: ignore[return-value]
        return light if share >= LIGHT_ARROW else None  # type: ignore[return-value]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioChart:
    """Long/short shares, top to bottom. The leverage ``optical_opti`` makes it the short-term one."""

    TYPE: ClassVar[str] = "ratio"
    rows: tuple[RatioRow, ...]
    leverage: str = "all_leverage"

    def __post_init__(self) -> None:
        _require(bool(self.rows), "a ratio chart needs at least one row")

    @property
    def kind(self) -> Kind:
        return Kind.SHORT_TERM_RATIO if self.leverage == "optical_opti" else Kind.LONG_TERM_RATIO

    @property
    def title(self) -> str:
        return f"Long/Short Liquidations Distribution ({self.leverage})"


@dataclass(frozen=True, slots=True)
class MapBar:
    """The liquidations of one price cell, one number per exchange in the order of the chart's ``exchanges``."""

    cell: int
    amounts: tuple[float, ...]

    @property
    def total(self) -> float:
        return sum(self.amounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapChart:
    """A liquidation map: ``cells`` equal steps of price from ``price_min`` up to ``price_max``, with a bar where there
    is something to liquidate. ``colours``: of the palette, by place in the legend or by exchange; both occur.
    """

    TYPE: ClassVar[str] = "map"
    kind: ClassVar[Kind] = Kind.LIQUIDATION_MAP
    symbol: str
    exchanges: tuple[str, ...]
    timestamp: datetime
    price: float
    price_min: float
    price_max: float
    bars: tuple[MapBar, ...]
    cells: int = 499
    leverage: str = "all_leverage"
    decimals: int | None = None
    """Of the printed prices; by default some five digits."""
    colours: Literal["position", "exchange"] = "position"

    def __post_init__(self) -> None:
        _require(0 < self.price_min < self.price_max, f"{self.symbol}: the prices {self.price_min} to {self.price_max}")
        _require(
            self.price_min <= self.price <= self.price_max, f"{self.symbol}: the price {self.price} is off the map"
        )
        _require(self.cells >= 10, "a map needs ten cells")
        _require(bool(self.exchanges), "a map needs an exchange")
        cells = [bar.cell for bar in self.bars]
        _require(cells == sorted(set(cells)), "bars come by rising price, one per cell")
        _require(all(0 <= cell < self.cells for cell in cells), "a bar is off the map")
        _require(all(len(bar.amounts) == len(self.exchanges) for bar in self.bars), "one amount per exchange")
        _require(all(amount >= 0 for bar in self.bars for amount in bar.amounts), "amounts are not negative")

    @property
    def title(self) -> str:
        stamp = self.timestamp.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return f"{self.symbol}: {'_'.join(self.exchanges)} - {stamp} {self.leverage}"

    @property
    def step(self) -> float:
        """The price of one cell."""
        return (self.price_max - self.price_min) / self.cells

    @property
    def price_cell(self) -> int:
        """The cell of the current price, which counts for neither side."""
        return min(self.cells - 1, round((self.price - self.price_min) / self.step))

    def price_of(self, cell: int) -> float:
        """The price that a cell stands for."""
        return self.price_min + cell * self.step

    def label(self, price: float) -> str:
        """A price as this map prints it."""
        return f"{price:.{price_decimals(self.price) if self.decimals is None else self.decimals}f}"

    def cumulated(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The liquidations on the way from the price's cell to each cell: leftwards (long), rightwards (short)."""
        totals = [0.0] * self.cells
        for bar in self.bars:
            totals[bar.cell] = bar.total
        middle = self.price_cell
        return _sums(totals[:middle][::-1]), _sums(totals[middle + 1 :])


def _sums(totals: list[float]) -> tuple[float, ...]:
    sums, running = [0.0], 0.0
    for total in totals:
        running += total
        sums.append(running)
    return tuple(sums)


def price_decimals(price: float) -> int:
    """How many decimals a map prints: one from 100 on, two from 10 on, else five digits, at most eight decimals."""
    if price >= 100:
        return 1
    if price >= 10:
        return 2
    return min(8, 4 - math.floor(math.log10(price)))


@dataclass(frozen=True, slots=True)
class Candle:
    """One hour's prices."""

    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True)
class HeatLevel:
    """A row of heat: from column ``since`` its strength rises over ``rise`` columns to ``strength`` (0 to 1), up to
    column ``until``, or to the right edge. A column is one candle's."""

    row: int
    strength: float
    since: int = 0
    rise: int = 1
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatmapChart:
    """A liquidation heat map: hourly candles from ``start`` on over rows of heat."""

    TYPE: ClassVar[str] = "heatmap"
    kind: ClassVar[Kind] = Kind.LIQUIDATION_HEATMAP
    symbol: str
    start: datetime
    candles: tuple[Candle, ...]
    levels: tuple[HeatLevel, ...]
    leverage: str = "all_leverage"

    def __post_init__(self) -> None:
        _require(len(self.candles) >= 5, "a heat map needs five candles")
        _require(
            all(0 < c.low <= min(c.open, c.close) and max(c.open, c.close) <= c.high for c in self.candles),
            "a candle's open and close lie between its low and high",
        )
        _require(all(0 <= level.row < HEAT_ROWS for level in self.levels), "a level is off the map")
        _require(all(0 <= level.strength <= 1 for level in self.levels), "a strength is between 0 and 1")
        _require(all(level.rise >= 1 for level in self.levels), "a level rises over at least one column")

    @property
    def title(self) -> str:
        return f"The Kingfisher {self.symbol}/USDT Liq Heatmap continuous {self.leverage}"

    @property
    def price_top(self) -> float:
        """The price at the upper edge."""
        return 1.1 * max(candle.high for candle in self.candles)

    @property
    def price_bottom(self) -> float:
        """The price at the lower edge."""
        return 0.9 * min(candle.low for candle in self.candles)

    def price_of(self, row: int) -> float:
        """The price in the middle of a row."""
        return self.price_top - (row + 0.5) / HEAT_ROWS * (self.price_top - self.price_bottom)


@dataclass(frozen=True, slots=True)
class RsiPoint:
    """A dot: a symbol's relative strength index, 0 to 100."""

    symbol: str
    rsi: float

    def __post_init__(self) -> None:
        _require(0 <= self.rsi <= 100, f"{self.symbol}: an RSI of {self.rsi} is not between 0 and 100")


@dataclass(frozen=True, slots=True, kw_only=True)
class RsiChart:
    """An RSI heat map, its dots from left to right."""

    TYPE: ClassVar[str] = "rsi"
    kind: ClassVar[Kind] = Kind.RSI_HEATMAP
    title: ClassVar[str] = "RSI Heatmap"
    points: tuple[RsiPoint, ...]

    def __post_init__(self) -> None:
        _require(bool(self.points), "an RSI heat map needs a point")


Chart = RatioChart | MapChart | HeatmapChart | RsiChart


def chart_to_json(chart: Chart) -> dict[str, Any]:
    """The chart as plain JSON data, for a job's bytes."""
    data = asdict(chart) | {"chart": chart.TYPE}
    for name in ("timestamp", "start"):
        if name in data:
            data[name] = data[name].isoformat()
    return data


def chart_from_json(data: Mapping[str, Any]) -> Chart:
    """The chart that ``chart_to_json`` wrote. Raises ValueError for numbers that cannot be drawn."""
    fields = dict(data)
    match fields.pop("chart"):
        case RatioChart.TYPE:
            fields["rows"] = tuple(RatioRow(**row) for row in fields["rows"])
            return RatioChart(**fields)
        case MapChart.TYPE:
            fields["timestamp"] = datetime.fromisoformat(fields["timestamp"])
            fields["exchanges"] = tuple(fields["exchanges"])
            fields["bars"] = tuple(MapBar(bar["cell"], tuple(bar["amounts"])) for bar in fields["bars"])
            return MapChart(**fields)
        case HeatmapChart.TYPE:
            fields["start"] = datetime.fromisoformat(fields["start"])
            fields["candles"] = tuple(Candle(**candle) for candle in fields["candles"])
            fields["levels"] = tuple(HeatLevel(**level) for level in fields["levels"])
            return HeatmapChart(**fields)
        case RsiChart.TYPE:
            fields["points"] = tuple(RsiPoint(**point) for point in fields["points"])
            return RsiChart(**fields)
        case other:
            raise ValueError(f"there is no chart {other!r}")
