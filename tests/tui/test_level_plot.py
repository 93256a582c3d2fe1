"""The plot of the liquidation levels and the curves: every bar is in it, clusters stand in their rows, all fits."""

from __future__ import annotations

import math
import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from kingtui.models import Evidence, Point, SymbolRecord
from kingtui.reports.record import record
from kingtui.widgets.curves import LEVELS, buckets, curve
from kingtui.widgets.level_plot import ZOOMS, draw, plot_of
from tests.reports.builders import NOW, cluster, heatmap, liquidation_map, rsi


def known(*evidence: Evidence) -> SymbolRecord:
    found = record("ETH", evidence, NOW)
    assert found is not None
    return found


def drawn(found: SymbolRecord, width: int = 80, half: int = 8, zoom: str = "auto") -> list[str]:
    return draw(found, NOW, width, half, zoom).plain.split("\n")  # type: ignore[arg-type]


def test_long_liquidations_lie_below_the_price_and_short_ones_above() -> None:
    lines = drawn(known(liquidation_map()))
    here = next(number for number, line in enumerate(lines) if "┼── price" in line)
    assert lines[1].strip() == "short liquidations ↑"
    assert lines[-1].strip() == "long liquidations ↓"
    above = [line.split("│")[1].count("█") for line in lines[2:here]]
    below = [line.split("│")[1].count("█") for line in lines[here + 1 : -1]]
    assert len(above) == len(below) == 8
    assert max(below) > max(above)  # 30 against 20
    assert lines[here].strip().startswith("1,000 ┼── price ─")


def test_clusters_stand_in_the_row_of_their_price() -> None:
    for zoom in ("auto", "map"):
        lines = drawn(known(liquidation_map()), zoom=zoom)
        marks = {line[line.index("◆") :].split()[1]: line for line in lines if "◆" in line}
        assert list(marks) == ["+2", "+1", "−1", "−2"]
        for line, level in zip(marks.values(), (1200, 1100, 960, 800), strict=True):
            middle = float(line.split("│")[0].replace(",", ""))
            assert abs(middle - level) <= 200 / 8 / 2 * 1.01


def test_what_was_passed_or_not_verified_looks_different() -> None:
    doubtful = liquidation_map(
        at=NOW - timedelta(hours=2),
        clusters={"-2": None, "-1": cluster(960, verified=False), "+1": cluster(1100), "+2": None},
        bars_verified=False,
    )
    found = known(doubtful, heatmap(1120.0, at=NOW))
    text = "\n".join(drawn(found))
    assert "◇ +1 1,100 passed" in text
    assert "◆ −1 960?" in text
    assert "50 % of the map, 2 h ago ? not verified" in text
    assert "░" in text
    assert "█" not in text
    assert "price on the map ── now 1,120 (+12.0%)" in text
    assert "◂ now" in text


def test_a_window_says_how_much_of_the_map_it_shows() -> None:
    found = known(liquidation_map())
    assert "± 5 %, 15 % of the map" in drawn(found, zoom="5")[0]  # 10 and 5 of 100
    assert "± 15 %, 50 % of the map" in drawn(found, zoom="15")[0]
    assert "the whole map" in drawn(found, zoom="map")[0]


def test_without_a_map_the_heat_bands_or_a_sentence() -> None:
    bands = drawn(known(heatmap()))
    assert "strongest heat bands" in bands[0]
    assert bands[1].split()[0] == "1,050"
    assert "−5.9%" in bands[2]
    assert "no liquidation map of it has come yet" in "\n".join(drawn(known(rsi())))


BARS = st.lists(
    st.tuples(st.floats(700, 1300).filter(lambda at: abs(at - 1000) > 1), st.floats(0.001, 1e9)),
    max_size=40,
    unique=True,
)


@given(BARS, st.integers(30, 160), st.integers(4, 12), st.sampled_from(ZOOMS), st.booleans())
def test_no_bar_is_lost_and_nothing_is_wider_than_its_room(bars, width, half, zoom, sure) -> None:
    picture = liquidation_map(bars=[list(bar) for bar in bars], bars_verified=sure)
    found = known(picture)
    plot = plot_of(picture, found, half, zoom)
    shown = math.fsum(row.total for row in (*plot.above, *plot.below))
    inside = math.fsum(total for at, total in bars if abs(at - 1000) <= plot.reach * 1000 * (1 + 1e-9))
    assert math.isclose(shown, inside, rel_tol=1e-9, abs_tol=1e-9)
    if zoom == "map":
        assert math.isclose(shown, math.fsum(total for _, total in bars), rel_tol=1e-9, abs_tol=1e-9)
    lines = draw(found, NOW, width, half, zoom).split("\n")
    assert len(lines) == 2 * half + 4
    assert all(line.cell_length <= width for line in lines)
    filled = sum(bool(re.search("[█▉▊▋▌▍▎▏░]", line.plain.split("│")[-1])) for line in lines if "│" in line.plain)
    assert filled == sum(row.total > 0 for row in (*plot.above, *plot.below))


def points(*values: float) -> list[Point]:
    return [Point(NOW + timedelta(hours=number), value) for number, value in enumerate(values)]


def test_a_curve_holds_the_last_value_where_no_picture_came() -> None:
    assert curve(points(1, 2, 3), 3).plain == "▁▅█"
    assert curve([*points(1, 8), Point(NOW + timedelta(hours=4), 1)], 5).plain == "▁███▁"
    assert curve([], 10).plain == ""
    assert curve(points(5), 10).plain == "▅"


@given(st.lists(st.tuples(st.integers(0, 10**6), st.floats(-1e9, 1e9)), min_size=1, max_size=50), st.integers(1, 60))
def test_a_curve_fits_and_ends_with_the_newest(values, width) -> None:
    series = [Point(NOW + timedelta(seconds=at), value) for at, value in sorted(values)]
    found = buckets(series, width)
    assert found[-1] == series[-1].value
    assert set(curve(series, width).plain) <= set(LEVELS)
    assert len(curve(series, width).plain) <= width
