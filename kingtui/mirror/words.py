"""How the mirror stands, in words for people."""

from __future__ import annotations

from datetime import datetime, timedelta

from kingtui.mirror.state import MirrorState
from kingtui.models import Connection, Service
from kingtui.services.airtable import Place
from kingtui.store.outbox import Tally

ASKS = "kingtui doctor asks whether it would be taken"
BEHIND_SECONDS = 600.0
"""A change may wait so long beyond the interval between two deliveries before health asks for attention."""


def reasons(state: MirrorState, tally: Tally, now: datetime, interval: float) -> list[str]:
    """Why the mirror asks for attention: it needs a person, it is behind, or records are refused."""
    found = []
    if state.remedy:
        found.append(f"{state.problem}: {state.remedy}")
    elif tally.oldest is not None and (now - tally.oldest).total_seconds() > interval + BEHIND_SECONDS:
        why = f": {state.problem}" if state.problem else ""
        if why or tally.waiting > tally.refused_count:
            found.append(f"the mirror in Airtable is behind: {_waits(tally, now)}{why}")
    if tally.refused:
        found.append(refused(tally))
    return found


def refused(tally: Tally) -> str:
    """Which records Airtable refuses, and why the first of them."""
    symbol, why = tally.refused[0]
    more = tally.refused_count - 1
    return f"Airtable refuses the record of {symbol}{f' and {more} more' if more else ''}: {why}"


def service(place: Place, state: MirrorState, tally: Tally, now: datetime) -> Service:
    """A row of the connections."""
    calls = f"{state.calls_today(now)} calls today, {state.calls_this_month(now)} this month"
    parts = [f"{place}: {tally.known} symbols", calls]
    if tally.waiting:
        parts.append(_waits(tally, now))
    if state.left_out:
        parts.append(f"without {', '.join(sorted(state.left_out))}")
    condition, todo = Connection.CONNECTED, ""
    if not tally.known:
        condition, todo = Connection.READY, ASKS
        parts.insert(1, "nothing has been sent yet")
    detail = "; ".join(parts)
    if state.left_out:
        todo = "kingtui airtable init makes the missing columns"
    if tally.refused:
        condition, todo = Connection.PROBLEM, refused(tally)
    if state.problem:
        again = datetime.fromisoformat(state.retry_at) if state.retry_at else now
        condition, todo = Connection.PROBLEM, state.remedy
        detail = f"{state.problem}; tried again {_moment(again, now)}; {detail}"
    return Service("airtable", "Airtable", condition, detail, todo)


def _waits(tally: Tally, now: datetime) -> str:
    symbols = "1 symbol waits" if tally.waiting == 1 else f"{tally.waiting} symbols wait"
    return symbols if tally.oldest is None else f"{symbols}, the oldest for {age(now - tally.oldest)}"


def age(span: timedelta) -> str:
    """About how long, so that it does not change with every second."""
    minutes = span.total_seconds() / 60
    if minutes < 1:
        return "less than a minute"
    if minutes < 10:
        return f"{minutes:.0f} minutes" if minutes >= 1.5 else "a minute"
    if minutes < 120:
        return f"{minutes // 10 * 10:.0f} minutes"
    return f"{minutes // 60:.0f} hours" if minutes < 60 * 48 else f"{minutes // 1440:.0f} days"


def _moment(moment: datetime, now: datetime) -> str:
    return f"at {moment:%H:%M:%S} UTC" if moment.date() == now.date() else f"on {moment:%Y-%m-%d at %H:%M} UTC"
