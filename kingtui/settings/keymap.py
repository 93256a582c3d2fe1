"""The text of a keymap: ``binding=key`` pairs such as ``quit=ctrl+q,pause=f8|f9``."""

from __future__ import annotations

import re

_PAIR = re.compile(r"([a-z0-9_.]+)\s*=\s*([^\s=,]+)")


def keymap_of(text: str) -> dict[str, tuple[str, ...]]:
    """The keys of each binding that the text names. Raises ValueError with a sentence about the first wrong pair."""
    found: dict[str, tuple[str, ...]] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        match = _PAIR.fullmatch(pair)
        if match is None:
            raise ValueError(f"{pair!r} is no binding=key pair such as quit=ctrl+q, several keys as pause=f8|f9")
        name, keys = match[1], tuple(filter(None, match[2].split("|")))
        if name in found:
            raise ValueError(f"{name} is named twice")
        if not keys:
            raise ValueError(f"{name} is given no key")
        found[name] = keys
    return found
