"""``kingtui airtable``: the table compared with what is written to it, how the mirror stands, and a push by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from kingtui.clock import SystemClock
from kingtui.commands.output import cell, facts, out, say, table, write_json
from kingtui.home import Home, owner
from kingtui.mirror import MirrorState, missing, table_of
from kingtui.models import KingError, Pushed, iso
from kingtui.models.mirrored import COLUMNS, Holds, columns_of
from kingtui.services.airtable import TYPES, AirtableTable, Barred
from kingtui.settings import Settings
from kingtui.store import outbox
from kingtui.store.database import Database
from kingtui.store.outbox import Tally

PUSH_SECONDS = 900.0
"""So long the home's owner may take: a table of thousands goes at fifty records in a second."""
_TEXT = frozenset({"singleLineText", "multilineText", "richText"})
_NUMBER = frozenset({"number", "currency"})
FITS: Mapping[Holds, frozenset[str]] = {
    "text": _TEXT, "long text": _TEXT, "number": _NUMBER, "whole number": _NUMBER,
    "moment": frozenset({"dateTime"}) | _TEXT,
}  # fmt: skip
"""What a column holds → the types of Airtable that take it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One of our columns beside the table's. ``type``: the table's; empty where it has none."""

    name: str
    holds: Holds
    type: str
    verdict: str
    fits: bool = True


def compare_table(settings: Settings, *, as_json: bool) -> bool:
    """``airtable init``: make what is missing, where the token may, and show every column. Whether all of them fit."""
    found = asyncio.run(_compare(settings))
    if as_json:
        write_json([asdict(column) for column in found])
    else:
        rows = table("column", "holds", "type in Airtable", "")
        for column in found:
            rows.add_row(
                cell(column.name), cell(column.holds), cell(column.type or None),
                cell(column.verdict, "" if column.fits else "yellow"),
            )  # fmt: skip
        out().print(rows)
    return all(column.fits for column in found)


def show_mirror(settings: Settings, *, as_json: bool) -> None:
    """``airtable status``: what the store knows; Airtable is not asked."""
    state, tally = asyncio.run(_stored(settings))
    now = SystemClock().now()
    answer: dict[str, Any] = {
        "table": settings.airtable_table_name,
        "base": settings.airtable_base_id,
        "symbols": tally.known,
        "waiting": tally.waiting,
        "oldest": iso(tally.oldest),
        "sent": iso(tally.sent_at),
        "calls_today": state.calls_today(now),
        "calls_this_month": state.calls_this_month(now),
        "left_out": dict(state.left_out),
        "refused": dict(tally.refused),
        "problem": state.problem or None,
        "remedy": state.remedy or None,
        "next_try": state.retry_at,
    }
    if as_json:
        write_json(answer)
        return
    shown = [(name.replace("_", " "), _line(value)) for name, value in answer.items()]
    out().print(facts([(name, value) for name, value in shown if value is not None]))
    if lacks := _lacks(settings):
        say(lacks)


def push(settings: Settings, *, everything: bool, as_json: bool) -> bool:
    """``airtable push``: send what waits now. Whether Airtable took all of it."""
    done = asyncio.run(_push(settings, everything=everything))
    if as_json:
        write_json(asdict(done))
    else:
        say(f"{done.records} records were brought up to date in {done.calls} calls")
    if done.refused:
        say(f"{done.refused} were refused: kingtui airtable status says why")
    return not done.refused


def _lacks(settings: Settings) -> str:
    """Why there is no mirror by these settings, if there is none."""
    if settings.demo:
        return "a demo has no mirror: its painted numbers go nowhere"
    setting = missing(settings) or ("AIRTABLE_API_KEY" if settings.airtable_api_key is None else "")
    return f"there is no mirror: {setting} is not set" if setting else ""


async def _compare(settings: Settings) -> list[Compared]:
    there = table_of(settings, SystemClock())
    if there is None:
        raise KingError(_lacks(settings))
    try:
        names = columns_of(settings.airtable_fields or "")
        wanted = {names[column.name]: column.holds for column in COLUMNS if column.name in names}
        try:
            present = await there.columns()
        except Barred as error:
            if error.scope:
                raise KingError(_by_hand(str(error), wanted)) from None
            raise
        if present is None:
            await there.create(wanted)
            say(f"{there.place} was made")
            return [Compared(name, holds, TYPES[holds][0], "made") for name, holds in wanted.items()]
        found = [await _column(there, name, holds, present.get(name, "")) for name, holds in wanted.items()]
        if any(column.verdict == "made" for column in found):
            await _tell_owner(settings)
        return found
    except Barred as error:
        raise KingError(f"{error}: {error.remedy}") from None
    finally:
        there.close()


def unfit(present: Mapping[str, str], names: Mapping[str, str]) -> list[str]:
    """In words, what a table with these columns (name → Airtable's type) lacks of ours (our names → theirs)."""
    found = []
    for column in COLUMNS:
        name = names.get(column.name)
        if name is not None and present.get(name) not in FITS[column.holds]:
            found.append(f"{name} is of type {present[name]}" if name in present else f"no {name}")
    return found


def _by_hand(why: str, wanted: Mapping[str, Holds]) -> str:
    columns = ", ".join(f"{name} ({holds})" for name, holds in wanted.items())
    return (
        f"{why}: to compare the table the token also needs the scope schema.bases:read, and to make columns "
        f"schema.bases:write. By hand the table needs: {columns}"
    )


async def _column(there: AirtableTable, name: str, holds: Holds, kind: str) -> Compared:
    if kind in FITS[holds]:
        return Compared(name, holds, kind, "there")
    if kind:
        wanted = " or ".join(sorted(FITS[holds]))
        return Compared(name, holds, kind, f"does not fit: {wanted} does", fits=False)
    try:
        await there.create_column(name, holds)
    except Barred as error:
        if not error.scope:
            raise
        made_of = TYPES[holds][0]
        return Compared(
            name, holds, "", f"missing: make it of type {made_of}, or give the token schema.bases:write", False
        )
    return Compared(name, holds, TYPES[holds][0], "made")


async def _tell_owner(settings: Settings) -> None:
    """A running kingtui shall fill the new columns."""
    if owner(Home(settings.home)) is None:
        return
    try:
        done = await _push(settings, everything=False)
    except KingError as error:
        say(f"the running kingtui could not fill the new columns yet: {error}")
    else:
        say(f"the running kingtui filled the new columns of {done.records} records")


async def _push(settings: Settings, *, everything: bool) -> Pushed:
    home = Home(settings.home)
    held_by = owner(home)
    if held_by is None:
        if lacks := _lacks(settings):
            raise KingError(lacks)
        from kingtui.commands.desk import alone

        async with alone(settings) as desk:
            return await desk.runtime.control.push_mirror(everything=everything)
    from kingtui.commands.owner import owner_control

    async with owner_control(home, held_by, seconds=PUSH_SECONDS) as remote:
        return await remote.control.push_mirror(everything=everything)


async def _stored(settings: Settings) -> tuple[MirrorState, Tally]:
    now = SystemClock().now()
    database = Database(Home(settings.home).database, read_only=True)
    await database.open(now)
    try:
        async with database.read() as connection:
            return await MirrorState.load(connection), await outbox.tally(connection, now)
    finally:
        await database.close()


def _line(value: Any) -> str | None:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {why}" for name, why in value.items()) or None
    if isinstance(value, str) and "T" in value and value[:4].isdigit():
        return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M:%S} UTC"
    return None if value is None else str(value)
