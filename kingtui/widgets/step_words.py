"""A step of the board in two lines of a given width: a pure function of the step, its progress and the moment."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from kingtui.models import Backlog, Progress, Run, StepStatus, StepView
from kingtui.widgets.words import RUN_MARKS, STEP_MARKS, ago, counted, pace, plain, result, until

INDENT = 3
WIDE, NARROW = (32, 14, 20), (31, 13, 13)
"""Widths of name, status and backlog."""
NARROW_BELOW = 90
BAR_WIDTH = 28

_FED_BY = {
    1: "when you ask",
    2: "on new pictures",
    3: "after step 2",
    4: "after step 3",
    5: "after step 4",
    6: "after step 5",
}
"""What makes a step run where no timer does."""


def heading(width: int) -> Content:
    """The names of the columns."""
    name, status, backlog = _widths(width)
    text = " " * INDENT + "Step".ljust(name) + "Status".ljust(status) + "Waiting".ljust(backlog) + "Runs next"
    return Content.styled(text, "$foreground-muted")


def _widths(width: int) -> tuple[int, int, int]:
    return NARROW if width < NARROW_BELOW else WIDE


def step_lines(view: StepView, progress: Progress | None, paused: bool, now: datetime, width: int) -> Content:
    """Two lines of at most ``width`` cells. ``progress`` may be newer than the view's."""
    mark = STEP_MARKS[view.status]
    for_name, for_status, for_backlog = _widths(width)
    first = Content.assemble(
        (f"{view.info.number}  ", "bold $text-accent"),
        (view.info.name.ljust(for_name), "bold"),
        (mark.text.ljust(for_status), mark.style),
        _backlog(view.backlog, for_backlog),
        _next(view, paused, now),
    )
    second = Content.assemble(" " * INDENT, _second(view, progress, now, width - INDENT))
    return Content("\n").join([first.truncate(width, ellipsis=True), second.truncate(width, ellipsis=True)])


def _backlog(backlog: Backlog, width: int) -> Content:
    """What is due, and what waits for its next try."""
    parts = [f"{count:,} {word}" for count, word in ((backlog.due, "due"), (backlog.waiting, "later")) if count]
    text = ", ".join(parts)
    shown = Content.styled(text or "–", "" if text else "$foreground-muted")
    return Content.assemble(shown.truncate(width - 1, ellipsis=True, pad=True), " ")


def _next(view: StepView, paused: bool, now: datetime) -> Content:
    if view.status is StepStatus.RUNNING:
        return Content.styled("runs now", "$text-primary")
    if view.status is StepStatus.PENDING:
        return Content.styled("at once", "$text-primary")
    if view.held or paused:
        return Content.styled("when you ask", "$text-warning")
    if view.next_trigger is not None:
        return Content(until(view.next_trigger, now))
    return Content.styled(_FED_BY[view.info.number], "$foreground-muted")


def _second(view: StepView, progress: Progress | None, now: datetime, width: int) -> Content:
    if view.status is StepStatus.RUNNING and view.current_run is not None:
        return _at_work(progress, view.current_run, now)
    if view.status is StepStatus.PENDING and view.current_run is not None:
        return Content.styled(f"run {view.current_run.id} waits to begin: {plain(view.current_run.trigger)}", "")
    last = _last(view.last_run, now)
    waits = plain(view.waits)
    if not waits:
        return last
    room = width - len(waits) - 2
    if room < 12 and view.last_run is not None:
        last = last.truncate(max(room, 0), ellipsis=True) if room > 0 else Content("")
    return Content.assemble(last, "  " if last else "", (waits, "$text-warning"))


def _at_work(progress: Progress | None, run: Run, now: datetime) -> Content:
    if progress is None or not progress.total:
        return Content.styled(f"run {run.id} begins: {plain(run.trigger)}", "$foreground-muted")
    filled = min(BAR_WIDTH, BAR_WIDTH * progress.done // progress.total)
    note = plain(progress.note)
    return Content.assemble(
        ("━" * filled, "$primary"),
        ("─" * (BAR_WIDTH - filled), "$foreground-disabled"),
        (f"  {progress.done:,}/{progress.total:,}", "bold"),
        (f"  {pace(progress, run, now)}", "$foreground-muted"),
        f"  {note}" if note else "",
    )


def _last(run: Run | None, now: datetime) -> Content:
    if run is None or run.finished_at is None:
        return Content.styled("never run", "$foreground-muted")
    mark = RUN_MARKS[run.status]
    what = plain(run.error) if run.error and mark.word != "success" else result(run)
    times = f" ({counted(run.count, 'run')} like it)" if run.count > 1 else ""
    return Content.assemble(
        (f"{mark.symbol} ", mark.style),
        (f"{ago(run.finished_at, now)}: ", "$foreground-muted"),
        (what, "$text-error" if mark.word in ("failed", "timeout") else ""),
        (times, "$foreground-muted"),
    )
