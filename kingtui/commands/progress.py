"""How far runs are, on standard error: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from kingtui.commands.output import cell, talk
from kingtui.logs.lines import printable
from kingtui.models import STEPS, Run, RunStatus

LINE_SECONDS = 5.0


class Progressing:
    """Tells of runs; a context manager."""

    def __init__(self) -> None:
        self._console = talk()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._told = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def begins(self, step: int) -> None:
        """A run of a step is asked for."""
        if not self._bar.disable and self._task is None:
            self._task = self._bar.add_task(_name(step), total=None)

    def at(self, step: int, done: int, total: int, note: str = "") -> None:
        """A run of a step has finished ``done`` of the ``total`` items that it knows of."""
        if self._bar.disable:
            if time.monotonic() - self._told >= LINE_SECONDS:
                self._line(f"{_name(step)}: {done} of {total} {note}".rstrip())
            return
        self.begins(step)
        if self._task is not None:
            self._bar.update(self._task, completed=done, total=total or None)

    def ended(self, run: Run) -> None:
        """A run has ended."""
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
        counts = [f"{run.done} done"]
        counts += [f"{count} {name}" for name in ("failed", "quarantined") if (count := getattr(run, name))]
        took = f" in {run.duration:.1f} s" if run.duration is not None else ""
        result = "" if run.status is RunStatus.SUCCESS else f" {run.status.value}:"
        self._line(f"{_name(run.step)}:{result} {', '.join(counts)}{took}")
        if run.error:
            self._line(f"  {run.error}", style="red")

    def _line(self, text: str, style: str = "") -> None:
        self._told = time.monotonic()
        self._console.print(cell(printable(text), style), soft_wrap=True)


def _name(step: int) -> str:
    return f"step {step} {STEPS[step - 1].name}"
