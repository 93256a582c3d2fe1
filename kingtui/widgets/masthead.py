"""The head of every screen: name, health, sources and pictures, the API's address, and what must not be overlooked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from kingtui.models import Attachment, SourceView, Status
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.words import HEALTH_MARKS, ago, counted, plain, until

REFRESH_SECONDS = 15.0
COUNT_SECONDS = 1.0
"""While the connection is lost, the seconds to the next try are counted."""
NEAR_SECONDS = 61.0


class Masthead(Widget):
    """Two lines, and a third with the first reason while health asks for attention."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self._live = live

    def compose(self) -> ComposeResult:
        with Horizontal(classes="row"):
            yield Line(id="name")
            yield Static("DEMO", id="demo", classes="badge")
            yield Static("PAUSED", id="paused", classes="badge")
            yield Line(id="api")
            yield Line(id="clock")
        yield Line(id="source")
        with Horizontal(classes="row", id="why"):
            yield Line(id="reason")
            yield Line(id="more")

    def on_mount(self) -> None:
        self._live.status_changed.subscribe(self, lambda _: self.show())
        self._live.attachment_changed.subscribe(self, lambda _: self._attachment_changed())
        self.set_interval(REFRESH_SECONDS, self.show)
        self._count = self.set_interval(COUNT_SECONDS, self.show, pause=True)
        self._attachment_changed()
        self.show()

    def _attachment_changed(self) -> None:
        if self._lost is None:
            self._count.pause()
        else:
            self._count.resume()
        self.show()

    @property
    def _lost(self) -> Attachment | None:
        """The connection, while it is lost."""
        attachment = self._live.attachment
        return attachment if attachment is not None and attachment.lost is not None else None

    def show(self) -> None:
        """Show the newest status as of now."""
        status = self._live.status
        now = self._live.now()
        self.query_one("#clock", Line).show(Content(f"{now:%H:%M} UTC"))
        if status is None:
            begins = self._cut_off(self._lost) if self._lost is not None else Content.styled("starting", "dim")
            self.query_one("#name", Line).show(Content.assemble(("kingtui", "bold $primary"), "  ", begins))
            return
        self.query_one("#name", Line).show(self._title(status))
        self.query_one("#source", Line).show(self._source(status))
        self.query_one("#api", Line).show(_api(status, self._live.attachment))
        self._show_reasons(self._reasons(status))
        self._set_pace(status, now)
        self.set_class(status.demo, "-demo")
        self.set_class(status.paused, "-paused")
        self.set_class(bool(self._reasons(status)), "-reason")

    def _set_pace(self, status: Status, now: datetime) -> None:
        """Seconds pass while the connection to kingtui is lost, or a source's next try is near."""
        tries = [source.state.next_try for source in status.sources if source.state is not None]
        near = any(at is not None and 0 < (at - now).total_seconds() < NEAR_SECONDS for at in tries)
        if near or self._lost is not None:
            self._count.resume()
        else:
            self._count.pause()

    def _title(self, status: Status) -> Content:
        mark = HEALTH_MARKS[status.health.word]
        word = Content.styled(mark.text, mark.style) if self._lost is None else self._cut_off(self._lost)
        parts = [Content.styled("kingtui", "bold $primary"), Content("  "), word]
        if self._lost is not None or self._live.trouble is not None:
            parts.append(Content.styled(f"  as of {status.at:%H:%M:%S}", "$text-warning"))
        return Content("").join(parts)

    def _cut_off(self, attachment: Attachment) -> Content:
        left = (attachment.next_try - self._live.now()).total_seconds() if attachment.next_try is not None else 0
        when = f"next try in {left:.0f} s" if left >= 1 else "trying again"
        return Content.styled(f"✗ connection lost, {when}", "$text-error")

    def _source(self, status: Status) -> Content:
        now = self._live.now()
        today = f"{status.pictures_today:,} today of {counted(status.pictures_total, 'picture')}"
        return Content("  ").join([*_sources(status.sources, now), Content.styled(today, "$foreground-muted")])

    def _reasons(self, status: Status) -> list[str]:
        if self._lost is not None:
            return [self._lost.lost or ""]
        return [self._live.trouble] if self._live.trouble is not None else list(status.health.reasons)

    def _show_reasons(self, reasons: list[str]) -> None:
        """The first reason, cut where there is no room, and how many more there are, never cut."""
        first = f"▲ {plain(reasons[0])}" if reasons else ""
        more = f"{len(reasons) - 1} more: press w" if len(reasons) > 1 else ""
        self.query_one("#reason", Line).show(Content.styled(first, "$text-warning"))
        self.query_one("#more", Line).show(Content.styled(more, "$foreground-muted"))


def _sources(sources: Sequence[SourceView], now: datetime) -> list[Content]:
    """Each source with the time of its last picture; the downloads folder only where it matters.

    What has a note comes first, and the note before the time: the end of the line may be cut.
    """
    pulled = [source for source in sources if source.name != "drop"]
    dropped = [source for source in sources if source.name == "drop" and (source.last_picture_at or not pulled)]
    return [_source(source, now) for source in sorted([*pulled, *dropped], key=lambda source: not source.note)]


def _source(source: SourceView, now: datetime) -> Content:
    name = "Downloads" if source.name == "drop" else plain(source.name).capitalize()
    came = ago(source.last_picture_at, now) if source.last_picture_at else "no picture yet"
    again = source.state.next_try if source.state is not None else None
    soon = f", next try {until(again, now)}" if again is not None else ""
    if not source.note:
        return Content.assemble((f"{name}:", "bold"), f" {came}{soon}")
    last = f"last picture {came}" if source.last_picture_at else came
    note = (f" ▲ {plain(source.note)}{soon}", "$text-warning")
    return Content.assemble((f"{name}:", "bold"), note, f", {last}")


def _api(status: Status, attachment: Attachment | None) -> Content:
    if attachment is not None:
        return Content.assemble(("attached to ", "$foreground-muted"), plain(attachment.address))
    if status.api_address is not None:
        return Content.assemble(("API ", "$foreground-muted"), plain(status.api_address))
    if status.api_problem is not None:
        return Content.styled("▲ no API: press w", "$text-warning")
    return Content.styled("API off", "$foreground-muted")
