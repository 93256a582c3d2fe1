"""Where everything is and what is set: what ``kingtui locate`` prints, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kingtui.home import Home, owner
from kingtui.models import KingError
from kingtui.settings import Settings


@dataclass(frozen=True, slots=True)
class Row:
    """A name, what it is, and a remark: of a path whether it is there, of a setting where it comes from."""

    name: str
    value: str
    remark: str


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under a title: ``paths``, ``settings files``, ``settings`` and, where there are any, ``warnings``."""

    title: str
    rows: Sequence[Row]


def locate(settings: Settings, home: Home) -> list[Section]:
    """Every path and every setting, each with its source; makes and changes nothing. Secrets are dots."""
    paths = [
        ("home", home.root),
        ("downloads", home.downloads),
        ("analysed pictures", home.analysed),
        ("analyses", home.mdfiles),
        ("archive", home.history),
        ("reports", home.reports),
        ("database", home.database),
        ("log", home.log_file),
        ("logs of runs", home.logs),
    ]
    sections = [
        Section("paths", [*(Row(name, str(path), _there(path)) for name, path in paths), _lock(home)]),
        Section(
            "settings files",
            [Row(file.path.name, str(file.path), "read" if file.found else "missing") for file in settings.files],
        ),
        Section("settings", [Row(row.name, row.value, row.source) for row in settings.sources()]),
    ]
    if settings.warnings:
        sections.append(Section("warnings", [Row("warning", text, "") for text in settings.warnings]))
    return sections


def _there(path: Path) -> str:
    return "exists" if path.exists() else "missing"


def _lock(home: Home) -> Row:
    try:
        held_by = owner(home)
    except KingError as error:
        return Row("lock", str(home.lock_file), str(error))
    return Row("lock", str(home.lock_file), f"held by {held_by}" if held_by else "free")
