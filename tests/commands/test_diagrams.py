"""Diagrams in characters: what is drawn is where and as high as the numbers say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kingtui.charts.reading import Bar, Cluster, MapReading
from kingtui.commands.diagrams import liquidations, scale, share, strength


def reading(*bars: tuple[float, float], price: float | None = 100.0, **more: object) -> MapReading:
    return MapReading(
        bars=tuple(Bar(at, total) for at, total in bars),
        **{"price_min": 80.0, "price_max": 120.0, "current_price": price} | more,  # type: ignore[arg-type]
    )


def lines(one: MapReading, width: int = 60) -> list[str]:
    drawn = liquidations(one, width)
    assert drawn is not None
    return drawn.plain.splitlines()


def test_bars_stand_over_their_prices() -> None:
    told = reading((80.0, 50.0), (90.0, 100.0), (119.0, 1.0), clusters={"-1": Cluster(90.0, 100.0, verified=True)})
    drawn = lines(told)
    start = drawn[1].index("│") + 1
    columns = len(drawn[1]) - start
    base = drawn[7][start:]
    assert [k for k, character in enumerate(base) if character not in " ┊"] == [
        0, columns // 4, int(39 / 40 * columns),
    ]  # fmt: skip
    assert base[-2:].strip() == "▁"  # the least is still seen
    assert drawn[1][start:].replace("┊", " ").strip() == "█"  # the highest reaches the top
    assert drawn[1].split()[0] == "100"
    assert drawn[9].index("▲") == start + columns // 2
    assert abs(drawn[9].index("-1") - (start + columns // 4)) <= 1
    assert drawn[10].split() == ["80", "100", "120"]


def test_sides_are_told_apart_by_colour_too() -> None:
    drawn = liquidations(reading((85.0, 10.0), (115.0, 10.0)), 60)
    assert drawn is not None
    styles = {span.style for span in drawn.spans if drawn.plain[span.start : span.end].strip() == "█"}
    assert styles == {"green", "red"}


@pytest.mark.parametrize(
    "nothing", [reading(), reading((90.0, 5.0), price_min=None), reading((90.0, 5.0), price_max=80.0)]
)
def test_nothing_to_draw_is_not_drawn(nothing: MapReading) -> None:
    assert liquidations(nothing, 80) is None
    assert liquidations(reading((90.0, 5.0)), 20) is None


@given(
    st.lists(st.tuples(st.floats(80, 120), st.floats(0.1, 1e9)), min_size=1, max_size=40),
    st.none() | st.floats(50, 150),
    st.integers(40, 200),
)
def test_it_never_is_wider_than_asked(bars: list[tuple[float, float]], price: float | None, width: int) -> None:
    drawn = liquidations(reading(*bars, price=price, clusters={"+2": Cluster(119.9, 3.0), "-2": None}), width)
    assert drawn is None or max(cell_len(line) for line in drawn.plain.splitlines()) <= width


@given(st.floats(0, 100))
def test_small_bars_are_as_long_as_they_say(value: float) -> None:
    assert share(value).plain.count("█") == round(value / 5)
    assert len(share(value).plain) == 20
    dots = scale(value, 0, 100).plain
    assert (len(dots), dots.index("●")) == (11, round(value / 10))
    assert len(strength(value / 100).plain) <= 10


def test_strength_has_eighths() -> None:
    assert strength(0).plain == ""
    assert strength(0.5).plain == "█████"
    assert strength(0.5125).plain == "█████▁"
    assert strength(1).plain == "█" * 10
