"""The kinds of values that settings have, each with the words that say what it allows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, SecretStr

from kingtui.models import WrongUse, symbol_of
from kingtui.models.mirrored import columns_of
from kingtui.settings.chats import chats_of
from kingtui.settings.keymap import keymap_of

_ADDRESS = re.compile(r"https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(/[^\s?#]*)?")


def pathed(value: object) -> object:
    """A path with ``~`` filled in, absolute from the current folder; links in it stay as they are."""
    if not isinstance(value, str | Path) or not str(value):
        return value
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError as error:  # ~nobody
        raise ValueError(str(error)) from error


def lowered(value: object) -> object:
    """Text in small letters, without spaces around it."""
    return value.strip().lower() if isinstance(value, str) else value


def _rate(value: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,6}/(second|minute|hour|day)", value):
        raise ValueError
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.:%-]{1,255}", value):
        raise ValueError
    return value


def _keymap(value: str) -> str:
    keymap_of(value)
    return value


def _columns(value: str) -> str:
    columns_of(value)
    return value


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError
    return value.rstrip("/")


def _chats(value: str) -> str:
    chats_of(value)
    return value


def _symbols(value: object) -> object:
    """``btc, ETH/USDT`` as symbols, each once."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(dict.fromkeys(symbol_of(word) for word in value.split(",") if word.strip()))
    except WrongUse as error:
        raise ValueError(str(error)) from error


def _notify_urls(value: SecretStr | None) -> SecretStr | None:
    parts = re.split(r"[\s,]+(?=[A-Za-z0-9]+://)", value.get_secret_value().strip().rstrip(",")) if value else []
    if not all(re.match(r"[A-Za-z0-9]+://.", part) for part in parts):
        raise ValueError
    return value


def _token(value: SecretStr | None) -> SecretStr | None:
    """What goes into a header of HTTP: a typographic quote or a line end that was copied along would break it."""
    text = value.get_secret_value().strip() if value else ""
    if text and not re.fullmatch(r"[!-~]+", text):
        raise ValueError
    return SecretStr(text) if text else None


def says(text: str) -> Any:
    """What a field allows, where its type alone does not say it."""
    return Field(json_schema_extra={"allowed": text})


Folder = Annotated[Path, BeforeValidator(pathed), says("the path of a folder")]
Seconds = Annotated[float, Field(ge=0.1, le=604_800), says("a number of seconds from 0.1 to 604800")]
Days = Annotated[int, Field(ge=1, le=36_500), says("a whole number of days from 1 to 36500")]
Host = Annotated[str, BeforeValidator(lowered), AfterValidator(_host), says("a host name or an IP address")]
Rate = Annotated[
    str,
    BeforeValidator(lowered),
    AfterValidator(_rate),
    says("a whole number per second, minute, hour or day, such as 100/minute,"),
]
Address = Annotated[str, AfterValidator(_address), says("an address such as https://api.example.com")]
ColumnNames = Annotated[str, AfterValidator(_columns)]
Keymap = Annotated[str, AfterValidator(_keymap)]
Chats = Annotated[str, AfterValidator(_chats), says("@name, a t.me link or an id, several with commas between,")]
Bytes = Annotated[ByteSize, Field(ge=0), says("a number of bytes, or one with a unit such as 500MB or 2GB,")]
Symbols = Annotated[tuple[str, ...], BeforeValidator(_symbols), says("a list of symbols such as BTC,ETH,1000PEPE")]
Dollars = Annotated[
    float, Field(ge=0, le=100_000, allow_inf_nan=False), says("an amount in US dollars from 0 to 100000")
]
Token = Annotated[SecretStr | None, AfterValidator(_token)]
NotifyUrls = Annotated[
    SecretStr | None,
    AfterValidator(_notify_urls),
    says("addresses such as tgram://token/chat or mailto://user:password@host, with commas between them,"),
]
