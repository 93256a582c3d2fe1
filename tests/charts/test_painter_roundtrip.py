"""Painted numbers are read back, and nothing that is claimed verified is wrong."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import islice

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from kingtui import charts
from kingtui.charts.painter import Chart, MapBar, MapChart, RatioChart, RatioRow, RsiChart, RsiPoint, paint
from kingtui.charts.painter.agreement import Agreement, compare
from kingtui.charts.reading import Kind
from kingtui.services.demo import COINS, EXCHANGES, Coin, Market

AT = datetime(2026, 3, 5, 14, 25, tzinfo=UTC)
LEVERAGES = ("all_leverage", "high_leverage", "medium_leverage", "optical_opti")


def read_back(chart: Chart, picture: bytes | None = None) -> Agreement:
    reading = charts.read(paint(chart) if picture is None else picture)
    return compare(chart, reading.to_json())


def sent(kind: Kind, market: Market, at: datetime = AT) -> Chart:
    """A chart of a kind, of the market's first coin where it has one."""
    symbol = next(iter(market.coins))
    match kind:
        case Kind.LIQUIDATION_MAP:
            return market.map(symbol, at)
        case Kind.LIQUIDATION_HEATMAP:
            return market.heatmap(symbol, at)
        case Kind.RSI_HEATMAP:
            return market.rsi_map(at)
        case _:
            return market.ratio(at, kind is Kind.SHORT_TERM_RATIO, 12)


KINDS = [kind for kind in Kind if kind is not Kind.UNKNOWN]


@pytest.mark.parametrize("kind", KINDS)
def test_a_painted_chart_is_read_back(kind: Kind) -> None:
    found = read_back(sent(kind, Market(1)))
    assert not found.wrong
    for what in ("kind", "symbol", "leverage", "timestamp", "exchanges", "price", "last price", "row"):
        assert found.share(what) == 1, str(found)
    for what in ("point", "band", "cluster", "no cluster", "cumulated"):
        assert found.share(what) >= 0.9, str(found)


@pytest.mark.slow
def test_a_market_is_read_back() -> None:
    """The targets of a careful reader over two markets' deliveries; many of their clusters are nearly as strong as
    another one."""
    found = Agreement()
    for seed in (11, 12):
        for chart in islice(Market(seed).batch(1_000), 30):
            found.add(read_back(chart))
    assert not found.wrong, str(found)
    for what, least in {
        "kind": 1.0, "symbol": 1.0, "leverage": 0.99, "timestamp": 0.99, "exchanges": 0.99, "row": 0.995,
        "price": 0.99, "last price": 0.95, "band": 0.95, "cluster": 0.9, "no cluster": 0.95, "cumulated": 0.95,
        "point": 0.95,
    }.items():  # fmt: skip
        assert found.share(what) >= least, str(found)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("scale", "name", "quality", "resize", "frame"),
    [(0.75, "JPEG", 87, 1.0, 0), (1.6, "JPEG", 87, 1.0, 0), (1.0, "JPEG", 65, 1.0, 0), (1.0, "PNG", 0, 1.0, 0),
     (1.0, "WEBP", 90, 1.0, 0), (1.0, "JPEG", 87, 1.2, 0), (1.0, "JPEG", 87, 1.0, 17)],
)  # fmt: skip
def test_other_sizes_and_formats_are_read_back(
    kind: Kind,
    scale: float,
    name: str,
    quality: int,
    resize: float,
    frame: int,
) -> None:
    chart = sent(kind, Market(4))
    picture = paint(chart, scale=scale, format=name, quality=quality)
    if resize != 1 or frame:
        image = Image.open(io.BytesIO(picture)).convert("RGB")
        image = image.resize((round(image.width * resize), round(image.height * resize)), Image.Resampling.BICUBIC)
        page = Image.new("RGB", (image.width + 2 * frame, image.height + 2 * frame), "white")
        page.paste(image, (frame, frame))
        buffer = io.BytesIO()
        page.save(buffer, "JPEG", quality=quality)
        picture = buffer.getvalue()
    found = read_back(chart, picture)
    assert found.share("kind") == 1
    assert not found.wrong, str(found)
    assert found.share("row") >= 0.95, str(found)
    assert found.share("price") == 1, str(found)


symbols = st.sampled_from([coin.symbol for coin in COINS])
shares = st.integers(0, 1000).map(lambda tenths: tenths / 10)
prices = st.floats(-10.4, 11.68).map(lambda logarithm: 2.718281828459045**logarithm)
"""From 0.00003 to 118,000, evenly over the magnitudes."""


@st.composite
def ratio_charts(draw: st.DrawFn) -> RatioChart:
    chosen = draw(st.lists(symbols, min_size=12, max_size=30, unique=True))
    rows = tuple(RatioRow(symbol, draw(shares)) for symbol in chosen)
    return RatioChart(rows=rows, leverage=draw(st.sampled_from(LEVERAGES)))


@st.composite
def rsi_charts(draw: st.DrawFn) -> RsiChart:
    chosen = draw(st.lists(symbols, min_size=20, max_size=40, unique=True))
    return RsiChart(points=tuple(RsiPoint(symbol, draw(st.integers(20, 980)) / 10) for symbol in chosen))


@st.composite
def map_charts(draw: st.DrawFn) -> MapChart:
    price, cells = draw(prices), 499
    step = price / draw(st.integers(500, 1100))
    middle = draw(st.integers(10, 480))
    symbol, leverage = draw(symbols), draw(st.sampled_from(LEVERAGES))
    most = 6 if len(symbol + leverage) <= 15 else 4  # so that the title fits the page
    names = tuple(sorted(draw(st.sets(st.sampled_from(EXCHANGES), min_size=2, max_size=most)), key=EXCHANGES.index))
    filled = draw(st.sets(st.integers(0, cells - 2).filter(lambda cell: cell != middle), min_size=20, max_size=150))
    amounts = st.integers(0, 40).map(float)
    return MapChart(
        symbol=symbol,
        exchanges=names,
        leverage=leverage,
        timestamp=AT.replace(minute=0),
        price=price,
        price_min=price - min(middle, 0.9 * price / step) * step,
        price_max=price - min(middle, 0.9 * price / step) * step + cells * step,
        bars=tuple(MapBar(cell, tuple(draw(amounts) for _ in names)) for cell in sorted(filled)),
    )


careful = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
@careful
@given(ratio_charts())
def test_any_ratio_chart_is_read_back(chart: RatioChart) -> None:
    found = read_back(chart)
    assert not found.wrong, str(found)
    assert found.share("kind") == 1
    assert found.share("row") >= 0.95, str(found)


@pytest.mark.slow
@careful
@given(rsi_charts())
def test_no_point_of_any_rsi_heat_map_is_wrong(chart: RsiChart) -> None:
    found = read_back(chart)
    assert not found.wrong, str(found)
    assert found.share("kind") == 1
    assert found.share("point") >= 0.8, str(found)


@pytest.mark.slow
@careful
@given(map_charts())
def test_any_map_is_read_back(chart: MapChart) -> None:
    found = read_back(chart)
    assert not found.wrong, str(found)
    for what in ("kind", "symbol", "exchanges", "price"):
        assert found.share(what) == 1, str(found)


@pytest.mark.slow
@careful
@given(prices)
def test_heat_maps_of_any_price_are_read_back(price: float) -> None:
    found = read_back(Market(8, coins=[Coin("ETH", price, 0.03)]).heatmap("ETH", AT))
    assert not found.wrong, str(found)
    assert found.share("kind") == 1
    assert found.share("band") >= 0.6, str(found)
