"""What every screen and widget is given: Control, the clock, the newest status, and signals for what changes."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.signal import Signal

from kingtui.bridge import whole
from kingtui.clock import Clock
from kingtui.control import Control
from kingtui.events import AttachmentChanged, Event, Notice
from kingtui.models import Attachment, KingError, Status
from kingtui.widgets.symbol_book import SymbolBook
from kingtui.widgets.words import plain

T = TypeVar("T")
Severity = Literal["information", "warning", "error"]


class Live:
    """The one link between what is shown and what is. Subscribe to its signals in ``on_mount``."""

    def __init__(
        self, app: App[None], control: Control, clock: Clock, slowly: float = 1.0, attachment: Attachment | None = None
    ) -> None:
        self.control = control
        self.attachment = attachment
        """How it stands with what this dashboard is attached to; None where it runs everything itself."""
        self.attachment_changed: Signal[Attachment] = Signal(app, "attachment changed")
        self.slowly = slowly
        """How many times less often than usual what changes by itself is painted: for slow lines."""
        self.status: Status | None = None
        self.trouble: str | None = None
        """Why the newest status is not of now."""
        self.status_changed: Signal[Status] = Signal(app, "status changed")
        self.happened: Signal[Sequence[Event]] = Signal(app, "happened")
        self.book = SymbolBook(app, control)
        self._app = app
        self._clock = clock
        self._coloured_for = app.theme

    def now(self) -> datetime:
        """The moment to which ages are relative."""
        return self._clock.now()

    def take_events(self, events: Sequence[Event]) -> None:
        """Pass on what happened, and show as notices what a person should read now."""
        for event in events:
            if isinstance(event, AttachmentChanged):
                self.attachment = event.attachment
                self.attachment_changed.publish(event.attachment)
        self.happened.publish(events)
        self.book.take_events(events)
        for event in events:
            if isinstance(event, Notice):
                self._toast(event.text, event.severity)

    def take_status(self, status: Status) -> None:
        """Pass on a status."""
        self.status = status
        self.status_changed.publish(status)

    async def renew(self) -> None:
        """Ask for a status at once, after something was asked for."""
        status = await self.ask(self.control.status())
        if status is not None:
            self.take_status(status)

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do some work of a screen or widget as a worker of the app: whatever breaks is told of there."""
        self._app.run_worker(work, name=name, group="face", exit_on_error=False)

    def tell(self, text: str, severity: Severity = "information") -> None:
        """A notice of our own: shown now, and kept in the activity feed."""
        self.happened.publish([Notice(text, severity)])
        self._toast(text, severity)

    async def ask(self, answer: Awaitable[T]) -> T | None:
        """The answer of Control; where it is a KingError, its sentence as a notice and None."""
        try:
            return await whole(answer)
        except KingError as error:
            self.tell(str(error), "error")
            return None

    def style(self, name: str) -> Style:
        """The theme's colour ``success``, ``warning``, ``error``, ``primary``, ``accent`` or ``muted`` for a cell."""
        if name == "muted":
            return Style(dim=True)
        if self._coloured_for != self._app.theme:  # who watches the theme is told before its variables are there
            self._coloured_for = self._app.theme
            self._app.get_css_variables()
        value = self._app.theme_variables.get(name)
        return Style() if value is None else Style(color=Color.parse(value).rich_color)

    def _toast(self, text: str, severity: Severity) -> None:
        text = plain(text)
        self._app.notify(text[:1].upper() + text[1:], severity=severity, markup=False)
