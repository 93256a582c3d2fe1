"""What a check of ``doctor`` looks at and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kingtui.home import Home
from kingtui.settings import Settings


class Verdict(StrEnum):
    """✓, ! or ✗"""

    WELL = "well"
    NOTE = "note"
    """Works, but a person should know."""
    ILL = "ill"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. ``remedy``: what to do."""

    verdict: Verdict
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined."""

    settings: Settings
    home: Home


def well(text: str) -> list[Finding]:
    """One finding: nothing to do."""
    return [Finding(Verdict.WELL, text)]


def note(text: str, remedy: str = "") -> list[Finding]:
    """One finding that a person should know."""
    return [Finding(Verdict.NOTE, text, remedy)]


def ill(text: str, remedy: str) -> list[Finding]:
    """One finding that must be mended."""
    return [Finding(Verdict.ILL, text, remedy)]
