"""``kingtui read``: the local chart reader on files and folders, without a home."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kingtui import charts
from kingtui.charts import SUFFIXES, AnyReading, NotAPicture
from kingtui.commands.output import say, write_json
from kingtui.home import write_text
from kingtui.models import KingError, WrongUse

"""What counts as a picture in a folder; a file that is named itself may be called anything."""
MAX_BYTES = 50_000_000
"""A larger file is not read: no chart is so large."""


class Unreadable(KingError):
    """A file that cannot be read as a picture."""


def read_pictures(images: Sequence[Path], *, as_json: bool, out: Path | None) -> bool:
    """Read every picture and show, print or write what it says. Whether all of them could be read.

    Raises WrongUse where two would be written to the same file, KingError where ``out`` cannot be written.
    """
    paths, unlisted = _files(images)
    if out is not None:
        _check_names(paths, out)
        _make(out)
    readings: list[dict[str, Any]] = []
    failed = unlisted
    for path in paths:
        try:
            reading = _read(path)
        except Unreadable as error:
            say(f"{path}: {error}")
            failed += 1
            continue
        if out is not None:
            target = out / f"{path.stem}.json"
            write_text(target, json.dumps(reading.to_json(), indent=1, allow_nan=False) + "\n")
            say(f"{path}: {reading.kind.label}, written to {target}")
        if as_json:
            readings.append({"image": _text(path)} | reading.to_json())
        elif out is None:
            _show(path, reading)
    if as_json:
        single = len(images) == 1 and not images[0].is_dir()
        if readings or not single:
            write_json(readings[0] if single else readings)
    return not failed


def _files(images: Sequence[Path]) -> tuple[list[Path], int]:
    """The named files and the pictures in named folders, in order, each once; and how many folders have none."""
    found: dict[Path, None] = {}
    empty = 0
    for path in images:
        if path.is_dir():
            inside = list(_pictures(path))
            found |= dict.fromkeys(inside)
            if not inside:
                say(f"{path}: there is no picture in this folder")
                empty += 1
        else:
            found[path] = None
    return list(found), empty


def _pictures(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise KingError(f"{error.filename} cannot be looked at: {error.strerror}") from error

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(parent, name)


def _check_names(paths: Sequence[Path], out: Path) -> None:
    by_stem: dict[str, Path] = {}
    for path in paths:
        other = by_stem.setdefault(path.stem, path)
        if other != path:
            raise WrongUse(f"{other} and {path} would both be written to {out / path.stem}.json")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KingError(f"{folder} cannot be made: {error.strerror}") from error


def _read(path: Path) -> AnyReading:
    from kingtui.charts.text import RecogniserMissing

    try:
        data = _bytes(path)
        return charts.read(data)
    except NotAPicture as error:
        raise Unreadable(str(error)) from error
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error
    except RecogniserMissing as error:  # no other picture could be read either
        raise KingError(f"{error}; kingtui doctor says more") from error
    except KingError:
        raise
    except Exception as error:  # a fault of the reader's: this picture failed, the others need not
        raise Unreadable(f"the reader failed, which is a fault in it: {type(error).__name__}: {error}") from error


def _bytes(path: Path) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("is not a regular file")
    if status.st_size > MAX_BYTES:
        raise Unreadable(f"is {status.st_size:,} bytes; a picture has at most {MAX_BYTES:,}")
    return path.read_bytes()


def _show(path: Path, reading: AnyReading) -> None:
    from kingtui.commands.readings import print_reading

    print_reading(str(path), reading)


def _text(path: Path) -> str:
    """The path as text that JSON can hold; bytes that are no UTF-8 become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")
