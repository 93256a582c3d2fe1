"""KingApp: the dashboard's frame. Theme, screens, keys, and the bridge from Control's events to what is shown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from kingtui.bridge import Bridge
from kingtui.clock import Clock, SystemClock
from kingtui.control import Control
from kingtui.leaving import LeavableApp
from kingtui.models import STEPS, Attachment, KingError, StepView
from kingtui.palette import commands
from kingtui.places import MODES, load_all, screen_of
from kingtui.screens.dialogs import Choose, Confirm, GoTo, Told, keys, why
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.live import Live, Severity
from kingtui.widgets.steps import StepRow
from kingtui.widgets.symbol_table import SymbolTable

if TYPE_CHECKING:
    from kingtui.screens.run import RunScreen
    from kingtui.screens.text import TextScreen

log = logging.getLogger("kingtui.app")

AGAIN_SECONDS = 5.0
LOAD_SECONDS = 1.0
"""So long after the start the screens that are not seen yet are loaded."""
_STEP_KEYS = Binding.Group("Run step", compact=True)


class Start(Protocol):
    """Starts what the dashboard shows, through a spawn that runs coroutines as workers of the app."""

    def __call__(self, spawn: Any) -> Awaitable[None]: ...


class KingApp(LeavableApp):
    """Shows what ``control`` tells and asks it for what is keyed.

    ``start(spawn)`` is called once the app runs: what it spawns are workers of this app. ``stop()`` is awaited before
    the app ends, whatever ends it.
    """

    TITLE = "kingtui"
    DEFAULT_MODE = "home"
    # The screens' styles too: what a screen brings only when it is opened makes the app read and apply all anew.
    CSS_PATH = [  # noqa: RUF012
        "app.tcss", "widgets/masthead.tcss", "widgets/steps.tcss", "widgets/symbols.tcss",
        *sorted(f"screens/{path.name}" for path in (Path(__file__).parent / "screens").glob("*.tcss")),
    ]  # fmt: skip
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                str(step.number), f"trigger({step.number})", step.name, id=f"trigger.{step.number}",
                group=_STEP_KEYS, tooltip=f"Run step {step.number}: {step.name}",
            )
            for step in STEPS
        ),
        Binding("p", "pause", "Pause", id="pause", tooltip="Hold automatic triggers; steps run when you ask"),
        Binding("p", "resume", "Resume", id="resume", tooltip="Let steps run by themselves again"),
        Binding("x", "cancel", "Cancel", id="cancel", tooltip="End a run that is at work; asks first"),
        Binding("r", "restart", "Restart", show=False, id="restart", tooltip="End every run, set all idle; asks first"),
        Binding("g", "go", "Go to", id="go", tooltip="Go to another screen: g, then its letter"),
        Binding("slash", "find", "Find", key_display="/", id="find", tooltip="Look a symbol up"),
        Binding("w", "why", "Why", id="why", tooltip="Health and its reasons, the home, the API"),
        Binding("question_mark", "keys", "Help", key_display="?", id="help", tooltip="The keys that work here"),
        Binding("escape", "home", "Home", show=False, id="home", tooltip="Back to the home screen"),
        Binding("q", "quit", "Quit", id="quit", tooltip="Stop all safely and leave; asks while work runs"),
        Binding("q", "detach", "Quit", id="detach", tooltip="Leave; what this dashboard is attached to works on"),
    ]  # fmt: skip

    def __init__(
        self, control: Control, *, start: Start, stop: Callable[[], Awaitable[None]], clock: Clock | None = None,
        keymap: Mapping[str, str] | None = None, theme: str | None = None, choices: Mapping[str, str] | None = None,
        slowly: float = 1.0, attachment: Attachment | None = None,
    ) -> None:  # fmt: skip
        """``keymap``: keys by binding, checked; ``theme``: a setting, before what ``choices`` of former starts say.

        ``attachment``: what ``control`` is attached to, where that works on without this dashboard.
        """
        keys = dict(keymap or {})
        if "quit" in keys:
            keys.setdefault("detach", keys["quit"])
        super().__init__(stop=stop, keymap=keys, theme=theme, choices=choices or {})
        self.control = control
        self.live = Live(self, control, clock or SystemClock(), slowly, attachment)
        self._start_services = start
        self._bridge = Bridge(control, self.live.take_events, self.live.take_status, self._troubled, slowly=slowly)
        for mode in MODES:
            self.add_mode(mode, partial(screen_of, mode, self.live))

    async def on_mount(self) -> None:
        # Textual's eager tasks end the read loops of some clients at once; plain ones are what asyncio gives everyone.
        asyncio.get_running_loop().set_task_factory(None)
        self.live.attachment_changed.subscribe(
            self, lambda attachment: self.set_class(attachment.lost is not None, "-lost")
        )
        self.live.start(self._bridge.run(), "bridge")
        self.live.start(self.live.book.run(), "symbols")
        self.run_worker(self._begin(), name="start", group="face", exit_on_error=False)

    async def _begin(self) -> None:
        try:
            await self._start_services(self.spawn)
            self._bridge.refresh()
            await asyncio.sleep(LOAD_SECONDS)
            await asyncio.to_thread(load_all)
        except KingError as error:
            log.error("kingtui cannot start: %s", error)
            await self.stop_services()
            self.exit(return_code=1, message=str(error))

    def spawn(self, work: Coroutine[Any, Any, None], *, name: str, group: str) -> Worker[None]:
        """Run a coroutine of the core as a worker of this app."""
        return self.run_worker(work, name=name, group=group, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever breaks is logged and shown, and what the face lives from begins again."""
        worker = event.worker
        if event.state is not WorkerState.ERROR:
            return
        error = worker.error
        log.error("%s broke: %s", worker.name, error, exc_info=error)
        self.live.tell(f"{worker.name} broke: {error!r}; the log has it all", "error")
        again = {"bridge": self._bridge.run, "symbols": self.live.book.run}.get(worker.name)
        if again is not None:
            self.set_timer(AGAIN_SECONDS, lambda: self.live.start(again(), worker.name))
        elif worker.name == "start":
            self.exit(return_code=1, message=f"kingtui cannot start: {error!r}")

    def _troubled(self, text: str | None) -> None:
        self.live.trouble = text
        if self.live.status is not None:
            self.live.take_status(self.live.status)

    # What keys ask for

    def action_trigger(self, step: int) -> None:
        """Ask for a run of a step."""
        self.live.start(self._trigger(step), f"ask for step {step}")

    async def _trigger(self, step: int) -> None:
        triggered = await self.live.ask(self.control.trigger(step))
        if triggered is None:
            return
        joined = f"joins run {triggered.run_id}, which waits already"
        self.live.tell(f"Step {step} asked: {joined if triggered.merged else f'run {triggered.run_id}'}")
        await self.live.renew()

    def action_pause(self) -> None:
        """Hold automatic triggers."""
        self.live.start(self._asked(self.control.pause()), "pause")

    def action_resume(self) -> None:
        """Let automatic triggers go."""
        self.live.start(self._asked(self.control.resume()), "resume")

    async def _asked(self, answer: Awaitable[Any]) -> None:
        """What came of it is told by the events that follow."""
        await self.live.ask(answer)
        await self.live.renew()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        paused = self.live.status is not None and self.live.status.paused
        if action == "pause":
            return not paused
        if action == "resume":
            return paused
        if action == "cancel":
            return bool(self._at_work())
        if action in ("quit", "detach"):
            return (action == "detach") == (self.live.attachment is not None)
        return True

    def on_step_row_run_chosen(self, event: StepRow.RunChosen) -> None:
        from kingtui.screens.run import RunScreen

        self.push_screen(RunScreen(self.live, event.run_id))

    def on_step_row_cancel_asked(self, event: StepRow.CancelAsked) -> None:
        self.ask_to_cancel(event.step)

    def on_run_screen_cancel_asked(self, event: RunScreen.CancelAsked) -> None:
        self.ask_to_cancel(event.step)

    def on_text_screen_copy_asked(self, event: TextScreen.CopyAsked) -> None:
        self.copy(event.text, event.what)

    def action_cancel(self) -> None:
        """End the run that is at work; where there are several, ask which."""
        steps = {view.info.number: view.info.name for view in self._at_work()}
        if len(steps) == 1:
            self.ask_to_cancel(next(iter(steps)))
        elif steps:
            self.push_screen(Choose("End the run of", steps), self._cancel_chosen)

    def _cancel_chosen(self, step: int | None) -> None:
        if step is not None:
            self.ask_to_cancel(step)

    def _at_work(self) -> list[StepView]:
        return [view for view in self.live.status.steps if view.current_run] if self.live.status is not None else []

    def action_restart(self) -> None:
        """Restart, after a question."""
        self.ask_to_restart()

    def ask_to_cancel(self, step: int) -> None:
        """End a step's run, after a question."""
        text = f"Step {step} is at work. End its run?\n\nThe step is held until you run it or a new item comes."
        self._confirm(text, "End it", "Let it work", lambda: self._asked(self.control.cancel(step)))

    def ask_to_restart(self) -> None:
        """End every run and set all steps to idle, after a question."""
        text = "Restart the orchestration?\n\nEvery run ends as cancelled and all steps become idle. No data is lost."
        self._confirm(text, "Restart", "Leave it", lambda: self._asked(self.control.restart()))

    def _confirm(self, question: str, yes: str, no: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        def answered(answer: bool | None) -> None:
            if answer:
                self.live.start(work(), yes)

        self.push_screen(Confirm(question, yes, no), answered)

    # Where keys lead

    def action_go(self) -> None:
        """Wait for the letter of a screen."""
        self.push_screen(GoTo(), self._go)

    async def _go(self, place: str | None) -> None:
        if place == "top":
            if isinstance(table := self.focused, KeyedTable):
                table.action_first_row()
            elif self.focused is not None:
                self.focused.scroll_home(animate=False)
        elif place is not None:
            await self.switch_mode(place)

    async def action_home(self) -> None:
        """Back to the home screen."""
        await self.switch_mode("home")

    async def action_find(self) -> None:
        """Look a symbol up."""
        await self.switch_mode("symbols")
        from kingtui.screens.symbols import SymbolsScreen

        if isinstance(self.screen, SymbolsScreen):
            self.screen.action_look()

    async def on_symbol_table_symbol_chosen(self, event: SymbolTable.SymbolChosen) -> None:
        await self.switch_mode("symbols")
        from kingtui.screens.symbols import SymbolsScreen

        if isinstance(self.screen, SymbolsScreen):
            self.screen.look_up(event.symbol)

    def action_why(self) -> None:
        """Health and its reasons."""
        if self.live.status is not None:
            self.push_screen(Told("Health", why(self.live.status, self.live.attachment)))

    def action_keys(self) -> None:
        """The keys that work here."""
        active = list(self.screen.active_bindings.values())
        shown = {found.binding.id: self.get_key_display(found.binding) for found in active if found.binding.id}
        about = getattr(self.screen, "HELP", "")
        self.push_screen(Told("Keys that work here", keys(active, shown, about)))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers: all that can be done now."""
        return commands(self, screen)

    def tell(self, text: str, severity: Severity = "information") -> None:
        self.live.tell(text, severity)

    async def keep(self, name: str, value: str) -> None:
        await self.live.ask(self.control.choose(name, value))
