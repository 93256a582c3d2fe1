"""The figure of a report: a symbol's liquidations around the price, as a PNG drawn in the process pool."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from kingtui.charts.reading import SLOTS, Kind
from kingtui.models import SymbolRecord
from kingtui.reports.facts import newest
from kingtui.reports.format import amount, level, moment, percent, price
from kingtui.reports.levels import CLUSTER_WIDTH
from kingtui.reports.rates import split_bars

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE, DPI = (11.0, 5.6), 120
"""Inches and dots per inch: 1,320 × 672 pixels."""
LONG, SHORT, INK, FAINT, PAPER = "#c8443c", "#1f8a70", "#1c2530", "#6b7785", "#ffffff"
"""Colours on white: long liquidations push the price down, short ones up."""
MARGIN = 0.02
"""Free room beside the outermost bars, as a share of the range."""
HEADROOM = 1.32
"""The height of the axes over the tallest bar: room for the labels."""
BAND_TOP, LABEL_FOOT, LABEL_WIDTH = 0.80, 0.845, 0.085
"""Where a cluster's band ends and its label begins, and a label's width, as shares of the axes."""


def figure_data(record: SymbolRecord, *, demo: bool) -> bytes | None:
    """What ``draw`` needs of a record, as JSON bytes; None where no map of the symbol has bars.

    The same record gives the same bytes, so that a figure need not be drawn again.
    """
    picture = newest(record.evidence, Kind.LIQUIDATION_MAP, lambda facts: bool(facts["price"] and facts["bars"]))
    if picture is None:
        return None
    facts = picture.facts
    long, short, own = split_bars(facts)
    current = record.price
    clusters = [
        {"slot": slot, "price": c.price, "passed": c.passed, "verified": c.verified}
        for slot in SLOTS
        if (c := record.clusters[slot]) and c.at == picture.at
    ]
    data = {
        "symbol": record.symbol,
        "demo": demo,
        "at": moment(picture.at),
        "map_price": facts["price"],
        "price": current.value if current else facts["price"],
        "price_note": f"{current.source}, {moment(current.at)}" if current else "",
        "price_verified": current.verified if current else facts["price_verified"],
        "bars_verified": facts["bars_verified"],
        "step": facts.get("price_step"),
        "long": long,
        "short": short,
        "own_cell": own,
        "clusters": clusters,
    }
    return json.dumps(data, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()


def draw(data: bytes) -> bytes:
    """The figure of ``figure_data``'s bytes as PNG bytes (1,320 × 672 pixels), the same bytes for the same data."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # a second of import, so only in the pool's processes
    from matplotlib.figure import Figure

    content: dict[str, Any] = json.loads(data)
    figure = Figure(figsize=SIZE, dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.065, 0.115, 0.915, 0.70))
    _frame(axes, content)
    _bars(axes, content)
    _clusters(axes, content)
    _price(axes, content)
    _titles(axes, content)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", facecolor=PAPER, metadata={"Software": None})
    return stream.getvalue()


def _range(content: dict[str, Any]) -> tuple[float, float]:
    """The prices shown: all bars, the clusters and both prices, with a margin."""
    prices = [at for at, _ in _all_bars(content)] + [content["price"], content["map_price"]]
    low, high = min(prices), max(prices)
    room = MARGIN * (high - low) or 0.01 * high
    return low - room, high + room


def _all_bars(content: dict[str, Any]) -> list[list[float]]:
    return [*content["long"], *content["own_cell"], *content["short"]]


def _frame(axes: Axes, content: dict[str, Any]) -> None:
    low, high = _range(content)
    tallest = max(total for _, total in _all_bars(content)) or 1
    axes.set_xlim(low, high)
    axes.set_ylim(0, tallest * HEADROOM)
    axes.set_facecolor(PAPER)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(colors=FAINT, labelsize=9, length=3)
    axes.grid(axis="y", color="#e6e9ed", linewidth=0.8)
    axes.set_axisbelow(True)
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    decimals = max(len(level(tick).partition(".")[2]) for tick in ticks) if ticks else 0
    axes.xaxis.set_ticks(ticks, [f"{tick:,.{decimals}f}" for tick in ticks])
    axes.yaxis.set_major_formatter(lambda value, _: amount(value))
    axes.yaxis.set_ticks([tick for tick in axes.get_yticks() if 0 <= tick <= tallest * 1.02])
    axes.set_ylabel("liquidations per price cell (the map's unit)", color=FAINT, fontsize=9)


def _bars(axes: Axes, content: dict[str, Any]) -> None:
    from matplotlib.patches import Patch

    low, high = _range(content)
    width = max(content["step"] or 0, (high - low) / 450)  # at least two pixels wide
    for side, colour in (("own_cell", FAINT), ("long", LONG), ("short", SHORT)):
        if content[side]:
            prices, totals = zip(*content[side], strict=True)
            axes.bar(prices, totals, width=width, color=colour, linewidth=0)
    axes.legend(
        handles=[Patch(color=LONG, label="long liquidations"), Patch(color=SHORT, label="short liquidations")],
        loc="upper right",
        bbox_to_anchor=(1.0, 1.23),
        ncols=2,
        frameon=False,
        fontsize=9.5,
        labelcolor=INK,
    )


def _clusters(axes: Axes, content: dict[str, Any]) -> None:
    """A pale band of a cluster's width behind the bars, and a label above it, moved aside where two would collide."""
    low, high = axes.get_xlim()
    half = CLUSTER_WIDTH / 2 * content["map_price"]
    clusters = sorted(content["clusters"], key=lambda cluster: cluster["price"])
    wanted = [(cluster["price"] - low) / (high - low) for cluster in clusters]
    places = _spread(wanted, (content["price"] - low) / (high - low))
    across = axes.get_xaxis_transform()
    for cluster, place in zip(clusters, places, strict=True):
        at, colour = cluster["price"], LONG if cluster["slot"].startswith("-") else SHORT
        colour = FAINT if cluster["passed"] else colour
        axes.axvspan(at - half, at + half, ymax=BAND_TOP, color=colour, alpha=0.14, linewidth=0, zorder=0)
        label_at = low + place * (high - low)
        axes.plot([at, label_at], [BAND_TOP, LABEL_FOOT - 0.01], transform=across, color=colour, linewidth=0.8)
        away = percent((at - content["price"]) / content["price"] * 100, signed=True)
        notes = ["passed"] * cluster["passed"] + ["not verified"] * (not cluster["verified"])
        label = "\n".join([f"cluster {cluster['slot']}", level(at), away, *notes])
        axes.text(
            label_at,
            LABEL_FOOT,
            label,
            transform=across,
            ha="center",
            va="bottom",
            fontsize=8.5,
            color=colour,
            zorder=4,
        )


def _spread(wanted: list[float], price_at: float) -> list[float]:
    """Places for labels (shares of the width, ascending), apart from each other and, with room, from the price line."""
    below = [place for place in wanted if place < price_at]
    above = wanted[len(below) :]
    places = []
    for group, low, high in ((below, 0.0, price_at), (above, price_at, 1.0)):
        if high - low < len(group) * LABEL_WIDTH:
            low, high = 0.0, 1.0
        first, last = low + LABEL_WIDTH / 2, high - LABEL_WIDTH / 2
        moved: list[float] = []
        for place in group:
            moved.append(max(place, moved[-1] + LABEL_WIDTH if moved else first))
        for index in range(len(moved) - 1, -1, -1):
            moved[index] = min(moved[index], moved[index + 1] - LABEL_WIDTH if index + 1 < len(moved) else last)
        places += moved
    return places


def _price(axes: Axes, content: dict[str, Any]) -> None:
    """The dashed line of the current price, its label above the axes, within their width."""
    at, (low, high), across = content["price"], axes.get_xlim(), axes.get_xaxis_transform()
    axes.axvline(at, color=INK, linewidth=1.4, linestyle=(0, (5, 3)))
    place = (at - low) / (high - low)
    side = "left" if place < 0.08 else "right" if place > 0.92 else "center"
    label = f"price {price(at)}" + ("" if content["price_verified"] else " (not verified)")
    axes.text(at, 1.01, label, transform=across, ha=side, va="bottom", fontsize=10.5, color=INK, weight="bold")


def _titles(axes: Axes, content: dict[str, Any]) -> None:
    figure = axes.figure
    demo = "DEMO, painted numbers · " if content["demo"] else ""
    figure.text(
        0.02, 0.965, f"{content['symbol']}: liquidation levels", fontsize=15, weight="bold", color=INK, va="top"
    )
    unsure = "" if content["bars_verified"] else "; bar heights not verified"
    figure.text(0.02, 0.905, f"{demo}map of {content['at']}{unsure}", fontsize=9.5, color=FAINT, va="top")
    note = f"price: {content['price_note']}" if content["price_note"] else ""
    figure.text(0.98, 0.02, note, fontsize=8.5, color=FAINT, ha="right", va="bottom")
