"""The professional report: SPEC's sections, the record's numbers, honesty about what is missing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from kingtui.models import Evidence, SymbolRecord, Value
from kingtui.reports.format import level
from kingtui.reports.levels import critical_levels, cycle, setup
from kingtui.reports.professional import professional
from kingtui.reports.record import record
from tests.reports.builders import NOW, ago, cluster, everything, heatmap, liquidation_map, long_term, rsi, short_term
from tests.reports.test_analysis import rows

SECTIONS = [
    "Executive Summary",
    "Methodology and Data Sources",
    "Current Win Rate Analysis",
    "Cycle Target Analysis",
    "Critical Price Levels",
    "Strategic Trading Recommendations",
    "Risk Assessment",
    "Win Rate Summary Table",
    "Key Takeaways",
    "Evidence",
]


def made(known: list[Evidence], live: Value | None = None) -> SymbolRecord:
    found = record("ETH", known, NOW, live)
    assert found is not None
    return found


def report(known: list[Evidence], live: Value | None = None, *, figure: str | None = None, demo: bool = False) -> str:
    return professional(made(known, live), now=NOW, figure=figure, demo=demo)


def section(text: str, name: str) -> str:
    return text.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]


CASES = {
    "all": everything(),
    "ratio only": [long_term(12.4, ago(hours=4), arrow="down2")],
    "map only": [liquidation_map(ago(hours=1))],
    "heat map only": [heatmap()],
    "rsi only": [rsi(85.0)],
    "unverified": [liquidation_map(price_verified=False, bars_verified=False), rsi(verified=False)],
    "old": [liquidation_map(ago(days=40)), short_term(30.0, ago(days=2))],
    "passed": [liquidation_map(ago(hours=5)), heatmap(1150.0)],
    "nothing in it": [heatmap(None, bands=[])],
}


@pytest.mark.parametrize("known", CASES.values(), ids=CASES)
def test_sections_in_order_and_the_line_about_advice(known: list[Evidence]) -> None:
    text = report(known)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert re.findall(r"^### (.+)$", text, re.MULTILINE) == ["24-Hour", "7-Day", "1-Month", "Long", "Short"]
    advice = [line for line in text.splitlines() if "no financial advice" in line]
    assert len(advice) == 1
    assert "not validated" in advice[0]
    assert "None" not in text
    assert not re.search(r"\n\n\n|[ \t]$", text, re.MULTILINE)
    for name in SECTIONS:
        assert section(text, name).strip(), f"{name} is empty"


@pytest.mark.parametrize("known", CASES.values(), ids=CASES)
def test_no_number_but_the_records_and_the_formulas(known: list[Evidence]) -> None:
    found = made(known)
    text = professional(found, now=NOW, figure=None, demo=False)
    body = text.split("\n## Current Win Rate Analysis\n", 1)[1].split("\n## Evidence\n", 1)[0]
    summary = section(text, "Executive Summary")
    words = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", " ", summary + body)
    words = re.sub(r"\d+ (?:min|h|d)\b|2[\d-]*4-Hour|\d-(?:Day|Month)|\d+ pictures?|Target \d", " ", words)
    words = re.sub(r"cluster [-+][12]|[-+][12] at|\([-+][12]\)|± \d+ %|24-hour|24 hours|30 days|7 days", " ", words)
    words = words.replace("38.2% of the way", " ").replace("1% beyond", " ").replace("from 0 to 1", " ")
    shown = {float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", words)}
    allowed = allowed_numbers(found)
    strange = {
        number for number in shown if not any(abs(number - known) <= 0.006 * max(1, known / 100) for known in allowed)
    }
    assert not strange


def allowed_numbers(found: SymbolRecord) -> set[float]:
    """Every number of the record and of the documented formulas."""
    numbers = {
        0.618,
        1.0,
        1.618,
        2.618,
        10.0,
        15.0,
        5.0,
        30.0,
        60.0,
        40.0,
        20.0,
    }  # extensions, and sums of the map's bars
    numbers |= {value.value for value in (found.price, found.rsi) if value}
    for rate in found.win_rates.values():
        numbers |= {float(rate.long), float(rate.short)} if rate else set()
    for item in found.evidence:
        numbers |= {float(item.facts[name]) for name in ("long", "short", "price") if item.facts.get(name) is not None}
    for one in critical_levels(found):
        numbers |= {one.price, one.strength or 0, round(abs(one.distance or 0), 1)}
    if waves := cycle(found):
        numbers |= {waves.distance, *(target.price for target in (*waves.up, *waves.down))}
    for side in ("long", "short"):
        if plan := setup(found, side):  # type: ignore[arg-type]
            numbers |= {plan.entry, plan.entry_low, plan.entry_high, plan.stop}
            numbers |= {number for target in plan.targets for number in (target.price, round(target.ratio or 0, 2))}
    return numbers


def test_the_rates_of_the_record() -> None:
    text = report(everything())
    table = rows(section(text, "Win Rate Summary Table"))
    assert ["24-Hour", "55% Long/45% Short", "short-term ratio", "2025-07-29 15:00 UTC", "3 h", "yes"] in table
    assert ["1-Month", "12% Long/88% Short", "long-term ratio", "2025-07-29 14:00 UTC", "4 h", "yes"] in table
    rates = section(text, "Current Win Rate Analysis")
    assert "**12% Long/88% Short**, favours shorts." in rates
    assert "long liquidations 87.6%, short 12.4%, arrow ↓↓" in rates
    assert "liquidation-implied" in section(text, "Executive Summary")


def test_a_ratio_row_alone_makes_an_honest_report() -> None:
    text = report(CASES["ratio only"])
    assert "12% Long/88% Short" in section(text, "Executive Summary")
    assert "Price: not available." in section(text, "Executive Summary")
    for name in ("Cycle Target Analysis", "Critical Price Levels"):
        assert section(text, name).strip().startswith("Not available: ")
    assert section(text, "Strategic Trading Recommendations").count("Not available: ") == 2
    assert ["24-Hour", "not available", "–", "–", "–", "–"] in rows(section(text, "Win Rate Summary Table"))
    assert "Score (the larger number of the 24-hour rate): not available." in text
    assert "liquidation map, liquidation heat map, short-term ratio and RSI heat map" in section(
        text, "Risk Assessment"
    )


def test_cycle_targets_and_set_ups_are_those_of_the_formulas() -> None:
    found = made(everything())
    text = professional(found, now=NOW, figure=None, demo=False)
    waves, plan = cycle(found), setup(found, "long")
    table = rows(section(text, "Cycle Target Analysis"))
    assert ["1.618", level(waves.up[2].price), level(waves.down[2].price)] in table
    plans = rows(section(text, "Strategic Trading Recommendations"))
    assert [row[1] for row in plans[2:7]] == [
        f"{level(plan.entry_low)} to {level(plan.entry_high)}",
        level(plan.stop),
        *(level(target.price) for target in plan.targets),
    ]


def test_what_is_not_verified_is_marked_wherever_it_shows() -> None:
    text = report(CASES["unverified"])
    assert "1,000** (liquidation map, 2025-07-29 18:00 UTC) (not verified)" in text
    rate_lines = [line for line in section(text, "Current Win Rate Analysis").splitlines() if line.startswith("**")]
    assert len(rate_lines) == 3
    assert all("(not verified)" in line for line in rate_lines)
    assert "Not verified: price, 24-Hour win rate, 7-Day win rate, 1-Month win rate and RSI." in text
    assert {row[-1] for row in rows(section(text, "Win Rate Summary Table"))[2:]} == {"no"}
    assert {row[-1] for row in rows(section(text, "Strategic Trading Recommendations")) if row[0] == "Stop"} == {"no"}
    assert section(text, "Key Takeaways").count("(not verified)") == 3 + 2, "the rates and the ends of both set-ups"
    assert "not verified" not in report(everything()).replace('marked "not verified"', "")


def test_passed_clusters_are_named_and_no_targets() -> None:
    text = report(CASES["passed"])
    assert "The price has passed +1 at 1,100 since the map was drawn" in text
    assert "cluster +1 (passed)" in section(text, "Critical Price Levels")
    assert "cluster +1" not in section(text, "Strategic Trading Recommendations")


def test_old_evidence_is_called_old() -> None:
    text = report(CASES["old"])
    assert "**more than a day old**" in section(text, "Executive Summary")
    assert "Old data: the newest picture is of 2025-07-27 18:00 UTC, 2 d ago." in section(text, "Risk Assessment")
    assert "older than 24 hours" in section(text, "Current Win Rate Analysis")
    assert "older than 30 days" in section(text, "Current Win Rate Analysis")


def test_disagreeing_horizons_are_a_risk() -> None:
    assert "The horizons disagree: 24-Hour favours longs; 7-Day and 1-Month favour shorts." in report(everything())
    assert "disagree" not in report(CASES["ratio only"])


def test_when_the_rates_change_by_age() -> None:
    due = ago(hours=3) + timedelta(hours=24)
    assert f"after {due:%Y-%m-%d %H:%M} UTC" in section(report(everything()), "Key Takeaways")


def test_the_evidence_table() -> None:
    table = rows(section(report(everything()), "Evidence"))
    assert [
        "liquidation_map.jpg",
        "liquidation map",
        "2025-07-29 16:00 UTC",
        "arrival of the picture",
        "b" * 12,
        "yes",
    ] in table
    assert len(table) == 2 + 5


def test_a_demo_says_so_before_anything_else() -> None:
    text = report(everything(), demo=True)
    assert "painted charts" in text.split("## Executive Summary")[0]
    assert "painted charts" not in report(everything())


def test_a_figure_is_shown_by_its_name() -> None:
    assert "](report_ETH_20250729_180000.png)" in report(everything(), figure="report_ETH_20250729_180000.png")
    assert "](a%20b%29%3C.png)" in report(everything(), figure="a b)<.png")
    assert "![" not in report(everything())


def test_a_live_price_is_named() -> None:
    text = report(everything(), Value(1005.0, NOW, "bin|ance", True))
    assert r"Price: **1,005** (bin\|ance, 2025-07-29 18:00 UTC)." in text
    assert "the price is live" in text


def test_names_and_texts_from_pictures_stay_text() -> None:
    known = [replace(item, name="x|y <b>\x1b[1m`\n# z.jpg") for item in everything()]
    known[2] = replace(known[2], facts=dict(known[2].facts) | {"leverage": "<i>|**x**"})
    known.append(liquidation_map(sha="1", clusters={"-2": None, "-1": cluster(960), "+1": None, "+2": None}))
    text = report(known)
    assert not any(part in text for part in ("\x1b", "<b>", "<i>", "**x**", "\n# z"))
    assert {
        len(re.split(r"(?<!\\)\|", line)) for line in section(text, "Evidence").splitlines() if line.startswith("|")
    } == {8}
