"""Clusters against a literal reading of their definition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kingtui.charts.clusters import clusters
from kingtui.charts.reading import SLOTS

Bars = list[tuple[float, float]]


def literal(bars: Bars, price: float) -> dict[str, tuple[float, float] | None]:
    """The definition, word by word: slow and without a trick."""
    slots: dict[str, tuple[float, float] | None] = dict.fromkeys(SLOTS)
    for sign in ("-", "+"):
        side = [(x, y) for x, y in bars if y > 0 and (x < price if sign == "-" else x > price)]
        side = [(x, y) for x, y in side if abs(x - price) >= 0.02 * price * (1 - 1e-9)]
        windows = []
        for x, y in side:
            inside = [(a, b) for a, b in side if abs(a - x) <= 0.005 * price * (1 + 1e-9)]
            strength = sum(b for _, b in inside)
            windows.append((-strength, -y, abs(x - price), x, sum(a * b for a, b in inside) / strength))
        best = [
            w
            for w in sorted(windows)
            if not any(abs(o[3] - w[3]) <= 0.01 * price * (1 + 1e-9) and o < w for o in windows)
        ][:2]
        for number, window in enumerate(sorted(best, key=lambda w: abs(w[4] - price)), start=1):
            slots[f"{sign}{number}"] = (window[4], -window[0])
    return slots


@given(
    st.dictionaries(st.integers(-300, 300), st.integers(0, 60), max_size=80),
    st.sampled_from([120_000.0, 3764.6, 0.0000386]),
)
def test_clusters_follow_the_definition(cells: dict[int, int], price: float) -> None:
    bars = [(price * (1 + 0.00137 * cell), float(total)) for cell, total in cells.items()]
    found = clusters([x for x, _ in bars], [y for _, y in bars], price)
    for slot, want in literal(bars, price).items():
        have = found[slot]  # type: ignore[index]
        assert (have is None) == (want is None)
        if have is not None and want is not None:
            assert have.price == pytest.approx(want[0], rel=1e-9)
            assert have.strength == pytest.approx(want[1])


def test_slots_without_a_cluster_are_empty() -> None:
    assert clusters([], [], 100) == dict.fromkeys(SLOTS)
    near = clusters([99, 101], [50, 50], 100)
    assert near == dict.fromkeys(SLOTS)
    one = clusters([98, 97.9], [5, 3], 100)
    assert one["-1"] is not None
    assert one["-1"].strength == 8
    assert one["-2"] is one["+1"] is one["+2"] is None


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan")])
def test_a_price_must_be_positive(price: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        clusters([1], [1], price)
