"""Every key of the dashboard by the id of its binding, and the user's own keys checked against them."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import KEY_TO_UNICODE_NAME, Keys, _character_to_key, key_to_character
from textual.screen import ModalScreen, Screen

from kingtui.models import WrongUse

_MODIFIERS = frozenset({"ctrl", "alt", "shift", "super", "meta", "hyper"})
_NAMED = frozenset(key.value for key in Keys) | KEY_TO_UNICODE_NAME.keys()


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding of the dashboard: its id, where it is bound, its keys, and what it does in words."""

    id: str
    where: type[DOMNode]
    keys: tuple[str, ...]
    tooltip: str


def bindings() -> list[Bound]:
    """Every binding of ours with an id, those of everywhere first."""
    for name in ("kingtui.screens", "kingtui.widgets"):
        for module in pkgutil.iter_modules(importlib.import_module(name).__path__):
            importlib.import_module(f"{name}.{module.name}")
    importlib.import_module("kingtui.app")
    found = [bound for node in _ours(DOMNode) for bound in _bound(node)]
    return sorted(found, key=lambda bound: (not issubclass(bound.where, App), bound.where.__name__))


def checked(wanted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The keymap for ``App.set_keymap``. Raises WrongUse: an unknown binding, no key, a key that is bound twice."""
    known = bindings()
    ids = {bound.id for bound in known}
    for name, keys in wanted.items():
        if name not in ids:
            near = difflib.get_close_matches(name, ids, 1)
            hint = f": did you mean {near[0]}?" if near else ": docs/dashboard.md names them all"
            raise WrongUse(f"KINGTUI_KEYMAP names {name!r}, which is no binding{hint}")
        for key in keys:
            if not _is_key(key):
                raise WrongUse(f"KINGTUI_KEYMAP gives {name} {key!r}, which is no key: x, X, f5, ctrl+x are keys")
    own = {name: tuple(_normal(key) for key in keys) for name, keys in wanted.items()}
    _no_clash(known, own)
    return {name: ",".join(keys) for name, keys in own.items()}


def _no_clash(known: Sequence[Bound], own: Mapping[str, tuple[str, ...]]) -> None:
    for one in known:
        for other in known:
            if one.id not in own or one.id == other.id or set(one.keys) & set(other.keys):
                continue  # what shares a key from the start never means two things at once
            after = replace(other, keys=own.get(other.id, other.keys))
            for key in set(own[one.id]) & set(after.keys):
                if _meet(one.where, other.where):
                    raise WrongUse(
                        f"KINGTUI_KEYMAP gives {one.id} the key {key}, which is that of {other.id} ({other.tooltip}): "
                        f"give {other.id} another key as well, or choose another for {one.id}"
                    )


def _meet(one: type[DOMNode], other: type[DOMNode]) -> bool:
    """Whether both may be listening at a time: a widget, the screen around it, and the app around all but windows."""
    if issubclass(one, other) or issubclass(other, one):
        return True
    if issubclass(one, ModalScreen) or issubclass(other, ModalScreen):
        return False
    if issubclass(one, App) or issubclass(other, App):
        return True
    return issubclass(one, Screen) is not issubclass(other, Screen)


def _ours(node: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for child in node.__subclasses__():
        if child.__module__.startswith("kingtui."):
            yield child
        yield from _ours(child)


def _bound(node: type[DOMNode]) -> Iterator[Bound]:
    for binding in node.__dict__.get("BINDINGS", ()):
        if isinstance(binding, Binding) and binding.id is not None:
            keys = tuple(_normal(key.strip()) for key in binding.key.split(","))
            yield Bound(binding.id, node, keys, binding.tooltip or binding.description)


def _is_key(key: str) -> bool:
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    if any(word not in _MODIFIERS for word in modifiers):
        return False
    return key in _NAMED or last in _NAMED or (len(last) == 1 and last.isprintable()) or _named(last)


def _named(key: str) -> bool:
    return key_to_character(key) is not None


def _normal(key: str) -> str:
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    return "+".join([*modifiers, _character_to_key(last) if len(last) == 1 else last])
