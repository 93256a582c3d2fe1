"""A picture, as large as there is room: asked of Control in just the size that can be seen."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from kingtui.bridge import whole
from kingtui.models import KingError
from kingtui.widgets import graphics
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.words import plain

SETTLE_SECONDS = 0.1
"""A size that changes on is not drawn in between."""
MOST_PIXELS = 1600


class Cells(Widget):
    """A picture in characters, centred."""

    def __init__(self) -> None:
        super().__init__()
        self.strips: list[Strip] = []

    def show(self, strips: list[Strip]) -> None:
        """Show these rows."""
        self.strips = strips
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        width, style = self.size.width, self.rich_style
        row = y - max(0, (self.size.height - len(self.strips)) // 2)
        if not 0 <= row < len(self.strips):
            return Strip.blank(width, style)
        strip = self.strips[row]
        left = max(0, (width - strip.cell_length) // 2)
        return Strip.join([Strip.blank(left, style), strip]).adjust_cell_length(width, style)


class Preview(Container):
    """Shows the picture that ``look_at`` named, or says why it cannot be shown."""

    def __init__(self, live: Live, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._live = live
        self._image_id: int | None = None
        self._drawn: tuple[int, Size] | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Line(id="no-picture")
        yield Cells()

    @property
    def rows(self) -> int:
        """How many rows of characters are shown."""
        return len(self.query_one(Cells).strips)

    def look_at(self, image_id: int) -> None:
        """Show another picture, or the same one anew."""
        self._image_id, self._drawn = image_id, None
        self._say("Loading…", "$foreground-muted")
        self._settle()

    def on_resize(self) -> None:
        self._settle()

    def _settle(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(SETTLE_SECONDS, self._ask)

    def _ask(self) -> None:
        size = self.content_size
        if self._image_id is not None and size.width > 1 and size.height and self._drawn != (self._image_id, size):
            self._drawn = (self._image_id, size)
            self._live.start(self._draw(self._image_id, size), "preview")

    async def _draw(self, image_id: int, size: Size) -> None:
        across, down = graphics.cell_pixels() if graphics.draws() else (1, 2)
        width, height = min(size.width * across, MOST_PIXELS), min(size.height * down, MOST_PIXELS)
        try:
            png = await whole(self._live.control.preview(image_id, width=width, height=height))
        except KingError as error:
            self._say(str(error))
            return
        if graphics.draws():
            picture = await asyncio.to_thread(graphics.opened, png)
            if self._drawn == (image_id, size) and self.is_attached:
                self.remove_class("-none")
                await self.query(".drawn").remove()
                await self.mount(shown := graphics.picture_widget(picture))
                shown.add_class("drawn")
            return
        strips = await asyncio.to_thread(graphics.characters, png, self.app.console)
        if self._drawn == (image_id, size) and self.is_attached:
            self.remove_class("-none")
            self.query_one(Cells).show(strips)

    def _say(self, text: str, style: str = "$text-warning") -> None:
        self.add_class("-none")
        self.query_one("#no-picture", Line).show(Content.styled(plain(text), style))
