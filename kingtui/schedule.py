"""When each step should run by itself: a pure function of what is known, so that every rule can be tested by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from kingtui.models import Backlog

REST = timedelta(seconds=2)
LONGEST_REST = timedelta(seconds=60)
AFTER_EMPTY = timedelta(minutes=1)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Due:
    """The moment at which a step shall be asked to run, and why in words."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """What is known of one step."""

    backlog: Backlog = field(default_factory=Backlog)
    busy: bool = False
    """A run of it waits or is at work: that one takes what is due."""
    ended_at: datetime | None = None
    """When its last run ended."""
    held_at: datetime | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of everything at ``now``."""

    now: datetime
    started_at: datetime
    lanes: Mapping[int, LaneFacts]
    paused: bool = False
    sources: bool = False
    hint: str | None = None
    """A source said that something may have arrived: why, in words."""
    first: bool = False
    """Step 1 has not run since the start."""
    emptied_at: datetime | None = None
    """When downloads became empty since step 1 ran last."""
    first_change: datetime | None = None
    """When the first record changed that no report shows."""
    next_ageing: datetime | None = None
    download_interval: timedelta = field(default=timedelta(seconds=300))
    report_interval: timedelta = field(default=timedelta(seconds=1800))


def schedule(facts: Facts) -> dict[int, Due | None]:
    """Of each step, when it is due next; None: not by itself. A moment that has passed means now."""
    due: dict[int, Due | None] = {}
    for number, lane in facts.lanes.items():
        if facts.paused or lane.busy:
            due[number] = None
            continue
        wanted = {1: _download, 6: _report}.get(number, _items)(facts, lane)
        if wanted is not None and lane.not_before is not None and wanted.at < lane.not_before:
            wanted = Due(lane.not_before, wanted.why)
        due[number] = wanted
    return due


def _download(facts: Facts, lane: LaneFacts) -> Due | None:
    if not facts.sources or (lane.held_at is not None and facts.hint is None):
        return None
    if facts.hint is not None:
        return Due(facts.now, facts.hint)
    if facts.first:
        return Due(facts.started_at, "start")
    if lane.backlog.due:
        return Due(facts.now, "more pictures")
    ended = _past(lane.ended_at or facts.started_at, facts)
    timer = Due(ended + facts.download_interval, "timer")
    if facts.emptied_at is None:
        return timer
    empty = Due(max(_past(facts.emptied_at, facts), ended + AFTER_EMPTY), "downloads is empty")
    return min(timer, empty, key=lambda due: due.at)


def _items(facts: Facts, lane: LaneFacts) -> Due | None:
    backlog = lane.backlog
    if backlog.due and _not_held(lane):
        return Due(facts.now, "new items")
    if backlog.next_try is not None and lane.held_at is None:
        return Due(backlog.next_try, "another try")
    return None


def _report(facts: Facts, lane: LaneFacts) -> Due | None:
    if not _not_held(lane):
        return None
    ended = _past(lane.ended_at or facts.started_at, facts)
    wanted = [Due(ended + facts.report_interval, "timer")]
    if lane.backlog.due and lane.backlog.newest is not None:
        newest = _past(lane.backlog.newest, facts)
        first = _past(facts.first_change or newest, facts)
        wanted.append(Due(min(newest + REST, first + LONGEST_REST), "records changed"))
    if lane.backlog.next_try is not None:
        wanted.append(Due(lane.backlog.next_try, "another try"))
    if facts.next_ageing is not None:
        wanted.append(Due(facts.next_ageing, "rates aged"))
    return min(wanted, key=lambda due: due.at)


def _past(moment: datetime, facts: Facts) -> datetime:
    """A moment that has been. One that lies ahead was noted before the clock was set back, and is long ago."""
    return moment if moment <= facts.now else LONG_AGO


def _not_held(lane: LaneFacts) -> bool:
    """A cancelled step waits for an item that came to it later."""
    return lane.held_at is None or (lane.backlog.newest is not None and lane.backlog.newest > lane.held_at)
