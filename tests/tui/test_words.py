"""Moments, durations, marks and foreign text in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kingtui.models import HealthWord, Progress, Run, RunStatus, StepStatus
from kingtui.widgets import words

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def run(**how: object) -> Run:
    known: dict[str, object] = {"id": 7, "step": 2, "status": RunStatus.SUCCESS, "trigger": "manual"}
    return Run(**(known | {"requested_at": NOW} | how))  # type: ignore[arg-type]


@given(st.text())
def test_foreign_text_is_one_printable_line(text: str) -> None:
    shown = words.plain(text)
    assert shown.isprintable()
    assert len(shown) == len(text)


@given(st.text())
def test_foreign_lines_keep_their_ends_and_nothing_that_acts(text: str) -> None:
    shown = words.plain_lines(text)
    assert all(line.isprintable() for line in shown.split("\n"))
    assert len(shown.split("\n")) == max(len(text.splitlines()), 1)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "now"), (0, "now"), (0.2, "in 1 s"), (45, "in 45 s"), (59.5, "in 1 min"), (61, "in 2 min"),
     (3540, "in 59 min"), (3600, "in 1 h"), (5400, "in 1 h 30 min")],
)  # fmt: skip
def test_countdowns_show_seconds_only_below_a_minute(seconds: float, said: str) -> None:
    assert words.until(NOW + timedelta(seconds=seconds), NOW) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (0.04, "0.0 s"), (1.25, "1.2 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min"),
     (61, "1 min 1 s"), (3600, "1 h"), (3660, "1 h 1 min")],
)  # fmt: skip
def test_durations(seconds: float | None, said: str) -> None:
    assert words.took(seconds) == said


def test_ages() -> None:
    for minutes, said in (
        (0, "just now"),
        (1, "< 5 min"),
        (5, "5 min"),
        (59, "55 min"),
        (60, "1 h"),
        (3000, "2 d 2 h"),
    ):
        assert words.coarse_age(NOW - timedelta(minutes=minutes), NOW) == said
    assert words.ago(NOW, NOW) == "just now"
    assert words.ago(NOW - timedelta(minutes=12), NOW) == "12 min ago"
    assert words.stamp(NOW, NOW + timedelta(hours=3)) == "12:00:00"
    assert words.stamp(NOW, NOW + timedelta(days=1)) == "2026-03-04 12:00"


def test_what_a_run_did() -> None:
    ended = {"started_at": NOW, "finished_at": NOW + timedelta(seconds=3)}
    assert words.result(run(**ended)) == "nothing due"
    assert (
        words.result(run(done=1200, failed=2, quarantined=1, **ended)) == "1,200 done, 2 failed, 1 quarantined in 3.0 s"
    )


def test_the_pace_of_a_run_and_what_is_left() -> None:
    at_work = run(started_at=NOW - timedelta(seconds=10), status=RunStatus.RUNNING)
    assert words.pace(Progress(0, 10), at_work, NOW) == ""
    assert words.pace(Progress(20, 50), at_work, NOW) == "2.0/s, 15 s left"
    assert words.pace(Progress(2, 2), at_work, NOW) == "12/min"


def test_every_status_has_a_symbol_a_word_and_a_colour() -> None:
    for marks, every in (
        (words.STEP_MARKS, StepStatus),
        (words.RUN_MARKS, RunStatus),
        (words.HEALTH_MARKS, HealthWord),
    ):
        assert set(marks) == set(every)  # type: ignore[arg-type]
        for status, mark in marks.items():
            assert mark.word == status.value
            assert mark.symbol
            assert mark.style.startswith("$")
