"""Win rates: SPEC's rule, word by word."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kingtui.models import Evidence, Horizon, WinRate
from kingtui.reports.rates import HORIZONS, LIFE, ages_at, counted_liquidations, win_rates
from tests.reports.builders import NOW, ago, liquidation_map, long_term, short_term


def text(evidence: list[Evidence], horizon: Horizon, now: datetime = NOW) -> str | None:
    rate = win_rates(evidence, now)[horizon]
    return None if rate is None else rate.text


def test_the_long_win_rate_is_the_share_of_short_liquidations() -> None:
    rates = win_rates([long_term(12.4)], NOW)
    assert rates["1m"] == WinRate(12, 88, "long-term ratio", NOW, True)
    assert rates["1m"].text == "12% Long/88% Short"
    assert rates["24h"] is None, "a long-term row says nothing of a day"


def test_ratio_rows_come_before_the_map() -> None:
    known = [short_term(30.0), long_term(60.0), liquidation_map()]
    assert text(known, "24h") == "30% Long/70% Short"
    assert text(known, "7d") == "45% Long/55% Short"
    assert win_rates(known, NOW)["7d"].source == "mean of short-term and long-term ratio"
    assert text(known, "1m") == "60% Long/40% Short"


def test_seven_days_take_the_one_row_there_is() -> None:
    assert text([short_term(30.0)], "7d") == "30% Long/70% Short"
    assert text([long_term(60.0)], "7d") == "60% Long/40% Short"
    assert text([short_term(30.0)], "1m") is None


def test_map_bars_within_5_and_15_percent_and_all() -> None:
    # within 5 %: long 10, short 5; within 15 %: long 30, short 20; all: long 60, short 40
    rates = win_rates([liquidation_map()], NOW)
    assert [rates[h].text for h in HORIZONS] == ["33% Long/67% Short", "40% Long/60% Short", "40% Long/60% Short"]
    assert [rates[h].source for h in HORIZONS] == [
        "liquidation map, bars within ± 5 %",
        "liquidation map, bars within ± 15 %",
        "liquidation map, all bars",
    ]


def test_the_edge_of_the_window_counts_and_what_is_beyond_does_not() -> None:
    price = 0.1  # 5 % of it is no round binary number
    inside = [[price * 0.95, 1.0], [price * 1.05, 3.0]]
    picture = liquidation_map(price=price, price_step=0.0001, bars=[*inside, [price * 1.0501, 100.0]])
    assert text([picture], "24h") == "75% Long/25% Short"


def test_the_cell_of_the_price_counts_for_neither_side() -> None:
    bars = [[999.0, 1.0], [999.6, 50.0], [1000.0, 70.0], [1000.4, 90.0], [1001.0, 3.0]]
    assert counted_liquidations({"price": 1000.0, "bars": bars, "price_step": 1.0}, None) == (1, 3)
    assert text([liquidation_map(bars=bars)], "24h") == "75% Long/25% Short"


def test_without_a_known_step_the_smallest_gap_is_the_cell() -> None:
    bars = [[990.0, 1.0], [998.0, 1.0], [1000.5, 50.0], [1002.5, 3.0]]
    assert counted_liquidations({"price": 1000.0, "bars": bars, "price_step": None}, None) == (2, 3)


@pytest.mark.parametrize("bars", [None, [], [[1000.0, 5.0]], [[950.0, 0.0], [1050.0, 0.0]]])
def test_no_evidence_is_null_never_0_or_50(bars: list[list[float]] | None) -> None:
    assert set(win_rates([liquidation_map(bars=bars)], NOW).values()) == {None}
    assert set(win_rates([], NOW).values()) == {None}
    assert set(win_rates([liquidation_map(price=None)], NOW).values()) == {None}


def test_a_newer_map_without_liquidations_near_the_price_is_not_replaced_by_an_older_one() -> None:
    new = liquidation_map(sha="1", bars=[[500.0, 5.0], [1500.0, 15.0]])
    old = liquidation_map(ago(hours=1), sha="0")
    assert text([old, new], "24h") is None
    assert text([old, new], "1m") == "75% Long/25% Short"


def test_a_map_that_could_not_be_read_leaves_the_older_one_in_place() -> None:
    unread = liquidation_map(sha="1", bars=None)
    assert win_rates([unread, liquidation_map(ago(hours=1))], NOW)["24h"].at == ago(hours=1)


def test_an_empty_side_is_0_and_100() -> None:
    assert text([liquidation_map(bars=[[960.0, 3.0]])], "24h") == "0% Long/100% Short"
    assert text([short_term(100.0)], "24h") == "100% Long/0% Short"


@pytest.mark.parametrize(("short", "long"), [(12.5, 13), (12.4, 12), (0.5, 1), (0.4, 0), (99.5, 100), (50.5, 51)])
def test_half_is_rounded_up(short: float, long: int) -> None:
    rate = win_rates([short_term(short)], NOW)["24h"]
    assert (rate.long, rate.short) == (long, 100 - long)


@pytest.mark.parametrize(
    ("one", "other", "long"), [(12.4, 12.6, 13), (28.7, 28.3, 29), (0.1, 0.9, 1), (33.3, 33.6, 33)]
)
def test_half_is_rounded_up_in_means_too(one: float, other: float, long: int) -> None:
    assert win_rates([short_term(one), long_term(other)], NOW)["7d"].long == long


@pytest.mark.parametrize("horizon", HORIZONS)
def test_evidence_counts_until_it_is_older_than_the_horizon(horizon: Horizon) -> None:
    make = long_term if horizon == "1m" else short_term
    on_edge, beyond = make(30.0, NOW - LIFE[horizon]), make(30.0, NOW - LIFE[horizon] - datetime.resolution)
    assert text([on_edge], horizon) == "30% Long/70% Short"
    assert text([beyond], horizon) is None


def test_the_map_steps_in_where_the_row_has_aged() -> None:
    known = [short_term(30.0, ago(hours=25)), liquidation_map()]
    assert win_rates(known, NOW)["24h"].source.startswith("liquidation map")
    assert win_rates(known, NOW)["7d"].source == "short-term ratio"


def test_a_rate_is_as_old_and_as_sure_as_its_weakest_part() -> None:
    rate = win_rates([short_term(30.0, ago(hours=2), verified=False), long_term(40.0, ago(hours=5))], NOW)["7d"]
    assert rate.at == ago(hours=5)
    assert not rate.verified
    assert not win_rates([liquidation_map(bars_verified=False)], NOW)["24h"].verified
    assert not win_rates([liquidation_map(price_verified=False)], NOW)["24h"].verified


def test_of_one_moment_the_lower_hash_speaks() -> None:
    known = [short_term(30.0, sha="e"), short_term(40.0, sha="2"), short_term(50.0, sha="9")]
    assert text(known, "24h") == text(known[::-1], "24h") == "40% Long/60% Short"


def test_when_rates_age() -> None:
    assert ages_at([], NOW) is None
    assert ages_at([short_term(30.0, ago(days=8))], NOW) is None
    due = ages_at([short_term(30.0, ago(hours=20)), long_term(40.0)], NOW)
    assert due == ago(hours=20) + timedelta(hours=24) + datetime.resolution


shares = st.integers(0, 1000).map(lambda tenths: tenths / 10)
ages = st.integers(0, 40 * 4).map(lambda quarters: ago(hours=6 * quarters))  # coarse, so that ties and edges happen
hashes = st.sampled_from("0123456789abcdef")
bar_lists = st.lists(st.tuples(st.integers(500, 1500).map(float), st.integers(0, 999).map(float)).map(list), max_size=9)
pictures = st.one_of(
    st.builds(short_term, shares, ages, hashes, verified=st.booleans()),
    st.builds(long_term, shares, ages, hashes, verified=st.booleans()),
    st.builds(liquidation_map, ages, hashes, bars=st.none() | bar_lists, bars_verified=st.booleans()),
)
collections = st.lists(pictures, max_size=8, unique_by=lambda item: (item.kind, item.sha256, item.at))


@given(collections, st.randoms(use_true_random=False))
def test_rates_do_not_depend_on_the_order(known: list[Evidence], chance: object) -> None:
    shuffled = list(known)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert win_rates(shuffled, NOW) == win_rates(known, NOW)


@given(collections)
def test_every_rate_rests_on_fresh_evidence_and_sums_to_100(known: list[Evidence]) -> None:
    for horizon, rate in win_rates(known, NOW).items():
        if rate is not None:
            assert 0 <= rate.long <= 100
            assert rate.long + rate.short == 100
            assert NOW - rate.at <= LIFE[horizon]
            assert rate.at in {item.at for item in known}


@given(collections, st.floats(0, 1))
def test_rates_stay_until_the_moment_that_ages_at_names(known: list[Evidence], part: float) -> None:
    due = ages_at(known, NOW)
    if due is None:
        assert win_rates(known, NOW + timedelta(days=400)) == win_rates(known, NOW)
        return
    assert due > NOW
    between = min(NOW + (due - NOW) * part, due - datetime.resolution)
    assert win_rates(known, between) == win_rates(known, NOW)
    assert win_rates(known, due) != win_rates(known, NOW)


@given(bar_lists)
def test_a_map_rate_is_the_exact_share_rounded_half_up(bars: list[list[float]]) -> None:
    long = sum(Fraction(total) for price, total in bars if price < 1000)
    short = sum(Fraction(total) for price, total in bars if price > 1000)
    rate = win_rates([liquidation_map(bars=bars)], NOW)["1m"]
    if long + short == 0:
        assert rate is None
    else:
        assert rate.long == math.floor(100 * short / (long + short) + Fraction(1, 2))
