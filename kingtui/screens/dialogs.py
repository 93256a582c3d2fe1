"""Small windows over a screen: a question, where to go, why attention is wanted, and the keys that work here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from textual.app import App, ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from kingtui.models import Attachment, Status
from kingtui.widgets.words import HEALTH_MARKS, plain

PLACES: tuple[tuple[str, str, str], ...] = (
    ("h", "home", "Home: steps, newest symbols, activity"),
    ("s", "symbols", "Symbols: look one up, its levels and report"),
    ("e", "reports", "Reports: what was written, by symbol and day"),
    ("r", "history", "History: every run and its log"),
    ("p", "pictures", "Pictures: what arrived and what became of it"),
    ("l", "log", "Log, live"),
    ("c", "setup", "Setup: what is connected, settings, theme"),
)
"""Key, mode and words of every screen."""

Leaving = Literal["stop", "background"]


class Confirm(ModalScreen[bool]):
    """A question where something would be lost."""

    CSS_PATH = "dialogs.tcss"
    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="confirm.yes", tooltip="Do it"),
        Binding("n,escape,q", "answer(False)", "No", id="confirm.no", tooltip="Leave it"),
        Binding(
            "left,right,h,l", "app.focus_next", "Other", show=False, id="confirm.other", tooltip="The other button"
        ),
    ]

    def __init__(self, question: str, yes: str, no: str) -> None:
        super().__init__()
        self.question, self._yes, self._no = question, yes, no

    def compose(self) -> ComposeResult:
        with Vertical(classes="window"):
            yield Static(self.question, markup=False)
            with Horizontal(classes="buttons"):
                yield Button(Content.assemble((f"{self._yes} "), ("y", "underline")), variant="warning", id="yes")
                yield Button(Content.assemble((f"{self._no} "), ("n", "underline")), variant="primary", id="no")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Answer by key."""
        self.dismiss(answer)


class Leave(ModalScreen[Leaving | None]):
    """How to leave while work is under way: stop it, or leave it running without a screen; None: stay."""

    CSS_PATH = "dialogs.tcss"
    AUTO_FOCUS = "#stay"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s,y", "answer('stop')", "Stop", id="leave.stop", tooltip="Stop all safely and quit"),
        Binding("b", "answer('background')", "Leave it running", id="leave.background", tooltip="Quit; work goes on"),
        Binding("n,escape,q", "answer('')", "Stay", id="leave.stay", tooltip="Stay here"),
        Binding("right,l", "app.focus_next", "Next", show=False, id="leave.next", tooltip="The next button"),
        Binding("left,h", "app.focus_previous", "Previous", show=False, id="leave.previous", tooltip="The one before"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        with Vertical(classes="window"):
            yield Static(self.question, markup=False)
            with Horizontal(classes="buttons"):
                yield Button(Content.assemble(("S", "underline"), "top and quit"), variant="warning", id="stop")
                yield Button(Content.assemble("In ", ("b", "underline"), "ackground"), id="background")
                yield Button(Content.assemble("Stay ", ("n", "underline")), variant="primary", id="stay")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.action_answer("" if event.button.id == "stay" else str(event.button.id))

    def action_answer(self, answer: str) -> None:
        """Answer by key."""
        self.dismiss("stop" if answer == "stop" else "background" if answer == "background" else None)


class Choose(ModalScreen[int | None]):
    """One of a few numbered things, chosen by its number."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number), f"choose({number})", str(number), id=f"choose.{number}", tooltip=f"Number {number}")
            for number in range(1, 7)
        ),
        Binding("escape,q", "choose(0)", "None", id="choose.none", tooltip="None of them"),
    ]

    def __init__(self, title: str, choices: Mapping[int, str]) -> None:
        super().__init__()
        self.choices, self._heading = dict(choices), title

    def compose(self) -> ComposeResult:
        with Vertical(classes="window") as window:
            window.border_title = self._heading
            window.border_subtitle = "esc: none"
            yield Static(_table([(str(number), name) for number, name in self.choices.items()]))

    def action_choose(self, number: int) -> None:
        """Choose it, or nothing."""
        if number in self.choices or not number:
            self.dismiss(number or None)


class GoTo(ModalScreen[str | None]):
    """The letters that follow ``g``. A letter gives its mode, a second ``g`` gives ``top``."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"go('{mode}')", mode.capitalize(), id=f"goto.{mode}", tooltip=words)
            for key, mode, words in PLACES
        ),
        Binding("g", "go('top')", "Top", id="goto.top", tooltip="The first row of a list"),
        Binding("escape,q", "leave", "Leave", id="goto.leave", tooltip="Stay here"),
    ]

    def compose(self) -> ComposeResult:
        rows = [(key, words) for key, _, words in PLACES] + [("g", "Top of the list")]
        with Vertical(classes="window") as window:
            window.border_title = "Go to"
            yield Static(_table(rows))

    def action_go(self, place: str) -> None:
        """Go there."""
        self.dismiss(place)

    def action_leave(self) -> None:
        """Stay."""
        self.dismiss(None)

    def key_any(self) -> None:
        """Nothing else is bound."""


class Told(ModalScreen[None]):
    """A window to read; any of its keys closes it."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,w,question_mark", "leave", "Close", id="told.close", tooltip="Close this window"),
    ]

    def __init__(self, title: str, content: Content) -> None:
        super().__init__()
        self.content, self._heading = content, title

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="window") as window:
            window.border_title = self._heading
            window.border_subtitle = "esc closes"
            yield Static(self.content)

    def action_leave(self) -> None:
        """Close it."""
        self.dismiss(None)


def why(status: Status, attachment: Attachment | None = None) -> Content:
    """Health with all its reasons, and where everything is."""
    mark = HEALTH_MARKS[status.health.word]
    reasons = [f"\n\n▲ {plain(reason)}" for reason in status.health.reasons] or ["\n\nNothing needs attention."]
    lost = attachment.lost if attachment is not None else None
    cut_off = Content("")
    if lost is not None:
        seen = f"\n\nAs of {status.at:%Y-%m-%d %H:%M:%S} UTC: "
        cut_off = Content.assemble(("✗ connection lost", "$text-error"), f"\n\n{plain(lost)}", (seen, "$text-warning"))
    api = status.api_address or status.api_problem or "off"
    facts = [
        ("Home", status.home), ("Source", "dropped pictures only" if status.source == "none" else status.source),
        ("API", api), ("History", f"{status.history_count:,} runs"), ("Version", status.version),
    ]  # fmt: skip
    if attachment is not None:
        facts.append(("Attached", attachment.address))
    lines = [Content.assemble(f"\n{name:<9}", (plain(text), "bold")) for name, text in facts]
    return Content.assemble(cut_off, (mark.text, mark.style), *reasons, "\n", *lines)


def keys(active: Sequence[ActiveBinding], display: Mapping[str, str], about: str = "") -> Content:
    """The keys that work here, those of the place first; ``display`` names them by their binding's id."""
    here: dict[str, str] = {}
    everywhere: dict[str, str] = {}
    for node, binding, enabled, tooltip in active:
        if binding.id is not None and enabled and not binding.system:
            group = everywhere if isinstance(node, App) else here
            group.setdefault(display[binding.id], tooltip or binding.description)
    for key in here:
        everywhere.pop(key, None)
    parts = [Content(f"{about}\n")] if about else []
    for title, group in (("Here", here), ("Everywhere", everywhere)):
        if group:
            rows = sorted(group.items(), key=lambda row: (len(row[0]), row[0].lower()))
            parts += [Content.styled(title, "$foreground-muted"), _table(rows), Content("")]
    return Content("\n").join(parts[:-1])


def _table(rows: Sequence[tuple[str, str]]) -> Content:
    width = max((len(key) for key, _ in rows), default=0) + 2
    return Content("\n").join([Content.assemble((key.ljust(width), "bold $text-accent"), words) for key, words in rows])
