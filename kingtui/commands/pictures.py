"""Which pictures a command is given: files, folders, patterns, and standard input."""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kingtui.charts import SUFFIXES
from kingtui.commands.output import say
from kingtui.models import KingError, WrongUse

MAX_BYTES = 50_000_000
"""A larger file is not read: no chart is so large."""
EXPLAINED = ".explained.png"
"""How the names of explained copies end, which are never read: they show no chart as it was sent."""
STDIN = Path("-")


class Unreadable(KingError):
    """A file that cannot be read as a picture."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was asked for."""

    path: Path
    """``-`` is standard input."""

    @property
    def name(self) -> str:
        """For people."""
        return "standard input" if self.path == STDIN else str(self.path)

    @property
    def stem(self) -> str:
        """What the files that are made of it are called."""
        return "stdin" if self.path == STDIN else self.path.stem

    @property
    def folder(self) -> Path:
        """Where it is."""
        return Path() if self.path == STDIN else self.path.parent

    def read(self) -> bytes:
        """Its bytes. Raises Unreadable."""
        try:
            return _stdin() if self.path == STDIN else _bytes(self.path)
        except OSError as error:
            raise Unreadable(error.strerror or str(error)) from error


def _stdin() -> bytes:
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Unreadable(f"is more than {MAX_BYTES:,} bytes; a picture has at most that")
    return data


def _bytes(path: Path) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("is not a regular file")
    if status.st_size > MAX_BYTES:
        raise Unreadable(f"is {status.st_size:,} bytes; a picture has at most {MAX_BYTES:,}")
    return path.read_bytes()


def find_pictures(asked: Sequence[Path]) -> tuple[list[Picture], int]:
    """The pictures that were asked for, in order, each once; and how many names led to none, which it says.

    A file that is named, also by a pattern, is taken whatever its ending; in folders and those below them every file
    with a picture's ending, except hidden ones. Explained copies are left out. Raises WrongUse, KingError.
    """
    found: dict[Path, None] = {}
    nothing = 0
    for name in asked:
        paths = _expanded(name)
        if not paths:
            say(f"{name}: nothing matches this pattern")
            nothing += 1
        for path in paths:
            inside = list(_in_folder(path)) if path != STDIN and path.is_dir() else [path]
            found |= dict.fromkeys(inside)
            if not inside:
                say(f"{path}: there is no picture in this folder")
                nothing += 1
    if copies := [path for path in found if path.name.endswith(EXPLAINED)]:
        say(f"left out, as explained copies: {', '.join(map(str, copies))}")
        nothing += 0 if len(copies) < len(found) else 1
        found = {path: None for path in found if path not in copies}
    if STDIN in found and (sys.stdin is None or sys.stdin.isatty()):
        raise WrongUse("- reads a picture from standard input, which is a terminal: pipe one in")
    return [Picture(path) for path in found], nothing


def is_single(asked: Sequence[Path]) -> bool:
    """Whether what was asked for can only be one picture."""
    return len(asked) == 1 and not _is_pattern(asked[0]) and not asked[0].is_dir()


def _is_pattern(name: Path) -> bool:
    """Whether a shell would have expanded it; a file of just this name comes first."""
    return glob.has_magic(str(name)) and not os.path.lexists(name)


def _expanded(name: Path) -> list[Path]:
    if not _is_pattern(name):
        return [name]
    return [Path(path) for path in sorted(glob.glob(str(name), recursive=True))]  # noqa: PTH207 (Path.glob takes no root)


def _in_folder(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise KingError(f"{error.filename} cannot be looked at: {error.strerror}") from error

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(parent, name)
