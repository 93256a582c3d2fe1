"""A step's two lines: what they say, and that they fit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kingtui.models import STEPS, Backlog, Progress, Run, RunStatus, StepStatus, StepView
from kingtui.widgets.step_words import heading, step_lines

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ENDED = Run(8, 3, RunStatus.SUCCESS, "timer", NOW, NOW - timedelta(minutes=6), NOW - timedelta(minutes=5), done=4)
AT_WORK = Run(9, 3, RunStatus.RUNNING, "new items", NOW, NOW - timedelta(seconds=10))


def lines(view: StepView, *, paused: bool = False, progress: Progress | None = None, width: int = 116) -> list[str]:
    return step_lines(view, progress, paused, NOW, width).plain.split("\n")


def test_a_step_at_rest() -> None:
    first, second = lines(StepView(STEPS[2], StepStatus.COMPLETED, last_run=ENDED))
    assert first.split("  ")[0] == "3"
    assert "Remove Duplicates" in first
    assert "✓ completed" in first
    assert first.rstrip().endswith("after step 2")
    assert second.strip() == "✓ 5 min ago: 4 done in 1 min"


def test_a_step_at_work_shows_how_far_it_is() -> None:
    view = StepView(STEPS[2], StepStatus.RUNNING, Backlog(due=60), current_run=AT_WORK)
    first, second = lines(view, progress=Progress(40, 100))
    assert "▶ running" in first
    assert "60 due" in first
    assert second.count("━") == 28 * 40 // 100
    assert "40/100  4.0/s, 15 s left" in second
    assert "run 9 begins: new items" in lines(view)[1]


def test_a_failure_is_told_in_its_words() -> None:
    run = Run(8, 3, RunStatus.TIMEOUT, "timer", NOW, NOW, NOW, error="no item was finished for 300 s")
    view = StepView(STEPS[2], StepStatus.FAILED, Backlog(2, 3), last_run=run, waits="it is tried again soon")
    first, second = lines(view)
    assert "✗ failed" in first
    assert "2 due, 3 later" in first
    assert second.strip() == "✗ just now: no item was finished for 300 s  it is tried again soon"


@pytest.mark.parametrize(("paused", "held", "said"), [(True, False, "when you ask"), (False, True, "when you ask")])
def test_what_is_paused_or_held_runs_only_when_asked(paused: bool, held: bool, said: str) -> None:
    view = StepView(STEPS[2], StepStatus.COMPLETED, next_trigger=NOW + timedelta(minutes=4), held=held)
    assert lines(view, paused=paused)[0].rstrip().endswith(said)
    assert lines(StepView(STEPS[2], StepStatus.IDLE, next_trigger=view.next_trigger))[0].endswith("in 4 min")


@given(
    st.integers(60, 200), st.integers(0, 10**7), st.integers(0, 10**7), st.text(max_size=300),
    st.sampled_from(StepStatus), st.one_of(st.none(), st.just(ENDED)),
)  # fmt: skip
def test_nothing_is_ever_wider_than_its_room(
    width: int, due: int, waiting: int, text: str, status: StepStatus, last: Run | None
) -> None:
    current = AT_WORK if status in (StepStatus.RUNNING, StepStatus.PENDING) else None
    view = StepView(STEPS[5], status, Backlog(due, waiting), last, current, waits=text)
    shown = step_lines(view, Progress(1, 3, text), False, NOW, width).split("\n")
    assert len(shown) == 2
    assert all(line.cell_length <= width for line in shown)


def test_the_heading_stands_over_its_columns() -> None:
    for width in (76, 116):
        over, below = heading(width).plain, lines(StepView(STEPS[5], StepStatus.IDLE), width=width)[0]
        assert over.index("Status") == below.index("○ idle")
        assert over.index("Step") == below.index("Generate")
        assert over.index("Runs next") == below.index("after step 5")
