"""The screens by their mode, each loaded when it is gone to: the first screen is there sooner."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from textual.screen import Screen

if TYPE_CHECKING:
    from kingtui.widgets.live import Live

_CLASSES = {
    "home": "HomeScreen",
    "symbols": "SymbolsScreen",
    "reports": "ReportsScreen",
    "pictures": "PicturesScreen",
    "history": "HistoryScreen",
    "log": "LogScreen",
    "setup": "SetupScreen",
}
"""In modules named like the mode."""
MODES = tuple(_CLASSES)


def screen_of(mode: str, live: Live) -> Screen[None]:
    """A new screen."""
    made: Screen[None] = getattr(import_module(f"kingtui.screens.{mode}"), _CLASSES[mode])(live)
    return made


def load_all() -> None:
    """Load what the screens need, so that none of them has to be waited for."""
    for mode in (*MODES, "run", "text"):
        import_module(f"kingtui.screens.{mode}")
