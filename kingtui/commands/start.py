"""``kingtui`` without a command: the dashboard, its own or attached, or what stands in for it without a terminal."""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit

from kingtui.home import Home, Owner, owner
from kingtui.models import KingError, WrongUse
from kingtui.settings import Settings

LOW_BANDWIDTH = {"TEXTUAL_FPS": "15", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
"""What Textual reads when it is imported."""


def start(settings: Settings, *, api_only: bool, low_bandwidth: bool, attach: str | None = None) -> None:
    """Run until told to stop. Raises KingError where it cannot start, WrongUse without a terminal.

    ``attach``: the address of a kingtui to show instead of running one.
    """
    if attach is not None:
        _need_a_terminal()
        _attach(settings, attach, low_bandwidth=low_bandwidth)
    elif api_only:
        from kingtui.commands.headless import serve

        serve(settings)
    elif _has_terminal():
        _dashboard(settings, low_bandwidth=low_bandwidth)
    elif settings.demo:
        from kingtui.commands.demo import show_demo

        show_demo(settings)
    else:
        _need_a_terminal()


def _has_terminal() -> bool:
    """Whether somebody can see a dashboard: in a terminal, or where textual-serve shows it in a browser."""
    return "TEXTUAL_DRIVER" in os.environ or bool(
        sys.stdin and sys.stdout and sys.stdin.isatty() and sys.stdout.isatty()
    )


def _need_a_terminal() -> None:
    if not _has_terminal():
        raise WrongUse(
            "the dashboard needs a terminal: start kingtui in one, or with --api-only to run without a screen "
            "(kingtui --help names the other commands)"
        )


def _dashboard(settings: Settings, *, low_bandwidth: bool) -> None:
    home = Home(settings.home)
    if low_bandwidth:
        os.environ.update(LOW_BANDWIDTH)
    if held_by := owner(home):
        _attach_to_owner(settings, home, held_by, low_bandwidth=low_bandwidth)
        return
    from kingtui.commands.dashboard import open_dashboard

    open_dashboard(settings, low_bandwidth=low_bandwidth)


def _attach_to_owner(settings: Settings, home: Home, held_by: Owner, *, low_bandwidth: bool) -> None:
    if held_by.address is None:
        raise KingError(
            f"the home {home.root} is owned by {held_by}: no dashboard can attach to it. kingtui status, history, "
            "data SYMBOL and report SYMBOL show what it does; stopping it lets a dashboard open here"
        )
    from kingtui.client.doors import HomeDoor
    from kingtui.client.errors import Unreachable
    from kingtui.commands.dashboard import open_attached

    try:
        open_attached(settings, HomeDoor(home), greeting=_greeting(held_by), keeps=None, low_bandwidth=low_bandwidth)
    except Unreachable as error:
        raise KingError(f"the home {home.root} is owned by {held_by}, which cannot be attached to: {error}") from None


def _greeting(held_by: Owner) -> str:
    if held_by.hung_up_at is not None:
        return (
            f"kingtui went on when its terminal went away at {held_by.hung_up_at:%H:%M} UTC on "
            f"{held_by.hung_up_at:%Y-%m-%d}; this dashboard is attached to it, and quitting leaves it running"
        )
    return f"attached to {held_by}: quitting leaves it running"


def _attach(settings: Settings, address: str, *, low_bandwidth: bool) -> None:
    """Attach to an address: with this home's secret where its own owner is there, else with a token if one is set."""
    from kingtui.client.doors import AddressDoor, checked_address

    wanted, home = checked_address(address), Home(settings.home)
    if low_bandwidth:
        os.environ.update(LOW_BANDWIDTH)
    token = settings.token.get_secret_value() if settings.token is not None else None
    held_by = owner(home)
    if token is None and held_by is not None and held_by.address is not None and _same(wanted, held_by.address):
        _attach_to_owner(settings, home, held_by, low_bandwidth=low_bandwidth)
        return
    from kingtui.commands.dashboard import open_attached

    door = AddressDoor(wanted, token)
    greeting = f"attached to {wanted}: quitting leaves it running"
    open_attached(settings, door, greeting=greeting, keeps=home, low_bandwidth=low_bandwidth)


def _same(one: str, other: str) -> bool:
    """Whether two addresses are one: every name of the loopback is this machine."""
    return one == other or _unnamed(one) == _unnamed(other)


def _unnamed(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    host = parts.hostname or ""
    return parts.scheme, "loopback" if host in ("localhost", "127.0.0.1", "::1") else host, parts.port
