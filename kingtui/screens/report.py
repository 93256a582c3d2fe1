"""One report to read: its Markdown laid out, searched, saved and copied."""

from __future__ import annotations

from pathlib import PurePosixPath

from textual import on
from textual.app import ComposeResult

from kingtui.bridge import whole
from kingtui.models import KingError, Report
from kingtui.screens.text import Shown, TextScreen
from kingtui.widgets.document_view import DocumentView
from kingtui.widgets.live import Live
from kingtui.widgets.words import ago, plain


class ReportScreen(TextScreen):
    """The report's text is data: what it says is shown, what it could do is not done."""

    def __init__(self, live: Live, report: Report) -> None:
        """``report``: its text may be missing, it is asked for."""
        super().__init__(live)
        self.report = report

    def body(self) -> ComposeResult:
        view = DocumentView(self.live, classes="pane")
        view.border_title = f"Report of {self.report.symbol}, {self.report.at:%Y-%m-%d %H:%M} UTC"
        view.border_subtitle = ago(self.report.at, self.live.now())
        yield view

    def searched(self) -> DocumentView:
        return self.query_one(DocumentView)

    def reader(self) -> DocumentView:
        return self.query_one(DocumentView)

    def taken(self) -> Shown | None:
        if not self.report.text:
            return None
        return Shown(self.report.text, f"the report of {self.report.symbol}", PurePosixPath(self.report.file).name)

    def on_mount(self) -> None:
        self.reader().focus()
        self.live.start(self._load(), f"report {self.report.id}")

    async def _load(self) -> None:
        try:
            self.report = await whole(self.live.control.report_text(self.report.id))
        except KingError as error:
            self.reader().read(f"**{plain(error)}**")
            return
        if self.is_mounted:
            self.reader().read(self.report.text)
            self.refresh_bindings()

    @on(DocumentView.LaidOut)
    def _laid_out(self) -> None:
        """The text has another layout: the places of what is searched for are others."""
        self.search_again()
