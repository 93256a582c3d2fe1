"""``kingtui read``: the local chart reader on pictures, without a home."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kingtui.commands.output import say, talk, write_json
from kingtui.commands.pictures import EXPLAINED, STDIN, Picture, find_pictures, is_single
from kingtui.commands.read_many import Outcome, read_many
from kingtui.home import write_bytes, write_text
from kingtui.models import KingError, WrongUse


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is made of each reading."""

    as_json: bool = False
    """All of them as JSON on standard output."""
    out: Path | None = None
    """A folder for one ``NAME.json`` each, and for the explained copies."""
    explain: bool = False
    """A copy of the picture with everything drawn on it; next to the picture where ``out`` is None."""

    def targets(self, picture: Picture) -> list[Path]:
        """The files that are made of a picture."""
        made = [] if self.out is None else [self.out / f"{picture.stem}.json"]
        if self.explain:
            made.append(self.explained(picture))
        return made

    def explained(self, picture: Picture) -> Path:
        """Where the explained copy goes."""
        return (picture.folder if self.out is None else self.out) / f"{picture.stem}{EXPLAINED}"


def read_pictures(asked: Sequence[Path], wanted: Wanted, jobs: int | None = None) -> bool:
    """Read every picture in up to ``jobs`` processes (None: as many as there are cores) and show, print or write what
    it says, in order. Whether all of them could be read.

    Raises WrongUse where a file would be written twice or over a picture, KingError where ``out`` cannot be written.
    """
    pictures, failed = find_pictures(asked)
    _check_targets(pictures, wanted)
    if wanted.out is not None:
        _make(wanted.out)
    teller = _Teller(wanted, failed)
    with _progress(len(pictures)) as bar:

        def tell(outcome: Outcome) -> None:
            with _paused(bar):
                teller.tell(outcome)

        task = bar.add_task("reading", total=len(pictures))
        read_many(pictures, explain=wanted.explain, jobs=jobs, done=lambda: bar.advance(task), then=tell)
    teller.end(single=is_single(asked))
    return not teller.failed


@dataclass
class _Teller:
    """Shows, prints or writes outcomes, one after the other."""

    wanted: Wanted
    failed: int
    readings: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, outcome: Outcome) -> None:
        picture, reading = outcome.picture, outcome.reading
        if reading is None:
            say(f"{picture.name}: {outcome.error}")
            self.failed += 1
            return
        if self.wanted.as_json:
            self.readings.append({"image": _text(picture.path)} | reading.to_json())
        elif self.wanted.out is None:
            from kingtui.commands.readings import print_reading

            print_reading(picture.name, reading)
        if self.wanted.out is not None:
            target = self.wanted.out / f"{picture.stem}.json"
            write_text(target, json.dumps(reading.to_json(), indent=1, allow_nan=False) + "\n")
            say(f"{picture.name}: {reading.kind.label}, written to {target}")
        if self.wanted.explain:
            target = self.wanted.explained(picture)
            write_bytes(target, outcome.explained)
            say(f"{picture.name}: explained in {target}")

    def end(self, *, single: bool) -> None:
        """Print the JSON: one value where one picture was named, else a list of what could be read."""
        if self.wanted.as_json and (self.readings or not single):
            write_json(self.readings[0] if single else self.readings)


def _check_targets(pictures: Sequence[Picture], wanted: Wanted) -> None:
    """No file is written twice, and none over a picture that is read."""
    inputs = {picture.path.resolve(): picture for picture in pictures if picture.path != STDIN}
    taken: dict[Path, Picture] = {}
    for picture in pictures:
        for target in wanted.targets(picture):
            other = taken.setdefault(target.resolve(), picture)
            if other is not picture:
                raise WrongUse(f"{other.name} and {picture.name} would both be written to {target}")
            if target.resolve() in inputs:
                raise WrongUse(f"what {picture.name} says would be written over {target}, which is to be read too")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KingError(f"{folder} cannot be made: {error.strerror}") from error


def _progress(total: int) -> Progress:
    """A bar on standard error, where that is a terminal and there is more than one picture."""
    console = talk()
    return Progress(
        TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=total < 2 or not console.is_terminal,
        redirect_stdout=False, redirect_stderr=False,
    )  # fmt: skip


@contextmanager
def _paused(bar: Progress) -> Iterator[None]:
    """Without the bar, so that what is written meanwhile stands in its place."""
    if bar.disable:
        yield
        return
    bar.stop()
    try:
        yield
    finally:
        bar.start()


def _text(path: Path) -> str:
    """The path as text that JSON can hold; bytes that are no UTF-8 become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")
