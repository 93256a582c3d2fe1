"""Words from the assistant for the steps: an opinion, a commentary, a narrative; none where there is none to be had.

The step's own result never waits for long, never fails and never differs in a number or a file for want of them.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime

from kingtui.charts.reading import AnyReading, Kind
from kingtui.models import Image, SymbolRecord, WrongUse, symbol_of
from kingtui.reports.fact_sheets import recent_map, sheet_of_reading, sheet_of_record
from kingtui.reports.format import one_line
from kingtui.reports.grounding import FactSheet, Words, ground
from kingtui.services.openai.questions import (
    LARGEST_PICTURE,
    Opinion,
    Question,
    Remarks,
    commentary_on,
    narrative_of,
    opinion_on,
)
from kingtui.steps.base import RunContext, Toolbox

SHARE_OF_TIME = 0.5
"""Of the time that an item may take, how much its words may."""
LEAST_SECONDS = 0.05
LONGEST_TITLE = 80


async def opinion(tools: Toolbox, image: Image, data: bytes, run: RunContext, left: float) -> str | None:
    """What the model thinks that a picture is, in words for people; it decides nothing.

    ``left``: seconds that are left of the item's time.
    """
    if tools.assistant is None or len(data) > LARGEST_PICTURE:
        return None
    question = await asyncio.to_thread(opinion_on, data, image.sha256)
    found = await _ask(tools, question, run, image.name, left=left)
    return f"{tools.assistant.label} thinks: {_thought(found)}" if isinstance(found, Opinion) else None


def _thought(found: Opinion) -> str:
    """A closed choice, a symbol of our pattern and a title without numbers: what else the model says is dropped."""
    others = {"other_chart": "a chart of another kind", "no_chart": "no chart"}
    what = others.get(found.kind) or f"a {Kind(found.kind).label}"
    if found.kind == "no_chart":
        return what
    symbol = None
    if found.symbol:
        try:
            symbol = symbol_of(found.symbol)
        except WrongUse:
            symbol = None
    title = one_line(found.title or "")[:LONGEST_TITLE]
    bare = re.sub(rf"(?<!\w){re.escape(symbol)}(?!\w)", "", title) if symbol else title
    entitled = title and not any(character.isnumeric() for character in bare)
    return f"{what}{f' of {symbol}' if symbol else ''}{f', entitled {title!r}' if entitled else ''}"


async def commentary(tools: Toolbox, image: Image, reading: AnyReading, run: RunContext) -> Words | None:
    """What the model says of a picture, as far as every number of it is among the verified ones."""
    if tools.assistant is None:
        return None
    sheet = await asyncio.to_thread(sheet_of_reading, reading)
    if sheet is None:
        return None
    question = await asyncio.to_thread(commentary_on, sheet.text, image.sha256)
    return await _words(tools, question, sheet, run, image.name)


async def narrative(tools: Toolbox, record: SymbolRecord, now: datetime, run: RunContext) -> Words | None:
    """What the model says of a symbol on the watch list, or, once for each map, of one with a map of the last day."""
    if tools.assistant is None:
        return None
    watched = record.symbol in tools.settings.watchlist
    latest = recent_map(record, now)
    if not watched and latest is None:
        return None
    sheet = await asyncio.to_thread(sheet_of_record, record)
    if sheet is None:
        return None
    subject = record.symbol if latest is None else f"{record.symbol} {latest.sha256}"
    question = await asyncio.to_thread(narrative_of, sheet.text, subject)
    once = not watched
    return await _words(tools, question, sheet, run, record.symbol, once=once)


async def _words(
    tools: Toolbox, question: Question, sheet: FactSheet, run: RunContext, what: str, *, once: bool = False
) -> Words | None:
    found = await _ask(tools, question, run, what, once=once)
    if not isinstance(found, Remarks) or tools.assistant is None:
        return None
    words = await asyncio.to_thread(ground, found.sentences, sheet, tools.assistant.author)
    for objection in words.objections:
        run.log(f"{what}: a sentence of {words.author} was removed: {one_line(objection)}")
    return words if words.sentences else None


async def _ask(
    tools: Toolbox, question: Question, run: RunContext, what: str, *, once: bool = False, left: float | None = None
) -> object:
    whole = tools.settings.item_timeout
    seconds = min(whole if left is None else left, whole) * SHARE_OF_TIME
    if tools.assistant is None or seconds < LEAST_SECONDS:
        return None
    reply = await tools.assistant.ask(question, run.run.id, seconds, once=once)
    run.spent += reply.spent
    if reply.spent.calls:
        run.log(f"{what}: asked {tools.assistant.label} for {_a(question.purpose)}: {reply.told}")
    elif reply.why:
        run.log(f"{what}: no {question.purpose} from {tools.assistant.label}: {reply.why}")
    return reply.answer


def _a(purpose: str) -> str:
    return f"an {purpose}" if purpose == "opinion" else f"a {purpose}"
