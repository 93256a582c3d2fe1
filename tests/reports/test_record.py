"""A symbol's record: a function of evidence, live price and moment."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kingtui.charts.reading import SLOTS, Kind
from kingtui.models import Evidence, SymbolRecord, Value
from kingtui.reports.record import record
from tests.reports.builders import (
    NOW,
    ago,
    cluster,
    everything,
    evidence,
    heatmap,
    liquidation_map,
    long_term,
    row,
    rsi,
)
from tests.reports.test_rates import ages, bar_lists, hashes, shares


def made(known: list[Evidence], live_price: Value | None = None, now: datetime = NOW) -> SymbolRecord:
    found = record("ETH", known, now, live_price)
    assert found is not None
    return found


def passed(known: list[Evidence], live_price: Value | None = None) -> dict[str, bool]:
    return {slot: level.passed for slot, level in made(known, live_price).clusters.items() if level}


def test_all_kinds_together() -> None:
    found = made(everything())
    assert found.symbol == "ETH"
    assert found.computed_at == NOW
    assert found.last_updated == ago(hours=1)
    assert found.price == Value(1010.0, ago(hours=1), "liquidation heat map", True, "c" * 64)
    assert [found.clusters[slot].price for slot in SLOTS] == [800, 960, 1100, 1200]
    assert found.win_rates["24h"].text == "55% Long/45% Short"
    assert found.win_rates["1m"].text == "12% Long/88% Short"
    assert found.score == 55
    assert found.rsi == Value(45.5, ago(hours=5), "RSI heat map", True, "d" * 64)
    assert [band["price"] for band in found.bands] == [950.0, 1050.0]
    assert [item.kind for item in found.evidence] == [
        Kind.LIQUIDATION_HEATMAP,
        Kind.LIQUIDATION_MAP,
        Kind.SHORT_TERM_RATIO,
        Kind.LONG_TERM_RATIO,
        Kind.RSI_HEATMAP,
    ]
    assert found.verified


def test_nothing_known_is_no_record() -> None:
    assert record("ETH", [], NOW) is None
    assert record("BTC", everything(), NOW) is None


def test_other_symbols_say_nothing_of_this_one() -> None:
    other = evidence(Kind.LONG_TERM_RATIO, row(99.0), symbol="BTC", sha="0")
    assert made([long_term(12.4, ago(hours=1)), other]).win_rates["1m"].long == 12


def test_a_ratio_row_alone() -> None:
    found = made([long_term(12.4)])
    assert found.price is None
    assert found.rsi is None
    assert found.score is None
    assert set(found.clusters.values()) == {None}
    assert found.flat()["WinRate_1m"] == "12% Long/88% Short"
    assert found.flat()["WinRate_24h"] is None


@pytest.mark.parametrize(
    ("map_at", "heatmap_at", "source"),
    [
        (NOW, NOW + timedelta(minutes=59), "liquidation map"),  # the same hour
        (NOW, NOW + timedelta(minutes=60), "liquidation heat map"),
        (NOW - timedelta(minutes=1), NOW, "liquidation heat map"),  # the hour before
        (NOW, NOW - timedelta(minutes=1), "liquidation map"),
    ],
)
def test_the_newest_charts_price_and_of_one_hour_the_maps(map_at: datetime, heatmap_at: datetime, source: str) -> None:
    assert made([liquidation_map(map_at), heatmap(at=heatmap_at)]).price.source == source


def test_a_live_price_comes_first() -> None:
    live = Value(1005.0, NOW, "binance", True)
    assert made(everything(), live).price is live
    assert made([long_term(12.4)], live).price is live


def test_a_chart_without_a_price_leaves_the_older_price_and_is_still_listed() -> None:
    found = made([heatmap(None, bands=[]), heatmap(990.0, ago(hours=3), sha="9")])
    assert found.price.value == 990.0
    assert len(found.bands) == 2
    assert [item.sha256[0] for item in found.evidence] == ["c", "9"]


def test_clusters_come_from_one_map_never_mixed() -> None:
    new = liquidation_map(clusters={"-2": None, "-1": cluster(950), "+1": None, "+2": None}, sha="1")
    found = made([liquidation_map(ago(hours=1)), new])
    assert {slot: level and level.price for slot, level in found.clusters.items()} == {
        "-2": None,
        "-1": 950,
        "+1": None,
        "+2": None,
    }
    unread = made([liquidation_map(ago(hours=1)), liquidation_map(sha="1", clusters=None)])
    assert unread.clusters["-1"].at == ago(hours=1)


def test_a_cluster_is_passed_where_the_price_has_reached_it() -> None:
    map_then = liquidation_map(ago(hours=5))
    assert not any(passed([map_then]).values())
    assert passed([map_then, heatmap(1100.0)]) == {"-2": False, "-1": False, "+1": True, "+2": False}
    assert passed([map_then, heatmap(959.9)]) == {"-2": False, "-1": True, "+1": False, "+2": False}
    assert passed([map_then], Value(1500.0, NOW, "binance", True)) == dict(
        zip(SLOTS, [False, False, True, True], strict=True)
    )


def test_a_cluster_stays_passed_when_the_price_comes_back() -> None:
    there_and_back = [liquidation_map(ago(hours=5)), heatmap(1150.0, ago(hours=3), sha="8"), heatmap(1000.0)]
    assert passed(there_and_back)["+1"]
    assert not passed(there_and_back)["+2"]


def test_neither_an_older_nor_an_unverified_passing_price_marks_a_cluster() -> None:
    assert not passed([liquidation_map(ago(hours=5)), heatmap(1150.0, ago(hours=6))])["+1"]
    misread = heatmap(10.0, ago(hours=3), sha="8", price_verified=False)
    assert not any(passed([liquidation_map(ago(hours=5)), misread, heatmap(1000.0)]).values())


def test_unverified_values_show() -> None:
    found = made([liquidation_map(price_verified=False), rsi(verified=False)])
    assert not found.price.verified
    assert not found.rsi.verified
    assert not found.win_rates["24h"].verified
    assert not found.verified


def test_a_record_is_stale_after_a_day() -> None:
    assert not made([rsi(at=ago(days=1))]).stale
    assert made([rsi(at=ago(days=1, seconds=1))]).stale


clusters = st.none() | st.fixed_dictionaries(
    {
        "-2": st.none() | st.just(cluster(800)),
        "-1": st.none() | st.just(cluster(960)),
        "+1": st.none() | st.just(cluster(1100, verified=False)),
        "+2": st.none() | st.just(cluster(1200)),
    }
)
prices = st.none() | st.integers(700, 1300).map(float)
pictures = st.one_of(
    st.builds(long_term, shares, ages, hashes),
    st.builds(liquidation_map, ages, hashes, price=prices, bars=st.none() | bar_lists, clusters=clusters),
    st.builds(heatmap, prices, ages, hashes, price_verified=st.booleans()),
    st.builds(rsi, st.integers(0, 100).map(float), ages, hashes),
)
coarse = st.lists(pictures, min_size=1, max_size=10, unique_by=lambda item: (item.kind, item.sha256, item.at))


@given(coarse, st.randoms(use_true_random=False))
def test_the_record_does_not_depend_on_the_order(known: list[Evidence], chance: object) -> None:
    shuffled = list(known)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert made(shuffled) == made(known)


@given(coarse)
def test_every_number_of_a_record_stands_in_a_listed_picture(known: list[Evidence]) -> None:
    found = made(known)
    by_hash = {(item.kind.label, item.sha256, item.at): item.facts for item in found.evidence}
    if found.price:
        assert by_hash[found.price.source, found.price.sha256, found.price.at]["price"] == found.price.value
    if found.rsi:
        assert by_hash[found.rsi.source, found.rsi.sha256, found.rsi.at]["rsi"] == found.rsi.value
    listed_clusters = [
        (item.at, level["price"])
        for item in found.evidence
        for level in (item.facts.get("clusters") or {}).values()
        if level
    ]
    for level in found.clusters.values():
        assert level is None or (level.at, level.price) in listed_clusters
    assert found.win_rates == made(list(found.evidence)).win_rates
    for kind in Kind:
        ats = [item.at for item in known if item.kind is kind]
        assert max((item.at for item in found.evidence if item.kind is kind), default=None) == max(ats, default=None)


def live(value: float, at: datetime = NOW) -> Value:
    return Value(value, at, "binance", True)


@pytest.mark.parametrize(
    ("price", "hours", "counts", "verified", "says"),
    [
        (1000.0, 1, 1000.0, True, None),
        (1019.9, 1, 1019.9, True, None),
        (1021.0, 1, 1021.0, False, "+2.1% from the chart: the liquidation map of"),
        (975.0, 1, 975.0, False, "−2.5% from the chart"),
        (1400.0, 25, 1400.0, True, None),  # a chart of the day before is no witness of now
        (3000.0, 1, 1000.0, False, "which cannot be"),
        (1.0, 1, 1000.0, False, "which cannot be"),  # 1000 coins a price, or one
        (3000.0, 24 * 31, 3000.0, True, None),
    ],
)
def test_a_live_price_is_compared_with_the_charts(
    price: float, hours: float, counts: float, verified: bool, says: str | None
) -> None:
    found = made([liquidation_map(at=ago(hours=hours))], live(price))
    assert found.price is not None
    assert (found.price.value, found.price.verified) == (counts, verified)
    assert found.price.source == ("binance" if counts == price else "liquidation map")
    flat = found.flat()
    assert (flat["CurrentPrice"], flat["Verified"]) == (counts, verified)
    if says is None:
        assert flat["PriceNote"] is None
    else:
        assert says in flat["PriceNote"]
        assert "binance says" in flat["PriceNote"], "both prices stand in the note"
        assert "says 1,000" in flat["PriceNote"]


def test_without_a_chart_price_the_live_one_stands_alone() -> None:
    found = made([rsi(55.0)], live(5.0))
    assert found.price == live(5.0)
    assert found.price_note is None
