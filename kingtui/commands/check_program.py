"""Checks of the installed program: the interpreter, its libraries and data, the settings."""

from __future__ import annotations

import asyncio
import platform
import sqlite3
import sys
from importlib.util import find_spec
from pathlib import Path

from kingtui import __version__
from kingtui.commands.checks import Finding, Patient, ill, note, well

NEEDED_PYTHON = (3, 11)
SAFE_SQLITE = (3, 51, 3)
"""From here on SQLite cannot corrupt a WAL that two connections write or checkpoint at once."""
REINSTALL = "install kingtui again, from its lock file"


async def python(patient: Patient) -> list[Finding]:
    """The interpreter."""
    text = f"kingtui {__version__} on Python {platform.python_version()}, {sys.executable}"
    if sys.version_info < NEEDED_PYTHON:
        return ill(text, f"install Python {'.'.join(map(str, NEEDED_PYTHON))} or newer")
    return well(text)


async def sqlite(patient: Patient) -> list[Finding]:
    """The SQLite that Python is linked with, and what its WAL can suffer."""
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return well(version)
    safe = ".".join(map(str, SAFE_SQLITE))
    return note(
        f"{version}: before {safe} a write-ahead log can be corrupted by two connections that write at once; "
        "kingtui writes with one alone",
        f"let no other program write to {patient.home.database} while kingtui runs",
    )


async def recogniser(patient: Patient) -> list[Finding]:
    """The model that reads printed text: there, with the right checksum, and loadable."""
    return await asyncio.to_thread(_recogniser)


def _recogniser() -> list[Finding]:
    try:
        from kingtui.charts.text import MODEL, SHA256, RecogniserMissing, recogniser
    except ImportError as error:
        return ill(f"a library is missing: {error}", REINSTALL)
    try:
        recogniser()
    except RecogniserMissing as error:
        return ill(str(error), REINSTALL)
    except OSError as error:
        return ill(f"{error.filename} cannot be read: {error.strerror}", REINSTALL)
    return well(f"{Path(MODEL).name} loads, SHA-256 {SHA256[:16]}…")


async def fonts(patient: Patient) -> list[Finding]:
    """The font of figures and painted charts, which comes with matplotlib (imported, that would make a folder)."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        return ill("matplotlib is not installed", REINSTALL)
    file = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
    return well(f"DejaVu Sans, {file}") if file.is_file() else ill(f"{file} is missing", REINSTALL)


async def settings(patient: Patient) -> list[Finding]:
    """What looks wrong in the settings; a value that is wrong does not let doctor come this far."""
    remedy = "kingtui locate shows every setting and where it comes from"
    warnings = [finding for text in patient.settings.warnings for finding in note(text, remedy)]
    read = [str(file.path) for file in patient.settings.files if file.found]
    return warnings or well(f"valid, from {', '.join(read)}" if read else "valid, from no file")
