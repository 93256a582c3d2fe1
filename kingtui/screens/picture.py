"""One picture: what it looks like beside what was read from it, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content

from kingtui.bridge import whole
from kingtui.events import Event, Missed, PictureStaged
from kingtui.models import KingError, PictureView, Stage
from kingtui.screens.base import KingScreen
from kingtui.screens.text import TextScreen
from kingtui.widgets import picture_words
from kingtui.widgets.fitted import Fitted
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.preview import Preview
from kingtui.widgets.words import plain

REFRESH_SECONDS = 20.0
PACE_SECONDS = 0.5


class PictureScreen(KingScreen):
    """On a narrow terminal the values come first; v shows the picture alone, as large as there is room."""

    CSS_PATH = "picture.tcss"
    AUTO_FOCUS = "#values"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="picture.back", tooltip="Back to where you came from"),
        Binding("v", "enlarge", "Larger", id="picture.larger", tooltip="The picture alone, or beside its values again"),
        Binding("t", "retry", "Try again", id="picture.retry", tooltip="Return it from Quarantine to its step"),
        Binding("e", "reread", "Read again", id="picture.reread", tooltip="Read it anew and update its symbols"),
        Binding("o", "original", "Original", id="picture.original", tooltip="The picture that this one repeats"),
        Binding("y", "copy", "Copy path", id="picture.copy", tooltip="Copy where its file is"),
        Binding("right_square_bracket", "walk(1)", "Next", id="picture.next", tooltip="The next picture of the list"),
        Binding(
            "left_square_bracket",
            "walk(-1)",
            "Before",
            show=False,
            id="picture.before",
            tooltip="The picture before it in the list",
        ),
    ]

    def __init__(self, live: Live, image_id: int, among: Sequence[int] = ()) -> None:
        """``among``: the list that it was chosen from, to walk along."""
        super().__init__(live)
        self.image_id = image_id
        self._among = tuple(among)
        self.view: PictureView | None = None
        self._waiting = False

    def body(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield Preview(self.live, classes="pane")
            with Fitted(id="values", classes="pane") as values:
                values.border_title = "What it says"
                yield Line(id="facts")
                yield Line(id="read")
                yield Line(id="attempts")

    def on_mount(self) -> None:
        self.live.happened.subscribe(self, self._happened)
        self.set_interval(REFRESH_SECONDS, self._show)
        self._turn_to(self.image_id)

    def _turn_to(self, image_id: int) -> None:
        self.image_id, self.view = image_id, None
        preview = self.query_one(Preview)
        preview.border_title = f"Picture {image_id}"
        preview.look_at(image_id)
        self.query_one("#values", VerticalScroll).scroll_home(animate=False)
        self._load()

    @on(Fitted.Resized)
    def _resized(self) -> None:
        self.call_after_refresh(self._show)

    def _happened(self, events: Sequence[Event]) -> None:
        ours = any(
            isinstance(event, Missed) or (isinstance(event, PictureStaged) and event.image_id == self.image_id)
            for event in events
        )
        if ours and not self._waiting:
            self._waiting = True
            self.set_timer(PACE_SECONDS, self._load)

    def _load(self) -> None:
        self._waiting = False
        self.live.start(self._ask(), f"picture {self.image_id}")

    async def _ask(self) -> None:
        image_id = self.image_id
        view = await self.live.ask(self.live.control.picture(image_id))
        if view is None or not self.is_mounted or image_id != self.image_id:
            return  # or another was turned to meanwhile
        before, self.view = self.view, view
        if before is not None and before.image.path != view.image.path:
            self.query_one(Preview).look_at(self.image_id)
        self.query_one("#values").border_title = plain(view.image.name)
        self._show()
        self.refresh_bindings()

    def _show(self) -> None:
        if self.view is None:
            return
        now, width = self.live.now(), self.query_one("#values", VerticalScroll).scrollable_content_region.width
        self.query_one("#facts", Line).show(picture_words.facts(self.view, now, width))
        self.query_one("#read", Line).show(picture_words.values(self.view, now, width))
        failed = picture_words.attempts(self.view, width) if self.view.attempts else Content("")
        self.query_one("#attempts", Line).show(failed)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        stage = self.view.image.stage if self.view is not None else None
        if action == "retry":
            return stage is Stage.QUARANTINED
        if action == "reread":
            return stage in (Stage.EXTRACTED, Stage.UNKNOWN)
        if action == "original":
            return self.view is not None and self.view.original is not None
        return self._other(int(str(parameters[0]))) is not None if action == "walk" else True

    def _other(self, by: int) -> int | None:
        """The picture that is so far away in the list."""
        place = self._among.index(self.image_id) + by if self.image_id in self._among else -1
        return self._among[place] if 0 <= place < len(self._among) else None

    def action_walk(self, by: int) -> None:
        """Turn to another picture of the list."""
        if (image_id := self._other(by)) is not None:
            self._turn_to(image_id)

    def action_back(self) -> None:
        """From the picture alone to its values; from there to where we came from."""
        if self.has_class("-large"):
            self.action_enlarge()
        else:
            self.app.pop_screen()

    def action_enlarge(self) -> None:
        """The picture alone, or beside its values again."""
        self.toggle_class("-large")
        if not self.has_class("-large"):
            self.query_one("#values").focus()

    def action_original(self) -> None:
        """Show the picture that this one repeats."""
        if self.view is not None and self.view.original is not None:
            self.app.push_screen(PictureScreen(self.live, self.view.original.id))

    def action_copy(self) -> None:
        """Copy where the file is."""
        if self.view is not None:
            self.post_message(TextScreen.CopyAsked(self.view.file, "where the picture is"))

    def action_retry(self) -> None:
        """Try it again."""
        self.live.start(again(self.live, self.image_id, read=False), "retry")

    def action_reread(self) -> None:
        """Read it anew."""
        self.live.start(again(self.live, self.image_id, read=True), "read again")


async def again(live: Live, image_id: int, *, read: bool) -> None:
    """Have a picture tried again, or read anew, and tell what came of it."""
    control = live.control
    try:
        await whole(control.reread(image_id) if read else control.retry(image_id))
    except KingError as error:
        live.tell(str(error), "error")
        return
    what = "is read anew" if read else "is tried again"
    live.tell(f"Picture {image_id} {what}: its stage tells how far it is")
