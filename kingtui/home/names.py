"""File names: cleaned of what harms a terminal, a shell or a file system, and never one that is taken."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Container
from itertools import count
from pathlib import Path

MAX_BYTES = 120
NAMELESS = "unnamed"


def clean_name(name: str) -> str:
    """A name that is safe for a file, at most 120 bytes of UTF-8 with its suffix, never empty.

    Printable characters of any script stay (composed, NFC); runs of white space become one space, path separators
    become ``_``, anything else that cannot be printed goes; so do leading dots, tildes and spaces, and trailing dots
    and spaces. What is too long is cut before the suffix, between characters. A clean name stays as it is.
    """
    name = "".join(" " if char.isspace() else "_" if char in "/\\" else char for char in name)
    name = unicodedata.normalize("NFC", "".join(char for char in name if char.isprintable()))
    while (shorter := _shorten(name)) != name:  # a cut can bring forth another suffix
        name = shorter
    return name


def free_name(folder: Path, name: str, sha256: str, taken: Container[str] = ()) -> Path:
    """A path in ``folder`` that nothing has: the cleaned name, else with ``-<first 8 of the hash>``, else numbered.

    ``taken``: names that are promised to files not yet there, as those of open moves.
    """
    clean = clean_name(name)
    stem, suffix = _split(clean)
    for number in count():
        tail = "" if number == 0 else f"-{sha256[:8]}" if number == 1 else f"-{sha256[:8]}-{number}"
        room = MAX_BYTES - len((tail + suffix).encode())
        candidate = f"{_cut(stem, room)}{tail}{suffix}" if tail else clean
        if candidate not in taken and not os.path.lexists(folder / candidate):
            return folder / candidate
    raise AssertionError("count() does not end")


def _shorten(name: str) -> str:
    stem, suffix = _split(" ".join(name.split()))
    return (_cut(stem.lstrip(".~ "), MAX_BYTES - len(suffix.encode())) or NAMELESS) + suffix


def _split(name: str) -> tuple[str, str]:
    """The stem and the suffix with its dot; a long or odd ending is no suffix."""
    stem, dot, ending = name.rstrip(". ").rpartition(".")
    if dot and ending.isascii() and ending.isalnum() and len(ending) <= 10:
        return stem, dot + ending
    return name.rstrip(". "), ""


def _cut(stem: str, room: int) -> str:
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ")
