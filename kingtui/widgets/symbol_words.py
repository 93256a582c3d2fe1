"""A symbol's record as the cells of a table and as a card.

Every number comes from the record; what is not there is ``–`` or reads "not available".
"""

from __future__ import annotations

from datetime import datetime

from rich.text import Text
from textual.content import Content

from kingtui.models import SLOTS, ClusterLevel, Horizon, Slot, SymbolRecord, WinRate
from kingtui.reports.format import level, percent, price
from kingtui.reports.words import TIME_SOURCES, rsi_band
from kingtui.widgets.live import Live
from kingtui.widgets.words import ago, coarse_age, plain

COLUMNS = ("Symbol", "Price", "Score", "24h", "7d", "1m", "Below", "Above", "Age")
NOTHING = "–"
HORIZONS: tuple[Horizon, ...] = ("24h", "7d", "1m")


def distance(to: ClusterLevel | None, of: SymbolRecord) -> str | None:
    """How far a cluster is from the current price, in percent; None where either is not known."""
    if to is None or of.price is None or not of.price.value:
        return None
    return percent((to.price / of.price.value - 1) * 100, signed=True)


def nearest(record: SymbolRecord, slots: tuple[Slot, ...]) -> ClusterLevel | None:
    """The nearest cluster of a side that the price has not passed."""
    return next((found for slot in slots if (found := record.clusters[slot]) is not None and not found.passed), None)


def score(record: SymbolRecord) -> str:
    """The score and the side it speaks for: ``88 S``."""
    rate = record.win_rates["24h"]
    if rate is None:
        return NOTHING
    return f"{record.score} {'=' if rate.long == rate.short else 'L' if rate.long > rate.short else 'S'}"


def cells(record: SymbolRecord, now: datetime, live: Live) -> list[Text]:
    """One row of the table of symbols. Stale rows are dim; a value that was not verified ends in ``?``."""
    base = "dim" if record.stale else ""
    below, above = nearest(record, ("-1", "-2")), nearest(record, ("+1", "+2"))
    shown = [
        Text(record.symbol, "dim bold" if record.stale else "bold"),
        _sure(price(record.price.value), record.price.verified) if record.price else Text(NOTHING, "dim"),
        Text(score(record), base if record.stale else live.style(side(record))),
        *(_rate(record.win_rates[horizon]) for horizon in HORIZONS),
        _sure(distance(below, record), below.verified if below else True),
        _sure(distance(above, record), above.verified if above else True),
        Text(coarse_age(record.last_updated, now)),
    ]
    for text in shown[1:]:
        if base:
            text.stylize(base)
        text.justify = "right"
    return shown


def list_cells(record: SymbolRecord, live: Live) -> list[Text]:
    """One row of the list to look symbols up in."""
    return [
        Text(record.symbol, "dim" if record.stale else "bold"),
        Text(score(record), "dim" if record.stale else live.style(side(record)), justify="right"),
    ]


def side(record: SymbolRecord) -> str:
    """The theme's colour for the side that the 24-hour rate speaks for: ``success`` long, ``error`` short."""
    rate = record.win_rates["24h"]
    return "" if rate is None or rate.long == rate.short else "success" if rate.long > rate.short else "error"


def _sure(text: str | None, verified: bool) -> Text:
    return Text(NOTHING, "dim") if text is None else Text(text) if verified else Text(f"{text}?", "italic")


def _rate(rate: WinRate | None) -> Text:
    return Text(NOTHING, "dim") if rate is None else _sure(f"{rate.long}/{rate.short}", rate.verified)


def card(record: SymbolRecord, now: datetime, width: int) -> Content:
    """All that is known of a symbol, in lines for people of ``width`` cells. ``✓`` stands behind what was verified."""
    bar = 20 if width >= 84 else 10 if width >= 74 else 0
    lines = [_title(record, now), Content(""), _price(record, now), Content("")]
    lines += [Content.styled("Liquidation clusters", "bold $text-accent"), *_clusters(record), Content("")]
    lines += [Content.styled("Win rates, liquidation-implied, not validated", "bold $text-accent")]
    lines += [_win_rate(horizon, record.win_rates[horizon], now, bar) for horizon in HORIZONS]
    lines += [Content(""), _rsi(record, now), Content("")]
    lines += [Content.styled("Evidence", "bold $text-accent"), *_evidence(record, now)]
    return Content("\n").join(lines)


def _title(record: SymbolRecord, now: datetime) -> Content:
    return Content.assemble(
        (record.symbol, "bold $primary"),
        (f"   newest evidence {ago(record.last_updated, now)}", "$foreground-muted"),
        ("   ▲ stale: older than a day" if record.stale else "", "$text-warning"),
        ("   ? not every value is verified" if not record.verified else "", "$text-warning"),
    )


def _label(text: str, width: int = 8) -> tuple[str, str]:
    return (text.ljust(width), "$foreground-muted")


def _check(verified: bool) -> tuple[str, str]:
    return (" ✓", "$text-success") if verified else (" ? not verified", "$text-warning")


def _source(text: str, at: datetime, now: datetime) -> tuple[str, str]:
    return (f"  {plain(text)}, {ago(at, now)}", "$foreground-muted")


def _price(record: SymbolRecord, now: datetime) -> Content:
    if record.price is None:
        return Content.assemble(_label("Price"), ("not available", "$foreground-muted"))
    value = record.price
    return Content.assemble(
        _label("Price"), (price(value.value), "bold"), _check(value.verified), _source(value.source, value.at, now)
    )


def _clusters(record: SymbolRecord) -> list[Content]:
    """From the highest to the lowest, with the price between them."""
    lines = [_cluster(slot, record) for slot in reversed(SLOTS)]
    here = price(record.price.value) if record.price else "not available"
    lines.insert(2, Content.assemble((f"   ── price {here} ".ljust(40, "─"), "$foreground-muted")))
    return lines


def _cluster(slot: Slot, record: SymbolRecord) -> Content:
    found = record.clusters[slot]
    if found is None:
        return Content.assemble(_label(f"  {slot}"), ("none", "$foreground-muted"))
    return Content.assemble(
        _label(f"  {slot}"),
        (level(found.price).rjust(10), "bold strike" if found.passed else "bold"),
        (distance(found, record) or "").rjust(9),
        (f"  strength {found.strength:,.0f}", "$foreground-muted"),
        ("  passed", "$text-warning") if found.passed else "",
        _check(found.verified),
    )


def _win_rate(horizon: Horizon, rate: WinRate | None, now: datetime, bar: int) -> Content:
    if rate is None:
        return Content.assemble(_label(f"  {horizon}"), ("not available", "$foreground-muted"))
    filled = round(bar * rate.long / 100)
    return Content.assemble(
        _label(f"  {horizon}"), (rate.text.ljust(19), "bold"), (" " + "█" * filled, "$success"),
        ("▒" * (bar - filled), "$error"), "" if rate.verified else ("  ?", "$text-warning"),
        _source(rate.source, rate.at, now),
    )  # fmt: skip


def _rsi(record: SymbolRecord, now: datetime) -> Content:
    if record.rsi is None:
        return Content.assemble(_label("RSI"), ("not available", "$foreground-muted"))
    value = record.rsi
    return Content.assemble(
        _label("RSI"), (f"{value.value:.1f} ", "bold"), rsi_band(value.value), _check(value.verified),
        _source(value.source, value.at, now),
    )  # fmt: skip


def _evidence(record: SymbolRecord, now: datetime) -> list[Content]:
    return [
        Content.assemble(
            f"  {found.kind.label.ljust(22)}",
            (
                f"{found.at:%Y-%m-%d %H:%M} UTC ({ago(found.at, now)}), {TIME_SOURCES[found.at_source]}",
                "$foreground-muted",
            ),
            f"\n    {plain(found.name)}",
            (f"  {found.sha256[:8]}", "$foreground-muted"),
        )
        for found in record.evidence
    ]
