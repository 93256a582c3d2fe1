"""Lines of the log as coloured text."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from kingtui.models import LogEntry
from kingtui.widgets.live import Live
from kingtui.widgets.words import plain

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_COLOURS = {"DEBUG": "muted", "WARNING": "warning", "ERROR": "error", "CRITICAL": "error"}


def rank(level: str) -> int:
    """The level's place from the least to the most important."""
    return LEVELS.index(level) if level in LEVELS else len(LEVELS) - 1


def entry_line(entry: LogEntry, live: Live) -> Text:
    """``14:32:05 WARNING steps run 12  the message``"""
    where = plain(entry.logger).removeprefix("kingtui.")
    run = f" run {entry.run_id}" if entry.run_id is not None else ""
    return _line(f"{entry.at:%H:%M:%S}", entry.level, f"{where}{run}  ", plain(entry.text), live)


def entry_text(entry: LogEntry) -> str:
    """The line as the log's file has it, to be saved."""
    run = f"run={entry.run_id} " if entry.run_id is not None else ""
    return f"{entry.at.isoformat(timespec='milliseconds')} {entry.level} {plain(entry.logger)} {run}{plain(entry.text)}"


def file_line(line: str, live: Live) -> Text:
    """A line of a run's log file: its moment without the date, its level, and what follows the run's number."""
    parts = line.split(" ", 5)
    if len(parts) < 6 or parts[1] not in (*LEVELS, "CRITICAL"):
        return Text(plain(line), style="dim")
    moment, level, _, _, _, message = parts
    return _line(moment[11:19], level, "", plain(message), live)


def _line(time: str, level: str, where: str, message: str, live: Live) -> Text:
    style = live.style(_COLOURS[level]) if level in _COLOURS else Style()
    loud = rank(level) >= LEVELS.index("WARNING")
    return Text.assemble((f"{time} ", "dim"), (f"{level:<8}", style), (where, "dim"), (message, style if loud else ""))
