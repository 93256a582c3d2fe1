"""Cycle targets, set-ups and critical levels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kingtui.models import Evidence, SymbolRecord, Value
from kingtui.reports.levels import EXTENSIONS, critical_levels, cycle, nearest_cluster, setup
from kingtui.reports.record import record
from tests.reports.builders import NOW, ago, cluster, heatmap, liquidation_map, long_term, rsi


def made(*known: Evidence, live: float | None = None) -> SymbolRecord:
    found = record("ETH", known, NOW, None if live is None else Value(live, NOW, "binance", True))
    assert found is not None
    return found


def clusters(**prices: float) -> dict[str, object]:
    names = {"b2": "-2", "b1": "-1", "a1": "+1", "a2": "+2"}
    return {slot: cluster(prices[name]) if name in prices else None for name, slot in names.items()}


def test_cycle_targets_both_ways_from_the_nearest_cluster() -> None:
    waves = cycle(made(liquidation_map()))  # at 1,000 with clusters at 960 and 1,100
    assert (waves.slot, waves.distance, waves.verified) == ("-1", 40.0, True)
    assert [target.price for target in waves.up] == pytest.approx([1024.72, 1040.0, 1064.72, 1104.72])
    assert [target.price for target in waves.down] == pytest.approx([975.28, 960.0, 935.28, 895.28])
    assert [target.basis for target in waves.up] == [f"extension {extension:g}" for extension in EXTENSIONS]


def test_a_passed_cluster_gives_no_distance() -> None:
    found = made(liquidation_map(ago(hours=3)), heatmap(955.0))
    assert found.clusters["-1"].passed
    assert nearest_cluster(found)[0] == "+1"
    assert cycle(found).distance == 145.0
    assert nearest_cluster(made(liquidation_map(ago(hours=3)), heatmap(950.0)))[0] == "-2", "equally far: the lower one"


def test_targets_below_zero_are_left_out() -> None:
    waves = cycle(made(liquidation_map(clusters=clusters(a1=1500.0))))
    assert [target.basis for target in waves.down] == ["extension 0.618", "extension 1", "extension 1.618"]
    assert len(waves.up) == 4


def test_nothing_is_computed_where_an_input_is_missing() -> None:
    for known in ([long_term(12.4)], [rsi()], [heatmap()], [liquidation_map(clusters=clusters())]):
        found = made(*known)
        assert cycle(found) is None
        assert setup(found, "long") is None
        assert setup(found, "short") is None
    assert critical_levels(made(long_term(12.4), rsi())) == ()


def test_a_long_set_up_by_its_formulas() -> None:
    plan = setup(made(liquidation_map()), "long")
    assert plan.entry_high == 1000.0
    assert plan.entry_low == pytest.approx(1000 - 0.382 * 40)
    assert plan.stop == pytest.approx(960 - 10)
    assert [target.basis for target in plan.targets] == ["extension 1", "cluster +1", "cluster +2"]
    assert [target.price for target in plan.targets] == pytest.approx([1040, 1100, 1200])
    entry = 1000 - 0.382 * 40 / 2
    assert [target.ratio for target in plan.targets] == pytest.approx(
        [(price - entry) / (entry - 950) for price in (1040, 1100, 1200)]
    )


def test_a_short_set_up_is_its_mirror_image() -> None:
    mirrored = clusters(b2=800.0, b1=900.0, a1=1040.0, a2=1200.0)
    plan = setup(made(liquidation_map(clusters=mirrored)), "short")
    assert plan.entry_low == 1000.0
    assert plan.entry_high == pytest.approx(1000 + 0.382 * 40)
    assert plan.stop == pytest.approx(1040 + 10)
    assert [target.basis for target in plan.targets] == ["extension 1", "cluster -1", "cluster -2"]
    entry = 1000 + 0.382 * 40 / 2
    assert [target.ratio for target in plan.targets] == pytest.approx(
        [(entry - price) / (1050 - entry) for price in (960, 900, 800)]
    )


def test_a_passed_cluster_is_no_target_and_no_place_for_a_stop() -> None:
    found = made(liquidation_map(ago(hours=3)), heatmap(1110.0))
    assert found.clusters["+1"].passed
    plan = setup(found, "long")
    assert "cluster +1" not in {target.basis for target in plan.targets}
    assert setup(found, "short").anchor == "+2"
    beyond = made(liquidation_map(ago(hours=3)), heatmap(1300.0))
    assert setup(beyond, "short") is None


def test_a_set_up_needs_a_cluster_behind_it_but_none_ahead() -> None:
    found = made(liquidation_map(clusters=clusters(b1=960.0)))
    assert setup(found, "short") is None
    assert [target.basis for target in setup(found, "long").targets] == [
        "extension 1",
        "extension 1.618",
        "extension 2.618",
    ]


def test_what_rests_on_an_unverified_value_says_so() -> None:
    unsure = {"-2": None, "-1": cluster(960, verified=False), "+1": cluster(1100), "+2": None}
    found = made(liquidation_map(clusters=unsure))
    assert not cycle(found).verified
    assert not setup(found, "long").verified
    assert {target.basis: target.verified for target in setup(found, "long").targets}["cluster +1"]
    assert setup(found, "short").verified
    assert not setup(made(liquidation_map(price_verified=False)), "short").verified


def test_critical_levels_from_clusters_bands_and_the_ends_of_the_map() -> None:
    found = made(liquidation_map(ago(hours=1)), heatmap(1000.0))
    levels = critical_levels(found)
    assert [(level.price, level.what) for level in levels] == [
        (1200, "cluster +2"),
        (1200, "highest liquidations of the map"),
        (1100, "cluster +1"),
        (1050, "heat band"),
        (960, "cluster -1"),
        (950, "heat band"),
        (800, "cluster -2"),
        (800, "lowest liquidations of the map"),
    ]
    assert levels[0].distance == pytest.approx(20.0)
    assert levels[-1].distance == pytest.approx(-20.0)


def test_only_the_strongest_bands_are_critical() -> None:
    bands = [{"price": 900.0 + i, "strength": i / 10, "distance": 0.0, "verified": True} for i in range(10)]
    shown = {level.price for level in critical_levels(made(heatmap(bands=bands)))}
    assert shown == {905, 906, 907, 908, 909}


@given(
    st.floats(1e-6, 1e6),
    st.lists(st.floats(0.021, 0.9), min_size=2, max_size=2, unique=True),
    st.lists(st.floats(0.021, 2.0), min_size=2, max_size=2, unique=True),
)
def test_set_ups_are_in_order_whatever_the_prices(price: float, below: list[float], above: list[float]) -> None:
    b1, b2 = sorted(below)
    a1, a2 = sorted(above)
    found = made(
        liquidation_map(
            price=price,
            bars=[],
            clusters=clusters(b1=price * (1 - b1), b2=price * (1 - b2), a1=price * (1 + a1), a2=price * (1 + a2)),
        )
    )
    for side, sign in (("long", 1), ("short", -1)):
        plan = setup(found, side)  # type: ignore[arg-type]
        targets = [target.price for target in plan.targets]
        assert 2 <= len(targets) <= 3
        ladder = [plan.stop, plan.entry_low if sign > 0 else plan.entry_high, price, *targets]
        assert ladder == sorted(ladder, reverse=sign < 0)
        assert all(target.ratio > 0 for target in plan.targets)
        assert all(target > 0 for target in targets)
