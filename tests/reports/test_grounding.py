"""Grounding: no sentence with a number that is not a fact stays, in whatever way the number is written."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kingtui.charts.reading import Cluster, Kind, MapReading, Point, RatioReading, Row, RsiReading, UnknownReading
from kingtui.reports.analysis import analysis
from kingtui.reports.fact_sheets import sheet_of_reading, sheet_of_record
from kingtui.reports.format import amount, decimal, level, md, percent, price
from kingtui.reports.grounding import MOST_SENTENCES, Fact, FactSheet, ground
from kingtui.reports.numbers import numbers_in
from kingtui.reports.record import record
from tests.reports.builders import NOW, cluster, liquidation_map, long_term, short_term

SHEET = FactSheet(
    "A liquidation map of ETH",
    (
        Fact("Current price: 3,764.6"),
        Fact("Time: 2025-07-29 16:00 UTC"),
        Fact("Cluster +1: 3,880.2, +3.1% from the price, strength 120", ("+1",), "3,880.2"),
        Fact("Cluster -1: 3,600, −4.4% from the price, strength 84", ("-1",), "3,600"),
        Fact("24-Hour win rate: 12% Long/88% Short", ("24-Hour",)),
        Fact("7-Day win rate: 31% Long/69% Short", ("7-Day",)),
        Fact("1000PEPE: RSI 71.2", ("1000PEPE",)),
        Fact("1INCH: RSI 28.4", ("1INCH",)),
    ),
    "3,764.6",
    frozenset({"1000PEPE", "1INCH"}),
)


@pytest.mark.parametrize(
    "sentence",
    [
        "ETH stands at 3,764.6.",
        "ETH stands at $3764.6, or about 3,765.",
        "The price is roughly 3.76k.",
        "Cluster +1 at 3,880 lies 3.1% above the price.",
        "Cluster −1 lies 4.4 percent below, and cluster +1 3% above.",
        "The distance to cluster +1 is 115.6, or 3.07% of the price.",  # derived: |3,880.2 − 3,764.6|, ÷ 3,764.6
        "Between clusters -1 and +1 lie strengths of 84 and 120.",
        "In the last 24 hours shorts dominate with 88%.",
        "The 24-hour rate (12% long) is weaker than the 7-day one (31%).",
        "At 2025-07-29 16:00 UTC the map was drawn.",
        "1000PEPE has an RSI of 71.2, while 1INCH is at 28.",
        "Longs look crowded; no number is needed to see it.",
        "It is one of the wider maps, and the third target is far.",
        "No one side, and every single level, is certain; one could wait.",
        "The 24h and 7d rates agree.",
    ],
)
def test_what_follows_from_the_facts_stays(sentence: str) -> None:
    assert ground([sentence], SHEET).sentences == (sentence,)


@pytest.mark.parametrize(
    "sentence",
    [
        "ETH will reach 4,000.",
        "The price is 3,764.61.",  # more precise than the fact
        "The price is 3,8000.",
        "The price is 3.764,6.",
        "The price is 3 764.6.",
        "Cluster +1 lies 3.2% above the price.",
        "Cluster +1 lies 4.4% from the price.",  # the other cluster's
        "Cluster -1 is at 3,880.",
        "Cluster +2 is far.",  # the sheet has none
        "Cluster -1 is +4.4% away.",  # the sign is the fact's
        "The price fell −3.1%.",
        "Shorts have 88.",  # a percentage, not a count
        "The price is 12.",
        "The 24-hour rate is 69% short.",  # the 7-day one's
        "The 30-day rate is flat.",
        "1000PEPE has an RSI of 28.4.",  # 1INCH's
        "PEPE fell by 1000.",
        "The odds are two to three.",
        "It is twenty-one percent away.",
        "Only one symbol is overbought.",
        "A single cluster holds it, for one day.",
        "Exactly one of them is oversold.",
        "sixtyfive percent of the longs wait.",
        "It stands halfway between them, a couple of levels away.",
        "The odds are nil.",
        "Half of the longs are gone, a third of them today.",
        "The price may double, or rise tenfold.",
        "A million was liquidated; one percent remains.",
        "One point five percent separates them.",
        "It rose ½, or ３.１%, or ٣, or 三, or x².",
        "It was drawn on 2025-07-30.",
        "It was drawn at 16:01.",
        "It was drawn on 29 July 2025.",
        "Strength is 1.2e2.5.",
        "Strength is 120-ish, or 12O.",
        "It holds 0 risk.",
        "It holds 0.0% risk.",
        "Send it to bc1qxy2kgdygjrsqtzq2n0yrf.",
        "Visit https://evil.example now.",
        "Visit www.evil.example or mail a@b.example or join evil.io.",
        "Long " + "word " * 90 + "ends.",
    ],
)
def test_what_does_not_is_removed_and_counted(sentence: str) -> None:
    words = ground([sentence, "This stays."], SHEET)
    assert words.sentences[-1:] == ("This stays.",)
    assert words.removed >= 1
    assert len(words.sentences) <= 2
    assert not set("".join(words.sentences)) & set("0123456789½３٣三²")


@pytest.mark.parametrize(
    "sentence",
    ["Longs worth $1m wait.", "About 1m in longs waits.", "1m of longs.", "1m USD waits, and €24h.", "1m is at risk."],
)
def test_a_million_is_not_taken_for_a_month(sentence: str) -> None:
    sheet = replace(SHEET, facts=(*SHEET.facts, Fact("1-Month win rate: 40% Long/60% Short", ("1-Month",))))
    assert ground([sentence], sheet).sentences == ()
    for said in ("The 1m rate is 40% long.", "The 24h, 7d and 1m rates differ.", "On 1-month view it is 60% short."):
        assert ground([said], sheet).sentences == (said,)


def test_a_foreign_number_takes_its_sentence_along_and_no_other() -> None:
    text = "ETH is at 3,764.6. It will reach 9,999 vs. 3,880.2 today! Is cluster +1 near? Yes, 3.1%, e.g. at noon."
    words = ground([text], SHEET)
    assert words.sentences == ("ETH is at 3,764.6.", "Is cluster +1 near?", "Yes, 3.1%, e.g. at noon.")
    assert words.objections == ("'9,999' is no number of the facts",)


def test_markdown_and_html_are_data() -> None:
    text = """# Heading
> **Bold** and `code` and [a link](https://evil.example/3) <script>go()</script> ![x](http://e.example/p.png)
| a | 3,880 |
- item <!-- 3,764.6 --> one
[ref]: https://evil.example
```
fenced
```
"""
    words = ground([text], replace(SHEET, facts=()))
    joined = " ".join(words.sentences)
    assert "Bold and code and a link" in joined
    assert not set(joined) & set("[]<>`#|*")
    assert "evil" not in joined


def test_what_is_seen_is_what_was_checked() -> None:
    """Digits that only an invisible mark, a tag or a link keeps apart."""
    for text in ("It is 38\u200b80.3.", "It is 38<b></b>80.3.", "It is 38[80.3](x).", "It is 3,7\u202e64.6 9."):
        assert ground([text], SHEET).sentences == ()
    hidden = ground(["It is 3,88\u200b0.2 at cluster +1."], SHEET)
    assert hidden.sentences == ("It is 3,880.2 at cluster +1.",)


def test_so_many_sentences_and_each_once() -> None:
    words = ground([f"Word {'abcdefghijklmnopqrstuvwxyz'[n]} stands." for n in range(20)] * 2, SHEET)
    assert len(words.sentences) == MOST_SENTENCES
    assert words.removed > 0


positive = st.floats(min_value=1e-7, max_value=1e7, allow_nan=False)
formats = st.sampled_from([price, level, amount, decimal, percent, lambda v: percent(v, signed=True)])


@given(value=positive, form=formats)
def test_every_fact_as_printed_may_be_said(value: float, form: object) -> None:
    text = form(value)  # type: ignore[operator]
    sheet = FactSheet("x", (Fact(f"Value: {text}"),))
    assert ground([f"The value is {text}."], sheet).removed == 0


@given(value=st.floats(min_value=-99, max_value=99).map(lambda v: round(v, 3)), decimals=st.integers(0, 2))
def test_a_fact_may_be_rounded_but_not_bent(value: float, decimals: int) -> None:
    """Rounded to the places that are said; moved by more than a twentieth, or to 0, it is another number."""
    said = round(value, decimals)
    sheet = FactSheet("x", (Fact(f"Value: {value:+.3f}%"),))
    assume(said != 0 and abs(abs(said - value) - 0.05 * abs(value)) > 1e-9)
    kept = ground([f"The value is {said:+.{decimals}f}%."], sheet).removed == 0
    assert kept is (abs(said - value) <= 0.05 * abs(value))
    assert ground([f"The value is {-said:+.{decimals}f}%."], sheet).removed == 1, "the other sign"


@settings(max_examples=300)
@given(known=st.lists(positive, min_size=1, max_size=12), said=positive, form=formats)
@example(known=[100.0], said=100.5, form=price)
def test_a_number_that_is_no_fact_is_never_said(known: list[float], said: float, form: object) -> None:
    """Judged without the program's parser: the said number is compared with every fact and every derivation."""
    sheet = FactSheet("x", tuple(Fact(f"Level: {price(v)}", level=price(v)) for v in known), price(known[0]))
    text = form(said)  # type: ignore[operator]
    number = float(text.strip("+%").replace(",", ""))
    is_percent = text.endswith("%")
    printed = [float(price(v).replace(",", "")) for v in known]
    allowed = [] if is_percent else list(printed)
    for v in printed:
        apart = abs(v - printed[0])
        allowed.append(apart / printed[0] * 100 if is_percent else apart)
    step = 10.0 ** -len(text.strip("+%").partition(".")[2])
    near = any(abs(number - v) <= step / 2 * (1 + 1e-9) + 1e-12 for v in allowed)
    if ground([f"The value is {text}."], sheet).removed == 0:
        assert near


@settings(max_examples=300)
@given(st.text(max_size=80))
@example("1\u0301 2")
@example("[1](2)\n3")
def test_no_digit_of_any_script_slips_through_an_empty_sheet(text: str) -> None:
    words = ground([text], FactSheet("nothing", ()))
    joined = "".join(words.sentences)
    assert not any(character.isnumeric() for character in joined)
    assert all(character.isprintable() for character in joined.replace("\ufffd", ""))
    for sentence in words.sentences:
        assert "\x1b" not in md(sentence)


MARKS = [*"[]()!<>*_`#|-+~&:/.ab \n", "http://", "www.", "&lt;", "</a>", "!["]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(MARKS), max_size=40))
@example(["[", "a", "[", "b", "]", "(", "a", ")", "]", "(", "http://", "b", ")"])
def test_whatever_a_model_writes_is_a_plain_paragraph(pieces: list[str]) -> None:
    sentences = ground(["".join(pieces)], FactSheet("nothing", ())).sentences
    shown = MarkdownIt("gfm-like").render("It says: " + " ".join(md(sentence) for sentence in sentences))
    assert set(re.findall(r"</?([a-zA-Z]\w*)", shown)) <= {"p"}, shown


def test_words_in_digits_are_read_with_their_unit_and_precision() -> None:
    found = numbers_in("up 1.25k to $3,764.60 (−4.4 per cent) by 2e3 in cluster -1, 1-month")
    assert [(float(n.value), float(n.step), n.percent, n.sign) for n in found.numbers] == [
        (1250.0, 10.0, False, 0), (3764.6, 0.01, False, 0), (4.4, 0.1, True, -1), (2000.0, 1000.0, False, 0),
    ]  # fmt: skip
    assert found.labels == ("-1", "1-Month")
    assert found.strange == ()


# What a model is told


def test_only_verified_values_are_told() -> None:
    reading = MapReading(
        symbol="ETH", current_price=3764.6, exchanges=("okx",), timestamp=datetime(2025, 7, 29, 16, tzinfo=UTC),
        price_min=3000.0, price_max=4500.0, price_step=1.0, bars=(), cumulated={"long_end": 77.0, "short_end": 55.0},
        clusters={"-1": Cluster(3600.0, 84.0, True), "+1": Cluster(3880.2, 120.0, False, "edge")},
        verified=("symbol", "current_price", "cumulated.long_end"), reasons={"timestamp": "smudged"},
    )  # fmt: skip
    sheet = sheet_of_reading(reading)
    assert sheet is not None
    assert "3,600" in sheet.text
    assert "3,764.6" in sheet.text
    for unsure in ("3,880", "120", "2025", "55"):
        assert unsure not in sheet.text
    ratio = RatioReading(
        kind=Kind.LONG_TERM_RATIO, title="t", leverage="all_leverage",
        rows=(Row("ETH", 87.6, 12.4, "down2", True), Row("1INCH", 50.3, 49.7, None, False, "?")),
    )  # fmt: skip
    told = sheet_of_reading(ratio)
    assert told is not None
    assert "87.6%" in told.text
    assert "50.3" not in told.text
    assert sheet_of_reading(UnknownReading(reasons={"kind": "x"})) is None
    rsi = RsiReading(points=(Point("BTC", 71.2, False, "overlap"),))
    assert sheet_of_reading(rsi) is None, "nothing is sure: nothing is asked"


def test_what_is_told_of_a_symbol_does_not_change_with_the_hour() -> None:
    known = [liquidation_map(clusters={"-1": cluster(960), "+1": cluster(1100)}), short_term(40), long_term(61)]
    sheets = []
    for minutes in (0, 7, 300):
        found = record("ETH", known, NOW.replace(minute=0).fromtimestamp(NOW.timestamp() + 60 * minutes, UTC))
        assert found is not None
        sheets.append(sheet_of_record(found))
    assert sheets[0] is not None
    assert sheets[0] == sheets[1] == sheets[2]
    assert "40% Long/60% Short" in sheets[0].text
    assert "24-Hour" not in sheets[0].names


def test_words_are_inert_in_the_page() -> None:
    words = replace(ground(["Longs *look* crowded_here_ & <b>there</b>."], SHEET, "a | model"))
    page = analysis(
        RatioReading(kind=Kind.LONG_TERM_RATIO, title="t", leverage="x", rows=(Row("ETH", 1.0, 99.0, None, True),)),
        name="a.png", sha256="0" * 64, at=NOW, at_source="arrival", words=words,
    )  # fmt: skip
    section = page.split("## Commentary")[1].split("## Verification")[0]
    assert "crowded" in section
    assert "a \\| model" in section
    assert "<" not in section
    assert analysis(
        UnknownReading(reasons={"kind": "x"}), name="a", sha256="0" * 64, at=NOW, at_source="arrival"
    ).count("Commentary") == 0  # fmt: skip
