"""Data to standard output, talk to standard error; text of others (pictures, file names, services) is made harmless."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

from kingtui.logs.lines import printable
from kingtui.redaction import hide

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

PIPE_WIDTH = 200
"""Columns of a table that goes to no terminal, where nobody set COLUMNS."""
SURE, UNSURE = "✓", "✗"


def say(text: str) -> None:
    """A sentence for people, on standard error; control characters become visible escapes."""
    if sys.stderr is not None:
        sys.stderr.write("".join(f"{printable(line)}\n" for line in hide(text).splitlines()))
        sys.stderr.flush()


def write(text: str) -> None:
    """Lines of data on standard output, without control characters that could act on a terminal."""
    if sys.stdout is not None:
        sys.stdout.write("".join(f"{printable(line)}\n" for line in text.split("\n")))


def write_json(data: Any) -> None:
    """One JSON value on standard output, in ASCII: whatever the terminal or the next program makes of other bytes."""
    if sys.stdout is not None:
        sys.stdout.write(json.dumps(data, indent=2, allow_nan=False) + "\n")


def out() -> Console:
    """The console for data."""
    return _console(sys.stdout)


def talk() -> Console:
    """The console for everything else."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    fits = stream.isatty() or "COLUMNS" in os.environ
    return Console(file=stream, markup=False, emoji=False, highlight=False, width=None if fits else PIPE_WIDTH)


def cell(value: object, style: str = "") -> Text:
    """A value for a table: no markup, no control characters; None is a dash."""
    from rich.text import Text

    return Text("–" if value is None else printable(str(value)), style=style)


def mark(sure: bool) -> Text:
    """``✓`` or ``✗``, told apart by more than colour."""
    return cell(SURE, "green") if sure else cell(UNSURE, "red")


def table(*headers: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table; the columns named in ``right`` are numbers."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for header in headers:
        made.add_column(header, justify="right" if header in right else "left")
    return made


def facts(rows: list[tuple[str, object]]) -> Table:
    """Names and values side by side, without a frame; rows whose value is None are left out."""
    from rich.table import Table

    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column()
    for name, value in rows:
        if value is not None:
            made.add_row(name, value if hasattr(value, "__rich_console__") else cell(value))
    return made
