"""Settings in words: what a field is called, what it allows, what it has and where that came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

PREFIX = "KINGTUI_"
HIDDEN = "••••"


@dataclass(frozen=True, slots=True)
class SettingSource:
    """One setting as ``kingtui locate`` lists it. ``value`` is for reading: a secret is dots, nothing is empty."""

    name: str
    value: str
    source: str
    """``default``, ``environment``, ``flag --port``, ``secrets directory /run/…`` or the path of a .env file."""
    about: str = ""
    """What it is for, in a sentence."""
    allowed: str = ""
    """What it may be: the subject of "… is allowed"."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A .env file or secrets directory that was looked at."""

    path: Path
    found: bool


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the values of a Settings came from."""

    origins: Mapping[str, str] = field(default_factory=dict)
    """Source in words by field name; a field that is not in it has its default."""
    files: tuple[SettingsFile, ...] = ()
    """In the order in which they count."""
    warnings: tuple[str, ...] = ()


def variable(name: str, info: FieldInfo) -> str:
    """The environment variable of a field."""
    return info.validation_alias if isinstance(info.validation_alias, str) else PREFIX + name.upper()


def is_secret(info: FieldInfo) -> bool:
    """Whether a field's value must never be shown."""
    return SecretStr in (info.annotation, *get_args(info.annotation))


def allowed(info: FieldInfo) -> str:
    """What a field allows, as the subject of "… is allowed"."""
    extra = info.json_schema_extra
    if isinstance(extra, Mapping) and "allowed" in extra:
        return str(extra["allowed"])
    if choices := [str(choice) for choice in get_args(info.annotation) if isinstance(choice, str)]:
        return " or ".join(", ".join(choices).rsplit(", ", 1))
    if info.annotation is bool:
        return "true or false"
    low, high = (next((getattr(m, end) for m in info.metadata if hasattr(m, end)), None) for end in ("ge", "le"))
    kinds = (info.annotation, *get_args(info.annotation))
    words = "a whole number" if int in kinds else "a number" if float in kinds else "text"
    return words if low is None else f"{words} from {low} to {high}"


def shown(value: object) -> str:
    """A value for people; a secret is dots."""
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return HIDDEN if value else ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
