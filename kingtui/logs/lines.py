"""How a record becomes a line that nothing from outside can forge and that shows no secret.

``2026-01-02T03:04:05.678+00:00 INFO kingtui.orchestrator run=12 step=2 the message``, with ``-`` where there is no run.
Whatever cannot be printed is escaped; the lines of a traceback follow, each after ``  | ``.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime

from kingtui.models import LogEntry
from kingtui.redaction import hide


@dataclass(frozen=True, slots=True)
class CurrentRun:
    """The run that what is logged belongs to."""

    id: int
    step: int


current_run: ContextVar[CurrentRun | None] = ContextVar("current_run", default=None)


@contextmanager
def run_log(run_id: int, step: int) -> Iterator[None]:
    """Lines logged in here, and in tasks and ``to_thread`` calls begun in here, belong to this run."""
    token = current_run.set(CurrentRun(run_id, step))
    try:
        yield
    finally:
        current_run.reset(token)


def run_of(record: logging.LogRecord) -> CurrentRun | None:
    """The run that a record names in its ``extra`` (``run``, ``step``), else the one it was logged in."""
    run, step = getattr(record, "run", None), getattr(record, "step", None)
    return CurrentRun(run, step) if isinstance(run, int) and isinstance(step, int) else current_run.get()


def printable(text: str) -> str:
    """The text with line ends, control characters and the like as escapes: one line, whatever it was."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class Lines(logging.Formatter):
    """A record as a line, with its traceback below it; and as an entry for the dashboard."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        moment = _moment(record).isoformat(timespec="milliseconds")
        run = run_of(record)
        context = f"run={run.id} step={run.step}" if run else "-"
        line = f"{moment} {record.levelname} {printable(record.name)} {context} {self._text(_message(record))}"
        below = self.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""
        below += f"\n{record.stack_info}" if record.stack_info else ""
        return "\n".join([line, *(f"  | {printable(part)}" for part in hide(below).splitlines() if part)])

    def entry(self, record: logging.LogRecord) -> LogEntry:
        """The record for the dashboard: of an exception only its type and text."""
        text = _message(record)
        if record.exc_info and record.exc_info[1]:
            text += ": " + traceback.format_exception_only(record.exc_info[1])[-1].strip()
        run = run_of(record)
        return LogEntry(_moment(record), record.levelname, record.name, self._text(text), run.id if run else None)

    def _text(self, text: str) -> str:
        return printable(hide(text))


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _message(record: logging.LogRecord) -> str:
    """The record's text; one whose arguments do not fit says so instead of being lost."""
    try:
        return record.getMessage()
    except Exception as error:  # whatever an argument's __str__ raises
        return f"{record.msg} (its arguments do not fit: {type(error).__name__})"
