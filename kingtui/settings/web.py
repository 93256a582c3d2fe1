"""The kinds of values that settings of the HTTP API have; lists of hosts and of origins stand in one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, SecretStr

from kingtui.settings.values import pathed, says

_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,252})|\[[0-9a-f:.]{2,45}\]")
_ORIGIN = re.compile(r"(https?)://([a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:(\d{1,5}|\*))?")
HOSTS = "host names without a port, such as king.example.org,10.0.0.7,"
ORIGINS = "origins such as https://king.example.org,http://localhost:*,null"
RATE_STORAGES = ("redis", "rediss", "valkey", "valkeys")


def hosts_of(text: str) -> tuple[str, ...]:
    """The host names in a list with commas. Raises ValueError that names the wrong one."""
    return _checked(text, lambda word: _HOST.fullmatch(word) is not None, HOSTS)


def origins_of(text: str) -> tuple[str, ...]:
    """The origins in a list with commas; a port may be ``*``, and ``null`` is one too. Raises ValueError."""
    return _checked(text, lambda word: word == "null" or _ORIGIN.fullmatch(word) is not None, ORIGINS)


def _checked(text: str, fits: Callable[[str], bool], allowed: str) -> tuple[str, ...]:
    words = tuple(word.strip().lower().rstrip("/") for word in text.split(",") if word.strip())
    for word in words:
        if not fits(word):
            raise ValueError(f"{word[:80]!r} is none of them: {allowed} are allowed")
    return words


def _hosts(value: str) -> str:
    hosts_of(value)
    return value


def _origins(value: str) -> str:
    origins_of(value)
    return value


def _storage(value: SecretStr | None) -> SecretStr | None:
    scheme, found, rest = (value.get_secret_value() if value else "redis://x").partition("://")
    if not found or not rest or scheme not in RATE_STORAGES:
        raise ValueError
    return value


def _algorithm(value: object) -> object:
    """However its letters are written."""
    names = {"hs256": "HS256", "rs256": "RS256", "eddsa": "EdDSA"}
    return names.get(value.strip().lower(), value) if isinstance(value, str) else value


File = Annotated[Path | None, BeforeValidator(pathed), says("the path of a file")]
HostNames = Annotated[str, AfterValidator(_hosts), says(HOSTS)]
Origins = Annotated[str, AfterValidator(_origins), says(ORIGINS)]
RateStorage = Annotated[SecretStr | None, AfterValidator(_storage), says("an address such as redis://localhost:6379/0")]
Algorithm = Annotated[Literal["HS256", "RS256", "EdDSA"], BeforeValidator(_algorithm)]
