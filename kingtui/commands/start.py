"""``kingtui`` without a command: the dashboard, or what stands in for it where there is no terminal."""

from __future__ import annotations

import os
import sys

from kingtui.home import Home, Owner, owner
from kingtui.models import KingError, WrongUse
from kingtui.settings import Settings

LOW_BANDWIDTH = {"TEXTUAL_FPS": "15", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
"""What Textual reads when it is imported."""


def start(settings: Settings, *, api_only: bool, low_bandwidth: bool) -> None:
    """Run until told to stop. Raises KingError where it cannot start, WrongUse without a terminal."""
    if api_only:
        from kingtui.commands.headless import serve

        serve(settings)
    elif sys.stdin and sys.stdout and sys.stdin.isatty() and sys.stdout.isatty():
        _dashboard(settings, low_bandwidth=low_bandwidth)
    elif settings.demo:
        from kingtui.commands.demo import show_demo

        show_demo(settings)
    else:
        raise WrongUse(
            "the dashboard needs a terminal: start kingtui in one, or with --api-only to run without a screen "
            "(kingtui --help names the other commands)"
        )


def _dashboard(settings: Settings, *, low_bandwidth: bool) -> None:
    home = Home(settings.home)
    if held_by := owner(home):
        raise KingError(_owned(home, held_by))
    if low_bandwidth:
        os.environ.update(LOW_BANDWIDTH)
    from kingtui.commands.dashboard import open_dashboard

    open_dashboard(settings, low_bandwidth=low_bandwidth)


def _owned(home: Home, held_by: Owner) -> str:
    ways = "kingtui status, history, data SYMBOL and report SYMBOL show what it does"
    if held_by.address:
        ways += ", trigger N and run N ask it to work"
    return f"the home {home.root} is owned by {held_by}; {ways}, and stopping it lets a dashboard open here"
