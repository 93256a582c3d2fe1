"""Text into a file of a person's choice: whole, and never over another."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

from kingtui.models import KingError


def save(text: str, wanted: str) -> Path:
    """Write the text and say where: under the name that is wanted, numbered where that is taken. Raises KingError.

    A relative name is one in the working folder, ``~`` the user's home; a folder is made if its parent exists.
    """
    path = Path(os.path.expandvars(wanted.strip() or ".")).expanduser()
    if not path.name or path.is_dir():
        raise KingError(f"{path.absolute()} is a folder: say what the file shall be called")
    try:
        path.parent.mkdir(exist_ok=True)
        for number in count(1):
            free = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
            try:
                file = free.open("x", encoding="utf-8")
            except FileExistsError:
                continue
            with file:
                file.write(text)
            return free.absolute()
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise KingError(f"{path.absolute()} could not be written: {what}") from error
    raise AssertionError("count() does not end")


def size(text: str) -> str:
    """How large a text is: ``812 bytes``, ``8.2 kB``."""
    length = len(text.encode())
    return f"{length} bytes" if length < 1000 else f"{length / 1000:,.1f} kB"
