"""The words of the domain."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kingtui.charts.reading import Cluster, HeatmapReading, Kind, MapReading, RatioReading, Row, dump, load
from kingtui.models import STEPS, Run, RunStatus, SymbolRecord, Value, WinRate, WrongUse, symbol_of

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("btc", "BTC"), ("BTC/USDT", "BTC"), ("BTCUSDT", "BTC"), (" eth-usd ", "ETH"), ("1000PEPE", "1000PEPE"),
        ("1INCH", "1INCH"), ("1000PEPEUSDT", "1000PEPE"), ("USDT", "USDT"), ("A" * 20, "A" * 20),
    ],
)  # fmt: skip
def test_symbols_in_every_spelling(text, symbol):
    assert symbol_of(text) == symbol


@pytest.mark.parametrize(
    "text", ["", " ", "../../etc/passwd", "%2A", "*", "A" * 21, "BTC;DROP", "ÄTH", "ß", "ﬁl", "a" * 10_000, "/"]
)
def test_what_is_no_symbol_is_refused(text):
    with pytest.raises(WrongUse, match="is not a symbol: 1 to 20 letters and digits"):
        symbol_of(text)


@given(st.text(max_size=40))
def test_a_symbol_is_always_of_the_pattern_and_stays_as_it_is(text):
    try:
        symbol = symbol_of(text)
    except WrongUse:
        return
    assert symbol.isalnum()
    assert symbol.isascii()
    assert symbol == symbol.upper()
    assert len(symbol) <= 20


def test_the_flat_record_names_every_field_and_null_is_null():
    record = SymbolRecord("ETH", NOW, NOW - timedelta(hours=25))
    flat = record.flat()
    assert list(flat) == [
        "Symbol", "CurrentPrice", "CurrentPriceAt", "CurrentPriceSource", "Score", "WinRate_24h", "WinRate_24h_Source",
        "WinRate_24h_At", "WinRate_7d", "WinRate_7d_Source", "WinRate_7d_At", "WinRate_1m", "WinRate_1m_Source",
        "WinRate_1m_At", "Liqcluster-2", "Liqcluster-1", "Liqcluster+1", "Liqcluster+2", "RSI", "LastUpdated",
        "Verified", "Stale", "PriceNote",
    ]  # fmt: skip
    assert {name: value for name, value in flat.items() if value is not None} == {
        "Symbol": "ETH", "LastUpdated": "2026-01-01T02:04:05+00:00", "Verified": True, "Stale": True,
    }  # fmt: skip


def test_the_score_is_the_larger_number_of_the_day_and_one_doubt_makes_a_record_unverified():
    rates = {"24h": WinRate(12, 88, "short-term ratio", NOW, True), "7d": None, "1m": None}
    record = SymbolRecord("ETH", NOW, NOW, win_rates=rates, rsi=Value(50.0, NOW, "RSI heat map", False))
    assert (record.score, rates["24h"].text) == (88, "12% Long/88% Short")
    assert not record.verified
    assert not record.stale


def test_steps_and_runs():
    assert [step.number for step in STEPS] == [1, 2, 3, 4, 5, 6]
    assert STEPS[1].script == "kingtui/steps/sort.py"
    run = Run(1, 2, RunStatus.SUCCESS, "manual", NOW, NOW, NOW + timedelta(seconds=3), done=1, failed=2, quarantined=3)
    assert (run.items, run.duration) == (6, 3.0)


@pytest.mark.parametrize(
    "reading",
    [
        RatioReading(kind=Kind.LONG_TERM_RATIO, rows=(Row("BTC", 40.1, 59.9, "down", True),), verified=("leverage",)),
        MapReading(timestamp=NOW, clusters={"-1": Cluster(1.5, 3), "+1": None}, exchanges=("okx",), reasons={"x": "y"}),
        HeatmapReading(last_price=None),
    ],
)
def test_readings_come_back_from_json_as_they_went(reading):
    assert load(dump(reading)) == reading
    assert dump(load(dump(reading))) == dump(reading)
