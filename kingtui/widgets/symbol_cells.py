"""A symbol's summary as the cells of a table.

Every number comes from the summary; what is not there is ``–``. A value that was not verified ends in ``?``, a stale
row is dim and its age ends in ``!``.
"""

from __future__ import annotations

from datetime import datetime

from rich.style import Style
from rich.text import Text

from kingtui.models import Figure, SymbolSummary
from kingtui.reports.format import level, percent, price
from kingtui.widgets.live import Live
from kingtui.widgets.words import coarse_age

NOTHING = "–"
BAR = 8
LONG_GLYPH, SHORT_GLYPH = "█", "▒"
HOME_COLUMNS = ("Symbol", "Price", "Score", "24h long/short", "Below", "Above", "Age")


def home_cells(found: SymbolSummary, now: datetime, live: Live) -> list[Text]:
    """A row of the home screen."""
    return _row(found, now, live, HOME_COLUMNS)


def list_cells(found: SymbolSummary, now: datetime, live: Live, columns: tuple[str, ...]) -> list[Text]:
    """A row of a list with some of the columns Symbol, Price, Score, 24h long/short, Below, Above, RSI and Age."""
    return _row(found, now, live, columns)


def _row(found: SymbolSummary, now: datetime, live: Live, columns: tuple[str, ...]) -> list[Text]:
    cells = [_cell(name, found, now, live) for name in columns]
    for name, text in zip(columns, cells, strict=True):
        text.justify = "left" if name == "Symbol" else "right"
        if found.stale:
            text.stylize("dim")
    return cells


def _cell(column: str, found: SymbolSummary, now: datetime, live: Live) -> Text:
    match column:
        case "Symbol":
            return _styled(found.symbol, "" if found.stale else "bold")
        case "Price":
            return _sure(price(found.price.value) if found.price else None, found.price)
        case "Score":
            return (
                _styled(score(found), live.style(side(found))) if found.score is not None else _styled(NOTHING, "dim")
            )
        case "24h long/short":
            return _rate(found.rates.get("24h"), live, stale=found.stale)
        case "Below":
            return _distance(found, found.below)
        case "Above":
            return _distance(found, found.above)
        case "RSI":
            return _sure(f"{found.rsi.value:.1f}" if found.rsi else None, found.rsi)
        case "Age":
            return Text(coarse_age(found.last_updated, now) + (" !" if found.stale else ""))
    raise ValueError(f"there is no column {column!r}")


def score(found: SymbolSummary) -> str:
    """The score and the side it speaks for: ``88 S``."""
    rate = found.rates.get("24h")
    if rate is None:
        return NOTHING
    return f"{found.score} {'=' if rate.value == 50 else 'L' if rate.value > 50 else 'S'}"


def side(found: SymbolSummary) -> str:
    """The theme's colour for the side that the 24-hour rate speaks for: ``success`` long, ``error`` short."""
    rate = found.rates.get("24h")
    return "" if rate is None or rate.value == 50 else "success" if rate.value > 50 else "error"


def _distance(found: SymbolSummary, to: Figure | None) -> Text:
    """How far it is from the price; where there is no price, the level itself."""
    away = found.distance(to)
    if to is None or away is not None:
        return _sure(None if away is None else percent(away, signed=True), to)
    return _sure(level(to.value), to)


def _rate(rate: Figure | None, live: Live, *, stale: bool) -> Text:
    if rate is None:
        return _styled(NOTHING, "dim")
    long = round(rate.value)
    filled = round(BAR * long / 100)
    shown = Text()
    shown.append(LONG_GLYPH * filled, "" if stale else live.style("success"))
    shown.append(SHORT_GLYPH * (BAR - filled), "" if stale else live.style("error"))
    shown.append_text(_sure(f" {long:>2}/{100 - long:<2}", rate))
    return shown


def _sure(text: str | None, figure: Figure | None) -> Text:
    if text is None or figure is None:
        return _styled(NOTHING, "dim")
    return Text(text) if figure.verified else _styled(f"{text}?", "italic")


def _styled(text: str, style: str | Style) -> Text:
    """A text whose style counts where it is compared with another: its own style would not."""
    styled = Text(text)
    if style:
        styled.stylize(style)
    return styled
