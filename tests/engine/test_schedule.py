"""When each step should run by itself: every rule of the table by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kingtui.models import Backlog
from kingtui.schedule import Facts, LaneFacts, schedule

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def facts(lanes: dict[int, LaneFacts] | None = None, **others) -> Facts:
    lanes = {number: LaneFacts() for number in range(1, 7)} | (lanes or {})
    return Facts(NOW, ago(3600), lanes, **others)


def due(number: int, found: Facts) -> tuple[datetime, str] | None:
    answer = schedule(found)[number]
    return None if answer is None else (answer.at, answer.why)


def test_step_1_without_a_source_is_manual_only():
    assert due(1, facts(first=True, hint="news", emptied_at=ago(99))) is None


def test_step_1_runs_at_the_start():
    assert due(1, facts(sources=True, first=True)) == (ago(3600), "start")


def test_step_1_runs_again_and_again_by_timer():
    for age in (0, 10, 299, 5000):
        assert due(1, facts({1: LaneFacts(ended_at=ago(age))}, sources=True)) == (after(300 - age), "timer")


@pytest.mark.parametrize(
    ("ended", "emptied", "expected"),
    [
        (100, 5, (ago(5), "downloads is empty")),
        (20, 5, (after(40), "downloads is empty")),  # a minute since the last run
        (290, 5, (ago(5), "downloads is empty")),
        (1000, 5, (after(300 - 1000), "timer")),
    ],
)
def test_step_1_runs_when_downloads_has_become_empty(ended, emptied, expected):
    assert due(1, facts({1: LaneFacts(ended_at=ago(ended))}, sources=True, emptied_at=ago(emptied))) == expected


def test_a_hint_asks_step_1_at_once_and_releases_a_hold():
    held = {1: LaneFacts(ended_at=ago(1), held_at=ago(1))}
    assert due(1, facts(held, sources=True)) is None
    assert due(1, facts(held, sources=True, hint="news from inbox")) == (NOW, "news from inbox")


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_items_that_are_due_ask_at_once_and_waiting_ones_at_their_time(number):
    assert due(number, facts()) is None
    assert due(number, facts({number: LaneFacts(Backlog(due=3, newest=ago(1)))})) == (NOW, "new items")
    waiting = LaneFacts(Backlog(waiting=1, next_try=after(7)))
    assert due(number, facts({number: waiting})) == (after(7), "another try")


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6])
def test_a_cancelled_step_waits_for_a_newer_item(number):
    held = LaneFacts(Backlog(due=2, newest=ago(20)), held_at=ago(10))
    assert due(number, facts({number: held})) is None
    newer = replace(held, backlog=Backlog(due=3, newest=ago(5)))
    assert due(number, facts({number: newer})) is not None


def test_reports_rest_two_seconds_and_wait_a_minute_at_most():
    lane = LaneFacts(Backlog(due=1, newest=ago(0.5)), ended_at=ago(1))
    assert due(6, facts({6: lane}, first_change=ago(10))) == (after(1.5), "records changed")
    assert due(6, facts({6: lane}, first_change=ago(59))) == (after(1), "records changed")
    assert due(6, facts({6: lane}, first_change=ago(70))) == (ago(10), "records changed")


def test_reports_also_run_by_timer_and_when_rates_age():
    lane = LaneFacts(ended_at=ago(60))
    assert due(6, facts({6: lane})) == (after(1740), "timer")
    assert due(6, facts({6: lane}, next_ageing=after(5))) == (after(5), "rates aged")
    assert due(6, facts()) == (ago(3600) + timedelta(minutes=30), "timer")


def test_pause_holds_everything():
    lanes = {number: LaneFacts(Backlog(due=1, newest=NOW)) for number in range(1, 7)}
    assert set(schedule(facts(lanes, sources=True, first=True, paused=True)).values()) == {None}


def test_a_busy_lane_is_not_asked_again():
    assert due(2, facts({2: LaneFacts(Backlog(due=1, newest=NOW), busy=True)})) is None


def test_after_a_run_that_broke_automatic_ones_wait():
    lane = LaneFacts(Backlog(due=1, newest=NOW), not_before=after(20))
    assert due(4, facts({4: lane})) == (after(20), "new items")
