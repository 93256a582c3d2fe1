"""Where the values come from: flag > environment > secrets directory > ``<home>/.env`` > ``./.env``.

Each place is read by its pydantic-settings source; what is added here is that a value's place stays known, so that
an error can name it and ``kingtui locate`` can list it.
"""

from __future__ import annotations

import difflib
import logging
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource, SecretsSettingsSource, SettingsError

from kingtui.models import WrongUse
from kingtui.redaction import hidden
from kingtui.settings.fields import Settings, default_home
from kingtui.settings.telling import PREFIX, Provenance, SettingsFile, allowed, is_secret, variable

FAMILIES = (PREFIX, "AIRTABLE_", "TELEGRAM_")
"""Beginnings of names that are ours alone: one that is no setting is a slip of the pen."""
S = TypeVar("S", bound=Settings)

CHOOSING = frozenset({"home", "demo", "secrets_dir"})
"""Fields that must be known before ``<home>/.env`` is read, and so cannot stand in it."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """The values of one place: ``origin`` as listed, ``where`` as it reads in a sentence."""

    origin: str
    where: str
    values: dict[str, Any]
    names: Iterable[str] = ()
    """Every variable name in the place, ours or not."""
    file: SettingsFile | None = None
    warnings: list[str] = field(default_factory=list)


def load_settings(home: Path | None, flags: Mapping[str, object], model: type[S] = Settings) -> S:  # type: ignore[assignment]
    """The settings of this start.

    ``home`` is the flag ``--home``; ``flags`` are other flags by field name, None where a flag was not given. Raises
    WrongUse with one line per wrong value: the variable, what was found (not for secrets), where, and what is allowed.
    """
    if unknown := flags.keys() - model.model_fields.keys():
        raise TypeError(f"no such setting: {', '.join(sorted(unknown))}")
    given = {name: value for name, value in ({"home": home} | dict(flags)).items() if value is not None}
    layers = [_flag_layer(name, value) for name, value in given.items()] + [_environment(model)]
    here = _dotenv(model, Path.cwd() / ".env")
    layers += [_secrets(model, folder) for folder in _secrets_folders([*layers, here])]
    base = _home([*layers, here])
    if here.file is None or not _same(here.file.path, base / ".env"):
        layers.append(_without_choosing(_dotenv(model, base / ".env"), model))
    layers.append(here)

    values: dict[str, Any] = {}
    found: dict[str, _Layer] = {}
    for layer in layers:
        for name in layer.values.keys() - values.keys():
            values[name], found[name] = layer.values[name], layer
    origins = {name: layer.origin for name, layer in found.items()}
    if _demo(layers):
        values["home"] = base
        origins["home"] = f"{origins.get('home', 'default')}, its demo"
    try:
        settings = model(**values)
    except ValidationError as error:
        raise WrongUse("\n".join(_sentences(error, model, values, found))) from None
    settings._provenance = Provenance(
        origins=origins,
        files=tuple(layer.file for layer in layers if layer.file),
        warnings=tuple(_warnings(layers, model)),
    )
    hidden.add(settings.secrets())
    return settings


def _flag_layer(name: str, value: object) -> _Layer:
    flag = f"--{'no-' if value is False else ''}{name.replace('_', '-')}"
    return _Layer(f"flag {flag}", f"in the flag {flag}", {name: value})


def _environment(model: type[Settings]) -> _Layer:
    values = _values(model, EnvSettingsSource(model))
    return _Layer("environment", "in the environment", values, names=list(os.environ))


def _secrets(model: type[Settings], folder: Path) -> _Layer:
    origin = f"secrets directory {folder}"
    try:
        source = SecretsSettingsSource(model, secrets_dir=folder)
        source()  # learns its paths
        values = _values(model, source)
        names = [entry.name for entry in folder.iterdir()]
    except (SettingsError, OSError, UnicodeError) as error:
        raise WrongUse(f"the {origin} cannot be read: {_reason(error)}") from error
    return _Layer(origin, f"in the {origin}", values, names, SettingsFile(folder, found=True))


def _dotenv(model: type[Settings], path: Path) -> _Layer:
    """The settings in a .env file; none where there is no such file."""
    origin = str(path)
    if not path.is_file():
        return _Layer(origin, f"in {path}", {}, file=SettingsFile(path, found=False))
    warnings: list[str] = []

    def unparsable(record: logging.LogRecord) -> bool:
        line = record.args[0] if isinstance(record.args, tuple) and record.args else "?"
        warnings.append(f"line {line} of {path} is no setting: NAME=value is")
        return False

    parser = logging.getLogger("dotenv.main")
    parser.addFilter(unparsable)
    try:
        source = DotEnvSettingsSource(model, env_file=path, env_file_encoding="utf-8")
        values = _values(model, source)
        mode = stat.S_IMODE(path.stat().st_mode)
    except (SettingsError, OSError, UnicodeError) as error:
        raise WrongUse(f"the settings file {path} cannot be read: {_reason(error)}") from error
    finally:
        parser.removeFilter(unparsable)
    if values and mode & (stat.S_IRGRP | stat.S_IROTH):
        warnings.append(f"{path} can be read by others (mode {mode:04o}): chmod 600 keeps its secrets")
    return _Layer(origin, f"in {path}", values, list(source.env_vars), SettingsFile(path, found=True), warnings)


def _values(
    model: type[Settings], source: EnvSettingsSource | SecretsSettingsSource | DotEnvSettingsSource
) -> dict[str, str]:
    """What a source has, by field name; an empty text is as good as none."""
    pairs = ((name, source.get_field_value(info, name)[0]) for name, info in model.model_fields.items())
    return {name: value for name, value in pairs if value is not None and value.strip()}


def _secrets_folders(layers: list[_Layer]) -> list[Path]:
    folders = []
    for layer in layers:
        if value := layer.values.get("secrets_dir"):
            folder = Path(value).expanduser().absolute()
            if not folder.is_dir():
                raise WrongUse(f"{PREFIX}SECRETS_DIR is {value!r} {layer.where}: the path of a folder is allowed")
            folders.append(folder)
            break
    systemd = Path(os.environ.get("CREDENTIALS_DIRECTORY") or os.devnull)
    return [*folders, systemd] if systemd.is_dir() and systemd not in folders else folders


def _home(layers: list[_Layer]) -> Path:
    """The home in use. Raises WrongUse where none is named and the user has no home folder."""
    try:
        named = next((layer.values["home"] for layer in layers if "home" in layer.values), None)
        home = (Path(named).expanduser() if named else default_home()).absolute()
    except RuntimeError as error:
        raise WrongUse(f"there is no home: {error} Name one with --home or {PREFIX}HOME.") from error
    return home / "demo" if _demo(layers) else home


def _demo(layers: list[_Layer]) -> bool:
    """Whether this is a demo; a value that is neither true nor false is told of when all values are checked."""
    for layer in layers:
        if "demo" in layer.values:
            try:
                return TypeAdapter(bool).validate_python(layer.values["demo"])
            except ValidationError:
                return False
    return False


def _without_choosing(layer: _Layer, model: type[Settings]) -> _Layer:
    for name in CHOOSING & layer.values.keys():
        del layer.values[name]
        layer.warnings.append(
            f"{variable(name, model.model_fields[name])} does nothing {layer.where}, which it precedes"
        )
    return layer


def _same(one: Path, other: Path) -> bool:
    return one == other or (one.exists() and other.exists() and one.samefile(other))


def _sentences(
    error: ValidationError, model: type[Settings], values: Mapping[str, Any], found: Mapping[str, _Layer]
) -> Iterable[str]:
    """One sentence per wrong value, in the order of the fields."""
    names = {info.validation_alias or name: name for name, info in model.model_fields.items()}
    seen = set()
    for fault in error.errors(include_url=False):
        name = names.get(str(fault["loc"][0]), str(fault["loc"][0]))
        if name in seen:  # a union reports each of its members
            continue
        seen.add(name)
        info = model.model_fields[name]
        shown = "wrong" if is_secret(info) else _short(values.get(name))
        said = str(fault.get("ctx", {}).get("error", "")) if fault["type"] == "value_error" else ""
        yield f"{variable(name, info)} is {shown} {found[name].where}: {said or f'{allowed(info)} is allowed'}"


def _short(value: object) -> str:
    text = repr(str(value)) if not isinstance(value, bool) else str(value).lower()
    return text if len(text) <= 80 else f"{text[:77]}…'"


def _warnings(layers: list[_Layer], model: type[Settings]) -> Iterable[str]:
    known = {variable(name, info) for name, info in model.model_fields.items()}
    for layer in layers:
        yield from layer.warnings
        for name in sorted({name.upper() for name in layer.names} - known):
            family = next((start for start in FAMILIES if name.startswith(start)), None)
            if family is not None:
                others = [other.removeprefix(family) for other in known if other.startswith(family)]
                near = difflib.get_close_matches(name.removeprefix(family), others, 1)
                yield f"{name} {layer.where} is no setting" + (f": did you mean {family}{near[0]}?" if near else "")


def _reason(error: Exception) -> str:
    cause: BaseException = error.__cause__ or error
    if isinstance(cause, UnicodeError):
        return "it is not UTF-8 text"
    return (cause.strerror if isinstance(cause, OSError) else None) or str(cause)
