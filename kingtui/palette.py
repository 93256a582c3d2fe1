"""What the palette offers: every action that is valid now."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.screen import Screen

from kingtui.models import STEPS
from kingtui.screens.dialogs import PLACES
from kingtui.screens.importing import import_pictures

if TYPE_CHECKING:
    from kingtui.app import KingApp


def commands(app: KingApp, screen: Screen[Any]) -> Iterable[SystemCommand]:
    """Those of the place first, then what is valid everywhere."""
    yield from _here(app, screen)
    for info in STEPS:
        yield SystemCommand(f"Run step {info.number}", info.name, partial(app.action_trigger, info.number))
    status = app.live.status
    if status is not None and status.paused:
        yield SystemCommand("Resume", "Let steps run by themselves again", app.action_resume)
    else:
        yield SystemCommand("Pause", "Hold automatic triggers", app.action_pause)
    for view in status.steps if status is not None else ():
        if view.current_run is not None:
            step = view.info.number
            yield SystemCommand(f"Cancel step {step}", "End its run and hold it", partial(app.ask_to_cancel, step))
    yield SystemCommand("Restart", "End every run; all steps become idle", app.ask_to_restart)
    for _, mode, words in PLACES:
        yield SystemCommand(f"Go to {mode}", words, partial(app.switch_mode, mode))
    yield SystemCommand(
        "Import pictures", "Copy pictures of this machine into downloads", partial(import_pictures, app, app.live)
    )
    yield SystemCommand("Find a symbol", "Type btc, BTC/USDT, …", app.action_find)
    yield SystemCommand("Health", "Its reasons, the home, the API", app.action_why)
    yield SystemCommand("Keys", "The keys that work here", app.action_keys)
    yield SystemCommand("Theme", "Change the colours", app.action_change_theme)
    if app.live.attachment is not None:
        yield SystemCommand("Quit", f"Leave; kingtui at {app.live.attachment.address} works on", app.action_detach)
    else:
        yield SystemCommand("Quit", "Stop everything safely and leave", app.action_quit)
        yield SystemCommand("Leave it running", "Quit; work goes on in the background", app.leave_running)


def _here(app: KingApp, screen: Screen[Any]) -> Iterable[SystemCommand]:
    """The actions of the screen and of what is focused in it, with their keys."""
    for node, binding, enabled, tooltip in screen.active_bindings.values():
        if node is not app and enabled and binding.show and binding.id is not None:
            help_text = f"{tooltip or binding.description} ({app.get_key_display(binding)})"
            yield SystemCommand(binding.description, help_text, partial(app.run_action, binding.action, node))
