"""Who asks, and what which request needs: the one table of routes and scopes."""

from __future__ import annotations

from dataclasses import dataclass

from kingtui.control.wire import METHODS
from kingtui.models import Scope

EVERYTHING = frozenset(Scope)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

PAGES = frozenset({"/", "/orchestrator_dashboard.html", "/favicon.ico", "/manifest.webmanifest", "/service-worker.js"})
"""The browser dashboard itself, which holds no data: a browser cannot show a token when it opens a page."""
FILES = "/web/"
CONTROL = "/control/"
TOKENS = "/tokens"
UPLOAD = "/images"
ADD_PICTURE = CONTROL + "add_picture"
"""Where a picture comes as base64."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``own``: a program of the home's user."""

    name: str
    scopes: frozenset[Scope]
    own: bool = False


OWN = Caller("this user", EVERYTHING, own=True)
ANYBODY = Caller("anybody", EVERYTHING)
"""Where no token is asked for."""
NOBODY = Caller("nobody", frozenset())
"""Who shows no token where one is asked for."""


def needed(method: str, path: str) -> Scope | None:
    """The scope that a request needs, None for one that everybody may make; a WebSocket is a GET.

    What is not known here needs ``admin``.
    """
    if path.startswith(CONTROL):
        asked = METHODS.get(path[len(CONTROL) :])
        return Scope.ADMIN if asked is None else asked.scope
    if path.startswith(TOKENS):
        return Scope.ADMIN
    if method in SAFE:
        return None if path in PAGES or (path.startswith(FILES) and ".." not in path) else Scope.READ
    return Scope.TRIGGER if path.startswith(_WORK) else Scope.ADMIN


_WORK = ("/trigger/", "/cancel/", "/pause", "/resume", "/images")
