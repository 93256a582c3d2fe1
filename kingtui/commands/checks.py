"""What a check of ``doctor`` looks at and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kingtui.home import Home, owner
from kingtui.models import Connection
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


async def as_the_owner_has_it(patient: Patient, name: str, otherwise: str) -> list[Finding]:
    """Of a service that these settings do not name: how the running kingtui has it, which may have got others.

    ``otherwise``: what is said where that has it neither, or nothing runs.
    """
    held_by = owner(patient.home)
    if held_by is None or held_by.address is None:
        return well(otherwise)
    from kingtui.commands.owner import owner_control

    async with owner_control(patient.home, held_by) as remote:
        rows = {service.name: service for service in await remote.control.services()}
    row = rows.get(name)
    if row is None or row.state is Connection.ABSENT:
        return well(otherwise)
    told = f"{row.detail} (says the running kingtui, which has other settings than this command)"
    return ill(told, row.todo) if row.state is Connection.PROBLEM else well(told)


def well(text: str) -> list[Finding]:
    """One finding: nothing to do."""
    return [Finding(Verdict.WELL, text)]


def note(text: str, remedy: str = "") -> list[Finding]:
    """One finding that a person should know."""
    return [Finding(Verdict.NOTE, text, remedy)]


def ill(text: str, remedy: str) -> list[Finding]:
    """One finding that must be mended."""
    return [Finding(Verdict.ILL, text, remedy)]
